"""From a valid manifest to its plan: pure, and the same every time.

Give it a manifest that `stacks.validation` has passed; it decides, it does not check again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from ipaddress import IPv4Network
from types import MappingProxyType

from stacks import addressing, naming, sizing
from stacks.addressing import Role
from stacks.joining import joined
from stacks.manifest import Adoption, CloudUnit, Package, Schedule, Size, Tenant
from stacks.plan import (
    BaselinePlan,
    BudgetPlan,
    CircuitPlan,
    CloudPlan,
    ContactPlan,
    DatabasePlan,
    DnsPlan,
    EgressPlan,
    Flow,
    GroupPlan,
    HandoverPlan,
    LgwanPlan,
    NetworkPlan,
    PackagePlan,
    Part,
    Peer,
    RetentionPlan,
    SchedulePlan,
    SubnetPlan,
    TenantPlan,
    WorkloadPlan,
)
from stacks.registry import Registry
from stacks.registry.catalogue import Entry
from stacks.registry.clouds import BUDGETS, CLOUDS, CloudName, Currency, Region

PORTS: Mapping[str, int] = MappingProxyType({"postgresql": 5432, "mysql": 3306, "oracle": 1521})
"""The engines' registered ports."""

NFS, HTTPS, DNS = 2049, 443, 53


def plan(tenant: Tenant, registry: Registry) -> TenantPlan:
    """The plan of a valid `tenant`."""
    body = registry.governments[tenant.code]
    stack = stack_name(tenant, registry)
    packages = _packages(tenant, registry)
    handovers = _handovers(packages, registry, several=len(tenant.members) > 1)
    clouds: dict[CloudName, CloudPlan] = {
        cloud: _cloud(tenant, registry, cloud, unit, packages, handovers)
        for cloud, unit in tenant.clouds.items()
    }
    clouds = joined(tenant.joins, clouds)
    cloud_of = {key: cloud for cloud, key, _ in packages}
    return TenantPlan(
        stack=stack,
        code=tenant.code,
        title_ja=body.name,
        romaji=body.romaji,
        prefecture=body.prefecture,
        environment=tenant.environment,
        usage=tenant.usage,
        isolation=tenant.isolation,
        members=tuple(tenant.members),
        on_premises=tenant.on_premises,
        crossing=tuple(h for h in handovers if cloud_of[h.sender] != cloud_of[h.receiver]),
        clouds=MappingProxyType(clouds),
    )


def stack_name(tenant: Tenant, registry: Registry) -> str:
    """`<code>-<romaji>`, with `-verification` for 検証 and `-shared` for a group of bodies (DESIGN §3)."""
    parts = [tenant.code, registry.governments[tenant.code].romaji]
    if tenant.usage == "shared" and tenant.isolation != "account":
        parts.append("shared")
    if tenant.environment == "verification":
        parts.append("verification")
    return "-".join(parts)


def _region(cloud: CloudName, unit: CloudUnit) -> Region:
    regions = CLOUDS[cloud].regions
    return regions[unit.region] if unit.region else next(iter(regions.values()))


def _zones(unit: CloudUnit, region: Region) -> tuple[str, ...]:
    return unit.zones or region.zones[:2]


def _tags(tenant: Tenant, stack: str) -> Mapping[str, str]:
    """ASCII keys and codes only, so that one set of tags fits five clouds (facts: govcloud §1.7)."""
    return MappingProxyType(
        {
            "municipality-code": tenant.code,
            "stack": stack,
            "environment": tenant.environment,
            "usage": tenant.usage if tenant.isolation is None else f"{tenant.usage}-{tenant.isolation}",
            "classification": "confidential",
            "managed-by": "jichitai",
        }
    )


def _size(tenant: Tenant, registry: Registry, package: Package) -> Size:
    return package.size or sizing.size_class(tenant.population, registry.governments[tenant.code].kind)


def _network_keys(tenant: Tenant) -> tuple[str, ...]:
    return tuple(tenant.members) if tenant.isolation == "network" else ("main",)


def _domain(tenant: Tenant, registry: Registry) -> str:
    return tenant.network.dns.domain or f"{registry.governments[tenant.code].romaji}.{tenant.code}.internal"


