"""The options that commands share, each said once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from scripts.cli.exits import Exit, Trouble
from scripts.cli.target import Environment
from stacks.text import Text, language_of

if TYPE_CHECKING:
    from scripts.engine.stores import Store

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


Backend = Annotated[
    str,
    typer.Option(
        "--backend",
        metavar="URL",
        help=_help("状態の置き場（s3://… など）", "Where the state is (s3://…)"),
        show_default=False,
    ),
]
Key = Annotated[
    str,
    typer.Option(
        "--secrets-provider",
        metavar="URL",
        help=_help("秘密を暗号化する鍵（awskms://… など）", "What encrypts secrets (awskms://…)"),
        show_default=False,
    ),
]


def store_of(backend: str, key: str, *, cloud: bool) -> Store | None:
    """The store that `--backend` and `--secrets-provider` name, None for the default.

    Raises Trouble for a key without a store, and on the twin for one that is not on this machine.
    """
    import os

    from scripts.engine.stores import Store, is_local

    if not backend and not key:
        return None
    if not backend:
        raise Trouble(
            Exit.USAGE,
            Text(
                ja="--secrets-provider は --backend と一緒に使います。",
                en="--secrets-provider goes with --backend",
            ),
        )
    store = Store(backend, key or "passphrase")
    far = [url for url in (store.backend, store.secrets) if not is_local(url, os.environ)]
    if far and not cloud:
        raise Trouble(
            Exit.REFUSED,
            Text(
                ja="ツインの状態を、この計算機の外には置けません。何もしていません。",
                en="the twin's state is kept on this machine only; nothing was done",
            ),
            where=", ".join(far),
            why=Text(
                ja="ツインで作ったものの ID は、どのクラウドにもありません。",
                en="what the twin makes has ids that no cloud knows",
            ),
            do=Text(
                ja="実クラウドに構築するなら --cloud を付けます。エミュレーターなら、URL の endpoint か "
                "AWS_ENDPOINT_URL で 127.0.0.1 を指定してください。",
                en="Add --cloud to build in the real cloud. For an emulator, name 127.0.0.1 as `endpoint` in "
                "the URL or in AWS_ENDPOINT_URL.",
            ),
        )
    return store
