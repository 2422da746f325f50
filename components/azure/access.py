"""How the engine reaches the subscription."""

from __future__ import annotations

import pulumi
import pulumi_azure_native as azure

from stacks.plan import CloudPlan


def provider(plan: CloudPlan, opts: pulumi.ResourceOptions | None = None) -> azure.Provider:
    """The provider of one tenant's subscription. It knows no other, whoever is signed in."""
    return azure.Provider("azure", subscription_id=plan.unit, location=plan.region, opts=opts)
