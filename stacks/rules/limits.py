"""What a cloud has too little of for a manifest: each limit is a field of `stacks.registry.clouds`."""

from __future__ import annotations

from collections.abc import Iterator

from stacks import hosts, naming, sizing
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


@rule("code", "population")
def containers(context: Context) -> Iterator[Problem]:
    """A container is no larger than the cloud makes them; the clouds that can are named."""
    for key, package, entry, size in _sized(context):
        cloud = CLOUDS[package.cloud]
        for workload in entry.workloads.values():
            most, wanted = cloud.largest_container, sizing.fit(workload.sizes, size)
            if workload.kind != "container" or most is None or _holds(most, wanted.vcpu, wanted.memory_gb):
                continue
            can = [
                name
                for name, other in CLOUDS.items()
                if other.largest_container is None
                or _holds(other.largest_container, wanted.vcpu, wanted.memory_gb)
            ]
            yield Problem(
                "container-size",
                ("packages", key, "cloud"),
                Text(
                    f"{cloud.title.ja}のコンテナは{most[0]} vCPU・{most[1]} GiBまでです"
                    f"(このパッケージは{wanted.vcpu:g} vCPU・{wanted.memory_gb:g} GiB)。",
                    f"A container on {cloud.title.en} has {most[0]} vCPU and {most[1]} GiB at most; "
                    f"this package asks for {wanted.vcpu:g} vCPU and {wanted.memory_gb:g} GiB.",
                ),
                Text(
                    "置けるクラウドに移すか、size を小さくしてください。",
                    "Put it on a cloud that can, or make its `size` smaller.",
                ),
                found=package.cloud,
                allowed=tuple(can),
                nearest=can[0] if can else None,
            )


def _holds(most: tuple[int, int], vcpu: float, memory_gb: float) -> bool:
    return vcpu <= most[0] and memory_gb <= most[1]


@rule("code", "network", "members", "isolation")
def names(context: Context) -> Iterator[Problem]:
    """A package's name fits into the certificate that is issued for it."""
    tenant = context.tenant
    body = context.registry.governments.get(tenant.code)
    domain = tenant.network.dns.domain or (f"{body.romaji}.{tenant.code}.internal" if body else "")
    members = (tuple(tenant.members) if tenant.isolation == "network" else ()) or ("",)
    for key, package in tenant.packages.items():
        most = CLOUDS[package.cloud].longest_host
        longest = max((f"{naming.name(key, member)}.{domain}" for member in members), key=len)
        if domain and most is not None and not package.certificate and len(longest) > most:
            yield Problem(
                "long-host",
                ("packages", key),
                Text(
                    f"名前「{longest}」が{len(longest)}文字です。証明書に入るのは{most}文字までです。",
                    f"The name `{longest}` has {len(longest)} characters; a certificate takes {most}.",
                ),
                Text(
                    "network.dns.domain かパッケージ名を短くするか、certificate を指定してください。",
                    "Shorten `network.dns.domain` or the package's key, or give a `certificate`.",
                ),
                found=str(len(longest)),
                allowed=(Text(f"{most}文字以下", f"{most} characters or fewer"),),
            )


@rule("packages", "clouds", "members", "isolation", "environment")
def statements(context: Context) -> Iterator[Problem]:
    """A unit has no more IAM statements than the cloud takes: counted before anything is planned."""
    for name in context.tenant.clouds:
        cloud = CLOUDS[name]
        if cloud.most_statements is None:
            continue
        count = statement_count(context, name)
        if count > cloud.most_statements:
            yield _too_much(
                ("packages",),
                cloud,
                Text("IAMステートメントの数", "IAM statements in a unit"),
                count,
                cloud.most_statements,
                Text(
                    "団体またはパッケージを複数のユニットに分けてください。",
                    "Divide the bodies or the packages among several units.",
                ),
            )


def statement_count(context: Context, cloud: CloudName) -> int:
    """The statements of one unit: what services of the cloud may do, and what each package may.

    A test holds it against those that are really made (`components.oci.grants`).
    """
    tenant, catalogue = context.tenant, context.registry.catalogue
    entries = {
        key: (entry, frozenset(package.businesses or entry.businesses))
        for key, package in tenant.packages.items()
        if package.cloud == cloud and (entry := catalogue.get(package.catalogue)) is not None
    }
    hosted = {key: entry for key, (entry, _) in entries.items() if entry.delivery == "hosted"}
    wants = {
        key: {source for served in serves for source in entry.receives.get(served, ())}
        for key, (entry, serves) in entries.items()
    }
    count = 0
    for key, entry in hosted.items():
        kinds = {workload.kind for workload in entry.workloads.values()}
        others = entries.keys() - {key}
        sends = any(wants[other] & entries[key][1] for other in others)
        receives = any(wants[key] & entries[other][1] for other in others)
        count += 1 + ("container" in kinds) + entry.queue + sends + receives
    networks = len(tenant.members) if tenant.isolation == "network" else 1
    servers = any(w.kind == "server" for entry in hosted.values() for w in entry.workloads.values())
    mysql = any(entry.database is not None and entry.database.engine == "mysql" for entry in hosted.values())
    hours = bool(hosted) and tenant.environment == "verification"
    return 5 + 2 * servers + 2 * mysql + 5 * hours + count * networks


RULES = (databases, containers, names, logs, networks, statements, seats)
