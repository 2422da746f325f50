"""What is watched in a tenancy: events by kind. Pure data.

The topics are those of the CIS OCI Foundations Benchmark, chapter 4 (changes of identity, networks, keys;
findings of Cloud Guard). Each name is in Oracle's list of event types (OCI documentation, "Services that
Produce Events"); those of identity, networks and Cloud Guard are also the ones that Oracle's own CIS
landing zone listens to. What a service does at once is one event; what takes time has two, `.begin` and
`.end`, and its begin is what people are told of.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType


def _calls(service: str, verbs: str, nouns: str, stage: str = "") -> tuple[str, ...]:
    return tuple(
        f"com.oraclecloud.{service}.{verb}{noun}{stage}" for noun in nouns.split() for verb in verbs.split()
    )


_CHANGES = "create update delete"

WATCHED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "identity": (
            *_calls("identitycontrolplane", _CHANGES, "policy group user dynamicgroup identityprovider"),
            *_calls("identitycontrolplane", "create", "authtoken customersecretkey"),
            *_calls("identitycontrolplane", "upload", "apikey"),
        ),
        "network": (
            *_calls(
                "virtualnetwork",
                _CHANGES,
                "vcn routetable securitylist networksecuritygroup drg drgattachment drgroutetable"
                " internetgateway",
            ),
            *_calls("virtualnetwork", "update", "networksecuritygroupsecurityrules"),
            *_calls("virtualnetwork", "create update", "localpeeringgateway"),
            *_calls("virtualnetwork", "delete", "localpeeringgateway", ".end"),
            *_calls("natgateway", _CHANGES, "natgateway"),
            *_calls("servicegateway", "create update", "servicegateway"),
            *_calls("servicegateway", "delete", "servicegateway", ".end"),
            *_calls("servicegateway", "attach detach", "serviceid"),
        ),
        "keys": (
            *_calls("keymanagementservice", "disable", "key", ".begin"),
            *_calls(
                "keymanagementservice", "schedule", "keydeletion keyversiondeletion vaultdeletion", ".begin"
            ),
        ),
        "findings": _calls("cloudguard", "problem", "detected dismissed"),
    }
)
"""Event types by what they are about."""


def condition(kind: str) -> str:
    """The condition of the rule that tells of `kind`."""
    return json.dumps({"eventType": sorted(WATCHED[kind])}, sort_keys=True)
