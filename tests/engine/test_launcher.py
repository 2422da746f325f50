"""./jichitai: quick when all is there, clear when something is not."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.engine.places import locked
from scripts.setup import venv
from scripts.setup.__main__ import needs_engine
from scripts.setup.display import Display
from stacks.text import Text

REPO = Path(__file__).parents[2]


def script(file: Path, body: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    file.chmod(0o755)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with the launcher and stand-ins for the environment and for its making."""
    folder = tmp_path / "a clone (自治体)"
    folder.mkdir()
    shutil.copy(REPO / "jichitai", folder)
    (folder / "requirements.lock").write_text("one==1\n")
    script(
        folder / ".venv" / "bin" / "python",
        'printf "%s\\n" "cwd=$PWD" "bytecode=${PYTHONDONTWRITEBYTECODE-unset}" "$@"',
    )
    marks = folder / ".venv" / ".jichitai"
    marks.mkdir()
    (marks / "ready").write_text(f"{venv.FORMAT} {folder}\n")
    shutil.copy(folder / "requirements.lock", marks)
    (folder / "scripts" / "setup").mkdir(parents=True)
    (folder / "scripts" / "setup" / "__main__.py").write_text("import sys\nprint('setup', sys.argv[1:])\n")
    return folder


def launch(clone: Path, *arguments: str, cwd: Path | None = None, **variables: str):
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **variables}
    return subprocess.run(
        [clone / "jichitai", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_second_run_goes_straight_on(clone: Path, tmp_path: Path) -> None:
    assert venv.is_ready(clone)
    (tmp_path / "link").symlink_to(clone / "jichitai")
    for home in ("", "/nowhere"):
        done = launch(clone, "up", "新宿 区", cwd=tmp_path, HOME=home)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines() == [
            f"cwd={tmp_path}",
            "bytecode=unset",
            *("-P", "-m", "scripts.cli", "up", "新宿 区"),
        ]
    linked = subprocess.run([tmp_path / "link"], capture_output=True, text=True, check=False)
    assert linked.returncode == 0
    times = []
    for _ in range(5):
        began = time.perf_counter()
        launch(clone)
        times.append(time.perf_counter() - began)
    assert min(times) < 0.1


@pytest.mark.parametrize("spoil", ["ready", "lock", "moved", "venv"])
def test_setup_runs_when_anything_is_not_as_it_was(clone: Path, spoil: str) -> None:
    marks = clone / ".venv" / ".jichitai"
    if spoil == "ready":
        (marks / "ready").unlink()
    elif spoil == "lock":
        (clone / "requirements.lock").write_text("one==2\n")
    elif spoil == "moved":
        clone = clone.rename(clone.with_name("moved"))
    else:
        shutil.rmtree(clone / ".venv")
    assert not venv.is_ready(clone)
    done = launch(clone, "validate")
    assert done.stdout.startswith("setup ['validate']\n"), done.stderr


@pytest.mark.parametrize(("locale", "words"), [("ja_JP.UTF-8", "見つかりません"), ("C", "no Python 3.11")])
def test_without_python_it_says_what_to_install(clone: Path, tmp_path: Path, locale: str, words: str) -> None:
    shutil.rmtree(clone / ".venv")
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("dirname", "readlink", "cmp"):
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    script(tools / "python3", "exit 1")  # as an interpreter that is too old answers
    done = launch(clone, "up", PATH=str(tools), LC_ALL=locale, JICHITAI_PYTHON="")
    assert done.returncode == 1
    assert words in done.stderr
    assert "https://www.python.org" in done.stderr


def test_failed_setup_ends_the_run(clone: Path) -> None:
    (clone / "requirements.lock").write_text("other==1\n")
    (clone / "scripts" / "setup" / "__main__.py").write_text("import sys\nsys.exit(7)\n")
    done = launch(clone, "up")
    assert done.returncode == 7
    assert "scripts.cli" not in done.stdout


def test_only_commands_that_run_the_engine_wait_for_it() -> None:
    assert needs_engine(["up", "131041"])
    assert needs_engine(["--lang", "ja", "preview", "x"])
    assert needs_engine(["doctor", "--fix"])
    assert not needs_engine(["doctor"])
    assert not needs_engine(["validate"])
    assert not needs_engine(["up", "--help"])
    assert not needs_engine([])


class TestMaking:
    """The states that `.venv` can be found in."""

    @pytest.fixture
    def steps(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        done: list[str] = []

        def step(job: venv._Job, *_uv: str) -> None:
            done.append("kept" if (job.target / "kept").exists() else "new")
            assert (job.target / ".jichitai" / "installing").exists()
            script(job.python, "exit 0")

        monkeypatch.setattr(venv, "_with_pip", step)
        monkeypatch.setattr(venv, "_with_uv", step)
        return done

    @pytest.fixture
    def repo(self, tmp_path: Path) -> Path:
        (tmp_path / "requirements.lock").write_text("one==1\n")
        return tmp_path

    def make(self, repo: Path) -> None:
        venv.make(repo, lambda _step, _fraction: None)
        assert venv.is_ready(repo)
        assert not (repo / ".venv" / ".jichitai" / "installing").exists()

    def test_new(self, repo: Path, steps: list[str]) -> None:
        assert not venv.is_ready(repo)
        self.make(repo)
        assert steps == ["new"]

    def test_someone_elses_is_kept(self, repo: Path, steps: list[str]) -> None:
        script(repo / ".venv" / "bin" / "python", "exit 0")
        (repo / ".venv" / "kept").touch()
        self.make(repo)
        assert steps == ["kept"]

    def test_killed_half_way_is_begun_anew(self, repo: Path, steps: list[str]) -> None:
        script(repo / ".venv" / "bin" / "python", "exit 0")
        (repo / ".venv" / "kept").touch()
        (repo / ".venv" / ".jichitai").mkdir()
        (repo / ".venv" / ".jichitai" / "installing").touch()
        self.make(repo)
        assert steps == ["new"]
        assert not list(repo.glob(".venv-old-*"))

    def test_python_that_is_gone_is_begun_anew(self, repo: Path, steps: list[str]) -> None:
        (repo / ".venv" / "bin").mkdir(parents=True)
        (repo / ".venv" / "bin" / "python").symlink_to("/no/such/python3.11")
        self.make(repo)
        assert steps == ["new"]

    def test_too_little_space_is_said(
        self, repo: Path, steps: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(venv, "NEEDED_BYTES", 10**18)
        with pytest.raises(venv.SetupError, match="GB"):
            venv.make(repo, lambda _step, _fraction: None)
        assert steps == []

    def test_failed_step_shows_its_last_words(self, repo: Path) -> None:
        with pytest.raises(venv.SetupError, match="no such host"):
            venv._run(self.job(repo), ["/bin/sh", "-c", "echo no such host; exit 1"])
        assert "no such host" in (repo / ".jichitai" / "setup.log").read_text()

    def test_step_that_outlives_us_keeps_the_lock(self, repo: Path) -> None:
        file = repo / "lock"
        code = (
            "import os, sys, threading\n"
            "from pathlib import Path\n"
            "from scripts.engine.places import locked\n"
            "from scripts.setup import venv\n"
            "with locked(Path(sys.argv[1])) as lock:\n"
            "    job = venv._Job(Path(sys.argv[1]).parent, lambda *_: None, lock)\n"
            "    venv._run(job, ['/bin/sh', '-c', 'echo on; sleep 1.5'], lambda _: os._exit(9))\n"
        )
        killed = subprocess.run([sys.executable, "-c", code, file], cwd=REPO, check=False)
        assert killed.returncode == 9
        waited: list[float] = []
        with locked(file, waiting=lambda: waited.append(time.monotonic())):
            assert waited
            assert time.monotonic() - waited[0] > 0.5

    def job(self, repo: Path) -> venv._Job:
        return venv._Job(repo, lambda _step, _fraction: None, None)


def test_display_prints_a_line_a_step_where_lines_cannot_change() -> None:
    out = io.StringIO()
    compiling = Text(ja="コンパイル", en="compiling")
    with Display("ja", out) as display:
        for percent in range(100):
            display.step("engine", compiling, percent / 100)
        display.step("venv", Text(ja="取得", en="fetching"))
    lines = out.getvalue().splitlines()
    assert len(lines) == 2
    assert "コンパイル" in lines[0]
    assert "取得" in lines[1]
