"""A country to select from, group and report on, without a file or an engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from scripts.fleet import groups
from scripts.fleet.model import (
    Cause,
    Count,
    DiffLine,
    Operation,
    Outcome,
    RunHead,
    RunId,
    RunSummary,
    StackRef,
    StackResult,
)
from stacks.country import Existing, Wishes, plan_country
from stacks.registry import registry
from stacks.text import Text

BEGAN = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)


@cache
def refs() -> tuple[StackRef, ...]:
    """A stack for each of the 1,788 bodies, each with a unit of its own."""
    planned = plan_country(Wishes(), Existing(), registry())
    return tuple(
        StackRef(
            code=p.order.body.code,
            stack=p.stack,
            name=p.order.body.full_name,
            prefecture=p.order.body.prefecture,
            kind=p.order.body.kind,
            environment=p.order.environment,
            clouds=(p.order.cloud,),
            units=(f"1{number:05}{p.order.body.code}",),
            packages=p.order.packages,
            members=(p.order.body.code,),
            path=Path("/fleet/tenants") / f"Pulumi.{p.stack}.yaml",
        )
        for number, p in enumerate(planned)
    )


def denied(ref: StackRef, more: str = "") -> Cause:
    return Cause(
        "denied",
        Text("この操作の権限がありません。", "Not permitted."),
        f"AccessDenied: {ref.units[0]}:role/admin may not ec2:CreateVpc in {ref.stack} {more}".strip(),
        Text("認証情報を確かめてください。", "Check the credentials."),
        "iaas / ec2.Vpc aws-iaas-network",
    )


def run(
    outcomes: Mapping[str, Outcome],
    *,
    operation: Operation = "preview",
    name: str = "20261124-050000-preview-1a2b",
    diffs: Mapping[str, Sequence[DiffLine]] | None = None,
    why: str = "",
) -> RunSummary:
    """A run over the stacks of `outcomes`; `diffs` are what each stack's engine said, not normalised."""
    by_name = {ref.stack: ref for ref in refs()}
    known: dict[str, tuple[DiffLine, ...]] = {}
    results: list[StackResult] = []
    for number, (stack, outcome) in enumerate(outcomes.items()):
        ref = by_name[stack]
        lines = groups.normalised((diffs or {}).get(stack, ()), ref)
        digest = groups.digest_of(lines)
        if digest:
            known[digest] = lines
        ran = outcome not in ("skipped", "waiting")
        results.append(
            StackResult(
                stack,
                operation,
                outcome,
                BEGAN + timedelta(seconds=number) if ran else None,
                1.5 + number % 7 if ran else 0.0,
                1 if ran else 0,
                (Count("aws:ec2/vpc:Vpc", "update", len(lines)),) if lines else (),
                digest,
                (denied(ref, why),) if outcome == "failed" else (),
                f"./jichitai {operation} {stack}",
                Text("前回から変わっていません。", "Unchanged.") if outcome == "skipped" else None,
                "1",
            )
        )
    return RunSummary(
        RunId(name),
        operation,
        "twin",
        "--all",
        BEGAN,
        BEGAN + timedelta(minutes=15),
        tuple(by_name[stack] for stack in outcomes),
        tuple(results),
        known,
    )


@dataclass(frozen=True)
class FakeRuns:
    """A run database of summaries, the newest first."""

    summaries: tuple[RunSummary, ...] = field(default=())

    def heads(self) -> list[RunHead]:
        return [RunHead(s.run, s.operation, s.target, s.started, s.ended, {}) for s in self.summaries]

    def summary(self, run: RunId) -> RunSummary:
        return next(s for s in self.summaries if s.run == run)
