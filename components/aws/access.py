"""How the engine reaches the account."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from stacks.plan import CloudPlan


def provider(plan: CloudPlan, opts: pulumi.ResourceOptions | None = None) -> aws.Provider:
    """The provider of one tenant's account.

    It refuses to work with credentials of any other account, and puts the tenant's tags on
    everything. What belongs to the recovery region says so itself, by its `region`.
    """
    return aws.Provider(
        "aws",
        region=plan.region,
        allowed_account_ids=[plan.unit],
        default_tags=aws.ProviderDefaultTagsArgs(tags=dict(plan.tags)),
        opts=opts,
    )
