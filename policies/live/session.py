"""What the pack knows during one run of the engine, and what it answers. Plain Python: no protocol."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from policies.evaluate import (
    Finding,
    Judge,
    Options,
    Unsure,
    cause_of,
    context_of,
    extract_all,
    immediate,
    judged_one_by_one,
)
from policies.exceptions import BadExceptions
from policies.extract import Defaults, defaults_of, facts_of, table
from policies.facts import CLOUDS
from policies.join import join
from policies.model import Resource
from policies.props import Props
from policies.read import merged
from policies.rules import RULES
from policies.rules.record import Rule, Severity
from policies.settings import Level, Settings
from policies.tenant import environment_said, exceptions_of, levels_of, parameters_of
from stacks.text import Text


@dataclass(frozen=True, slots=True)
class Said:
    """One thing to tell the engine: a rule, its level, what was found, and about which resource."""

    rule: Rule
    level: Level
    text: Text
    urn: str


def level_of(rule: Rule, levels: Mapping[str, Level]) -> Level:
    """The level of a rule: as configured, else `mandatory` from `high` on."""
    if rule.id in levels:
        return levels[rule.id]
    if "all" in levels:
        return levels["all"]
    return "mandatory" if rule.severity in (Severity.CRITICAL, Severity.HIGH) else "advisory"


@dataclass(slots=True)
class Session:
    """One run. `settings` come from the engine's configuration, the manifest from the stack's."""

    settings: Settings = field(default_factory=Settings)
    stack: str = ""
    manifest: Any = None
    preview: bool = False
    today: date = field(default_factory=date.today)
    notes: list[Text] = field(default_factory=list)
    _told: set[tuple[str, str]] = field(default_factory=set)
    """What was found of resources alone: rule id and URN."""
    _inputs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _defaults: dict[str, Defaults] = field(default_factory=dict)
    _options: Options | None = None

    def start(self, stack: str, config: Mapping[str, str], *, preview: bool) -> None:
        """A run of `stack` begins, with the stack's configuration."""
        self.stack, self.preview = stack, preview
        raw = next((v for k, v in config.items() if k.endswith(":tenant")), None)
        try:
            self.manifest = json.loads(raw) if raw else None
        except ValueError:
            self.manifest = None  # the program itself says what is wrong with it
        self._inputs.clear()
        self._told.clear()
        self._options = None

    def prepare(self) -> None:
        """Load what judging the manifest's clouds takes. Without this it is loaded when first needed."""
        units = self.manifest.get("clouds") if isinstance(self.manifest, Mapping) else None
        for cloud in CLOUDS:
            if isinstance(units, Mapping) and cloud in units:
                table(cloud)

    def configure(self, settings: Settings) -> None:
        """Take the engine's configuration of the pack."""
        self.settings = settings
        self._options = None

    @property
    def levels(self) -> Mapping[str, Level]:
        """The levels of rules: as configured, and lower where the manifest says so.

        The engine sends a level for every rule, its default where nothing is configured, so what was
        configured cannot be told from that: only a rule that is off stays as it is.
        """
        given = self.settings.levels
        lower: dict[str, Level] = {
            rule: level for rule, level in levels_of(self.manifest).items() if given.get(rule) != "disabled"
        }
        return {**given, **lower}

    @property
    def options(self) -> Options:
        """How to judge."""
        if self._options is None:
            try:
                exceptions = exceptions_of(self.manifest)
            except BadExceptions as error:
                exceptions = ()
                self.notes.append(error.text)
            self._options = Options(
                parameters=parameters_of(self.manifest, self.settings.parameters),
                exceptions=exceptions,
                disabled=frozenset(r.id for r in RULES.values() if level_of(r, self.levels) == "disabled"),
                environment=environment_said(self.manifest),
                today=self.today,
            )
        return self._options

    def defaults(self, provider: Resource | None) -> Defaults | None:
        """What a provider adds, remembered by its URN."""
        if provider is None or not provider.urn:
            return None
        if provider.urn not in self._defaults:
            self._defaults[provider.urn] = defaults_of(provider)
        return self._defaults[provider.urn]

    def one(self, resource: Resource, provider: Resource | None) -> list[Said]:
        """Judge a resource before it is made, as far as it can be judged alone."""
        self._inputs[resource.urn] = resource.props
        if not resource.custom:
            return []
        try:
            facts = facts_of(resource, self.defaults(provider))
        except Exception as error:  # a program may write anything; the rest is still judged
            cause = cause_of(error)
            note = Text(
                f"{resource.urn} を検査できませんでした（{cause}）。",
                f"{resource.urn} could not be judged ({cause}).",
            )
            return self._unjudged([note], resource.urn)
        if not immediate(facts):
            return []
        judge = Judge(self.stack, context_of((), self.stack, self.options), self.options)
        judge.one(facts)
        self._told |= {(f.rule.id, f.urn) for f in judge.result.findings}
        return self._said(judge.result.findings) + self._unjudged(judge.result.notes, resource.urn)

    def whole(self, resources: Sequence[Resource]) -> list[Said]:
        """Judge the stack: what needs more than one resource, and what could not be told before."""
        known = [replace(r, props=self._together(r)) for r in resources]
        notes: list[Text] = []
        pairs = extract_all(known, notes, Counter())
        estate = join(
            self.stack, pairs, whole=any(r.type == "jichitai:tenant:MunicipalTenant" for r in resources)
        )
        options = self.options
        judge = Judge(self.stack, context_of((f for _, f in pairs), self.stack, options), options)
        for facts, kind in judged_one_by_one(estate, pairs):
            judge.one(facts, kind)
        # What was found of a resource alone has been told already.
        told = [f for f in judge.result.findings if (f.rule.id, f.urn) not in self._told]
        survey = Judge(self.stack, judge.context, options)
        survey.survey(estate)
        judge.absorb(survey)
        judge.exceptions()
        said = self._said([*told, *survey.result.findings])
        said += self._said([f for f in judge.result.findings if f.rule.family == "EXC"])
        said += self._unjudged([*notes, *judge.result.notes, *survey.result.notes], "")
        said += [Said(RULES["EXC-005"], "advisory", note, "") for note in self.notes]
        if self.preview:
            said += self._unknown([*judge.result.unsure, *survey.result.unsure])
        return said

    @property
    def mends(self) -> bool:
        """Whether any rule is at level `remediate`."""
        return "remediate" in self.settings.levels.values()

    def mend(self, resource: Resource) -> tuple[Rule, Mapping[str, Any]] | None:
        """New properties for a resource that a rule at level `remediate` can mend; None when none does."""
        for rule in RULES.values():
            if rule.remediable and level_of(rule, self.levels) == "remediate":
                changed = self._mended(rule.id, resource)
                if changed is not None:
                    return rule, changed
        return None

    def _mended(self, rule: str, resource: Resource) -> Mapping[str, Any] | None:
        props = dict(resource.props)
        if rule in ("RET-001", "RET-004") and resource.type == "aws:cloudwatch/logGroup:LogGroup":
            days = Props(props).number("retentionInDays", 0)
            wanted = self.options.parameters.log_days
            # Only the periods that CloudWatch Logs takes (API reference, PutRetentionPolicy).
            allowed = next(
                (d for d in (365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653) if d >= wanted),
                3653,
            )
            if isinstance(days, (int, float)) and (days < wanted or days == 0):
                return {**props, "retentionInDays": allowed}
        if rule == "TAG-001" and isinstance(self.manifest, Mapping) and "tags" in props:
            tags = props["tags"]
            missing = {
                k: v for k, v in self._manifest_tags().items() if isinstance(tags, dict) and not tags.get(k)
            }
            if missing:
                return {**props, "tags": {**tags, **missing}}
        return None

    def _manifest_tags(self) -> dict[str, str]:
        said = {
            "municipality-code": self.manifest.get("code"),
            "environment": self.manifest.get("environment"),
            "usage": self.manifest.get("usage", "single"),
            "classification": "confidential",
        }
        return {k: str(v) for k, v in said.items() if v and k in self.options.parameters.required_tags}

    def _together(self, resource: Resource) -> Mapping[str, Any]:
        found = merged(dict(self._inputs.get(resource.urn, {})), dict(resource.props))
        return found if found is not None else resource.props

    def _said(self, findings: Sequence[Finding]) -> list[Said]:
        said: list[Said] = []
        for one in findings:
            if not one.counts:
                continue
            detail = Text(f"{one.detail.ja} ", f"{one.detail.en} ") if one.detail else Text("", "")
            level = level_of(one.rule, self.levels)
            said.append(
                Said(
                    one.rule,
                    "mandatory" if level == "remediate" else level,
                    detail
                    + Text(
                        f"対処: {one.rule.remedy.ja} 例: {one.rule.example}",
                        f"What to do: {one.rule.remedy.en} Example: {one.rule.example}",
                    ),
                    one.urn if "::" in one.urn else "",
                )
            )
        return said

    def _unjudged(self, notes: Sequence[Text], urn: str) -> list[Said]:
        """What could not be judged. A preview tells it; an up stops at it: what is not judged is not made."""
        rule = RULES["STA-005"]
        level = level_of(rule, self.levels)
        if self.preview and level != "disabled":
            level = "advisory"
        return [Said(rule, level, note, urn) for note in notes] if level != "disabled" else []

    def _unknown(self, unsure: Sequence[Unsure]) -> list[Said]:
        """One line on what a preview cannot tell: it is judged again when it is made."""
        if not unsure:
            return []
        rules = ", ".join(sorted({u.rule.id for u in unsure}))
        text = Text(
            f"プレビューではまだ判定できない検査が {len(unsure)} 件あります（{rules}）。up で判定します。",
            f"{len(unsure)} checks cannot be told in a preview yet ({rules}); up judges them.",
        )
        return [Said(RULES["STA-005"], "advisory", text, "")]
