"""How the engine reaches the project, and the services that are switched on in it."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from components.google import facts
from stacks.plan import CloudPlan


def provider(plan: CloudPlan, opts: pulumi.ResourceOptions | None = None) -> gcp.Provider:
    """The provider of one tenant's project. It comes after the services that the tenant uses are on.

    A project refuses every call to a service that is off, so a first provider switches them on and
    the one that is given depends on them: whatever is made through it need not say so.
    """
    opening = _provider("google-services", plan, opts)
    services = [
        gcp.projects.Service(
            f"google-service-{name}",
            service=f"{name}.googleapis.com",
            # Others of the unit may use it too: what is on stays on.
            disable_on_destroy=False,
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(provider=opening)),
        )
        for name in facts.services(plan)
    ]
    after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=services))
    return _provider("google", plan, after)


def _provider(name: str, plan: CloudPlan, opts: pulumi.ResourceOptions | None) -> gcp.Provider:
    return gcp.Provider(
        name,
        project=plan.unit,
        region=plan.region,
        zone=plan.zones[0],
        default_labels=facts.labels(plan.tags),
        # The label would be on everything and say nothing about the tenant.
        add_pulumi_attribution_label=False,
        # Quota and permissions are the unit's, whoever calls: some services (budgets, contacts,
        # organisation policies) refuse people's credentials without a project to charge.
        billing_project=plan.unit,
        user_project_override=True,
        opts=opts,
    )
