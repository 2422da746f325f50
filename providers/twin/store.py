"""What the twin remembers: every resource of every cloud, unit and region, in one SQLite file.

Properties live on disk, packed; nothing is held in memory beside SQLite's own small page cache. Each change
is one transaction in write-ahead mode: what was acknowledged survives kill -9 of the process (a power cut
may lose the last changes, which a simulation can bear). Any process may open the file at the same time:
`twin ls` and `twin tamper` do.
"""

# ruff: noqa: S608 - table and column names are constants of this file; values are always bound
from __future__ import annotations

import json
import os
import sqlite3
import time
import zlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from providers.wire import Value

_SCHEMA = """
CREATE TABLE IF NOT EXISTS place(
    pid INTEGER PRIMARY KEY, cloud TEXT NOT NULL, unit TEXT NOT NULL, region TEXT NOT NULL,
    UNIQUE(cloud, unit, region));
CREATE TABLE IF NOT EXISTS kind(kid INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS resource(
    rid INTEGER PRIMARY KEY AUTOINCREMENT, pid INTEGER NOT NULL, kid INTEGER NOT NULL, id TEXT NOT NULL,
    name TEXT NOT NULL, owner INTEGER, body BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS resource_id ON resource(id, kid, pid);
CREATE INDEX IF NOT EXISTS resource_kind ON resource(pid, kid);
CREATE INDEX IF NOT EXISTS resource_owner ON resource(owner) WHERE owner IS NOT NULL;
-- Other values by which a resource is found: its ARN, its name.
CREATE TABLE IF NOT EXISTS handle(
    value TEXT NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY(value, rid)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS handle_rid ON handle(rid);
-- src refers to dst. mode: 0 mentions it, 1 holds it (dst cannot go), 2 belongs to it (goes with dst).
CREATE TABLE IF NOT EXISTS link(
    dst INTEGER NOT NULL, src INTEGER NOT NULL, path TEXT NOT NULL, mode INTEGER NOT NULL,
    PRIMARY KEY(dst, src, path)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS link_src ON link(src);
-- Names that only one may have, and address ranges that must not overlap, within a scope.
CREATE TABLE IF NOT EXISTS claim(
    scope TEXT NOT NULL, value TEXT NOT NULL, rid INTEGER NOT NULL,
    PRIMARY KEY(scope, value)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS claim_rid ON claim(rid);
CREATE TABLE IF NOT EXISTS span(
    scope TEXT NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL, rid INTEGER NOT NULL,
    PRIMARY KEY(scope, low, rid)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS span_rid ON span(rid);
CREATE TABLE IF NOT EXISTS unit(
    cloud TEXT NOT NULL, unit TEXT NOT NULL, seeded REAL NOT NULL, PRIMARY KEY(cloud, unit)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unmodelled(token TEXT PRIMARY KEY, times INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fault(
    name TEXT PRIMARY KEY, body TEXT NOT NULL, calls INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
"""

MENTIONS, HOLDS, BELONGS = 0, 1, 2
_VERSION = 1


class StoreError(Exception):
    """The store cannot be opened or written: no disk, no permission, another format."""


@dataclass(slots=True)
class Row:
    """One stored resource. `state` is what the cloud reports, `inputs` what was last asked of it."""

    rid: int
    cloud: str
    unit: str
    region: str
    type: str
    id: str
    name: str
    owner: int | None
    state: dict[str, Value]
    inputs: dict[str, Value] = field(default_factory=dict)


_SELECT = (
    "SELECT r.rid, p.cloud, p.unit, p.region, k.token, r.id, r.name, r.owner, r.body"
    " FROM resource r JOIN place p USING(pid) JOIN kind k USING(kid)"
)


