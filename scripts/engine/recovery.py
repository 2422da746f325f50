"""After an engine or a provider died half way: nothing lost, nothing doubled.

The engine notes in its state what it is about to create and takes the note away when the cloud has
answered. Whoever is killed in between leaves the question open: does the resource exist? The engine
itself can only forget it (and make it twice) or ask a person. We ask the cloud, by a `Finder`: what
is found is written into the state as the engine would have done, the rest is forgotten.
`refresh --import-pending-creates`, which should do this, drops the resource in CLI 3.259.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.engine.events import place_of
from scripts.engine.locks import Holder
from scripts.engine.model import EngineError
from scripts.engine.places import private
from scripts.engine.workspace import PROJECT, Workspace
from stacks.text import Text


@dataclass(frozen=True, slots=True)
class Doubt:
    """A resource that may exist in the cloud without being in the state.

    `record` is the engine's own record of it, without an id.
    """

    urn: str
    type: str
    record: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its name in the program."""
        return place_of(self.urn).name


Finder = Callable[[str, str, frozenset[str]], str | None]
"""`(type, name, known ids)` → the id of the resource of that type and name that is not known, or None."""


@dataclass(frozen=True, slots=True)
class Mended:
    """A deployment without open questions.

    `adopted` was found in the cloud and taken in, `dropped` was not there; `stale` (URNs) must be
    read from the cloud again before anything is decided on it.
    """

    deployment: dict[str, Any]
    adopted: tuple[str, ...]
    dropped: tuple[str, ...]
    stale: tuple[str, ...]


def doubts_of(deployment: Mapping[str, Any]) -> tuple[Doubt, ...]:
    """The creations that the state has no answer to."""
    return tuple(
        Doubt(op["resource"]["urn"], op["resource"]["type"], op["resource"])
        for op in deployment.get("pending_operations") or ()
        if op.get("type") == "creating"
    )


def mend(deployment: Mapping[str, Any], extra: Sequence[Doubt], find: Finder) -> Mended:
    """`deployment` with every doubt settled; pure but for what `find` does.

    `extra` are doubts that the state does not know of (a provider that died before it answered).
    Updates and deletions that were cut off need no search, since the resource is in the state.
    """
    resources: list[dict[str, Any]] = list(deployment.get("resources") or ())
    known = frozenset(str(r["id"]) for r in resources if r.get("id"))
    urns = {r["urn"] for r in resources}
    adopted: list[str] = []
    dropped: list[str] = []
    settled = {d.urn: d for d in (*extra, *doubts_of(deployment))}
    for doubt in settled.values():
        id_ = find(doubt.type, doubt.name, known)
        if id_ is None:
            dropped.append(doubt.urn)
            continue
        record = {**doubt.record, "custom": True, "id": id_}
        record.setdefault("outputs", {})
        if doubt.urn in urns:
            # The first half of a replacement: the new one takes the place, the old one goes when
            # the engine next cleans up.
            for old in resources:
                if old["urn"] == doubt.urn:
                    old["delete"] = True
        resources.append(record)
        adopted.append(doubt.urn)
    pending = deployment.get("pending_operations") or ()
    cut_off = [op["resource"]["urn"] for op in pending if op.get("type") != "creating"]
    return Mended(
        {**deployment, "resources": resources, "pending_operations": []},
        tuple(adopted),
        tuple(dropped),
        (*adopted, *(urn for urn in dict.fromkeys(cut_off) if urn in urns)),
    )


def unanswered(log: Path) -> tuple[Doubt, ...]:
    """The creations in an event log that failed: a provider that died may have made them all the same."""
    found: list[Doubt] = []
    with log.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if '"resOpFailedEvent"' not in line:
                continue
            said = json.loads(line)["resOpFailedEvent"]["metadata"]
            new = said.get("new") or {}
            if str(said.get("op", "")).startswith("create") and new.get("custom"):
                record = {
                    k: new[k] for k in ("urn", "type", "custom", "parent", "inputs", "provider") if new.get(k)
                }
                found.append(Doubt(new["urn"], new["type"], record))
    return tuple(found)


