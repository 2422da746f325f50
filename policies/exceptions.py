"""Exceptions: findings that somebody accepted for a time. And findings about exceptions themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, cast

from stacks.text import Text


@dataclass(frozen=True, slots=True)
class Accepted:
    """One exception. `resource` is a glob over URNs (a name without `::` is matched against names too)."""

    key: str
    rule: str
    resource: str
    reason: str
    approver: str
    expires: date | None

    def matches(self, rule: str, urn: str) -> bool:
        """Whether it is about this finding, whatever its date."""
        if rule != self.rule:
            return False
        return fnmatchcase(urn, self.resource) or fnmatchcase(urn.rsplit("::", 1)[-1], self.resource)

    @property
    def wide(self) -> bool:
        """Whether it matches any resource at all."""
        return not self.resource.strip("*?")

    def record(self) -> dict[str, Any]:
        """The exception as data."""
        return {
            "key": self.key,
            "rule": self.rule,
            "resource": self.resource,
            "reason": self.reason,
            "approver": self.approver,
            "expires": self.expires.isoformat() if self.expires else None,
        }


class BadExceptions(Exception):  # noqa: N818 - what a file is
    """A file of exceptions that cannot be read. `text` says why."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def read_exceptions(value: Any) -> tuple[Accepted, ...]:
    """Exceptions from parsed YAML or JSON: a map by name, or a list. Raises BadExceptions for another shape.

    Missing fields are kept empty: that is a finding (EXC-005), not an error.
    """
    if value is None:
        return ()
    entries: Iterable[tuple[str, Any]]
    if isinstance(value, Mapping):
        inner = cast("Mapping[str, Any]", value)
        if "exceptions" in inner and len(inner) == 1:
            return read_exceptions(inner["exceptions"])
        entries = inner.items()
    elif isinstance(value, list):
        entries = ((str(i + 1), v) for i, v in enumerate(cast("list[Any]", value)))
    else:
        raise BadExceptions(
            Text("例外は名前つきの表か一覧で書いてください。", "Exceptions are a map by name, or a list.")
        )
    found: list[Accepted] = []
    for key, entry in entries:
        if not isinstance(entry, Mapping):
            raise BadExceptions(
                Text(
                    f"例外 {key} は表（rule, resource, …）で書いてください。",
                    f"The exception {key} must be a map (rule, resource, …).",
                )
            )
        one = cast("Mapping[str, Any]", entry)

        def said(name: str, one: Mapping[str, Any] = one) -> str:
            return str(one.get(name) or "").strip()

        found.append(
            Accepted(
                key=str(key),
                rule=said("rule"),
                resource=said("resource"),
                reason=said("reason"),
                approver=said("approver"),
                expires=day_of(one.get("expires")),
            )
        )
    return tuple(found)


def day_of(value: Any) -> date | None:
    """A day as YAML, JSON or the engine gives it; None where it is none.

    The engine hands an unquoted date of YAML over as `2027-03-31 00:00:00 +0000 UTC`.
    """
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value).removesuffix(" 00:00:00 +0000 UTC"))
    except ValueError:
        return None


def faults(
    accepted: Iterable[Accepted], used: set[str], rules: Mapping[str, Any], today: date, most_days: int
) -> list[tuple[str, Accepted, Text]]:
    """What is wrong with exceptions themselves: (rule id, exception, what was found)."""
    found: list[tuple[str, Accepted, Text]] = []
    for one in accepted:
        if one.rule not in rules:
            found.append(
                (
                    "EXC-003",
                    one,
                    Text(
                        f"規則 {one.rule or '(なし)'} はありません。",
                        f"There is no rule {one.rule or '(none)'}.",
                    ),
                )
            )
        elif one.expires is not None and one.expires < today:
            found.append(
                ("EXC-001", one, Text(f"{one.expires} に切れました。", f"It ended on {one.expires}."))
            )
        elif one.key not in used:
            found.append(("EXC-002", one, Text("当たる指摘がありません。", "It matches no finding.")))
        if one.wide:
            found.append(
                (
                    "EXC-004",
                    one,
                    Text(
                        f"対象が {one.resource or '(空)'} です。",
                        f"Its resource is {one.resource or '(empty)'}.",
                    ),
                )
            )
        missing = [n for n in ("reason", "approver", "expires") if not getattr(one, n)]
        if missing:
            found.append(
                (
                    "EXC-005",
                    one,
                    Text(f"足りない項目: {', '.join(missing)}", f"missing: {', '.join(missing)}"),
                )
            )
        elif one.expires is not None and (one.expires - today).days > most_days:
            found.append(
                (
                    "EXC-005",
                    one,
                    Text(
                        f"期限が {most_days} 日より先です（{one.expires}）。",
                        f"It expires in more than {most_days} days ({one.expires}).",
                    ),
                )
            )
    return found