class Store:
    """An open store file; create it with its folder if need be. StoreError when that fails."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                # Made before SQLite does, so that only this user can ever read it.
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._sql = sqlite3.connect(path, isolation_level=None, timeout=10, cached_statements=256)
            self._sql.execute("PRAGMA journal_mode=WAL")
            self._sql.execute("PRAGMA synchronous=OFF")
            self._sql.execute("PRAGMA cache_size=-16384")
            self._sql.execute("PRAGMA wal_autocheckpoint=2000")
            version = self._sql.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, _VERSION):
                raise StoreError(f"{path} has format {version}, this version reads {_VERSION}")
            if version == 0:
                self._sql.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version={_VERSION};COMMIT;")
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{path}: {error}") from error
        self._places: dict[tuple[str, str, str], int] = {}
        self._kinds: dict[str, int] = {}
        self._depth = 0
        self.key = self._secret_key()

    def _secret_key(self) -> bytes:
        """The key under which secrets are digested: random, one a store."""
        self._sql.execute("INSERT OR IGNORE INTO meta VALUES('seal', ?)", (os.urandom(32),))
        return self._sql.execute("SELECT value FROM meta WHERE key='seal'").fetchone()[0]

    def close(self) -> None:
        """Closes the file; the store must not be used afterwards."""
        self._sql.close()

    @contextmanager
    def change(self) -> Generator[None]:
        """One transaction: all of the changes inside, or none. May be nested; the outermost one counts."""
        if self._depth:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
            return
        try:
            self._sql.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {error}") from error
        self._depth = 1
        try:
            yield
            self._sql.execute("COMMIT")
        except BaseException as error:
            # What a failed transaction noted about ids is not true any more.
            self._places.clear()
            self._kinds.clear()
            if self._sql.in_transaction:
                self._sql.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise StoreError(f"{self.path}: {error}") from error
            raise
        finally:
            self._depth = 0

    def generation(self) -> int:
        """A number that changes when another process has changed the file."""
        return self._sql.execute("PRAGMA data_version").fetchone()[0]

    # Units

    def is_seeded(self, cloud: str, unit: str) -> bool:
        """Whether the unit has been handed over already."""
        found = self._sql.execute("SELECT 1 FROM unit WHERE cloud=? AND unit=?", (cloud, unit)).fetchone()
        return found is not None

    def mark_seeded(self, cloud: str, unit: str) -> None:
        """Notes that the unit has been handed over."""
        self._sql.execute("INSERT OR IGNORE INTO unit VALUES(?, ?, ?)", (cloud, unit, time.time()))

    def units(self) -> list[tuple[str, str]]:
        """Every (cloud, unit) seen."""
        return self._sql.execute("SELECT cloud, unit FROM unit ORDER BY 1, 2").fetchall()

    def reset(self, cloud: str = "", unit: str = "") -> int:
        """Forgets the resources of one cloud, of one unit, or all; gives their number."""
        with self.change():
            where, values = _where({"cloud": cloud, "unit": unit})
            picked = f"SELECT rid FROM resource JOIN place USING(pid){where}"
            for table, column in (
                ("handle", "rid"),
                ("claim", "rid"),
                ("span", "rid"),
                ("link", "src"),
                ("link", "dst"),
            ):
                self._sql.execute(f"DELETE FROM {table} WHERE {column} IN ({picked})", values)
            gone = self._sql.execute(f"DELETE FROM resource WHERE rid IN ({picked})", values).rowcount
            self._sql.execute(f"DELETE FROM unit{where}", values)
            if not cloud and not unit:
                self._sql.execute("DELETE FROM unmodelled")
        return gone

    # Resources

    def add(
        self,
        cloud: str,
        unit: str,
        region: str,
        type_: str,
        id_: str,
        state: Mapping[str, Value],
        inputs: Mapping[str, Value],
        *,
        name: str = "",
        owner: int | None = None,
    ) -> int:
        """Stores a resource and gives its number; sqlite3.IntegrityError when the id is taken."""
        pid = self._place(cloud, unit, region)
        kid = self._kind(type_)
        cursor = self._sql.execute(
            "INSERT INTO resource(pid, kid, id, name, owner, body) VALUES(?, ?, ?, ?, ?, ?)",
            (pid, kid, id_, name, owner, _pack(state, inputs)),
        )
        return cursor.lastrowid or 0

    def rewrite(self, rid: int, state: Mapping[str, Value], inputs: Mapping[str, Value]) -> None:
        """Replaces the properties of a resource."""
        self._sql.execute("UPDATE resource SET body=? WHERE rid=?", (_pack(state, inputs), rid))

    def family(self, rid: int) -> list[int]:
        """A resource and all that goes with it: what the cloud made for it, and what belongs to it."""
        found, pending = dict[int, None](), [rid]
        while pending:
            current = pending.pop()
            if current in found:
                continue
            found[current] = None
            pending += [
                row[0] for row in self._sql.execute("SELECT rid FROM resource WHERE owner=?", (current,))
            ]
            pending += [
                row[0]
                for row in self._sql.execute(
                    "SELECT src FROM link WHERE dst=? AND mode=?", (current, BELONGS)
                )
            ]
        return list(found)

    def remove(self, rid: int) -> None:
        """Forgets a resource and all that belongs to it."""
        with self.change():
            for current in self.family(rid):
                for table, column in (
                    ("handle", "rid"),
                    ("claim", "rid"),
                    ("span", "rid"),
                    ("link", "src"),
                    ("link", "dst"),
                    ("resource", "rid"),
                ):
                    self._sql.execute(f"DELETE FROM {table} WHERE {column}=?", (current,))

    def get(self, cloud: str, unit: str, type_: str, id_: str, region: str | None = None) -> Row | None:
        """The resource of this type and id, in `region` if one is given."""
        for found in self._sql.execute(f"{_SELECT} WHERE r.id=? AND k.token=?", (id_, type_)):
            if found[1] == cloud and found[2] == unit and region in (None, found[3]):
                return _row(found)
        return None

    def by_number(self, rid: int) -> Row | None:
        """The resource with this number."""
        found = self._sql.execute(f"{_SELECT} WHERE r.rid=?", (rid,)).fetchone()
        return _row(found) if found else None

    def with_value(self, cloud: str, value: str, unit: str | None = None) -> Iterator[Row]:
        """Resources whose id or handle is `value`, in one unit or in any."""
        query = (
            f"{_SELECT} WHERE r.rid IN (SELECT rid FROM resource WHERE id=?"
            " UNION SELECT rid FROM handle WHERE value=?)"
        )
        for found in self._sql.execute(query, (value, value)).fetchall():
            if found[1] == cloud and unit in (None, found[2]):
                yield _row(found)

    def rows(
        self, *, cloud: str = "", unit: str = "", region: str = "", type_: str = "", limit: int = -1
    ) -> Iterator[Row]:
        """Resources in the order of their making, narrowed by what is given."""
        where, values = _where({"cloud": cloud, "unit": unit, "region": region, "token": type_})
        yield from map(_row, self._sql.execute(f"{_SELECT}{where} ORDER BY r.rid LIMIT {int(limit)}", values))

    def count(self, cloud: str, unit: str, region: str, type_: str) -> int:
        """How many resources of this type there are in a region."""
        query = (
            "SELECT count(*) FROM resource WHERE pid=(SELECT pid FROM place WHERE cloud=? AND unit=? AND"
            " region=?)"
            " AND kid=(SELECT kid FROM kind WHERE token=?)"
        )
        return self._sql.execute(query, (cloud, unit, region, type_)).fetchone()[0]

    def size(self) -> int:
        """How many resources there are in all."""
        return self._sql.execute("SELECT count(*) FROM resource").fetchone()[0]

    def next_number(self) -> int:
        """The number that the next resource will have, or more."""
        found = self._sql.execute("SELECT seq FROM sqlite_sequence WHERE name='resource'").fetchone()
        return (found[0] if found else 0) + 1

    # Handles, links, claims, spans

    def set_handles(self, rid: int, values: set[str]) -> None:
        """The values beside its id by which a resource is found."""
        self._sql.execute("DELETE FROM handle WHERE rid=?", (rid,))
        self._sql.executemany("INSERT OR IGNORE INTO handle VALUES(?, ?)", [(value, rid) for value in values])

    def set_links(self, src: int, links: Mapping[tuple[int, str], int]) -> None:
        """What `src` refers to: {(dst, path): mode}."""
        self._sql.execute("DELETE FROM link WHERE src=?", (src,))
        self._sql.executemany(
            "INSERT OR REPLACE INTO link VALUES(?, ?, ?, ?)",
            [(dst, src, path, mode) for (dst, path), mode in links.items()],
        )

    def holders(self, dst: int, limit: int = -1) -> list[Row]:
        """Resources that keep `dst` from going: all, or up to `limit` of them."""
        query = f"{_SELECT} WHERE r.rid IN (SELECT src FROM link WHERE dst=? AND mode=? LIMIT ?)"
        return [_row(found) for found in self._sql.execute(query, (dst, HOLDS, limit))]

    def linked(self, dst: int) -> list[Row]:
        """Every resource that refers to `dst`."""
        query = f"{_SELECT} WHERE r.rid IN (SELECT src FROM link WHERE dst=?) ORDER BY r.rid"
        return [_row(found) for found in self._sql.execute(query, (dst,))]

    def owned(self, owner: int) -> list[Row]:
        """Every resource that the cloud made for `owner`."""
        return [
            _row(found) for found in self._sql.execute(f"{_SELECT} WHERE r.owner=? ORDER BY r.rid", (owner,))
        ]

    def claim(self, scope: str, value: str, rid: int) -> int:
        """Claims a name in a scope; gives the number of who has it, which is `rid` when it was free.

        A negative number means that nobody has it, but it cannot be taken yet (`linger`).
        """
        found = self._sql.execute(
            "SELECT rid FROM claim WHERE scope=? AND value=?", (scope, value)
        ).fetchone()
        if found and (found[0] >= 0 or -found[0] > time.time()):
            return found[0]
        self._sql.execute("INSERT OR REPLACE INTO claim VALUES(?, ?, ?)", (scope, value, rid))
        return rid

    def linger(self, scope: str, value: str, until: float) -> None:
        """Keeps a name from being taken before `until` (seconds since 1970), though nothing has it any
        more.
        """
        self._sql.execute("INSERT OR REPLACE INTO claim VALUES(?, ?, ?)", (scope, value, -int(until)))

    def drop_claims(self, rid: int) -> None:
        """Gives up the names a resource has claimed."""
        self._sql.execute("DELETE FROM claim WHERE rid=?", (rid,))

    def overlapping(self, scope: str, low: int, high: int) -> list[tuple[int, int, int]]:
        """Ranges (rid, low, high) in `scope` that share at least one number with low–high, both included."""
        return self._sql.execute(
            "SELECT rid, low, high FROM span WHERE scope=? AND low<=? AND high>=?", (scope, high, low)
        ).fetchall()

    def add_span(self, scope: str, low: int, high: int, rid: int) -> None:
        """Notes that a resource takes the range low–high, both included, in `scope`."""
        self._sql.execute("INSERT OR REPLACE INTO span VALUES(?, ?, ?, ?)", (scope, low, high, rid))

    def drop_spans(self, scope: str, rid: int) -> None:
        """Gives up the ranges that a resource takes in `scope`: before it takes others."""
        self._sql.execute("DELETE FROM span WHERE scope=? AND rid=?", (scope, rid))

    # What is not modelled, and faults

    def note_unmodelled(self, token: str) -> bool:
        """Counts a use of something the twin has no behaviour for; true the first time."""
        with self.change():
            self._sql.execute(
                "INSERT INTO unmodelled VALUES(?, 1) ON CONFLICT(token) DO UPDATE SET times=times+1", (token,)
            )
            times = self._sql.execute("SELECT times FROM unmodelled WHERE token=?", (token,)).fetchone()[0]
        return times == 1

    def unmodelled(self) -> list[tuple[str, int]]:
        """Tokens used that the twin has no behaviour for, with how often."""
        return self._sql.execute("SELECT token, times FROM unmodelled ORDER BY token").fetchall()

    def set_fault(self, name: str, body: str | None) -> None:
        """Puts a fault in force, or takes it away when `body` is None."""
        with self.change():
            if body is None:
                self._sql.execute("DELETE FROM fault WHERE name=?", (name,))
            else:
                self._sql.execute("INSERT OR REPLACE INTO fault(name, body) VALUES(?, ?)", (name, body))

    def faults(self) -> list[tuple[str, str, int]]:
        """Faults in force: (name, body, calls counted so far)."""
        return self._sql.execute("SELECT name, body, calls FROM fault ORDER BY name").fetchall()

    def count_fault(self, name: str) -> int:
        """Counts a call that a fault matches; gives its number, from 1."""
        with self.change():
            self._sql.execute("UPDATE fault SET calls=calls+1 WHERE name=?", (name,))
            found = self._sql.execute("SELECT calls FROM fault WHERE name=?", (name,)).fetchone()
        return found[0] if found else 0

    def _place(self, cloud: str, unit: str, region: str) -> int:
        key = (cloud, unit, region)
        if key not in self._places:
            self._sql.execute("INSERT OR IGNORE INTO place(cloud, unit, region) VALUES(?, ?, ?)", key)
            query = "SELECT pid FROM place WHERE cloud=? AND unit=? AND region=?"
            self._places[key] = self._sql.execute(query, key).fetchone()[0]
        return self._places[key]

    def _kind(self, token: str) -> int:
        if token not in self._kinds:
            self._sql.execute("INSERT OR IGNORE INTO kind(token) VALUES(?)", (token,))
            found = self._sql.execute("SELECT kid FROM kind WHERE token=?", (token,)).fetchone()
            self._kinds[token] = found[0]
        return self._kinds[token]


def _where(wanted: Mapping[str, str]) -> tuple[str, list[str]]:
    """A WHERE clause for the columns that have a value."""
    used = {column: value for column, value in wanted.items() if value}
    clause = " AND ".join(f"{column}=?" for column in used)
    return (f" WHERE {clause}" if clause else ""), list(used.values())


def _pack(state: Mapping[str, Value], inputs: Mapping[str, Value]) -> bytes:
    """State and inputs in few bytes: most inputs are in the state too, so only their names are kept."""
    same = [name for name, value in inputs.items() if name in state and state[name] == value]
    other = {name: value for name, value in inputs.items() if name not in state or state[name] != value}
    text = json.dumps([state, same, other], ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(text.encode("utf-8"), 1)


def _row(found: tuple[int, str, str, str, str, str, str, int | None, bytes]) -> Row:
    rid, cloud, unit, region, type_, id_, name, owner, body = found
    state, same, other = json.loads(zlib.decompress(body))
    inputs = {key: state[key] for key in same} | other
    return Row(rid, cloud, unit, region, type_, id_, name, owner, state, inputs)