def _packages(tenant: Tenant, registry: Registry) -> list[tuple[CloudName, str, PackagePlan]]:
    """Every package, once for each network it lives in."""
    found: list[tuple[CloudName, str, PackagePlan]] = []
    for network in _network_keys(tenant):
        member = None if network == "main" else network
        for name, package in tenant.packages.items():
            key = name if member is None else naming.name(name, member)
            made = _package(tenant, registry, key, network, member, package)
            found.append((package.cloud, key, made))
    return found


def _package(
    tenant: Tenant, registry: Registry, key: str, network: str, member: str | None, package: Package
) -> PackagePlan:
    entry = registry.catalogue[package.catalogue]
    size = _size(tenant, registry, package)
    businesses = package.businesses or entry.businesses
    systems = tuple(registry.businesses[b].system_id for b in businesses)
    production = tenant.environment == "production"
    zones = len(_zones(tenant.clouds[package.cloud], _region(package.cloud, tenant.clouds[package.cloud])))
    domain = _domain(tenant, registry)
    schedule = package.schedule or Schedule()
    return PackagePlan(
        key=key,
        entry=entry.id,
        title_ja=entry.title.ja,
        title_en=entry.title.en,
        network=network,
        member=member,
        segment=entry.segment,
        delivery=entry.delivery,
        version=package.version or entry.version,
        businesses=businesses,
        system_ids=systems,
        workloads=MappingProxyType(dict(_workloads(entry, size))),
        database=_database(entry, size, multi_zone=production and zones > 1),
        files=entry.files,
        queue=entry.queue,
        endpoint=package.endpoint,
        asp_port=entry.asp_port,
        certificate=package.certificate,
        host=f"{key}.{domain}",
        schedule=None
        if production or entry.delivery == "asp"
        else SchedulePlan(schedule.start, schedule.stop),
        tags=MappingProxyType(
            {"package": entry.id, "business-ids": "-".join(systems)}
            | ({"member-code": member} if member else {})
            | {"classification": "mynumber" if entry.segment == "mynumber" else "confidential"}
        ),
    )


def _workloads(entry: Entry, size: Size) -> Iterator[tuple[str, WorkloadPlan]]:
    for key, workload in entry.workloads.items():
        chosen = sizing.fit(workload.sizes, size)
        yield (
            key,
            WorkloadPlan(
                key=key,
                kind=workload.kind,
                port=workload.port,
                health=workload.health,
                exposed=workload.exposed,
                vcpu=chosen.vcpu,
                memory_gb=chosen.memory_gb,
                replicas=chosen.replicas,
                disk_gb=workload.disk_gb,
            ),
        )


def _database(entry: Entry, size: Size, *, multi_zone: bool) -> DatabasePlan | None:
    if entry.database is None:
        return None
    chosen = sizing.fit(entry.database.sizes, size)
    return DatabasePlan(
        engine=entry.database.engine,
        version=entry.database.version,
        vcpu=chosen.vcpu,
        memory_gb=chosen.memory_gb,
        storage_gb=chosen.storage_gb,
        port=PORTS[entry.database.engine],
        multi_zone=multi_zone,
        database="APP" if entry.database.engine == "oracle" else "app",
        administrator="dbadmin",
    )


def _handovers(
    packages: list[tuple[CloudName, str, PackagePlan]], registry: Registry, *, several: bool
) -> tuple[HandoverPlan, ...]:
    """One hand-over for each pair of businesses that the catalogue declares, within one network."""
    serving = {(p.network, business): p for _, _, p in packages for business in p.businesses}
    pairs: dict[str, HandoverPlan] = {}
    for _, _, receiver in packages:
        receives = registry.catalogue[receiver.entry].receives
        for business in receiver.businesses:
            for source in receives.get(business, ()):
                sender = serving.get((receiver.network, source))
                if sender is None or sender.key == receiver.key:
                    continue
                ids = f"{registry.businesses[source].system_id}-{registry.businesses[business].system_id}"
                key = f"{receiver.member}-{ids}" if several and receiver.member else ids
                pairs[key] = HandoverPlan(
                    key=key,
                    sender=sender.key,
                    receiver=receiver.key,
                    sender_business=source,
                    receiver_business=business,
                    prefix=f"{key.replace('-', '/')}/",
                )
    return tuple(pairs.values())


