"""A whole bootstrap of さくら over HTTP: planned, done, proven, repeated, interrupted, refused."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from providers.twin.sakura.apis.principals import put_key
from providers.twin.sakura.place import Place
from scripts.bootstrap.calls import Recorder
from scripts.bootstrap.run import BlockedError, FailedError
from scripts.bootstrap.sakura import CLOUD
from scripts.bootstrap.sakura.session import Sakura
from scripts.bootstrap.steps import Step
from tests.bootstrap.sakura.conftest import STACK, UNIT, World

BUCKET = f"jichitai-{STACK}-state"


def passphrase(world: World) -> str:
    """The passphrase, as whoever may unveil it sees it."""
    place = next(d for k, _, _, d in world.store.documents() if k == "vault")
    from cryptography.fernet import Fernet

    key = world.store.get("kms", "", place["KmsKeyID"])
    assert key is not None
    sealed = place["_values"]["pulumi-passphrase"]
    assert len(sealed) == 1, "written once, never overwritten"
    return Fernet(key["_material"]).decrypt(sealed[0].encode()).decode()


def everything_written(world: World) -> str:
    """All that the bootstrap has written on this machine (the twin is the cloud, not this machine)."""
    return "".join(
        file.read_text("utf-8", errors="replace")
        for file in world.folder.rglob("*")
        if file.is_file() and world.twin not in file.parents
    )


def test_a_whole_run(world: World) -> None:
    before = world.state()
    planned = world.runner().survey(CLOUD.steps)
    assert world.state() == before, "a plan changes nothing"
    assert not world.chain.lines()
    states = {s.step.id: s.before.state for s in planned.steps}
    assert [step for step, state in states.items() if state == "done"] == ["whoami", "fence", "people"]
    assert [step for step, state in states.items() if state == "waiting"] == ["proof", "evidence", "retire"]
    shown = json.dumps([c.record() for s in planned.steps for c in s.before.calls])
    assert "***" in shown
    assert "<id of the key>" in shown
    pipeline = httpx.Client(base_url=world.server.url)

    done = world.run(final=False)
    assert done.waiting is None
    calls = sum(len(s.before.calls) for s in planned.steps)
    assert done.changed > calls, "all that was planned, and the proof"

    bucket = world.store.get("bucket", "", BUCKET)
    assert bucket is not None
    assert bucket["cluster_id"] == "tky01"
    assert bucket["_versioning"] == "Enabled"
    key = next(d for k, _, _, d in world.store.documents() if k == "kms")
    assert bucket["_encryption"]["kms_key_id"] == key["ID"]
    assert bucket["_replication"]["dest_bucket"] == {"name": f"{BUCKET}-copy", "cluster_id": "isk01"}
    kinds = [k for k, *_ in world.store.documents()]
    assert "accountkey" not in kinds, "no key of the object storage is left"
    assert "permissionkey" not in kinds
    assert len(passphrase(world)) == 64

    again = world.run(final=False)
    assert again.changed == 0
    assert all(s.before.state == "done" for s in again.steps)

    ended = world.run()
    assert ended.changed == 4, "API key, switch off, delete, take the roles"
    assert world.store.get("iam/compat/api-keys", "", world.administrator.api_key) is None
    assert world.chain.problems() == []
    with pytest.raises(FailedError) as refused:
        world.run()
    assert refused.value.failure.kind == "invalid"
    basic = base64.b64encode(f"{world.store.token}:{world.store.secret}".encode()).decode()
    for path in ("/cloud/api/iam/1.0/auth/context", "/cloud/zone/is1a/api/cloud/1.1/zone"):
        assert pipeline.get(path, headers={"Authorization": f"Basic {basic}"}).status_code == 401

    sign_in_as(world, "deployer")
    by_pipeline = world.run()
    assert by_pipeline.changed > 0, "the evidence of the retirement goes into the store"
    assert world.run().changed == 0
    sign_in_as(world, "break-glass")
    assert world.run().changed == 0
    text = everything_written(world)
    own = [pair.private.read_text() for pair in world.pairs.values()]
    for secret in (passphrase(world), world.store.secret, *own):
        assert secret not in text


def sign_in_as(world: World, short: str) -> None:
    """The deployer's or the sealed credential into the environment."""
    name = f"jichitai-{STACK}-{short}"
    found = next(d for _, _, _, d in world.store.documents() if d.get("name") == name)
    key = next(d for _, _, _, d in world.store.documents() if d.get("_principal") == found["ID"])
    world.sign_in(found["ID"], key["kid"], short)


def test_it_waits_for_the_pipeline(world: World) -> None:
    first = world.run(world.settings(proof=False))
    assert first.waiting is not None
    assert first.waiting.step.id == "proof"
    assert world.store.get("iam/compat/api-keys", "", world.administrator.api_key) is not None
    assert world.run(world.settings(proof=False)).changed == 0

    sign_in_as(world, "deployer")
    inside = world.run()
    assert inside.waiting is None
    assert [s.step.id for s in inside.steps if s.changed] == ["proof", "evidence", "retire"]
    assert world.run().changed <= 5, "only the evidence is kept once more"
    assert world.run().changed == 0


