"""What the extractors of all clouds share."""

from __future__ import annotations

import re
from typing import Any

from policies.facts import UNKNOWN, Maybe
from policies.props import MARK, Props, plain

_SECRET_NAME = re.compile(
    r"pass(?:word|wd|phrase)|secret|token|api_?key|access_?key|private_?key|credential", re.I
)
_SECRET_LINE = re.compile(
    r"(?:pass(?:word|wd)?|secret|token|api_?key|access_key)[\"']?\s*[=:]\s*[\"']?(?!\$|\{|<|`)[^\s\"'$]{6,}",
    re.I,
)
_POINTERS = re.compile(
    r"^(?:arn:|projects/|https?://|ocid1\.|\$|@Microsoft|/|vault:|ssm:|\{\{)|^(?:true|false)?$", re.I
)


def written(value: Any) -> Maybe[bool]:
    """Whether a secret property holds a value: marked secret or not, it came from the program.

    UNKNOWN where a preview cannot know it.
    """
    if value is None or value == "":
        return False
    if isinstance(value, dict) and MARK in value:
        # A ciphertext was written by somebody; what is still to come may be the cloud's own.
        return UNKNOWN if "value" in value and plain(value["value"]) is UNKNOWN else True
    return UNKNOWN if plain(value) is UNKNOWN else True


_STORES = ("aws:secretsmanager/secret:Secret", "gcp:secretmanager/secret:Secret", "oci:Vault/secret:Secret")
"""Types of the clouds' own secret stores. What a program puts into one is judged there."""


def given(p: Props, name: str, *, only_by_value: bool = False) -> Maybe[bool]:
    """Whether a secret property of a whole resource holds a value that the program wrote.

    One that was looked up in the cloud's own secret store is not the program's: by the engine's record of
    what is behind the property it comes from there and from nothing else. Where a service takes a password
    `only_by_value`, this cannot be told before that record is there.
    """
    if only_by_value and p.needs is None and written(p.raw.get(name)) is True:
        return UNKNOWN
    behind = p.needs.get(name) if p.needs else None
    if behind and all(urn.rpartition("::")[0].endswith(_STORES) for urn in behind):
        return False
    return written(p.raw.get(name))


def secret_in_names(pairs: Any) -> Maybe[bool]:
    """Whether a map or list of name/value blocks gives a secret its value in the clear."""
    value = plain(pairs)
    if value is UNKNOWN:
        return UNKNOWN
    items: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        for entry in value:
            block = plain(entry)
            if isinstance(block, dict):
                items.append((block.get("name", block.get("key")), plain(block.get("value"))))
    return any(
        isinstance(n, str) and isinstance(v, str) and _SECRET_NAME.search(n) and not _POINTERS.search(v)
        for n, v in items
    )


def secret_in_script(*texts: Any) -> Maybe[bool]:
    """Whether a start script gives a secret its value."""
    found: Maybe[bool] = None
    for text in texts:
        value = plain(text)
        if value is None:
            continue
        if value is UNKNOWN:
            found = UNKNOWN if found is not True else found
        elif isinstance(value, str):
            decoded = _decoded(value)
            found = True if _SECRET_LINE.search(decoded) else found or False
    return found


def _decoded(text: str) -> str:
    import base64
    import binascii

    if len(text) > 16 and re.fullmatch(r"[A-Za-z0-9+/=\s]+", text):
        try:
            return base64.b64decode(text, validate=False).decode("utf-8", "ignore")
        except (binascii.Error, ValueError):
            return text
    return text


def moving(image: Any) -> Maybe[bool]:
    """Whether a container image's name is pinned: a digest, or a tag other than latest."""
    if image is None or image is UNKNOWN:
        return image
    if not isinstance(image, str):
        return UNKNOWN
    if "@sha256:" in image:
        return True
    tag = image.rpartition("/")[2].partition(":")[2]
    return tag not in ("", "latest")


def length(value: list[Props] | Any) -> Maybe[float]:
    """How many, or UNKNOWN."""
    return UNKNOWN if value is UNKNOWN else float(len(value))
