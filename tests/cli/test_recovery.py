"""Nothing lost, nothing doubled: open questions of a state, settled."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scripts.engine.recovery import Doubt, doubts_of, mend, real_resources

TYPE = "aws:ec2/vpc:Vpc"


def urn(name: str) -> str:
    return f"urn:pulumi:s::jichitai::{TYPE}::{name}"


def resource(name: str, id_: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"urn": urn(name), "type": TYPE, "custom": True, "inputs": {"name": name}}
    return found | ({"id": id_, "outputs": {}} if id_ else {})


NAMES = st.lists(st.sampled_from("abcdefgh"), unique=True)


@given(recorded=NAMES, creating=NAMES, updating=NAMES, lost=NAMES, made=NAMES)
def test_after_mending_the_state_has_exactly_what_the_cloud_has(
    recorded: list[str], creating: list[str], updating: list[str], lost: list[str], made: list[str]
) -> None:
    creating = [n for n in creating if n not in recorded]
    lost = [n for n in lost if n not in recorded]
    updating = [n for n in updating if n in recorded]
    cloud = {n: f"id-{n}" for n in recorded} | {n: f"id-{n}" for n in made if n in {*creating, *lost}}
    deployment = {
        "resources": [resource(n, f"id-{n}") for n in recorded],
        "pending_operations": [
            *({"type": "creating", "resource": resource(n)} for n in creating),
            *({"type": "updating", "resource": resource(n, f"id-{n}")} for n in updating),
        ],
    }

    def find(type_: str, name: str, known: frozenset[str]) -> str | None:
        id_ = cloud.get(name)
        return id_ if type_ == TYPE and id_ is not None and id_ not in known else None

    mended = mend(deployment, [Doubt(urn(n), TYPE, resource(n)) for n in lost], find)
    ids = [r["id"] for r in mended.deployment["resources"]]
    assert sorted(ids) == sorted(cloud.values()), "lost or doubled"
    assert mended.deployment["pending_operations"] == []
    assert set(mended.stale) == {*mended.adopted, *(urn(n) for n in updating)}
    assert {*mended.adopted, *mended.dropped} == {urn(n) for n in {*creating, *lost}}
    assert doubts_of(mended.deployment) == ()
    assert len(deployment["resources"]) == len(recorded), "the deployment given is not changed"


def test_the_new_half_of_a_replacement_takes_the_place_of_the_old() -> None:
    deployment = {
        "resources": [resource("a", "old")],
        "pending_operations": [{"type": "creating", "resource": resource("a")}],
    }
    mended = mend(deployment, (), lambda _type, _name, known: "new" if "new" not in known else None)
    old, new = mended.deployment["resources"]
    assert (old["id"], old["delete"]) == ("old", True)
    assert (new["id"], new.get("delete")) == ("new", None)


def test_only_what_is_in_a_cloud_is_counted() -> None:
    stack = {"urn": "s", "type": "pulumi:pulumi:Stack", "custom": False}
    provider = {"urn": "p", "type": "pulumi:providers:aws", "custom": True}
    assert real_resources({"resources": [stack, provider, resource("a", "id-a")]}) == 1
    assert real_resources(None) == 0
