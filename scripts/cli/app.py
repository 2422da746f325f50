"""The command line: `./jichitai COMMAND`. One line in `COMMANDS` adds a command.

Only the module of the command that was asked for is imported, so that help is instant and no
command pays for another.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
import traceback
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from scripts.cli import console
from scripts.cli.exits import Exit, Trouble
from scripts.cli.words import help_in_japanese, mistake_in_japanese
from stacks.text import Text, language_of

_PARSER_ERRORS = typer.BadParameter.__mro__[2]
"""ClickException: typer carries a copy of click's under a private name."""


LOGS = Path(__file__).resolve().parents[2] / ".jichitai" / "logs"
"""Where what is of no use on a screen goes."""


@dataclass(frozen=True, slots=True)
class Command:
    """Where a command's function (or typer app) is, and its line in the help."""

    place: str
    help: Text
    passes: bool = False
    """Whether options that are not its own are passed on, to pytest say."""


COMMANDS: dict[str, Command] = {
    "bootstrap": Command(
        "scripts.cli.bootstrap:app",
        Text("払い出された直後のユニットを準備する", "Prepare a unit that was just handed over"),
    ),
    "new": Command("scripts.cli.new:new", Text("団体のマニフェストを作る", "Write a body's manifest")),
    "validate": Command("scripts.cli.validate:validate", Text("マニフェストを検査する", "Check manifests")),
    "preview": Command(
        "scripts.cli.operate:preview", Text("変更内容を先に見る", "See a change before it is made")
    ),
    "up": Command("scripts.cli.operate:up", Text("テナントを構築・更新する", "Build or update a tenant")),
    "refresh": Command(
        "scripts.cli.operate:refresh", Text("実際の姿を状態に取り込む", "Take what is real as the state")
    ),
    "drift": Command(
        "scripts.cli.operate:drift",
        Text("外から変えられたものを示す", "Show what was changed behind the engine's back"),
    ),
    "destroy": Command("scripts.cli.operate:destroy", Text("テナントを撤去する", "Tear a tenant down")),
    "outputs": Command("scripts.cli.inspect:outputs", Text("できたものを示す", "Show what came out")),
    "export": Command(
        "scripts.cli.inspect:export", Text("状態を JSON で出す", "Print the engine's state as JSON")
    ),
    "check": Command("scripts.cli.check:check", Text("ポリシーで検査する", "Check against the policies")),
    "evidence": Command(
        "scripts.cli.evidence:evidence",
        Text("管理策ごとの証跡を作る", "Write evidence, control by control"),
    ),
    "fleet": Command(
        "scripts.cli.fleet:app", Text("多くの団体をまとめて扱う", "Many local governments at once")
    ),
    "twin": Command(
        "scripts.cli.twin:app",
        Text("デジタルツインを見る・変える・壊す", "Look into the twin, or disturb it"),
    ),
    "env": Command(
        "scripts.cli.env:env",
        Text("素の pulumi のための環境変数を出す", "Print what plain pulumi needs in its environment"),
    ),
    "doctor": Command("scripts.cli.doctor:doctor", Text("この環境を確かめる", "Check this machine")),
    "test": Command(
        "scripts.cli.test:run_tests", Text("テストをすべて実行する", "Run the whole test suite"), passes=True
    ),
    "bench": Command("scripts.cli.bench:bench", Text("速さを測る", "Measure how fast it is")),
}

_ABOUT = Text(
    ja="自治体テナントを、一つのマニフェストから、一度の up で。",
    en="A municipal tenant from one manifest, in one up.",
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"jichitai {version('jichitai')}")
        raise typer.Exit


def _root(
    lang: Annotated[
        str | None,
        typer.Option(
            metavar="ja|en",
            help=Text("表示言語（既定はロケール）", "Language (default: the locale's)").say(language_of()),
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            is_eager=True,
            callback=_version,
            help=Text("版を出す", "Print the version").say(language_of()),
        ),
    ] = False,
) -> None:
    """The options that every command has; `--lang` has been read before anything was said."""


def build(word: str | None) -> typer.Typer:
    """The application as far as `word`, the command asked for, needs it; the others only by name."""
    language = language_of()
    app = typer.Typer(
        name="jichitai",
        help=_ABOUT.say(language),
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        rich_markup_mode=None,
    )
    app.callback()(_root)
    for name, command in COMMANDS.items():
        if name == word:
            module, _, attribute = command.place.partition(":")
            body: Any = getattr(import_module(module), attribute)
            if isinstance(body, typer.Typer):
                app.add_typer(body, name=name, help=command.help.say(language))
            else:
                passing = {"ignore_unknown_options": True} if command.passes else {}
                app.command(name, help=command.help.say(language), context_settings=passing)(body)
        else:
            app.command(name, help=command.help.say(language))(_elsewhere)
    return app


