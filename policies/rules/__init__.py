"""The rules, one module a family. Importing this loads the catalogue."""

from __future__ import annotations

from policies.rules import (
    care,
    continuity,
    encryption,
    exceptional,
    exposure,
    hygiene,
    identity,
    lines,
    location,
    recording,
    segmentation,
)
from policies.rules.record import RULES

__all__ = [
    "RULES",
    "care",
    "continuity",
    "encryption",
    "exceptional",
    "exposure",
    "hygiene",
    "identity",
    "lines",
    "location",
    "recording",
    "segmentation",
]
