"""Facts of Azure resources (pulumi_azure_native)."""

from __future__ import annotations

from policies.extract.azure import data, machines, network, operations, template

TABLE = {**data.TABLE, **machines.TABLE, **network.TABLE, **operations.TABLE, **template.TABLE}
