"""The evidence of a bootstrap: JSON Lines, only ever appended to, each line bound to the one before.

A line's `prev` is the SHA-256 of the line before it (of the unit's name for the first), so that no line can
be changed, taken out or put in between without breaking the chain behind it. What a chain alone cannot
show is that its end was cut off: therefore the last step copies it into the state store, where versions
are kept.

Each line is written in one go and flushed to the disk before the next call is made. A line that a crash
left incomplete is the last one; opening the chain removes it and says so in a line of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from stacks.text import Text

Event = Literal["begin", "done", "failed", "interrupted", "undone", "healed"]


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain is broken; `line` counts from 1."""

    line: int
    what: Text


class Chain:
    """The evidence of one unit, in one file. Only one process may write to it (the command locks)."""

    def __init__(self, file: Path, unit: str) -> None:
        self.file = file
        self.unit = unit

    def read(self) -> list[dict[str, Any]]:
        """All records. Raises ValueError where a line is not JSON."""
        return [json.loads(line) for line in self.lines()]

    def lines(self) -> list[bytes]:
        """All complete lines, without their line ends."""
        if not self.file.exists():
            return []
        return self.file.read_bytes().split(b"\n")[:-1]

    def append(self, who: str, event: Event, step: str, **content: Any) -> dict[str, Any]:
        """Write one record, durably. `content` is JSON without secrets. Raises OSError."""
        self._heal(who)
        return self._write(who, event, step, content)

    def problems(self) -> list[Break]:
        """Everything that is wrong with the chain; empty where it is whole."""
        return verify(self.lines(), self.unit, self._torn())

    def last(self, step: str, event: Event) -> Mapping[str, Any] | None:
        """The newest record of `step` with `event`."""
        return next((r for r in reversed(self.read()) if r["step"] == step and r["event"] == event), None)

    def settled(self, step: str) -> bytes:
        """The chain up to before the last records of `step`, the one that copies it: what a copy holds."""
        lines = self.lines()
        while lines and json.loads(lines[-1])["step"] in (step, ""):
            lines.pop()
        return b"".join(line + b"\n" for line in lines)

    def _torn(self) -> bytes:
        if not self.file.exists():
            return b""
        return self.file.read_bytes().rpartition(b"\n")[2]

    def _heal(self, who: str) -> None:
        torn = self._torn()
        if not torn:
            return
        with self.file.open("rb+") as handle:
            handle.truncate(self.file.stat().st_size - len(torn))
            os.fsync(handle.fileno())
        self._write(who, "healed", "", {"dropped_bytes": len(torn)})

    def _write(self, who: str, event: Event, step: str, content: Mapping[str, Any]) -> dict[str, Any]:
        lines = self.lines()
        record = {
            "n": len(lines) + 1,
            "prev": digest(lines[-1] if lines else self.unit.encode()),
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "unit": self.unit,
            "who": who,
            "event": event,
            "step": step,
            **content,
        }
        text = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            whole = text.encode() + b"\n"
            if os.write(descriptor, whole) != len(whole):
                raise OSError(28, "the evidence could not be written completely", str(self.file))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return record


def unit_of(file: Path) -> str:
    """The unit that a chain says it is of, for checking one without a manifest; empty for an empty one."""
    with file.open("rb") as handle:
        first = handle.readline()
    try:
        return str(json.loads(first)["unit"])
    except (ValueError, KeyError, TypeError):
        return ""


def digest(line: bytes) -> str:
    """The SHA-256 of a line, hexadecimal."""
    return hashlib.sha256(line).hexdigest()


def verify(lines: Iterable[bytes], unit: str, torn: bytes = b"") -> list[Break]:
    """Everything that is wrong with a chain of `lines`; `torn` is what follows the last line end."""
    found: list[Break] = []
    previous = unit.encode()
    number = 0
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
            told, counted, of = record["prev"], record["n"], record["unit"]
        except (ValueError, KeyError, TypeError):
            found.append(Break(number, Text("記録として読めません。", "This is no record.")))
            previous = line
            continue
        if told != digest(previous):
            found.append(
                Break(
                    number,
                    Text(
                        "前の行とつながりません（前の行が書き換え・削除・挿入されています）。",
                        "It does not follow the line before, which was changed, removed or inserted.",
                    ),
                )
            )
        if counted != number:
            found.append(
                Break(
                    number,
                    Text(
                        f"番号が {counted} です（{number} のはず）。",
                        f"It is number {counted}, not {number}.",
                    ),
                )
            )
        if of != unit:
            found.append(
                Break(number, Text(f"別のユニット（{of}）の記録です。", f"It is of another unit, {of}."))
            )
        previous = line
    if torn:
        found.append(
            Break(number + 1, Text("最後の行が途中で切れています。", "The last line is incomplete."))
        )
    return found
