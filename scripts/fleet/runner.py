"""A coordinator: one process that shares the work of runs, over DBOS and the run database.

What it does for a run is in `scripts.fleet.workflows`; here is what the workflows call, and the life of
the process: joining, taking over from others, leaving.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions, WorkflowSerializationFormat

from scripts.engine.model import Engine
from scripts.engine.places import private
from scripts.fleet import rollout
from scripts.fleet.database import HOLD, Database
from scripts.fleet.machines import Patience, Presence
from scripts.fleet.metrics import Metrics
from scripts.fleet.model import (
    ENDED,
    Cause,
    DiffLine,
    Operation,
    RunId,
    StackRef,
    StackResult,
    Target,
    record,
    taken,
)
from scripts.fleet.options import Options
from scripts.fleet.skip import Last
from scripts.fleet.worker import Child, Kit, Worker, WorkerDied
from stacks.text import Text

APPLICATION = "jichitai-fleet"
PROTOCOL = "1"
"""Version of what workflows and tables mean to each other; code may change under a run, this may not."""
STACKS, ROLLOUTS = "fleet-stacks", "fleet-rollouts"
"""The queues: stacks, and the runs themselves."""
LOOK = 0.1
"""Seconds between two looks of a rollout at its stacks, and of a coordinator into the queue."""
AHEAD = 1
"""Stacks that wait in a coordinator beyond its slots, so that no slot waits for the queue. As many as it has
slots wait in the queue besides, so that the queue does not run empty between two looks of the rollout."""
GRACE = 60.0
"""Seconds between two requests to stop, to a stack over its time limit."""

_TIME = Text(ja="制限時間を超えました。", en="It took longer than its time limit.")
_TIME_DO = Text(
    ja="できた分は状態に残っています。--time-limit を延ばして resume してください。",
    en="What was made is in the state. Give it longer with --time-limit, and resume.",
)
_DIED = Text(ja="作業プロセスが途中で落ちました。", en="The worker died half way.")
_DIED_DO = Text(
    ja="メモリー不足なら --jobs を減らしてください。resume で続きから進みます。",
    en="If memory ran out, give fewer --jobs. `resume` goes on from there.",
)
_BY_HAND = Text(ja="人が止めました。", en="stopped by a person")


def new_run(operation: Operation, now: datetime | None = None) -> RunId:
    """A name for a run that begins now: it sorts by time."""
    at = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    return RunId(f"{at}-{operation}-{secrets.token_hex(2)}")


@dataclass(frozen=True, slots=True)
class Setting:
    """What a coordinator works with. `host` is this machine's name, empty for what it calls itself."""

    repo: Path
    engine: Engine
    slots: int
    clouds: tuple[str, ...]
    salt: str = ""
    kit: Kit = field(default_factory=Kit)
    host: str = ""
    patience: Patience = field(default_factory=Patience)


class Left(BaseException):
    """This process has no say in a stack any more: whoever takes over from it does the stack.

    No Exception: DBOS would write that the stack's workflow has failed, where it must stay open.
    """


