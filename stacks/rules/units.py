"""The units that were handed over: their ids, regions, zones, and what is adopted in them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stacks.manifest import Adoption, CloudUnit
from stacks.problems import Path, Problem, nearest, unknown
from stacks.registry.clouds import CLOUDS, Cloud, CloudName, Currency, IdForm, IdKind
from stacks.rules.context import Context, region_of, rule
from stacks.text import Text


@rule()
def units(context: Context) -> Iterator[Problem]:
    """Each unit's id has its cloud's form."""
    for name, unit in context.tenant.clouds.items():
        cloud = CLOUDS[name]
        form = IdForm(cloud.unit, cloud.unit_title, cloud.unit_example)
        yield from form_problems(("clouds", name, "unit"), unit.unit, form)


@rule()
def ready(context: Context) -> Iterator[Problem]:
    """Each cloud is one that this version can build on."""
    built = tuple(name for name, cloud in CLOUDS.items() if cloud.ready)
    for name in context.tenant.clouds:
        cloud = CLOUDS[name]
        if not cloud.ready:
            yield Problem(
                "cloud-not-ready",
                ("clouds", name),
                Text(
                    f"この版ではまだ{cloud.title.ja}に構築できません。",
                    f"This version cannot build on {cloud.title.en} yet.",
                ),
                Text("対応済みのクラウドを使ってください。", "Use a cloud that is ready."),
                found=name,
                allowed=built,
                nearest=built[0],
            )


def form_problems(path: Path, value: str | None, form: IdForm | None) -> Iterator[Problem]:
    """That `value` has not the form it should have. Nothing where either is absent."""
    if value is None or form is None or re.fullmatch(form.pattern, value, re.ASCII):
        return
    trimmed = re.sub(r"[\s-]", "", value)
    yield Problem(
        "wrong-id",
        path,
        Text(f"「{value}」は{form.title.ja}の形ではありません。", f"`{value}` is not the {form.title.en}."),
        Text(
            f"払い出された値をそのまま書いてください(例: {form.example})。",
            f"Write it as it was handed over, like {form.example}.",
        ),
        found=value,
        allowed=(form.title,),
        nearest=trimmed if re.fullmatch(form.pattern, trimmed, re.ASCII) else None,
    )


@rule()
def regions(context: Context) -> Iterator[Problem]:
    """Regions and zones are domestic, and there are enough of them."""
    for name, unit in context.tenant.clouds.items():
        cloud = CLOUDS[name]
        region = region_of(name, unit)
        if region is None:
            yield _foreign(name, cloud, unit)
            continue
        for number, zone in enumerate(unit.zones or ()):
            path = ("clouds", name, "zones", number)
            if zone not in region.zones:
                yield unknown(
                    "unknown-zone",
                    path,
                    zone,
                    region.zones,
                    Text(f"{region.name}のゾーン", f"zone of {region.name}"),
                )
            elif unit.zones and zone in unit.zones[:number]:
                yield Problem(
                    "zone-twice",
                    path,
                    Text(f"ゾーン「{zone}」が2回あります。", f"The zone `{zone}` is there twice."),
                    Text("片方を削除するか、別のゾーンにしてください。", "Delete one, or name another zone."),
                    found=zone,
                    allowed=region.zones,
                )
        if unit.zones is not None and len(unit.zones) < cloud.least_zones:
            yield Problem(
                "too-few-zones",
                ("clouds", name, "zones"),
                Text(
                    f"{cloud.title.ja}では{cloud.least_zones}つ以上のゾーンが必要です"
                    "(負荷分散とデータベースのため)。",
                    f"{cloud.title.en} wants {cloud.least_zones} zones or more, for load balancing and "
                    "databases.",
                ),
                Text("ゾーンを加えるか、zones を省いてください。", "Add a zone, or leave `zones` out."),
                found=", ".join(unit.zones),
                allowed=region.zones,
            )


def _foreign(name: CloudName, cloud: Cloud, unit: CloudUnit) -> Problem:
    domestic, found = tuple(cloud.regions), unit.region or ""
    return Problem(
        "region-not-domestic",
        ("clouds", name, "region"),
        Text(
            f"「{found}」は{cloud.title.ja}の国内リージョンではありません。",
            f"`{found}` is not a region of {cloud.title.en} in Japan.",
        ),
        Text("国内リージョンのいずれかにしてください。", "Use one of the domestic regions."),
        found=found,
        allowed=domestic,
        nearest=nearest(found, domestic) or domestic[0],
    )


@rule("clouds")
def identifiers(context: Context) -> Iterator[Problem]:
    """Ids of images and authorities have their cloud's form."""
    for name, unit in context.tenant.clouds.items():
        region = region_of(name, unit)
        if region is None:
            continue
        given: dict[IdKind, str | None] = {
            "server_image": unit.server_image,
            "certificate_authority": unit.certificate_authority,
        }
        for field, value in given.items():
            if value is not None and field in CLOUDS[name].without:
                yield _lacking(("clouds", name, field), CLOUDS[name], field)
            form = CLOUDS[name].ids.get(field)
            filled = form.in_unit(unit.unit, region.name) if form else None
            yield from form_problems(("clouds", name, field), value, filled)


def _lacking(path: Path, cloud: Cloud, field: IdKind) -> Problem:
    return Problem(
        "no-effect",
        path,
        Text(
            f"{cloud.title.ja}では「{field}」に意味がありません。",
            f"`{field}` has no meaning on {cloud.title.en}.",
        ),
        Text(f"「{field}」を削除してください。", f"Delete `{field}`."),
        allowed=tuple(c.title for c in CLOUDS.values() if field not in c.without),
    )


@rule("clouds")
def budgets(context: Context) -> Iterator[Problem]:
    """A unit's budget is said once, in a currency that its cloud counts in."""
    for name, unit in context.tenant.clouds.items():
        said: dict[Currency, int | None] = {"USD": unit.budget_usd, "JPY": unit.budget_jpy}
        given, cloud = {c: amount for c, amount in said.items() if amount is not None}, CLOUDS[name]
        takes = tuple(f"budget_{currency.lower()}" for currency in cloud.currencies)
        for currency, amount in given.items():
            if currency not in cloud.currencies or (len(given) > 1 and currency != cloud.currencies[0]):
                yield Problem(
                    "budget-currency",
                    ("clouds", name, f"budget_{currency.lower()}"),
                    Text(
                        f"{cloud.title.ja}の予算は、請求に使う通貨1つで書きます。",
                        f"A budget on {cloud.title.en} is said once, in the currency of the unit's bill.",
                    ),
                    Text(f"{'または'.join(takes)}で書いてください。", f"Use {' or '.join(takes)}."),
                    found=str(amount),
                    allowed=takes,
                )


@rule("clouds")
def adoption(context: Context) -> Iterator[Problem]:
    """Adopted parts are given only ids that the cloud's components look for."""
    for name, unit in context.tenant.clouds.items():
        region = region_of(name, unit)
        for part, how in unit.baseline.items():
            if not isinstance(how, Adoption) or region is None:
                continue
            known = CLOUDS[name].adoptable.get(part, {})
            for key, value in how.adopt.items():
                path = ("clouds", name, "baseline", part, "adopt", key)
                if key not in known:
                    what = Text(f"「{part}」で引き継ぐID", f"id to adopt for `{part}`")
                    yield unknown("unknown-adoption", path, key, known, what)
                else:
                    yield from form_problems(path, value, known[key].in_unit(unit.unit, region.name))


RULES = (units, ready, regions, identifiers, budgets, adoption)
