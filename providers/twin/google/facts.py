"""What the twin knows of Google Cloud: domestic regions, defaults of a project, ranges of its own."""

from __future__ import annotations

from typing import Final

GLOBAL: Final = "global"
TOKYO: Final = "asia-northeast1"
ZONES: Final = {
    region: tuple(f"{region}-{letter}" for letter in "abc")
    for region in ("asia-northeast1", "asia-northeast2")
}
"""Domestic regions and their zones (Compute Engine documentation, "Regions and zones")."""
DEFAULT_PROJECT: Final = "jichitai-example"
ON_BY_DEFAULT: Final = frozenset(
    {"logging", "monitoring", "storage", "serviceusage", "storage-api", "storage-component"}
)
"""Services that are on in a new project (Service Usage documentation, "Services enabled by default")."""
ORGANISATION: Final = "organizations/987654321098"
BILLING: Final = "0123AB-4567CD-89EF01"
CURRENCY: Final = "JPY"
"""What a billing account in Japan is kept in."""
FORWARDING_TARGETS: Final = ("all-apis", "vpc-sc")
"""Bundles of Google's own services that a forwarding rule may lead to."""
