"""What only some commands need: added once, from its own lock, and anew with another lock."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.cli.test import _needs_more  # pyright: ignore[reportPrivateUsage]
from scripts.engine.places import REPO
from scripts.engine.stores import Store, is_local
from scripts.setup.venv import MORE_LOCK, SetupError, add_more, more_is_ready


def _pins(lock: str) -> dict[str, str]:
    text = (REPO / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9][\w.-]*)==(\S+)", text, re.MULTILINE))


def test_no_package_is_in_both_locks_in_two_versions() -> None:
    common, more = _pins("requirements.lock"), _pins(MORE_LOCK)
    assert {n: (common[n], v) for n, v in more.items() if common.get(n, v) != v} == {}
    assert {"oci", "msgraph-sdk", "azure-identity", "google-auth"} <= set(more)


def test_every_package_has_hashes() -> None:
    text = (REPO / MORE_LOCK).read_text(encoding="utf-8")
    for block in re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in block, block.splitlines()[0]
    assert "--index-url" not in text
    assert "--find-links" not in text


def _folder(tmp_path: Path, pip: str) -> Path:
    """A clone whose environment's Python is a script of ours."""
    (tmp_path / MORE_LOCK).write_text("oci==1 --hash=sha256:0\n", encoding="utf-8")
    (tmp_path / ".venv" / ".jichitai").mkdir(parents=True)
    (tmp_path / ".venv" / "bin").mkdir()
    python = tmp_path / ".venv" / "bin" / "python"
    python.write_text(f"#!/bin/sh\n{pip}\n", encoding="utf-8")
    python.chmod(0o755)
    return tmp_path


def test_it_is_added_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    repo = _folder(tmp_path, 'echo "Collecting $*"; echo "$*" >>calls')
    assert not more_is_ready(repo)
    add_more(repo, lambda step, fraction: None)
    assert more_is_ready(repo)
    assert "--require-hashes" in (repo / "calls").read_text(encoding="utf-8")
    (repo / MORE_LOCK).write_text("oci==2 --hash=sha256:0\n", encoding="utf-8")
    assert not more_is_ready(repo), "another lock, another installation"


def test_a_failure_says_what_pip_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    repo = _folder(tmp_path, '[ "$3" = "--version" ] && exit 0; echo "ERROR: no route to the index"; exit 1')
    with pytest.raises(SetupError) as failed:
        add_more(repo, lambda step, fraction: None)
    assert "no route to the index" in failed.value.text.en
    assert not more_is_ready(repo)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([], True),
        (["-k", "addressing"], True),
        (["tests/bootstrap"], True),
        (["tests/bootstrap/oci/test_whole.py::test_x"], True),
        (["tests"], True),
        (["tests/stacks"], False),
        (["tests/cli/test_app.py", "-x"], False),
    ],
)
def test_the_tests_have_it_added_only_for_the_bootstrap(arguments: list[str], wanted: bool) -> None:
    assert _needs_more(arguments) is wanted


@pytest.mark.parametrize(
    ("url", "environment", "local"),
    [
        ("passphrase", {}, True),
        ("file:///tmp/x", {}, True),
        ("s3://b?endpoint=127.0.0.1:9000&disableSSL=true", {}, True),
        ("s3://b?endpoint=http://localhost:9000", {}, True),
        ("s3://b?region=ap-northeast-1", {"AWS_ENDPOINT_URL": "http://127.0.0.1:5000"}, True),
        ("awskms://alias/k?region=ap-northeast-1", {"AWS_ENDPOINT_URL_KMS": "http://[::1]:5000"}, True),
        ("azblob://c?domain=127.0.0.1:10000&protocol=http&localemu=true", {}, True),
        ("gs://b", {"STORAGE_EMULATOR_HOST": "http://localhost:4443"}, True),
        ("s3://b?region=ap-northeast-1", {}, False),
        ("s3://b?endpoint=s3.example.jp", {"AWS_ENDPOINT_URL": "http://127.0.0.1:5000"}, False),
        ("s3://b", {"AWS_ENDPOINT_URL": "https://s3.example.jp"}, False),
        ("s3://b", {"AWS_ENDPOINT_URL": "http://127.0.0.1.example.jp"}, False),
        ("awskms://alias/k?region=ap-northeast-1", {}, False),
        ("azblob://c", {}, False),
        ("azurekeyvault://v.vault.azure.net/keys/k", {}, False),
        ("https://api.pulumi.com", {}, False),
    ],
)
def test_what_is_on_this_machine(url: str, environment: dict[str, str], local: bool) -> None:
    assert is_local(url, environment) is local


def test_stores_are_kept_apart() -> None:
    assert Store("s3://a").name == Store("s3://a").name
    assert len({Store("s3://a").name, Store("s3://b").name, Store("s3://a", "awskms://k").name}) == 3
