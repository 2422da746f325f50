"""Settings of the rules from a file or from the engine: parameters, and rules turned off or down.

    log_days: 1096
    required_tags: [municipality-code, environment]
    rules: {CST-005: disabled, NET-010: advisory}

Unknown names and wrong types are refused: a misspelt setting that is ignored is a silent pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, cast

from policies.rules import RULES
from policies.rules.record import Parameters
from stacks.text import Text

Level = Literal["advisory", "mandatory", "remediate", "disabled"]
LEVELS: tuple[Level, ...] = ("advisory", "mandatory", "remediate", "disabled")
NUMBERS = tuple(f.name for f in fields(Parameters) if f.type in ("int", "float"))


PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "RET-001": ("log_days",),
    "RET-002": ("archive_days",),
    "RET-003": ("recover_days",),
    "BCK-002": ("backup_days",),
    "BCK-004": ("backup_hours",),
    "KEY-002": ("rotation_days",),
    "KEY-003": ("key_deletion_days",),
    "LOG-004": ("lock_days",),
    "IAM-009": ("password_length",),
    "IAM-011": ("password_memory",),
    "PAT-007": ("patch_delay_days",),
    "CST-002": ("verification_vcpus",),
    "HND-003": ("handover_days",),
    "EXC-005": ("exception_days",),
    "LGW-004": ("widest_prefix",),
    "ENC-021": ("tls",),
    "TAG-001": ("required_tags",),
}
"""Which parameters the engine's configuration of a rule may set."""


class BadSettings(Exception):  # noqa: N818 - what a file is
    """Settings that cannot be taken. `text` says which and what is allowed."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, slots=True)
class Settings:
    """Parameters and levels of rules."""

    parameters: Parameters = field(default_factory=Parameters)
    levels: Mapping[str, Level] = field(default_factory=dict)

    @property
    def disabled(self) -> frozenset[str]:
        """The rules that are off."""
        return frozenset(r for r, level in self.levels.items() if level == "disabled")


def read_settings(value: Any) -> Settings:
    """Settings from parsed YAML or JSON. Raises BadSettings."""
    if value is None:
        return Settings()
    if not isinstance(value, Mapping):
        raise BadSettings(Text("設定は表で書いてください。", "Settings are a map."))
    given = dict(cast("Mapping[str, Any]", value))
    levels = _levels(given.pop("rules", None) or {})
    changes: dict[str, Any] = {}
    for name, said in given.items():
        if name in NUMBERS and isinstance(said, (int, float)) and not isinstance(said, bool) and said >= 0:
            changes[name] = said
        elif name == "required_tags" and isinstance(said, list) and all(isinstance(s, str) for s in said):
            changes[name] = tuple(cast("list[str]", said))
        elif name == "whole_tenant" and isinstance(said, bool):
            changes[name] = said
        elif name == "regions" and isinstance(said, Mapping):
            changes[name] = {**Parameters().regions, **{str(k): tuple(v) for k, v in said.items()}}
        else:
            allowed = ", ".join((*NUMBERS, "required_tags", "whole_tenant", "regions", "rules"))
            raise BadSettings(
                Text(
                    f"設定 {name}: {said!r} は使えません。使えるもの: {allowed}",
                    f"The setting {name}: {said!r} cannot be used. Allowed: {allowed}",
                )
            )
    return Settings(replace(Parameters(), **changes), levels)


def _levels(value: Any) -> dict[str, Level]:
    if not isinstance(value, Mapping):
        raise BadSettings(Text("rules は表で書いてください。", "`rules` is a map."))
    found: dict[str, Level] = {}
    for name, level in cast("Mapping[str, Any]", value).items():
        if name not in RULES:
            raise BadSettings(Text(f"規則 {name} はありません。", f"There is no rule {name}."))
        if level not in LEVELS:
            raise BadSettings(
                Text(
                    f"{name}: {level} は使えません（{', '.join(LEVELS)}）。",
                    f"{name}: {level} is none of {', '.join(LEVELS)}.",
                )
            )
        found[name] = level
    return found
