"""The platform on さくら: databases, vaults, queues, hand-over, the registry of images.

Containers run on servers of their package: AppRun answers on the internet, which is closed here.
"""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_sakura as sakura

from components.contract import PaasGives, PaasNeeds
from components.room import Room
from components.sakura import facts
from components.sakura.paas.databases import Databases
from components.sakura.paas.handover import handover
from stacks.plan import CloudPlan, PackagePlan

TYPE = "jichitai:sakura:Paas"
MESSAGE_SECONDS = 345_600
"""Seconds that an unread message is kept: four days, the service's own figure."""
CERTIFICATE_DAYS = 14
"""Days before its end at which the registry's certificate is reported (our choice)."""


class Paas(pulumi.ComponentResource):
    """The platform services of one tenant."""

    gives: PaasGives

    def __init__(
        self, name: str, plan: CloudPlan, given: PaasNeeds, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(TYPE, name, None, opts)
        self._room, self._plan, self._given = Room(name, plan, self), plan, given
        packages = plan.packages
        vaults = {key: self._vault(package) for key, package in packages.items()}
        databases = Databases(self._room, given)
        contained = {key: p for key, p in packages.items() if facts.kinds(p, "container")}
        registry = self._registry() if contained else None
        self.gives = PaasGives(
            cluster=None,
            registries={
                key: registry.fqdn.apply(lambda fqdn, key=key: f"{fqdn}/{key}")
                for key in contained
                if registry is not None
            },
            databases={
                key: databases.build(p, p.database, vaults[key].id)
                for key, p in packages.items()
                if p.database
            },
            secrets={key: vault.id for key, vault in vaults.items()},
            queues={key: self._queue(p) for key, p in packages.items() if p.queue},
            handovers={pair.key: handover(self._room, given, pair) for pair in plan.handovers},
            identities={},
            authority=None,
        )
        self.register_outputs({"registries": self.gives.registries, "handovers": self.gives.handovers})

    def _vault(self, package: PackagePlan) -> sakura.security.SecretVault:
        """The vault of one package: its database's passwords, which the provider makes and puts there, and
        what whoever operates the package adds (the certificate of its name, its own secrets)."""
        return sakura.security.SecretVault(
            self._room.child(f"{package.key}-vault"),
            name=self._plan.name(package.key, limit=64),
            description=facts.description(package, "secrets"),
            kms_key_id=self._given.baseline.keys["data"],
            tags=list(facts.package_tags(package)),
            opts=self._room.opts(keep=True),
        )

    def _queue(self, package: PackagePlan) -> pulumi.Output[str]:
        """The queue of a package; gives its name, by which senders and readers call it."""
        return sakura.messaging.SimpleMqQueue(
            self._room.child(f"{package.key}-queue"),
            name=self._plan.name(package.key, "queue", limit=64),
            description=facts.description(package, "messages"),
            visibility_timeout=300,
            expire_seconds=MESSAGE_SECONDS,
            tags=list(facts.package_tags(package)),
            opts=self._room.opts(),
        ).name

    def _registry(self) -> sakura.app.ContainerRegistry:
        """The registry of images, closed to everybody; its users are made by whoever delivers images."""
        registry = sakura.app.ContainerRegistry(
            self._room.child("registry"),
            name=self._plan.name("images", limit=64),
            description="Images of the packages",
            subdomain_label=facts.registry_label(self._plan),
            access_level="none",
            tags=list(facts.own_tags(self._plan)),
            opts=self._room.opts(keep=True),
        )
        # The one name of this tenant that stands outside: simple monitors look from the internet.
        sakura.monitoring.SimpleMonitor(
            self._room.child("registry-monitor"),
            target=registry.fqdn,
            description="The registry's certificate",
            tags=list(facts.own_tags(self._plan)),
            health_check={"protocol": "sslcertificate", "remaining_days": CERTIFICATE_DAYS},
            delay_loop=300,
            notify_email=True,
            opts=self._room.opts(),
        )
        return registry


def package_environment(
    plan: CloudPlan, paas: PaasGives, package: PackagePlan
) -> Mapping[str, pulumi.Input[str]]:
    """What an application is told in the open: who it is and where its things are. No value has a space in
    it."""
    site, key = facts.SITES[plan.region], package.key
    told: dict[str, pulumi.Input[str]] = {
        "TZ": "Asia/Tokyo",
        "MUNICIPALITY_CODE": package.member or plan.tags["municipality-code"],
        "PUBLIC_URL": f"https://{package.host}/",
        "APPLICATION_VAULT": paas.secrets[key],
    }
    if package.database and key in paas.databases:
        database = paas.databases[key]
        told |= {
            "DATABASE_HOST": database.address,
            "DATABASE_PORT": database.port.apply(str),
            "DATABASE_NAME": package.database.database,
            "DATABASE_USER": package.database.administrator,
        }
    if key in paas.queues:
        told["QUEUE"] = paas.queues[key]
    if any(key in (pair.sender, pair.receiver) for pair in plan.handovers):
        told["HANDOVER_ENDPOINT"] = f"https://{facts.ENDPOINTS[site]}"
    for pair in plan.handovers:
        if key == pair.sender:
            told[f"HANDOVER_TO_{_variable(pair.key)}"] = paas.handovers[pair.key]
        if key == pair.receiver:
            told[f"HANDOVER_FROM_{_variable(pair.key)}"] = paas.handovers[pair.key]
    return told


def _variable(key: str) -> str:
    return key.upper().replace("-", "_")