def _elsewhere() -> None:
    """Stands for a command that was not asked for, in the list of commands."""


def take_language(arguments: list[str]) -> list[str]:
    """`arguments` without `--lang`, which may stand anywhere; what it says goes into the environment.

    The environment, so that the language host, the program and the twin speak it too. Raises
    Trouble for a language that we do not speak.
    """
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            return [*rest, word, *words]
        if word == "--lang" or word.startswith("--lang="):
            value = word.partition("=")[2] if "=" in word else next(words, "")
            if value not in ("ja", "en"):
                raise Trouble(
                    Exit.USAGE,
                    Text(
                        ja=f"--lang は ja か en です（指定: {value or 'なし'}）。",
                        en=f"--lang is ja or en, not {value or 'nothing'}",
                    ),
                )
            os.environ["JICHITAI_LANG"] = value
        else:
            rest.append(word)
    return rest


def run(arguments: list[str]) -> int:
    """Run a command line; the exit code. Nothing that goes wrong is shown as a traceback."""
    try:
        rest = take_language(arguments) or ["--help"]
        word = next((w for w in rest if not w.startswith("-")), None)
        outcome = _call(build(word), rest)
        code = int(outcome) if isinstance(outcome, int) else Exit.OK
        if code == Exit.INTERRUPTED and not console.current().told:
            raise KeyboardInterrupt  # the parser turns Ctrl-C into this code without a word
        return code
    except Trouble as trouble:
        console.current().trouble(trouble)
        return trouble.exit
    except (KeyboardInterrupt, typer.Abort):
        console.current().say(Text(ja="中止しました。", en="Stopped."), "warning")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            console.current().trouble(_disk_full(error))
            return Exit.DISK
        return _bug(error)
    except Exception as error:  # the last line of defence: a log instead of a traceback
        if isinstance(error, _PARSER_ERRORS):
            console.current().trouble(_usage(error))
            return Exit.USAGE
        return _bug(error)


def _call(command: typer.Typer, arguments: list[str]) -> Any:
    """Run the parser; a help page has the parser's own words put into Japanese where that is read."""
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if language_of() == "en" or not {"-h", "--help"} & set(own):
        return command(args=arguments, standalone_mode=False, prog_name="jichitai")
    page = io.StringIO()
    with contextlib.redirect_stdout(page):
        outcome = command(args=arguments, standalone_mode=False, prog_name="jichitai")
    sys.stdout.write(help_in_japanese(page.getvalue()))
    return outcome


def _disk_full(error: OSError) -> Trouble:
    return Trouble(
        Exit.DISK,
        Text(ja="ディスクに空きがありません。", en="The disk is full."),
        where=str(error.filename or ""),
        do=Text(
            ja="空きを作ってから同じコマンドをもう一度実行してください。状態は最後に保存できたところまで残っています。",
            en="Free some space and run the same command again; the state is kept as it could last be saved.",
        ),
    )


def _usage(error: Any) -> Trouble:
    """What the parser says about a wrong command line."""
    said = error.format_message()
    return Trouble(
        Exit.USAGE,
        Text(ja=f"コマンドラインの誤り: {mistake_in_japanese(said)}", en=f"Wrong command line: {said}"),
        do=Text(
            ja="使い方は ./jichitai COMMAND --help で見られます。",
            en="./jichitai COMMAND --help shows how to use it.",
        ),
    )


def _bug(error: BaseException) -> int:
    trace = "".join(traceback.format_exception(error))
    log = LOGS / f"{datetime.now():%Y%m%d-%H%M%S}-bug.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(f"jichitai {' '.join(sys.argv[1:])}\n\n{trace}", encoding="utf-8")
        where = str(log)
    except OSError:
        where = f"{type(error).__name__}: {error}"
    console.current().trouble(
        Trouble(
            Exit.BUG,
            Text(
                ja=f"Jichitai の不具合です（{type(error).__name__}）。",
                en=f"A bug in Jichitai ({type(error).__name__}).",
            ),
            where=where,
            do=Text(ja="このログを添えて知らせてください。", en="Please report it with this log."),
        )
    )
    return Exit.BUG


def main() -> None:
    """The entry point of `python -m scripts.cli`."""
    sys.exit(run(sys.argv[1:]))
