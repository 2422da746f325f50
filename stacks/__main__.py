"""The one Pulumi program: read the manifest, plan, build the tenant; nothing else."""

from __future__ import annotations

import gc
import sys

import pulumi

from components.tenant import MunicipalTenant
from stacks.planning import plan
from stacks.problems import Problems
from stacks.registry import registry
from stacks.validation import checked

SHOWN = 32
"""Exit code that tells the engine's host that the error is on the screen already: no traceback."""

try:
    tenant = checked(pulumi.Config().require_object("tenant"), stack=pulumi.get_stack())
except Problems as wrong:
    pulumi.log.error(f"\n{wrong}")
    sys.exit(SHOWN)

# The SDKs, which are loaded now, are a great many objects that stay: looking through them again and again
# is a fifth of what a preview costs. The program ends long before its memory matters.
gc.disable()
built = MunicipalTenant(plan(tenant, registry()))
pulumi.export("tenant", built.summary)
