"""The command line as a whole: help, languages, mistakes, bugs, a full disk."""

from __future__ import annotations

import errno
import json
import re
import subprocess
import sys
import time
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import typer

from scripts.cli import app, console
from scripts.cli.exits import MEANINGS, Exit, Trouble
from scripts.engine.places import REPO
from stacks.text import Text

JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")
WANTED = {
    *("new", "validate", "preview", "up", "refresh", "drift", "destroy"),
    *("outputs", "export", "twin", "doctor", "test"),
}


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JICHITAI_LANG", "en")
    monkeypatch.setattr(console, "_current", None)


def test_every_command_is_there_and_can_be_imported() -> None:
    assert set(app.COMMANDS) >= WANTED
    for command in app.COMMANDS.values():
        module, _, attribute = command.place.partition(":")
        body = getattr(import_module(module), attribute)
        assert callable(body) or isinstance(body, typer.Typer)
        assert JAPANESE.search(command.help.ja)
        assert not JAPANESE.search(command.help.en)


@pytest.mark.parametrize("arguments", [["--help"], ["up", "--help"]])
def test_help_is_instant_and_loads_no_engine(arguments: list[str]) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "scripts.cli", *arguments]
    began = time.monotonic()
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=True)
    # The aim is 0.4 s on an idle machine (the benchmark measures it); tests share theirs.
    assert time.monotonic() - began < 4
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert not imported & {"pulumi", "grpc", "stacks.manifest", "pulumi_aws", "rich.console", "rich.live"}


@pytest.mark.parametrize(
    ("language", "word"), [("ja", "テナントを構築・更新する"), ("en", "Build or update a tenant")]
)
@pytest.mark.parametrize("form", [["--lang", "{}", "--help"], ["--help", "--lang={}"]])
def test_language_may_be_said_anywhere(
    capsys: pytest.CaptureFixture[str], language: str, word: str, form: list[str]
) -> None:
    assert app.run([part.format(language) for part in form]) == Exit.OK
    assert word in capsys.readouterr().out


def test_language_is_that_of_the_locale(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JICHITAI_LANG", "")
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    app.run(["--help"])
    assert "テナントを構築・更新する" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [["upp"], ["up"], ["up", "131041", "--bogus"], ["--lang", "fr"], ["up", "x", "-e", "staging"]],
)
def test_mistakes_are_told_in_both_languages(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert app.run(arguments) == Exit.USAGE
    english = capsys.readouterr().err
    assert not JAPANESE.search(english)
    if "--lang" not in arguments:
        assert app.run([*arguments, "--lang", "ja"]) == Exit.USAGE
        assert JAPANESE.search(capsys.readouterr().err)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["upp"], "upp というコマンドはありません。候補: 'up'"),
        (["up"], "TENANT を指定してください。"),
        (
            ["up", "131041", "--enviroment=x"],
            "--enviroment というオプションはありません。候補: --environment",
        ),
        (["up", "131041", "--bogus"], "--bogus というオプションはありません。\n"),
        (["up", "a", "b"], "余分な引数があります: b"),
        (["up", "a", "-e"], "-e には値が要ります。"),
        (["up", "a", "--yes=1"], "--yes に値は付きません。"),
    ],
)
def test_the_parsers_words_in_japanese(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert app.run([*arguments, "--lang", "ja"]) == Exit.USAGE
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], ["up"], ["twin", "tamper"]])
def test_help_in_japanese_has_no_english_frame(command: list[str]) -> None:
    line = [sys.executable, "-m", "scripts.cli", *command, "--help", "--lang=ja"]
    page = subprocess.run(line, cwd=REPO, capture_output=True, text=True, check=True).stdout
    assert "使い方: " in page
    assert not re.search(r"Usage|Options:|Commands:|Arguments:|Show this|required|default:", page)


def test_no_arguments_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run([]) == Exit.OK
    assert "Usage: jichitai" in capsys.readouterr().out


def test_the_version_is_that_of_the_project(capsys: pytest.CaptureFixture[str]) -> None:
    declared = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]["version"]
    assert app.run(["--version"]) == 0
    assert capsys.readouterr().out == f"jichitai {declared}\n"


