"""The run database: runs, their stacks and results, the coordinators that share the work.

SQLite in `.jichitai/fleet/` by default; PostgreSQL when several machines share the work, given by
`--database` or JICHITAI_FLEET_DATABASE. DBOS keeps its workflows in the same database. Every statement
here is a transaction of its own and may be repeated; while the database is away, all wait for it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, IntegrityError

from scripts.engine.places import private
from scripts.fleet import schema
from scripts.fleet.away import is_away
from scripts.fleet.model import (
    DiffLine,
    Operation,
    Outcome,
    RunHead,
    RunId,
    RunSummary,
    StackRef,
    StackResult,
    Target,
    record,
    taken,
)
from scripts.fleet.options import Options
from scripts.fleet.rollout import Rates, Row, State
from scripts.fleet.skip import Last
from scripts.fleet.tables import BEGUN, DIFFS, EXECUTORS, LAST, RUNS, STACKS, TURN, Executor, Run, Status
from stacks.text import Text

VARIABLE = "JICHITAI_FLEET_DATABASE"
"""Names the database where no option does."""
PATIENCE = 600.0
"""Seconds that the database may be away before a coordinator gives up."""
OPENING = 30.0
"""Seconds that it may be away when a command begins: somebody sits there, or a wrong address was given."""
HOLD = 15.0
"""Seconds that a transaction may stand still in PostgreSQL: whoever stopped in it lets go of its rows."""
RETRY = 0.5
DAY = 86_400.0
"""Seconds after which nobody asks any more when a stack began."""

T = TypeVar("T")


def url_of(option: str | None, repo: Path, environment: Mapping[str, str] = os.environ) -> str:
    """The database's URL: the option, else JICHITAI_FLEET_DATABASE, else SQLite in the clone.

    Raises ValueError for what is neither SQLite nor PostgreSQL.
    """
    given = option or environment.get(VARIABLE, "")
    if not given:
        folder = private(repo) / "fleet"
        folder.mkdir(parents=True, exist_ok=True)
        return f"sqlite:///{folder / 'fleet.sqlite'}"
    scheme, _, rest = given.partition("://")
    if scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        return f"postgresql+psycopg://{rest}"
    if scheme == "sqlite":
        return given
    raise ValueError(scheme)


def engine_of(url: str) -> sa.Engine:
    """The connection pool. Nothing is connected yet."""
    if url.startswith("sqlite"):
        engine = sa.create_engine(url, connect_args={"timeout": 30})
        event.listen(engine, "connect", _durable)
        return engine
    return sa.create_engine(url, pool_pre_ping=True, pool_size=8, connect_args=_network())


def _network() -> dict[str, Any]:
    """For libpq and the server: who has vanished, or stands still, is noticed and holds up nobody."""
    idle = f"-c idle_in_transaction_session_timeout={int(HOLD * 1000)}"
    keep = "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=2"
    return {**_NETWORK, "options": f"{idle} {keep}"}


_NETWORK = {
    "connect_timeout": 10,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 15_000,
}
"""Seconds, the last in milliseconds."""


def _durable(connection: Any, _record: object) -> None:
    """A log beside the file: readers do not wait for writers, and kill -9 loses nothing."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


