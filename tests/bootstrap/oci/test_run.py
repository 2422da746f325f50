"""A whole bootstrap of OCI, the real SDK over HTTP: planned, done, proven, repeated, interrupted, refused."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from scripts.bootstrap.oci import CLOUD, names, statements
from scripts.bootstrap.oci.session import Oci
from scripts.bootstrap.run import BlockedError, FailedError
from scripts.bootstrap.steps import Pipeline
from tests.bootstrap.fakes.server import Refused
from tests.bootstrap.oci.conftest import AUDIENCE, PIPELINE, STACK, SUBJECT, World
from tests.bootstrap.oci.ground import ADMINISTRATOR, TENANCY
from tests.bootstrap.oci.models import check

BUCKET = f"jichitai-{STACK}-state"


def test_a_whole_run(world: World) -> None:
    before = world.state()
    planned = world.runner().survey(CLOUD.steps)
    assert world.state() == before, "a plan changes nothing"
    assert not world.chain.lines()
    states = {s.step.id: s.before.state for s in planned.steps}
    assert [step for step, state in states.items() if state == "done"] == ["whoami", "fence", "people"]
    assert [step for step, state in states.items() if state == "waiting"] == ["proof", "evidence", "retire"]
    shown = json.dumps([c.record() for s in planned.steps for c in s.before.calls])
    assert "<OCID of the compartment>" in shown

    done = world.run(final=False)
    assert done.waiting is None
    assert done.changed > sum(len(s.before.calls) for s in planned.steps), (
        "all that was planned, and the proof"
    )
    bucket = world.tenancy.one("buckets", BUCKET)
    key = world.tenancy.all("keys")[0]
    assert (bucket["publicAccessType"], bucket["versioning"]) == ("NoPublicAccess", "Enabled")
    assert bucket["kmsKeyId"] == key["id"]
    assert bucket["_lifecycle"][0]["target"] == "previous-object-versions"
    trust = world.tenancy.all("trusts")[0]
    assert [one["rule"] for one in trust["impersonationServiceUsers"]] == [f"sub eq {SUBJECT}"]
    assert trust["clientClaimValues"] == [AUDIENCE]
    assert not world.tenancy.all("secretkeys"), "no key for S3 is left"
    assert world.tenancy.all("secrets")[0]["enableAutoGeneration"], "the vault made the passphrase up"

    again = world.run(final=False)
    assert again.changed == 0
    assert all(s.before.state == "done" for s in again.steps)

    ended = world.run()
    assert ended.changed == 2, "the auth token and the API key"
    assert not world.tenancy.all("apikeys", userId=ADMINISTRATOR)
    assert not world.tenancy.all("authtokens", userId=ADMINISTRATOR)
    assert world.chain.problems() == []
    with pytest.raises(FailedError) as refused:
        world.run()
    assert refused.value.failure.kind == "invalid", "the retired key is refused"

    sealed = next(u for u in world.tenancy.all("users") if u["userName"].endswith("-break-glass"))
    world.sign_in(sealed["ocid"], "break-glass")
    steps = [
        s.step.id for s in world.run(None, "whoami", "fence", "place", "key", "state").steps if s.changed
    ]
    assert steps == [], "who opens the seal finds everything as it was"
    written = "".join(f.read_text() for f in world.folder.rglob("*") if f.is_file() and f.name != "token")
    secrets = [
        world.tenancy.all("secrets")[0]["_value"],
        world.tenancy.all("apps")[0]["clientSecret"],
        world.token().read_text(),
        *(pair.private.read_text() for pair in world.pairs.values()),
    ]
    assert not [secret for secret in secrets if secret in written]


def test_it_waits_for_the_pipeline(world: World) -> None:
    first = world.run(world.settings(proof=False))
    assert first.waiting is not None
    assert first.waiting.step.id == "proof"
    assert world.tenancy.all("apikeys", userId=ADMINISTRATOR)
    assert world.run(world.settings(proof=False)).changed == 0
    sealed = world.run(world.settings(break_glass_public_key=""), "break_glass")
    assert sealed.changed == 0, "a key that is there need not be given again"


@pytest.mark.parametrize("at", [2, 7, 11, 17, 22, 26, 28])
def test_interrupted_and_run_again(world: World, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    made = Oci.perform
    count = [0]

    def perform(self: Oci, call: Any, arguments: Any) -> Any:
        count[0] += 1
        answer = made(self, call, arguments)
        if count[0] == at + 1:
            raise KeyboardInterrupt
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(Oci, "perform", perform)
        with pytest.raises(KeyboardInterrupt):
            world.run()
    world.run()
    assert world.chain.problems() == []
    assert not world.tenancy.all("apikeys", userId=ADMINISTRATOR)
    assert not world.tenancy.all("secretkeys")
    for kind, count_of in (
        ("users", 3),
        ("groups", 3),
        ("apps", 1),
        ("trusts", 1),
        ("policies", 4),
        ("vaults", 1),
        ("keys", 1),
        ("secrets", 1),
        ("topics", 1),
        ("subscriptions", 2),
        ("connectors", 1),
    ):
        assert len(world.tenancy.all(kind)) == count_of, kind


# --- the road of the pipeline ---


@pytest.mark.parametrize(
    ("subject", "audience", "seconds"),
    [
        ("repo:setagaya/tenant:ref:refs/heads/main", AUDIENCE, 600),
        (SUBJECT, "https://elsewhere.example", 600),
        (SUBJECT, AUDIENCE, -60),
    ],
    ids=["another subject", "another audience", "expired"],
)
def test_only_the_exact_token_opens(world: World, subject: str, audience: str, seconds: int) -> None:
    world.run(world.settings(proof=False))
    settings = world.settings()
    world.token(subject, audience, seconds)
    with pytest.raises(FailedError) as refused:
        world.run(settings)
    assert refused.value.failure.kind == "invalid"
    assert "HTTP 401" in refused.value.failure.text.ja
    assert world.tenancy.all("apikeys", userId=ADMINISTRATOR), "nothing is retired without the proof"


def test_a_changed_road_is_proven_anew(world: World) -> None:
    world.run(final=False)
    other = Pipeline(PIPELINE.issuer, ("repo:setagaya/tenant:environment:verification",))
    waiting = world.run(world.settings(proof=False, pipeline=other)).waiting
    assert waiting is not None
    assert waiting.step.id == "proof"
    rules = world.tenancy.all("trusts")[0]["impersonationServiceUsers"]
    assert [one["rule"] for one in rules] == ["sub eq repo:setagaya/tenant:environment:verification"]


def test_what_the_deployer_may() -> None:
    class Some:
        options: dict[str, str] = {}  # noqa: RUF012 - a stand-in for settings
        stack = STACK

    texts = statements.deployers(Some)  # pyright: ignore[reportArgumentType]
    assert len(texts) <= statements.MOST
    whole = "\n".join(texts).lower()
    for identities in (" users ", " groups ", " domains ", " manage all-resources"):
        assert identities not in whole
    group = names.named(Some, "deployers")  # pyright: ignore[reportArgumentType]
    assert statements.lacking(["manage users", "manage policies"], [group], texts) == ["manage users"]
    assert all("request.region='NRT'" in text for text in texts if "-family in tenancy" in text)


# --- what is refused ---


def refused(world: World, **more: Any) -> BlockedError:
    before = world.state()
    with pytest.raises(BlockedError) as error:
        world.run(world.settings(**more))
    assert world.state() == before, "nothing was changed"
    return error.value


def test_another_tenancy(world: World) -> None:
    assert refused(world, unit=TENANCY[:-1] + "x").problems[0][1].kind == "wrong_unit"


def test_no_pipeline_and_no_such_domain(world: World) -> None:
    error = refused(world, pipeline=None, domain="Elsewhere")
    assert {step for step, _ in error.problems} >= {"deployer", "people", "proof"}


def test_an_unknown_issuer_needs_its_keys(world: World) -> None:
    theirs = Pipeline("https://ci.example.lg.jp", ("project:1",))
    assert [s for s, p in refused(world, pipeline=theirs).problems if p.kind == "by_hand"] == ["deployer"]
    found = world.run(world.settings(proof=False, pipeline=theirs, jwks="https://ci.example.lg.jp/keys"))
    assert found.waiting is not None
    assert world.tenancy.all("trusts")[0]["publicKeyEndpoint"] == "https://ci.example.lg.jp/keys"


def test_another_home_region(world: World) -> None:
    world.tenancy.regions = [("ap-osaka-1", "KIX", True), ("us-ashburn-1", "IAD", False)]
    error = refused(world)
    assert [(s, p.kind) for s, p in error.problems] == [("fence", "impossible")]


def test_regions_abroad_are_pointed_out(world: World) -> None:
    world.tenancy.regions.append(("us-ashburn-1", "IAD", False))
    fence = next(s for s in world.runner().survey(CLOUD.steps).steps if s.step.id == "fence")
    assert fence.before.note is not None
    assert "us-ashburn-1" in fence.before.note.ja


def test_a_key_that_nobody_registered(world: World) -> None:
    world.tenancy.rows["apikeys"].clear()
    with pytest.raises(FailedError) as error:
        world.run()
    assert error.value.failure.kind == "invalid"


def test_no_configuration(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCI_CONFIG_FILE", str(world.folder / "none"))
    with pytest.raises(FailedError) as error:
        world.run()
    assert error.value.failure.kind == "invalid"


def test_a_wrong_clock(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import email.utils

    behind = SimpleNamespace(time=lambda: time.time() - 7200, sleep=time.sleep)
    monkeypatch.setattr("scripts.bootstrap.oci.session.time", behind)
    real = email.utils.formatdate
    wrong = SimpleNamespace(formatdate=lambda usegmt: real(time.time() - 7200, usegmt=usegmt))
    monkeypatch.setattr("oci.signer.email", SimpleNamespace(utils=wrong))
    with pytest.raises(FailedError) as error:
        world.run()
    monkeypatch.undo()
    assert error.value.failure.kind == "skew"
    assert re.search(r"-7(199|20\d) 秒", error.value.failure.text.ja)


def test_missing_permissions_are_listed_at_once(tmp_path: Any, pairs: Any, monkeypatch: Any) -> None:
    world = World(
        tmp_path,
        pairs,
        monkeypatch,
        statements=(
            "Allow group Administrators to read all-resources in tenancy",
            "Allow group Administrators to manage vaults in tenancy",
            "Allow group Administrators to manage keys in tenancy",
        ),
    )
    try:
        error = refused(world)
        assert {"manage policies", "manage users", "manage object-family"} <= set(error.missing)
        assert "manage vaults" not in error.missing
    finally:
        world.server.close()


def _compartment(world: World) -> None:
    row = {"id": "ocid1.compartment.oc1..x", "compartmentId": TENANCY, "name": f"jichitai-{STACK}-bootstrap"}
    world.tenancy.put("compartments", {**row, "lifecycleState": "ACTIVE"})


def _policy(world: World) -> None:
    row = {"id": "ocid1.policy.oc1..x", "compartmentId": TENANCY, "name": f"jichitai-{STACK}-deployers"}
    world.tenancy.put("policies", {**row, "statements": [], "lifecycleState": "ACTIVE"})


def _bucket(world: World) -> None:
    world.tenancy.put(
        "buckets", {"id": BUCKET, "name": BUCKET, "compartmentId": TENANCY, "versioning": "Disabled"}
    )


def _user(world: World) -> None:
    row = {
        "id": "theirs",
        "ocid": "ocid1.user.oc1..x",
        "schemas": ["s"],
        "active": True,
        "description": "mine",
    }
    world.tenancy.put("users", {**row, "userName": f"jichitai-{STACK}-deployer"})


def _member(world: World) -> None:
    """Somebody put a second member into the deployers' group."""
    mark = {"description": f"jichitai-stack={STACK} jichitai-part=bootstrap"}
    row = {"id": "g", "ocid": "ocid1.group.oc1..x", "schemas": ["s"], "members": [{"value": "user1"}]}
    extension = "urn:ietf:params:scim:schemas:oracle:idcs:extension:group:Group"
    world.tenancy.put("groups", {**row, "displayName": f"jichitai-{STACK}-deployers", extension: mark})


