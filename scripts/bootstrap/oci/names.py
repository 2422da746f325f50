"""Names of what the bootstrap makes, by which it is found again, and how we know it as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from scripts.bootstrap.calls import Later
from scripts.bootstrap.steps import Problem, Settings
from stacks.text import Text

SEALED_KEY: Final = "break_glass_public_key"
JWKS: Final = "jwks"
DOMAIN: Final = "domain"
FIRST: Final = "initial_user"
"""Options (`--set`): the file of the sealed public key, the issuer's key set, the identity domain's name, the
OCID of the user that was handed over."""
PROOF: Final = ".jichitai/proof"
REGION_KEYS: Final[Mapping[str, str]] = {"ap-tokyo-1": "NRT", "ap-osaka-1": "KIX"}
"""What `request.region` calls the domestic regions (IAM documentation, general variables)."""


def prefix(settings: Settings) -> str:
    """What all names begin with."""
    return f"jichitai-{settings.stack}"


def named(settings: Settings, short: str) -> str:
    """The name of one thing."""
    return f"{prefix(settings)}-{short}"


def group(settings: Settings, short: str) -> str:
    """A group as statements name it: with its domain, unless that is the default one."""
    domain = settings.options.get(DOMAIN, "Default")
    return named(settings, short) if domain == "Default" else f"'{domain}'/'{named(settings, short)}'"


def mark(settings: Settings) -> str:
    """What makes known as ours what takes a description and no tags (identity domains)."""
    return " ".join(f"{name}={value}" for name, value in settings.owner.items())


def ours(settings: Settings, found: Mapping[str, Any]) -> bool:
    """Whether a resource bears our tags."""
    tags = found.get("freeform_tags") or {}
    return all(tags.get(name) == value for name, value in settings.owner.items())


PLACE: Final = Later("OCID of the compartment", "place/create", ("id",))


def foreign(what: str) -> Problem:
    """Something of our name is not ours."""
    return Problem(
        "foreign",
        Text(
            f"同じ名前の {what} が既にありますが、このスタックのタグがありません。",
            f"{what} exists already and does not bear this stack's tags",
        ),
        Text(
            "作った人に確かめ、名前を変えるか消してもらってください。こちらからは何も変えません。",
            "Ask whoever made it to rename or delete it. Nothing of theirs is changed from here.",
        ),
    )
