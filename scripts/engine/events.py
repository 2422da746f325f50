"""The engine's event log, read into the few facts that people are told.

The engine writes one JSON object a line (`--event-log`; the types are Pulumi's own
sdk/go/common/apitype/events.go). A line that is not understood is passed over: a newer engine may
say more than we know.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from scripts.engine.changes import Change, changes_of

Phase = Literal["begin", "end", "failed"]

_PHASES: dict[str, Phase] = {
    "resourcePreEvent": "begin",
    "resOutputsEvent": "end",
    "resOpFailedEvent": "failed",
}
_REGISTERING = "registering resource: "
_BEGINS = re.compile(
    r'"resourcePreEvent":\{"metadata":\{"op":"([a-z-]+)","urn":"([^"\\]+)","type":"[^"\\]+",'
    r'"old":(?:null,"new":)?\{"type":"[^"\\]+","urn":"[^"\\]+"(,"custom":true)?'
)
"""The head of a step's beginning: its operation, URN and whether a plugin manages the resource."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a resource is: its layer and cloud (empty outside any layer), its type and its name."""

    layer: str
    cloud: str
    type: str
    name: str

    @property
    def kind(self) -> str:
        """The type as people say it: `ec2.Vpc` for `aws:ec2/vpc:Vpc`."""
        package, _, rest = self.type.partition(":")
        module, _, kind = rest.rpartition(":")
        module = module.partition("/")[0]
        if package in ("pulumi", "jichitai"):
            return kind
        return f"{module}.{kind}" if module and module != "index" else kind

    def __str__(self) -> str:
        return f"{self.layer} / {self.kind} {self.name}" if self.layer else f"{self.kind} {self.name}"


def place_of(urn: str) -> Place:
    """The place that a URN names.

    A URN is `urn:pulumi:<stack>::<project>::<type of each parent>$…$<type>::<name>`; the layer is
    the innermost parent of ours, `jichitai:<cloud>:<Layer>`.
    """
    parts = urn.split("::", 3)
    chain = parts[2].split("$") if len(parts) == 4 else [""]
    name = parts[3] if len(parts) == 4 else urn
    layer = cloud = ""
    for type_ in chain:
        words = type_.split(":")
        if len(words) == 3 and words[0] == "jichitai" and words[1] != "tenant":
            cloud, layer = words[1], words[2].lower()
    return Place(layer, cloud, chain[-1], name)


@dataclass(frozen=True, slots=True)
class Step:
    """One operation on one resource: it began, ended or failed.

    `real` is true for what exists in a cloud, false for the stack, components and providers.
    `changes` are the properties that differ, `outputs` what the resource has afterwards.
    """

    phase: Phase
    op: str
    urn: str
    place: Place
    real: bool
    changes: tuple[Change, ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Something that the engine, a provider or the program said."""

    severity: str
    message: str
    urn: str


@dataclass(frozen=True, slots=True)
class Registering:
    """The program has declared a resource; the engine will come to it later."""

    real: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """The end of a run: what the engine counted, by operation."""

    result: str
    changes: Mapping[str, int]
    seconds: float


Event = Step | Diagnostic | Registering | Summary


def read(line: str) -> Event | None:
    """The event on one line of the log, or None for one that tells people nothing."""
    if '"severity":"debug"' in line:
        # Three quarters of the log; only the declarations are of use, and they need no JSON.
        if _REGISTERING not in line:
            return None
        return Registering("custom=True" in line and "ty=pulumi:" not in line)
    if begins := _BEGINS.search(line, 0, 2000):
        # A third of the log; of a beginning only its head is told, not all that the resource will have.
        op, urn, custom = begins.groups()
        place = place_of(urn)
        return Step("begin", op, urn, place, real=bool(custom) and not place.type.startswith("pulumi:"))
    try:
        event = json.loads(line)
    except ValueError:
        return None
    if not isinstance(event, dict):
        return None
    for key, phase in _PHASES.items():
        if key in event:
            return _step(phase, event[key].get("metadata") or {})
    if "diagnosticEvent" in event:
        said = event["diagnosticEvent"]
        message = str(said.get("message", "")).strip()
        return (
            Diagnostic(str(said.get("severity", "")), message, str(said.get("urn", ""))) if message else None
        )
    if "policyEvent" in event:
        return _policy(event["policyEvent"])
    if "summaryEvent" in event:
        said = event["summaryEvent"]
        return Summary(
            str(said.get("result", "")),
            {str(k): int(v) for k, v in (said.get("resourceChanges") or {}).items()},
            float(said.get("durationSeconds", 0)),
        )
    return None


def _policy(said: Mapping[str, Any]) -> Diagnostic:
    """A policy's word: an error where it stops the run, else a warning."""
    urn = str(said.get("resourceUrn", ""))
    stops = said.get("enforcementLevel") == "mandatory"
    message = str(said.get("message", "")).strip()
    where = "" if stops or not urn else f"{place_of(urn)}: "
    return Diagnostic(
        "error" if stops else "warning", f"policy {said.get('policyName', '?')}: {where}{message}", urn
    )


def _step(phase: Phase, said: Mapping[str, Any]) -> Step:
    urn = str(said.get("urn", ""))
    place = place_of(urn)
    old: Mapping[str, Any] = said.get("old") or {}
    new: Mapping[str, Any] = said.get("new") or {}
    custom = bool((new or old).get("custom"))
    return Step(
        phase=phase,
        op=str(said.get("op", "")),
        urn=urn,
        place=place,
        real=custom and not place.type.startswith("pulumi:"),
        changes=changes_of(said) if phase != "begin" else (),
        outputs=(new.get("outputs") or {}) if phase == "end" and place.type == "pulumi:pulumi:Stack" else {},
    )
