"""Which stacks need no work: nothing that could change the result has changed since the last good one.

A stack's fingerprint covers its manifest, its plan, the code of the components of its clouds and of the
policies, the versions of the SDKs and of the engine, and the day where the manifest has dates that run
out. Beside it stands a stamp of the state that the last operation left: whatever else has worked on the
stack since (a single `./jichitai up`, say) has left another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from scripts.engine.environment import state_folder
from scripts.engine.workspace import PROJECT
from scripts.fleet.model import Operation, StackRef, StackResult, Target
from stacks.text import Text

SDKS: Mapping[str, tuple[str, ...]] = {
    "aws": ("pulumi-aws",),
    "azure": ("pulumi-azure-native",),
    "google": ("pulumi-gcp",),
    "oci": ("pulumi-oci",),
    "sakura": ("pulumi-sakura",),
}
"""The distributions that a cloud's components use, beside `pulumi` itself."""

SKIPPED_BY: Mapping[Operation, tuple[Operation, ...]] = {
    "preview": ("up", "preview"),
    "up": ("up",),
}
"""Whose last good result makes an operation needless. What looks at the real cloud is never skipped."""

UNCHANGED = Text(
    ja="前回成功したときから、マニフェストもコードも状態も変わっていません（--no-skip で実行）。",
    en="manifest, code and state are as they were at the last good run (--no-skip runs it)",
)


@dataclass(frozen=True, slots=True)
class Last:
    """The last good result of an operation on a stack: `stamp` names the state that it left."""

    fingerprint: str
    stamp: str
    result: StackResult


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Fingerprints of stacks as the clone stands now. `engine` is the engine's version."""

    repo: Path
    engine: str
    policies: bool

    def of(self, ref: StackRef, plan: str, today: date | None = None) -> str:
        """The fingerprint of a stack whose plan is `plan` (its text)."""
        manifest = ref.path.read_bytes()
        dated = b"expires" in manifest or b"until" in manifest
        digest = hashlib.sha256()
        for part in (
            ref.stack.encode(),
            manifest,
            plan.encode(),
            (today or date.today()).isoformat().encode() if dated else b"",
            self.engine.encode(),
            code_of(self.repo, "policies").encode() if self.policies else b"off",
            code_of(self.repo, "stacks").encode(),
            *(code_of(self.repo, f"components/{cloud}").encode() for cloud in sorted(set(ref.clouds))),
            code_of(self.repo, "components", deep=False).encode(),
            *(_version(name).encode() for name in ("pulumi", *_sdks(ref.clouds))),
        ):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        return digest.hexdigest()


def _sdks(clouds: Iterable[str]) -> list[str]:
    return [name for cloud in sorted(set(clouds)) for name in SDKS.get(cloud, ())]


@cache
def _version(distribution: str) -> str:
    try:
        return f"{distribution} {version(distribution)}"
    except PackageNotFoundError:
        return f"{distribution} -"


@cache
def code_of(repo: Path, folder: str, *, deep: bool = True) -> str:
    """A digest of the code and data in a folder of the clone; the manifests themselves are left out.

    Kept for the life of the process: a run sees the code as it was when the run began.
    """
    digest = hashlib.sha256()
    place = repo / folder
    for file in sorted(place.rglob("*") if deep else place.glob("*")):
        if file.suffix not in (".py", ".yaml", ".yml", ".json", ".csv") or "tenants" in file.parts:
            continue
        digest.update(str(file.relative_to(repo)).encode() + b"\0")
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def stamp_of(repo: Path, target: Target, stack: str) -> str:
    """A stamp of a stack's state in the clone's own backend; empty where it is kept elsewhere."""
    folder = state_folder(repo, target) / ".pulumi" / "stacks" / PROJECT
    for suffix in (".json", ".json.gz"):
        try:
            found = (folder / f"{stack}{suffix}").stat()
        except OSError:
            continue
        return f"{found.st_size}-{found.st_mtime_ns}-{found.st_ino}"
    return ""


def needless(
    operation: Operation, stack: str, fingerprint: str, stamp: str, last: Mapping[tuple[str, str], Last]
) -> StackResult | None:
    """The result that stands for running `operation` on a stack; None where it must run.

    After an `up` as now there is nothing to change; after a preview as now, what that one found.
    """
    for before in SKIPPED_BY.get(operation, ()):
        one = last.get((stack, before))
        if one is None or one.fingerprint != fingerprint or one.stamp != stamp:
            continue
        found = before == "preview"
        return replace(
            one.result,
            operation=operation,
            outcome="skipped",
            started=None,
            seconds=0.0,
            attempts=0,
            changes=one.result.changes if found else (),
            digest=one.result.digest if found else "",
            skipped=UNCHANGED,
            wave="",
        )
    return None
