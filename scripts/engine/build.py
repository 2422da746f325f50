"""Build the engine from its Go module, for machines that cannot download the official one.

What is compiled is pinned by hash in scripts/engine/module. The language host that comes with the
official CLI is a Go module that no proxy serves; its executor (`pulumi-language-python-exec`, the
script that runs a program) is in the SDK's module and is taken from there, and the host itself is
ours (scripts/engine/host).
"""

from __future__ import annotations

import collections
import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path

from scripts.engine.locate import place_launcher, version_of
from scripts.engine.model import BUILD_VERSION, EXECUTOR, EngineError, Progress, Report
from scripts.engine.toolchain import MODULE, Go, find_go, install_go
from stacks.text import Text

COMMAND = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
SDK = "github.com/pulumi/pulumi/sdk/v3"
NEEDED_BYTES = 4_500_000_000
"""Measured: modules 1.4 GB, compiled packages 1.6 GB, the linker's temporary files and the CLI 0.4 GB."""

FETCHING = Text(ja="Pulumi エンジン: ソースを取得", en="Pulumi engine: fetching the sources")
COMPILING = Text(ja="Pulumi エンジン: コンパイル", en="Pulumi engine: compiling")
LINKING = Text(ja="Pulumi エンジン: 仕上げ", en="Pulumi engine: finishing")
GO = Text(ja="Pulumi エンジン: Go を用意", en="Pulumi engine: getting Go")


def build(into: Path, work: Path, environment: Mapping[str, str], report: Report) -> None:
    """Build the CLI, its executor and the host's launcher into the folder `into`.

    `work` is kept when the build is cut short, so that the next attempt goes on from there, and is
    removed when it succeeds. Raises EngineError with what failed.
    """
    began = time.monotonic()

    def tell(step: Text, fraction: float | None, detail: str = "") -> None:
        report(Progress(step, fraction, time.monotonic() - began, detail))

    work.mkdir(parents=True, exist_ok=True)
    _check_space(work)
    tell(GO, None)
    packaged = work / "go"
    go = find_go(environment, packaged) or install_go(environment, packaged)
    for name in ("go.mod", "go.sum"):
        shutil.copyfile(MODULE / name, work / name)
    settings = _settings(go, work, environment)

    tell(FETCHING, None)
    fetched = 0
    packages: set[str] = set()

    def fetching(line: str) -> None:
        nonlocal fetched
        if line.startswith("go: downloading "):
            fetched += 1
            tell(FETCHING, None, f"{fetched} {line.removeprefix('go: downloading ')}")
        elif not line.startswith("go: "):
            packages.add(line)

    _go(go, ["list", "-deps", COMMAND], work, settings, fetching)

    compiled = 0

    def compiling(line: str) -> None:
        nonlocal compiled
        compiled += line in packages
        # The last package is the command itself: what remains is the linker, which says nothing.
        done = line == COMMAND
        tell(LINKING if done else COMPILING, None if done else compiled / max(1, len(packages)), line)

    tell(COMPILING, 0.0)
    flags = f"-s -w -X {SDK}/go/common/version.Version={BUILD_VERSION}"
    program = into / "pulumi"
    _go(
        go,
        ["build", "-v", "-trimpath", "-ldflags", flags, "-o", str(program), COMMAND],
        work,
        settings,
        compiling,
    )

    tell(LINKING, None)
    found: list[str] = []
    _go(go, ["list", "-m", "-f", "{{.Dir}}", SDK], work, settings, found.append)
    shutil.copyfile(Path(found[-1]) / "python" / "cmd" / EXECUTOR, into / EXECUTOR)
    (into / EXECUTOR).chmod(0o755)
    place_launcher(into)
    if (version := version_of(program, environment)) != BUILD_VERSION:
        raise _failed(f"pulumi version: {version or 'does not run'}")
    with contextlib.suppress(OSError):
        shutil.rmtree(work)


def _check_space(work: Path) -> None:
    free = shutil.disk_usage(work).free
    if free < NEEDED_BYTES and not (work / "cache").exists():
        raise EngineError(
            Text(
                ja=f"{work} の空き容量が {free / 1e9:.1f} GB しかありません。"
                f"Pulumi CLI の組み立てには一時的に {NEEDED_BYTES / 1e9:.1f} GB が要ります。"
                "空きを作るか、XDG_CACHE_HOME で別の場所を指定するか、"
                "Pulumi CLI 3.250 以上を PATH に置いてください。",
                en=f"only {free / 1e9:.1f} GB are free at {work}; building the Pulumi CLI needs "
                f"{NEEDED_BYTES / 1e9:.1f} GB for a while. Free some space, point XDG_CACHE_HOME elsewhere, "
                "or put a Pulumi CLI of at least 3.250 on PATH.",
            )
        )


def _settings(go: Go, work: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of the `go` commands.

    Someone who works with Go has caches already and they are used; for everyone else 3 GB in
    ~/go and ~/.cache/go-build would be litter, so the caches live in `work` and go with it.
    """
    known = subprocess.run(
        [go.path, "env", "GOMODCACHE"], env=dict(environment), capture_output=True, text=True, check=False
    ).stdout.strip()
    result = {
        **environment,
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "GOFLAGS": "-mod=readonly -buildvcs=false -modcacherw",
        "GOTMPDIR": str(work),
        # No C compiler is needed, and none that happens to be there changes the result.
        "CGO_ENABLED": "0",
    }
    if not known or not (Path(known) / "cache" / "download").is_dir():
        result["GOPATH"] = str(work / "path")
        result["GOMODCACHE"] = str(work / "modules")
        result["GOCACHE"] = str(work / "cache")
    return result


def _go(
    go: Go, arguments: list[str], work: Path, settings: Mapping[str, str], line: Callable[[str], None]
) -> None:
    """Run one go command, giving each line of its output to `line`. Raises EngineError when it fails."""
    tail: collections.deque[str] = collections.deque(maxlen=5)
    with _ended_with_us([str(go.path), *arguments], work, settings) as process:
        for raw in process.stdout or ():
            text = raw.rstrip()
            tail.append(text)
            line(text)
        code = process.wait()
    if code != 0:
        raise _failed(" / ".join(tail) or f"go {arguments[0]}: {code}")


@contextlib.contextmanager
def _ended_with_us(
    command: list[str], cwd: Path, settings: Mapping[str, str]
) -> Generator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=dict(settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        process_group=0,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def _failed(why: str) -> EngineError:
    return EngineError(
        Text(
            ja=f"Go モジュールからの Pulumi CLI の組み立てに失敗しました: {why}。"
            "Go のプロキシ（GOPROXY）に届くか確かめるか、Pulumi CLI 3.250 以上を PATH に置いてください。",
            en=f"building the Pulumi CLI from its Go module failed: {why}. "
            "Check that the Go proxy (GOPROXY) can be reached, "
            "or put a Pulumi CLI of at least 3.250 on PATH.",
        )
    )