def _cloud(
    tenant: Tenant,
    registry: Registry,
    cloud: CloudName,
    unit: CloudUnit,
    packages: list[tuple[CloudName, str, PackagePlan]],
    handovers: tuple[HandoverPlan, ...],
) -> CloudPlan:
    region = _region(cloud, unit)
    mine = {key: package for where, key, package in packages if where == cloud}
    networks = {
        key: _network(tenant, registry, cloud, unit, region, key, tuple(mine.values()))
        for key in _network_keys(tenant)
    }
    stack = stack_name(tenant, registry)
    return CloudPlan(
        cloud=cloud,
        unit=unit.unit,
        region=region.name,
        recovery_region=region.recovery,
        zones=_zones(unit, region),
        prefix=naming.prefix(tenant.code, tenant.environment),
        environment=tenant.environment,
        protect=tenant.protect,
        server_image=unit.server_image,
        certificate_authority=unit.certificate_authority,
        tags=_tags(tenant, stack),
        baseline=_baseline(tenant, cloud, unit),
        lgwan=_lgwan(unit, networks),
        joins=MappingProxyType({}),
        networks=MappingProxyType(networks),
        packages=MappingProxyType(mine),
        handovers=tuple(h for h in handovers if h.sender in mine and h.receiver in mine),
    )


def _budget(cloud: CloudName, unit: CloudUnit) -> BudgetPlan:
    """What the manifest says, or the usual in the currency that the cloud's units in Japan are billed in."""
    said: dict[Currency, int | None] = {"USD": unit.budget_usd, "JPY": unit.budget_jpy}
    for currency, amount in said.items():
        if amount is not None:
            return BudgetPlan(amount, currency)
    usual = CLOUDS[cloud].currencies[0]
    return BudgetPlan(BUDGETS[usual], usual)


def _baseline(tenant: Tenant, cloud: CloudName, unit: CloudUnit) -> BaselinePlan:
    contacts = {
        role: ContactPlan(c.name, c.organisation, c.title, c.email, c.phone)
        for role, c in tenant.contacts.items()
    }
    adopted: dict[Part, Mapping[str, str]] = {}
    for part, how in unit.baseline.items():
        if isinstance(how, Adoption):
            adopted[part] = MappingProxyType(dict(how.adopt))
        elif how == "adopted":
            adopted[part] = MappingProxyType({})
    return BaselinePlan(
        adopted=MappingProxyType(adopted),
        contacts=MappingProxyType(
            {
                role: contacts.get(role, contacts["operations"])
                for role in ("operations", "security", "billing")
            }
        ),
        retention=RetentionPlan(
            log_days=tenant.retention.log_days,
            # 2,555 days for seven years is BLEA's figure (facts: govcloud §1.4): years of 365 days.
            archive_days=tenant.retention.archive_years * 365,
            backup_days=tenant.retention.backup_days,
        ),
        budget=_budget(cloud, unit),
    )


def _lgwan(unit: CloudUnit, networks: Mapping[str, NetworkPlan]) -> LgwanPlan:
    lgwan = unit.lgwan
    own = lgwan.mode == "own"
    circuits = {
        key: CircuitPlan(key, c.location, c.id, c.bandwidth_mbps, c.vlan, c.asn)
        for key, c in (lgwan.circuits.items() if own else ())
    }
    awaiting = tuple(key for key, circuit in circuits.items() if circuit.id is None)
    if not own and lgwan.gateway is None:
        awaiting = ("gateway",)
    return LgwanPlan(
        mode=lgwan.mode,
        gateway=None if own else lgwan.gateway,
        asn=lgwan.asn,
        circuits=MappingProxyType(circuits),
        advertised=addressing.summarise([n.cidr for n in networks.values()]),
        accepted=addressing.summarise([r for n in networks.values() for r in n.on_premises]),
        awaiting=awaiting,
    )


