"""The options that commands share, each said once."""

from __future__ import annotations

from typing import Annotated

import typer

from scripts.cli.exits import Exit, Trouble
from scripts.cli.target import Environment
from stacks.text import Text, language_of

_SAY = language_of()


def _help(ja: str, en: str) -> str:
    return Text(ja, en).say(_SAY)


Tenant = Annotated[
    str,
    typer.Argument(
        metavar="TENANT",
        help=_help("団体コード、名称、読み、またはスタック名", "Code, name, reading, or the stack's name"),
        show_default=False,
    ),
]
Which = Annotated[
    str | None,
    typer.Option(
        "--environment",
        "-e",
        metavar="production|verification",
        help=_help("環境（既定: production）", "Environment (default: production)"),
        show_default=False,
    ),
]
Cloud = Annotated[
    bool,
    typer.Option(
        "--cloud",
        help=_help(
            "実クラウドに対して行う（既定はデジタルツイン）",
            "Act on the real cloud (default: the digital twin)",
        ),
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help=_help("確認しない", "Do not ask"))]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help=_help("途中経過を出さない", "No progress"))]
Json = Annotated[
    bool,
    typer.Option("--json", help=_help("結果を JSON 一つで出す", "Print the result as one JSON document")),
]
Full = Annotated[
    bool, typer.Option("--diff", help=_help("差分をすべて見る", "Show every difference in full"))
]


def which(environment: str | None) -> Environment | None:
    """The environment that `--environment` names. Raises Trouble for any other word."""
    if environment not in (None, "production", "verification"):
        raise Trouble(
            Exit.USAGE,
            Text(
                ja=f"--environment は production か verification です（指定: {environment}）。",
                en=f"--environment is production or verification, not {environment}",
            ),
        )
    return environment
