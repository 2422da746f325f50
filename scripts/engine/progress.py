"""How far a run has come: a fold over its events, without any screen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from scripts.engine.events import Diagnostic, Event, Place, Registering, Step, Summary

LAYERS = ("baseline", "lgwan", "iaas", "paas", "saas")
"""The layers in the order in which they stand on each other."""

_HALVES = {"create-replacement", "delete-replaced", "discard-replaced", "remove-pending-replace"}
"""The halves of a replacement: people count the whole, `replace`."""


@dataclass(slots=True)
class Progress:
    """The state of a run.

    `expected` is how many resources the last run knew of, 0 when there was none. `done` counts
    resources that exist in a cloud and that the engine is finished with, changed or not.
    """

    expected: int = 0
    declared: int = 0
    done: int = 0
    failed: int = 0
    running: dict[str, tuple[str, Place]] = field(default_factory=dict)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Finished operations by (layer, operation)."""
    finished: dict[str, Step] = field(default_factory=dict)
    """The last finished step of each resource that exists in a cloud."""
    errors: list[Diagnostic] = field(default_factory=list)
    said: list[Diagnostic] = field(default_factory=list)
    outputs: dict[str, object] | None = None
    summary: Summary | None = None

    @property
    def total(self) -> int:
        """How many resources there will be, as far as can be known; 0 when nothing can."""
        return max(self.expected, self.declared, self.done + len(self.running))

    def take(self, event: Event) -> None:
        """Count one event."""
        if isinstance(event, Registering):
            self.declared += event.real
        elif isinstance(event, Diagnostic):
            (self.errors if event.severity == "error" else self.said).append(event)
        elif isinstance(event, Summary):
            self.summary = event
        else:
            self._step(event)

    def _step(self, step: Step) -> None:
        if step.phase == "end" and step.place.type == "pulumi:pulumi:Stack" and step.op != "delete":
            self.outputs = dict(step.outputs)
        if not step.real:
            return
        if step.phase == "begin":
            self.running[step.urn] = (step.op, step.place)
            return
        self.running.pop(step.urn, None)
        if step.phase == "failed":
            self.failed += 1
            self.counts[step.place.layer, "failed"] += 1
        elif step.op not in _HALVES:
            self.counts[step.place.layer, step.op] += 1
            self.finished[step.urn] = step
            self.done = len(self.finished)
