"""The policy documents: within AWS's limits, enough for the components, and no more than that."""

from __future__ import annotations

import fnmatch
import re
from typing import Any

import pytest

from scripts.bootstrap.aws import policies
from scripts.bootstrap.aws.session import Names
from scripts.bootstrap.steps import Pipeline, Settings
from scripts.engine.places import REPO
from stacks.registry.clouds import CLOUDS
from stacks.registry.governments import load_governments
from tests.bootstrap.aws import iam

UNIT = "111122223333"
MANIFEST: dict[str, Any] = {
    "clouds": {"aws": {"unit": UNIT, "region": "ap-northeast-1"}},
    "code": "131041",
    "environment": "production",
}
NAMES = Names(Settings("aws", "200000-nagano-shared-verification", MANIFEST, None))
REGIONS = tuple(CLOUDS["aws"].regions)
PIPELINE = Pipeline("https://token.actions.githubusercontent.com", ("repo:a/b:environment:production",) * 5)

LIMITS = {"managed": 6144, "inline": 10240, "trust": 2048, "bucket": 20480, "key": 32768, "topic": 30720}
"""Characters, white space not counted for IAM (IAM, S3, KMS and SNS quotas pages)."""


def _size(document: policies.Document) -> int:
    return len(re.sub(r"\s", "", policies.written(document)))


def test_every_document_fits() -> None:
    provider = f"arn:aws:iam::{UNIT}:oidc-provider/token.actions.githubusercontent.com"
    trust = policies.web_trust(provider, "token.actions.githubusercontent.com", PIPELINE, "sts.amazonaws.com")
    assert _size(policies.boundary(NAMES, REGIONS)) <= LIMITS["managed"]
    assert _size(policies.deployer(NAMES)) <= LIMITS["inline"]
    assert _size(trust) <= LIMITS["trust"]
    assert _size(policies.break_glass_trust(NAMES)) <= LIMITS["trust"]
    assert _size(policies.bucket(NAMES)) <= LIMITS["bucket"]
    assert _size(policies.key(NAMES, alarms=True)) <= LIMITS["key"]
    assert _size(policies.topic(NAMES)) <= LIMITS["topic"]


def test_every_name_fits() -> None:
    for role in (NAMES.deployer, NAMES.break_glass, NAMES.retire, NAMES.alarm, NAMES.boundary):
        assert len(role) <= 64
    assert len(NAMES.bucket) <= 63
    assert NAMES.bucket.startswith("jichitai-200000-nagano-shared")


def test_names_of_the_longest_stack_fit_and_stay_within_the_boundary() -> None:
    """What guards the deployer is named so that the boundary's pattern covers it, shortened or not."""
    body = max(load_governments().values(), key=lambda b: len(b.slug))
    longest = Names(Settings("aws", f"{body.slug}-shared-verification", MANIFEST, None))
    own = f"arn:aws:iam::{UNIT}:role/{longest.stack}-*"
    for role in (longest.deployer, longest.break_glass, longest.retire, longest.alarm):
        assert len(role) <= 64
        assert fnmatch.fnmatchcase(longest.role_arn(role), own)
    assert len(longest.bucket) <= 63


def test_statement_ids_are_what_aws_takes() -> None:
    for document in (
        policies.boundary(NAMES, REGIONS),
        policies.deployer(NAMES),
        policies.bucket(NAMES),
        policies.key(NAMES, alarms=True),
    ):
        ids = [s["Sid"] for s in document["Statement"]]
        assert len(set(ids)) == len(ids)
        assert all(re.fullmatch(r"[A-Za-z0-9]+", i) for i in ids)


def test_the_deployer_has_every_service_that_the_components_use_and_no_other() -> None:
    used: set[str] = set()
    for file in (REPO / "components" / "aws").rglob("*.py"):
        used |= set(re.findall(r"\baws\.([a-z0-9]+)\.[A-Z]", file.read_text(encoding="utf-8")))
    assert used - {"Provider"} == set(policies.SERVICES)


