"""Private lines between two clouds of one tenant: which can be, with what ends, and who calls over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stacks.joining import INTERCONNECT, clouds_of
from stacks.manifest import Join, Tenant
from stacks.problems import Path, Problem, nearest
from stacks.registry.clouds import CLOUDS, CloudName
from stacks.rules.context import Context, region_of, rule
from stacks.rules.units import form_problems
from stacks.text import Text

PAIRS: Mapping[str, str] = {"japaneast": "ap-tokyo-1"}
"""Where Oracle Interconnect for Azure is in Japan: Tokyo only (Oracle's documentation, "Availability")."""


@rule("joins", "clouds", "isolation")
def ends(context: Context) -> Iterator[Problem]:
    """A line joins two clouds of the tenant that can be joined so, each with circuits of its own."""
    for key, join in context.tenant.joins.items():
        base: Path = ("joins", key)
        if join.provider == "oracle-azure":
            yield from _interconnect(context.tenant, base, join)
        else:
            yield from _exchange(context.tenant, base, join)
        if context.tenant.isolation == "network":
            yield Problem(
                "join-isolated",
                base,
                Text(
                    "ネットワーク分離の共同利用では、クラウド間の接続を使えません。",
                    "A shared tenant with network isolation cannot join its clouds.",
                ),
                Text(
                    "構成団体のネットワークが一本の回線で出会うためです。接続を削除してください。",
                    "Its members' networks would meet on one line. Delete the join.",
                ),
                found="network",
                allowed=("account", "application"),
            )


def _interconnect(tenant: Tenant, base: Path, join: Join) -> Iterator[Problem]:
    if join.ends:
        yield Problem(
            "join-ends",
            (*base, "ends"),
            Text(
                "provider: oracle-azure には事業者の回線(ends)がありません。",
                "`provider: oracle-azure` has no carrier's circuits (`ends`).",
            ),
            Text(
                "ends を削除するか、provider を exchange にしてください。",
                "Delete `ends`, or make `provider` exchange.",
            ),
            found=", ".join(join.ends),
            allowed=("provider: exchange",),
        )
    yield from _both(tenant, base, join)
    azure, oci = (tenant.clouds.get(cloud) for cloud in INTERCONNECT)
    if azure is None or oci is None:
        return
    near, far = region_of("azure", azure), region_of("oci", oci)
    if near and far and PAIRS.get(near.name) != far.name:
        yield Problem(
            "join-region",
            base,
            Text(
                f"{near.name} と {far.name} の間に Oracle Interconnect for Azure はありません。",
                f"There is no Oracle Interconnect for Azure between {near.name} and {far.name}.",
            ),
            Text(
                "東京どうしにするか、provider を exchange にしてください。",
                "Use Tokyo on both sides, or an exchange provider.",
            ),
            found=f"{near.name}, {far.name}",
            allowed=tuple(f"{a}, {o}" for a, o in PAIRS.items()),
        )


def _exchange(tenant: Tenant, base: Path, join: Join) -> Iterator[Problem]:
    if len(join.ends) != 2:
        yield Problem(
            "join-ends",
            base,
            Text(
                f"接続の両端(ends)が{len(join.ends)}つです。ちょうど2つのクラウドを書いてください。",
                f"The join has {len(join.ends)} `ends`; it needs one on each of two clouds.",
            ),
            Text(
                "発注中の回線も id を省いて書けます。",
                "A circuit on order counts: leave its `id` out.",
            ),
            found=str(len(join.ends)),
            allowed=("2",),
        )
        return
    yield from _both(tenant, base, join)
    for cloud, end in join.ends.items():
        unit, path = tenant.clouds.get(cloud), (*base, "ends", cloud)
        region = region_of(cloud, unit) if unit else None
        if unit is None or region is None:
            continue
        for field, value in (("location", end.location), ("id", end.id)):
            form = CLOUDS[cloud].ids.get("location" if field == "location" else "circuit")
            if form is not None:
                yield from form_problems((*path, field), value, form.in_unit(unit.unit, region.name))
        others = [c for c in unit.lgwan.circuits.values() if c.location == end.location]
        if any(c.vlan == end.vlan for c in others) or any(c.id and c.id == end.id for c in others):
            yield Problem(
                "circuit-twice",
                path,
                Text(
                    "この回線は庁舎への回線と同じ拠点で、VLAN または id も同じです。",
                    "This circuit has the location and the VLAN, or the id, of one to the town hall.",
                ),
                Text("回線ごとに別の値にしてください。", "Give each circuit its own."),
                found=str(end.vlan),
                allowed=(Text("回線ごとに異なる値", "a different value for each circuit"),),
            )
        if end.asn == unit.lgwan.asn:
            yield Problem(
                "same-asn",
                (*path, "asn"),
                Text(
                    f"相手側のAS番号がクラウド側(asn: {unit.lgwan.asn})と同じです。",
                    f"The other side's AS number is that of the cloud side ({unit.lgwan.asn}).",
                ),
                Text("eBGPのため、どちらかを別の番号にしてください。", "Change one of them: BGP needs two."),
                found=str(end.asn),
                allowed=(Text(f"{unit.lgwan.asn} 以外", f"any but {unit.lgwan.asn}"),),
            )


def _both(tenant: Tenant, base: Path, join: Join) -> Iterator[Problem]:
    """Both clouds are the tenant's, can be joined, and have a gateway of their own for the line to end in."""
    can: tuple[CloudName, ...] = tuple(name for name, cloud in CLOUDS.items() if cloud.joins)
    for cloud in clouds_of(join):
        unit = tenant.clouds.get(cloud)
        if unit is None:
            yield Problem(
                "join-cloud",
                base,
                Text(
                    f"「{cloud}」は clouds にありません。接続は自テナントの2つのクラウドを結びます。",
                    f"`{cloud}` is not under `clouds`; a join is between two clouds of this tenant.",
                ),
                Text(
                    f"clouds に {cloud} を加えるか、接続を削除してください。",
                    f"Add {cloud}, or delete the join.",
                ),
                found=cloud,
                allowed=tuple(tenant.clouds),
            )
        elif cloud not in can:
            yield Problem(
                "join-cloud",
                base,
                Text(
                    f"{CLOUDS[cloud].title.ja}はほかのクラウドと結べません。",
                    f"{CLOUDS[cloud].title.en} cannot be joined to another cloud.",
                ),
                Text("結べるクラウドにパッケージを置いてください。", "Put the packages on clouds that can."),
                found=cloud,
                allowed=can,
            )
        elif unit.lgwan.mode != "own":
            yield Problem(
                "join-hub",
                base,
                Text(
                    f"{cloud} は mode: hub です。接続には自ユニットのゲートウェイが要ります。",
                    f"{cloud} is attached to a hub (`mode: hub`); a join ends in a gateway of this unit.",
                ),
                Text(
                    f"clouds.{cloud}.lgwan.mode を own にするか、ハブの運用者に接続を依頼してください。",
                    f"Make `clouds.{cloud}.lgwan.mode` own, or ask whoever runs the hub for the line.",
                ),
                found="hub",
                allowed=("own",),
            )


@rule("joins", "clouds")
def room(context: Context) -> Iterator[Problem]:
    """A cloud's gateway takes no more circuits, lines to other clouds included, than it can."""
    for name, unit in context.tenant.clouds.items():
        most = CLOUDS[name].most_circuits
        lines = sum(name in clouds_of(join) for join in context.tenant.joins.values())
        count = len(unit.lgwan.circuits) + lines
        if most is not None and lines and count > most:
            yield Problem(
                "cloud-limit",
                ("joins",),
                Text(
                    f"{CLOUDS[name].title.ja}のゲートウェイにつなげる回線は{most}本までです(現在{count}本)。",
                    f"A gateway on {CLOUDS[name].title.en} takes {most} circuits at most; there are {count}.",
                ),
                Text("回線か接続を減らしてください。", "Have fewer circuits or joins."),
                found=str(count),
                allowed=(Text(f"{most}以下", f"{most} or less"),),
            )


@rule("joins", "packages", "clouds")
def calls(context: Context) -> Iterator[Problem]:
    """A caller and the packages that it calls are on the two clouds of the line, in one segment."""
    tenant = context.tenant
    for key, join in tenant.joins.items():
        for caller, called in join.allow.items():
            base: Path = ("joins", key, "allow", caller)
            if not _known(tenant, join, caller):
                yield _stranger(tenant, join, base, caller)
                continue
            for number, target in enumerate(called):
                path: Path = (*base, number)
                if not _known(tenant, join, target):
                    yield _stranger(tenant, join, path, target)
                    continue
                yield from _call(context, path, caller, target)


def _known(tenant: Tenant, join: Join, name: str) -> bool:
    return name in tenant.packages and tenant.packages[name].cloud in clouds_of(join)


def _stranger(tenant: Tenant, join: Join, path: Path, name: str) -> Problem:
    those = tuple(key for key, p in tenant.packages.items() if p.cloud in clouds_of(join))
    return Problem(
        "join-package",
        path,
        Text(
            f"「{name}」は、この接続が結ぶクラウドのパッケージではありません。",
            f"`{name}` is no package on the clouds that this join is between.",
        ),
        Text("packages のキーを書いてください。", "Write a key of `packages`."),
        found=name,
        allowed=those,
        nearest=nearest(name, those),
    )


def _call(context: Context, path: Path, caller: str, target: str) -> Iterator[Problem]:
    packages, catalogue = context.tenant.packages, context.registry.catalogue
    one, other = packages[caller], packages[target]
    if one.cloud == other.cloud:
        yield _no_call(
            path, target,
            Text(f"「{caller}」と「{target}」は同じクラウド({one.cloud})にあります。",
                 f"`{caller}` and `{target}` are on the same cloud, {one.cloud}."),
            Text("もう一方のクラウドのパッケージ", "a package on the other cloud"),
        )  # fmt: skip
        return
    first, second = catalogue.get(one.catalogue), catalogue.get(other.catalogue)
    if first is None or second is None:
        return
    if not first.workloads:
        yield _no_call(
            path, target,
            Text(f"「{caller}」はテナントの中で動かないため、呼び出せません。",
                 f"`{caller}` does not run in the tenant and calls nobody."),
            Text("delivery: hosted の製品", "an entry with `delivery: hosted`"),
        )  # fmt: skip
    if not any(workload.exposed for workload in second.workloads.values()):
        yield _no_call(
            path, target,
            Text(f"「{target}」には入口がありません。", f"`{target}` has no entrance."),
            Text("入口(exposed)のある製品", "an entry with an exposed workload"),
        )  # fmt: skip
    if first.segment != second.segment:
        yield _no_call(
            path, target,
            Text(f"「{caller}」({first.segment})と「{target}」({second.segment})は系統が違います。",
                 f"`{caller}` ({first.segment}) and `{target}` ({second.segment}) are of two segments."),
            Text("同じ系統のパッケージ(三層の対策)", "a package of the same segment (三層の対策)"),
        )  # fmt: skip


def _no_call(path: Path, found: str, what: Text, allowed: Text) -> Problem:
    return Problem(
        "join-call", path, what,
        Text("この行を削除するか、相手を直してください。", "Delete the line, or name another."),
        found=found, allowed=(allowed,),
    )  # fmt: skip


RULES = (ends, room, calls)
