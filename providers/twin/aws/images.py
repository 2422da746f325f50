"""Public machine images: their ids by region, and the search that `getAmi` and SSM parameters make."""

from __future__ import annotations

import fnmatch
import hashlib
from functools import lru_cache

from providers.twin.aws.facts import IMAGES, Image


def image_id(image: Image, region: str) -> str:
    """The id of a public image in a region: made up, and the same every time."""
    return "ami-0" + hashlib.sha256(f"{region}/{image.name}".encode()).hexdigest()[:16]


@lru_cache(maxsize=8)
def image_ids(region: str) -> dict[str, Image]:
    """All public images of a region by id."""
    return {image_id(image, region): image for image in IMAGES}


def matches(image: Image, id_: str, owners: list[str], filters: dict[str, list[str]]) -> bool:
    """Whether EC2's owners and filters select this image; unknown filter names select nothing."""
    if owners and not {image.owner, image.owner_alias} & set(owners):
        return False
    facts = {
        "name": image.name,
        "architecture": image.architecture,
        "owner-id": image.owner,
        "owner-alias": image.owner_alias,
        "root-device-type": "ebs",
        "virtualization-type": "hvm",
        "state": "available",
        "image-id": id_,
        "image-type": "machine",
        "hypervisor": "xen",
        "is-public": "true",
        "description": image.description,
        "platform": image.platform,
        "ena-support": "true",
        "platform-details": "Windows" if image.platform else "Linux/UNIX",
    }
    return all(
        any(fnmatch.fnmatchcase(facts.get(key, ""), pattern) for pattern in patterns) and key in facts
        for key, patterns in filters.items()
    )
