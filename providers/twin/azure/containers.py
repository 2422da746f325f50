"""Container environments and apps, registries, workflows."""

from __future__ import annotations

from collections.abc import Mapping

from providers.twin.azure.network import network_of
from providers.twin.azure.session import principal_of, tenant_of
from providers.twin.azure.words import arm, in_use, names, token, uses
from providers.twin.behaviour import Answer, Behaviour, Refusal, Unique
from providers.twin.scope import Scope

_CPU = {round(0.25 * step, 2) for step in range(1, 17)}


def _environment(scope: Scope) -> None:
    subnet = scope.target("vnetConfiguration.infrastructureSubnetId")
    if subnet is None:
        return
    services = [d.get("serviceName") for d in subnet.state.get("delegations") or []]
    if services != ["Microsoft.App/environments"]:
        raise Refusal(
            "ManagedEnvironmentSubnetIsNotDelegated",
            f"The subnet {subnet.id} must be delegated to Microsoft.App/environments.",
        )
    if network_of(str(subnet.state["addressPrefix"])).prefixlen > 27:
        raise Refusal("ManagedEnvironmentInvalidNetworkConfiguration", "The subnet must be at least a /27.")


def _environment_made(scope: Scope) -> None:
    word = scope.letters(8, "word")
    scope.state["defaultDomain"] = (
        f"{scope.get('environmentName')}-{word}.{scope.region}.azurecontainerapps.io"
    )
    subnet = scope.target("vnetConfiguration.infrastructureSubnetId")
    space = (
        network_of(str(subnet.state["addressPrefix"])) if subnet is not None else network_of("10.0.0.0/27")
    )
    # The platform keeps the last addresses of the subnet for its own balancer.
    scope.state["staticIp"] = str(space[-12])


def _app(scope: Scope) -> None:
    template = scope.get("template") or {}
    profile = scope.get("workloadProfileName") or "Consumption"
    consumption = profile == "Consumption"
    environment = scope.target("environmentId")
    if environment is not None:
        offered = [p.get("name") for p in environment.inputs.get("workloadProfiles") or []]
        if profile not in (offered or ["Consumption"]):
            raise Refusal(
                "WorkloadProfileNotFound", f"The environment has no workload profile '{profile}': {offered}"
            )
    for container in template.get("containers") or []:
        resources = container.get("resources") or {}
        cpu, memory = float(resources.get("cpu") or 0), str(resources.get("memory"))
        if consumption and (round(cpu, 2) not in _CPU or memory != f"{cpu * 2:g}Gi"):
            raise Refusal(
                "ContainerAppInvalidResourceTotal",
                f"The requested CPU {cpu} and memory {memory} are no combination of the Consumption profile.",
            )
    scale = template.get("scale") or {}
    if int(scale.get("minReplicas") or 0) > int(scale.get("maxReplicas") or 10):
        raise Refusal("ContainerAppInvalidScale", "minReplicas is above maxReplicas.")
    if environment is None:
        return
    shares = {
        row.state.get("name")
        for row in scope.store.linked(environment.rid)
        if row.type == token("app.ManagedEnvironmentsStorage")
    }
    for volume in template.get("volumes") or []:
        if volume.get("storageName") and volume["storageName"] not in shares:
            raise Refusal(
                "ManagedEnvironmentStorageNotFound",
                f"Storage {volume['storageName']} is not in the environment.",
            )


def _app_made(scope: Scope) -> None:
    environment = scope.target("environmentId")
    domain = environment.state.get("defaultDomain") if environment is not None else ""
    configuration = dict(scope.get("configuration") or {})
    if configuration.get("ingress"):
        configuration["ingress"] = {
            **configuration["ingress"],
            "fqdn": f"{scope.get('containerAppName')}.{domain}",
        }
        scope.state["configuration"] = configuration
    scope.state["latestRevisionName"] = f"{scope.get('containerAppName')}--{scope.letters(7, 'revision')}"


def _registry(scope: Scope) -> None:
    sku = (scope.get("sku") or {}).get("name")
    wants = (
        scope.get("publicNetworkAccess") == "Disabled"
        or (scope.get("encryption") or {}).get("status") == "enabled"
    )
    if wants and sku != "Premium":
        raise Refusal("SkuNotSupported", f"A {sku} registry has no private network and no customer key.")


def _workflow_made(scope: Scope) -> None:
    identity = scope.get("identity") or {}
    if identity.get("type") == "SystemAssigned":
        scope.state["identity"] = {
            **identity,
            "principalId": principal_of(scope.id),
            "tenantId": tenant_of(scope.unit),
        }
        scope.store.set_handles(scope.rid, {principal_of(scope.id)})


TABLE: Mapping[str, Behaviour] = {
    "app.ManagedEnvironment": arm(
        "Microsoft.App/managedEnvironments",
        "environmentName",
        rule=r"[A-Za-z0-9]([A-Za-z0-9-]{0,58}[A-Za-z0-9])?",
        fixed="vnetConfiguration zoneRedundant",
        refs=(uses("vnetConfiguration.infrastructureSubnetId", "network.Subnet"),),
        rules=(_environment,),
        made=(_environment_made,),
        in_use=in_use("ManagedEnvironmentInUse", "Environment {id} has container apps ({value})."),
    ),
    "app.ManagedEnvironmentsStorage": arm(
        "Microsoft.App/managedEnvironments/storages",
        "environmentName storageName",
        parent="app.ManagedEnvironment",
        rule=r"[a-z0-9][a-z0-9-]{0,31}",
    ),
    "app.Certificate": arm(
        "Microsoft.App/managedEnvironments/certificates",
        "environmentName certificateName",
        parent="app.ManagedEnvironment",
        in_use=in_use("CertificateInUse", "Certificate {id} is in use by {value}."),
    ),
    "app.ContainerApp": arm(
        "Microsoft.App/containerApps",
        "containerAppName",
        rule=r"[a-z](?!.*--)[a-z0-9-]{0,30}[a-z0-9]",
        fixed="environmentId",
        refs=(
            uses("environmentId", "app.ManagedEnvironment"),
            uses("identity.userAssignedIdentities[]", "managedidentity.UserAssignedIdentity"),
            uses("configuration.ingress.customDomains[].certificateId", "app.Certificate"),
        ),
        rules=(_app,),
        made=(_app_made,),
        changed=(_app_made,),
    ),
    "containerregistry.Registry": arm(
        "Microsoft.ContainerRegistry/registries",
        "registryName",
        rule=r"[A-Za-z0-9]{5,50}",
        fixed="zoneRedundancy encryption.status",
        refs=(
            names(
                "encryption.keyVaultProperties.keyIdentifier",
                "keyvault.Key",
                missing=Answer("KeyVaultKeyNotFound", "The key {value} is not found."),
            ),
            uses("encryption.keyVaultProperties.identity", "managedidentity.UserAssignedIdentity"),
        ),
        rules=(_registry,),
        computed={"loginServer": "{registryName}.azurecr.io", "creationDate": "{now}"},
        unique=(
            Unique(
                "registry",
                "{registryName}",
                Answer("AlreadyInUse", "The registry DNS name {value}.azurecr.io is already in use.", 409),
                across=True,
            ),
        ),
    ),
    "logic.Workflow": arm(
        "Microsoft.Logic/workflows",
        "workflowName",
        rule=r"[A-Za-z0-9._()-]{1,80}",
        made=(_workflow_made,),
        changed=(_workflow_made,),
        computed={"createdTime": "{now}", "version": "{digits20}"},
    ),
}
