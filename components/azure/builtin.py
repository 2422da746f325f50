"""Roles, policies and initiatives that Azure itself defines, by the ids it gives them. Pure data.

An id says nothing to a reader, so each has the name that Azure shows for it. Sources: of policies and
initiatives the files of the repository Azure/azure-policy (`built-in-policies/`, as of 2026-04-29, where each
id has this name and none is deprecated); of roles "Azure built-in roles" (Azure RBAC documentation).
docs/published-names.md tells what was looked up where.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from components.azure.facts import subscription
from stacks.plan import CloudPlan


@dataclass(frozen=True, slots=True)
class Builtin:
    """A role or policy of Azure's own: its GUID and the name that Azure shows for it."""

    id: str
    title: str


# --- roles --------------------------------------------------------------------------------------

ROLES: Mapping[str, Builtin] = MappingProxyType(
    {
        "crypto": Builtin("e147488a-f6f5-4113-8e2d-b22465e65bf6", "Key Vault Crypto Service Encryption User"),
        "secrets": Builtin("4633458b-17de-408a-b874-0445c86b69e6", "Key Vault Secrets User"),
        "pull": Builtin("7f951dda-4ed3-4680-a7ca-43fe172d538d", "AcrPull"),
        "queue": Builtin("974c5e8b-45b9-4653-ba55-5f855dd0fb88", "Storage Queue Data Contributor"),
        "blob-read": Builtin("2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "Storage Blob Data Reader"),
    }
)
"""Built-in roles by what they are for here. Where one would give more than is needed, there is one of
ours, made by the bootstrap (`stacks.azure_roles`)."""


def role_id(plan: CloudPlan, role: str) -> str:
    """The id of a built-in role as assignments name it."""
    return f"{subscription(plan)}/providers/Microsoft.Authorization/roleDefinitions/{ROLES[role].id}"


# --- policies -----------------------------------------------------------------------------------

_AUTHORIZATION = "/providers/Microsoft.Authorization"
BENCHMARK = Builtin("1f3afdf9-d0c9-4c3d-847f-89da613e70a8", "Microsoft cloud security benchmark")
"""The initiative that Defender for Cloud measures posture by."""


def initiative_id(initiative: Builtin) -> str:
    """The id of a built-in initiative (policy set definition)."""
    return f"{_AUTHORIZATION}/policySetDefinitions/{initiative.id}"


def policy_id(policy: Builtin) -> str:
    """The id of a built-in policy definition."""
    return f"{_AUTHORIZATION}/policyDefinitions/{policy.id}"


RECORDED: Mapping[str, Builtin] = MappingProxyType(
    {
        "vault-logs": Builtin(
            "cf820ca0-f99e-4f3e-84fb-66e913812d21", "Resource logs in Key Vault should be enabled"
        ),
        "server-os-baseline": Builtin(
            "fc9b3da7-8347-4380-8e70-0a0361d8dedd",
            "Linux machines should meet requirements for the Azure compute security baseline",
        ),
        "server-trusted-launch": Builtin(
            "b03bb370-5249-4ea4-9fce-2552e87e45fa", "Disks and OS image should support TrustedLaunch"
        ),
        "disk-customer-key": Builtin(
            "702dd420-7fcc-42c5-afe8-4026edd20fe0",
            "OS and data disks should be encrypted with a customer-managed key",
        ),
        "storage-customer-key": Builtin(
            "6fac406b-40ca-413b-bf8e-0bf964659c25",
            "Storage accounts should use customer-managed key for encryption",
        ),
        "vault-purge-protection": Builtin(
            "0b60c0b2-2dc2-4e1c-b5c9-abbed971de53", "Key vaults should have deletion protection enabled"
        ),
        "vault-firewall": Builtin(
            "55615ac9-af46-4a59-874e-391cc3dfb490",
            "Azure Key Vault should have firewall enabled or public network access disabled",
        ),
        "registry-private": Builtin(
            "e8eef0a8-67cf-4eb4-9386-14b0e78733d4", "Container registries should use private link"
        ),
        "key-rotation": Builtin(
            "d8cf8476-a2ec-4916-896e-992351803c44",
            "Keys should have a rotation policy ensuring that their rotation is scheduled within the "
            "specified number of days after creation.",
        ),
        "subnet-has-group": Builtin(
            "e71308d3-144b-4262-b144-efdc3cc90517",
            "Subnets should be associated with a Network Security Group",
        ),
        "postgresql-private": Builtin(
            "5e1de0e3-42cb-4ebc-a86d-61d0c619ca48",
            "Public network access should be disabled for PostgreSQL flexible servers",
        ),
        "update-assessment": Builtin(
            "bd876905-5b84-4f73-ab2d-2e7a7c4568d9",
            "Machines should be configured to periodically check for missing system updates",
        ),
    }
)
"""Built-in policies that record how things stand, by our name."""

RECORDED_BY: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {"key-rotation": {"maximumDaysToRotate": 365}}
)
"""Parameters of those that have one without a default, without which Azure refuses the initiative."""

REFUSED: Mapping[str, Builtin] = MappingProxyType(
    {
        "no-public-address": Builtin(
            "83a86a26-fd1f-447c-b59d-e51f44264114", "Network interfaces should not have public IPs"
        ),
        "https-only": Builtin(
            "404c3081-a854-4457-ae30-26a93ef643f9", "Secure transfer to storage accounts should be enabled"
        ),
        "no-public-storage": Builtin(
            "b2982f36-99f2-4db5-8eff-283140c09693", "Storage accounts should disable public network access"
        ),
    }
)
"""Built-in policies that refuse: network interfaces with public addresses, storage without TLS or open to
all networks."""

LOCATIONS, GROUP_LOCATIONS = (
    Builtin("e56962a6-4747-49cd-b67b-bf8b01975c4c", "Allowed locations"),
    Builtin("e765b5de-1225-4ba3-bd56-1ac6695af988", "Allowed locations for resource groups"),
)
"""Allowed locations, of resources and of resource groups."""


def everything() -> tuple[Builtin, ...]:
    """All of them: what docs/published-names.md must say where it was looked up."""
    return (
        *ROLES.values(),
        BENCHMARK,
        *RECORDED.values(),
        *REFUSED.values(),
        LOCATIONS,
        GROUP_LOCATIONS,
    )
