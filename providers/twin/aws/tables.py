"""All AWS behaviours, each service's table loaded when one of its types is first used."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module

from providers.twin.aws.words import token
from providers.twin.behaviour import Behaviour

_MODULES: Mapping[str, tuple[str, ...]] = {
    "network": ("ec2", "vpc"),
    "hub": ("ec2transitgateway", "directconnect", "networkfirewall", "ram"),
    "compute": (
        "ec2", "ebs", "lb", "ecs", "ecr", "autoscaling", "appautoscaling", "lambda", "resourcegroups", "scheduler", "ssm",
    ),
    "names": ("route53", "acm", "acmpca", "servicediscovery"),
    "identity": ("iam", "kms", "secretsmanager", "account", "servicequotas"),
    "storage": ("s3", "s3control", "efs", "backup"),
    "audit": (
        "cloudtrail", "cfg", "guardduty", "securityhub", "accessanalyzer", "inspector2", "macie2", "cloudwatch", "sns",
        "sqs", "budgets", "costexplorer",
    ),
    "data": ("rds", "dynamodb", "kinesis", "sfn"),
}
"""Table module → Pulumi modules it speaks for."""


@lru_cache(maxsize=32)
def _table(name: str) -> Mapping[str, Behaviour]:
    table: Mapping[str, Behaviour] = import_module(f"providers.twin.aws.{name}").TABLE
    return {token(short): record for short, record in table.items()}


@lru_cache(maxsize=2048)
def behaviour(resource: str) -> Behaviour | None:
    """The record of `aws:ec2/vpc:Vpc` and the like, or None when nobody has written one."""
    module = resource.split(":")[1].split("/")[0]
    for table, modules in _MODULES.items():
        if module in modules and (record := _table(table).get(resource)) is not None:
            return record
    return None


def every() -> dict[str, Behaviour]:
    """All records by token."""
    return {key: record for table in _MODULES for key, record in _table(table).items()}
