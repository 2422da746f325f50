"""Facts of OCI resources (pulumi_oci)."""

from __future__ import annotations

from policies.extract.oci import data, network, operations

TABLE = {**data.TABLE, **network.TABLE, **operations.TABLE}
