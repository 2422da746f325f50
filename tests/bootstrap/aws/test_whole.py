"""The bootstrap of AWS as a whole: from the administrator handed over to a pipeline that needs none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends

from scripts.bootstrap.aws import STEPS
from scripts.bootstrap.calls import MASK, Call, NotAllowedError
from scripts.bootstrap.evidence import Chain
from scripts.bootstrap.run import BlockedError
from stacks.text import Text
from tests.bootstrap.aws.conftest import REGION, SUBJECT, Account, token


def test_a_whole_run_and_a_second_one(account: Account) -> None:
    """The second changes nothing, and says so."""
    outcome = account.run()
    assert outcome.waiting is None
    assert [s.step.id for s in outcome.steps if s.changed][-3:] == ["proof", "retire", "evidence"]
    state, evidence = account.state(), account.chain.file.read_bytes()
    assert account.chain.problems() == []
    account.break_glass()
    runner = account.runner()
    again = runner.survey(STEPS)
    assert again.pending == []
    assert again.changed == 0
    assert runner.recorder.changes_since(0) == []
    assert account.state() == state
    assert account.chain.file.read_bytes() == evidence


def test_the_retired_key_is_refused(account: Account) -> None:
    """By AWS, not by us: for the session that was open, and for a new one."""
    still_open = account.client("s3")
    still_open.list_buckets()
    account.run()
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        still_open.list_buckets()
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        account.client("sts").get_caller_identity()
    user = account.state()["users"][account.user]
    assert user["keys"] == []
    assert user["password"] is False
    assert "retired" in user["inline"]
    failed = account.failed()
    assert failed.failure.kind == "invalid"
    assert "deactivated or deleted" in failed.failure.text.en


def test_sessions_that_the_key_had_opened_are_refused(account: Account) -> None:
    """A user's own policy now denies everything to whoever still acts as the user."""
    account.run()
    iam = iam_backends[account.account]["aws"]
    made = iam.create_access_key(account.user)
    account.become(made.access_key_id, made.secret_access_key)
    with pytest.raises(ClientError, match="not authorized"):
        account.client("iam").list_users()


def test_a_password_goes_too(account: Account) -> None:
    iam_backends[account.account]["aws"].create_login_profile(account.user, "Correct-Horse-7-Battery")
    account.run()
    assert account.state()["users"][account.user]["password"] is False


def test_what_was_made(account: Account) -> None:
    """The sentences of the steps, read back from the account."""
    account.run()
    names, state = account.names, account.state()
    bucket = state["buckets"][names.bucket]
    assert bucket["versioning"] == "Enabled"
    assert "aws:kms" in bucket["encryption"]
    assert names.state_key in bucket["encryption"]
    assert bucket["lock"] is True
    assert "True" in bucket["public"]
    assert "False" not in bucket["public"]
    assert bucket["objects"] == ["evidence/131041-shinjuku.jsonl", "proof/road"]
    assert s3_backends[account.account]["aws"].buckets[names.bucket].region_name == REGION
    assert [k[0] for k in state["keys"]] == [[names.secrets_key], [names.state_key]]
    assert all(k[1] is True for k in state["keys"])
    role = state["roles"][names.deployer]
    trust = json.loads(role["trust"])["Statement"][0]
    assert trust["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": [SUBJECT],
        }
    }
    assert role["boundary"] == names.boundary_arn
    assert role["managed"] == []
    assert state["told"] == ["csirt@shinjuku.example.lg.jp", "gov-cloud@shinjuku.example.lg.jp"]
    assert len(state["rules"]) == 6
    assert state["contacts"] == [
        ("BILLING", "gov-cloud@shinjuku.example.lg.jp"),
        ("OPERATIONS", "gov-cloud@shinjuku.example.lg.jp"),
        ("SECURITY", "csirt@shinjuku.example.lg.jp"),
    ]


def test_the_evidence_is_in_the_bucket(account: Account) -> None:
    """As it was before it was put away, and nobody can take it back."""
    account.run()
    account.break_glass()
    kept = account.client("s3").get_object(Bucket=account.names.bucket, Key="evidence/131041-shinjuku.jsonl")
    assert kept["Body"].read() == account.chain.settled("evidence")
    assert kept["ObjectLockMode"] == "GOVERNANCE"
    records = account.chain.read()
    done = [r["step"] for r in records if r["event"] == "done"]
    assert done == [s.id for s in STEPS if s.id != "whoami"]
    assert all(r["requests"] for r in records if r["event"] == "done" and r["step"] != "proof")
    assert all(q["request_id"] for r in records for q in r.get("requests", []))


def test_a_plan_shows_every_call_and_makes_none(account: Account) -> None:
    """What a plan says is what a run does: the same operations in the same order."""
    before = account.state()
    runner = account.runner()
    planned = [call for looked in runner.survey(STEPS).steps for call in looked.before.calls]
    assert runner.recorder.changes_since(0) == []
    assert account.state() == before
    shown = json.dumps([call.record() for call in planned], ensure_ascii=False)
    assert account.token_file.read_text(encoding="utf-8") not in shown
    account.run()
    assert [f"{c.service}:{c.operation}" for c in planned] == account.listener.called


def test_looking_cannot_change_anything(account: Account) -> None:
    """A request that would is not even sent."""
    runner = account.runner()
    sent = account.server.count
    with pytest.raises(NotAllowedError):
        runner.session.perform(
            Call("s3", "CreateBucket", {}, Text("", "")),
            {"Bucket": "b", "CreateBucketConfiguration": {"LocationConstraint": REGION}},
        )
    assert account.server.count == sent
    assert account.state()["buckets"] == {}


