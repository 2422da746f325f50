"""The hand-over accounts (庁内データ連携) and their permissions by pair.

One account and container a network, so that no body's data lies beside another's. A pair is a prefix:
its sender may write there and nobody else, its receiver read. The permission is a role with a condition
on the blob's path, which Azure checks at each call (ABAC).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_azure_native as azure

from components.azure import facts, gives
from components.azure.builtin import role_id
from components.azure.iaas.endpoints import private_endpoint
from components.azure.logs import diagnostics
from components.azure.place import Place, after, grant
from components.azure.storage import account, lifecycle
from components.contract import IaasGives
from components.derive import handover_networks, handover_prefixes
from stacks.azure_roles import SENDS
from stacks.plan import PackagePlan

CONTAINER = "handover"
"""The one container of an account."""

_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
_PATH = f"@Resource[{_BLOBS}:path]"

WRITES: tuple[str, ...] = tuple(action.removeprefix(f"{_BLOBS}/") for action in SENDS.data_actions)
"""What a sender may do to blobs, as its condition names it."""


def condition(actions: Sequence[str], prefixes: Sequence[str]) -> str:
    """That each of `actions` on a blob is only for paths under `prefixes` (at least one).

    Raises ValueError above the 8 kB that Azure takes (Azure RBAC, "role assignment conditions").
    """
    named = " AND ".join(f"!(ActionMatches{{'{_BLOBS}/{action}'}})" for action in actions)
    allowed = " OR ".join(f"{_PATH} StringStartsWith '{prefix}'" for prefix in prefixes)
    made = f"(({named}) OR ({allowed}))"
    if len(made.encode()) > 8192:
        raise ValueError(f"{len(prefixes)} prefixes do not fit into one condition")
    return made


def build(
    place: Place,
    baseline: gives.BaselineGives,
    iaas: IaasGives,
    principals: Mapping[str, pulumi.Output[str]],
) -> Mapping[str, pulumi.Output[str]]:
    """The accounts by network; `principals` are who each package runs as. Gives their names."""
    return {
        network: _account(place, baseline, iaas, network, principals)
        for network in handover_networks(place.plan)
    }


def _account(
    place: Place,
    baseline: gives.BaselineGives,
    iaas: IaasGives,
    network: str,
    principals: Mapping[str, pulumi.Output[str]],
) -> pulumi.Output[str]:
    """The account of `network`. Gives its name."""
    plan, made = place.plan, iaas.networks[network]
    held = account(
        place,
        f"handover-{network}",
        facts.storage_name(plan, "handover", network),
        "data",
        baseline.keys["data"],
        holds="handover",
    )
    container = azure.storage.BlobContainer(
        place.child("handover", network, "container"),
        resource_group_name=place.group,
        account_name=held.name,
        container_name=CONTAINER,
        public_access=azure.storage.PublicAccess.NONE,
        opts=place.kept(),
    )
    days = plan.baseline.retention.backup_days
    service = azure.storage.BlobServiceProperties(
        place.child("handover", network, "deleted"),
        resource_group_name=place.group,
        account_name=held.name,
        blob_services_name="default",
        is_versioning_enabled=True,
        delete_retention_policy={"enabled": True, "days": days},
        container_delete_retention_policy={"enabled": True, "days": days},
        opts=place.opts(),
    )
    # Files are copies of what the sender has: they go when the backups of their day go.
    lifecycle(place, f"handover-{network}", held, None, days)
    # Who read and wrote which blob.
    account_id = facts.storage_id(plan, facts.group_name(plan, "platform"), "handover", network)
    diagnostics(
        place, f"handover-{network}", f"{account_id}/blobServices/default", baseline.workspace, service
    )
    end = private_endpoint(place, network, made, "handover", held.id, "blob")
    for package in (p for p in plan.packages.values() if p.network == network):
        _permissions(place, package, container.id, principals.get(package.key))
    return after(held.name, container, end)


def _permissions(
    place: Place,
    package: PackagePlan,
    scope: pulumi.Output[str],
    principal: pulumi.Output[str] | None,
) -> None:
    """What `package` may do here. One at the vendor's runs as nobody of ours: its prefixes stay closed.

    Senders have our own role, made by the bootstrap; the condition of each assignment says where.
    Receivers have Azure's own reader: it reads blobs and the container's properties. Its right to a key for
    signed links has no effect below an account (Blob service API, "Get User Delegation Key").
    """
    if principal is None:
        return
    sends, receives = handover_prefixes(place.plan, package.key)
    if sends:
        may = SENDS.id(place.plan.unit)
        grant(place, f"{package.key}-sends", may, principal, scope, condition(WRITES, sends))
    if receives:
        only = condition(("read",), receives)
        reads = role_id(place.plan, "blob-read")
        grant(place, f"{package.key}-receives", reads, principal, scope, only)
