"""A subscription as it is handed over: what Azure itself and the official templates leave in a new one.

The bodies of the official templates are not public (docs: what is unknown). What is modelled is what the
public record names: Defender for Cloud and the benchmark assigned from the management group above, a
policy of domestic locations, the activity log exported to the agency's own workspace. Everything from the
templates carries `managedByTemplates`: the unit can read and adopt it, not change or delete it.

The roles of our own are there too, as the bootstrap leaves them: what is deployed on the twin comes after it,
and may name roles, not define them.
"""

from __future__ import annotations

from collections.abc import Mapping

from providers.twin.azure.words import token
from providers.twin.scope import Session
from providers.twin.store import Store
from providers.wire import Value
from stacks.azure_roles import OWN

LOGS = "00000000-0000-4000-8000-00000000c105"
"""The agency's subscription for logs."""
PLANS: tuple[tuple[str, str | None], ...] = (
    ("VirtualMachines", "P2"),
    ("StorageAccounts", "DefenderForStorageV2"),
    ("KeyVaults", "PerKeyVault"),
    ("Arm", "PerSubscription"),
    ("Containers", None),
    ("OpenSourceRelationalDatabases", None),
    ("CloudPosture", None),
)
BENCHMARK = "/providers/Microsoft.Authorization/policySetDefinitions/1f3afdf9-d0c9-4c3d-847f-89da613e70a8"


def seed(store: Store, session: Session) -> None:
    """Fills a unit that has just been handed over."""
    unit = f"/subscriptions/{session.unit}"

    def add(kind: str, id_: str, state: Mapping[str, Value], *handles: str, templates: bool = True) -> None:
        body = {**state, **({"managedByTemplates": True} if templates else {})}
        rid = store.add("azure-native", session.unit, "global", token(kind), id_, body, {})
        store.set_handles(rid, set(handles) - {id_})

    for plan, sub_plan in PLANS:
        add(
            "security.Pricing",
            f"{unit}/providers/Microsoft.Security/pricings/{plan}",
            {"name": plan, "pricingTier": "Standard", "subPlan": sub_plan, "inherited": "True"},
        )
    add(
        "authorization.PolicyAssignment",
        f"{unit}/providers/Microsoft.Authorization/policyAssignments/SecurityCenterBuiltIn",
        {"name": "SecurityCenterBuiltIn", "policyDefinitionId": BENCHMARK, "scope": unit},
    )
    add(
        "monitor.DiagnosticSetting",
        f"{unit}/providers/Microsoft.Insights/diagnosticSettings/central",
        {
            "name": "central",
            "workspaceId": f"/subscriptions/{LOGS}/resourceGroups/logs/providers/"
            "Microsoft.OperationalInsights/workspaces/central",
        },
    )
    group = f"{unit}/resourceGroups/NetworkWatcherRG"
    add(
        "resources.ResourceGroup",
        group,
        {"name": "NetworkWatcherRG", "location": "japaneast", "resourceGroupName": "NetworkWatcherRG"},
        "NetworkWatcherRG",
        templates=False,
    )
    for role in OWN.values():
        add(
            "authorization.RoleDefinition",
            role.id(session.unit),
            {
                "name": role.guid(session.unit),
                "roleDefinitionId": role.guid(session.unit),
                "roleName": role.title(session.unit),
                "roleType": "CustomRole",
                "description": role.does,
                "scope": unit,
                "assignableScopes": [unit],
                "permissions": [{"actions": list(role.actions), "dataActions": list(role.data_actions)}],
            },
            templates=False,
        )
