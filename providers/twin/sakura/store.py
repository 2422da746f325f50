"""What the twin remembers: one document a resource, in SQLite.

Every change is written before it is answered, so what a client was told survives kill -9 of the process.
Documents are the API's own, with keys that start with an underscore for what the API does not show.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

Doc = dict[str, Any]

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS doc(kind TEXT NOT NULL, zone TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY(kind, zone, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fault(name TEXT PRIMARY KEY, body TEXT NOT NULL,
    struck INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
"""
_FIRST_ID: Final = 113_101_000_000
"""Ids have twelve digits (facts: sakura-api.md §2.3)."""


class Store:
    """The open file. One thread at a time: callers hold `lock`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self.lock = threading.RLock()
        self._sql = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
        self._sql.execute("PRAGMA journal_mode=WAL")
        # What was acknowledged survives the process; a power cut may lose the last moments, which a twin can
        # bear.
        self._sql.execute("PRAGMA synchronous=OFF")
        self._sql.executescript(_SCHEMA)
        self._next = int(self.meta("next_id", str(_FIRST_ID)))
        self.token = self.meta("token", "-".join(secrets.token_hex(n) for n in (4, 2, 2, 2, 6)))
        self.secret = self.meta("secret", secrets.token_urlsafe(32))

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self._sql.close()

    def meta(self, key: str, default: str = "") -> str:
        """A remembered value; `default` is remembered when there is none."""
        row = self._sql.execute("SELECT value FROM meta WHERE key=?", (key,)).fetchone()
        if row is None:
            self.set_meta(key, default)
            return default
        return str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        """Remember a value."""
        self._sql.execute("INSERT OR REPLACE INTO meta VALUES(?,?)", (key, value))

    def new_id(self) -> str:
        """An id that was never given before."""
        self._next += 1
        self.set_meta("next_id", str(self._next))
        return str(self._next)

    def get(self, kind: str, zone: str, id_: str) -> Doc | None:
        """One document, with what was due by now done to it."""
        row = self._sql.execute(
            "SELECT body FROM doc WHERE kind=? AND zone=? AND id=?", (kind, zone, id_)
        ).fetchone()
        return None if row is None else self._mature(json.loads(row[0]))

    def all(self, kind: str, zone: str) -> Iterator[Doc]:
        """All documents of a kind in a zone, oldest first."""
        rows = self._sql.execute(
            "SELECT body FROM doc WHERE kind=? AND zone=? ORDER BY id", (kind, zone)
        ).fetchall()
        for (body,) in rows:
            yield self._mature(json.loads(body))

    def everywhere(self, kind: str) -> Iterator[tuple[str, Doc]]:
        """All documents of a kind with their zones."""
        rows = self._sql.execute(
            "SELECT zone, body FROM doc WHERE kind=? ORDER BY zone, id", (kind,)
        ).fetchall()
        for zone, body in rows:
            yield str(zone), self._mature(json.loads(body))

    def documents(self) -> Iterator[tuple[str, str, str, Doc]]:
        """Everything: kind, zone, id and document."""
        rows = self._sql.execute("SELECT kind, zone, id, body FROM doc ORDER BY kind, zone, id").fetchall()
        for kind, zone, id_, body in rows:
            yield str(kind), str(zone), str(id_), self._mature(json.loads(body))

    def put(self, kind: str, zone: str, id_: str, body: Doc) -> Doc:
        """Write a document."""
        self._sql.execute("INSERT OR REPLACE INTO doc VALUES(?,?,?,?)", (kind, zone, id_, json.dumps(body)))
        return body

    def remove(self, kind: str, zone: str, id_: str) -> None:
        """Delete a document."""
        self._sql.execute("DELETE FROM doc WHERE kind=? AND zone=? AND id=?", (kind, zone, id_))

    def counts(self) -> dict[str, int]:
        """How many documents there are of each kind, without what the platform put there."""
        rows = self._sql.execute("SELECT kind, body FROM doc").fetchall()
        found: dict[str, int] = {}
        for kind, body in rows:
            if not json.loads(body).get("_platform"):
                found[str(kind)] = found.get(str(kind), 0) + 1
        return dict(sorted(found.items()))

    def transaction(self) -> Transaction:
        """Everything inside is written, or nothing."""
        return Transaction(self._sql)

    def _mature(self, body: Doc) -> Doc:
        due = body.get("_due")
        if due:
            now = time.time()
            left = []
            for at, path, value in due:
                if at <= now:
                    set_at(body, path, value)
                else:
                    left.append([at, path, value])
            body["_due"] = left
        return body

    # --- faults
    # -----------------------------------------------------------------------------------------------------

    def faults(self) -> list[tuple[str, dict[str, Any], int]]:
        """name, body and how often it struck, of every fault."""
        rows = self._sql.execute("SELECT name, body, struck FROM fault ORDER BY name").fetchall()
        return [(str(name), json.loads(body), int(struck)) for name, body, struck in rows]

    def set_fault(self, name: str, body: dict[str, Any]) -> None:
        """Ask for a failure."""
        self._sql.execute("INSERT OR REPLACE INTO fault VALUES(?,?,0)", (name, json.dumps(body)))

    def struck(self, name: str) -> None:
        """It struck once more."""
        self._sql.execute("UPDATE fault SET struck=struck+1 WHERE name=?", (name,))

    def clear_faults(self, name: str | None = None) -> None:
        """Take one back, or all of them."""
        self._sql.execute("DELETE FROM fault WHERE ?1 IS NULL OR name=?1", (name,))


class Transaction:
    """A transaction as a context."""

    def __init__(self, sql: sqlite3.Connection) -> None:
        self._sql = sql

    def __enter__(self) -> None:
        self._sql.execute("BEGIN")

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._sql.execute("COMMIT" if kind is None else "ROLLBACK")


def set_at(body: Doc, path: str, value: Any) -> None:
    """Set what stands at the dotted path; None removes a key that starts with an underscore."""
    *parents, last = path.split(".")
    for key in parents:
        inner = body.get(key)
        if not isinstance(inner, dict):
            inner = {}
            body[key] = inner
        body = inner
    if value is None and last.startswith("_"):
        body.pop(last, None)
    else:
        body[last] = value
