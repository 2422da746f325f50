"""All AWS behaviours, each service's table loaded when one of its types is first used."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module

from providers.twin.aws.words import token
from providers.twin.behaviour import Behaviour

_MODULES: Mapping[str, tuple[str, ...]] = {
    "network": ("ec2",),
    "groups": ("ec2", "vpc"),
    "endpoints": ("ec2",),
    "servers": ("ec2", "ebs", "autoscaling"),
    "transit": ("ec2transitgateway", "ram"),
    "circuits": ("directconnect",),
    "firewall": ("networkfirewall",),
    "balancers": ("lb",),
    "containers": ("ecs", "ecr", "appautoscaling", "lambda"),
    "operations": ("ssm", "scheduler", "resourcegroups"),
    "names": ("route53", "acm", "acmpca", "servicediscovery"),
    "identity": ("iam", "kms", "secretsmanager", "account", "servicequotas"),
    "buckets": ("s3", "s3control"),
    "files": ("efs",),
    "backups": ("backup",),
    "audit": ("cloudtrail", "cfg", "guardduty", "securityhub", "accessanalyzer", "inspector2", "macie2"),
    "signals": ("cloudwatch", "sns", "sqs"),
    "money": ("budgets", "costexplorer"),
    "databases": ("rds",),
    "streams": ("dynamodb", "kinesis", "sfn"),
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
