"""The tables of the run database, and its records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from scripts.fleet.model import Operation, RunId, Target
from scripts.fleet.options import Options
from stacks.text import Text

Status = Literal["active", "stopping", "cutting", "ended"]
"""Where a run is. `stopping`: what runs finishes and nothing new begins; `cutting`: what runs is stopped."""

META = sa.MetaData()
RUNS = sa.Table(
    "fleet_runs",
    META,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("operation", sa.String, nullable=False),
    sa.Column("target", sa.String, nullable=False),
    sa.Column("selection", sa.Text, nullable=False),
    sa.Column("options", sa.JSON, nullable=False),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("approved", sa.Integer, nullable=False),
    sa.Column("started", sa.Float, nullable=False),
    sa.Column("ended", sa.Float),
    sa.Column("stopped", sa.JSON),
)
STACKS = sa.Table(
    "fleet_stacks",
    META,
    sa.Column("run", sa.String, primary_key=True),
    sa.Column("stack", sa.String, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("wave", sa.Integer, nullable=False),
    sa.Column("ref", sa.JSON, nullable=False),
    sa.Column("fingerprint", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("executor", sa.String, nullable=False),
    sa.Column("outcome", sa.String, nullable=False),
    sa.Column("began", sa.Float),
    sa.Column("ended", sa.Float),
    sa.Column("result", sa.JSON),
    sa.Index("fleet_stacks_state", "run", "state"),
)
DIFFS = sa.Table(
    "fleet_diffs",
    META,
    sa.Column("digest", sa.String, primary_key=True),
    sa.Column("lines", sa.JSON, nullable=False),
)
LAST = sa.Table(
    "fleet_last",
    META,
    sa.Column("target", sa.String, primary_key=True),
    sa.Column("stack", sa.String, primary_key=True),
    sa.Column("operation", sa.String, primary_key=True),
    sa.Column("fingerprint", sa.String, nullable=False),
    sa.Column("stamp", sa.String, nullable=False),
    sa.Column("result", sa.JSON, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)
TURN = sa.Table(
    "fleet_turn",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("turns", sa.BigInteger, nullable=False),
)
"""One row that whoever admits stacks writes first: so that they do it one after the other."""
BEGUN = sa.Table(
    "fleet_begun",
    META,
    sa.Column("run", sa.String, primary_key=True),
    sa.Column("stack", sa.String, primary_key=True),
    sa.Column("cloud", sa.String, primary_key=True),
    sa.Column("at", sa.Float, primary_key=True),
    sa.Index("fleet_begun_at", "at"),
)
"""When stacks were admitted, by the database's clock: what the limits per time are counted by."""
SCHEMA = sa.Table(
    "fleet_schema",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
)
"""One row: the version of all these tables (`scripts.fleet.schema`)."""
EXECUTORS = sa.Table(
    "fleet_executors",
    META,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("host", sa.String, nullable=False),
    sa.Column("lock", sa.String, nullable=False),
    sa.Column("slots", sa.Integer, nullable=False),
    sa.Column("beat", sa.BigInteger, nullable=False),
    sa.Column("dead", sa.Boolean, nullable=False),
    sa.Column("taker", sa.String),
)


@dataclass(frozen=True, slots=True)
class Run:
    """A run's own record."""

    id: RunId
    operation: Operation
    target: Target
    selection: str
    options: Options
    status: Status
    round: int
    approved: int
    started: datetime
    ended: datetime | None
    stopped: Text | None


@dataclass(frozen=True, slots=True)
class Executor:
    """A coordinator that shares the work: `lock` is a file that it holds for as long as it lives.

    `dead` once it counts as gone; `taker` is who takes over from it then.
    """

    id: str
    host: str
    lock: str
    slots: int
    beat: int
    dead: bool
    taker: str | None = None
