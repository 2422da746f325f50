"""Where containers run and come from: an environment a segment, one registry."""

from __future__ import annotations

import pulumi
import pulumi_azure_native as azure

from components.azure import facts, gives
from components.azure.iaas.endpoints import private_endpoint
from components.azure.iaas.subnets import key_of
from components.azure.logs import diagnostics
from components.azure.place import Place
from components.azure.place import key_of as key_parts
from components.contract import IaasGives
from components.derive import app_role, runs
from stacks.plan import CloudPlan, PackagePlan


def places(packages: list[PackagePlan]) -> dict[tuple[str, str], PackagePlan]:
    """The environments that `packages` need, by network and segment, each with the first that needs it."""
    found: dict[tuple[str, str], PackagePlan] = {}
    for package in packages:
        if runs(package, "container"):
            found.setdefault((package.network, package.segment), package)
    return found


def environment(
    place: Place, baseline: gives.BaselineGives, iaas: IaasGives, key: tuple[str, str], package: PackagePlan
) -> gives.EnvironmentGives:
    """The environment of one segment of a network: no address outside, its parts speak TLS to each other."""
    plan, (network, segment) = place.plan, key
    what = f"{network}-{segment}"
    made = azure.app.ManagedEnvironment(
        place.child("environment", what),
        resource_group_name=place.group,
        environment_name=plan.name(network, segment, limit=60),
        location=plan.region,
        vnet_configuration={
            "internal": True,
            "infrastructure_subnet_id": iaas.networks[network].subnets[
                key_of(app_role(package), "containers")
            ],
        },
        workload_profiles=_profiles(plan, network, segment),
        zone_redundant=len(plan.zones) > 1,
        public_network_access="Disabled",
        # By diagnostic settings: the other way takes the workspace's key.
        app_logs_configuration={"destination": "azure-monitor"},
        peer_authentication={"mtls": {"enabled": True}},
        peer_traffic_configuration={"encryption": {"enabled": True}},
        tags=place.tags(),
        opts=place.opts(),
    )
    diagnostics(place, f"environment-{what}", made.id, baseline.workspace)
    zone = azure.privatedns.PrivateZone(
        place.child("environment", what, "zone"),
        resource_group_name=place.group,
        private_zone_name=made.default_domain,
        location="global",
        tags=place.tags(),
        opts=place.opts(),
    )
    record = azure.privatedns.PrivateRecordSet(
        place.child("environment", what, "name"),
        resource_group_name=place.group,
        private_zone_name=zone.name,
        relative_record_set_name="*",
        record_type="A",
        ttl=300,
        a_records=[{"ipv4_address": made.static_ip}],
        opts=place.opts(),
    )
    link = azure.privatedns.VirtualNetworkLink(
        place.child("environment", what, "zone-link"),
        resource_group_name=place.group,
        private_zone_name=zone.name,
        virtual_network_link_name=network,
        location="global",
        registration_enabled=False,
        virtual_network={"id": iaas.networks[network].id},
        tags=place.tags(),
        opts=place.opts(),
    )
    ready = pulumi.Output.all(made.id, record.id, link.id).apply(lambda known: str(known[0]))
    return gives.EnvironmentGives(ready, made.static_ip, made.default_domain)


def _profiles(plan: CloudPlan, network: str, segment: str) -> list[azure.app.WorkloadProfileArgsDict]:
    """Consumption, and nodes for the containers of this environment that are too large for it."""
    mine = [p for p in plan.packages.values() if (p.network, p.segment) == (network, segment)]
    return [
        {"name": name, "workload_profile_type": name}
        if name == facts.CONSUMPTION
        else {"name": name, "workload_profile_type": name, "minimum_count": 1, "maximum_count": count}
        for name, count in facts.profiles(mine).items()
    ]


def registry(
    place: Place, baseline: gives.BaselineGives, iaas: IaasGives, networks: list[str]
) -> azure.containerregistry.Registry:
    """The tenant's registry, reached from `networks` only; each package has a repository of its name."""
    plan, who = place.plan, facts.key_identity(place.plan, "data")
    made = azure.containerregistry.Registry(
        place.child("registry"),
        resource_group_name=place.group,
        registry_name=facts.storage_name(plan, "images"),
        location=plan.region,
        # The one tier with private endpoints and customer keys.
        sku={"name": "Premium"},
        admin_user_enabled=False,
        anonymous_pull_enabled=False,
        public_network_access="Disabled",
        network_rule_bypass_options="AzureServices",
        zone_redundancy="Enabled",
        identity={
            "type": azure.containerregistry.ResourceIdentityType.USER_ASSIGNED,
            "user_assigned_identities": {who: {}},
        },
        encryption={
            "status": "enabled",
            "key_vault_properties": {"identity": who, "key_identifier": key_parts(baseline.keys["data"])[2]},
        },
        policies={
            "export_policy": {"status": "disabled"},
            "azure_ad_authentication_as_arm_policy": {"status": "enabled"},
        },
        tags=place.tags(),
        opts=place.kept(),
    )
    diagnostics(place, "registry", made.id, baseline.workspace)
    for network in networks:
        private_endpoint(place, network, iaas.networks[network], "registry", made.id, "registry")
    return made
