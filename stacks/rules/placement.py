"""Packages and businesses: each of the 20 placed exactly once, on a cloud that can run it."""

from __future__ import annotations

from collections.abc import Iterator

from stacks.manifest import Package
from stacks.problems import Path, Problem, path_text, unknown
from stacks.registry.catalogue import Entry
from stacks.registry.clouds import CLOUDS, CloudName, IdKind
from stacks.rules.context import Context, region_of, rule
from stacks.rules.units import form_problems
from stacks.text import Text

ENGINE_TITLES = {"postgresql": "PostgreSQL", "mysql": "MySQL", "oracle": "Oracle Database"}
WORKLOAD_TITLES = {"container": Text("コンテナ", "containers"), "server": Text("サーバー", "servers")}


def _entries(context: Context) -> Iterator[tuple[str, Package, Entry]]:
    """The packages whose catalogue entry exists."""
    for key, package in context.tenant.packages.items():
        if (entry := context.registry.catalogue.get(package.catalogue)) is not None:
            yield key, package, entry


@rule()
def entries(context: Context) -> Iterator[Problem]:
    """Each package names an entry that exists and businesses that the entry serves."""
    businesses = context.registry.businesses
    for key, package in context.tenant.packages.items():
        entry = context.registry.catalogue.get(package.catalogue)
        if entry is None:
            what = Text("カタログの製品", "catalogue entry")
            yield unknown(
                "unknown-package",
                ("packages", key, "catalogue"),
                package.catalogue,
                context.registry.catalogue,
                what,
            )
        for number, business in enumerate(package.businesses or ()):
            path = ("packages", key, "businesses", number)
            if business not in businesses:
                yield unknown("unknown-business", path, business, businesses, Text("業務", "business"))
            elif entry is not None and business not in entry.businesses:
                yield _not_served(path, business, entry, context)


def _not_served(path: Path, business: str, entry: Entry, context: Context) -> Problem:
    title = context.registry.businesses[business].name
    who = [e.id for e in context.registry.catalogue.values() if business in e.businesses]
    offers = Text(
        f"この業務を扱う製品: {', '.join(who)}。" if who else "この業務を扱う製品はカタログにありません。",
        f"Entries that serve it: {', '.join(who)}." if who else "No entry in the catalogue serves it.",
    )
    return Problem(
        "not-served",
        path,
        Text(
            f"製品「{entry.id}」は業務「{business}」({title.ja})を扱いません。",
            f"The entry `{entry.id}` does not serve `{business}` ({title.en}).",
        ),
        Text("この業務を別のパッケージに移してください。", "Move the business to another package. ") + offers,
        found=business,
        allowed=entry.businesses,
    )


@rule("packages", "on_premises")
def placed(context: Context) -> Iterator[Problem]:
    """Each of the 20 businesses is placed exactly once: in a package, or on premises."""
    tenant, businesses = context.tenant, context.registry.businesses
    first: dict[str, Path] = {}
    whole = True
    for path, business in _placements(context):
        if business not in businesses:
            continue
        if (earlier := first.setdefault(business, path)) != path:
            yield _twice(path, business, earlier, context)
    for number, business in enumerate(tenant.on_premises):
        if business not in businesses:
            yield unknown(
                "unknown-business", ("on_premises", number), business, businesses, Text("業務", "business")
            )
            whole = False
    whole = whole and all(p.catalogue in context.registry.catalogue for p in tenant.packages.values())
    whole = whole and all(b in businesses for _, b in _placements(context))
    missing = [b for b in businesses if b not in first]
    # Where something is misspelt, what it meant would be reported as missing too: say that first.
    if missing and whole:
        yield _nowhere(missing, context)


def _placements(context: Context) -> Iterator[tuple[Path, str]]:
    for key, package, entry in _entries(context):
        for number, business in enumerate(package.businesses or entry.businesses):
            listed = package.businesses is not None
            yield (
                (
                    ("packages", key, "businesses", number)
                    if listed
                    else ("packages", key, "catalogue", business)
                ),
                business,
            )
    for number, business in enumerate(context.tenant.on_premises):
        yield ("on_premises", number), business


