"""The closed connection: own circuits or a hub, never both."""

from __future__ import annotations

from collections.abc import Iterator

from stacks.manifest import CloudUnit, Lgwan
from stacks.problems import Path, Problem
from stacks.registry.clouds import CLOUDS, CloudName, IdForm
from stacks.rules.context import Context, region_of, rule
from stacks.rules.units import form_problems
from stacks.text import Text

LEAST_CIRCUITS = 2
"""Circuits of a production tenant: one may fail (DESIGN §4: dedicated circuits × 2)."""


@rule()
def fields(context: Context) -> Iterator[Problem]:
    """Each mode has its own fields and none of the other's."""
    for name, unit in context.tenant.clouds.items():
        lgwan = unit.lgwan
        others = {"own": ("gateway",), "hub": ("circuits", "asn")}[lgwan.mode]
        for field in others:
            if field in lgwan.model_fields_set and getattr(lgwan, field):
                right = "hub" if lgwan.mode == "own" else "own"
                yield Problem(
                    "lgwan-mode",
                    ("clouds", name, "lgwan", field),
                    Text(
                        f"「{field}」は mode: {right} の項目です(現在は {lgwan.mode})。",
                        f"`{field}` belongs to `mode: {right}`; this is {lgwan.mode}.",
                    ),
                    Text(
                        f"「{field}」を削除するか、mode を {right} にしてください。",
                        f"Delete `{field}`, or make `mode` {right}.",
                    ),
                    found=lgwan.mode,
                    allowed=(f"mode: {right}",),
                )
        if lgwan.mode == "hub":
            cloud = CLOUDS[name]
            form = IdForm(cloud.gateway, cloud.gateway_title, cloud.gateway_example)
            yield from form_problems(("clouds", name, "lgwan", "gateway"), lgwan.gateway, form)


@rule("environment")
def circuits(context: Context) -> Iterator[Problem]:
    """Own circuits: enough of them, in different places, each told from the other."""
    for name, unit in context.tenant.clouds.items():
        if unit.lgwan.mode != "own":
            continue
        base = ("clouds", name, "lgwan", "circuits")
        yield from _enough(base, unit.lgwan, production=context.tenant.environment == "production")
        yield from _distinct(base, name, unit)


def _enough(base: Path, lgwan: Lgwan, *, production: bool) -> Iterator[Problem]:
    least = LEAST_CIRCUITS if production else 1
    count = len(lgwan.circuits)
    environment = Text("本番", "production") if production else Text("検証", "verification")
    # Without any circuit there is no line of `circuits` to point at.
    path = base if count else base[:-1]
    if count < least:
        yield Problem(
            "too-few-circuits",
            path,
            Text(
                f"専用線(circuits)が{count}本です。{environment.ja}には{least}本以上が必要です。",
                f"There {'is' if count == 1 else 'are'} {count} of `circuits`; "
                f"{environment.en} needs {least} or more.",
            ),
            Text(
                "発注中の回線も id を省いて書けます。ハブにつなぐなら mode: hub にしてください。",
                "A circuit on order counts: leave its `id` out. To use a hub, make `mode` hub.",
            ),
            found=str(count),
            allowed=(Text(f"{least}本以上", f"{least} or more"),),
        )
    elif production and len({c.location for c in lgwan.circuits.values()}) < LEAST_CIRCUITS:
        location = next(iter(lgwan.circuits.values())).location
        yield Problem(
            "one-location",
            path,
            Text(
                f"専用線がすべて同じ接続拠点({location})です。本番では異なる2拠点が必要です。",
                f"All circuits enter at {location}; production needs two locations.",
            ),
            Text(
                "少なくとも1本を別の拠点(location)にしてください。", "Put at least one at another `location`."
            ),
            found=location,
            allowed=(Text("異なる2拠点以上", "two locations or more"),),
        )


def _distinct(base: Path, name: CloudName, unit: CloudUnit) -> Iterator[Problem]:
    lgwan, region = unit.lgwan, region_of(name, unit)
    form, place = CLOUDS[name].ids.get("circuit"), CLOUDS[name].ids.get("location")
    ids: dict[str, str] = {}
    lines: dict[tuple[str, int], str] = {}
    for key, circuit in lgwan.circuits.items():
        if place and region:
            yield from form_problems(
                (*base, key, "location"), circuit.location, place.in_unit(unit.unit, region.name)
            )
        if form and region:
            yield from form_problems((*base, key, "id"), circuit.id, form.in_unit(unit.unit, region.name))
        if circuit.asn == lgwan.asn:
            yield Problem(
                "same-asn",
                (*base, key, "asn"),
                Text(
                    f"庁内側のAS番号がクラウド側(asn: {lgwan.asn})と同じです。",
                    f"The on-premises AS number is that of the cloud side ({lgwan.asn}).",
                ),
                Text("eBGPのため、どちらかを別の番号にしてください。", "Change one of them: BGP needs two."),
                found=str(circuit.asn),
                allowed=(Text(f"{lgwan.asn} 以外", f"any but {lgwan.asn}"),),
                nearest=str(circuit.asn + 1 if circuit.asn not in (65534, 4294967294) else circuit.asn - 1),
            )
        if circuit.id is not None and (first := ids.setdefault(circuit.id, key)) != key:
            yield _twice((*base, key, "id"), circuit.id, first, Text("回線のID", "circuit id"))
        line = (circuit.location, circuit.vlan)
        if (first := lines.setdefault(line, key)) != key:
            yield _twice(
                (*base, key, "vlan"), str(circuit.vlan), first, Text("同じ拠点のVLAN", "VLAN at one location")
            )


def _twice(path: Path, found: str, first: str, what: Text) -> Problem:
    return Problem(
        "circuit-twice",
        path,
        Text(
            f"{what.ja}「{found}」は回線「{first}」と同じです。",
            f"The {what.en} `{found}` is that of circuit `{first}`.",
        ),
        Text("回線ごとに別の値にしてください。", "Give each circuit its own."),
        found=found,
        allowed=(Text("回線ごとに異なる値", "a different value for each circuit"),),
    )


RULES = (fields, circuits)
