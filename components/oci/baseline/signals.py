"""What is watched in a tenancy: events by kind. Pure data.

The topics are those of the CIS OCI Foundations Benchmark, chapter 4 (changes of identity, networks, keys;
findings of Cloud Guard). Each name is in Oracle's list of event types (OCI documentation, "Services that
Produce Events"); those of identity, networks and Cloud Guard are also the ones that Oracle's own CIS
landing zone listens to. What a service does at once is one event; what takes time has two, `.begin` and
`.end`, and its begin is what people are told of.

Of backups of volumes only the end tells, and only by an attribute, whether they failed (OCI documentation,
"Using Events to Notify When a Volume Backup Fails": `status` is `operationFailed` or `operationSucceed`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any


def _calls(service: str, verbs: str, nouns: str, stage: str = "") -> tuple[str, ...]:
    return tuple(
        f"com.oraclecloud.{service}.{verb}{noun}{stage}" for noun in nouns.split() for verb in verbs.split()
    )


_CHANGES = "create update delete"

_FAILED = {"status": ["operationFailed"]}
_BACKUPS = _calls("blockvolumes", "create", "volumebackup bootvolumebackup", ".end") + _calls(
    "blockvolumes", "copy", "volumebackup", ".end"
)

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
        "backups": _BACKUPS,
        "backup-details": _BACKUPS,
    }
)
"""Event types by what they are about."""

ONLY: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {"backups": _FAILED, "backup-details": {"additionalDetails": _FAILED}}
)
"""What the data of an event must hold beside being of the type.

A condition matches only where it is nested as the event is, and Oracle names the attribute without saying
whether it is the event's own or one of its additional details: both are listened for, one of them in vain.
"""


def condition(kind: str) -> str:
    """The condition of the rule that tells of `kind`."""
    found: dict[str, Any] = {"eventType": sorted(WATCHED[kind])}
    if kind in ONLY:
        found["data"] = ONLY[kind]
    return json.dumps(found, sort_keys=True)