def _twice(path: Path, business: str, earlier: Path, context: Context) -> Problem:
    def shown(place: Path) -> Path:
        return place[:3] if len(place) == 4 and place[2] == "catalogue" else place

    title = context.registry.businesses[business].name
    where = path_text(shown(earlier))
    return Problem(
        "placed-twice",
        shown(path),
        Text(
            f"業務「{business}」({title.ja})が2回割り当てられています(最初は {where})。",
            f"The business `{business}` ({title.en}) is placed twice, first in {where}.",
        ),
        Text(
            "片方から外してください。パッケージの businesses で担当する業務を絞れます。",
            "Take it out of one of them: `businesses` of a package says which it serves.",
        ),
        found=business,
        allowed=(Text("ちょうど1か所", "exactly one place"),),
    )


def _nowhere(missing: list[str], context: Context) -> Problem:
    names = [context.registry.businesses[b].name for b in missing]
    return Problem(
        "placed-nowhere",
        ("packages",),
        Text(
            f"{len(missing)}業務がどこにも割り当てられていません: {'、'.join(n.ja for n in names)}。",
            f"{len(missing)} of the 20 businesses {'is' if len(missing) == 1 else 'are'} placed nowhere: "
            f"{', '.join(n.en for n in names)}.",
        ),
        Text(
            "パッケージに割り当てるか、庁内に残すものを on_premises に書いてください。",
            "Place them in a package, or list what stays outside under `on_premises`.",
        ),
        found=", ".join(missing),
        allowed=(Text("パッケージ、または on_premises", "a package, or `on_premises`"),),
    )


@rule("clouds")
def capable(context: Context) -> Iterator[Problem]:
    """Each package's cloud is one of the tenant's, and can run what the entry needs."""
    clouds = context.tenant.clouds
    for key, package in context.tenant.packages.items():
        if package.cloud not in clouds:
            yield Problem(
                "cloud-not-given",
                ("packages", key, "cloud"),
                Text(
                    f"「{package.cloud}」のユニットが clouds にありません。",
                    f"There is no unit of `{package.cloud}` under `clouds`.",
                ),
                Text(
                    "clouds に加えるか、別のクラウドにしてください。",
                    "Add it to `clouds`, or name another cloud.",
                ),
                found=package.cloud,
                allowed=tuple(clouds),
                nearest=next(iter(clouds), None),
            )
    for key, package, entry in _entries(context):
        cloud = CLOUDS[package.cloud]
        if entry.database and entry.database.engine not in cloud.engines:
            engine = entry.database.engine
            having: list[CloudName] = [c.name for c in CLOUDS.values() if engine in c.engines]
            title = ENGINE_TITLES[engine]
            yield _lacking(
                key, package, entry, having, Text(f"{title}のマネージドサービス", f"managed {title}")
            )
        if entry.delivery == "asp" and not cloud.asp:
            having = [c.name for c in CLOUDS.values() if c.asp]
            yield _lacking(
                key,
                package,
                entry,
                having,
                Text("ベンダー側へのプライベート接続", "a private endpoint of a vendor's service"),
            )
        for kind in sorted({w.kind for w in entry.workloads.values()} - cloud.workloads):
            having = [c.name for c in CLOUDS.values() if kind in c.workloads]
            yield _lacking(key, package, entry, having, WORKLOAD_TITLES[kind])