class Database:
    """All that the fleet remembers. Thread-safe; implements `model.Runs`."""

    def __init__(self, url: str) -> None:
        """Open it, made new or brought up to this version.

        Raises schema.UnusableError, and SQLAlchemy's error where it stays away or cannot be opened.
        """
        self.url = url
        self.engine = engine_of(url)
        self._do(lambda: schema.prepare(self.engine), patience=OPENING)

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    # Runs

    def create(
        self,
        run: RunId,
        operation: Operation,
        target: Target,
        selection: str,
        options: Options,
        stacks: Iterable[tuple[StackRef, int, str, StackResult | None]],
    ) -> None:
        """Write a new run: each stack with its wave, fingerprint, and its result if it is skipped."""
        rows = [
            {
                "run": run,
                "stack": ref.stack,
                "position": position,
                "wave": wave,
                "ref": record(ref),
                "fingerprint": fingerprint,
                "state": "ended" if result else "waiting",
                "round": 0,
                "executor": "",
                "outcome": result.outcome if result else "",
                "result": record(result) if result else None,
            }
            for position, (ref, wave, fingerprint, result) in enumerate(stacks)
        ]
        head = {
            "id": run,
            "operation": operation,
            "target": target,
            "selection": selection,
            "options": record(options),
            "status": "active",
            "round": 1,
            "approved": 0,
            "started": time.time(),
        }

        def write(c: sa.Connection) -> None:
            c.execute(sa.insert(RUNS).values(**head))
            if rows:
                c.execute(sa.insert(STACKS), rows)

        self._in(write)

    def run(self, run: RunId) -> Run:
        """A run's record. Raises KeyError."""
        row = self._in(lambda c: c.execute(sa.select(RUNS).where(RUNS.c.id == run)).mappings().first())
        if row is None:
            raise KeyError(run)
        return _run(row)

    def status(self, run: RunId) -> tuple[Status, int]:
        """The status and the round of a run; `ended` for one that there is not."""
        row = self._in(
            lambda c: c.execute(sa.select(RUNS.c.status, RUNS.c.round).where(RUNS.c.id == run)).first()
        )
        return (row[0], row[1]) if row is not None else ("ended", 0)

    def heads(self) -> Sequence[RunHead]:
        """All runs, the newest first."""
        runs = self._in(lambda c: c.execute(sa.select(RUNS).order_by(RUNS.c.id.desc())).mappings().all())
        counted: dict[str, dict[Outcome, int]] = {}
        key = sa.case((STACKS.c.state == "ended", STACKS.c.outcome), else_=STACKS.c.state)
        query = sa.select(STACKS.c.run, key, sa.func.count()).group_by(STACKS.c.run, key)
        for run, outcome, number in self._in(lambda c: c.execute(query).all()):
            counts = counted.setdefault(run, {})
            name = "waiting" if outcome == "queued" else outcome
            counts[name] = counts.get(name, 0) + number
        heads: list[RunHead] = []
        for row in runs:
            one = _run(row)
            heads.append(
                RunHead(one.id, one.operation, one.target, one.started, one.ended, counted.get(one.id, {}))
            )
        return heads

    def summary(self, run: RunId) -> RunSummary:
        """One run as a whole. Raises KeyError where there is none of that name."""
        head = self.run(run)
        query = sa.select(STACKS).where(STACKS.c.run == run).order_by(STACKS.c.position)
        rows = self._in(lambda c: c.execute(query).mappings().all())
        results = tuple(_result(row, head.operation) for row in rows)
        digests = {r.digest for r in results if r.digest}
        return RunSummary(
            run=head.id,
            operation=head.operation,
            target=head.target,
            selection=head.selection,
            started=head.started,
            ended=head.ended,
            stacks=tuple(taken(StackRef, row["ref"]) for row in rows),
            results=results,
            diffs=self.diffs(digests),
            stopped=head.stopped,
        )

    def diffs(self, digests: Iterable[str]) -> dict[str, tuple[DiffLine, ...]]:
        """The differences by their digests."""
        wanted = sorted(digests)
        found: dict[str, tuple[DiffLine, ...]] = {}
        for start in range(0, len(wanted), 500):
            some = wanted[start : start + 500]
            query = sa.select(DIFFS).where(DIFFS.c.digest.in_(some))
            for digest, lines in self._in(lambda c, q=query: c.execute(q).all()):
                found[digest] = tuple(taken(DiffLine, line) for line in lines)
        return found

    def set_status(
        self, run: RunId, status: Status, stopped: Text | None = None, *, before: Sequence[Status] = ()
    ) -> bool:
        """Change a run's status, where it is one of `before` (empty: whatever it is)."""
        values: dict[str, Any] = {"status": status}
        if stopped is not None:
            values["stopped"] = record(stopped)
        if status == "ended":
            values["ended"] = time.time()
        statement = sa.update(RUNS).where(RUNS.c.id == run).values(**values)
        if before:
            statement = statement.where(RUNS.c.status.in_(before))
        return self._in(lambda c: c.execute(statement).rowcount) > 0

    def next_round(self, run: RunId, *, approved: int | None = None) -> int | None:
        """Open a run that has ended for another round: what failed or never began waits again.

        None where the run has not ended: it is still under way somewhere.
        """
        values: dict[str, Any] = {
            "status": "active",
            "round": RUNS.c.round + 1,
            "ended": None,
            "stopped": sa.null(),
        }
        if approved is not None:
            values["approved"] = approved
        again = STACKS.c.outcome.in_(("failed", "cancelled", ""))

        def write(c: sa.Connection) -> int | None:
            opened = c.execute(
                sa.update(RUNS).where(RUNS.c.id == run, RUNS.c.status == "ended").values(**values)
            )
            if opened.rowcount == 0:
                return None
            c.execute(
                sa.update(STACKS)
                .where(STACKS.c.run == run, again)
                .values(state="waiting", outcome="", executor="", began=None)
            )
            return c.execute(sa.select(RUNS.c.round).where(RUNS.c.id == run)).scalar_one()

        return self._in(write)

    # Stacks

    def rows(self, run: RunId) -> list[Row]:
        """Every stack of a run, in order."""
        s = STACKS.c
        query = sa.select(s.stack, s.wave, s.state, s.outcome, s.ref).where(s.run == run).order_by(s.position)
        found: list[Row] = []
        for stack, wave, state, outcome, ref in self._in(lambda c: c.execute(query).all()):
            found.append(Row(stack, wave, state, outcome, tuple(ref["clouds"]), accounts_of(ref)))
        return found

    def states(self, run: RunId) -> dict[str, tuple[State, Outcome | Literal[""]]]:
        """Where each stack is: all that changes while a run goes on."""
        s = STACKS.c
        query = sa.select(s.stack, s.state, s.outcome).where(s.run == run)
        return {
            stack: (state, outcome) for stack, state, outcome in self._in(lambda c: c.execute(query).all())
        }

    def stopped_by_policy(self, run: RunId) -> list[str]:
        """The stacks of a run that a policy stopped."""
        s = STACKS.c
        query = sa.select(s.stack, s.result).where(s.run == run, s.outcome == "failed")
        found = self._in(lambda c: c.execute(query).all())
        return [k for k, r in found if r and any(c["cause"] == "policy" for c in r["causes"])]

    def admit(
        self, run: RunId, choose: Callable[[Sequence[Row], Rates, float], list[str]], longest: float = 0.0
    ) -> list[str]:
        """Note as queued the stacks of `run` that `choose` names, and give them.

        `choose` is given the stacks under way of all other runs, when stacks of any run began on each
        cloud in the last `longest` seconds, and what time it is: all by the database, whoever asks. One
        after the other over all who share it, so that no limit is exceeded between looking and noting.
        """
        s = STACKS.c
        others = sa.select(s.stack, s.ref).where(s.state.in_(("queued", "running")), s.run != run)

        def once(c: sa.Connection) -> list[str]:
            if c.execute(sa.update(TURN).values(turns=TURN.c.turns + 1)).rowcount == 0:
                c.execute(sa.insert(TURN).values(id=1, turns=1))
            now = _now(c)
            busy = [
                Row(stack, 0, "running", "", tuple(ref["clouds"]), accounts_of(ref))
                for stack, ref in c.execute(others).all()
            ]
            some = choose(busy, _begun(c, now - longest) if longest else Rates(), now)
            if some:
                c.execute(
                    sa.update(STACKS)
                    .where(s.run == run, s.stack.in_(some), s.state == "waiting")
                    .values(state="queued")
                )
                refs = c.execute(sa.select(s.stack, s.ref).where(s.run == run, s.stack.in_(some))).all()
                notes = [
                    {"run": run, "stack": stack, "cloud": cloud, "at": now}
                    for stack, ref in refs
                    for cloud in dict.fromkeys(ref["clouds"])
                ]
                if notes:
                    c.execute(sa.insert(BEGUN), notes)
                c.execute(sa.delete(BEGUN).where(BEGUN.c.at < now - max(DAY, longest)))
            return some

        return self._in(once)

    def unqueue(self, run: RunId, stack: str) -> None:
        """A stack that was queued is not to be begun after all."""
        self._set(run, [stack], state="waiting", executor="")

    def begin(self, run: RunId, stack: str, executor: str) -> tuple[StackRef, str]:
        """A worker begins a stack; what it needs to know of it."""
        self._set(run, [stack], state="running", executor=executor, began=time.time())
        return self.ref(run, stack)

    def ref(self, run: RunId, stack: str) -> tuple[StackRef, str]:
        """A stack of a run and its fingerprint. Raises KeyError."""
        query = sa.select(STACKS.c.ref, STACKS.c.fingerprint).where(
            STACKS.c.run == run, STACKS.c.stack == stack
        )
        row = self._in(lambda c: c.execute(query).first())
        if row is None:
            raise KeyError(f"{run} {stack}")
        return taken(StackRef, row[0]), row[1]

    def end(
        self,
        run: RunId,
        round_: int,
        result: StackResult,
        lines: Sequence[DiffLine],
        last: tuple[Target, Last] | None,
        executor: str,
    ) -> bool:
        """Write a stack's result, its difference, and what later runs may skip it by. Once for all.

        False, and nothing is written, where the stack is not in the hands of `executor` any more.
        """
        body = record(result)

        def write(c: sa.Connection) -> bool:
            written = c.execute(
                sa.update(STACKS)
                .where(STACKS.c.run == run, STACKS.c.stack == result.stack, STACKS.c.executor == executor)
                .values(state="ended", outcome=result.outcome, result=body, round=round_, ended=time.time())
            )
            if written.rowcount == 0:
                return False
            if result.digest and lines:
                known = c.execute(sa.select(DIFFS.c.digest).where(DIFFS.c.digest == result.digest)).first()
                if known is None:
                    _put(c, DIFFS, ["digest"], digest=result.digest, lines=[record(x) for x in lines])
            if last is not None:
                target, one = last
                _put(
                    c,
                    LAST,
                    ["target", "stack", "operation"],
                    target=target,
                    stack=result.stack,
                    operation=result.operation,
                    fingerprint=one.fingerprint,
                    stamp=one.stamp,
                    result=record(one.result),
                    at=time.time(),
                )
            return True

        return self._in(write)

    def result(self, run: RunId, stack: str) -> StackResult:
        """The result of a stack as it stands. Raises KeyError."""
        head = self.run(run)
        query = sa.select(STACKS).where(STACKS.c.run == run, STACKS.c.stack == stack)
        row = self._in(lambda c: c.execute(query).mappings().first())
        if row is None:
            raise KeyError(f"{run} {stack}")
        return _result(row, head.operation)

    def ended_at(self, run: RunId) -> dict[str, float]:
        """When each stack's result was written down (POSIX seconds)."""
        query = sa.select(STACKS.c.stack, STACKS.c.ended).where(
            STACKS.c.run == run, STACKS.c.ended.is_not(None)
        )
        return {row.stack: row.ended for row in self._in(lambda c: c.execute(query).all())}

    def ended(self, run: RunId, stack: str, round_: int) -> bool:
        """Whether this round's work on a stack has been written down."""
        query = sa.select(STACKS.c.state, STACKS.c.round).where(STACKS.c.run == run, STACKS.c.stack == stack)
        row = self._in(lambda c: c.execute(query).first())
        return row is not None and row[0] == "ended" and row[1] >= round_

    def release(self, executor: str) -> None:
        """The stacks that a dead coordinator had begun are back in the queue."""
        statement = (
            sa.update(STACKS)
            .where(STACKS.c.executor == executor, STACKS.c.state == "running")
            .values(state="queued", executor="", began=None)
        )
        self._in(lambda c: c.execute(statement))

    def last(self, target: Target, operations: Sequence[Operation]) -> dict[tuple[str, str], Last]:
        """The last good results by (stack, operation)."""
        query = sa.select(LAST).where(LAST.c.target == target, LAST.c.operation.in_(operations))
        return {
            (row["stack"], row["operation"]): Last(
                row["fingerprint"], row["stamp"], taken(StackResult, row["result"])
            )
            for row in self._in(lambda c: c.execute(query).mappings().all())
        }

    # Coordinators

    def join(self, executor: Executor) -> None:
        """A coordinator joins, or says that it is still there."""
        values = {
            "id": executor.id,
            "host": executor.host,
            "lock": executor.lock,
            "slots": executor.slots,
            "beat": executor.beat,
            "dead": executor.dead,
        }
        self._in(lambda c: _put(c, EXECUTORS, ["id"], **values))

    def beat(self, executor: str, beat: int) -> bool:
        """Say that a coordinator lives. False when it has been declared dead meanwhile. One attempt only."""
        statement = (
            sa.update(EXECUTORS)
            .where(EXECUTORS.c.id == executor, EXECUTORS.c.dead.is_(False))
            .values(beat=beat)
        )
        with self.engine.begin() as c:
            return c.execute(statement).rowcount > 0

    def executors(self) -> list[Executor]:
        """Every coordinator that has not left."""
        return [
            Executor(**row) for row in self._in(lambda c: c.execute(sa.select(EXECUTORS)).mappings().all())
        ]

    def claim(self, executor: str, by: str, living: Sequence[str]) -> bool:
        """Declare a coordinator gone, which must not write that it lives again, and take over from it.

        False where another one of the `living` is taking over already. One that has claimed may die
        half way; so whoever lives after it may claim again.
        """
        e = EXECUTORS.c
        statement = (
            sa.update(EXECUTORS)
            .where(e.id == executor, sa.or_(e.taker.is_(None), e.taker == by, e.taker.not_in(living)))
            .values(dead=True, taker=by)
        )
        return self._in(lambda c: c.execute(statement).rowcount) > 0

    def leave(self, executor: str) -> None:
        """A coordinator has left, or all that it had begun is taken over."""
        self._in(lambda c: c.execute(sa.delete(EXECUTORS).where(EXECUTORS.c.id == executor)))

    def _set(self, run: RunId, stacks: Sequence[str], **values: Any) -> None:
        statement = (
            sa.update(STACKS)
            .where(STACKS.c.run == run, STACKS.c.stack.in_(stacks), STACKS.c.state != "ended")
            .values(**values)
        )
        self._in(lambda c: c.execute(statement))

    def _in(self, work: Callable[[sa.Connection], T]) -> T:
        def once() -> T:
            with self.engine.begin() as connection:
                return work(connection)

        return self._do(once)

    def _do(self, work: Callable[[], T], patience: float = PATIENCE) -> T:
        """Do `work`, again and again while the database is away or locked. Raises what it raised last."""
        until = time.monotonic() + patience
        while True:
            try:
                return work()
            except IntegrityError:  # two at once wrote the same row: the second finds it
                if time.monotonic() > until:
                    raise
                time.sleep(0.01)
            except DBAPIError as error:
                if time.monotonic() > until or not is_away(error):
                    raise
                self.engine.dispose()
                time.sleep(RETRY)


