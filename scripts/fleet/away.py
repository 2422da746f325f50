"""Which errors of a database go by themselves: it is away or busy. All others are ours, or a person's.

SQLite says with one and the same exception that a file is locked and that a column does not exist; what
it means is in the code beside it.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

_SQLITE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_PROTOCOL,
    }
)
"""Primary result codes (sqlite.org/rescode.html) that another attempt may not meet again."""
_POSTGRES = ("08", "40", "53", "55P03", "57P", "58")
"""How those SQLSTATEs begin (PostgreSQL's Appendix A): connection, rolled back, resources, locked, shut
down or starting, system."""
_REFUSED = ("authentication failed", "no pg_hba.conf entry", "no password supplied", "does not exist")
"""A connection that never was has no SQLSTATE; these words of the server's say that waiting is in vain."""


def is_away(error: BaseException) -> bool:
    """Whether the same statement may succeed a little later."""
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    if not isinstance(error, (OperationalError, InterfaceError)):
        return False
    original: Any = error.orig
    if isinstance(original, sqlite3.Error):
        code: int | None = getattr(original, "sqlite_errorcode", None)
        return code is not None and code & 0xFF in _SQLITE
    state: str | None = getattr(original, "sqlstate", None)
    if state is None:
        return not any(words in str(original) for words in _REFUSED)
    return state.startswith(_POSTGRES)
