"""Shared files of a package: Filestore with the customer's key, over two zones, by NFS 4.1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_gcp as gcp

from components.contract import NetworkGives
from components.derive import app_role, data_role
from components.google import facts
from components.google.iaas.backups import FILES, Backups
from components.google.iaas.filtering import Rule, regional_subnets
from components.google.iaas.firewall import allow
from components.room import Room
from stacks.addressing import Role
from stacks.plan import PackagePlan

NFS = 2049
LEAST_GB = 1024
"""The smallest regional instance, GiB (Filestore documentation, "Service tiers")."""
SHARE = "share"


def subnet(network: NetworkGives, role: Role) -> pulumi.Output[str]:
    """The regional subnet of `role` in `network`."""
    return next(id_ for key, id_ in network.subnets.items() if key.startswith(f"{role}-"))


class Files:
    """Builds the file systems. `gives` are their addresses by package: `<address>:/share`."""

    def __init__(
        self,
        room: Room,
        key: pulumi.Output[str],
        networks: Mapping[str, NetworkGives],
        backups: Backups,
    ) -> None:
        """Make them under `room`, encrypted by `key`, with `backups`."""
        self._room, self._key, self._networks, self._backups = room, key, networks, backups
        packages = [p for p in room.plan.packages.values() if p.files and p.delivery == "hosted"]
        self._policies: dict[str, gcp.networkconnectivity.ServiceConnectionPolicy] = {}
        self.gives: Mapping[str, pulumi.Output[str]] = {p.key: self._build(p) for p in packages}

    def _policy(self, network: str) -> gcp.networkconnectivity.ServiceConnectionPolicy:
        """Lets Filestore put its endpoints into the data subnets: one policy a network and class."""
        if network not in self._policies:
            roles: set[Role] = {
                data_role(p) for p in self._room.plan.packages.values() if p.files and p.network == network
            }
            self._policies[network] = gcp.networkconnectivity.ServiceConnectionPolicy(
                self._room.child(f"{network}-files-endpoints"),
                name=self._room.plan.name(network, "files"),
                location=self._room.plan.region,
                service_class="google-cloud-filestore",
                network=self._networks[network].id,
                psc_config={"subnetworks": [subnet(self._networks[network], role) for role in sorted(roles)]},
                opts=self._room.opts(),
            )
        return self._policies[network]

    def _build(self, package: PackagePlan) -> pulumi.Output[str]:
        """The file system of `package`, which only its own workloads reach."""
        room, plan, network = self._room, self._room.plan, self._networks[package.network]
        clients = regional_subnets(plan.networks[package.network])[app_role(package)]
        one = not plan.zones[1:]
        made = gcp.filestore.Instance(
            room.child(f"{package.key}-files"),
            name=plan.name(package.key, "files"),
            # Two zones where the tenant has two: the loss of one is no loss of files.
            tier="ZONAL" if one else "REGIONAL",
            location=plan.zones[0] if one else plan.region,
            protocol="NFS_V4_1",
            kms_key_name=self._key,
            file_shares={
                "name": SHARE,
                "capacity_gb": LEAST_GB,
                "nfs_export_options": [
                    {
                        "ip_ranges": [str(clients)],
                        "access_mode": "READ_WRITE",
                        "squash_mode": "ROOT_SQUASH",
                        "anon_uid": 65534,
                        "anon_gid": 65534,
                    }
                ],
            },
            networks=[
                {
                    "network": network.id,
                    "modes": ["MODE_IPV4"],
                    "connect_mode": "PRIVATE_SERVICE_CONNECT",
                    "psc_config": {"endpoint_project": plan.unit},
                }
            ],
            labels=facts.labels(package.tags),
            deletion_protection_enabled=plan.protect,
            opts=room.opts(self._policy(package.network), keep=True),
        )
        self._backups.cover(f"{package.key}-files", FILES, made.id)
        address = made.networks.apply(_address)
        rule = Rule(
            f"{package.key}-files",
            "EGRESS",
            (f"{package.key}-app",),
            (),
            "tcp",
            NFS,
            "Workloads to their files",
        )
        ready = allow(room, package.network, network.id, rule, [address.apply(lambda found: f"{found}/32")])
        return pulumi.Output.all(address, ready.id).apply(lambda known: f"{known[0]}:/{SHARE}")


def _address(networks: Sequence[Any]) -> str:
    """The address of a file system's one endpoint; empty while a preview does not know it."""
    return next((str(address) for network in networks for address in network.ip_addresses or ()), "")
