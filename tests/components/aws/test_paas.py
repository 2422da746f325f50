"""The platform on AWS: what it makes, with nothing left open."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from stacks.plan import CloudPlan

Made = dict[str, SimpleNamespace]
STACKS = (
    "131041-shinjuku",
    "131041-shinjuku-verification",
    "014583-higashikawa",
    "200000-nagano-shared",
    "282014-himeji",
    "342050-onomichi",
)


def of(made: Made, kind: str) -> list[dict[str, Any]]:
    return [r.inputs for r in made.values() if r.type.endswith(f":{kind}")]


@pytest.mark.parametrize("stack", STACKS)
def test_every_database_is_closed_encrypted_and_backed_up(platform: Callable[..., Made], stack: str) -> None:
    made = platform(stack)
    found = [*of(made, "Instance"), *of(made, "Cluster")]
    databases = [d for d in found if "engine" in d]
    assert databases
    for database in databases:
        assert database["storageEncrypted"] is True
        assert database["kmsKeyId"] == database["masterUserSecretKmsKeyId"] == "arn:key/data"
        assert database["manageMasterUserPassword"] is True
        assert not {"password", "masterPassword"} & database.keys()
        assert 7 <= database["backupRetentionPeriod"] <= 35
        # AWS Backup comes at night, when the databases of a verification environment are stopped.
        assert ("backup" in database["tags"]) is not stack.endswith("-verification")
        assert database["enabledCloudwatchLogsExports"]
        assert database["vpcSecurityGroupIds"][0].endswith("-data")
    for instance in [*[d for d in databases if "multiAz" in d], *of(made, "ClusterInstance")]:
        assert instance["publiclyAccessible"] is False
        assert instance["performanceInsightsKmsKeyId"] == "arn:key/data"
        assert instance["autoMinorVersionUpgrade"] is True


@pytest.mark.parametrize("protect", [True, False])
def test_protection_follows_the_plan(platform: Callable[..., Made], protect: bool) -> None:
    made = platform("131041-shinjuku", protect=protect)
    databases = [d for d in (*of(made, "Instance"), *of(made, "Cluster")) if "engine" in d]
    for database in databases:
        assert database["deletionProtection"] is protect
        assert database["skipFinalSnapshot"] is not protect
        assert database["deleteAutomatedBackups"] is not protect
        assert ("finalSnapshotIdentifier" in database) is protect
    assert {b["forceDestroy"] for b in of(made, "Bucket")} == {not protect}
    assert {r["forceDelete"] for r in of(made, "Repository")} == {not protect}
    assert {s["recoveryWindowInDays"] for s in of(made, "Secret")} == {30 if protect else 0}
    assert {b["enableDeletionProtection"] for b in of(made, "LoadBalancer")} == {protect}
    assert {a["permanentDeletionTimeInDays"] for a in of(made, "CertificateAuthority")} == {
        30 if protect else 7
    }


@pytest.mark.parametrize("stack", STACKS)
def test_no_policy_is_wide(platform: Callable[..., Made], stack: str) -> None:
    """No action `*`; no resource `*` but for the one call that AWS gives none."""
    made = platform(stack)
    policies = [json.loads(p["policy"]) for p in of(made, "RolePolicy")]
    assert policies
    for statement in (s for policy in policies for s in policy["Statement"]):
        assert statement["Effect"] == "Allow"
        assert not [a for a in statement["Action"] if a.endswith("*")]
        if "*" in statement["Resource"]:
            assert statement["Action"] == ["ecr:GetAuthorizationToken"]


@pytest.mark.parametrize("stack", STACKS)
def test_everything_that_takes_a_key_has_the_tenants(platform: Callable[..., Made], stack: str) -> None:
    made = platform(stack)
    assert {g["kmsKeyId"] for g in of(made, "LogGroup")} == {"arn:key/logs"}
    assert all(g["retentionInDays"] >= 365 for g in of(made, "LogGroup"))
    assert {q["kmsMasterKeyId"] for q in of(made, "Queue")} <= {"arn:key/messages"}
    assert {s["kmsKeyId"] for s in of(made, "Secret")} == {"arn:key/data"}
    for repository in of(made, "Repository"):
        assert repository["encryptionConfigurations"] == [{"encryptionType": "KMS", "kmsKey": "arn:key/data"}]
        assert repository["imageTagMutability"] == "IMMUTABLE"
    assert all(s["kmsKeyArn"] == "arn:key/data" for s in of(made, "Schedule"))


def test_buckets_are_closed_to_the_public(platform: Callable[..., Made]) -> None:
    made = platform("131041-shinjuku")
    assert len(of(made, "BucketPublicAccessBlock")) == len(of(made, "Bucket")) == 2
    for block in of(made, "BucketPublicAccessBlock"):
        assert {value for key, value in block.items() if key != "bucket"} == {True}
        assert len(block) == 5
    for policy in of(made, "BucketPolicy"):
        assert "aws:SecureTransport" in policy["policy"]


def test_each_body_has_its_own_handover_bucket(
    platform: Callable[..., Made], aws_plan: Callable[[str], CloudPlan]
) -> None:
    """Three bodies in three networks: what one hands over lies beside no other's."""
    plan = aws_plan("200000-nagano-shared")
    made = platform("200000-nagano-shared")
    senders = {plan.packages[h.sender].network for h in plan.handovers}
    assert len([n for n in made if n.startswith("paas-handover-") and n.count("-") == 2]) == len(senders)


@pytest.mark.parametrize("stack", STACKS)
def test_roles_are_taken_by_one_service_of_this_account(platform: Callable[..., Made], stack: str) -> None:
    made = platform(stack)
    for role in of(made, "Role"):
        (statement,) = json.loads(role["assumeRolePolicy"])["Statement"]
        assert set(statement["Condition"]) == {"StringEquals", "ArnLike"}
    assert not [r for r in made.values() if r.type.endswith((":User", ":AccessKey"))]


def test_an_authority_of_ones_own_is_made_only_when_there_is_none(platform: Callable[..., Made]) -> None:
    shared = "arn:aws:acm-pca:ap-northeast-1:444455556666:certificate-authority/11112222-3333"
    made = platform("131041-shinjuku", certificate_authority=shared)
    assert not of(made, "CertificateAuthority")
    certificates = [r.inputs for r in made.values() if r.type == "aws:acm/certificate:Certificate"]
    assert {c["certificateAuthorityArn"] for c in certificates} == {shared}
    assert len(of(platform("131041-shinjuku"), "CertificateAuthority")) == 1


def test_the_typical_tenant_keeps_to_its_budget_of_resources(platform: Callable[..., Made]) -> None:
    made = platform("131041-shinjuku")
    assert len([name for name in made if name.startswith("paas")]) <= 45
    assert len([name for name in made if name.startswith("saas")]) <= 40
