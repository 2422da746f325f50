"""The schema and the reference pages: fresh, complete, and of one mind with validation."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from stacks.forms import FORMS
from stacks.problems import Problems
from stacks.reading import walk
from stacks.registry import registry
from stacks.registry.catalogue import Entry
from stacks.schema import FILE, description, japanese, models, schema
from stacks.schema.__main__ import made
from stacks.validation import checked
from tests.stacks.examples import STACKS, TENANTS, TODAY, text_of, value_of
from tests.stacks.test_mutations import settle, spoilt

SCHEMA = schema(registry())
EDITOR = Draft202012Validator(SCHEMA)


def test_what_is_committed_is_fresh() -> None:
    stale = [path.name for path, text in made().items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run: python -m stacks.schema"


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("stack", STACKS)
def test_an_editor_accepts_every_example(stack: str) -> None:
    assert list(EDITOR.iter_errors({"config": {"jichitai:tenant": value_of(stack)}})) == []


@pytest.mark.parametrize("stack", STACKS)
def test_every_example_names_the_schema(stack: str) -> None:
    first = text_of(stack).splitlines()[0]
    relative = first.removeprefix("# yaml-language-server: $schema=")
    assert (TENANTS / relative).resolve() == FILE.resolve()


def test_everything_is_described_in_both_languages() -> None:
    wanted: set[str] = set()
    for model in models():
        wanted |= {model.__name__, *(f"{model.__name__}.{field}" for field in model.model_fields)}
        for text in [description(model), *(description(model, field) for field in model.model_fields)]:
            assert text.en
            assert any("ぁ" <= c <= "鿿" for c in text.ja)
    assert set(japanese()) == wanted


def test_every_pattern_of_the_models_has_words() -> None:
    used = {
        node["pattern"]
        for source in (SCHEMA, Entry.model_json_schema())
        for _, node in walk(source)
        if isinstance(node, dict) and isinstance(node.get("pattern"), str)
    } | {
        pattern
        for source in (SCHEMA, Entry.model_json_schema())
        for _, node in walk(source)
        if isinstance(node, dict)
        for pattern in node.get("patternProperties", {})
    }
    own = {p for p in used if not p.startswith(r"^([0-9]{1,3}\.){3}")}
    units = {unit["properties"]["unit"]["pattern"] for unit in
             SCHEMA["$defs"]["Tenant"]["properties"]["clouds"]["properties"].values()}  # fmt: skip
    assert own - units == set(FORMS)


def test_an_editor_offers_regions_businesses_and_entries() -> None:
    text = json.dumps(SCHEMA)
    for offered in ("ap-northeast-3", "is1b", "resident-register", "tax-oracle", "threat_detection", "patch"):
        assert f'"{offered}"' in text
    clouds = SCHEMA["$defs"]["Tenant"]["properties"]["clouds"]
    assert clouds["properties"]["aws"]["properties"]["region"]["enum"] == [
        "ap-northeast-1",
        "ap-northeast-3",
        None,
    ]
    assert clouds["additionalProperties"] is False


@settings(settle, max_examples=300)
@given(spoilt())
def test_what_an_editor_refuses_validation_refuses_too(change: tuple[str, Any]) -> None:
    stack, tenant = change
    if EDITOR.is_valid({"config": {"jichitai:tenant": tenant}}):
        return
    with pytest.raises(Problems):
        checked(tenant, stack=stack, today=TODAY)
