"""What has one of our names and is not ours."""

from __future__ import annotations

from scripts.bootstrap.steps import Problem
from stacks.text import Text

_EMPTY = Text(
    "持ち主を確かめ、要らなければ削除するか名前を変えてから、もう一度実行してください。",
    "Find out whose it is; delete or rename it if it is not needed, then run this again.",
)
_FILLED = Text(
    "持ち主を確かめてください。手で作ったものなら、中身を移して削除してから、もう一度実行します。",
    "Find out whose it is. If it was made by hand, move what is in it, delete it, run this again.",
)


def foreign(name: str, *, filled: bool = False) -> Problem:
    """Something of that name is there, without our marks; `filled` when it may keep somebody's data."""
    return Problem(
        "foreign",
        Text(
            f"{name} はすでにあり、このツールがこのスタックのために作ったものではありません。",
            f"{name} exists already, and was not made by this tool for this stack",
        ),
        _FILLED if filled else _EMPTY,
    )
