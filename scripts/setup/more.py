"""What only some commands need, installed into `.venv` when one of them first runs.

The SDKs of Azure, Google Cloud and OCI take 1.4 GB that nobody else wants: `./jichitai bootstrap` of one of
these clouds and `./jichitai test` have them installed from their own lock, every package checked
against its hash (docs/adr/2026-11-24-bootstrap.md).
"""

from __future__ import annotations

import sys
from pathlib import Path

from scripts.engine.places import REPO, locked, private
from scripts.setup.display import Display
from scripts.setup.venv import MORE_LOCK, SetupError, add_more, more_is_ready
from stacks.text import Text, language_of


def ensure(repo: Path = REPO) -> None:
    """Install them if they are not there yet, with progress on standard error. Raises SetupError."""
    if more_is_ready(repo):
        return
    if Path(sys.prefix).resolve() != (repo / ".venv").resolve():
        raise SetupError(
            Text(
                f"この Python（{sys.prefix}）には足せません。./jichitai から実行するか、"
                f"pip install --require-hashes -r {MORE_LOCK} を実行してください。",
                f"nothing is added to this Python ({sys.prefix}): run ./jichitai, or "
                f"pip install --require-hashes -r {MORE_LOCK} yourself.",
            )
        )
    with Display(language_of()) as display:
        display.say(
            Text(
                ja="このクラウドの SDK を追加します（1〜3分。次回からは要りません）。",
                en="Adding this cloud's SDKs (one to three minutes; not needed again).",
            )
        )

        def waiting() -> None:
            display.step(
                "more", Text(ja="別の jichitai の準備を待っています", en="waiting for another jichitai")
            )

        with locked(private(repo) / "setup.lock", waiting=waiting) as lock:
            if not more_is_ready(repo):
                add_more(repo, lambda step, fraction: display.step("more", step, fraction), lock)
        display.done("more")
