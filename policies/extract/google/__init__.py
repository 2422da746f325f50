"""Facts of Google Cloud resources (pulumi_gcp)."""

from __future__ import annotations

from policies.extract.google import data, machines, network, operations

TABLE = {**data.TABLE, **machines.TABLE, **network.TABLE, **operations.TABLE}
