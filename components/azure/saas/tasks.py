"""The container workloads of the packages: container apps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_azure_native as azure

from components.azure import facts
from components.azure.builtin import role_id
from components.azure.gives import EnvironmentGives
from components.azure.iaas.files import SHARE
from components.azure.paas.handover import CONTAINER
from components.azure.place import grant
from components.azure.saas import alarms
from components.azure.saas.lodging import Lodging
from components.derive import url
from stacks.plan import PackagePlan, SchedulePlan, WorkloadPlan

FILES_PATH = "/mnt/files"
"""Where a package finds its shared files."""


def hours(schedule: SchedulePlan, replicas: int) -> Mapping[str, str]:
    """The working hours of a verification environment, as KEDA's cron scaler takes them."""

    def cron(clock: str) -> str:
        hour, minute = clock.split(":")
        return f"{int(minute)} {int(hour)} * * 1-5"

    return {
        "timezone": "Asia/Tokyo",
        "start": cron(schedule.start),
        "end": cron(schedule.stop),
        "desiredReplicas": str(replicas),
    }


class Tasks:
    """Builds the container apps of packages. `url` is where people reach one."""

    def __init__(self, lodging: Lodging) -> None:
        """Make them in `lodging`."""
        self._lodging, self._place, self._plan = lodging, lodging.place, lodging.place.plan

    def build(self, package: PackagePlan) -> pulumi.Output[str] | None:
        """All containers of `package`; gives the URL of the exposed one."""
        workloads = [w for w in package.workloads.values() if w.kind == "container"]
        if not workloads:
            return None
        home = self._lodging.paas.environments[package.network, package.segment]
        files = self._files(package, home)
        certificate = self._certificate(package, home) if package.certificate else None
        found: pulumi.Output[str] | None = None
        for workload in workloads:
            app = self._app(package, workload, home, files, certificate)
            if workload.exposed:
                found = self._exposed(package, app, home)
        return found

    def _exposed(
        self, package: PackagePlan, app: azure.app.ContainerApp, home: EnvironmentGives
    ) -> pulumi.Output[str]:
        self._lodging.record(package, home.address)
        self._lodging.alarm(f"{package.key}-service", alarms.container(), app.id)
        if package.certificate:
            return pulumi.Output.from_input(url(package))
        return pulumi.Output.concat("https://", app.name, ".", home.domain, "/")

    def _files(
        self, package: PackagePlan, home: EnvironmentGives
    ) -> azure.app.ManagedEnvironmentsStorage | None:
        """The package's share, in its environment."""
        held = self._lodging.iaas.files.get(package.key)
        if held is None:
            return None
        name = held.apply(facts.last)
        return azure.app.ManagedEnvironmentsStorage(
            self._place.child(package.key, "files"),
            resource_group_name=home.id.apply(facts.group_of),
            environment_name=home.id.apply(facts.last),
            storage_name=package.key[:32].rstrip("-"),
            properties={
                "nfs_azure_file": {
                    "access_mode": "ReadWrite",
                    "server": pulumi.Output.concat(name, ".file.core.windows.net"),
                    "share_name": pulumi.Output.concat("/", name, "/", SHARE),
                }
            },
            opts=self._place.opts(),
        )

    def _certificate(self, package: PackagePlan, home: EnvironmentGives) -> pulumi.Output[str]:
        """The manifest's certificate, which the environment reads from its vault as the package."""
        secret, where = str(package.certificate), self._place
        vault = f"https://{facts.last(secret, 2)}.vault.azure.net/secrets/{facts.last(secret)}"
        who = self._lodging.paas.identities[package.key]
        principal = azure.managedidentity.get_user_assigned_identity_output(
            resource_group_name=who.apply(facts.group_of),
            resource_name=who.apply(facts.last),
            opts=pulumi.InvokeOutputOptions(parent=where.parent),
        ).principal_id
        may = grant(where, f"{package.key}-certificate", role_id(where.plan, "secrets"), principal, secret)
        return azure.app.Certificate(
            where.child(package.key, "tls"),
            resource_group_name=home.id.apply(facts.group_of),
            environment_name=home.id.apply(facts.last),
            certificate_name=package.key,
            location=self._plan.region,
            properties={"certificate_key_vault_properties": {"identity": who, "key_vault_url": vault}},
            tags=where.tags(package),
            opts=where.opts(may),
        ).id

    def _app(
        self,
        package: PackagePlan,
        workload: WorkloadPlan,
        home: EnvironmentGives,
        files: azure.app.ManagedEnvironmentsStorage | None,
        certificate: pulumi.Output[str] | None,
    ) -> azure.app.ContainerApp:
        """One container workload. All workloads of a package run one image, told which they are."""
        paas, key = self._lodging.paas, f"{package.key}-{workload.key}"
        who, images = paas.identities[package.key], paas.registries[package.key]
        size = facts.container_size(workload.vcpu, workload.memory_gb)
        mounts: list[dict[str, Any]] = [{"volume_name": "scratch", "mount_path": "/tmp"}]  # noqa: S108
        volumes: list[dict[str, Any]] = [{"name": "scratch", "storage_type": "EmptyDir"}]
        if files is not None:
            mounts.append({"volume_name": "files", "mount_path": FILES_PATH})
            volumes.append({"name": "files", "storage_type": "NfsAzureFile", "storage_name": files.name})
        return azure.app.ContainerApp(
            self._place.child(key),
            resource_group_name=self._place.group,
            # 32 characters at the most, and the first part of a name that people may see.
            container_app_name=self._plan.name(key, limit=32),
            location=self._plan.region,
            environment_id=home.id,
            workload_profile_name=size.profile,
            identity={"type": "UserAssigned", "user_assigned_identities": [who]},
            configuration=self._configuration(package, workload, certificate),
            template={
                "containers": [
                    {
                        "name": workload.key,
                        "image": pulumi.Output.concat(images, ":", package.version),
                        "resources": {"cpu": size.cpu, "memory": size.memory},
                        "env": [
                            {"name": name, "value": value}
                            for name, value in self._environment(package, workload).items()
                        ],
                        "volume_mounts": mounts,  # type: ignore[typeddict-item]
                        "probes": self._probes(workload),
                    }
                ],
                "volumes": volumes,  # type: ignore[typeddict-item]
                "scale": self._scale(package, workload),
            },
            tags=self._place.tags(package),
            opts=self._place.opts(),
        )

    def _configuration(
        self, package: PackagePlan, workload: WorkloadPlan, certificate: pulumi.Output[str] | None
    ) -> azure.app.ConfigurationArgsDict:
        """Where the image comes from, and the way in for the exposed workload."""
        paas = self._lodging.paas
        server = paas.registries[package.key].apply(lambda i: str(i).split("/", maxsplit=1)[0])
        made: azure.app.ConfigurationArgsDict = {
            "active_revisions_mode": "Single",
            "registries": [{"server": server, "identity": paas.identities[package.key]}],
        }
        if workload.exposed:
            made["ingress"] = self._ingress(package, workload, certificate)
        return made

    def _ingress(
        self, package: PackagePlan, workload: WorkloadPlan, certificate: pulumi.Output[str] | None
    ) -> Any:
        """The way in: TLS only; "external" to the environment, whose address is private."""
        domains = (
            [{"name": package.host, "binding_type": "SniEnabled", "certificate_id": certificate}]
            if certificate is not None
            else None
        )
        return {
            "external": True,
            "allow_insecure": False,
            "target_port": workload.port,
            # TLS to the application itself too, as on every cloud.
            "target_port_http_scheme": "https",
            "transport": "auto",
            "traffic": [{"latest_revision": True, "weight": 100}],
            "ip_security_restrictions": self._callers(package),
            "custom_domains": domains,
        }

    def _callers(self, package: PackagePlan) -> Any:
        """Who may come at all, by the plan: the allow list once more, at the entrance itself."""
        network = self._plan.networks[package.network]
        ranges = {str(cidr) for flow in network.into(f"{package.key}-entry") for cidr in flow.source.ranges}
        return [
            {"name": f"allowed-{number}", "action": "Allow", "ip_address_range": cidr}
            for number, cidr in enumerate(sorted(ranges))
        ]

    @staticmethod
    def _probes(workload: WorkloadPlan) -> Any:
        if not workload.exposed:
            return None
        get = {"path": workload.health, "port": workload.port, "scheme": "HTTPS"}
        return [
            {"type": "Liveness", "http_get": get, "initial_delay_seconds": 60, "period_seconds": 15},
            {"type": "Readiness", "http_get": get, "initial_delay_seconds": 10, "period_seconds": 10},
        ]

    @staticmethod
    def _scale(package: PackagePlan, workload: WorkloadPlan) -> Any:
        """As many as planned; in a verification environment only in its hours, else none."""
        if package.schedule is None:
            return {"min_replicas": workload.replicas, "max_replicas": workload.replicas}
        rule = {"type": "cron", "metadata": hours(package.schedule, workload.replicas)}
        return {
            "min_replicas": 0,
            "max_replicas": workload.replicas,
            "rules": [{"name": "hours", "custom": rule}],
        }

    def _environment(self, package: PackagePlan, workload: WorkloadPlan) -> Mapping[str, pulumi.Input[str]]:
        """What an application is told in the open: who it is and where its things are."""
        paas, key = self._lodging.paas, package.key
        told: dict[str, pulumi.Input[str]] = {
            "TZ": "Asia/Tokyo",
            "MUNICIPALITY_CODE": package.member or self._plan.tags["municipality-code"],
            "WORKLOAD": workload.key,
            "PORT": str(workload.port),
            # Which identity to ask Azure for tokens of: there is no other secret.
            "AZURE_CLIENT_ID": paas.clients[key],
        }
        if package.database and key in paas.databases:
            told |= {
                "DATABASE_HOST": paas.databases[key].address,
                "DATABASE_PORT": str(package.database.port),
                "DATABASE_NAME": package.database.database,
                "DATABASE_USER": self._plan.name(key, limit=128),
            }
        if key in paas.secrets:
            told["APPLICATION_VAULT"] = paas.secrets[key]
        if key in paas.queues:
            told["QUEUE_URL"] = paas.queues[key]
        if any(key in (h.sender, h.receiver) for h in self._plan.handovers):
            told["HANDOVER_URL"] = pulumi.Output.concat(
                "https://", paas.handovers[package.network], f".blob.core.windows.net/{CONTAINER}"
            )
        if key in self._lodging.iaas.files:
            told["FILES"] = FILES_PATH
        return told
