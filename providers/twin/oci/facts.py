"""What the twin knows of OCI itself: regions, services, Oracle's own recipes and images. Pure data."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

TOKYO, OSAKA = "ap-tokyo-1", "ap-osaka-1"
DOMESTIC: Mapping[str, str] = MappingProxyType({TOKYO: "NRT", OSAKA: "KIX"})
"""The domestic regions and their keys: what a ガバメントクラウド tenancy is subscribed to."""
HOME = TOKYO
"""The home region of every tenancy that the twin hands over."""
GLOBAL = "global"
DEFAULT_TENANCY = f"ocid1.tenancy.oc1..aaaaaaaa{'t' * 52}"
"""The tenancy where a provider's configuration names none."""
FAULT_DOMAINS = ("FAULT-DOMAIN-1", "FAULT-DOMAIN-2", "FAULT-DOMAIN-3")
DETECTORS: Mapping[str, str] = MappingProxyType(
    {
        "IAAS_ACTIVITY_DETECTOR": "OCI Activity Detector Recipe (Oracle Managed)",
        "IAAS_CONFIGURATION_DETECTOR": "OCI Configuration Detector Recipe (Oracle Managed)",
        "IAAS_THREAT_DETECTOR": "OCI Threat Detector Recipe (Oracle Managed)",
    }
)
ZONE_POLICIES = (
    "deny public_subnets",
    "deny internet_gateway",
    "deny public_load_balancer",
    "deny public_buckets",
    "deny buckets_without_vault_key",
    "deny boot_volume_without_vault_key",
    "deny block_volume_without_vault_key",
    "deny file_system_without_vault_key",
    "deny database_instance_public_access",
    "deny attached_block_volume_not_in_security_zone",
)
SOFTWARE = ("ol9_baseos_latest-x86_64", "ol9_appstream-x86_64", "ol9_UEKR7-x86_64", "ol9_ksplice-x86_64")
FLEXIBLE: Mapping[str, tuple[int, int, int]] = MappingProxyType(
    {
        "VM.Standard.E4.Flex": (64, 1, 64),
        "VM.Standard.E5.Flex": (94, 1, 64),
        "VM.Standard3.Flex": (32, 1, 64),
        "CI.Standard.E3.Flex": (64, 1, 64),
        "CI.Standard.E4.Flex": (64, 1, 64),
    }
)
"""Flexible shapes: most OCPUs, GiB an OCPU at least and at most (Compute documentation, "Compute shapes")."""


def letters(text: str, length: int = 52) -> str:
    """Letters and digits that belong to `text`: the same after every reset."""
    number = int(hashlib.blake2b(text.encode(), digest_size=40).hexdigest(), 16)
    found = ""
    for _ in range(length):
        number, rest = divmod(number, 32)
        found += "abcdefghijklmnopqrstuvwxyz234567"[rest]
    return found


def ocid(kind: str, text: str, region: str = "") -> str:
    """The OCID of something that belongs to nobody's program."""
    return f"ocid1.{kind}.oc1.{region}.aaaaaaaa{letters(kind + region + text)}"


def domain(tenancy: str, region: str) -> str:
    """The availability domain's name, whose prefix differs from tenancy to tenancy."""
    prefix = letters(tenancy, 4)
    return f"{prefix[0].upper()}{prefix[1:]}:{region.upper()}-AD-1"


def namespace(tenancy: str) -> str:
    """The tenancy's Object Storage namespace: twelve letters."""
    return f"ax{letters(f'{tenancy}/namespace', 10)}"


def services_label(region: str) -> str:
    """The label of all Oracle services of a region."""
    return f"all-{DOMESTIC[region].lower()}-services-in-oracle-services-network"
