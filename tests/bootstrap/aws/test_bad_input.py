"""Bad input and bad weather: each a clear message in both languages, and nothing is changed."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends

from scripts.bootstrap.aws.account import look_whoami
from scripts.bootstrap.run import BlockedError
from scripts.bootstrap.steps import Context, Identity, Pipeline, Settings
from tests.bootstrap.aws.conftest import EVERYTHING, ISSUER, REGION, STACK, SUBJECT, Account


def _said(error: BlockedError) -> str:
    """Everything that it says; a problem speaks both languages and says what to do."""
    for _, problem in error.problems:
        for text in (problem.what, problem.do):
            assert re.search("[ぁ-んァ-ヶ一-龠]", text.ja), text
            assert text.en
    return " ".join(f"{p.what.en} {p.do.en}" for _, p in error.problems)


def test_another_account(account: Account) -> None:
    account.manifest["clouds"]["aws"]["unit"] = "999988887777"
    error = account.blocked()
    assert error.problems[0][1].kind == "wrong_unit"
    assert account.account in _said(error)
    assert "999988887777" in _said(error)


def test_expired_credentials(account: Account) -> None:
    account.cloud.expired.add(account.key)
    error = account.failed()
    assert error.failure.kind == "expired"
    assert "expired" in error.failure.text.en
    assert "有効期限" in error.failure.text.ja


def test_credentials_that_end_on_the_way(account: Account) -> None:
    """What was done is kept; the next run goes on from there."""
    runner = account.runner()
    outcome = runner.survey(runner.cloud.steps)
    count = 0

    def ending(step: Any, call: Any) -> None:
        nonlocal count
        count += 1
        if count == 20:
            account.cloud.expired.add(account.key)

    runner.listener.calling = ending  # type: ignore[method-assign]
    with pytest.raises(Exception, match="expired"):
        runner.apply(outcome, lambda step: None)
    assert account.chain.problems() == []
    account.cloud.expired.clear()
    assert account.run().waiting is None


def test_no_credentials(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    account.become("", "")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(account.folder / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(account.folder / "none"))
    error = account.failed()
    assert error.failure.kind == "invalid"
    assert "aws sso login" in error.failure.text.en


def test_missing_permissions_are_named_all_at_once(account: Account) -> None:
    """Before anything is changed, and only those of steps that have something to do."""
    reads = ["iam:Get*", "iam:List*", "iam:Simulate*", "kms:*", "s3:Get*", "s3:List*", "sts:*"]
    may = [*reads, "account:Get*", "sns:Get*", "sns:List*", "events:Describe*", "events:List*", "iam:*Role*"]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": may, "Resource": "*"}]}
    account.become(*account.hand_over("partial", policy))
    error = account.blocked()
    assert error.problems == ()
    assert {"account:PutAlternateContact", "s3:CreateBucket", "sns:CreateTopic", "iam:CreatePolicy"} <= set(
        error.missing
    )
    assert not {"kms:CreateKey", "iam:CreateRole", "s3:GetBucketPolicy"} & set(error.missing)


def test_what_may_not_even_be_read_is_named_all_at_once(account: Account) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["sts:*", "s3:*", "kms:*"], "Resource": "*"}],
    }
    account.become(*account.hand_over("blind", policy))
    error = account.blocked()
    assert {step for step, _ in error.problems} >= {"contacts", "sign_in", "fence", "alarm"}
    assert "GetAlternateContact" in _said(error)
    assert "GetPolicy" in _said(error)


@pytest.mark.parametrize("minutes", [-20, 20])
def test_a_wrong_clock(account: Account, minutes: float) -> None:
    account.cloud.clock_seconds = minutes * 60
    error = account.failed()
    assert error.failure.kind == "skew"
    assert "clock" in error.failure.text.en
    assert "時計" in error.failure.text.ja


def test_a_bucket_of_somebody_else_in_the_world(account: Account) -> None:
    account.cloud.taken.add(account.names.bucket)
    error = account.blocked()
    assert [step for step, p in error.problems if p.kind == "foreign"] == ["state"]
    assert account.names.bucket in _said(error)


def test_resources_of_the_same_names_that_are_not_ours(account: Account) -> None:
    """All of them are named at once; none is touched."""
    names = account.names
    account.client("s3").create_bucket(
        Bucket=names.bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    account.client("s3").put_object(Bucket=names.bucket, Key="theirs", Body=b"x")
    iam, kms = account.client("iam"), account.client("kms")
    anybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [anybody]})
    for role in (names.deployer, names.break_glass, names.alarm):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)
    iam.create_policy(
        PolicyName=names.boundary,
        PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
    )
    for alias in (names.state_key, names.secrets_key):
        kms.create_alias(AliasName=alias, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    error = account.blocked()
    assert {step for step, p in error.problems if p.kind == "foreign"} == {
        *("fence", "state_key", "state", "secrets_key", "deployer", "break_glass", "alarm")
    }
    _said(error)


def test_an_issuer_that_somebody_else_made_known(account: Account) -> None:
    """Usable as it is where it takes our audience; else its owner is asked."""
    made = account.client("iam").create_open_id_connect_provider(Url=ISSUER, ClientIDList=["theirs"])
    error = account.blocked()
    assert [step for step, _ in error.problems] == ["federation"]
    account.client("iam").delete_open_id_connect_provider(
        OpenIDConnectProviderArn=made["OpenIDConnectProviderArn"]
    )
    account.client("iam").create_open_id_connect_provider(Url=ISSUER, ClientIDList=["sts.amazonaws.com"])
    assert account.run().waiting is None


def test_an_attempt_by_hand_that_got_half_way(account: Account) -> None:
    """A bucket without lock cannot get one: said, not destroyed. An empty one with a lock is taken in."""
    names, s3 = account.names, account.client("s3")
    s3.create_bucket(Bucket=names.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    error = account.blocked()
    assert [(step, p.kind) for step, p in error.problems] == [("state", "by_hand")]
    assert "object lock" in _said(error)
    s3.delete_bucket(Bucket=names.bucket)
    s3.create_bucket(
        Bucket=names.bucket,
        CreateBucketConfiguration={"LocationConstraint": REGION},
        ObjectLockEnabledForBucket=True,
    )
    assert account.run().waiting is None
    assert account.state()["buckets"][names.bucket]["versioning"] == "Enabled"


def test_a_key_without_a_name_from_an_attempt_that_died(account: Account) -> None:
    """It gets its name, and no second one is made."""
    runner = account.runner()
    outcome = runner.survey(runner.cloud.steps)

    def dying(step: Any, call: Any) -> None:
        if call.operation == "CreateAlias":
            raise KeyboardInterrupt

    runner.listener.calling = dying  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        runner.apply(outcome, lambda step: None)
    assert account.run().waiting is None
    assert len(kms_backends[account.account][REGION].keys) == 2


def test_a_key_that_somebody_is_about_to_delete(account: Account) -> None:
    account.run(account.settings(proving=False))
    kms = kms_backends[account.account][REGION]
    key = next(k for k in kms.keys.values() if account.names.secrets_key in k.aliases)
    key.key_state = "PendingDeletion"
    error = account.blocked()
    assert [(step, p.kind) for step, p in error.problems] == [("secrets_key", "unsafe")]


def test_what_somebody_loosened_is_put_back(account: Account) -> None:
    """A second run finds what was changed behind its back, and says which."""
    account.run(account.settings(proving=False))
    wanted = account.state()
    names = account.names
    iam_backends[account.account]["aws"].attach_role_policy(
        "arn:aws:iam::aws:policy/AdministratorAccess", names.deployer
    )
    bucket = s3_backends[account.account]["aws"].buckets[names.bucket]
    bucket.public_access_block = None
    outcome = account.run(account.settings(proving=False))
    assert [s.step.id for s in outcome.steps if s.changed] == ["state", "deployer"]
    assert account.state() == wanted


def test_the_retention_can_only_be_changed_by_breaking_the_glass(account: Account) -> None:
    """Not by the administrator, not by the deployer; and what root changed, the break-glass role mends."""
    account.run(account.settings(proving=False))
    names = account.names
    bucket, s3 = names.bucket, account.client("s3")
    s3.put_object(Bucket=bucket, Key=".pulumi/stacks/a.json", Body=b"1")
    version = s3.put_object(Bucket=bucket, Key=".pulumi/stacks/a.json", Body=b"2")["VersionId"]
    off = {"Rules": [{"ID": "history", "Status": "Disabled", "Filter": {"Prefix": ""}}]}
    for refused in (
        lambda: s3.delete_object(Bucket=bucket, Key=".pulumi/stacks/a.json", VersionId=version),
        lambda: s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"}),
        lambda: s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=off),
        lambda: s3.delete_bucket_lifecycle(Bucket=bucket),
        lambda: s3.delete_bucket_policy(Bucket=bucket),
        lambda: s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(EVERYTHING)),
    ):
        with pytest.raises(ClientError, match="not authorized"):
            refused()
    s3.put_object(Bucket=bucket, Key=".pulumi/stacks/a.json", Body=b"3")
    s3.delete_object(Bucket=bucket, Key=".pulumi/stacks/a.json")  # the versions stay
    assert len(s3.list_object_versions(Bucket=bucket, Prefix=".pulumi/")["Versions"]) == 3
    wanted = account.state()
    account.cloud.guarded = False
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    account.cloud.guarded = True
    error = account.blocked(account.settings(proving=False))
    assert [(step, p.kind) for step, p in error.problems] == [("state", "by_hand")]
    assert names.role_arn(names.break_glass) in error.problems[0][1].do.en
    assert "PutBucketVersioning" in error.problems[0][1].what.ja
    account.break_glass()
    outcome = account.run(account.settings(proving=False))
    assert [s.step.id for s in outcome.steps if s.changed] == ["state"]
    assert account.state() == wanted


def test_nobody_has_said_who_deploys(account: Account) -> None:
    settings = Settings("aws", STACK, account.manifest, None)
    error = account.blocked(settings)
    assert {step for step, _ in error.problems} == {"federation", "deployer", "proof"}
    assert "--subject" in _said(error)


def test_the_root_user(account: Account) -> None:
    """Not to be used, not even for this."""
    root = Identity(f"arn:aws:iam::{account.account}:root", account.account, "root")
    found = look_whoami(Context(account.runner().session, account.settings(), root, account.chain))
    assert found.problem is not None
    assert found.problem.kind == "unsafe"


def test_a_token_that_is_not_there(account: Account) -> None:
    account.token_file.unlink()
    assert ("proof", "by_hand") in [(step, p.kind) for step, p in account.blocked().problems]


def test_another_issuer_and_several_subjects(account: Account) -> None:
    """GitLab, or one of one's own: the same steps."""
    gitlab = Pipeline(
        "https://gitlab.example.lg.jp", ("project_path:a/b:ref_type:branch:ref:main", SUBJECT), "jichitai"
    )
    account.run(account.settings(proving=False, pipeline=gitlab))
    trust = account.state()["roles"][account.names.deployer]["trust"]
    assert "gitlab.example.lg.jp:sub" in trust
    assert '"jichitai"' in trust


def test_a_broken_answer_is_no_bug_of_ours(account: Account) -> None:
    """A proxy's error page instead of AWS's answer."""
    account.server.fail_at(5, "error")
    assert account.run().waiting is None
