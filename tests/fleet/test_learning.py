"""What a fork missed is ready for the next one."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import pulumi, pulumi_aws, pulumi.runtime
from pulumi import _types
from scripts.fleet import learning

first, second = sys.argv[1:]

def use(name):
    before = learning.begin()
    kind = getattr(pulumi_aws.sqs, name)
    _types.resource_types(kind)
    _types.resource_types(kind)
    return learning.learnt(before)

learning.have(())
if first:
    learning.have(use(first))
print(*use(second))
"""


def missed(first: str, second: str) -> list[str]:
    """What is missed at the use of the class `second`, when what `first` taught is ready."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, first, second], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_what_one_fork_missed_the_next_does_not_miss() -> None:
    once = missed("", "Queue")
    assert "pulumi_aws.sqs.queue:Queue" in once
    assert [name for name in once if ":" not in name and name.startswith("pulumi_aws.sqs")]
    assert missed("Queue", "Queue") == []
    assert missed("Queue", "QueuePolicy") == ["pulumi_aws.sqs.queue_policy:QueuePolicy"]


def test_what_cannot_be_had_does_not_matter() -> None:
    from scripts.fleet import learning

    learning.have(["no.such.module", "pulumi_aws.sqs.queue:NoSuchClass", "json:dumps"])
    assert "json" in sys.modules
