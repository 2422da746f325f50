"""What a rule is, and the small words rules are written with.

A rule is one record with one function over facts. The function answers True (holds), False or a
Text (does not; the text says what was found), UNKNOWN (cannot tell yet) or None (does not apply).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from policies.facts import CLOUDS, UNKNOWN, Cloud, Facts, Kind, Unknown
from policies.join import Estate
from stacks.text import Text

Outcome: TypeAlias = bool | Literal[Unknown.UNKNOWN] | Text | None
Environment = Literal["production", "verification"]


class Severity(StrEnum):
    """How bad it is. `critical` and `high` stop a deployment by default."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Confidence(StrEnum):
    """How well we know that a control says so (tags of our collection of facts)."""

    PRIMARY = "primary"
    VENDOR = "vendor"
    SECONDARY = "secondary"
    INFERRED = "inferred"
    UNVERIFIED = "unverified"

    @property
    def note(self) -> Text:
        """What a reader of a report must know about it."""
        return _NOTES[self]


_NOTES = {
    Confidence.PRIMARY: Text("公式文書で確認", "seen in the official text"),
    Confidence.VENDOR: Text("事業者の資料で確認", "seen in a vendor's text"),
    Confidence.SECONDARY: Text(
        "二次資料で確認（原典未確認）", "seen in secondary sources, original not read"
    ),
    Confidence.INFERRED: Text("本ツールの設計上の判断", "this toolkit's own judgement"),
    Confidence.UNVERIFIED: Text("未確認の対応づけ（要確認）", "unverified mapping: check before use"),
}


@dataclass(frozen=True, slots=True)
class Control:
    """A requirement somewhere else that a rule serves: `framework`, `id` there, and how sure we are."""

    framework: Literal["ismap", "mic", "three-layers", "nfr", "toolkit"]
    id: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Opened:
    """An approved opening to the internet: its purpose (patch, license, console), approver and last day."""

    purpose: str
    approver: str
    expires: date


@dataclass(frozen=True, slots=True)
class Parameters:
    """What may be set by configuration. Days unless said otherwise; defaults from DESIGN §4 and the facts.

    log_days: one year, the floor of 統一基準 (reported, unverified) and the toolkit's own choice.
    archive_days: 7 years, as AWS's public baseline (BLEA) has it.
    backup_days, backup_hours: 非機能要件の標準 A.1.3.1, RPO one business day (secondary source).
    """

    log_days: int = 365
    archive_days: int = 2555
    backup_days: int = 7
    backup_hours: int = 24
    key_deletion_days: int = 7
    rotation_days: int = 365
    lock_days: int = 365
    recover_days: int = 7
    password_length: int = 14
    password_memory: int = 5
    patch_delay_days: int = 30
    verification_vcpus: int = 8
    handover_days: int = 90
    exception_days: int = 366
    widest_prefix: int = 16
    tls: float = 1.2
    whole_tenant: bool | None = None
    """Judge as a complete tenant; None: when it was made by this toolkit."""
    required_tags: tuple[str, ...] = ("municipality-code", "environment", "usage", "classification")
    regions: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: MappingProxyType(
            {
                "aws": ("ap-northeast-1", "ap-northeast-3"),
                "azure": ("japaneast", "japanwest"),
                "google": ("asia-northeast1", "asia-northeast2"),
                "oci": ("ap-tokyo-1", "ap-osaka-1"),
                "sakura": ("tk1a", "tk1b", "is1a", "is1b", "tky01", "isk01"),
            }
        )
    )
    """Domestic regions by cloud; of さくら the zones in the ISMAP scope (is1c is not)."""
    internet: tuple[Opened, ...] = ()
    adopted: frozenset[str] = frozenset()
    """Parts of the baseline that the official templates made (`audit_log`, …): not in the stack, yet there."""


@dataclass(frozen=True, slots=True)
class Context:
    """What rules may ask for beside facts."""

    parameters: Parameters
    environment: Environment
    today: date
    open: bool = False
    """Whether an approved purpose for the internet is in force."""


