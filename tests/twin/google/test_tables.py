"""The Google tables agree with the SDK they speak about, and with themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from providers.twin.behaviour import Behaviour, holes
from providers.twin.google.functions import every as functions
from providers.twin.google.tables import every
from providers.twin.schema import Catalogue

RECORDS = every()
_HOLE = re.compile(
    r"(hex|digits|alnum|upper)\d+[a-z]*|unit|region|partition|id|resource|kind|uuid|now|generic|value"
)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return Catalogue("pulumi_gcp", folder=tmp_path_factory.mktemp("cache"))


def _top(path: str) -> str:
    return path.split(".")[0].split("[")[0]


def _templates(record: Behaviour) -> Iterator[str]:
    yield from (maker for maker in (record.id, *record.computed.values()) if isinstance(maker, str))
    yield from record.handles
    for unique in record.unique:
        yield from (unique.scope, unique.value, unique.answer.message)
    for answer in (record.missing, record.exists, record.in_use):
        if answer is not None:
            yield answer.message


def _wrong(token: str, record: Behaviour, catalogue: Catalogue) -> set[str]:
    schema = catalogue.resource(token)
    wrong = {f"fixed {path}" for path in record.fixed if _top(path) not in schema.inputs}
    wrong |= {f"computed {name}" for name in record.computed if name not in schema.outputs}
    wrong |= {f"default {name}" for name in record.defaults if name not in schema.outputs}
    wrong |= {f"reference {ref.path}" for ref in record.refs if _top(ref.path) not in schema.inputs}
    wrong |= {f"target {kind}" for ref in record.refs for kind in ref.kinds if kind not in RECORDS}
    wrong |= {f"guard {guard.path}" for guard in record.guards if _top(guard.path) not in schema.outputs}
    if record.autoname:
        wrong |= {record.autoname} - set(schema.inputs)
    for template in _templates(record):
        for hole in holes(template)[1::2]:
            known = _top(hole) in schema.outputs or _top(hole) in schema.inputs
            if not _HOLE.fullmatch(hole) and not known:
                wrong.add(f"hole {hole}")
    return wrong


def test_records_speak_of_properties_that_exist(catalogue: Catalogue) -> None:
    assert len(RECORDS) > 80
    wrong = {token: found for token, record in RECORDS.items() if (found := _wrong(token, record, catalogue))}
    assert wrong == {}


def test_every_function_is_in_the_sdk(catalogue: Catalogue) -> None:
    for token in functions():
        assert catalogue.function(token).outputs
