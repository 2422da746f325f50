"""One cloud in motion: create, read, update, delete and invoke, over the store and by the tables.

Nothing here speaks the wire protocol (`server.py` does) or knows a particular cloud (`cloud.Cloud` does).
Every method raises Refusal when the cloud says no; each change is one transaction.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from providers.twin import plausible
from providers.twin.behaviour import GENERIC, Behaviour, Unique
from providers.twin.cloud import Call, Cloud
from providers.twin.faults import Faults
from providers.twin.schema import Catalogue, Schema
from providers.twin.scope import Scope, Session
from providers.twin.seal import seal
from providers.twin.store import Row, Store
from providers.wire import UNKNOWN, Path, Value, has_unknown, pick

DEFAULTS = "__defaults"
"""Where the bridged providers note which inputs they filled in themselves, and so do we."""


ASSUMED = "assumed:"
"""Starts a remark about something taken as delivered by others; without it a remark is an unmodelled
token.
"""


@dataclass(slots=True)
class Outcome:
    """What an operation gives back: the id, what the cloud reports, the inputs it corresponds to, and
    remarks.
    """

    id: str
    state: dict[str, Value]
    inputs: dict[str, Value] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


class World:
    """One cloud over one store."""

    def __init__(self, cloud: Cloud, store: Store, catalogue: Catalogue | None = None) -> None:
        self.cloud = cloud
        self.store = store
        self.faults = Faults(store)
        self.catalogue = catalogue or Catalogue(cloud.package, self._operation, limits=cloud.limits)
        self._seeded: set[str] = set()

    def _operation(self, token: str) -> str:
        found = self.cloud.behaviour(token)
        return found.api if found else ""

    def behaviour(self, token: str) -> Behaviour:
        """The record of a resource type, or the generic one."""
        return self.cloud.behaviour(token) or GENERIC

    def models(self, token: str) -> bool:
        """Whether the type has a record of its own."""
        return self.cloud.behaviour(token) is not None

    def hand_over(self, session: Session) -> None:
        """Fills a unit with what is there at hand-over, the first time it is seen (or seen again after a
        reset).
        """
        if session.unit in self._seeded and self.store.is_seeded(self.cloud.name, session.unit):
            return
        with self.store.change():
            if not self.store.is_seeded(self.cloud.name, session.unit):
                self.cloud.seed(self.store, session)
                self.store.mark_seeded(self.cloud.name, session.unit)
        self._seeded.add(session.unit)

    # What the program's inputs become

    def settle(
        self, token: str, name: str, inputs: dict[str, Value], olds: Mapping[str, Value], seed: bytes
    ) -> dict[str, Value]:
        """`inputs` with the SDK's defaults, and a name made up where none is given; an old made-up name
        stays.
        """
        schema = self.catalogue.resource(token)
        settled = {key: value for key, value in inputs.items() if value is not None and key != DEFAULTS}
        filled: list[str] = []
        for key, value in schema.defaults.items():
            if key not in settled:
                settled[key] = value
                filled.append(key)
        auto = self.behaviour(token).autoname
        wants_name = auto in schema.inputs and auto not in settled and f"{auto}Prefix" not in settled
        if wants_name and schema.inputs[auto].type.kind == "str" and self._names_itself(token, auto):
            old = olds.get(auto) if auto in (olds.get(DEFAULTS) or ()) else None
            # Seven hex digits: pulumi-terraform-bridge, AutoName.
            settled[auto] = old or f"{name}-{(seed.hex() or '0' * 7)[:7]}"
            filled.append(auto)
        settled[DEFAULTS] = sorted(filled)
        return settled

    def _names_itself(self, token: str, auto: str) -> bool:
        output = self.catalogue.resource(token).outputs.get(auto)
        return output is not None and output.always

    # Previews

    def foresee(self, session: Session, token: str, inputs: dict[str, Value]) -> dict[str, Value]:
        """What a create would report, with everything that only the cloud can decide unknown."""
        schema = self.catalogue.resource(token)
        state: dict[str, Value] = {
            key: UNKNOWN for key in schema.computed if key not in inputs or inputs[key] is None
        }
        state |= {key: value for key, value in inputs.items() if key != DEFAULTS and value is not None}
        behaviour = self.behaviour(token)
        for key, value in behaviour.defaults.items():
            if state.get(key, UNKNOWN) is UNKNOWN and key in schema.outputs:
                state[key] = value
        self._tag(schema, session, inputs, state)
        if self.cloud.region in schema.outputs and state.get(self.cloud.region) is UNKNOWN:
            state[self.cloud.region] = session.region
        self.cloud.report(state)
        return state

    def foresee_update(
        self,
        session: Session,
        token: str,
        olds: Mapping[str, Value],
        old_inputs: Mapping[str, Value],
        inputs: dict[str, Value],
    ) -> dict[str, Value]:
        """What an update would report, as far as it can be known."""
        schema = self.catalogue.resource(token)
        state = self._merge(schema, self.behaviour(token), dict(olds), old_inputs, inputs)
        if has_unknown(inputs):
            for key in self.behaviour(token).fresh:
                state[key] = UNKNOWN
        self._tag(schema, session, inputs, state)
        self.cloud.report(state)
        return state

    # Changes

    def create(
        self,
        session: Session,
        token: str,
        name: str,
        inputs: dict[str, Value],
        secrets: frozenset[Path] = frozenset(),
    ) -> Outcome:
        """Makes a resource; Refusal when the cloud would not."""
        behaviour = self.behaviour(token)
        self.hand_over(session)
        remarks = self._remark(token)
        with self.store.change():
            scope = self._scope(session, token, name, inputs, behaviour)
            self._admit(scope, behaviour)
            if behaviour.quota is not None:
                have = self.store.count(scope.cloud, scope.unit, scope.region, token)
                if have >= behaviour.quota.limit:
                    raise scope.refuse(behaviour.quota.answer, str(behaviour.quota.limit))
            scope.rid = self.store.next_number()
            links = self._references(scope, behaviour)
            self._need_zone(scope)
            self._fill(scope, behaviour, session)
            for rule in behaviour.rules:
                rule(scope)
            if not behaviour.put:
                self._claim(scope, behaviour)
            there = self.store.get(scope.cloud, scope.unit, token, scope.id, scope.region)
            if there is not None and behaviour.put:
                self.store.remove(there.rid)
            elif there is not None:
                raise scope.refuse(behaviour.exists, scope.id)
            inputs = _kept(inputs)
            secrets |= {(name_,) for name_ in scope.schema.secret_outputs}
            scope.rid = self.store.add(
                scope.cloud,
                scope.unit,
                scope.region,
                token,
                scope.id,
                self._sealed(scope.state, secrets),
                self._sealed(inputs, secrets),
                name=name,
            )
            self._register(scope, behaviour, links)
            before = dict(scope.state)
            for hook in behaviour.made:
                hook(scope)
            if scope.state != before:
                self.store.rewrite(
                    scope.rid, self._sealed(scope.state, secrets), self._sealed(inputs, secrets)
                )
        return Outcome(scope.id, scope.state, inputs, remarks + scope.diagnostics)

    def update(
        self,
        session: Session,
        token: str,
        name: str,
        id_: str,
        inputs: dict[str, Value],
        secrets: frozenset[Path] = frozenset(),
    ) -> Outcome:
        """Changes a resource in place; Refusal when it is gone or the cloud would not."""
        behaviour = self.behaviour(token)
        with self.store.change():
            scope = self._scope(session, token, name, inputs, behaviour)
            row = self._row(scope, id_)
            if row is None:
                raise scope.refuse(behaviour.missing, id_)
            scope.region, scope.rid, scope.id, scope.old = row.region, row.rid, row.id, row
            self._admit(scope, behaviour)
            links = self._references(scope, behaviour)
            self._need_zone(scope)
            scope.state = self._merge(scope.schema, behaviour, dict(row.state), row.inputs, inputs)
            for key in behaviour.fresh:
                if key in behaviour.computed:
                    scope.state[key] = scope.value(behaviour.computed[key])
            self._tag(scope.schema, session, inputs, scope.state)
            self.cloud.report(scope.state)
            for rule in behaviour.rules:
                rule(scope)
            self._register(scope, behaviour, links)
            for hook in behaviour.changed:
                hook(scope)
            inputs = _kept(inputs)
            secrets |= {(name_,) for name_ in scope.schema.secret_outputs}
            self.store.rewrite(row.rid, self._sealed(scope.state, secrets), self._sealed(inputs, secrets))
        return Outcome(row.id, scope.state, inputs, scope.diagnostics)

    def delete(
        self, session: Session, token: str, name: str, id_: str, state: Mapping[str, Value]
    ) -> Outcome:
        """Removes a resource; done already is done. Refusal while it is protected or in use."""
        behaviour = self.behaviour(token)
        with self.store.change():
            scope = self._scope(session, token, name, dict(state), behaviour)
            row = self._row(scope, id_)
            if row is None or (behaviour.put and row.state.get("arn") != state.get("arn")):
                # Gone already, or overwritten by a newer revision: the old one's end is not the new one's.
                return Outcome(id_, {})
            scope.region, scope.rid, scope.id, scope.old = row.region, row.rid, row.id, row
            # The engine's last state knows flags such as forceDestroy that no cloud keeps.
            scope.inputs, scope.state = row.inputs, row.state
            self._admit(scope, behaviour)
            for guard in behaviour.guards:
                if scope.get(guard.path) in guard.values:
                    raise scope.refuse(guard.answer, row.id)
            for hook in behaviour.gone:
                hook(scope)
            self._unused(scope, row)
            self.store.remove(row.rid)
        return Outcome(id_, {}, {}, scope.diagnostics)

    def _unused(self, scope: Scope, row: Row) -> None:
        """Refusal while something that stays holds the resource, or a part of it that would go with it."""
        family = self.store.family(row.rid)
        going = frozenset(family)
        for rid in family:
            member = self.store.by_number(rid)
            answer = self.behaviour(member.type).in_use if member is not None else None
            if answer is None:
                continue
            for holder in self.store.holders(rid):
                if holder.rid not in going:
                    raise scope.refuse(answer, holder.id)

    def read(
        self,
        session: Session,
        token: str,
        name: str,
        id_: str,
        state: Mapping[str, Value],
        inputs: Mapping[str, Value],
    ) -> Outcome:
        """What the cloud reports for an id now; an empty id when it is gone."""
        behaviour = self.behaviour(token)
        self.hand_over(session)
        scope = self._scope(session, token, name, {**state, **inputs}, behaviour)
        self._admit(scope, behaviour)
        row = self._row(scope, id_)
        if row is None:
            return Outcome("", {})
        scope.region, scope.rid, scope.id, scope.old = row.region, row.rid, row.id, row
        scope.state = row.state
        for hook in behaviour.reading:
            hook(scope)
        known = row.inputs or {key: value for key, value in row.state.items() if key in scope.schema.inputs}
        return Outcome(row.id, scope.state, dict(known))

    def invoke(self, session: Session, token: str, arguments: dict[str, Value]) -> dict[str, Value] | None:
        """The answer to a function, or None when the twin does not model it."""
        answer = self.cloud.functions(token)
        if answer is None:
            self.store.note_unmodelled(token)
            return None
        self.hand_over(session)
        region = str(arguments.get(self.cloud.region) or session.region)
        self.cloud.admit(session, region, token.split(":")[1].split("/")[0])
        found = answer(Call(self.store, session, region, arguments))
        schema = self.catalogue.function(token)
        result = {**arguments, **{key: value for key, value in found.items() if key in schema.outputs}}
        for key, output in schema.outputs.items():
            if result.get(key) is None and output.always:
                result[key] = region if key == self.cloud.region else plausible.empty(output.type)
        return result

    # Parts

    def _sealed(self, properties: dict[str, Value], secrets: frozenset[Path]) -> dict[str, Value]:
        return seal(properties, secrets, self.store.key) if secrets else properties

    def _scope(
        self, session: Session, token: str, name: str, inputs: dict[str, Value], behaviour: Behaviour
    ) -> Scope:
        region = self.cloud.home(session, behaviour, inputs)
        return Scope(
            self.store,
            session,
            self.cloud.name,
            region,
            token,
            name,
            self.catalogue.resource(token),
            inputs,
            lost=self.faults.lost,
        )

    def _admit(self, scope: Scope, behaviour: Behaviour) -> None:
        self.cloud.admit(scope.session, scope.region, behaviour.api)
        if scope.region in self.faults.lost("region"):
            raise scope.refuse(self.cloud.region_lost, scope.region)

    def _need_zone(self, scope: Scope) -> None:
        """Refuses what would have to start in a zone that is out of order."""
        lost = self.faults.lost("zone")
        if lost:
            named = [scope.inputs.get(self.cloud.zone)]
            named += [row.state.get(self.cloud.zone) for row in scope.targets.values()]
            zones = {zone for one in named for zone in (one if isinstance(one, list) else [one])}
            for zone in sorted(str(zone) for zone in zones & lost):
                raise scope.refuse(self.cloud.zone_lost, zone)

    def _remark(self, token: str) -> list[str]:
        if not self.models(token) and self.store.note_unmodelled(token):
            return [token]
        return []

    def _row(self, scope: Scope, id_: str) -> Row | None:
        where = None if self.cloud.whole_ids else scope.region
        row = self.store.get(scope.cloud, scope.unit, scope.type, id_, where)
        if row is None:
            # Imports name things by ARN or name as well as by id.
            row = next(
                (
                    found
                    for found in self.store.with_value(scope.cloud, id_, scope.unit)
                    if found.type == scope.type and found.region in (scope.region, "global")
                ),
                None,
            )
        return row

    def _references(self, scope: Scope, behaviour: Behaviour) -> dict[tuple[int, str], int]:
        links: dict[tuple[int, str], int] = {}
        for ref in behaviour.refs:
            for at, value in pick(scope.inputs, ref.path):
                if value in ("", UNKNOWN):
                    continue
                wanted = scope.fill(ref.form, {"value": str(value)}) if ref.form else str(value)
                row = self._resolve(scope, ref.kinds, wanted, ref.anywhere)
                if row is None:
                    row = self._deliver(scope, ref.kinds, wanted)
                if row is None:
                    if self.cloud.foreign(wanted, scope.unit):
                        continue
                    raise scope.refuse(ref.missing or self.behaviour(ref.kinds[0]).missing, value)
                scope.targets[at] = row
                links[(row.rid, at)] = ref.mode
        return links

    def _resolve(self, scope: Scope, kinds: tuple[str, ...], value: str, anywhere: bool) -> Row | None:
        anywhere = anywhere or self.cloud.whole_ids
        for row in self.store.with_value(scope.cloud, value, scope.unit):
            if row.type in kinds and (anywhere or row.region in (scope.region, "global")):
                return row
        return None

    def _deliver(self, scope: Scope, kinds: tuple[str, ...], value: str) -> Row | None:
        """Takes a well-formed id of what others deliver (a circuit, a hub's gateway) as delivered."""
        for kind in kinds:
            behaviour = self.behaviour(kind)
            if behaviour.outside and re.fullmatch(behaviour.outside, value):
                other = self._scope(scope.session, kind, "", {}, behaviour)
                other.region, other.id = scope.region, value
                other.rid = self.store.next_number()
                state = {key: other.value(maker) for key, maker in behaviour.arrival.items()}
                rid = other.make(kind, value, state, owned=False)
                scope.rid = self.store.next_number()
                scope.diagnostics.append(f"{ASSUMED}{kind} {value}")
                return self.store.by_number(rid)
        return None

    def _fill(self, scope: Scope, behaviour: Behaviour, session: Session) -> None:
        """Builds the state: inputs, what the cloud takes by default, and what it decides."""
        schema = scope.schema
        state = scope.state
        state.update(
            {key: value for key, value in scope.inputs.items() if key != DEFAULTS and value is not None}
        )
        for key, value in behaviour.defaults.items():
            state.setdefault(key, value)
        if self.cloud.region in schema.outputs:
            state[self.cloud.region] = session.region if scope.region == "global" else scope.region
        service = behaviour.service or scope.type.split(":")[1].split("/")[0]
        has_arn = bool(behaviour.arn) and "arn" in schema.outputs
        if has_arn and not (isinstance(behaviour.arn, str) and "{id}" in behaviour.arn):
            state["arn"] = scope.value(behaviour.arn)  # some ids are ARNs
        scope.id = str(scope.value(behaviour.id))
        if has_arn and "arn" not in state:
            state["arn"] = scope.value(behaviour.arn)
        for key, maker in behaviour.computed.items():
            if key not in state:
                value = scope.value(maker)
                if value is not None:
                    state[key] = value
        self._tag(schema, session, scope.inputs, state)
        self.cloud.report(state)
        for key in schema.computed:
            if key not in state:
                value = plausible.value(scope, key, schema.outputs[key].type, service)
                if value is not None:
                    state[key] = value

    def _merge(
        self,
        schema: Schema,
        behaviour: Behaviour,
        state: dict[str, Value],
        old_inputs: Mapping[str, Value],
        inputs: Mapping[str, Value],
    ) -> dict[str, Value]:
        """`state` after `old_inputs` became `inputs`: what is no longer asked for goes, unless the cloud
        keeps it.
        """
        for key in old_inputs:
            if inputs.get(key) is None and key not in schema.computed:
                state.pop(key, None)
        state.update({key: value for key, value in inputs.items() if key != DEFAULTS and value is not None})
        for key, value in behaviour.defaults.items():
            state.setdefault(key, value)
        return state

    def _tag(
        self, schema: Schema, session: Session, inputs: Mapping[str, Value], state: dict[str, Value]
    ) -> None:
        own, merged = self.cloud.tags
        if merged in schema.outputs:
            tags = inputs.get(own)
            state[merged] = UNKNOWN if tags is UNKNOWN else {**session.default_tags, **(tags or {})}

    def merged_tags(
        self, session: Session, token: str, inputs: Mapping[str, Value], state: Mapping[str, Value]
    ) -> tuple[dict[str, Value], dict[str, Value]]:
        """The tags that a resource has, and those that it should have, the provider's default ones among
        them; both empty where they cannot differ. The real providers plan a change of the default tags as
        an update of every resource that carries them.
        """
        _, merged = self.cloud.tags
        if merged not in state:
            return {}, {}
        wanted: dict[str, Value] = {}
        self._tag(self.catalogue.resource(token), session, inputs, wanted)
        return {merged: state[merged]}, wanted

    def _register(self, scope: Scope, behaviour: Behaviour, links: dict[tuple[int, str], int]) -> None:
        store = self.store
        store.set_links(scope.rid, links)
        handles = {scope.fill(template) for template in behaviour.handles}
        if "arn" in scope.state:
            handles.add(str(scope.state["arn"]))
        store.set_handles(scope.rid, handles - {"", scope.id})
        store.drop_claims(scope.rid)
        self._claim(scope, behaviour)

    def _claim(self, scope: Scope, behaviour: Behaviour) -> None:
        """Takes the names that only one resource may have."""
        store = self.store
        for unique in behaviour.unique:
            value = scope.fill(unique.value)
            if not value:
                continue
            holder = store.claim(self._claim_scope(scope, unique), value, scope.rid)
            if holder == scope.rid:
                continue
            row = store.by_number(holder) if holder > 0 else None
            answer = unique.answer
            if row is None and unique.lingers is not None:
                answer = unique.lingers
            elif row is not None and row.unit != scope.unit and unique.theirs is not None:
                answer = unique.theirs
            raise scope.refuse(answer, value)

    def _claim_scope(self, scope: Scope, unique: Unique) -> str:
        where = "" if unique.across else f"{scope.unit}/{scope.region}/"
        return f"{scope.cloud}/{where}{scope.fill(unique.scope)}"


def _kept(inputs: dict[str, Value]) -> dict[str, Value]:
    return {key: value for key, value in inputs.items() if value is not None}


__all__ = ["ASSUMED", "DEFAULTS", "Outcome", "World"]
