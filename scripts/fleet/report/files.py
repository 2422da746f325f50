"""A report as files: JSON, CSV, HTML."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

from scripts.fleet.report.page import page
from scripts.fleet.report.schema import Report
from stacks.registry.governments import load_governments
from stacks.text import Language

COLUMNS = (
    "stack",
    "code",
    "name",
    "prefecture",
    "kind",
    "environment",
    "clouds",
    "packages",
    "outcome",
    "started",
    "seconds",
    "attempts",
    "wave",
    "changed_resources",
    "group",
    "cause",
    "place",
    "what",
    "why",
    "command",
)
"""Of the CSV, one line a stack. A column is only ever added, at the end."""


def as_csv(report: Report, language: Language) -> str:
    """The stacks as CSV (RFC 4180) with a byte order mark, so that spreadsheets read Japanese.

    A text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for s in report.stacks:
        cause = s.causes[0] if s.causes else None
        what = "" if cause is None else cause.what.ja if language == "ja" else cause.what.en
        row = (
            s.stack,
            s.code,
            s.name,
            s.prefecture,
            s.kind,
            s.environment,
            " ".join(s.clouds),
            " ".join(s.packages),
            s.outcome,
            s.started.isoformat() if s.started else "",
            f"{s.seconds:.3f}",
            s.attempts,
            s.wave,
            sum(c.number for c in s.changes),
            s.group[:12],
            cause.cause if cause else "",
            cause.place if cause else "",
            what,
            cause.why if cause else "",
            s.command,
        )
        writer.writerow([_harmless(v) if isinstance(v, str) else v for v in row])
    return "\N{BYTE ORDER MARK}" + out.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def write(report: Report, folder: Path, language: Language) -> tuple[Path, ...]:
    """Write `report.json`, `report.csv` and `report.html` into `folder`; their paths. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {
        "report.json": report.model_dump_json(indent=1) + "\n",
        "report.csv": as_csv(report, language),
        "report.html": page(report, load_governments(), language),
    }
    written: list[Path] = []
    for name, text in contents.items():
        file = folder / name
        draft = folder / f".{name}.{os.getpid()}"
        draft.write_text(text, encoding="utf-8", newline="")
        draft.replace(file)
        written.append(file)
    return tuple(written)
