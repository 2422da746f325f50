"""What a report says, as JSON: the source of `docs/fleet-report.schema.json`.

A field is only ever added; when one changes its meaning or goes, `VERSION` is raised.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from scripts.fleet.model import Environment, Operation, Outcome, Target

VERSION = 1


class Model(BaseModel):
    """Closed and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


Counts = Annotated[dict[str, int], Field(description="How many, by name")]


class Words(Model):
    """A sentence in both languages."""

    ja: str
    en: str


class Cause(Model):
    """Why a stack failed."""

    cause: str
    """A word for programs: denied, quota, policy, …"""
    what: Words
    """What happened."""
    place: str
    """The resource, in words; empty where it is the run as a whole."""
    why: str
    """What the cloud, the engine or the policy said."""
    do: Words
    """What to do about it."""


class Change(Model):
    """How many resources of a type an operation touched."""

    type: str
    operation: str
    number: int = Field(ge=0)


class Stack(Model):
    """One stack, and how it fared."""

    stack: str
    code: str = Field(pattern=r"^[0-9]{6}$")
    """全国地方公共団体コード."""
    name: str
    """The body's name with its prefecture."""
    prefecture: str
    kind: str
    """prefecture, city, town, village or special_ward."""
    environment: Environment
    clouds: list[str]
    packages: list[str]
    """Ids of catalogue entries."""
    members: list[str]
    """Codes of the bodies that the stack serves."""
    outcome: Outcome
    started: datetime | None
    """UTC; null for one that never began."""
    seconds: float = Field(ge=0)
    """Wall time, all attempts together."""
    attempts: int = Field(ge=0)
    wave: str
    changes: list[Change]
    group: str
    """The digest of the group of its difference; empty where nothing differs."""
    causes: list[Cause]
    skipped: Words | None
    """Why it was not run."""
    command: str
    """Repeats exactly this."""


class Line(Model):
    """One difference, without anything that is one stack's own."""

    operation: str
    type: str
    name: str
    property: str
    """Empty where the resource as a whole comes or goes."""
    old: str
    """JSON text; empty for what is new."""
    new: str


class Group(Model):
    """Stacks with one and the same difference."""

    digest: str
    stacks: list[str]
    changes: Counts
    """Resources by operation."""
    lines: list[Line]


class FailureGroup(Model):
    """Stacks that failed for one and the same reason."""

    stacks: list[str]
    cause: Cause


class Report(Model):
    """A run of the fleet."""

    version: Literal[1] = VERSION
    run: str
    operation: Operation
    target: Target
    selection: str
    """As words of a command line."""
    started: datetime
    ended: datetime | None
    """UTC; null while it is under way."""
    stopped: Words | None
    """Why no new work was begun, where it did not go through."""
    outcomes: Counts
    """Stacks by outcome."""
    stacks: list[Stack]
    groups: list[Group]
    """The largest first."""
    failures: list[FailureGroup]
    """The largest first."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a report."""
    schema = Report.model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:jichitai:fleet-report:1",
        **schema,
    }
