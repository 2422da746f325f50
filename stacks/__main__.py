"""The one Pulumi program: read the manifest, plan, build the tenant; nothing else."""

from __future__ import annotations

import pulumi

from components.tenant import MunicipalTenant
from stacks.planning import plan
from stacks.registry import registry
from stacks.validation import checked

tenant = checked(pulumi.Config().require_object("tenant"), stack=pulumi.get_stack())
built = MunicipalTenant(plan(tenant, registry()))
pulumi.export("tenant", built.summary)
