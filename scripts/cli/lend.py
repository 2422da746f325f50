"""`./jichitai bootstrap lend`: one command with the state store's key and passphrase, then no more."""

from __future__ import annotations

import os
import subprocess
from typing import Annotated, Any

import typer

from scripts.cli import console as consoles
from scripts.cli.exits import Exit, Trouble
from scripts.cli.options import Tenant, Which, which
from stacks.text import Text, language_of


def _help(ja: str, en: str) -> str:
    return Text(ja, en).say(language_of())


def lend(
    cloud: Annotated[str, typer.Argument(metavar="oci|sakura", help=_help("クラウド", "The cloud"))],
    tenant: Tenant,
    command: Annotated[
        list[str],
        typer.Argument(metavar="-- COMMAND", help=_help("実行するコマンド", "The command to run")),
    ],
    environment: Which = None,
    token_file: Annotated[
        str,
        typer.Option(
            "--token-file",
            help=_help(
                "パイプラインの OIDC トークンのファイル（OCI）", "A file with the pipeline's token (OCI)"
            ),
        ),
    ] = "",
    option: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help=_help("クラウドごとの指定", "A cloud's own option")),
    ] = None,
) -> int:
    """Run `command` with PULUMI_BACKEND_URL, the key and the passphrase in its environment; its exit code."""
    console = consoles.begin()
    from scripts.bootstrap.lend import CLOUDS, LendError, lent
    from scripts.bootstrap.steps import Settings
    from scripts.cli.session import find_target, valid_manifest

    if cloud not in CLOUDS:
        raise Trouble(
            Exit.USAGE,
            Text(
                f"{cloud} には要りません（{', '.join(CLOUDS)} だけ）。",
                f"only {', '.join(CLOUDS)} need it",
            ),
        )
    if cloud == "oci":
        from scripts.setup.more import ensure

        ensure()
    target = find_target(tenant, which(environment), f"bootstrap lend {cloud}")
    manifest: Any = valid_manifest(console, target)
    pairs = {one.partition("=")[0]: one.partition("=")[2] for one in option or []}
    chosen = Settings("oci" if cloud == "oci" else "sakura", target.stack, manifest, None, token_file, pairs)
    try:
        with lent(chosen) as loan:
            return subprocess.run(
                command, env=dict(os.environ) | dict(loan.environment), check=False
            ).returncode
    except FileNotFoundError as error:
        raise Trouble(
            Exit.USAGE,
            Text(f"コマンドがありません: {error.filename}", f"there is no such command: {error.filename}"),
        ) from None
    except LendError as error:
        raise Trouble(Exit.USAGE, error.text) from None
    except Exception as error:
        failure = _judged(chosen, error)
        if failure is None:
            raise
        raise Trouble(Exit.FAILED, failure) from error


def _judged(settings: Any, error: Exception) -> Text | None:
    """What an error of the cloud's SDK says to people; None when it is not one of those."""
    from importlib import import_module

    from scripts.bootstrap.calls import Recorder

    cloud = import_module(f"scripts.bootstrap.{settings.cloud}").CLOUD
    failure = cloud.open(settings, Recorder()).judge(error)
    return None if failure is None else failure.text
