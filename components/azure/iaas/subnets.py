"""How Azure's subnets lie in the plan's blocks. Pure.

Azure's subnets are regional, but many services want one of their own. So the four slots of a block,
which are zones elsewhere, are purposes here, always the same ones: adding a package moves nothing.

| block | slot 0 | slot 1 | slot 2 | slot 3 |
|---|---|---|---|---|
| …-app | servers | containers | – | endpoints of vendors' services |
| …-data | private endpoints of files | PostgreSQL | MySQL | – |
| management | private endpoints of Azure's services | – | – | – |
| connect | gateway | names asked of us | names that we ask | – |
| egress | firewall (half of the block: Azure wants a /26) | | | – |
| reserve | not in the network: the two ends of circuits | | | |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, collapse_addresses
from typing import Literal

from components.derive import app_role, data_role, runs
from stacks.addressing import ROLES, Role, block, slot
from stacks.plan import CloudPlan, NetworkPlan, PackagePlan

Purpose = Literal[
    "servers",
    "containers",
    "vendors",
    "files",
    "postgresql",
    "mysql",
    "endpoints",
    "gateway",
    "inbound",
    "outbound",
    "firewall",
]

SLOT: Mapping[Purpose, int] = {
    "servers": 0, "containers": 1, "vendors": 3, "files": 0, "postgresql": 1, "mysql": 2, "endpoints": 0,
    "gateway": 0, "inbound": 1, "outbound": 2, "firewall": 0,
}  # fmt: skip
"""The address plan: append nothing, reorder nothing."""

DELEGATED: Mapping[Purpose, str] = {
    "containers": "Microsoft.App/environments",
    "postgresql": "Microsoft.DBforPostgreSQL/flexibleServers",
    "mysql": "Microsoft.DBforMySQL/flexibleServers",
    "inbound": "Microsoft.Network/dnsResolvers",
    "outbound": "Microsoft.Network/dnsResolvers",
}
"""The service that a subnet is given over to."""

FIXED_NAMES: Mapping[Purpose, str] = {"gateway": "GatewaySubnet", "firewall": "AzureFirewallSubnet"}
"""Names that Azure prescribes. These two take no security group (the firewall's) or need none."""


@dataclass(frozen=True, slots=True)
class Subnet:
    """One subnet: `key` is `<role>-<slot>`, `name` what Azure calls it."""

    key: str
    name: str
    role: Role
    purpose: Purpose
    cidr: IPv4Network

    @property
    def filtered(self) -> bool:
        """Whether it has a security group and a route table of ours."""
        return self.purpose not in FIXED_NAMES


def space(network: NetworkPlan) -> tuple[IPv4Network, ...]:
    """The ranges of the network: all blocks but the reserve, which the ends of circuits are taken from."""
    return tuple(collapse_addresses(block(network.cidr, role) for role in ROLES if role != "reserve"))


def subnets(plan: CloudPlan, network: NetworkPlan) -> Mapping[str, Subnet]:
    """The subnets that `network` needs, by key."""
    return {subnet.key: subnet for subnet in _subnets(plan, network)}


def _subnets(plan: CloudPlan, network: NetworkPlan) -> Iterator[Subnet]:
    wanted: dict[tuple[Role, Purpose], None] = {}
    for package in plan.packages.values():
        if package.network == network.key:
            wanted |= dict.fromkeys(_of_package(package))
    wanted[("management", "endpoints")] = None
    if plan.lgwan.mode == "own":
        wanted[("connect", "gateway")] = None
    wanted[("connect", "inbound")] = wanted[("connect", "outbound")] = None
    if network.egress:
        wanted[("egress", "firewall")] = None
    for role, purpose in sorted(wanted, key=lambda w: (ROLES.index(w[0]), SLOT[w[1]])):
        cidr = slot(network.cidr, role, SLOT[purpose])
        if purpose == "firewall":
            cidr = next(block(network.cidr, role).subnets(1))
        key = f"{role}-{SLOT[purpose]}"
        yield Subnet(key, FIXED_NAMES.get(purpose, f"{role}-{purpose}"), role, purpose, cidr)


def _of_package(package: PackagePlan) -> Iterator[tuple[Role, Purpose]]:
    app, data = app_role(package), data_role(package)
    if package.delivery == "asp":
        yield app, "vendors"
        return
    if runs(package, "server"):
        yield app, "servers"
    if runs(package, "container"):
        yield app, "containers"
    if package.files:
        yield data, "files"
    if package.database is not None and package.database.engine != "oracle":
        yield data, package.database.engine


def key_of(role: Role, purpose: Purpose) -> str:
    """The key of the subnet for `purpose` in the block `role`."""
    return f"{role}-{SLOT[purpose]}"


def homes(plan: CloudPlan, network: NetworkPlan) -> Mapping[str, tuple[str, ...]]:
    """The subnets (keys) that each group of the plan lives in: what Azure has instead of the group."""
    found: dict[str, tuple[str, ...]] = {
        "endpoints": (key_of("management", "endpoints"),),
        "resolver": (key_of("connect", "inbound"), key_of("connect", "outbound")),
    }
    for package in plan.packages.values():
        if package.network != network.key:
            continue
        app, data, key = app_role(package), data_role(package), package.key
        if package.delivery == "asp":
            found[f"{key}-entry"] = (key_of(app, "vendors"),)
            continue
        kinds = dict.fromkeys(w.kind for w in package.workloads.values())
        found[f"{key}-app"] = tuple(key_of(app, "servers" if k == "server" else "containers") for k in kinds)
        if package.exposed:
            found[f"{key}-entry"] = (
                key_of(app, "servers" if package.exposed.kind == "server" else "containers"),
            )
        if package.database is not None and package.database.engine != "oracle":
            found[f"{key}-data"] = (key_of(data, package.database.engine),)
        if package.files:
            found[f"{key}-files"] = (key_of(data, "files"),)
    return found


def circuit_ends(network: NetworkPlan, number: int) -> tuple[IPv4Network, IPv4Network]:
    """The two /30 of circuit `number` (from 0): Azure wants them outside every network."""
    ends = list(block(network.cidr, "reserve").subnets(new_prefix=30))
    return ends[2 * number], ends[2 * number + 1]
