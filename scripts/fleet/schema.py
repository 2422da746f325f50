"""The version of the run database: a new one is made, an older one brought up, a newer one left alone.

Raise `VERSION` with any change of `scripts.fleet.tables`, and say in `STEPS` how to come from the version
before. A run that another version began is not gone on with: what its workflows and rows mean is theirs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Mapping

import sqlalchemy as sa

from scripts.fleet.tables import EXECUTORS, META, RUNS, SCHEMA, STACKS
from stacks.text import Text

VERSION = 1
"""Of the tables as this code has them."""
_LOCK = 0x6A69636869  # "jichi"
"""PostgreSQL's advisory lock: one at a time looks after the tables."""


class UnusableError(Exception):
    """This version cannot work with a run database; `why`, and what to `do`."""

    def __init__(self, what: Text, why: Text, do: Text) -> None:
        super().__init__(what.en)
        self.what, self.why, self.do = what, why, do


def prepare(engine: sa.Engine) -> None:
    """See to it that the tables are those of `VERSION`. Raises UnusableError; what it began is undone."""
    with engine.connect() as connection:
        if _version(connection) == VERSION:
            return
    with _alone(engine) as connection:
        found = _version(connection)
        if found == VERSION:  # somebody else has just seen to it
            return
        if found is not None and found > VERSION:
            raise _newer(found)
        if found is not None:
            _nothing_under_way(connection, found)
            for version in range(found, VERSION):
                STEPS[version](connection)
        META.create_all(connection)
        connection.execute(sa.delete(SCHEMA))
        connection.execute(sa.insert(SCHEMA).values(id=1, version=VERSION))


def _version(connection: sa.Connection) -> int | None:
    """The version of the tables: None where there are none, 0 from before versions were kept."""
    names = set(sa.inspect(connection).get_table_names())
    if SCHEMA.name in names:
        return connection.execute(sa.select(SCHEMA.c.version)).scalar_one()
    return 0 if RUNS.name in names else None


@contextlib.contextmanager
def _alone(engine: sa.Engine) -> Generator[sa.Connection]:
    """A transaction, tables and all, that nobody else has at the same time."""
    if engine.dialect.name != "sqlite":
        with engine.begin() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            yield connection
        return
    # Python's module begins no transaction before a CREATE or ALTER; so it is kept out of it.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")


def _nothing_under_way(connection: sa.Connection, found: int) -> None:
    query = sa.select(RUNS.c.id).where(RUNS.c.status != "ended").order_by(RUNS.c.id)
    runs = list(connection.execute(query).scalars())
    if runs:
        raise _unfinished(runs, found)


def add(connection: sa.Connection, column: sa.Column[object]) -> None:
    """Add a column that may be empty, where it is not there yet."""
    there = {c["name"] for c in sa.inspect(connection).get_columns(column.table.name)}
    if column.name not in there:
        words = sa.schema.CreateColumn(column).compile(dialect=connection.dialect)
        connection.exec_driver_sql(f"ALTER TABLE {column.table.name} ADD COLUMN {words}")


def _from_0(connection: sa.Connection) -> None:
    """The first ones noted neither when a stack had ended nor who took over from whom."""
    add(connection, STACKS.c.ended)
    add(connection, EXECUTORS.c.taker)


STEPS: Mapping[int, Callable[[sa.Connection], None]] = {0: _from_0}
"""From each version to the one after it; tables that are new need no step."""


def _newer(found: int) -> UnusableError:
    return UnusableError(
        Text(
            ja="実行の記録は、新しい版の Jichitai のものです。何もしていません。",
            en="The record of runs belongs to a newer Jichitai; nothing was done.",
        ),
        Text(
            ja=f"記録の版は {found}、この版が扱えるのは {VERSION} までです。",
            en=f"It is of version {found}; this one knows up to {VERSION}.",
        ),
        Text(
            ja="このクローンを新しくするか（git pull）、--database で別の記録を指定してください。",
            en="Bring this clone up to date (git pull), or name another database with --database.",
        ),
    )


def _unfinished(runs: list[str], found: int) -> UnusableError:
    some = ", ".join(runs[:5])
    return UnusableError(
        Text(
            ja="実行の記録は前の版のもので、終わっていない実行があります。何もしていません。",
            en="The record of runs is an earlier version's, and has runs that are not over;"
            " nothing was done.",
        ),
        Text(
            ja=f"{len(runs)} 件: {some}（記録の版 {found}、この版は {VERSION}）",
            en=f"{len(runs)}: {some} (version {found}, this one is {VERSION})",
        ),
        Text(
            ja="始めた版のクローンで ./jichitai fleet resume を終わらせてから、もう一度実行してください。"
            "その版がもうなければ、記録を別の名前に移すか（SQLite）、空のデータベースを --database で指定して"
            "ください。スタックの状態は記録の外にあり、失われません。",
            en="Finish them in a clone of the version that began them (./jichitai fleet resume), then repeat"
            " this. Where that version is no more, move the file aside (SQLite), or name an empty database"
            " with --database: the stacks' states are elsewhere, and stay.",
        ),
    )