class Coordinator:
    """One process that shares the work: its workflows, its workers, its heartbeat. One a process."""

    def __init__(self, database: Database, setting: Setting) -> None:
        self.database = database
        self.setting = setting
        self.folder = private(setting.repo) / "fleet"
        self.worker = Worker(setting.kit, setting.clouds, setting.slots, self.folder / "logs" / "workers.log")
        self.presence = Presence(
            database,
            self.folder / "executors",
            setting.slots,
            self.take_over,
            self._fenced,
            host=setting.host,
            patience=setting.patience,
        )
        self.fenced = ""
        self.leaving = threading.Event()
        self.metrics = Metrics()
        self._client: DBOSClient | None = None

    def begin(self, run: RunId, round_: int) -> None:
        """Have a round of a run rolled out. A second time nothing happens."""
        self._enqueue(ROLLOUTS, "rollout", f"{run}.{round_}", run, round_)

    def stop(self, why: str) -> None:
        """Have the stacks that run here save their state and end; asked again, at once."""
        self.worker.stop(why)

    def open(self) -> None:
        """Join: from now on this process does its share of whatever run there is."""
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": self.database.url,
            "executor_id": self.presence.id,
            "application_version": PROTOCOL,
            "log_level": "WARNING",
            "run_migrations": True,
            "sys_db_idle_transaction_timeout_sec": HOLD,
            "max_executor_threads": self.setting.slots + AHEAD + 16,
        }
        self._log_to_file()
        DBOS(config=config)
        DBOS.launch()
        DBOS.register_queue(
            STACKS,
            worker_concurrency=self.setting.slots + AHEAD,
            polling_interval_sec=LOOK,
            on_conflict="always_update",
        )
        DBOS.register_queue(ROLLOUTS, polling_interval_sec=LOOK * 5, on_conflict="always_update")
        self._client = DBOSClient(system_database_url=self.database.url, application_name=APPLICATION)
        self.presence.join()
        self.worker.warm()

    def close(self) -> None:
        """Leave. What has been begun here must be over; a stack waiting here is another's from now on."""
        self.leaving.set()
        self.worker.close()
        self.metrics.close()
        DBOS.destroy(workflow_completion_timeout_sec=0)
        left = True
        if self._client is not None:
            # What waits here, or was cut off by whatever ends us, is for those who see that we are gone.
            left = not self._client.list_workflows(
                status="PENDING", executor_id=self.presence.id, limit=1, load_input=False
            )
            self._client.destroy()
        self.presence.leave(clean=left)

    def take_over(self, executor: str) -> None:
        """Take over what a coordinator that is gone had begun."""
        self.database.release(executor)
        # Not public by name, but what DBOS's own recovery does: only rows of that executor are touched.
        DBOS._recover_pending_workflows([executor])  # pyright: ignore[reportPrivateUsage]

    # What the workflows do; called in their threads.

    def enqueue_stack(self, run: RunId, round_: int, stack: str) -> None:
        """Give a stack to whoever is free."""
        self._enqueue(STACKS, "stack", f"{run}.{round_}.{stack}", run, round_, stack)

    def room(self) -> int:
        """How many stacks may be under way at once, over all who share the work."""
        living = [e for e in self.database.executors() if not e.dead]
        return sum(2 * e.slots + AHEAD for e in living)

    def work(self, run: RunId, round_: int, stack: str, attempt: int) -> float | None:
        """Do a stack, once. Seconds to wait before another attempt, None when it is over."""
        with self.worker.place() as slot:
            if not self._wanted(run, round_, stack):
                return None
            head = self.database.run(run)
            ref, fingerprint = self.database.begin(run, stack, self.presence.id)
            result, lines, stamp = self._attempt(
                head.operation, head.target, head.options, run, ref, slot, attempt
            )
        if self.fenced and result.outcome not in ENDED:
            raise Left
        if result.outcome == "failed" and rollout.worth_another(result.causes, attempt, head.options):
            return rollout.wait(stack, attempt, head.options)
        good = result.outcome in ("changed", "unchanged")
        last = (head.target, Last(fingerprint, stamp, result)) if good else None
        if not self.database.end(run, round_, result, lines, last, self.presence.id):
            raise Left
        self.metrics.ended(run, head.target, ref.clouds, result)
        self.metrics.running(len(self.worker.running))
        return None

    def _wanted(self, run: RunId, round_: int, stack: str) -> bool:
        """Whether a stack is still to be begun: not when it is done, nor when its run is being stopped."""
        if self.leaving.is_set() or self.fenced:
            raise Left
        if self.database.ended(run, stack, round_):
            return False
        status, current = self.database.status(run)
        if status != "active" or current != round_:
            self.database.unqueue(run, stack)
            return False
        return True

    def _attempt(
        self,
        operation: Operation,
        target: Target,
        options: Options,
        run: RunId,
        ref: StackRef,
        slot: int,
        attempt: int,
    ) -> tuple[StackResult, tuple[DiffLine, ...], str]:
        began, since = datetime.now(UTC), time.monotonic()
        command = f"./jichitai {operation} {ref.stack}{' --cloud' if target == 'cloud' else ''}"
        bare = StackResult(ref.stack, operation, "failed", began, attempts=attempt, command=command)
        request = {
            "run": run,
            "ref": record(ref),
            "operation": operation,
            "target": target,
            "engine": record(self.setting.engine),
            "repo": str(self.setting.repo),
            "slot": slot,
            "attempt": attempt,
            "salt": self.setting.salt,
            "policies": options.policies,
            "dead_hosts": sorted(self.presence.dead_hosts),
        }
        try:
            said, child = self.worker.call(
                f"{run}/{ref.stack}",
                request,
                seconds=options.seconds,
                grace=GRACE,
                began=lambda _: self.metrics.running(len(self.worker.running)),
            )
        except WorkerDied as died:
            dead = replace(bare, seconds=time.monotonic() - since)
            if died.child.stopped:  # before the engine was there to be told
                return _told(replace(dead, outcome="cancelled"), died.child), (), ""
            return replace(dead, causes=(Cause("died", _DIED, str(died), _DIED_DO),)), (), ""
        result = replace(taken(StackResult, said["result"]), command=command)
        return (
            _told(result, child),
            tuple(taken(DiffLine, line) for line in said["lines"]),
            said["stamp"],
        )

    def _enqueue(self, queue: str, workflow: str, name: str, *arguments: Any) -> None:
        if self._client is None:
            raise RuntimeError("not open")
        options: EnqueueOptions = {
            "queue_name": queue,
            "workflow_name": workflow,
            "workflow_id": name,
            "app_version": PROTOCOL,
            "serialization_type": WorkflowSerializationFormat.PORTABLE,
        }
        self._client.enqueue(options, *arguments)

    def _fenced(self, why: str) -> None:
        self.fenced = why
        self.worker.stop(why)

    def _log_to_file(self) -> None:
        """What DBOS has to say (a database that is away, say) is for the log, not for the screen."""
        file = self.folder / "logs" / "dbos.log"
        file.parent.mkdir(parents=True, exist_ok=True)
        logger = logging.getLogger("dbos")
        logger.propagate = False
        logger.handlers = [logging.FileHandler(file, encoding="utf-8")]


def _told(result: StackResult, child: Child) -> StackResult:
    """The result of a stack that was asked to stop says why."""
    if not child.stopped or result.outcome != "cancelled":
        return result
    if child.stopped == "time limit":
        return replace(result, outcome="failed", causes=(Cause("time_limit", _TIME, "", _TIME_DO),))
    return result
