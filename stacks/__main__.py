"""The one Pulumi program: read the manifest, plan, build the tenant; nothing else."""

from __future__ import annotations

import pulumi

from components.tenant import MunicipalTenant
from stacks.planning import plan
from stacks.problems import Problems
from stacks.registry import registry
from stacks.validation import checked

try:
    tenant = checked(pulumi.Config().require_object("tenant"), stack=pulumi.get_stack())
except Problems as wrong:
    # The engine shows a RunError as its text alone, without a traceback.
    raise pulumi.RunError(f"\n{wrong}") from None

built = MunicipalTenant(plan(tenant, registry()))
pulumi.export("tenant", built.summary)
