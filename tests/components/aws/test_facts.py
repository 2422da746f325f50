"""Facts of AWS: the smallest class that fits, retention steps, policy documents, allowed text."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.aws import facts
from stacks.plan import DatabasePlan, PackagePlan, WorkloadPlan


@given(st.floats(0.25, 96), st.floats(0.5, 768))
def test_the_chosen_class_fits_and_no_cheaper_one_does(vcpu: float, memory: float) -> None:
    chosen = facts.instance_class(vcpu, memory)
    assert chosen.vcpu >= vcpu
    assert chosen.memory_gb >= memory
    assert not [
        c
        for c in facts.INSTANCE_CLASSES
        if c.price < chosen.price and c.vcpu >= vcpu and c.memory_gb >= memory
    ]


@pytest.mark.parametrize(
    ("vcpu", "memory", "name"),
    [
        (1, 2, "c6i.large"),
        (2, 8, "m6i.large"),
        (2, 9, "r6i.large"),
        (4, 8, "c6i.xlarge"),
        (8, 64, "r6i.2xlarge"),
    ],
)
def test_classes_by_example(vcpu: float, memory: float, name: str) -> None:
    assert facts.instance_class(vcpu, memory).name == name


def test_a_server_that_no_class_holds_is_refused() -> None:
    with pytest.raises(ValueError, match="no EC2 instance class"):
        facts.instance_class(129, 1)


@given(st.integers(1, 3653))
def test_logs_are_kept_at_least_as_long_as_asked(days: int) -> None:
    kept = facts.log_retention(days)
    assert kept >= days
    assert not [step for step in facts.LOG_RETENTION if days <= step < kept]


def test_logs_cannot_be_kept_longer_than_aws_does() -> None:
    with pytest.raises(ValueError, match="3653"):
        facts.log_retention(3654)


@given(st.text(max_size=400))
def test_descriptions_have_only_what_ec2_takes(text: str) -> None:
    assert re.fullmatch(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}", facts.description(text))


def test_an_apostrophe_is_dropped_and_the_rest_kept() -> None:
    assert facts.description("p: the vendor's service (TLS)") == "p: the vendors service (TLS)"


def workload(kind: str) -> WorkloadPlan:
    return WorkloadPlan("w", kind, 8443, "/", True, 1, 2, 1, 50)  # type: ignore[arg-type]


PACKAGE = PackagePlan(
    key="p", entry="p", title_ja="p", title_en="p", network="main", member=None, segment="mynumber",
    delivery="hosted", version="1", businesses=(), system_ids=(), workloads=MappingProxyType({}),
    database=None, files=False, queue=False, endpoint=None, asp_port=443, certificate=None,
    host="p.example", schedule=None,
    tags=MappingProxyType({}),
)  # fmt: skip
DATABASE = DatabasePlan("postgresql", "16", 2, 8, 100, 5432, True, "app", "dbadmin")
CONTAINERS = replace(PACKAGE, workloads=MappingProxyType({"w": workload("container")}), database=DATABASE)
SERVERS = replace(PACKAGE, workloads=MappingProxyType({"w": workload("server")}))


def test_only_the_endpoints_that_are_needed_are_made() -> None:
    assert facts.endpoint_services([], own_image=False) == ()
    assert facts.endpoint_services([replace(PACKAGE, delivery="asp")], own_image=True) == ()
    assert facts.endpoint_services([CONTAINERS], own_image=False) == (
        "ecr.api", "ecr.dkr", "logs", "secretsmanager",
    )  # fmt: skip
    assert facts.endpoint_services([SERVERS], own_image=False) == (
        "logs",
        "secretsmanager",
        "ssm",
        "ssmmessages",
    )
    assert "ec2messages" in facts.endpoint_services([SERVERS], own_image=True)
    assert "sqs" in facts.endpoint_services([replace(SERVERS, queue=True)], own_image=False)


@pytest.mark.parametrize("service", ["ecr.api", "logs", "secretsmanager", "sqs", "ssm", "ssmmessages"])
def test_an_endpoint_serves_the_own_account_only(service: str) -> None:
    (statement,) = json.loads(facts.endpoint_policy(service, "111122223333"))["Statement"]
    assert statement["Condition"]["StringEquals"] == {"aws:PrincipalAccount": "111122223333"}
    assert ("StringEqualsIfExists" in statement["Condition"]) is (not service.startswith("ssm"))


def test_the_s3_endpoint_writes_to_own_buckets_and_only_reads_those_of_aws() -> None:
    own, others = json.loads(facts.storage_policy("111122223333", ("aws-one", "aws-two")))["Statement"]
    assert own["Condition"]["StringEquals"]["aws:ResourceAccount"] == "111122223333"
    assert own["Condition"]["StringEquals"]["aws:PrincipalAccount"] == "111122223333"
    assert "s3:*" not in own["Action"]
    assert others["Action"] == "s3:GetObject"
    assert others["Resource"] == ["arn:aws:s3:::aws-one/*", "arn:aws:s3:::aws-two/*"]
    assert len(json.loads(facts.storage_policy("111122223333", ()))["Statement"]) == 1


def test_trust_names_whom_the_service_acts_for_where_it_says_so() -> None:
    (plain,) = json.loads(facts.trust("ec2.amazonaws.com"))["Statement"]
    assert plain["Principal"] == {"Service": "ec2.amazonaws.com"}
    assert "Condition" not in plain
    (bound,) = json.loads(facts.trust("vpc-flow-logs.amazonaws.com", "1", "arn:aws:ec2:*"))["Statement"]
    assert bound["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "1"},
        "ArnLike": {"aws:SourceArn": "arn:aws:ec2:*"},
    }