Test: TypeAlias = Callable[[Facts, Context], Outcome]
StackTest: TypeAlias = Callable[[Estate, Context], Iterable[tuple[Facts | None, Outcome]]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `test` is over one resource's facts (with its parts), `survey` over the stack.

    `kinds` empty: every kind. `remediable`: the pack can mend it in a preview or update.
    """

    id: str
    severity: Severity
    kinds: frozenset[Kind]
    title: Text
    why: Text
    remedy: Text
    example: str
    controls: tuple[Control, ...]
    clouds: tuple[Cloud, ...]
    test: Test | None = None
    survey: StackTest | None = None
    remediable: bool = False

    @property
    def family(self) -> str:
        """The letters of the id."""
        return self.id.partition("-")[0]


RULES: dict[str, Rule] = {}

C, H, M, L = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW


def rule(
    id: str,  # noqa: A002 - the field's name
    severity: Severity,
    kinds: Iterable[Kind],
    check: Test | StackTest,
    title: tuple[str, str],
    why: tuple[str, str],
    remedy: tuple[str, str],
    example: str,
    controls: tuple[Control, ...],
    *,
    clouds: str = " ".join(CLOUDS),
    stack: bool = False,
    remediable: bool = False,
) -> None:
    """Add a rule to the catalogue. Raises ValueError for an id that is taken or a cloud that is none."""
    if id in RULES:
        raise ValueError(f"two rules are called {id}")
    named: tuple[Cloud, ...] = tuple(c for c in CLOUDS if c in clouds.split())
    if len(named) != len(clouds.split()):
        raise ValueError(f"{id}: {clouds}")
    checked: Any = check
    RULES[id] = Rule(
        id=id,
        severity=severity,
        kinds=frozenset(kinds),
        title=Text(*title),
        why=Text(*why),
        remedy=Text(*remedy),
        example=example,
        controls=controls,
        clouds=named,
        test=None if stack else checked,
        survey=checked if stack else None,
        remediable=remediable,
    )


# --- words for tests ---


def _reader(path: str) -> Callable[[Facts], Any]:
    aspect, _, name = path.partition(".")
    first, then = attrgetter(aspect), attrgetter(name)

    def read(facts: Facts) -> Any:
        found = first(facts)
        return None if found is None else then(found)

    return read


def must(path: str) -> Test:
    """`aspect.field` is true."""
    read = _reader(path)

    def test(facts: Facts, _: Context) -> Outcome:
        return read(facts)

    return test


def must_not(path: str) -> Test:
    """`aspect.field` is false."""
    read = _reader(path)

    def test(facts: Facts, _: Context) -> Outcome:
        value = read(facts)
        return value if value is None or value is UNKNOWN else not value

    return test


def at_least(path: str, parameter: str | float, unit: Text | None = None) -> Test:
    """`aspect.field` is no less than a parameter (by name) or a number."""
    return _bound(path, parameter, Text("以上", "at least"), unit, lambda value, bound: value >= bound)


def at_most(path: str, parameter: str | float, unit: Text | None = None) -> Test:
    """`aspect.field` is no more than a parameter (by name) or a number."""
    return _bound(path, parameter, Text("以下", "at most"), unit, lambda value, bound: value <= bound)


def _bound(
    path: str,
    parameter: str | float,
    word: Text,
    unit: Text | None,
    holds: Callable[[float, float], bool],
) -> Test:
    read = _reader(path)
    unit = unit or Text("日", "days")

    def test(facts: Facts, context: Context) -> Outcome:
        value = read(facts)
        if value is None or value is UNKNOWN:
            return value
        bound: float = getattr(context.parameters, parameter) if isinstance(parameter, str) else parameter
        if holds(value, bound):
            return True
        return Text(
            f"現在 {value:g}{unit.ja}。{bound:g}{unit.ja}{word.ja}が必要です。",
            f"It is {value:g} {unit.en}; it must be {word.en} {bound:g} {unit.en}.",
        )

    return test


def absent(facts: Facts, _: Context) -> Outcome:
    """The mere existence is the finding, unless it is only read or about to go."""
    return facts.state != "" or False


def in_production(test: Test) -> Test:
    """Only where the environment is production (本番)."""

    def only(facts: Facts, context: Context) -> Outcome:
        return test(facts, context) if context.environment == "production" else None

    return only


def in_verification(test: Test) -> Test:
    """Only where the environment is verification (検証)."""

    def only(facts: Facts, context: Context) -> Outcome:
        return test(facts, context) if context.environment == "verification" else None

    return only


def cloud_is(clouds: str, test: Test) -> Test:
    """Only on some clouds."""
    wanted = frozenset(clouds.split())

    def only(facts: Facts, context: Context) -> Outcome:
        return test(facts, context) if facts.cloud in wanted else None

    return only
