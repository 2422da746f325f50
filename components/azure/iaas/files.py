"""Shared files of packages: NFS shares on solid state, one account each, reached by private endpoint."""

from __future__ import annotations

import pulumi
import pulumi_azure_native as azure

from components.azure import facts
from components.azure.iaas.endpoints import private_endpoint
from components.azure.iaas.subnets import key_of
from components.azure.place import Place
from components.azure.storage import account
from components.contract import NetworkGives
from components.derive import data_role
from stacks.plan import PackagePlan

SHARE_GB = 100
"""What a share starts with, GiB: the least that Azure sells of provisioned capacity; it grows in place."""
SHARE = "files"
"""The name of the share in its account."""


def file_system(
    place: Place, package: PackagePlan, key: pulumi.Output[str], made: NetworkGives
) -> pulumi.Output[str]:
    """The share of `package`; gives the id of its account, known once the network reaches it."""
    held = account(
        place,
        f"{package.key}-files",
        facts.storage_name(place.plan, "files", package.key),
        "data",
        key,
        sku="Premium_ZRS",
        kind="FileStorage",
        nfs=True,
    )
    share = azure.storage.FileShare(
        place.child(package.key, "files", "share"),
        resource_group_name=place.group,
        account_name=held.name,
        share_name=SHARE,
        enabled_protocols="NFS",
        root_squash="NoRootSquash",
        share_quota=SHARE_GB,
        opts=place.kept(),
    )
    # Files deleted by mistake come back for as long as backups are kept; Azure Backup takes no NFS share.
    azure.storage.FileServiceProperties(
        place.child(package.key, "files", "deleted"),
        resource_group_name=place.group,
        account_name=held.name,
        file_services_name="default",
        share_delete_retention_policy={"enabled": True, "days": place.plan.baseline.retention.backup_days},
        opts=place.opts(share),
    )
    reached = private_endpoint(
        place,
        package.network,
        made,
        f"{package.key}-files",
        held.id,
        "file",
        key_of(data_role(package), "files"),
    )
    return pulumi.Output.all(held.id, share.id, reached.id).apply(lambda known: str(known[0]))
