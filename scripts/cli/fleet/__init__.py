"""`./jichitai fleet …`: many local governments at once (docs/fleet.md)."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer

from scripts.cli.fleet.options import selecting
from stacks.text import Text, language_of

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)

COMMANDS: dict[str, tuple[str, Text, bool]] = {
    "preview": ("run:preview", Text("変更内容を先に見る", "See changes before they are made"), True),
    "up": ("run:up", Text("構築・更新する", "Build or update"), True),
    "refresh": ("run:refresh", Text("実際の姿を状態に取り込む", "Take what is real as the state"), True),
    "drift": ("run:drift", Text("外から変えられたものを示す", "Show what was changed from outside"), True),
    "destroy": ("run:destroy", Text("撤去する", "Tear down"), True),
    "resume": (
        "run:resume",
        Text("失敗と未着手の続きを行う", "Go on with what failed or never began"),
        False,
    ),
    "cancel": ("run:cancel", Text("実行を止める", "Stop a run"), False),
    "soak": ("soak:soak", Text("落としても失われないことを試す", "Kill its parts; nothing is lost"), False),
    "check": ("check:check", Text("状態をポリシーで検査する", "Judge states by the policies"), True),
    "status": ("show:status", Text("実行の様子を示す", "Show how runs fare"), False),
    "report": ("show:report", Text("実行の報告を作る", "Write a run's report"), False),
    "init": ("init:init", Text("全団体のマニフェストを作る", "Write a manifest for every body"), False),
    "estimate": (
        "forecast:estimate",
        Text("実クラウドでの所要時間を見積もる", "Estimate a run on real clouds"),
        True,
    ),
    "list": ("choose:show", Text("対象のスタックを示す", "List the stacks that are meant"), True),
}
"""Where each command's function is (in `scripts.cli.fleet`), its line in the help, and whether it has the
options of a selection."""

for name, (place, title, selects) in COMMANDS.items():
    module, _, attribute = place.partition(":")
    function: Any = getattr(import_module(f"scripts.cli.fleet.{module}"), attribute)
    app.command(name, help=title.say(language_of()))(selecting(function) if selects else function)
