"""The example manifests, as files and as values."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from stacks.problems import Problem
from stacks.reading import read
from stacks.validation import File, validate

TENANTS = Path(__file__).parents[2] / "stacks" / "tenants"
STACKS = tuple(sorted(f.name[len("Pulumi.") : -len(".yaml")] for f in TENANTS.glob("Pulumi.*.yaml")))
TODAY = date(2026, 11, 24)
SHINJUKU = "131041-shinjuku"
NAGANO = "200000-nagano-shared"
HIMEJI = "282014-himeji"
MATSUE = "322016-matsue-verification"
SHIZUOKA = "221007-shizuoka"
ONOMICHI = "342050-onomichi"
BUNKYO = "131059-bunkyo"
NISEKO = "013951-niseko"
KURASHIKI = "332020-kurashiki"
AOMORI = "020001-aomori-shared"


def file_name(stack: str) -> str:
    return f"Pulumi.{stack}.yaml"


def text_of(stack: str) -> str:
    return (TENANTS / file_name(stack)).read_text(encoding="utf-8")


def value_of(stack: str) -> dict[str, Any]:
    """The manifest as the program gets it."""
    document, problems = read(file_name(stack), text_of(stack).encode())
    assert document is not None
    assert not problems
    return document.value["config"]["jichitai:tenant"]


def problems_of(text: str, stack: str = SHINJUKU, others: tuple[str, ...] = ()) -> list[Problem]:
    """What is wrong with `text` as the file of `stack`."""
    rest = [File(file_name(other), text_of(other).encode()) for other in others]
    return validate([File(file_name(stack), text.encode())], others=rest, today=TODAY)
