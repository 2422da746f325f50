"""Run a cloud's steps: look at all of them first, then change what has to be changed, one by one.

Nothing is changed before every step has been looked at, every problem is on the table and every missing
permission is known. What went wrong on the way is repeated only after looking again, so that nothing is
made twice; what cannot be repeated stops the run, and the next run goes on from there.
"""

from __future__ import annotations

import getpass
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from scripts.bootstrap.calls import Call, Recorder, resolved, shown
from scripts.bootstrap.evidence import Chain
from scripts.bootstrap.steps import Cloud, Context, Failure, Finding, Identity, Problem, S, Settings, Step
from stacks.text import Text

T = TypeVar("T")

REPEATABLE = frozenset({"transient", "throttled", "conflict", "unreachable"})
CREDENTIAL = frozenset({"expired", "invalid"})


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long to wait, seconds. `attempts` is of one step, `settle` until what was made
    is seen (IAM of every cloud is eventually consistent: seconds, rarely a minute)."""

    attempts: int = 5
    first: float = 1.0
    longest: float = 20.0
    settle: float = 90.0

    def wait(self, attempt: int, failure: Failure | None = None) -> float:
        """Seconds before attempt number `attempt`, which counts from 1."""
        asked = failure.retry_after if failure is not None else 0.0
        return min(self.longest, max(asked, self.first * 2 ** (attempt - 1)))


class Listener(Protocol):
    """Who shows the progress."""

    def looking(self, step: Step[Any], number: int, of: int) -> None:
        """A step is being looked at."""
        ...

    def looked(self, step: Step[Any], finding: Finding) -> None:
        """It was."""
        ...

    def calling(self, step: Step[Any], call: Call) -> None:
        """A call is being made."""
        ...

    def waiting(self, step: Step[Any] | None, failure: Failure | None, seconds: float) -> None:
        """It is tried, or looked at, again after `seconds`."""
        ...

    def finished(self, step: Step[Any], changed: int) -> None:
        """A step is done, by `changed` calls."""
        ...


class FailedError(Exception):
    """The run cannot go on. What was done is kept, and is in the evidence."""

    def __init__(self, failure: Failure, step: Step[Any] | None = None, operation: str = "") -> None:
        super().__init__(failure.text.en)
        self.failure = failure
        self.step = step
        self.operation = operation or failure.operation


class BlockedError(Exception):
    """Nothing was changed, because of `problems` (by step id) or of `missing` permissions."""

    def __init__(self, problems: Sequence[tuple[str, Problem]], missing: Sequence[str] = ()) -> None:
        super().__init__("; ".join([p.what.en for _, p in problems] + list(missing)))
        self.problems = tuple(problems)
        self.missing = tuple(missing)


@dataclass(slots=True)
class Looked(Generic[S]):
    """A step and what became of it. `changed` counts the calls that were made for it."""

    step: Step[S]
    before: Finding
    after: Finding | None = None
    changed: int = 0


@dataclass(slots=True)
class Outcome(Generic[S]):
    """How a run ended. `waiting` is the step that something elsewhere must precede."""

    identity: Identity
    steps: list[Looked[S]]
    waiting: Looked[S] | None = None
    requests: int = 0

    @property
    def changed(self) -> int:
        """The calls that were made."""
        return sum(s.changed for s in self.steps)

    @property
    def pending(self) -> list[Looked[S]]:
        """The steps that had something to do when they were first looked at."""
        return [s for s in self.steps if s.before.state == "to do"]


@dataclass
class Runner(Generic[S]):
    """One run. `sleep` and `patience` are for tests to make short."""

    cloud: Cloud[S]
    settings: Settings
    chain: Chain
    listener: Listener
    patience: Patience = field(default_factory=Patience)
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        self.recorder = Recorder()
        self.session = self.cloud.open(self.settings, self.recorder)
        self._answers: dict[str, Any] = {}

    def survey(self, steps: Sequence[Step[S]]) -> Outcome[S]:
        """Look at `steps`; changes nothing. Raises BlockedError or FailedError."""
        context = self._context()
        found: list[Looked[S]] = []
        problems: list[tuple[str, Problem]] = []
        for number, step in enumerate(steps, 1):
            self.listener.looking(step, number, len(steps))
            try:
                finding = self._patiently(lambda step=step: step.look(context), step)
            except FailedError as error:
                if error.failure.kind != "denied":
                    raise
                problems.append((step.id, _denied(error.failure)))
                continue
            self.listener.looked(step, finding)
            found.append(Looked(step, finding))
            if finding.problem is not None:
                problems.append((step.id, finding.problem))
        needed = sorted({p for s in found if s.before.calls for p in s.step.permissions})
        missing = self._patiently(lambda: self.session.missing(needed)) if needed else []
        if problems or missing:
            raise BlockedError(problems, missing)
        waiting = next((s for s in found if s.before.state == "waiting"), None)
        return Outcome(context.identity, found, waiting, self.recorder.sent)

    def apply(self, outcome: Outcome[S], confirm_final: Callable[[Step[S]], None]) -> Outcome[S]:
        """Do what `survey` found to be done, in order, until the end or to a step that has to wait.

        `confirm_final` is asked before a step that retires the credential in use, and raises to refuse.
        """
        context = self._context(outcome.identity)
        outcome.waiting = None
        for looked in outcome.steps:
            step = looked.step
            if looked.before.state == "done" and outcome.changed == 0:
                looked.after = looked.before
                self.listener.finished(step, 0)
                continue
            finding = self._patiently(lambda step=step: step.look(context), step)
            if finding.problem is not None:
                raise BlockedError([(step.id, finding.problem)])
            if finding.waiting is not None:
                outcome.waiting = looked
                break
            if finding.calls and step.final:
                confirm_final(step)
            if finding.calls:
                looked.changed, looked.after = self._make(step, context, finding)
            else:
                looked.after = finding
            self.listener.finished(step, looked.changed)
        outcome.requests = self.recorder.sent
        return outcome

    def undo(self, step: Step[S]) -> int:
        """Take back what `step` made; the number of calls. Raises BlockedError where nothing can."""
        undo = step.undo
        if isinstance(undo, Text):
            do = Text("手で判断してください。", "Decide by hand what is to be done.")
            raise BlockedError([(step.id, Problem("impossible", undo, do))])
        context = self._context()
        before = self._patiently(lambda: step.look(context), step)
        calls = self._patiently(lambda: undo(context), step)
        if not calls:
            return 0
        who = context.identity.id
        mark = len(self.recorder.made)
        self.chain.append(who, "begin", step.id, undo=True, before=shown(before.facts), **_operator())
        try:
            for call in calls:
                self._perform(step, call)
        except FailedError as error:
            self._note(who, "failed", step, mark, reason=error.failure.text.en)
            raise
        after = self._patiently(lambda: step.look(context), step)
        self._note(who, "undone", step, mark, after=shown(after.facts))
        return len(calls)

    def _context(self, identity: Identity | None = None) -> Context[S]:
        who = identity or self._patiently(self.session.identity)
        if who.unit != self.settings.unit:
            raise BlockedError([("whoami", _wrong_unit(who, self.settings))])
        return Context(self.session, self.settings, who, self.chain)

    def _make(self, step: Step[S], context: Context[S], finding: Finding) -> tuple[int, Finding]:
        who, mark, count = context.identity.id, len(self.recorder.made), 0
        planned = [c.record() for c in finding.calls]
        self.chain.append(who, "begin", step.id, before=shown(finding.facts), calls=planned, **_operator())
        try:
            attempt = 0
            while finding.calls:
                try:
                    for call in finding.calls:
                        self.listener.calling(step, call)
                        self._perform(step, call)
                        count += 1
                except FailedError as error:
                    attempt += 1
                    if error.failure.kind not in REPEATABLE or attempt >= self.patience.attempts:
                        raise
                    self._wait(step, error.failure, attempt)
                    finding = self._patiently(lambda: step.look(context), step)
                    continue
                finding = self._settled(step, context, finding)
        except FailedError as error:
            self._note(who, "failed", step, mark, reason=error.failure.text.en)
            raise
        except KeyboardInterrupt:
            self._note(who, "interrupted", step, mark)
            raise
        self._note(who, "done", step, mark, after=shown(finding.facts))
        return count, finding

    def _settled(self, step: Step[S], context: Context[S], made: Finding) -> Finding:
        """What is seen after the calls of `made`; waits while it still asks for one of the same calls."""
        keys = {_key(c) for c in made.calls}
        began, attempt = time.monotonic(), 0
        while True:
            try:
                finding = self._patiently(lambda: step.look(context), step)
            except FailedError as error:
                if step.final and error.failure.kind in CREDENTIAL:
                    return Finding(facts={"credential": "refused", "by": error.failure.kind})
                raise
            if finding.problem is not None:
                raise BlockedError([(step.id, finding.problem)])
            if not any(_key(c) in keys for c in finding.calls):
                return finding
            attempt += 1
            if time.monotonic() - began > self.patience.settle or attempt > 4 * self.patience.attempts:
                raise FailedError(_never_seen(finding), step)
            self._wait(step, None, attempt)

    def _perform(self, step: Step[S], call: Call) -> None:
        try:
            arguments = resolved(call.arguments, self._answers, step.id)
        except KeyError as error:
            raise BlockedError([(step.id, _out_of_order(str(error)))]) from None
        try:
            with self.recorder.changing():
                answer = self.session.perform(call, arguments)
        except Exception as error:
            failure = self.session.judge(error)
            if failure is None:
                raise
            raise FailedError(failure, step, f"{call.service}:{call.operation}") from error
        if call.id:
            self._answers[f"{step.id}/{call.id}"] = answer

    def _patiently(self, read: Callable[[], T], step: Step[S] | None = None) -> T:
        """`read`, which only reads, repeated where that may help. Raises FailedError."""
        attempt = 0
        while True:
            try:
                return read()
            except Exception as error:
                failure = self.session.judge(error)
                if failure is None:
                    raise
                attempt += 1
                if failure.kind not in REPEATABLE or attempt >= self.patience.attempts:
                    raise FailedError(failure, step) from error
                self._wait(step, failure, attempt)

    def _wait(self, step: Step[S] | None, failure: Failure | None, attempt: int) -> None:
        seconds = self.patience.wait(attempt, failure)
        self.listener.waiting(step, failure, seconds)
        self.sleep(seconds)

    def _note(self, who: str, event: Any, step: Step[S], mark: int, **content: Any) -> None:
        made = [m.record() for m in self.recorder.changes_since(mark)]
        self.chain.append(who, event, step.id, requests=made, **content)


def _key(call: Call) -> str:
    return f"{call.by}/{call.service}/{call.operation}/{shown(call.arguments)}"


def _operator() -> dict[str, str]:
    """Who sits at this machine, beside the identity that the cloud sees."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "?"
    return {"operator": f"{name}@{socket.gethostname()}"}


