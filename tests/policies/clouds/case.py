"""What a cloud's cases are: one program that breaks nothing, and for each rule one that breaks it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType

Program = Callable[[], object]

STATE_ONLY = frozenset(
    {"STA-003", "STA-004", "STA-005", "EXC-001", "EXC-002", "EXC-003", "EXC-004", "EXC-005"}
)
"""Rules about the state or the exceptions themselves: no program can break them (test_state_rules.py)."""


@dataclass(frozen=True)
class Bad:
    """A program that breaks a rule, in an environment, judged as a whole tenant or not."""

    rule: str
    program: Program
    verification: bool = False
    whole: bool = False


@dataclass
class Cases:
    """The cases of one cloud. `good` breaks nothing; `thin` is a tenant with nothing in it."""

    cloud: str
    good: Program
    bad: list[Bad] = field(default_factory=list)
    also: list[Program] = field(default_factory=list)
    """Programs that hold a rule while breaking another, where a cloud offers nothing that breaks none."""

    def breaks(
        self, *rules: str, verification: bool = False, whole: bool = False
    ) -> Callable[[Program], Program]:
        """Says that the program below breaks `rules`."""

        def take(program: Program) -> Program:
            self.bad += [Bad(rule, program, verification, whole) for rule in rules]
            return program

        return take


CODE = MappingProxyType(
    {
        "municipality-code": "131041",
        "environment": "production",
        "usage": "single",
        "classification": "confidential",
    }
)
