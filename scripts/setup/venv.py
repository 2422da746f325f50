"""Make `.venv` from requirements.lock, every package checked against its hash.

`.venv/.jichitai/installing` is there while the work goes on and `ready` only when all is done, so an
attempt that was killed is known as such and begun anew; a `.venv` that someone else made is brought
up to the lock file and kept.
"""

from __future__ import annotations

import collections
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stacks.text import Text

FORMAT = "1"
"""Changes when an environment made by older code must be made anew; ./jichitai knows it too."""

NEEDED_BYTES = 1_800_000_000
"""Measured: 1.1 GB installed (the SDKs of four clouds), and the wheels that pip keeps while installing."""

MORE_LOCK = "requirements-bootstrap.lock"
"""The SDKs that only `bootstrap` of some clouds needs (scripts/setup/more.py)."""

MORE_BYTES = 2_000_000_000
"""Measured: 1.4 GB on the disk (du), and the wheels that pip keeps while installing."""

NOT_COMPILED = "pulumi_azure_native|pulumi_gcp|pulumi_oci"
"""12,000 files, of which a tenant imports a few dozen: they are compiled when first imported."""

MAKING = Text(ja="Python 環境: 作成", en="Python environment: creating")
FETCHING = Text(ja="Python 環境: パッケージを取得", en="Python environment: fetching packages")
INSTALLING = Text(ja="Python 環境: インストール", en="Python environment: installing")
COMPILING = Text(ja="Python 環境: コンパイル", en="Python environment: compiling")

Report = Callable[[Text, float | None], None]


