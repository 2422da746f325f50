"""`./jichitai env`: shell lines with which a plain `pulumi` sees what ./jichitai sees."""

from __future__ import annotations

import json as json_module
from typing import Annotated

import typer

from scripts.cli.exits import Exit, Trouble
from scripts.engine.environment import exports, settings
from scripts.engine.locate import find
from stacks.text import Text


def env(
    cloud: Annotated[
        bool, typer.Option("--cloud", help="実クラウド用 / for the real clouds, not the twin")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="JSON で出力 / print JSON")] = False,
) -> None:
    """素の pulumi のための環境変数: eval "$(./jichitai env)" / Shell lines for a plain pulumi."""
    engine = find()
    if engine is None:
        raise Trouble(
            Exit.ENGINE,
            Text(ja="Pulumi エンジンがありません。", en="There is no Pulumi engine."),
            do=Text(ja="./jichitai doctor --fix で入ります。", en="./jichitai doctor --fix installs one."),
        )
    target = "cloud" if cloud else "twin"
    if json:
        typer.echo(json_module.dumps(settings(engine, target=target), ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(exports(engine, target=target)))
