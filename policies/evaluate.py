"""Judging a stack: every rule over every resource's facts. Pure: no engine, no cloud, no files."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from policies.exceptions import Accepted, faults
from policies.extract import Defaults, defaults_of, facts_of, modelled
from policies.facts import PARTED, UNKNOWN, Cloud, Facts, Kind
from policies.join import Estate, join
from policies.model import Resource, Stack, name_of, uncollected
from policies.rules import RULES
from policies.rules.record import Context, Environment, Outcome, Parameters, Rule
from stacks.text import Text

SKIPPED = ("pulumi:pulumi:Stack", "pulumi:pulumi:StackReference")


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that does not hold. `detail` says what was found; `accepted` the exception that covers it."""

    rule: Rule
    stack: str
    urn: str
    type: str
    name: str
    detail: Text | None
    accepted: Accepted | None = None
    known: bool = False
    """In the baseline."""

    @property
    def fingerprint(self) -> str:
        """Stable as long as the rule, the stack and the resource's place in it are."""
        return fingerprint(self.rule.id, self.stack, self.urn)

    @property
    def counts(self) -> bool:
        """Whether it is one to act on."""
        return self.accepted is None and not self.known


def fingerprint(rule: str, stack: str, urn: str) -> str:
    """Sixteen hex digits over the rule, the stack and the resource."""
    return hashlib.sha256(f"{rule}|{stack}|{urn}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Unsure:
    """A rule that cannot tell yet, and about what."""

    rule: Rule
    stack: str
    urn: str
    name: str


@dataclass(slots=True)
class Result:
    """What came of judging: `passed` counts by rule; `judged` are (rule, urn) pairs when asked for."""

    findings: list[Finding] = field(default_factory=list)
    unsure: list[Unsure] = field(default_factory=list)
    passed: Counter[str] = field(default_factory=Counter)
    judged: list[tuple[str, str, str]] = field(default_factory=list)
    """(rule, urn, `pass` | `fail` | `unknown`), only when asked for."""
    resources: int = 0
    unmodelled: Counter[str] = field(default_factory=Counter)
    notes: list[Text] = field(default_factory=list)
    accepted: list[tuple[str, Accepted]] = field(default_factory=list)
    """The exceptions in force, with the stack they are for."""
    stacks: list[str] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    """The file that a stack was read from, of stacks that have no manifest here."""

    @property
    def open(self) -> list[Finding]:
        """The findings to act on."""
        return [f for f in self.findings if f.counts]

    def add(self, other: Result) -> None:
        """Take in another stack's result."""
        for name in ("findings", "unsure", "judged", "notes", "accepted", "stacks"):
            getattr(self, name).extend(getattr(other, name))
        self.passed.update(other.passed)
        self.unmodelled.update(other.unmodelled)
        self.sources.update(other.sources)
        self.resources += other.resources


@dataclass(frozen=True, slots=True)
class Options:
    """How to judge: parameters, exceptions, known findings (fingerprints), rules turned off."""

    parameters: Parameters = field(default_factory=Parameters)
    exceptions: tuple[Accepted, ...] = ()
    baseline: frozenset[str] = frozenset()
    disabled: frozenset[str] = frozenset()
    environment: Environment | None = None
    today: date = field(default_factory=date.today)
    detailed: bool = False


@cache
def rules_for(cloud: Cloud, kind: Kind) -> tuple[Rule, ...]:
    """The rules over single resources that apply to a kind on a cloud."""
    return tuple(
        r
        for r in RULES.values()
        if r.test is not None and (not r.kinds or (kind in r.kinds and cloud in r.clouds))
    )


def environment_of(facts: Iterable[Facts], stack: str) -> Environment:
    """The environment that most resources say they are of, else what the stack's name says."""
    said = Counter(f.tags.get("environment") for f in facts if isinstance(f.tags, Mapping))
    counts = [(n, e) for e, n in said.items() if e in ("production", "verification")]
    if counts:
        return "verification" if max(counts)[1] == "verification" else "production"
    return "verification" if stack.endswith("-verification") else "production"


def cause_of(error: Exception) -> str:
    """An error's kind and the place in the code. Not its own words: they may quote a secret."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    place = f", {Path(at.tb_frame.f_code.co_filename).name}:{at.tb_lineno}" if at is not None else ""
    return f"{type(error).__name__}{place}"


def extract_all(
    resources: Iterable[Resource], notes: list[Text], unmodelled: Counter[str]
) -> list[tuple[Resource, Facts]]:
    """The facts of resources. One that cannot be understood is noted, and judged as far as it can be."""
    listed = list(resources)
    defaults: dict[str, Defaults] = {
        r.urn: defaults_of(r) for r in listed if r.type.startswith("pulumi:providers:")
    }
    pairs: list[tuple[Resource, Facts]] = []
    for resource in listed:
        if not resource.custom or resource.type in SKIPPED:
            # A component has no properties of its own that a cloud knows, but may hold secrets.
            continue
        try:
            facts = facts_of(resource, defaults.get(resource.provider))
        except Exception as error:  # whatever a strange file holds, the rest is still judged
            notes.append(
                Text(
                    f"{resource.urn} を理解できず、検査できませんでした（{cause_of(error)}）。",
                    f"{resource.urn} could not be understood and was not judged ({cause_of(error)}).",
                )
            )
            continue
        if facts.kind is Kind.OTHER and not modelled(resource.type):
            unmodelled[resource.type] += 1
        pairs.append((resource, facts))
    return pairs


class Judge:
    """Applies rules and collects what comes of it, for one stack."""

    def __init__(self, stack: str, context: Context, options: Options) -> None:
        self.stack = stack
        self.context = context
        self.options = options
        self.result = Result(stacks=[stack])
        self._used: set[str] = set()

    def one(self, facts: Facts, kind: Kind | None = None) -> None:
        """Every rule over a resource's facts; `kind` where it is judged as another than its own."""
        disabled = self.options.disabled
        for rule in rules_for(facts.cloud, kind or facts.kind):
            if rule.id not in disabled and rule.test is not None:
                try:
                    outcome = rule.test(facts, self.context)
                except Exception as error:
                    self._broken(rule, facts.urn, error)
                    continue
                if outcome is not None:
                    self.take(rule, facts, outcome)

    def survey(self, estate: Estate) -> None:
        """Every rule over the stack."""
        for rule in RULES.values():
            if rule.survey is None or rule.id in self.options.disabled:
                continue
            try:
                answers = list(rule.survey(estate, self.context))
            except Exception as error:
                self._broken(rule, estate.name, error)
                continue
            for facts, outcome in answers:
                if outcome is not None and (facts is None or not rule.kinds or facts.cloud in rule.clouds):
                    self.take(rule, facts, outcome)

    def _broken(self, rule: Rule, where: str, error: Exception) -> None:
        self.result.notes.append(
            Text(
                f"{rule.id} を {where} に適用できませんでした（{cause_of(error)}）。",
                f"{rule.id} could not be applied to {where} ({cause_of(error)}).",
            )
        )

    def take(self, rule: Rule, facts: Facts | None, outcome: Outcome) -> None:
        """Note one answer."""
        urn = facts.urn if facts is not None else ""
        result = self.result
        if outcome is True:
            result.passed[rule.id] += 1
            word = "pass"
        elif outcome is UNKNOWN:
            word = "unknown"
            result.unsure.append(Unsure(rule, self.stack, urn, facts.name if facts else self.stack))
        else:
            word = "fail"
            result.findings.append(
                self.weigh(
                    Finding(
                        rule=rule,
                        stack=self.stack,
                        urn=urn,
                        type=facts.type if facts else "",
                        name=facts.name if facts else self.stack,
                        detail=outcome if isinstance(outcome, Text) else None,
                    )
                )
            )
        if self.options.detailed:
            result.judged.append((rule.id, urn, word))

    def weigh(self, finding: Finding) -> Finding:
        """With the exception that covers it, or as known."""
        for one in self.options.exceptions:
            if one.matches(finding.rule.id, finding.urn or self.stack):
                self._used.add(one.key)
                if (
                    one.expires is not None
                    and one.expires >= self.options.today
                    and one.approver
                    and one.reason
                ):
                    return replace(finding, accepted=one)
        if finding.fingerprint in self.options.baseline:
            return replace(finding, known=True)
        return finding

    def absorb(self, other: Judge) -> None:
        """Count the exceptions that another judge has used as used."""
        self._used |= other._used

    def exceptions(self) -> None:
        """The findings about exceptions themselves."""
        options = self.options
        wrong = faults(
            options.exceptions, self._used, RULES, options.today, options.parameters.exception_days
        )
        for rule, one, detail in wrong:
            if rule in options.disabled:
                continue
            finding = Finding(RULES[rule], self.stack, f"exception:{one.key}", "", one.key, detail)
            known = finding.fingerprint in options.baseline
            self.result.findings.append(replace(finding, known=known))
        for one in options.exceptions:
            self.result.accepted.append((self.stack, one))
            if not any(o is one for _, o, _ in wrong):
                self.result.passed["EXC-001"] += 1


def context_of(facts: Iterable[Facts], stack: str, options: Options) -> Context:
    """What rules may ask for."""
    return Context(
        parameters=options.parameters,
        environment=options.environment or environment_of(facts, stack),
        today=options.today,
        open=any(o.expires >= options.today and o.approver for o in options.parameters.internet),
    )


def judge(stack: Stack, options: Options | None = None, notes: Iterable[Text] = ()) -> Result:
    """Judge one stack with every rule. Never raises for what a file holds."""
    with uncollected():
        return _judge(stack, options or Options(), notes)


def _judge(stack: Stack, options: Options, notes: Iterable[Text]) -> Result:
    said: list[Text] = list(notes)
    unmodelled: Counter[str] = Counter()
    pairs = extract_all(stack.resources, said, unmodelled)
    estate = join(
        stack.name,
        pairs,
        stack.pending,
        whole=any(r.type == "jichitai:tenant:MunicipalTenant" for r in stack.resources),
    )
    worker = Judge(stack.name, context_of((f for _, f in pairs), stack.name, options), options)
    for facts, kind in judged_one_by_one(estate, pairs):
        worker.one(facts, kind)
    _outputs(stack, worker)
    worker.survey(estate)
    worker.exceptions()
    result = worker.result
    result.resources = len(pairs)
    result.unmodelled = unmodelled
    result.notes = said + result.notes
    return result


def judged_one_by_one(
    estate: Estate, pairs: Iterable[tuple[Resource, Facts]]
) -> Iterable[tuple[Facts, Kind | None]]:
    """All facts that rules over single resources look at, and the kind to take where it is not their own.

    A part has joined its whole, but its own place and its own secrets are its own.
    """
    for facts in estate.facts:
        yield facts, None
    whole = {f.urn for f in estate.facts}
    for _, facts in pairs:
        if facts.of_kind is not None and facts.urn not in whole:
            yield facts, Kind.OTHER


def _outputs(stack: Stack, worker: Judge) -> None:
    """The stack's own outputs may hold secrets too."""
    from policies.rules.hygiene import leaks

    found = leaks(stack.outputs)
    if found:
        worker.one(Facts("other", Kind.OTHER, name="outputs", leaks=found))


def immediate(facts: Facts) -> bool:
    """Whether a resource can be judged on its own, before the rest of the stack is known."""
    return facts.of_kind is None and facts.kind not in PARTED


def by_rule(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Findings by rule."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        found[finding.rule.id].append(finding)
    return found


def record(finding: Finding) -> dict[str, Any]:
    """A finding as data, both languages in it."""
    rule = finding.rule
    return {
        "rule": rule.id,
        "severity": str(rule.severity),
        "title": {"ja": rule.title.ja, "en": rule.title.en},
        "stack": finding.stack,
        "urn": finding.urn,
        "type": finding.type,
        "name": finding.name or name_of(finding.urn),
        "detail": {"ja": finding.detail.ja, "en": finding.detail.en} if finding.detail else None,
        "remedy": {"ja": rule.remedy.ja, "en": rule.remedy.en},
        "example": rule.example,
        "controls": [
            {"framework": c.framework, "id": c.id, "confidence": str(c.confidence)} for c in rule.controls
        ],
        "fingerprint": finding.fingerprint,
        "exception": finding.accepted.record() if finding.accepted else None,
        "known": finding.known,
    }
