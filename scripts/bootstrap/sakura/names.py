"""Names of what the bootstrap makes, by which it is found again, and the calls that make it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from scripts.bootstrap.calls import Call
from scripts.bootstrap.steps import Problem, Settings
from stacks.text import Text

SITES: Final[Mapping[str, str]] = {"tokyo": "tky01", "ishikari": "isk01"}
"""The object storage site of a region."""
S3_REGIONS: Final[Mapping[str, str]] = {"tky01": "jp-east-1", "isk01": "jp-north-1"}
PASSPHRASE: Final = "pulumi-passphrase"  # noqa: S105 - a secret's name
PROOF: Final = "proof"
"""Secrets in the vault: the passphrase, and `proof-<principal>` for a deployer that was seen to work."""
PUBLIC_KEY: Final = "deployer_public_key"
SEALED_KEY: Final = "break_glass_public_key"
ROLES: Final = "deployer_roles"
API_KEY: Final = "initial_api_key"
PRINCIPAL: Final = "initial_principal"
"""Options (`--set`): files of public keys (PEM), preset roles, ids of the first credentials."""
OWNER: Final = "owner"


def prefix(settings: Settings) -> str:
    """What all names begin with."""
    return f"jichitai-{settings.stack}"


def state_bucket(settings: Settings) -> str:
    """The bucket of the state. Names of buckets are shared by all customers."""
    return f"{prefix(settings)}-state"


def copy_bucket(settings: Settings) -> str:
    """Its copy at the other site."""
    return f"{prefix(settings)}-state-copy"


def sites(settings: Settings) -> tuple[str, str]:
    """The site of the state, and of its copy."""
    here = settings.region
    other = next(r for r in SITES if r != here)
    return SITES[here], SITES[other]


def tags(settings: Settings) -> list[str]:
    """The mark of what is ours: tags are plain texts here."""
    return [f"{name}={value}" for name, value in settings.owner.items()]


def mark(settings: Settings) -> str:
    """The same for what takes a description and no tags (IAM)."""
    return " ".join(tags(settings))


def request(
    service: str,
    operation: str,
    why: Text,
    *,
    body: Any = None,
    id: str = "",  # noqa: A002 - the field's name
    by: str = "",
    **path: Any,
) -> Call:
    """A call: `operation` is a method and a path, whose parts in braces are `path`."""
    arguments = {**path, "body": body} if body is not None else dict(path)
    return Call(service, operation, arguments, why, id, by)


def foreign(what: str) -> Problem:
    """Something of our name is not ours."""
    return Problem(
        "foreign",
        Text(
            f"同じ名前の {what} が既にありますが、このスタックのものではありません（目印がありません）。",
            f"{what} exists already and is not this stack's (it lacks the mark).",
        ),
        Text(
            "作った人に確かめ、名前を変えるか消してもらってください。こちらからは何も変えません。",
            "Ask whoever made it to rename or delete it. Nothing of theirs is changed from here.",
        ),
    )
