"""Facts of AWS resources (pulumi_aws)."""

from __future__ import annotations

from policies.extract.aws import compute, data, delivery, identity, network, operations, storage

TABLE = {
    **storage.TABLE,
    **data.TABLE,
    **compute.TABLE,
    **delivery.TABLE,
    **network.TABLE,
    **identity.TABLE,
    **operations.TABLE,
}