def _now(c: sa.Connection) -> float:
    """What time it is (POSIX seconds) by the one clock that all who share the database have in common."""
    if c.dialect.name == "sqlite":
        return time.time()
    return float(c.execute(sa.select(sa.extract("epoch", sa.func.clock_timestamp()))).scalar_one())


def _begun(c: sa.Connection, since: float) -> Rates:
    """When stacks began on each cloud, from `since` on."""
    rates = Rates()
    query = sa.select(BEGUN.c.cloud, BEGUN.c.at).where(BEGUN.c.at > since).order_by(BEGUN.c.at)
    for cloud, at in c.execute(query).all():
        rates.note([cloud], at)
    return rates


def accounts_of(ref: Mapping[str, Any]) -> tuple[str, ...]:
    """`cloud:unit` of each unit of a stack's record."""
    return tuple(f"{c}:{u}" for c, u in zip(ref["clouds"], ref["units"], strict=True))


def _put(c: sa.Connection, table: sa.Table, keys: Sequence[str], **values: Any) -> None:
    """Insert a row or replace it."""
    where = [table.c[key] == values[key] for key in keys]
    if c.execute(sa.update(table).where(*where).values(**values)).rowcount == 0:
        c.execute(sa.insert(table).values(**values))


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _run(row: Mapping[Any, Any]) -> Run:
    started = datetime.fromtimestamp(row["started"], UTC)
    stopped = taken(Text, row["stopped"]) if row["stopped"] else None
    return Run(
        RunId(row["id"]),
        row["operation"],
        row["target"],
        row["selection"],
        taken(Options, row["options"]),
        row["status"],
        row["round"],
        row["approved"],
        started,
        _time(row["ended"]),
        stopped,
    )


def _result(row: Mapping[Any, Any], operation: Operation) -> StackResult:
    if row["state"] == "ended" and row["result"]:
        return taken(StackResult, row["result"])
    outcome: Outcome = "running" if row["state"] == "running" else "waiting"
    wave = str(row["wave"])
    return replace(StackResult(row["stack"], operation, outcome, wave=wave), started=_time(row["began"]))
