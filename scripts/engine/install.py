"""Make sure there is an engine: find one, else install the official one, else build it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path

from scripts.engine import build, official
from scripts.engine.locate import find, version_of
from scripts.engine.model import BUILD_VERSION, Engine, EngineError, Progress, Report, new_enough
from scripts.engine.places import REPO, locked, writable_cache
from stacks.text import Text

ASKING = Text(ja="Pulumi エンジン: 配布元を確認", en="Pulumi engine: asking the download site")
DOWNLOADING = Text(ja="Pulumi エンジン: 公式の CLI を取得", en="Pulumi engine: downloading the official CLI")
WAITING = Text(
    ja="Pulumi エンジン: 別の jichitai が用意しているのを待っています",
    en="Pulumi engine: waiting for another jichitai that is installing it",
)


def ensure(
    report: Report,
    environment: Mapping[str, str] = os.environ,
    repo: Path = REPO,
    *,
    python: Path | None = None,
) -> Engine:
    """The engine, installed first if need be (once a machine; 4 minutes when it must be built).

    `python` is an interpreter that has the Pulumi SDK, for the official installer; by default the
    one that runs. When it has no SDK the official installer is passed over. Safe to run many times
    at once: one installs, the others wait and use it. Safe to kill: nothing half-made is ever found.

    Raises EngineError when there is no way to get one.
    """
    if (engine := find(environment, repo)) is not None:
        return engine
    began = time.monotonic()

    def tell(step: Text) -> None:
        report(Progress(step, None, time.monotonic() - began))

    try:
        home = writable_cache(environment, repo) / "engine"
        with locked(home / ".lock", waiting=lambda: tell(WAITING)):
            if (engine := find(environment, repo)) is None:
                _sweep(home)
                tell(ASKING)
                if official.reachable() and _official(
                    home, python or Path(sys.executable), environment, tell
                ):
                    engine = find(environment, repo)
                else:
                    _build(home, environment, report)
                    engine = find(environment, repo)
    except OSError as error:
        raise EngineError(
            Text(
                ja=f"Pulumi CLI を置けません: {error}。空き容量と書き込み権限を確かめてください。"
                "置き場所は XDG_CACHE_HOME で変えられます。",
                en=f"the Pulumi CLI cannot be stored: {error}. Check free space and permissions; "
                "XDG_CACHE_HOME moves the place.",
            )
        ) from error
    if engine is None:
        raise EngineError(
            Text(
                ja=f"{home} に入れた Pulumi CLI が見つかりません。そのフォルダーを消してやり直してください。",
                en=f"the Pulumi CLI just installed in {home} cannot be found. "
                "Remove that folder and try again.",
            )
        )
    return engine


def prefetch(report: Report, environment: Mapping[str, str] = os.environ, repo: Path = REPO) -> Engine | None:
    """The part of `ensure` that needs no Pulumi SDK: what the launcher runs beside the making of `.venv`.

    None when the official installer can be reached: that is quick and waits for the SDK.
    Raises EngineError as `ensure` does.
    """
    if (engine := find(environment, repo)) is not None or official.reachable():
        return engine
    return ensure(report, environment, repo)


def _official(home: Path, python: Path, environment: Mapping[str, str], tell: Callable[[Text], None]) -> bool:
    """Try the official installer. False when it did not work: the module is built instead."""
    tell(DOWNLOADING)
    with _staging(home) as stage:
        try:
            programs = official.install(stage / "official", python, environment)
        except EngineError as error:
            tell(error.text)
            return False
        version = version_of(programs / "pulumi", environment)
        if not new_enough(version):
            return False
        _publish(programs, home / version)
    return True


def _build(home: Path, environment: Mapping[str, str], report: Report) -> None:
    with _staging(home) as stage:
        build.build(stage, home / f".build-{BUILD_VERSION}", environment, report)
        _publish(stage, home / BUILD_VERSION)


@contextlib.contextmanager
def _staging(home: Path) -> Generator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=".new-", dir=home))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _publish(complete: Path, target: Path) -> None:
    """Move a finished folder to its place, so that it appears at once or not at all."""
    complete.chmod(0o755)
    if target.exists():
        # Only an unusable one can be there: `find` did not take it.
        target.rename(target.with_name(f".new-old-{os.getpid()}"))
    complete.rename(target)


def _sweep(home: Path) -> None:
    """Remove what a killed installation left; the caller holds the lock, so nobody is using it."""
    for leftover in home.glob(".new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
