"""The policies over the states of many stacks, in as many processes as there are cores.

Each process reads a state, judges it and gives back what was found: no engine, no cloud, no database.
Rules are functions and stay where they are; between processes they go by their ids.
"""

from __future__ import annotations

import copyreg
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from policies.evaluate import Finding, Options, Result, Unsure, judge
from policies.exceptions import Accepted
from policies.model import Stack
from policies.rules import RULES
from scripts.cli.check import tenant_options
from scripts.cli.console import Console
from scripts.cli.exits import Exit, Trouble
from scripts.cli.states import from_file, state_of
from stacks.text import Text


def _read_only(values: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(values)


def _reduced(values: MappingProxyType[Any, Any]) -> tuple[Any, ...]:
    return _read_only, (dict(values),)


# Parameters hold read-only maps, which pickle does not know by itself.
copyreg.pickle(MappingProxyType, _reduced)

CHUNK = 8
"""Stacks that a process is given at a time."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A finding on its way between processes: the rule by its id."""

    rule: str
    stack: str
    urn: str
    type: str
    name: str
    detail: Text | None
    accepted: Accepted | None
    known: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one stack. `trouble` is set where its state could not be read or there is none."""

    stack: str
    findings: tuple[_Found, ...] = ()
    unsure: tuple[tuple[str, str, str], ...] = ()
    passed: Counter[str] = field(default_factory=Counter)
    unmodelled: Counter[str] = field(default_factory=Counter)
    accepted: tuple[tuple[str, Accepted], ...] = ()
    notes: tuple[Text, ...] = ()
    resources: int = 0
    built: bool = True
    trouble: Text | None = None
    processor: float = 0.0
    """Seconds of a processor that it took."""

    def result(self) -> Result:
        """The same as the policies' own result, for their reports."""
        result = Result(
            findings=[
                Finding(RULES[f.rule], f.stack, f.urn, f.type, f.name, f.detail, f.accepted, f.known)
                for f in self.findings
            ],
            unsure=[Unsure(RULES[rule], self.stack, urn, name) for rule, urn, name in self.unsure],
            passed=self.passed,
            resources=self.resources,
            unmodelled=self.unmodelled,
            notes=list(self.notes),
            accepted=list(self.accepted),
            stacks=[self.stack],
        )
        if self.trouble is not None:
            result.notes.append(self.trouble + Text(f"（{self.stack}）", f" ({self.stack})"))
        return result


@dataclass(frozen=True, slots=True)
class _Task:
    stacks: tuple[str, ...]
    options: Options
    cloud: bool
    folder: Path | None


def judge_all(
    stacks: Sequence[str],
    options: Options,
    *,
    cloud: bool = False,
    folder: Path | None = None,
    jobs: int | None = None,
    tick: Callable[[int], None] = lambda _done: None,
) -> Iterator[Judged]:
    """Judge the stacks' states, in the order of `stacks`. `tick` is told how many are done.

    States come from the default backend (of the real clouds with `cloud`), or are `<stack>.json` in
    `folder`, as `pulumi stack export` writes them.
    A stack that has no state is given back as not built; one whose state cannot be read, with why.
    """
    starts = range(0, len(stacks), CHUNK)
    tasks = [_Task(tuple(stacks[n : n + CHUNK]), options, cloud, folder) for n in starts]
    processes = min(jobs or len(os.sched_getaffinity(0)), len(tasks))
    done = 0
    if processes <= 1:
        for task in tasks:
            for judged in _work(task):
                done += 1
                tick(done)
                yield judged
        return
    # A server that has read the rules once forks the others: we may have threads, it has none.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    pool = ProcessPoolExecutor(processes, mp_context=context)
    try:
        for found in pool.map(_work, tasks):
            for judged in found:
                done += 1
                tick(done)
                yield judged
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _work(task: _Task) -> list[Judged]:
    return [_judge(stack, task) for stack in task.stacks]


def _states(stack: str, task: _Task) -> tuple[list[Stack], list[Text]]:
    if task.folder is None:
        return state_of(Console(quiet=True), stack, cloud=task.cloud)
    return from_file(str(task.folder / f"{stack}.json"))


def _judge(stack: str, task: _Task) -> Judged:
    total, began = Result(), time.process_time()
    try:
        states, notes = _states(stack, task)
        for number, state in enumerate(states):
            options = replace(tenant_options(task.options, state), detailed=False)
            total.add(judge(state, options, notes if number == 0 else ()))
    except Trouble as trouble:
        built = trouble.exit != Exit.USAGE
        return Judged(stack, built=built, trouble=trouble.what if built else None)
    return Judged(
        stack,
        findings=tuple(
            _Found(f.rule.id, f.stack, f.urn, f.type, f.name, f.detail, f.accepted, f.known)
            for f in total.findings
        ),
        unsure=tuple((u.rule.id, u.urn, u.name) for u in total.unsure),
        passed=total.passed,
        unmodelled=total.unmodelled,
        accepted=tuple(total.accepted),
        notes=tuple(total.notes),
        resources=total.resources,
        processor=time.process_time() - began,
    )
