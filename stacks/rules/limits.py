"""What a cloud has too little of for a manifest: each limit is a field of `stacks.registry.clouds`."""

from __future__ import annotations

from collections.abc import Iterator

from stacks import hosts, sizing
from stacks.manifest import CloudUnit, Package, Size
from stacks.problems import Path, Problem
from stacks.registry.catalogue import Entry
from stacks.registry.clouds import CLOUDS, Cloud, CloudName
from stacks.rules.context import Context, region_of, rule
from stacks.text import Text


def _too_much(path: Path, cloud: Cloud, what: Text, found: int, most: int, do: Text) -> Problem:
    return Problem(
        "cloud-limit",
        path,
        Text(
            f"{cloud.title.ja}では{what.ja}は{most}までです(このマニフェストでは{found})。",
            f"{cloud.title.en} takes {most} {what.en} at most; this manifest needs {found}.",
        ),
        do,
        found=str(found),
        allowed=(Text(f"{most}以下", f"{most} or less"),),
    )


def _size(context: Context, package: Package) -> Size | None:
    body = context.registry.governments.get(context.tenant.code)
    if body is None:
        return package.size
    return package.size or sizing.size_class(context.tenant.population, body.kind)


def _sized(context: Context) -> Iterator[tuple[str, Package, Entry, Size]]:
    for key, package in context.tenant.packages.items():
        entry, size = context.registry.catalogue.get(package.catalogue), _size(context, package)
        if entry is not None and size is not None:
            yield key, package, entry, size


@rule("code", "population")
def databases(context: Context) -> Iterator[Problem]:
    """A managed database is no larger than the cloud makes them."""
    for key, package, entry, size in _sized(context):
        cloud = CLOUDS[package.cloud]
        most = cloud.largest_database_gb
        if entry.database is None or most is None:
            continue
        wanted = sizing.fit(entry.database.sizes, size).storage_gb
        if wanted > most:
            yield _too_much(
                ("packages", key, "cloud"),
                cloud,
                Text("マネージドデータベースの容量(GB)", "GB in a managed database"),
                wanted,
                most,
                Text(
                    "別のクラウドに置くか、size を小さくしてください。",
                    "Put the package on another cloud, or make its `size` smaller.",
                ),
            )


@rule("retention", "clouds")
def logs(context: Context) -> Iterator[Problem]:
    """Logs are not to be searchable for longer than the cloud can do it."""
    days = context.tenant.retention.log_days
    for name in context.tenant.clouds:
        cloud = CLOUDS[name]
        if cloud.longest_log_days is not None and days > cloud.longest_log_days:
            yield _too_much(
                ("retention", "log_days"),
                cloud,
                Text("ログを検索できる日数", "days of searchable logs"),
                days,
                cloud.longest_log_days,
                Text(
                    "日数を減らしてください。それより古いログは保管庫にあります。",
                    "Ask for fewer days: older logs are in the archive.",
                ),
            )


@rule("members", "isolation", "clouds")
def networks(context: Context) -> Iterator[Problem]:
    """A unit has no more networks than the cloud connects."""
    count = len(context.tenant.members) if context.tenant.isolation == "network" else 1
    for name in context.tenant.clouds:
        cloud = CLOUDS[name]
        if cloud.most_networks is not None and count > cloud.most_networks:
            yield _too_much(
                ("members",),
                cloud,
                Text("1プロジェクトのネットワーク数", "networks in a unit"),
                count,
                cloud.most_networks,
                Text("団体を複数のユニットに分けてください。", "Divide the bodies among several units."),
            )


@rule("code", "population", "clouds", "packages")
def seats(context: Context) -> Iterator[Problem]:
    """Where we give the addresses, every package and server finds one."""
    for name, unit in context.tenant.clouds.items():
        cloud = CLOUDS[name]
        if cloud.plans_addresses:
            yield from _packages(context, name, unit, cloud)
            yield from _servers(context, name, unit, cloud)


def _packages(context: Context, name: CloudName, unit: CloudUnit, cloud: Cloud) -> Iterator[Problem]:
    spaces: dict[Path, int] = {("clouds", name, "address_space"): hosts.capacity(unit.address_space)}
    if context.tenant.isolation == "network":
        spaces = {
            ("members", code, "address_space", name): hosts.capacity(member.address_space[name])
            for code, member in context.tenant.members.items()
            if name in member.address_space
        }
    count = sum(package.cloud == name for package in context.tenant.packages.values())
    for path, room in spaces.items():
        if count > room:
            yield _too_much(
                path,
                cloud,
                Text("この範囲に入るパッケージ数", "packages in a range of this size"),
                count,
                room,
                Text("範囲を広げてください(/21 など)。", "Take a wider range, such as a /21."),
            )


def _servers(context: Context, name: CloudName, unit: CloudUnit, cloud: Cloud) -> Iterator[Problem]:
    region = region_of(name, unit)
    zones = len(unit.zones or (region.zones if region else ("",)))
    for key, package, entry, size in _sized(context):
        replicas = [sizing.fit(w.sizes, size).replicas for w in entry.workloads.values()]
        found = hosts.most_in_a_zone(replicas, zones)
        if package.cloud == name and found > hosts.SERVERS:
            yield _too_much(
                ("packages", key),
                cloud,
                Text("1ゾーンあたりのパッケージのサーバー数", "servers of a package in a zone"),
                found,
                hosts.SERVERS,
                Text("ゾーンを増やすか、size を小さくしてください。", "Use more zones, or a smaller `size`."),
            )


RULES = (databases, logs, networks, seats)
