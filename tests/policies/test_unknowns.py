"""A value that a preview does not know yet never breaks the judging of a resource: it "cannot be told yet".

Here every extractor of every cloud, by the properties that it asks for; `test_clouds.py` does the same with
every property, nested ones too, of every resource in its programs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from policies.extract import facts_of, table
from policies.facts import CLOUDS, UNKNOWN, Cloud
from policies.live.session import Session
from policies.model import Resource
from policies.props import MARK, OUTPUT, SECRET, UNKNOWNS, Props, matched

UNKNOWN_TEXT = sorted(UNKNOWNS)[0]
MARKS: tuple[Any, ...] = (
    UNKNOWN_TEXT,
    {MARK: SECRET, "ciphertext": "v1:…"},
    {MARK: OUTPUT, "value": UNKNOWN_TEXT},
)
"""What the engine writes for a value that is not known, for one that is secret, and for an output to come."""
Place = tuple[str | int, ...]


def places(value: Any, at: Place = ()) -> Iterator[Place]:
    """Every place in `value`, the nested ones too."""
    inner: Any = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    for key, one in inner:
        yield (*at, key)
        yield from places(one, (*at, key))


def put(value: Any, at: Place, new: Any) -> Any:
    """A copy of `value` with `new` at one place."""
    if not at:
        return new
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[at[0]] = put(value[at[0]], at[1:], new)
    return copy


def broken_by_unknowns(resource: Resource) -> list[str]:
    """The places of a resource's properties at which a value that is not known breaks its judging."""
    found: list[str] = []
    for at in places(resource.props):
        for mark in MARKS:
            try:
                facts_of(replace(resource, props=put(resource.props, at, mark)), None)
            except Exception as error:  # whatever it is, the place is what mends it
                found.append(f"{resource.type} {'.'.join(map(str, at))}: {error!r}")
    return found


class Asked(dict[str, Any]):
    """Properties that note what is asked for."""

    def __init__(self, given: dict[str, Any]) -> None:
        super().__init__(given)
        self.names: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.names.add(key)
        return super().get(key, default)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_extractor_is_broken_by_a_property_that_is_not_known(cloud: Cloud) -> None:
    every: set[str] = set()
    for extract in table(cloud).values():
        seen: set[str] = set()
        while True:  # what is asked for may depend on what was answered
            asked = Asked(dict.fromkeys(seen, UNKNOWN_TEXT))
            extract(Props(asked))
            names = set(asked.names)
            for name in asked.names:
                alone = Asked({name: UNKNOWN_TEXT})
                extract(Props(alone))
                names |= alone.names
            if names <= seen:
                break
            seen |= names
        every.update(seen)
    assert len(every) > 20


def test_an_unknown_first_choice_is_unknown_and_a_known_one_is_taken() -> None:
    assert Props({"a": UNKNOWN_TEXT, "b": "x"}).first("a", "b") is UNKNOWN
    assert Props({"a": "", "b": "x"}).first("a", "b") == "x"
    assert Props({}).first("a", "b") is None
    assert matched(r"^\d+", UNKNOWN) is UNKNOWN
    assert matched(r"^\d+", None) is None
    assert Props({"l": UNKNOWN_TEXT}).named("l") == ()
    assert Props({"l": ["x"]}).named("l") == ("x",)


def test_what_is_not_known_cannot_be_told_and_is_no_finding() -> None:
    kind = "aws:docdb/cluster:Cluster"
    urn = f"urn:pulumi:131041-shinjuku::p::{kind}::d"
    facts = facts_of(Resource(urn, kind, "d", {"kmsKeyId": UNKNOWN_TEXT, "storageEncrypted": True}), None)
    assert facts.encryption is not None
    assert facts.encryption.customer_key is UNKNOWN


@pytest.mark.parametrize(("preview", "level"), [(True, "advisory"), (False, "mandatory")])
def test_a_resource_that_breaks_the_judging_is_named_and_stopped_by_an_up(
    monkeypatch: pytest.MonkeyPatch, preview: bool, level: str
) -> None:
    def breaks(*_: object) -> None:
        raise TypeError("a value")

    kind = "aws:cloudwatch/logGroup:LogGroup"
    urn = f"urn:pulumi:131041-shinjuku::p::{kind}::l"
    session = Session()
    session.start("131041-shinjuku", {}, preview=preview)
    one = Resource(urn, kind, "l", {})
    with monkeypatch.context() as patched:
        patched.setattr("policies.live.session.facts_of", breaks)
        patched.setattr("policies.evaluate.facts_of", breaks)
        said = session.one(one, None)
        end = [s for s in session.whole([one]) if s.rule.id == "STA-005"]
    for found in (said, end):
        assert [(s.rule.id, s.level) for s in found] == [("STA-005", level)]
        assert urn in found[0].text.en
        for text in (found[0].text.en, found[0].text.ja):
            assert "TypeError, test_unknowns.py:" in text
            assert "a value" not in text, "an error's own words may quote a secret"
