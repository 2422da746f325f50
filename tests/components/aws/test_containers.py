"""Sizes and definitions of Fargate tasks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.aws.saas.containers import FARGATE, FILES, TMP, container, fargate


@given(st.floats(0.1, 16), st.floats(0.1, 120))
def test_a_task_is_large_enough_and_none_smaller_would_do(vcpu: float, memory_gb: float) -> None:
    chosen = fargate(vcpu, memory_gb)
    assert chosen in FARGATE
    assert chosen.cpu >= vcpu * 1024
    assert chosen.memory >= memory_gb * 1024
    assert not [
        s
        for s in FARGATE
        if vcpu * 1024 <= s.cpu <= chosen.cpu
        and memory_gb * 1024 <= s.memory <= chosen.memory
        and s != chosen
    ]


@pytest.mark.parametrize(
    ("vcpu", "memory_gb", "cpu", "memory"),
    [
        (0.25, 0.5, 256, 512),
        (1, 2, 1024, 2048),
        (1, 9, 2048, 9216),
        (4, 16, 4096, 16384),
        (16, 120, 16384, 122880),
    ],
)
def test_sizes_are_those_of_the_guide(vcpu: float, memory_gb: float, cpu: int, memory: int) -> None:
    assert (fargate(vcpu, memory_gb).cpu, fargate(vcpu, memory_gb).memory) == (cpu, memory)


@pytest.mark.parametrize(("vcpu", "memory_gb"), [(17, 32), (16, 121)])
def test_what_fargate_lacks_is_refused(vcpu: float, memory_gb: float) -> None:
    with pytest.raises(ValueError, match="Fargate has no task"):
        fargate(vcpu, memory_gb)


def test_a_container_writes_nowhere_but_where_it_is_told_and_holds_no_secret() -> None:
    made = container(
        "web",
        "repository:1",
        8443,
        environment={"B": "2", "A": "1"},
        secrets={"PASSWORD": "arn:secret:password::"},
        mounts=[TMP, FILES],
        log_group="/jt131041p/tax",
        region="ap-northeast-1",
    )
    assert made["readonlyRootFilesystem"] is True
    assert made["privileged"] is False
    assert made["linuxParameters"]["capabilities"] == {"drop": ["ALL"]}
    assert [m["containerPath"] for m in made["mountPoints"] if not m["readOnly"]] == ["/tmp", "/mnt/files"]
    assert made["secrets"] == [{"name": "PASSWORD", "valueFrom": "arn:secret:password::"}]
    assert [e["name"] for e in made["environment"]] == ["A", "B"]
