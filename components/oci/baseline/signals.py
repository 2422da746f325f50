"""What is watched in a tenancy: events by kind. Pure data.

The topics are those of the CIS OCI Foundations Benchmark, chapter 4 (changes of identity, networks, keys;
findings of Cloud Guard), and backups that failed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType


def _calls(service: str, verbs: str, nouns: str) -> tuple[str, ...]:
    return tuple(
        f"com.oraclecloud.{service}.{verb}{noun}" for noun in nouns.split() for verb in verbs.split()
    )


_CHANGES = "create update delete"

WATCHED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "identity": (
            *_calls("identitycontrolplane", _CHANGES, "policy group user dynamicgroup identityprovider"),
            *_calls("identitycontrolplane", "create", "apikey authtoken customersecretkey"),
        ),
        "network": (
            *_calls(
                "virtualnetwork",
                _CHANGES,
                "vcn routetable securitylist networksecuritygroup drg drgattachment drgroutetable"
                " internetgateway natgateway localpeeringgateway servicegateway virtualcircuit",
            ),
            *_calls("virtualnetwork", "add update remove", "networksecuritygroupsecurityrules"),
        ),
        "keys": (
            *_calls("keymanagementservice", "disable", "key"),
            *_calls("keymanagementservice", "schedule", "keydeletion vaultdeletion"),
        ),
        "findings": (
            *_calls("cloudguard", "problem", "detected dismissed"),
            *_calls("blockvolumes", "", "createvolumebackup.failed copyvolumebackup.failed"),
        ),
    }
)
"""Event types by what they are about."""


def condition(kind: str) -> str:
    """The condition of the rule that tells of `kind`."""
    return json.dumps({"eventType": sorted(WATCHED[kind])}, sort_keys=True)