@pytest.mark.parametrize(
    ("step", "put"),
    [
        ("place", _compartment),
        ("deployer", _policy),
        ("state", _bucket),
        ("deployer", _user),
        ("deployer", _member),
    ],
    ids=["compartment", "policy", "bucket", "user", "member"],
)
def test_what_others_have_under_our_names(world: World, step: str, put: Callable[[World], None]) -> None:
    put(world)
    assert [(s, p.kind) for s, p in refused(world).problems] == [(step, "foreign")]


def test_half_done_by_hand(world: World) -> None:
    """What bears our tags and lacks the rest is completed; what was loosened is put right."""
    world.run(final=False)
    bucket = world.tenancy.one("buckets", BUCKET)
    bucket |= {"versioning": "Disabled", "publicAccessType": "ObjectRead"}
    bucket.pop("_lifecycle")
    group = next(g for g in world.tenancy.all("groups") if g["displayName"].endswith("-deployers"))
    group["members"] = []
    policy = next(p for p in world.tenancy.all("policies") if p["name"].endswith("-deployers"))
    policy["statements"] = [*policy["statements"], "Allow any-user to manage all-resources in tenancy"]
    world.tenancy.rows["connectors"].clear()
    changed = {s.step.id: s.changed for s in world.run(final=False).steps if s.changed}
    assert changed == {"state": 2, "deployer": 2, "break_glass": 1, "evidence": 1}
    assert (bucket["versioning"], bucket["publicAccessType"]) == ("Enabled", "NoPublicAccess")
    assert "any-user to manage" not in str(policy["statements"])


def test_the_fake_refuses_what_the_models_refuse() -> None:
    good = {"name": "b", "compartmentId": "c", "versioning": "Enabled"}
    check("object_storage", "CreateBucketDetails", good)
    for bad in (
        {**good, "versioned": True},
        {**good, "versioning": "On"},
        {**good, "objectEventsEnabled": "no"},
        {"name": "b"},
        {**good, "freeformTags": []},
    ):
        with pytest.raises(Refused) as refusal:
            check("object_storage", "CreateBucketDetails", bad)
        assert refusal.value.status == 400
