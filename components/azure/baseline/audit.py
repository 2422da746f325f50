"""The record of a subscription: the workspace, the immutable archive, the activity log in both."""

from __future__ import annotations

import pulumi
import pulumi_azure_native as azure

from components.azure import facts
from components.azure.place import Place
from components.azure.storage import account, lifecycle
from stacks.plan import RetentionPlan

ACTIVITY: tuple[str, ...] = (
    "Administrative",
    "Security",
    "ServiceHealth",
    "Alert",
    "Recommendation",
    "Policy",
    "Autoscale",
    "ResourceHealth",
)
"""Categories of the activity log (Azure Monitor, "Activity log event schema"): all of them."""


def archive_lifecycle(retention: RetentionPlan) -> tuple[int | None, int]:
    """Days until logs move to the archive tier (None: never, they go first), and until they go.

    Logs are never kept shorter than they must be searchable.
    """
    end = max(retention.archive_days, retention.log_days)
    return (retention.log_days if retention.log_days < end else None), end


class Audit:
    """Builds the record. `workspace` and `archive` are ids; both exist also where the log is adopted."""

    def __init__(self, place: Place, key: pulumi.Output[str]) -> None:
        """Make it in `place`, encrypted by `key`."""
        self._place, self._key = place, key
        self.workspace = self._workspace()
        self.archive = self._archive()
        if place.creates("audit_log"):
            self._activity()

    def _workspace(self) -> pulumi.Output[str]:
        adopted = self._place.adopted("audit_log", "workspace")
        if adopted is not None:
            return pulumi.Output.from_input(adopted)
        plan = self._place.plan
        return azure.operationalinsights.Workspace(
            self._place.child("workspace"),
            resource_group_name=self._place.group,
            workspace_name=plan.name("logs"),
            location=plan.region,
            sku={"name": "PerGB2018"},
            # Log Analytics keeps two years at the most; the archive keeps the rest.
            retention_in_days=facts.log_retention(min(plan.baseline.retention.log_days, 730)),
            features={"disable_local_auth": True, "enable_log_access_using_only_resource_permissions": True},
            public_network_access_for_ingestion="Disabled",
            # People read logs in the portal, from the internet, as whoever they are signed in as.
            public_network_access_for_query="Enabled",
            tags=self._place.tags(),
            opts=self._place.kept(),
        ).id

    def _archive(self) -> pulumi.Output[str]:
        """The account in which nothing can be changed or deleted for as long as logs are kept."""
        adopted = self._place.adopted("audit_log", "storage")
        if adopted is not None:
            return pulumi.Output.from_input(adopted)
        plan = self._place.plan
        archive_after, end = archive_lifecycle(plan.baseline.retention)
        made = account(
            self._place,
            "archive",
            facts.storage_name(plan, "archive"),
            "logs",
            self._key,
            # A copy in the paired region, which in Japan is the other domestic one.
            sku="Standard_GRS",
            holds="archive",
            immutable_storage_with_versioning={
                "enabled": True,
                "immutability_policy": {
                    # Azure adds to its log blobs for an hour after it has made them.
                    "allow_protected_append_writes": True,
                    "immutability_period_since_creation_in_days": end,
                    # Not locked: no unprotected tenant could ever be removed. Changing it is watched.
                    "state": "Unlocked",
                },
            },
        )
        service = azure.storage.BlobServiceProperties(
            self._place.child("archive-versions"),
            resource_group_name=self._place.group,
            account_name=made.name,
            blob_services_name="default",
            is_versioning_enabled=True,
            delete_retention_policy={"enabled": True, "days": 35},
            container_delete_retention_policy={"enabled": True, "days": 35},
            opts=self._place.opts(),
        )
        lifecycle(self._place, "archive", made, archive_after, end)
        return pulumi.Output.all(made.id, service.id).apply(lambda known: str(known[0]))

    def _activity(self) -> None:
        azure.monitor.DiagnosticSetting(
            self._place.child("activity-log"),
            name=self._place.plan.name("activity"),
            resource_uri=facts.subscription(self._place.plan),
            workspace_id=self.workspace,
            storage_account_id=self.archive,
            logs=[{"category": category, "enabled": True} for category in ACTIVITY],
            opts=self._place.opts(),
        )