def _lacking(key: str, package: Package, entry: Entry, having: list[CloudName], what: Text) -> Problem:
    cloud = CLOUDS[package.cloud]
    names = Text("、".join(CLOUDS[c].title.ja for c in having), ", ".join(CLOUDS[c].title.en for c in having))
    return Problem(
        "cloud-lacks",
        ("packages", key, "cloud"),
        Text(
            f"製品「{entry.id}」に必要な{what.ja}が{cloud.title.ja}にはありません。",
            f"The entry `{entry.id}` needs {what.en}, which {cloud.title.en} does not have.",
        ),
        Text(
            f"{names.ja} のいずれかに置くか、別の製品を選んでください。",
            f"Put it on {names.en}, or choose another entry.",
        ),
        found=package.cloud,
        allowed=tuple(having),
        nearest=having[0] if having else None,
    )


@rule("environment")
def fitting(context: Context) -> Iterator[Problem]:
    """A package has only fields that mean something for its entry and environment."""
    production = context.tenant.environment == "production"
    for key, package, entry in _entries(context):
        if entry.delivery == "hosted" and package.endpoint is not None:
            yield _meaningless(key, "endpoint", Text("delivery: asp の製品", "entries with `delivery: asp`"))
        for field in ("certificate", "size", "schedule"):
            if entry.delivery == "asp" and getattr(package, field) is not None:
                yield _meaningless(
                    key, field, Text("delivery: hosted の製品", "entries with `delivery: hosted`")
                )
        if production and entry.delivery == "hosted" and package.schedule is not None:
            yield _meaningless(
                key, "schedule", Text("environment: verification", "`environment: verification`")
            )
        hours = package.schedule
        if hours is not None and hours.start >= hours.stop:
            yield Problem(
                "schedule-order",
                ("packages", key, "schedule", "stop"),
                Text(
                    f"停止時刻{hours.stop}が開始時刻{hours.start}より後ではありません。",
                    f"It stops at {hours.stop}, which is not after its start at {hours.start}.",
                ),
                Text(
                    "同じ日のうちに start より後の時刻にしてください。",
                    "Stop later than `start`, on the same day.",
                ),
                found=hours.stop,
                allowed=(Text(f"{hours.start} より後", f"after {hours.start}"),),
            )


def _meaningless(key: str, field: str, where: Text) -> Problem:
    return Problem(
        "no-effect",
        ("packages", key, field),
        Text(f"ここでは「{field}」に意味がありません。", f"`{field}` has no meaning here."),
        Text(f"「{field}」を削除してください。", f"Delete `{field}`."),
        allowed=(where,),
    )


@rule("clouds", "packages")
def identifiers(context: Context) -> Iterator[Problem]:
    """Endpoints and certificates have their cloud's form."""
    for key, package in context.tenant.packages.items():
        unit = context.tenant.clouds.get(package.cloud)
        region = region_of(package.cloud, unit) if unit else None
        if unit is None or region is None:
            continue
        given: dict[IdKind, str | None] = {"endpoint": package.endpoint, "certificate": package.certificate}
        for field, value in given.items():
            form = CLOUDS[package.cloud].ids.get(field)
            filled = form.in_unit(unit.unit, region.name) if form else None
            yield from form_problems(("packages", key, field), value, filled)


@rule("packages")
def keys(context: Context) -> Iterator[Problem]:
    """No two packages make one resource name, as `a` with a part `b-c` and `a-b` with a part `c` would."""
    taken: dict[str, str] = {}
    for key, _, entry in _entries(context):
        parts = {"", "entry", "app", "data", "files", "queue", *entry.workloads}
        for made in sorted(f"{key}-{part}".rstrip("-") for part in parts):
            first = taken.setdefault(made, key)
            if first != key:
                yield Problem(
                    "name-clash",
                    ("packages", key),
                    Text(
                        f"パッケージ「{key}」と「{first}」から同じ名前「{made}」ができます。",
                        f"Packages `{key}` and `{first}` would both make the name `{made}`.",
                    ),
                    Text("片方の名前を変えてください。", "Rename one of them."),
                    found=key,
                    allowed=(
                        Text(f"「{first}-」で始まらない名前", f"a name that does not start with `{first}-`"),
                    ),
                )
                break


RULES = (entries, placed, capable, fitting, identifiers, keys)