def test_without_a_token_it_waits_for_the_pipeline(account: Account) -> None:
    """The credential stays; what is done is kept; with a token it goes on from there."""
    outcome = account.run(account.settings(proving=False))
    assert outcome.waiting is not None
    assert outcome.waiting.step.id == "proof"
    assert account.state()["users"][account.user]["keys"] == ["Active"]
    outcome = account.run()
    assert outcome.waiting is None
    assert [s.step.id for s in outcome.steps if s.changed] == ["proof", "retire", "evidence"]


def test_the_pipeline_proves_and_the_administrator_retires(account: Account) -> None:
    """The proof needs no administrator: the pipeline's own session leaves it, and the next run finds it."""
    account.run(account.settings(proving=False))
    held = account.client("sts").assume_role_with_web_identity(
        RoleArn=account.names.role_arn(account.names.deployer),
        RoleSessionName="pipeline",
        WebIdentityToken=token(),
    )["Credentials"]
    account.become(held["AccessKeyId"], held["SecretAccessKey"], held["SessionToken"])
    prove = next(s for s in STEPS if s.id == "proof")
    there = account.chain
    account.chain = Chain(account.folder / "elsewhere.jsonl", there.unit)
    assert account.run(steps=[prove]).changed == 4
    account.chain = there
    account.become(account.key, account.secret)
    outcome = account.run(account.settings(proving=False))
    assert outcome.waiting is None
    assert [s.step.id for s in outcome.steps if s.changed] == ["retire", "evidence"]


def test_nothing_is_retired_before_the_proof_whatever_is_asked(account: Account) -> None:
    account.run(account.settings(proving=False))
    retire = next(s for s in STEPS if s.id == "retire")
    outcome = account.run(steps=[retire])
    assert outcome.waiting is not None
    assert account.state()["users"][account.user]["keys"] == ["Active"]


@pytest.mark.parametrize(
    ("subject", "audience"),
    [
        ("repo:shinjuku/infra:environment:verification", "sts.amazonaws.com"),
        ("repo:shinjuku/infra:environment:production-2", "sts.amazonaws.com"),
        ("repo:somebody/infra:environment:production", "sts.amazonaws.com"),
        (SUBJECT, "somebody-else"),
    ],
)
def test_no_other_pipeline_gets_in(account: Account, subject: str, audience: str) -> None:
    """The conditions are exact: another subject or audience is refused, and nothing is retired."""
    account.token_file.write_text(token(subject, audience), encoding="utf-8")
    with pytest.raises(Exception, match="Not authorized"):
        account.run()
    assert account.state()["users"][account.user]["keys"] == ["Active"]
    assert account.chain.problems() == []


def test_an_interrupted_run_goes_on(account: Account) -> None:
    """Ctrl-C between two calls: the evidence says so, and the next run takes it from there."""
    runner = account.runner()
    outcome = runner.survey(STEPS)
    calls = 0

    def interrupting(step: Any, call: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 12:
            raise KeyboardInterrupt

    runner.listener.calling = interrupting  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        runner.apply(outcome, lambda step: None)
    assert account.chain.read()[-1]["event"] == "interrupted"
    assert account.run().waiting is None
    assert account.chain.problems() == []
    assert len(kms_backends[account.account][REGION].keys) == 2


def test_one_step_alone_and_from_a_step_on(account: Account) -> None:
    contacts = next(s for s in STEPS if s.id == "contacts")
    account.run(steps=[contacts])
    assert account.state()["buckets"] == {}
    assert len(account.state()["contacts"]) == 3
    later = account.run(steps=STEPS[2:])
    assert later.waiting is None


def test_a_step_that_needs_an_earlier_one_says_so(account: Account) -> None:
    prove = next(s for s in STEPS if s.id == "proof")
    with pytest.raises(Exception, match="Not authorized"):
        account.run(steps=[prove])


@pytest.mark.parametrize("name", ["alarm", "break_glass", "deployer", "federation", "fence"])
def test_undo_takes_back_only_what_is_ours(account: Account, name: str) -> None:
    """In the reverse order of their making, to where they were not there."""
    fresh = account.state()
    account.run(account.settings(proving=False), steps=STEPS[:11])
    order = ["alarm", "break_glass", "deployer", "federation", "fence"]
    for each in order[: order.index(name) + 1]:
        step = next(s for s in STEPS if s.id == each)
        assert account.runner().undo(step) > 0
        assert account.runner().undo(step) == 0
    state = account.state()
    if name == "fence":
        assert state["roles"] == fresh["roles"]
        assert state["policies"] == fresh["policies"]
        assert state["providers"] == fresh["providers"]
    assert account.chain.read()[-1]["event"] == "undone"
    assert account.chain.problems() == []


def test_what_cannot_be_undone_says_why(account: Account) -> None:
    for step in STEPS:
        if isinstance(step.undo, Text):
            with pytest.raises(BlockedError) as refused:
                account.runner().undo(step)
            assert refused.value.problems[0][1].what == step.undo


def test_secrets_are_masked(account: Account) -> None:
    """Planted secrets are in nothing that is written or shown."""
    account.run()
    written = account.chain.file.read_text(encoding="utf-8")
    for secret in (account.secret, account.token_file.read_text(encoding="utf-8")):
        assert secret not in written
    assert MASK in written
