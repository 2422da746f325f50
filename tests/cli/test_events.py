"""Event logs of the real engine (3.259), read into what people are told."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from scripts.engine.changes import LATER, SECRET, Change, changes_of, look_up, parts_of, shown
from scripts.engine.events import Place, place_of, read
from scripts.engine.failures import failures_of
from scripts.engine.progress import Progress

DATA = Path(__file__).parent / "data"


def followed(name: str, expected: int = 0) -> Progress:
    progress = Progress(expected=expected)
    for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        if (event := read(line)) is not None:
            progress.take(event)
    return progress


def test_drift_is_read_to_the_property() -> None:
    progress = followed("drift")
    changed = {s.place.name: (s.op, s.changes) for s in progress.finished.values() if s.op != "same"}
    assert changed == {
        "aws-baseline-r1": ("update", (Change("cidr", "update", "10.0.1.0/24", "9.9.9.9/32"),)),
        "aws-baseline-r2": ("delete", ()),
    }
    assert progress.counts == {("baseline", "same"): 4, ("baseline", "update"): 1, ("baseline", "delete"): 1}
    assert (progress.done, progress.total, progress.failed) == (6, 6, 0)


def test_a_replacement_is_one_change() -> None:
    progress = followed("preview")
    assert progress.counts["baseline", "replace"] == 1
    assert ("baseline", "create-replacement") not in progress.counts
    assert progress.declared == 6
    assert progress.outputs == {"a": {"b": 1}}


def test_the_total_is_known_before_anything_is_done() -> None:
    progress = Progress(expected=0)
    for line in (DATA / "preview.jsonl").read_text(encoding="utf-8").splitlines():
        if (event := read(line)) is not None:
            progress.take(event)
        if progress.declared == 6:
            break
    assert (progress.done, progress.total) == (0, 6)


def test_a_failure_says_what_where_why() -> None:
    progress = followed("failed")
    assert progress.failed == 1
    (failure,) = failures_of(progress, "", 1)
    assert failure.cause == "quota"
    assert failure.place == Place("", "", "aws:ec2/vpc:Vpc", "fail1")
    assert failure.why == "creating EC2 VPC: VpcLimitExceeded: too many"


def test_place_of_a_resource_of_a_layer() -> None:
    urn = (
        "urn:pulumi:131041-shinjuku::jichitai::jichitai:tenant:MunicipalTenant$jichitai:aws:Iaas"
        "$aws:ec2/vpc:Vpc::aws-iaas-main"
    )
    place = place_of(urn)
    assert place == Place("iaas", "aws", "aws:ec2/vpc:Vpc", "aws-iaas-main")
    assert (place.kind, str(place)) == ("ec2.Vpc", "iaas / ec2.Vpc aws-iaas-main")
    assert place_of("urn:pulumi:s::jichitai::pulumi:pulumi:Stack::jichitai-s").layer == ""


def test_secrets_and_unknowns_are_never_shown() -> None:
    secret = {
        "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
        "ciphertext": "abc",
    }
    assert shown({"a": [secret], "b": "x"}) == {"a": [SECRET], "b": "x"}
    assert shown(["04da6b54-80e4-46f7-96ec-b56ff0331ba9"]) == [LATER]


def test_changes_take_the_names_where_the_provider_gives_no_detail() -> None:
    said = {
        "old": {"inputs": {"a": 1}, "outputs": {"a": 1}},
        "new": {"inputs": {"a": 2}, "outputs": {}},
        "diffs": ["a"],
        "keys": ["a"],
        "detailedDiff": None,
    }
    assert changes_of(said) == (Change("a", "update", 1, 2, replaces=True),)


@given(st.text())
def test_any_line_can_be_read(line: str) -> None:
    read(line)


NAMES = st.text(min_size=1, max_size=8)


@given(st.lists(NAMES | st.integers(0, 9), min_size=1, max_size=5))
def test_paths_are_taken_apart_as_the_engine_puts_them_together(parts: list[str | int]) -> None:
    text = ""
    value: object = "found"
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.isidentifier():
            text += f".{part}" if text else part
        else:
            quoted = part.replace("\\", "\\\\").replace('"', '\\"')
            text += f'["{quoted}"]'
    for part in reversed(parts):
        value = {part: value} if isinstance(part, str) else [None] * part + [value]
    assert parts_of(text) == tuple(parts)
    assert look_up(value, parts_of(text)) == "found"


def test_the_head_of_a_beginning_tells_what_all_of_it_does() -> None:
    seen = 0
    for name in ("preview", "drift", "failed"):
        for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            if '"resourcePreEvent"' not in line:
                continue
            seen += 1
            # Spaces hide the head from the short way, so that the line is read whole.
            assert read(line) == read(line.replace('"metadata":{', '"metadata": {'))
    assert seen > 10