def read_state(workspace: Workspace, stack: str) -> dict[str, Any] | None:
    """The stack's deployment straight from a file backend, without starting the engine.

    None when the backend is another, or the stack has no state yet.
    """
    files = _files(workspace)
    if files is None:
        return None
    folder = files / "stacks" / PROJECT
    try:
        for suffix, unpack in ((".json", bytes), (".json.gz", gzip.decompress)):
            file = folder / f"{stack}{suffix}"
            if file.exists():
                latest = json.loads(unpack(file.read_bytes()))["checkpoint"].get("latest")
                return dict(latest) if latest else None
    except (OSError, ValueError, KeyError, EOFError):
        return None  # the engine itself will say what is wrong with it
    return None


def read_locks(workspace: Workspace, stack: str) -> tuple[Holder, ...]:
    """Who holds the engine's lock on the stack, straight from a file backend; empty for other backends."""
    files = _files(workspace)
    if files is None:
        return ()
    found: list[Holder] = []
    for file in (files / "locks" / "organization" / PROJECT / stack).glob("*.json"):
        with contextlib.suppress(OSError, ValueError, KeyError):
            said = json.loads(file.read_bytes())
            # Nanoseconds, which Python does not read: to the second is enough for people.
            since = datetime.fromisoformat(said["timestamp"][:19]).replace(tzinfo=UTC)
            found.append(Holder(int(said["pid"]), str(said["hostname"]), since))
    return tuple(found)


def _files(workspace: Workspace) -> Path | None:
    """The folder of a file backend."""
    backend = workspace.environment().get("PULUMI_BACKEND_URL", "")
    if not backend.startswith("file://"):
        return None
    return Path(backend.removeprefix("file://").partition("?")[0]) / ".pulumi"


def real_resources(deployment: Mapping[str, Any] | None) -> int:
    """How many resources of a deployment exist in a cloud."""
    found = (deployment or {}).get("resources") or ()
    return sum(1 for r in found if r.get("custom") and not r["type"].startswith("pulumi:"))


def cancel(workspace: Workspace, stack: str) -> None:
    """Take away the lock that a dead engine left. Raises EngineError with what the engine said."""
    _run(workspace, ["cancel", "--stack", stack, "--yes"])


def export(workspace: Workspace, stack: str, *, secrets: bool = False) -> dict[str, Any]:
    """The stack's state as the engine exports it. Raises EngineError with what the engine said."""
    shown = ["--show-secrets"] if secrets else []
    return json.loads(_run(workspace, ["stack", "export", "--stack", stack, *shown]))


def settle(workspace: Workspace, stack: str, extra: Sequence[Doubt], find: Finder) -> Mended | None:
    """Settle every doubt in the stack's stored state; None when there was none.

    The engine must not be running on the stack. Raises EngineError with what the engine said.
    """
    exported = export(workspace, stack)
    deployment = exported.get("deployment") or {}
    if not deployment.get("pending_operations") and not extra:
        return None
    mended = mend(deployment, extra, find)
    with tempfile.NamedTemporaryFile(
        "w", dir=private(workspace.repo), prefix="mended-", suffix=".json", encoding="utf-8"
    ) as file:
        json.dump({**exported, "deployment": mended.deployment}, file)
        file.flush()
        _run(workspace, ["stack", "import", "--stack", stack, "--file", file.name])
    return mended


def _run(workspace: Workspace, arguments: Sequence[str]) -> str:
    done = subprocess.run(
        [workspace.engine.path, *arguments, "--non-interactive"],
        cwd=workspace.repo,
        env=workspace.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.strip().removeprefix("error: ")
        raise EngineError(
            Text(
                ja=f"エンジンの {' '.join(arguments[:2])} が失敗しました: {said}",
                en=f"the engine's {' '.join(arguments[:2])} failed: {said}",
            )
        )
    return done.stdout
