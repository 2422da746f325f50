"""IAM's statements as data: what the pipeline may do, what services may, and whether ours suffice. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from scripts.bootstrap.oci import names
from scripts.bootstrap.steps import Settings

_VERBS: Final = ("inspect", "read", "use", "manage")
_STATEMENT: Final = re.compile(
    r"allow\s+group\s+(?P<group>\S+)\s+to\s+(?P<verb>\w+)\s+(?P<what>[\w-]+)\s+in\s+(?P<where>tenancy|compartment\s+\S+)"
    r"(?P<condition>\s+where\s+.+)?",
    re.IGNORECASE | re.DOTALL,
)
HOME: Final = ("compartments", "policies", "dynamic-groups", "tag-namespaces", "quotas", "usage-budgets")
"""What `pulumi up` changes in the home region, for the whole tenancy."""
FAMILIES: Final = (
    "all-artifacts",
    "announcement-subscriptions",
    "alarms",
    "autonomous-database-family",
    "cloud-guard-family",
    "compute-container-family",
    "database-family",
    "dns",
    "file-family",
    "instance-family",
    "keys",
    "leaf-certificate-family",
    "certificate-authority-family",
    "load-balancers",
    "logging-family",
    "mysql-family",
    "network-firewall-family",
    "network-load-balancers",
    "object-family",
    "ons-family",
    "osmh-family",
    "postgres-db-systems",
    "queues",
    "repos",
    "resource-schedule-family",
    "secret-family",
    "serviceconnectors",
    "vaults",
    "virtual-network-family",
    "volume-family",
    "vss-family",
)
"""The kinds of resources that the layers make (components/oci), and no identities: nobody who deploys can
change who deploys."""
MOST: Final = 50
"""Statements that one policy takes."""


def deployers(settings: Settings) -> list[str]:
    """What the pipeline's group may do: the layers' resources, in the domestic regions, and its own state.

    What the bootstrap made is left out of the first, and there it may only work with objects: versions
    stay out of its reach.
    """
    group, place = names.group(settings, "deployers"), names.named(settings, "bootstrap")
    regions = ", ".join(f"request.region='{key}'" for key in names.REGION_KEYS.values())
    bounded = f"where all {{target.compartment.name != '{place}', any {{{regions}}}}}"
    bucket = f"target.bucket.name='{names.named(settings, 'state')}'"
    objects = ", ".join(
        f"request.permission='OBJECT_{right}'"
        for right in ("INSPECT", "READ", "CREATE", "OVERWRITE", "DELETE")
    )
    secret = f"target.secret.name='{names.named(settings, 'passphrase')}'"
    found = [
        *(f"Allow group {group} to manage {kind} in tenancy" for kind in HOME),
        *(f"Allow group {group} to manage {kind} in tenancy {bounded}" for kind in FAMILIES),
        f"Allow group {group} to read all-resources in tenancy",
        f"Allow group {group} to manage objects in compartment {place} where all "
        f"{{{bucket}, any {{{objects}}}}}",
        f"Allow group {group} to read secret-bundles in compartment {place} where {secret}",
    ]
    if len(found) > MOST:
        raise ValueError(f"{len(found)} statements; a policy takes {MOST}")
    return found


def services(settings: Settings, region: str) -> list[str]:
    """What services may: Object Storage use the key and thin out versions, connectors publish alarms."""
    place = names.named(settings, "bootstrap")
    return [
        f"Allow service objectstorage-{region} to use keys in compartment {place}",
        f"Allow service objectstorage-{region} to manage object-family in compartment {place}",
        f"Allow any-user to use ons-topics in compartment {place} where "
        "all {request.principal.type='serviceconnector'}",
    ]


def break_glass(settings: Settings) -> list[str]:
    """Everything, for the one whose key lies in a safe."""
    return [f"Allow group {names.group(settings, 'break-glass')} to manage all-resources in tenancy"]


def lacking(needs: Sequence[str], groups: Iterable[str], texts: Iterable[str]) -> list[str]:
    """Which of `needs` (`manage policies`) no statement for any of `groups` gives, conditions aside."""
    mine = {group.lower() for group in groups}
    granted: list[tuple[int, str]] = []
    for text in texts:
        found = _STATEMENT.fullmatch(text.strip())
        if found is None or found["verb"].lower() not in _VERBS:
            continue
        group = found["group"].strip("'").rpartition("/")[2].strip("'").lower()
        if group in mine:
            granted.append((_VERBS.index(found["verb"].lower()), found["what"].lower()))
    return [need for need in needs if not _given(need, granted)]


def _given(need: str, granted: Iterable[tuple[int, str]]) -> bool:
    verb, _, what = need.partition(" ")
    return any(level >= _VERBS.index(verb) and kind in (what, "all-resources") for level, kind in granted)