def _network(
    tenant: Tenant,
    registry: Registry,
    cloud: CloudName,
    unit: CloudUnit,
    region: Region,
    key: str,
    packages: tuple[PackagePlan, ...],
) -> NetworkPlan:
    member = tenant.members[key] if key != "main" else None
    space = member.address_space[cloud] if member else unit.address_space
    on_premises = _on_premises(tenant, key)
    roles: tuple[Role, ...] = (
        "mynumber-app",
        "mynumber-data",
        "lgwan-app",
        "lgwan-data",
        "management",
        "connect",
    )
    if tenant.internet:
        roles = (*roles, "egress")
    used = {index for index, zone in enumerate(region.zones) if zone in _zones(unit, region)}
    slots = sorted(used)
    subnets = {
        f"{role}-{index}": SubnetPlan(
            key=f"{role}-{index}",
            role=role,
            slot=index,
            zone=region.zones[index],
            cidr=addressing.slot(space, role, index),
        )
        for role in roles
        for index in slots
    }
    here = tuple(p for p in packages if p.network == key)
    groups = {g.key: g for g in _groups(here)}
    network = NetworkPlan(
        key=key,
        cidr=space,
        on_premises=on_premises,
        subnets=MappingProxyType(subnets),
        groups=MappingProxyType(groups),
        flows=(),
        egress=tuple(
            EgressPlan(purpose, e.destinations, e.approver, e.expires)
            for purpose, e in tenant.internet.items()
        ),
        dns=DnsPlan(_domain(tenant, registry), MappingProxyType(dict(tenant.network.dns.on_premises))),
    )
    return replace(network, flows=tuple(_flows(network, here)))


def _on_premises(tenant: Tenant, key: str) -> tuple[IPv4Network, ...]:
    """Whose ranges reach this network: a member's own under network isolation, else everybody's."""
    if key != "main":
        return addressing.summarise(tenant.members[key].on_premises)
    members = [r for m in tenant.members.values() for r in m.on_premises]
    return addressing.summarise([*tenant.network.on_premises, *members])


def _groups(packages: tuple[PackagePlan, ...]) -> Iterator[GroupPlan]:
    yield GroupPlan("endpoints", "management", "Private endpoints of the cloud's own services")
    yield GroupPlan("resolver", "connect", "Name resolution to and from the town hall")
    for p in packages:
        app, data = _app(p), _data(p)
        if p.delivery == "asp":
            yield GroupPlan(f"{p.key}-entry", app, f"{p.key}: private endpoint of the vendor's service")
            continue
        if p.exposed:
            yield GroupPlan(f"{p.key}-entry", app, f"{p.key}: internal load balancer")
        yield GroupPlan(f"{p.key}-app", app, f"{p.key}: workloads")
        if p.database:
            yield GroupPlan(f"{p.key}-data", data, f"{p.key}: database")
        if p.files:
            yield GroupPlan(f"{p.key}-files", data, f"{p.key}: shared file system")


def _app(package: PackagePlan) -> Role:
    return "mynumber-app" if package.segment == "mynumber" else "lgwan-app"


def _data(package: PackagePlan) -> Role:
    return "mynumber-data" if package.segment == "mynumber" else "lgwan-data"


def _flows(network: NetworkPlan, packages: tuple[PackagePlan, ...]) -> Iterator[Flow]:
    """The allow list. Segments never talk to each other: no flow here crosses them."""

    def group(key: str) -> Peer:
        role = network.groups[key].role
        return Peer("group", key, tuple(s.cidr for s in network.of_role(role)))

    town_hall = Peer("ranges", "on-premises", network.on_premises)
    storage = Peer("service", "object-storage")
    for protocol in ("tcp", "udp"):
        yield Flow(town_hall, group("resolver"), protocol, DNS, "Names of this tenant for the town hall")
    for protocol in ("tcp", "udp"):
        if network.dns.on_premises:
            yield Flow(group("resolver"), town_hall, protocol, DNS, "Names of the town hall for this tenant")
    for p in packages:
        if p.delivery == "asp":
            yield Flow(
                town_hall, group(f"{p.key}-entry"), "tcp", p.asp_port, "Terminals to the vendor's service"
            )
            continue
        app = group(f"{p.key}-app")
        if p.exposed:
            entry = group(f"{p.key}-entry")
            yield Flow(town_hall, entry, "tcp", HTTPS, "Terminals to the application")
            yield Flow(entry, app, "tcp", p.exposed.port, "Load balancer to workloads")
        if p.database:
            yield Flow(app, group(f"{p.key}-data"), "tcp", p.database.port, "Workloads to their database")
        if p.files:
            yield Flow(app, group(f"{p.key}-files"), "tcp", NFS, "Workloads to their files")
        yield Flow(app, group("endpoints"), "tcp", HTTPS, "Workloads to the cloud's services")
        yield Flow(app, storage, "tcp", HTTPS, "Workloads to object storage")
        if network.egress:
            yield Flow(
                app,
                Peer("service", "internet-exception"),
                "tcp",
                HTTPS,
                "Approved destinations, by the firewall",
            )