def test_trouble_is_one_json_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["outputs", "府中市", "--json"]) == Exit.USAGE
    document = json.loads(capsys.readouterr().out)
    assert document["exit"] == 2
    assert "132063" in document["error"]["why"]["ja"]


def broken(error: BaseException) -> object:
    def command() -> None:
        raise error

    return command


def with_command(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    monkeypatch.setattr(
        app, "import_module", lambda _: type("M", (), {"broken": staticmethod(broken(error))})
    )
    monkeypatch.setitem(app.COMMANDS, "broken", app.Command("m:broken", Text("壊", "b")))


def test_a_bug_goes_to_a_log_and_not_to_the_screen(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with_command(monkeypatch, ZeroDivisionError("secret detail"))
    monkeypatch.setattr(app, "LOGS", tmp_path / "logs")
    assert app.run(["broken"]) == Exit.BUG
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    assert "secret detail" not in said.err
    (log,) = (tmp_path / "logs").iterdir()
    assert str(log) in said.err
    assert "ZeroDivisionError: secret detail" in log.read_text(encoding="utf-8")


def test_a_full_disk_is_said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with_command(monkeypatch, OSError(errno.ENOSPC, "No space left on device", "/x/state"))
    assert app.run(["broken"]) == Exit.DISK
    assert "/x/state" in capsys.readouterr().err


def test_ctrl_c_has_its_own_code(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with_command(monkeypatch, KeyboardInterrupt())
    assert app.run(["broken"]) == Exit.INTERRUPTED
    assert "Stopped" in capsys.readouterr().err


def test_the_page_of_exit_codes_is_the_table_of_the_code() -> None:
    page = (REPO / "docs" / "exit-codes.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (\w+) \| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    assert rows == [(str(e.value), e.name, e.meaning.ja, e.meaning.en) for e in Exit]
    assert set(MEANINGS) == set(Exit)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_trouble_says_what_where_why_and_what_to_do(
    capsys: pytest.CaptureFixture[str], language: str
) -> None:
    trouble = Trouble(
        Exit.FAILED,
        Text("何が", "what"),
        where="[red]place[/red]",
        why=Text("なぜ", "reason"),
        do=Text("どうする", "remedy"),
    )
    console.Console(language=language).trouble(trouble)  # type: ignore[arg-type]
    said = capsys.readouterr().err
    assert "[red]place[/red]" in said, "markup in data is data"
    for text in (trouble.what, trouble.why, trouble.do):
        assert text.say(language) in said  # type: ignore[union-attr, arg-type]


@pytest.mark.parametrize(("word", "code"), [("held", Exit.DIFFERENT), ("the_engines_lock", Exit.OK)])
def test_the_test_command_passes_on_to_pytest_and_ends_with_its_line(word: str, code: Exit) -> None:
    line = [
        sys.executable,
        "-m",
        "scripts.cli",
        "test",
        "-q",
        "-n",
        "0",
        "-k",
        word,
        "tests/cli/test_locks.py",
    ]
    done = subprocess.run(line, cwd=REPO, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    last = done.stdout.strip().splitlines()[-1]
    ends = r"1 passed, [0-9] deselected in .*|[0-9] deselected in .*|no tests ran in .*"
    assert re.fullmatch(ends, last), last


def test_a_group_of_tests_stays_in_one_process_and_in_order(tmp_path: Path) -> None:
    """What tests with a shared engine rely on; pytest 9.2 and pytest-xdist 3.8 together break it silently."""
    body = "def test_{n}(worker_id):\n    print('ran', {n}, worker_id)\n"
    tests = "".join(body.format(n=n) for n in range(8))
    (tmp_path / "test_group.py").write_text(
        f"import pytest\npytestmark = pytest.mark.xdist_group('one')\n{tests}"
    )
    line = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", "-rP", "-p", "no:cacheprovider"]
    done = subprocess.run([*line, str(tmp_path)], cwd=tmp_path, capture_output=True, text=True, check=False)
    ran = re.findall(r"ran (\d) (gw\d)", done.stdout)
    assert [int(number) for number, _ in ran] == list(range(8)), done.stdout
    assert len({worker for _, worker in ran}) == 1