class SetupError(Exception):
    """The environment could not be made; `text` says why and what to do."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def is_ready(repo: Path) -> bool:
    """Whether `.venv` is complete, of this folder and of this lock file (as ./jichitai checks)."""
    marks = repo / ".venv" / ".jichitai"
    try:
        return (marks / "ready").read_text(encoding="utf-8") == _stamp(repo) and (
            marks / "requirements.lock"
        ).read_bytes() == (repo / "requirements.lock").read_bytes()
    except OSError:
        return False


@dataclass(frozen=True, slots=True)
class _Job:
    """One making: where, how to report, and the lock that every step holds on to.

    pip goes on for a while when we are killed; holding the lock, it keeps the next attempt from
    working in the same folder at the same time.
    """

    repo: Path
    report: Report
    lock: int | None

    @property
    def target(self) -> Path:
        return self.repo / ".venv"

    @property
    def python(self) -> Path:
        return self.target / "bin" / "python"


def make(repo: Path, report: Report, lock: int | None = None) -> None:
    """Make or mend `.venv`. Only one at a time: the caller locks and gives the lock's descriptor.

    Raises SetupError.
    """
    target = repo / ".venv"
    job = _Job(repo, report, lock)
    marks = target / ".jichitai"
    try:
        if (marks / "installing").exists() or not _usable(target):
            _remove(target)
        if not target.exists():
            _check_space(repo, NEEDED_BYTES)
        marks.mkdir(parents=True, exist_ok=True)
        (marks / "ready").unlink(missing_ok=True)
        (marks / MORE_LOCK).unlink(missing_ok=True)  # uv takes away what is not in the lock
        (marks / "installing").touch()
        wanted = (repo / "requirements.lock").read_bytes()
        if (uv := shutil.which("uv")) is not None:
            _with_uv(job, uv)
        else:
            _with_pip(job)
        report(COMPILING, None)
        _compile(target)
        (marks / "requirements.lock").write_bytes(wanted)
        (marks / "installing").unlink()
        draft = marks / f"ready.{os.getpid()}"
        draft.write_text(_stamp(repo), encoding="utf-8")
        draft.replace(marks / "ready")
    except OSError as error:
        raise SetupError(
            Text(
                ja=f"{target} を作れません: {error}。空き容量と書き込み権限を確かめてください。",
                en=f"{target} cannot be made: {error}. Check free space and permissions.",
            )
        ) from error


def more_is_ready(repo: Path) -> bool:
    """Whether what only some commands need is there, from this very lock file."""
    try:
        return (repo / ".venv" / ".jichitai" / MORE_LOCK).read_bytes() == (repo / MORE_LOCK).read_bytes()
    except OSError:
        return False


def add_more(repo: Path, report: Report, lock: int | None = None) -> None:
    """Add the packages of `MORE_LOCK` to a ready `.venv`. Only one at a time, like `make`.

    What is there stays: the lock was made with requirements.lock as its constraint, so that no package
    is in both in two versions. Raises SetupError.
    """
    job = _Job(repo, report, lock)
    _check_space(repo, MORE_BYTES)
    if (uv := shutil.which("uv")) is not None:
        report(FETCHING, None)
        into = ["--python", str(job.python)]
        _run(job, [uv, "pip", "install", *into, "--no-deps", "--require-hashes", "-r", MORE_LOCK])
    else:
        if not _has_pip(job.python):
            _create(job.target)
        # The lock is complete; left to look for dependencies itself, pip takes the one on
        # google-api-core[grpc] for another package than the one that is pinned, and refuses.
        _pip_install(job, MORE_LOCK, "--no-deps")
    try:
        (job.target / ".jichitai" / MORE_LOCK).write_bytes((repo / MORE_LOCK).read_bytes())
    except OSError as error:
        raise SetupError(Text(ja=f"書けません: {error}", en=f"cannot be written: {error}")) from error


def _stamp(repo: Path) -> str:
    return f"{FORMAT} {repo}\n"


def _usable(target: Path) -> bool:
    python = target / "bin" / "python"
    if not os.access(python, os.X_OK):
        return False
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([python, "-c", check], capture_output=True, check=False).returncode == 0


def _remove(target: Path) -> None:
    """Remove a broken environment under another name first, so that its half is never taken for one."""
    if target.is_symlink():
        target.unlink()
    elif target.exists():
        aside = target.with_name(f".venv-old-{os.getpid()}")
        target.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def _check_space(repo: Path, needed: int) -> None:
    free = shutil.disk_usage(repo).free
    if free < needed:
        raise SetupError(
            Text(
                ja=f"{repo} の空き容量が {free / 1e9:.1f} GB しかありません。Python 環境には "
                f"{needed / 1e9:.1f} GB が要ります。",
                en=f"only {free / 1e9:.1f} GB are free at {repo}; "
                f"the Python environment needs {needed / 1e9:.1f} GB.",
            )
        )


def _with_uv(job: _Job, uv: str) -> None:
    if not job.python.exists():
        job.report(MAKING, None)
        _run(job, [uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(job.target)])
    job.report(FETCHING, None)
    into = ["--python", str(job.python)]
    _run(job, [uv, "pip", "sync", *into, "--require-hashes", "requirements.lock"])
    job.report(INSTALLING, None)
    _run(job, [uv, "pip", "install", "--quiet", *into, "--no-deps", "--no-build-isolation", "-e", "."])


def _with_pip(job: _Job) -> None:
    if not job.python.exists() or not _has_pip(job.python):
        job.report(MAKING, None)
        _create(job.target)
    _pip_install(job, "requirements.lock")
    job.report(INSTALLING, None)
    _run(job, [*_pip(job), "install", "--quiet", "--no-deps", "--no-build-isolation", "-e", "."])


def _pip(job: _Job) -> list[str]:
    return [str(job.python), "-m", "pip", "--no-input", "--disable-pip-version-check"]


def _pip_install(job: _Job, lock: str, *more: str) -> None:
    """Install what `lock` pins, with the share that is done."""
    wanted = _pins(job.repo / lock)
    seen = 0

    def line(text: str) -> None:
        nonlocal seen
        if text.startswith(("Collecting ", "Requirement already satisfied: ", "Ignoring ")):
            seen += 1
            job.report(FETCHING, min(1.0, seen / max(1, wanted)))
        elif text.startswith("Installing collected packages"):
            job.report(INSTALLING, None)

    job.report(FETCHING, 0.0)
    # pip would compile all 18,000 files, three quarters of which are never imported.
    quick = ["--no-compile", "--progress-bar", "off", *more]
    _run(job, [*_pip(job), "install", *quick, "--require-hashes", "-r", lock], line)


def _has_pip(python: Path) -> bool:
    probe = [python, "-m", "pip", "--version"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def _create(target: Path) -> None:
    try:
        venv.EnvBuilder(with_pip=True, symlinks=True).create(target)
    except (subprocess.CalledProcessError, ImportError) as error:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise SetupError(
            Text(
                ja=f"{sys.executable} では仮想環境を作れません（{error}）。"
                f"Debian/Ubuntu では sudo apt install python{version}-venv で入ります。uv でも構いません。",
                en=f"{sys.executable} cannot make a virtual environment ({error}). "
                f"On Debian/Ubuntu: sudo apt install python{version}-venv. uv will do as well.",
            )
        ) from error


def _pins(lock: Path) -> int:
    return len(re.findall(r"^[A-Za-z0-9][^\s=]*==", lock.read_text(encoding="utf-8"), re.MULTILINE))


def _compile(target: Path) -> None:
    """Compile what pays. A file that does not compile (templates, other Pythons') is no error."""
    subprocess.run(
        [
            target / "bin" / "python",
            *("-m", "compileall", "-q", "-j", "0"),
            *("-x", rf"site-packages[/\\]({NOT_COMPILED})[/\\]"),
            *target.glob("lib/python3.*/site-packages"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )


def _run(job: _Job, command: list[str], line: Callable[[str], None] | None = None) -> None:
    """Run one step, its output to `line` and .jichitai/setup.log. Raises SetupError with its last words."""
    tail: collections.deque[str] = collections.deque(maxlen=3)
    log = job.repo / ".jichitai" / "setup.log"
    log.parent.mkdir(exist_ok=True)
    with (
        log.open("a", encoding="utf-8") as record,
        subprocess.Popen(
            command,
            cwd=job.repo,
            pass_fds=() if job.lock is None else (job.lock,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process,
    ):
        record.write(f"$ {' '.join(command)}\n")
        try:
            for raw in process.stdout or ():
                record.write(raw)
                if raw.strip():
                    tail.append(raw.strip())
                if line is not None:
                    line(raw.strip())
        except BaseException:
            process.terminate()
            raise
    if process.returncode != 0:
        said = " / ".join(tail) or f"exit code {process.returncode}"
        raise SetupError(
            Text(
                ja=f"Python パッケージを入れられません: {said}（詳しくは {log}）。"
                "ネットワークとプロキシ（PyPI に届くか）、空き容量を確かめて、もう一度実行してください。",
                en=f"the Python packages could not be installed: {said} (details: {log}). "
                "Check the network and its proxy (is PyPI reachable?) and free space, then run this again.",
            )
        )
