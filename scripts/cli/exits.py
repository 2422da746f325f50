"""How the commands end: one exit code a meaning, the same for every command.

docs/exit-codes.md is this table for people; a test keeps the two alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from stacks.text import Text


class Exit(IntEnum):
    """Exit codes. 2 is also what the command line parser uses; 130 is POSIX's 128 + SIGINT."""

    OK = 0
    FAILED = 1
    USAGE = 2
    INVALID = 3
    DIFFERENT = 4
    BUSY = 5
    ENGINE = 6
    TWIN = 7
    REFUSED = 8
    DISK = 9
    FINDINGS = 10
    UNREADABLE = 11
    WAITING = 12
    BUG = 70
    INTERRUPTED = 130

    @property
    def meaning(self) -> Text:
        """What the code means."""
        return MEANINGS[self]


MEANINGS: dict[Exit, Text] = {
    Exit.OK: Text(ja="うまくいった", en="It worked"),
    Exit.FAILED: Text(
        ja="エンジンは動いたが、失敗したリソースがある。できた分は状態に残っている",
        en="The engine ran and something failed; what succeeded is kept in the state",
    ),
    Exit.USAGE: Text(
        ja="コマンドラインの誤り。対象が見つからない、または複数の団体に当てはまる",
        en="Wrong command line; the target is unknown or ambiguous",
    ),
    Exit.INVALID: Text(
        ja="マニフェストに誤りがある。エンジンは起動していない",
        en="The manifest is invalid; the engine was not started",
    ),
    Exit.DIFFERENT: Text(
        ja="差がある（drift が変更を見つけた、test が失敗した など）",
        en="A difference was found: drift, or a failing test",
    ),
    Exit.BUSY: Text(
        ja="同じスタックを別の処理が使っている。何もしていない",
        en="Another run is using the stack; nothing was done",
    ),
    Exit.ENGINE: Text(
        ja="エンジン（Pulumi）が使えない、またはスタックを開けない（パスフレーズ違いなど）",
        en="The engine (Pulumi) cannot be used, or cannot open the stack (wrong passphrase, say)",
    ),
    Exit.TWIN: Text(
        ja="ツインに届かない、または途中で止まった。状態は残っている",
        en="The twin cannot be reached or died half way; the state is kept",
    ),
    Exit.REFUSED: Text(
        ja="確認が得られなかった、または削除保護が有効。何もしていない",
        en="Not confirmed, or protected against deletion; nothing was done",
    ),
    Exit.DISK: Text(ja="ディスクに空きがない", en="No space left on the disk"),
    Exit.FINDINGS: Text(
        ja="ポリシーの指摘がある（check、evidence）", en="There are policy findings (check, evidence)"
    ),
    Exit.UNREADABLE: Text(
        ja="読めない入力があり、残りだけを検査した（指摘はない）",
        en="Something could not be read; the rest was checked and has no findings",
    ),
    Exit.WAITING: Text(
        ja="先にほかの場所ですることがある（bootstrap: パイプラインでの確認）。ここまでの分は残っている",
        en="Something has to happen elsewhere first (bootstrap: the proof in the pipeline); the rest is kept",
    ),
    Exit.BUG: Text(
        ja="Jichitai 自身の不具合。詳細はログにある", en="A bug in Jichitai itself; the log has the details"
    ),
    Exit.INTERRUPTED: Text(
        ja="Ctrl-C で止められた。状態は保存済み", en="Stopped by Ctrl-C; the state is saved"
    ),
}


class Trouble(Exception):  # noqa: N818 - raised for refusals too, which are no errors
    """Something that the user should know, with the exit code it leads to.

    `what` happened, `where` (file, stack, resource), `why`, and what to `do` about it. The CLI
    prints it without a traceback.
    """

    def __init__(
        self,
        code: Exit,
        what: Text,
        *,
        where: str = "",
        why: Text | str | None = None,
        do: Text | None = None,
        details: Mapping[str, Any] | None = None,
        reported: bool = False,
    ) -> None:
        super().__init__(what.en)
        self.exit = code
        self.what = what
        self.where = where
        self.why = why
        self.do = do
        self.details = details or {}
        """More for `--json`: facts that are shown to people in another way."""
        self.reported = reported
        """Whether the command has written its JSON document already."""

    def record(self) -> dict[str, Any]:
        """The trouble for JSON, both languages in it."""

        def both(text: Text | str | None) -> Any:
            return {"ja": text.ja, "en": text.en} if isinstance(text, Text) else text

        return {
            "what": both(self.what),
            "where": self.where or None,
            "why": both(self.why),
            "do": both(self.do),
            **self.details,
        }