def test_no_keys_are_made_for_others(world: World) -> None:
    waiting = world.run(world.settings(deployer_public_key="")).waiting
    assert waiting is not None
    assert waiting.step.id == "deployer"
    assert waiting.before.waiting is not None
    assert "--set deployer_public_key=" in waiting.before.waiting.en


@pytest.mark.parametrize("at", [3, 14, 27, 36, 44, 48])
def test_interrupted_and_run_again(world: World, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    made = Sakura.perform
    count = [0]

    def perform(self: Sakura, call: Any, arguments: Any) -> Any:
        count[0] += 1
        answer = made(self, call, arguments)
        if count[0] == at + 1:
            raise KeyboardInterrupt
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(Sakura, "perform", perform)
        with pytest.raises(KeyboardInterrupt):
            world.run()
    if at < 47:
        world.run()
    else:  # what retires the credential has cost us the credential: the pipeline finishes it
        with pytest.raises(FailedError, match="401"):
            world.run()
        sign_in_as(world, "deployer")
        world.run()
    assert world.chain.problems() == []
    assert no_leftovers(world)


def no_leftovers(world: World) -> bool:
    """One of each, no temporary keys, and the first credential gone."""
    names = [
        (kind, doc.get("Name") or doc.get("name") or doc.get("display_name"))
        for kind, _, _, doc in world.store.documents()
        if not doc.get("_platform") and kind not in ("accountkey", "permissionkey", "principalkey")
    ]
    kinds = [kind for kind, *_ in world.store.documents()]
    keys = [d for k, _, _, d in world.store.documents() if k == "principalkey"]
    return (
        len(names) == len(set(names))
        and "accountkey" not in kinds
        and "permissionkey" not in kinds
        and len(keys) == 2
        and world.store.get("iam/compat/api-keys", "", world.administrator.api_key) is None
    )


# --- what is refused ---


def refused(world: World, **more: Any) -> BlockedError:
    before = world.state()
    with pytest.raises(BlockedError) as error:
        world.run(world.settings(**more))
    assert world.state() == before, "nothing was changed"
    return error.value


def test_another_project(world: World) -> None:
    error = refused(world, unit="113703269999")
    assert error.problems[0][1].kind == "wrong_unit"


def test_an_api_key_cannot_do_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SAKURA_SERVICE_PRINCIPAL_ID")
    error = refused(world)
    assert ("whoami", "by_hand") in [(step, problem.kind) for step, problem in error.problems]


def test_no_credentials(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SAKURA_SERVICE_PRINCIPAL_ID", "SAKURA_ACCESS_TOKEN"):
        monkeypatch.delenv(name)
    with pytest.raises(FailedError) as error:
        world.run()
    assert error.value.failure.kind == "invalid"
    assert "SAKURA_SERVICE_PRINCIPAL_ID" in error.value.failure.text.ja


def test_a_disabled_key(world: World) -> None:
    for kind, zone, id_, doc in list(world.store.documents()):
        if kind == "principalkey":
            world.store.put(kind, zone, id_, {**doc, "status": "disabled"})
    with pytest.raises(FailedError) as error:
        world.run()
    assert error.value.failure.kind == "invalid"


def test_a_wrong_clock(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    behind = SimpleNamespace(time=lambda: time.time() - 7200)
    for module in ("providers.sakura.auth", "scripts.bootstrap.sakura.session"):
        monkeypatch.setattr(f"{module}.time", behind)
    with pytest.raises(FailedError) as error:
        world.run()
    assert error.value.failure.kind == "skew"
    assert re.search(r"-7(199|20\d) 秒", error.value.failure.text.ja)


def test_missing_permissions_are_listed_at_once(tmp_path: Any, pairs: Any, monkeypatch: Any) -> None:
    world = World(tmp_path, pairs, monkeypatch, role="resource-creator")
    try:
        error = refused(world)
        said = json.dumps([problem.what.en for _, problem in error.problems], ensure_ascii=False)
        assert len(error.problems) >= 4, "every step that may not read says so"
        assert "403" in said
    finally:
        world.close()


def test_roles_that_do_not_suffice(world: World) -> None:
    session = CLOUD.open(world.settings(), Recorder())
    assert session.missing(["iam", "resources"]) == []
    policy = {"bindings": [{"role": {"type": "preset", "id": "resource-viewer"}, "principals": []}]}
    policy["bindings"][0]["principals"] = [
        {"type": "service-principal", "id": int(world.administrator.principal)}
    ]
    document = world.store.get("iamdocument", "", f"projects/{UNIT}")
    assert document is not None
    world.store.put("iamdocument", "", f"projects/{UNIT}", {**document, **policy})
    assert session.missing(["iam", "resources"]) == ["iam"], "the rest cannot be told from here"


def _kms(world: World) -> None:
    world.store.put("kms", "", "1", {"ID": "1", "Name": BUCKET, "Tags": [], "Status": "active"})


def _vault(world: World) -> None:
    world.store.put("vault", "", "1", {"ID": "1", "Name": BUCKET, "Tags": ["theirs"], "_secrets": {}})


def _bucket_elsewhere(world: World) -> None:
    bucket = {"ID": "1", "name": BUCKET, "cluster_id": "tky01", "plan": {}, "resource_id": "2"}
    world.store.put("bucket", "", BUCKET, bucket)


def _principal(world: World) -> None:
    body = {"ID": "7", "id": 7, "project_id": int(UNIT), "description": "mine"}
    world.store.put("iam/service-principals", "", "7", {**body, "name": f"jichitai-{STACK}-deployer"})


def _notice(world: World) -> None:
    kind = {"Class": "saknoticegroup"}
    body = {"ID": "8", "Name": f"jichitai-{STACK}-alarms", "Tags": [], "Provider": kind, "Settings": {}}
    world.store.put("commonserviceitem", "", "8", body)


@pytest.mark.parametrize(
    ("step", "put"),
    [
        ("key", _kms),
        ("secrets", _vault),
        ("state", _bucket_elsewhere),
        ("deployer", _principal),
        ("contacts", _notice),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_others_have_under_our_names(world: World, step: str, put: Callable[[World], None]) -> None:
    put(world)
    error = refused(world)
    assert [(s, p.kind) for s, p in error.problems if s == step] == [(step, "foreign")]


def test_half_done_by_hand(world: World) -> None:
    """Somebody made the account and the bucket in the control panel, and stopped there."""
    account = {"ID": "tky01", "resource_id": "3", "code": "x", "created_at": "", "_platform": True}
    world.store.put("account", "", "tky01", account)
    _bucket_elsewhere(world)
    world.run()
    bucket = world.store.get("bucket", "", BUCKET)
    assert bucket is not None
    assert bucket["_versioning"] == "Enabled"
    assert bucket["_encryption"]["kms_key_id"]


def test_a_private_key_is_not_taken_for_a_public_one(world: World) -> None:
    error = refused(world, deployer_public_key=str(world.pairs["deployer"].private))
    assert "PRIVATE KEY" in error.problems[0][1].what.en
    assert "BEGIN" not in error.problems[0][1].what.en


def test_another_key_proves_nothing(world: World) -> None:
    world.run(world.settings(proof=False))
    settings = world.settings(deployer_public_key=str(world.pairs["deployer"].public))
    object.__setattr__(settings, "token_file", str(world.pairs["other"].private))
    with pytest.raises(BlockedError) as error:
        world.run(settings)
    assert error.value.problems[0][0] == "proof"
    assert world.store.get("iam/compat/api-keys", "", world.administrator.api_key) is not None


def test_a_key_of_the_first_administrator_is_refused_even_with_a_token_that_lives_on(world: World) -> None:
    """Tokens are valid for an hour: taking the roles away is what ends them."""
    session = CLOUD.open(world.settings(), Recorder())
    session.identity()
    header = session.api.authorization.header()
    world.run()
    path = "/cloud/api/iam/1.0/service-principals"
    answer = httpx.get(world.server.url + path, headers={"Authorization": header})
    assert answer.status_code == 403


def test_undo(world: World) -> None:
    before = world.state()
    world.run(world.settings(proof=False), "deployer")
    step: Step[Sakura] = next(s for s in CLOUD.steps if s.id == "deployer")
    assert world.runner().undo(step) == 1
    after = [line for line in world.state() if "principalkey" not in line and "iamdocument" not in line]
    assert after == [line for line in before if "principalkey" not in line and "iamdocument" not in line]
    kept = next(s for s in CLOUD.steps if s.id == "state")
    with pytest.raises(BlockedError):
        world.runner().undo(kept)


def test_others_grants_and_keys_stay(world: World) -> None:
    place = Place(world.store, "is1a", "", "", None, None, 1)
    put_key(place, "999", "theirs")
    other = {"role": {"type": "preset", "id": "resource-viewer"}, "principals": [{"type": "user", "id": 5}]}
    document = world.store.get("iamdocument", "", f"projects/{UNIT}")
    assert document is not None
    document["bindings"].append(other)
    world.store.put("iam/compat/users", "", "5", {"ID": "5", "id": 5, "code": "someone", "name": "someone"})
    world.store.put("iamdocument", "", f"projects/{UNIT}", document)
    world.run()
    after = world.store.get("iamdocument", "", f"projects/{UNIT}")
    assert after is not None
    viewers = next(b for b in after["bindings"] if b["role"]["id"] == "resource-viewer")
    assert {"type": "user", "id": 5} in viewers["principals"]
    assert any(doc.get("_principal") == "999" for _, _, _, doc in world.store.documents())
