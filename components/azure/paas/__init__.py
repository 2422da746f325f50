"""The platform on Azure: containers, databases, queues, hand-over, secrets, identities.

There are no certificates to make: Azure has no private authority. A package's own name takes the
manifest's certificate; without one, people reach it by the name that its environment has from Azure,
with Azure's certificate, over the private address.
"""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_azure_native as azure

from components.azure import facts, gives
from components.azure.baseline.keys import vault
from components.azure.builtin import role_id
from components.azure.iaas.endpoints import private_endpoint
from components.azure.logs import diagnostics
from components.azure.paas import containers, handover
from components.azure.paas.databases import Databases
from components.azure.paas.who import Who
from components.azure.place import Place, grant, identity, lean, place, tenant
from components.azure.storage import account
from components.contract import PaasNeeds
from components.derive import hosted, runs
from stacks.plan import CloudPlan, PackagePlan

TYPE = "jichitai:azure:Paas"


class Paas(pulumi.ComponentResource):
    """The platform services of one tenant on Azure."""

    gives: gives.PaasGives

    def __init__(
        self, name: str, plan: CloudPlan, given: PaasNeeds, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(TYPE, name, None, lean(opts))
        self._plan, self._iaas = plan, given.iaas
        self._baseline = gives.baseline(given.baseline)
        self._place = place(name, plan, self, "platform")
        packages = {p.key: p for p in hosted(plan)}
        who = {key: self._identity(key) for key in packages}
        principals = {key: one.principal_id for key, one in who.items()}
        databases = Databases(self._place, self._baseline, self._iaas)
        made = {key: databases.build(p, who[key]) for key, p in packages.items()}
        secrets = {key: self._secrets(p, principals[key]) for key, p in packages.items()}
        handovers = handover.build(self._place, self._baseline, self._iaas, principals)
        environments = {
            key: containers.environment(self._place, self._baseline, self._iaas, key, package)
            for key, package in containers.places(list(packages.values())).items()
        }
        registries = self._registries(packages, who)
        self.gives = gives.PaasGives(
            cluster=next((e.id for e in environments.values()), None),
            registries=registries,
            databases={key: database for key, database in made.items() if database is not None},
            secrets=secrets,
            queues=self._queues(packages, principals),
            handovers=handovers,
            identities={key: one.id for key, one in who.items()},
            authority=None,
            environments=environments,
            clients={key: one.client_id for key, one in who.items()},
        )
        self.register_outputs({"registries": registries, "handovers": handovers})

    def _identity(self, key: str) -> Who:
        """Who a package runs as: its servers' identity where it has servers, for its containers too."""
        servers = self._iaas.identities.get(key)
        if servers is not None:
            return Who.known(self, servers)
        return Who.made(identity(self._place, f"{key}-identity", self._plan.name(key, limit=128)))

    def _secrets(self, package: PackagePlan, principal: pulumi.Output[str]) -> pulumi.Output[str]:
        """A vault for the application's own secrets. Who runs it puts the values in; none is ours."""
        where, key = self._place, package.key
        made = vault(where, f"{key}-secrets", facts.vault_name(self._plan, key), tenant(self))
        diagnostics(where, f"{key}-secrets", made.id, self._baseline.workspace)
        end = private_endpoint(
            where, package.network, self._iaas.networks[package.network], f"{key}-secrets", made.id, "vault"
        )
        may = grant(where, f"{key}-secrets-read", role_id(self._plan, "secrets"), principal, made.id)
        return pulumi.Output.all(made.name, end.id, may.id).apply(
            lambda known: f"https://{known[0]}.vault.azure.net"
        )

    def _registries(
        self,
        packages: Mapping[str, PackagePlan],
        who: Mapping[str, Who],
    ) -> Mapping[str, pulumi.Output[str]]:
        """The repository of each package with containers; it may pull from the registry, and not push."""
        contained = [p for p in packages.values() if runs(p, "container")]
        if not contained:
            return {}
        networks = list(dict.fromkeys(p.network for p in contained))
        made = containers.registry(self._place, self._baseline, self._iaas, networks)
        found: dict[str, pulumi.Output[str]] = {}
        for package in contained:
            pull = role_id(self._plan, "pull")
            may = grant(self._place, f"{package.key}-pull", pull, who[package.key].principal_id, made.id)
            found[package.key] = pulumi.Output.all(made.login_server, may.id, package.key).apply(
                lambda known: f"{known[0]}/{known[2]}"
            )
        return found

    def _queues(
        self, packages: Mapping[str, PackagePlan], principals: Mapping[str, pulumi.Output[str]]
    ) -> Mapping[str, pulumi.Output[str]]:
        """The queue of each package that asks for one, and one for messages that keep failing."""
        found: dict[str, pulumi.Output[str]] = {}
        for network in self._plan.networks:
            mine = [p for p in packages.values() if p.queue and p.network == network]
            if mine:
                found |= self._queues_of(network, mine, principals)
        return found

    def _queues_of(
        self, network: str, packages: list[PackagePlan], principals: Mapping[str, pulumi.Output[str]]
    ) -> Mapping[str, pulumi.Output[str]]:
        where = self._place
        held = account(
            where,
            f"queues-{network}",
            facts.storage_name(self._plan, "queues", network),
            "messages",
            self._baseline.keys["messages"],
        )
        uses = role_id(self._plan, "queue")
        days = self._plan.baseline.retention.backup_days
        # There are no blobs in it; whoever puts some there must be able to undo it.
        blobs = azure.storage.BlobServiceProperties(
            where.child("queues", network, "deleted"),
            resource_group_name=where.group,
            account_name=held.name,
            blob_services_name="default",
            is_versioning_enabled=True,
            delete_retention_policy={"enabled": True, "days": days},
            opts=where.opts(),
        )
        end = private_endpoint(where, network, self._iaas.networks[network], "queues", held.id, "queue")
        account_id = facts.storage_id(self._plan, facts.group_name(self._plan, "platform"), "queues", network)
        diagnostics(
            where, f"queues-{network}", f"{account_id}/queueServices/default", self._baseline.workspace, blobs
        )
        found: dict[str, pulumi.Output[str]] = {}
        for package in packages:
            key = package.key
            ready: list[pulumi.CustomResource] = [end]
            for kind, name in (("queue", key), ("dead", f"{key}-dead")):
                queue = self._queue(where, held, f"{key}-{kind}", name)
                ready += [queue, grant(where, f"{key}-{kind}-use", uses, principals[key], queue.id)]
            found[key] = pulumi.Output.all(held.name, key, *(r.id for r in ready)).apply(
                lambda known: f"https://{known[0]}.queue.core.windows.net/{known[1]}"
            )
        return found

    def _queue(
        self, where: Place, held: azure.storage.StorageAccount, what: str, name: str
    ) -> azure.storage.Queue:
        return azure.storage.Queue(
            where.child(what),
            resource_group_name=where.group,
            account_name=held.name,
            queue_name=name,
            opts=where.opts(),
        )