def _denied(failure: Failure) -> Problem:
    return Problem(
        "impossible",
        Text(f"読む権限がありません: {failure.text.ja}", f"may not be read: {failure.text.en}"),
        Text(
            f"{failure.operation} を許可してから、もう一度実行してください。",
            f"Allow {failure.operation} and run this again.",
        ),
    )


def _wrong_unit(who: Identity, settings: Settings) -> Problem:
    return Problem(
        "wrong_unit",
        Text(
            f"認証情報のユニットは {who.unit} ですが、マニフェストは {settings.unit} です（{who.id}）。",
            f"the credentials lead to {who.unit}, but the manifest says {settings.unit} ({who.id})",
        ),
        Text(
            "払い出されたユニットの認証情報に切り替えるか、マニフェストの unit を直してください。",
            "Use the credentials of the unit that was handed over, or correct `unit` in the manifest.",
        ),
    )


def _never_seen(finding: Finding) -> Failure:
    operations = ", ".join(f"{c.service}:{c.operation}" for c in finding.calls)
    return Failure(
        "other",
        Text(
            f"呼び出しは成功しましたが、結果がまだ見えません（{operations}）。",
            f"the calls succeeded, but what they made is not seen yet ({operations})",
        ),
    )


def _out_of_order(needed: str) -> Problem:
    return Problem(
        "by_hand",
        Text(
            f"前の手順（{needed}）がまだ済んでいません。",
            f"an earlier step ({needed}) has not been done yet",
        ),
        Text("--step を付けずに実行してください。", "Run it without --step."),
    )
