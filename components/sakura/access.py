"""How the engine reaches the project."""

from __future__ import annotations

import pulumi
import pulumi_sakura as sakura

from components.sakura import facts
from stacks.plan import CloudPlan


def provider(plan: CloudPlan, opts: pulumi.ResourceOptions | None = None) -> sakura.Provider:
    """The provider of one tenant's project.

    Credentials come from the environment and never from the stack: a service principal, or an access token.
    What can carry tags carries the tenant's.
    """
    return sakura.Provider(
        "sakura", zone=plan.zones[0], default_tags=list(facts.tenant_tags(plan)), opts=opts
    )
