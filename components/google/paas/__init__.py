"""The platform on Google Cloud: databases, images, queues, hand-over, secrets, identities, certificates."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from components.contract import PaasGives, PaasNeeds
from components.derive import runs
from components.google import facts
from components.google.paas import handover
from components.google.paas.authority import authority
from components.google.paas.databases import Databases
from components.google.paas.members import member
from components.google.paas.queues import queue
from components.google.project import project
from components.room import Room
from stacks.plan import CloudPlan, PackagePlan

IMAGES_KEPT = 30
"""Images kept in a repository (our choice: well over a year of monthly releases to go back to)."""

TYPE = "jichitai:google:Paas"


class Paas(pulumi.ComponentResource):
    """The platform services of one tenant on Google Cloud."""

    gives: PaasGives

    def __init__(
        self, name: str, plan: CloudPlan, given: PaasNeeds, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(TYPE, name, None, opts)
        self._plan, self._given, self._room = plan, given, Room(name, plan, self)
        hosted = {key: p for key, p in plan.packages.items() if p.delivery == "hosted"}
        contained = {key: p for key, p in hosted.items() if runs(p, "container")}
        repositories = {key: self._repository(p) for key, p in contained.items()}
        # All e-mail addresses of the identities that a package runs as: its containers', its servers'.
        accounts = {key: self._accounts(p) for key, p in hosted.items() if p.workloads}
        secrets = {key: self._secret(p, accounts[key]) for key, p in hosted.items() if p.workloads}
        made = Databases(self._room, given)
        databases = {
            key: made.build(p, p.database, accounts[key], secrets[key])
            for key, p in hosted.items()
            if p.database
        }
        sender = project(self._room).agent("gcp-sa-pubsub")
        queues = {
            key: queue(self._room, p, given.baseline.keys["messages"], accounts[key], sender)
            for key, p in hosted.items()
            if p.queue
        }
        handovers = {key: handover.build(self._room, given, key, accounts) for key in handover.networks(plan)}
        self.gives = PaasGives(
            # Cloud Run has no cluster of ours: an instance stands on its own.
            cluster=None,
            registries={key: repository.registry_uri for key, repository in repositories.items()},
            databases=databases,
            secrets=secrets,
            queues=queues,
            handovers=handovers,
            identities={key: found[0] for key, found in accounts.items()},
            authority=authority(self._room, hosted),
        )
        self.register_outputs({"registries": self.gives.registries, "handovers": self.gives.handovers})

    def _repository(self, package: PackagePlan) -> gcp.artifactregistry.Repository:
        """One repository a package: what was pushed under a tag stays what it is, and is scanned."""
        return gcp.artifactregistry.Repository(
            self._room.child(f"{package.key}-images"),
            repository_id=self._plan.name(package.key),
            location=self._plan.region,
            format="DOCKER",
            description=f"{package.key}: images",
            kms_key_name=self._given.baseline.keys["data"],
            docker_config={"immutable_tags": True},
            cleanup_policies=[
                {"id": "keep", "action": "KEEP", "most_recent_versions": {"keep_count": IMAGES_KEPT}},
                {
                    "id": "old",
                    "action": "DELETE",
                    "condition": {"tag_state": "ANY", "older_than": facts.seconds(90)},
                },
            ],
            vulnerability_scanning_config={"enablement_config": "INHERITED"},
            labels=facts.labels(package.tags),
            opts=self._room.opts(),
        )

    def _accounts(self, package: PackagePlan) -> list[pulumi.Output[str]]:
        """The identities of a package by address, and what each of them may do everywhere: write logs."""
        found: list[pulumi.Output[str]] = []
        if runs(package, "container"):
            found.append(
                gcp.serviceaccount.Account(
                    self._room.child(f"{package.key}-identity"),
                    account_id=self._plan.name(package.key, limit=30),
                    display_name=f"{package.key}: containers",
                    opts=self._room.opts(),
                ).email
            )
        server = self._given.iaas.identities.get(package.key)
        return found if server is None else [*found, server]

    def _secret(self, package: PackagePlan, accounts: list[pulumi.Output[str]]) -> pulumi.Output[str]:
        """A place for the application's own secrets. Who runs it puts the values in; none is ours."""
        plan = self._plan
        secret = gcp.secretmanager.Secret(
            self._room.child(f"{package.key}-secret"),
            secret_id=plan.name(package.key, "application"),
            replication={
                "user_managed": {
                    "replicas": [
                        {
                            "location": plan.region,
                            "customer_managed_encryption": {
                                "kms_key_name": self._given.baseline.keys["data"]
                            },
                        }
                    ]
                }
            },
            # A value that was replaced can be had back for a month.
            version_destroy_ttl=facts.seconds(30),
            deletion_protection=plan.protect,
            labels=facts.labels(package.tags),
            opts=self._room.opts(),
        )
        for number, account in enumerate(accounts):
            gcp.secretmanager.SecretIamMember(
                self._room.child(f"{package.key}-secret-reader-{number + 1}"),
                secret_id=secret.id,
                role="roles/secretmanager.secretAccessor",
                member=member(account),
                opts=self._room.opts(),
            )
        return secret.id
