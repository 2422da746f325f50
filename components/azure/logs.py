"""What Azure's services tell about themselves, sent to the workspace."""

from __future__ import annotations

import pulumi
import pulumi_azure_native as azure

from components.azure.place import Place


def diagnostics(
    place: Place,
    what: str,
    target: pulumi.Input[str],
    workspace: pulumi.Input[str],
    *after: pulumi.Resource,
    metrics: bool = False,
) -> azure.monitor.DiagnosticSetting:
    """Every log of `target` to the workspace, and (`metrics`) its metrics."""
    return azure.monitor.DiagnosticSetting(
        place.child(what, "logs"),
        name=place.plan.prefix,
        resource_uri=target,
        workspace_id=workspace,
        logs=[{"category_group": "allLogs", "enabled": True}],
        metrics=[{"category": "AllMetrics", "enabled": True}] if metrics else None,
        opts=place.opts(*after),
    )
