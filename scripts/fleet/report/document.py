"""From a run's summary to its report."""

from __future__ import annotations

from collections import Counter

from scripts.fleet import groups
from scripts.fleet.model import Cause, RunSummary, StackRef, StackResult
from scripts.fleet.report import schema
from stacks.text import Text


def report_of(summary: RunSummary) -> schema.Report:
    """The report of a run, over or under way."""
    refs = {ref.stack: ref for ref in summary.stacks}
    grouped = groups.grouped(summary.results, summary.diffs)
    group_of = {stack: group.digest for group in grouped for stack in group.stacks}
    return schema.Report(
        run=summary.run,
        operation=summary.operation,
        target=summary.target,
        selection=summary.selection,
        started=summary.started,
        ended=summary.ended,
        stopped=_words(summary.stopped),
        outcomes=dict(Counter(r.outcome for r in summary.results)),
        stacks=[_stack(refs[r.stack], r, group_of.get(r.stack, "")) for r in summary.results],
        groups=[
            schema.Group(
                digest=group.digest,
                stacks=list(group.stacks),
                changes=dict(group.changes),
                lines=[
                    schema.Line(
                        operation=x.op, type=x.type, name=x.name, property=x.property, old=x.old, new=x.new
                    )
                    for x in group.lines
                ],
            )
            for group in grouped
        ],
        failures=[
            schema.FailureGroup(stacks=list(f.stacks), cause=_cause(f.cause))
            for f in groups.failures(summary.results, refs)
        ],
    )


def _stack(ref: StackRef, result: StackResult, group: str) -> schema.Stack:
    return schema.Stack(
        stack=ref.stack,
        code=ref.code,
        name=ref.name,
        prefecture=ref.prefecture,
        kind=ref.kind,
        environment=ref.environment,
        clouds=list(ref.clouds),
        packages=list(ref.packages),
        members=list(ref.members),
        outcome=result.outcome,
        started=result.started,
        seconds=round(result.seconds, 3),
        attempts=result.attempts,
        wave=result.wave,
        changes=[schema.Change(type=c.type, operation=c.op, number=c.number) for c in result.changes],
        group=group,
        causes=[_cause(c) for c in result.causes],
        skipped=_words(result.skipped),
        command=result.command,
    )


def _cause(cause: Cause) -> schema.Cause:
    return schema.Cause(
        cause=cause.cause,
        what=schema.Words(ja=cause.what.ja, en=cause.what.en),
        place=cause.place,
        why=cause.why,
        do=schema.Words(ja=cause.do.ja, en=cause.do.en),
    )


def _words(text: Text | None) -> schema.Words | None:
    return None if text is None else schema.Words(ja=text.ja, en=text.en)
