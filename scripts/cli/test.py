"""`./jichitai test`: the whole test suite, or what pytest's own arguments select."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Annotated

import typer

from scripts.cli import console as consoles
from scripts.cli.exits import Exit, Trouble
from scripts.engine.places import REPO
from stacks.text import Text, language_of

WORKERS = 2
"""Processes that test at once where nothing else is said: the machines of CI have two cores."""

_SAY = language_of()


def run_tests(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PYTEST ARGUMENTS]",
            help=Text("pytest に渡す引数（例: -- -k addressing）", "Passed to pytest (-- -k addressing)").say(
                _SAY
            ),
            show_default=False,
        ),
    ] = None,
    whole: Annotated[
        bool,
        typer.Option(
            "--all", help=Text("リント、型、層の規則も", "Lint, types and layer rules too").say(_SAY)
        ),
    ] = False,
) -> int:
    """Run the tests; the last line is pytest's own. Exit code 4 when something failed."""
    console = consoles.begin()
    given = list(arguments or ())
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    checks: list[list[str]] = []
    if whole:
        bin_ = REPO / ".venv" / "bin"
        checks = [
            [str(bin_ / "ruff"), "check", "."],
            [str(bin_ / "ruff"), "format", "--check", "."],
            [str(bin_ / "basedpyright")],
            [str(bin_ / "lint-imports"), "--no-logo"],
        ]
    if _needs_more(given):
        _more()
    # Tests that share an engine and a twin name the same group, and so run in one process.
    spread = [] if any(a.startswith(("-n", "--numprocesses")) for a in given) else ["-n", str(WORKERS)]
    pytest = [sys.executable, "-m", "pytest", *spread, "--dist", "loadgroup", *given]
    failed = False
    for command in (*checks, pytest):
        if command is not pytest:
            console.say(" ".join(command))
        failed |= subprocess.run(command, cwd=REPO, env=environment, check=False).returncode != 0
    return Exit.DIFFERENT if failed else Exit.OK


def _needs_more(arguments: list[str]) -> bool:
    """Whether tests of the bootstrap are among those that were asked for: they want SDKs of their own."""
    paths = [a for a in arguments if (REPO / a.partition("::")[0]).exists()]
    return not paths or any("tests/bootstrap".startswith(p) or "bootstrap" in p for p in paths)


def _more() -> None:
    from scripts.setup.more import ensure
    from scripts.setup.venv import SetupError

    try:
        ensure()
    except SetupError as error:
        raise Trouble(
            Exit.ENGINE, Text("SDK を用意できません。", "the SDKs cannot be had"), why=error.text
        ) from None