def _may(action: str, resource: str = "*", region: str = "ap-northeast-1", **context: Any) -> bool:
    """Whether the deployer may, by its policy within the boundary."""
    told = {"aws:RequestedRegion": region, **context}
    asked = iam.Asked(action, resource, region)
    documents = [policies.deployer(NAMES)], [policies.boundary(NAMES, REGIONS)]
    return all(iam.permits(found, asked, told) for found in documents)


ROLE, OTHERS = f"arn:aws:iam::{UNIT}:role/jt131041p-backup", f"arn:aws:iam::{UNIT}:role/admin"
OWN = f"arn:aws:iam::{UNIT}:role/{NAMES.deployer}"
STATE = f"arn:aws:s3:::{NAMES.bucket}"
KEY = f"arn:aws:kms:ap-northeast-1:{UNIT}:key/1"
GUARDED = {"kms:ResourceAliases": [NAMES.secrets_key]}


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("ec2:CreateVpc", "*"),
        ("s3:CreateBucket", "arn:aws:s3:::jt131041p-audit"),
        ("iam:CreateRole", ROLE),
        ("iam:PassRole", ROLE),
        ("iam:PutRolePolicy", ROLE),
        ("s3:GetObject", f"{STATE}/.pulumi/stacks/x.json"),
        ("s3:PutObject", f"{STATE}/.pulumi/stacks/x.json"),
        ("s3:DeleteObject", f"{STATE}/.pulumi/locks/x.json"),
        ("s3:ListBucket", STATE),
    ],
)
def test_what_the_deployer_may(action: str, resource: str) -> None:
    assert _may(action, resource)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("iam:CreateUser", f"arn:aws:iam::{UNIT}:user/x"),
        ("iam:CreateAccessKey", f"arn:aws:iam::{UNIT}:user/x"),
        ("iam:CreateRole", OTHERS),
        ("iam:PassRole", OTHERS),
        ("iam:AttachRolePolicy", OWN),
        ("iam:DeleteRolePermissionsBoundary", OWN),
        ("iam:CreatePolicyVersion", NAMES.boundary_arn),
        ("iam:CreateOpenIDConnectProvider", "*"),
        ("sts:AssumeRole", f"arn:aws:iam::{UNIT}:role/{NAMES.break_glass}"),
        ("sts:AssumeRole", ROLE),
        ("s3:PutBucketPolicy", STATE),
        ("s3:DeleteBucket", STATE),
        ("s3:DeleteObjectVersion", f"{STATE}/.pulumi/stacks/x.json"),
        ("organizations:LeaveOrganization", "*"),
        ("lambda:CreateFunction", "*"),
        ("dynamodb:CreateTable", "*"),
    ],
)
def test_what_the_deployer_may_not(action: str, resource: str) -> None:
    assert not _may(action, resource)


def test_nothing_abroad() -> None:
    for region in ("us-east-1", "eu-west-1", "ap-southeast-1"):
        assert not _may("ec2:RunInstances", "*", region)
        assert not _may("s3:CreateBucket", "arn:aws:s3:::x", region)
    assert _may("route53:CreateHostedZone", "*", "us-east-1")
    assert _may("ec2:RunInstances", "*", "ap-northeast-3")


def test_the_guarded_keys_are_used_and_never_changed() -> None:
    assert _may("kms:Encrypt", KEY, **GUARDED)
    assert _may("kms:Decrypt", KEY, **GUARDED)
    assert not _may("kms:PutKeyPolicy", KEY, **GUARDED)
    assert not _may("kms:ScheduleKeyDeletion", KEY, **GUARDED)
    assert _may("kms:PutKeyPolicy", KEY, **{"kms:ResourceAliases": ["alias/jt131041p-data"]})


def test_documents_that_mean_the_same() -> None:
    one = {"Statement": {"Action": "a", "Resource": ["x"]}, "Version": "1"}
    other = {"Version": "1", "Statement": [{"Resource": "x", "Action": ["a"]}]}
    assert policies.same(one, other)
    assert policies.same({"a": ["1", "2"]}, {"a": ["2", "1"]})
    assert not policies.same({"a": ["1", "2"]}, {"a": ["1"]})
