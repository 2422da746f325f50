"""Fargate: sizes that it has and what a task is told. Pure.

Source of the sizes: "Fargate task definition considerations" in the ECS developer guide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import pulumi

GIB = 1024


@dataclass(frozen=True, slots=True)
class FargateSize:
    """A size of task: `cpu` in 1/1024 vCPU, `memory` in MiB."""

    cpu: int
    memory: int


def _sizes() -> Iterator[FargateSize]:
    yield from (FargateSize(256, memory) for memory in (512, 1 * GIB, 2 * GIB))
    for cpu, low, high, step in (
        (512, 1, 4, 1),
        (1024, 2, 8, 1),
        (2048, 4, 16, 1),
        (4096, 8, 30, 1),
        (8192, 16, 60, 4),
        (16384, 32, 120, 8),
    ):
        yield from (FargateSize(cpu, memory * GIB) for memory in range(low, high + 1, step))


FARGATE: tuple[FargateSize, ...] = tuple(_sizes())


def fargate(vcpu: float, memory_gb: float) -> FargateSize:
    """The smallest task size with at least `vcpu` and `memory_gb` (GiB).

    Raises ValueError above 16 vCPU or 120 GiB.
    """
    enough = [s for s in FARGATE if s.cpu >= vcpu * 1024 and s.memory >= memory_gb * GIB]
    if not enough:
        raise ValueError(f"Fargate has no task of {vcpu} vCPU and {memory_gb} GiB")
    return min(enough, key=lambda s: (s.cpu, s.memory))


class Mount(TypedDict):
    """Where a volume of the task appears in the container."""

    sourceVolume: str
    containerPath: str
    readOnly: bool


FILES_PATH = "/mnt/files"
"""Where the shared file system of a package appears."""

# A volume of the task's own, gone with it: the one place where the container may write.
TMP: Mount = {"sourceVolume": "tmp", "containerPath": "/tmp", "readOnly": False}  # noqa: S108
FILES: Mount = {"sourceVolume": "files", "containerPath": FILES_PATH, "readOnly": False}


def container(
    name: str,
    image: pulumi.Input[str],
    port: int,
    *,
    environment: Mapping[str, pulumi.Input[str]],
    secrets: Mapping[str, pulumi.Input[str]],
    mounts: Sequence[Mount],
    log_group: pulumi.Input[str],
    region: str,
) -> Mapping[str, Any]:
    """One container definition: no writable root, no Linux capabilities, secrets by reference only.

    `secrets` are ARNs (with a JSON key, `arn:key::`, where one value of several is wanted).
    """
    return {
        "name": name,
        "image": image,
        "essential": True,
        "portMappings": [{"containerPort": port, "hostPort": port, "protocol": "tcp"}],
        "environment": [{"name": key, "value": value} for key, value in sorted(environment.items())],
        "secrets": [{"name": key, "valueFrom": value} for key, value in sorted(secrets.items())],
        "mountPoints": list(mounts),
        "readonlyRootFilesystem": True,
        "privileged": False,
        "linuxParameters": {"initProcessEnabled": True, "capabilities": {"drop": ["ALL"]}},
        "stopTimeout": 60,
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": log_group,
                "awslogs-region": region,
                "awslogs-stream-prefix": name,
                # A log endpoint that is slow must not stop the counter of a town hall.
                "mode": "non-blocking",
                "max-buffer-size": "8m",
            },
        },
    }
