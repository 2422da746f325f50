"""`./jichitai twin …`: look into the digital twin, change things behind the engine's back, break it on
purpose.
"""

from __future__ import annotations

import typer

from scripts.cli.twin import change, faults, look, power
from scripts.cli.twin.common import help_of

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)

for name, ja, en, command in (
    ("ls", "リソースを一覧にする", "List resources", look.ls),
    ("show", "一つのリソースを詳しく見る", "Show one resource in full", look.show),
    ("tamper", "エンジンに知らせずに変える", "Change something behind the engine's back", change.tamper),
    (
        "deliver",
        "他者が引き渡すもの（回線など）を置く",
        "Put in place what others deliver: a circuit, say",
        change.deliver,
    ),
    ("reset", "引き渡し直後の姿に戻す", "Back to how units are handed over", change.reset),
    ("fault", "障害を起こす・収める", "Cause trouble, or end it", faults.fault),
    ("start", "起動する", "Start it", power.start),
    ("stop", "止める（内容は残る）", "Stop it; what it remembers stays", power.stop),
    ("status", "動いているか", "Whether it runs", power.status),
    ("env", "素の pulumi をつなぐ", "Attach a plain pulumi", power.env),
):
    app.command(name, help=help_of(ja, en))(command)
