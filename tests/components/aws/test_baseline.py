"""The baseline on AWS: its decisions, its documents, and what it makes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.aws import baseline
from components.aws.baseline import documents, signals
from components.aws.baseline.audit import archive_lifecycle
from components.aws.baseline.watch import recipients
from stacks.plan import KEY_PURPOSES, BaselinePlan, CloudPlan, ContactPlan, RetentionPlan

STACK = "131041-shinjuku"
VPCS = {
    "aws:ec2/getVpcs:getVpcs": {"id": "ap-northeast-1", "ids": ["vpc-default"]},
    "aws:ec2/getVpc:getVpc": {"id": "vpc-default", "mainRouteTableId": "rtb-default"},
}
EVERY_PART = (
    "audit_log",
    "configuration_recording",
    "threat_detection",
    "posture_management",
    "account_guards",
    "keys",
    "budget",
    "contacts",
    "alarms",
    "backup",
    "default_network",
)


def having(plan: CloudPlan, **changes: Any) -> CloudPlan:
    """`plan` with another baseline."""
    return replace(plan, baseline=replace(plan.baseline, **changes))


def contact(email: str, phone: str | None) -> ContactPlan:
    return ContactPlan("name", "organisation", "title", email, phone)


def signals_calls(with_conduct: bool) -> str:
    return signals.call_pattern(with_conduct=with_conduct)


def statements(document: str) -> Iterator[Mapping[str, Any]]:
    return iter(json.loads(document)["Statement"])


# --- decisions ---


@given(log=st.integers(365, 3653), archive=st.integers(365, 10950))
def test_logs_live_as_long_as_both_ask(log: int, archive: int) -> None:
    move, end = archive_lifecycle(RetentionPlan(log, archive, 35))
    assert end >= log
    assert end >= archive
    assert move is None or log <= move < end


def test_contacts_borrow_a_number_or_are_left_out() -> None:
    some = {"operations": contact("a@b.jp", "+81300000000"), "billing": contact("c@d.jp", None)}
    assert {role: phone for role, (_, phone) in baseline.reachable(some).items()} == {
        "operations": "+81300000000",
        "billing": "+81300000000",
    }
    none = {"operations": contact("a@b.jp", None), "security": contact("c@d.jp", "+81311111111")}
    assert list(baseline.reachable(none)) == ["security"]


def test_one_mail_a_person() -> None:
    one = contact("a@b.jp", None)
    assert recipients({"operations": one, "security": one}) == {"operations": "a@b.jp"}
    both = recipients({"operations": one, "security": contact("c@d.jp", None)})
    assert both == {"operations": "a@b.jp", "security": "c@d.jp"}


# --- documents ---


@pytest.mark.parametrize("purpose", KEY_PURPOSES)
def test_keys_serve_only_this_account(aws_plan: Any, purpose: Any) -> None:
    plan = aws_plan(STACK)
    own, *services = statements(documents.key_policy(plan, purpose))
    assert own["Principal"] == {"AWS": f"arn:aws:iam::{plan.unit}:root"}
    for statement in services:
        assert list(statement["Principal"]) == ["Service"]
        assert plan.unit in json.dumps(statement["Condition"]), statement["Sid"]
        assert "kms:*" not in statement["Action"]


def test_services_may_do_only_what_they_need(aws_plan: Any) -> None:
    plan = aws_plan(STACK)
    for text in (
        documents.archive_policy(plan),
        documents.records_policy(plan),
        documents.topic_policy(plan),
    ):
        found = list(statements(text))
        assert any(s["Effect"] == "Deny" and "aws:SecureTransport" in json.dumps(s) for s in found)
        for statement in found:
            assert "*" not in statement["Resource"]
            if statement["Effect"] == "Allow":
                assert list(statement["Principal"]) == ["Service"]
                assert not any(action.endswith("*") for action in statement["Action"])
                conditioned = plan.unit in json.dumps(statement.get("Condition", {}))
                assert conditioned or statement["Sid"] == "Events"


def test_nobody_may_cut_the_lock_short(aws_plan: Any) -> None:
    found = [s for s in statements(documents.archive_policy(aws_plan(STACK))) if s["Sid"] == "KeepLocks"]
    assert [(s["Effect"], s["Principal"], s["Action"], "Condition" in s) for s in found] == [
        ("Deny", "*", ["s3:BypassGovernanceRetention"], False)
    ]


def test_role_policies_name_their_resources(aws_plan: Any) -> None:
    plan = aws_plan(STACK)
    for text in (documents.trail_role_policy(plan, "group"), documents.config_role_policy(plan, "arn:key")):
        assert all(s["Resource"] not in ("*", ["*"]) for s in statements(text))


def test_patterns_and_rules_fit_what_aws_takes() -> None:
    # EventBridge: 4,096 characters a pattern; CloudWatch Logs: 1,024; a conformance pack: 51,200 bytes.
    patterns = (*map(signals_calls, (True, False)), signals.finding_pattern())
    assert all(json.loads(pattern) and len(pattern) <= 4096 for pattern in patterns)
    assert all(len(signal.pattern) <= 1024 for signal in signals.LOG_SIGNALS.values())
    template = signals.conformance_template("jt131041p")
    names = [r["Properties"]["ConfigRuleName"] for r in json.loads(template)["Resources"].values()]
    assert len(names) == len(set(names)) == len(signals.CONFIG_RULES) >= 8
    assert len(template.encode()) <= 51_200


# --- what is made ---


def made_by(run: Any, plan: CloudPlan, answers: Mapping[str, Any] = VPCS) -> Any:
    given: list[Any] = []
    found = run(lambda: given.append(baseline.Baseline("b", plan)), answers)
    return found, given[0].gives


def test_everything_is_made_closed(run: Any, aws_plan: Any) -> None:
    plan = having(aws_plan(STACK), adopted={})
    found, _ = made_by(run, plan)
    types = {made.type.rsplit(":", 1)[1] for made in found.values()}
    assert {
        "Trail",
        "Recorder",
        "DeliveryChannel",
        "ConformancePack",
        "Detector",
        "AccountPasswordPolicy",
    } <= types

    keys = [made.inputs for made in found.values() if made.type == "aws:kms/key:Key"]
    assert len(keys) == len(KEY_PURPOSES) + 1
    assert all(key["enableKeyRotation"] and key["deletionWindowInDays"] == 30 for key in keys)
    assert sum(key["region"] == plan.recovery_region for key in keys) == 1

    trail = found["b-trail"].inputs
    assert trail["isMultiRegionTrail"]
    assert trail["enableLogFileValidation"]
    assert trail["kmsKeyId"] == "arn:aws:mock:::b-key-logs"
    assert found["b-audit-logs"].inputs["kmsKeyId"] == "arn:aws:mock:::b-key-logs"
    assert found["b-audit-logs"].inputs["retentionInDays"] >= plan.baseline.retention.log_days

    lock = found["b-archive-lock"].inputs["rule"]["defaultRetention"]
    assert lock["days"] >= 2555
    for purpose in ("archive", "records"):
        block = found[f"b-{purpose}-public-access-block"].inputs
        assert all(v is True for k, v in block.items() if k.startswith(("block", "ignore", "restrict")))
        assert not found[f"b-{purpose}"].inputs["forceDestroy"]
    assert not found["b-records"].inputs.get("objectLockEnabled")  # Config delivers to no locked bucket.

    assert found["b-alarms"].inputs["kmsMasterKeyId"] == "arn:aws:mock:::b-key-messages"
    assert found["b-imds-defaults"].inputs["httpTokens"] == "required"
    assert found["b-ebs-key"].inputs["keyArn"] == "arn:aws:mock:::b-key-data"
    assert found["b-default-group"].inputs["ingress"] == []
    assert found["b-default-routes"].inputs["routes"] == []
    assert {"b-root-use-alarm", "b-denied-calls-alarm", "b-watch-calls", "b-watch-findings"} <= found.keys()
    assert "Root" not in found["b-watch-calls"].inputs["eventPattern"]

    (rule,) = found["b-backup"].inputs["rules"]
    assert rule["copyActions"][0]["destinationVaultArn"] == "arn:aws:mock:::b-recovery-vault"
    assert found["b-recovery-vault"].inputs["region"] == plan.recovery_region
    assert not any("changeableForDays" in made.inputs for made in found.values())


def test_budget_warns_on_the_way(run: Any, aws_plan: Any) -> None:
    found, _ = made_by(run, aws_plan(STACK))
    notices = found["b-budget"].inputs["notifications"]
    assert [notice["threshold"] for notice in notices] == [50, 80, 100]
    assert all(notice["subscriberSnsTopicArns"] and notice["subscriberEmailAddresses"] for notice in notices)


def test_an_unprotected_tenant_can_be_removed(run: Any, aws_plan: Any) -> None:
    found, _ = made_by(run, replace(having(aws_plan(STACK), adopted={}), protect=False))
    for made in found.values():
        if made.type in ("aws:s3/bucket:Bucket", "aws:backup/vault:Vault"):
            assert made.inputs["forceDestroy"]
        if made.type == "aws:kms/key:Key":
            assert made.inputs["deletionWindowInDays"] == 7


@pytest.mark.parametrize("part", EVERY_PART)
def test_each_part_can_be_adopted(run: Any, aws_plan: Any, part: Any) -> None:
    plan = aws_plan(STACK)
    whole, _ = made_by(run, having(plan, adopted={}))
    rest, gives = made_by(run, having(plan, adopted={part: {}}))
    # Later layers still get everything; keys without an id are made.
    assert gives.alarms is not None
    assert set(gives.keys) == set(KEY_PURPOSES)
    if part == "keys":
        assert rest.keys() == whole.keys()
    else:
        assert len(rest) < len(whole) or part == "alarms"
    if part == "audit_log":
        assert "b-trail" not in rest
        # Root use and denied calls are still told.
        told = rest["b-watch-calls"].inputs["eventPattern"]
        assert '"Root"' in told
        assert "AccessDenied" in told
    if part == "alarms":
        assert not any(made.type.startswith("aws:cloudwatch/event") for made in rest.values())
    if part == "configuration_recording":
        assert not any(made.type == "aws:cfg/recorder:Recorder" for made in rest.values())
        assert "b-rules" in rest


def test_adopted_ids_are_used(run: Any, aws_plan: Any) -> None:
    adopted: dict[Any, Mapping[str, str]] = {
        "keys": {purpose: f"key-{purpose}" for purpose in (*KEY_PURPOSES, "recovery")},
        "audit_log": {"bucket": "central-logs", "log_group": "/central/trail"},
        "alarms": {"topic": "arn:aws:sns:ap-northeast-1:111122223333:central"},
        "backup": {"vault": "central-vault"},
    }
    found, _ = made_by(run, having(aws_plan(STACK), adopted=adopted))
    read = {name: made.adopted for name, made in found.items() if made.adopted}
    assert read == {
        "b-key-logs": "key-logs",
        "b-key-data": "key-data",
        "b-key-backup": "key-backup",
        "b-key-messages": "key-messages",
        "b-archive": "central-logs",
        "b-audit-logs": "/central/trail",
        "b-alarms": "arn:aws:sns:ap-northeast-1:111122223333:central",
        "b-vault": "central-vault",
    }
    assert not any(
        made.type in ("aws:kms/alias:Alias", "aws:s3/bucketPolicy:BucketPolicy")
        for made in found.values()
        if made.inputs.get("bucket") == "central-logs"
    )


def test_an_account_without_a_default_network_gets_none(run: Any, aws_plan: Any) -> None:
    found, _ = made_by(run, aws_plan(STACK), {"aws:ec2/getVpcs:getVpcs": {"id": "r", "ids": []}})
    assert not any("default-" in name for name in found)


def test_the_typical_tenant_stays_within_its_share(run: Any, aws_plan: Any) -> None:
    found, _ = made_by(run, aws_plan(STACK))
    assert len(found) <= 55


def test_the_provider_refuses_other_accounts(run: Any, aws_plan: Any) -> None:
    from components.aws import provider

    plan = aws_plan(STACK)
    found = run(lambda: provider(plan, pulumi.ResourceOptions()))
    inputs = found["aws"].inputs
    assert json.loads(inputs["allowedAccountIds"]) == [plan.unit]
    assert json.loads(inputs["defaultTags"])["tags"] == dict(plan.tags)


def test_baseline_plan_is_what_these_tests_think() -> None:
    """Every part that the plan knows is in the parameters above."""
    from typing import get_args, get_type_hints

    from stacks import plan as plans

    assert set(EVERY_PART) == set(get_args(plans.Part))
    assert "adopted" in get_type_hints(BaselinePlan)


def test_an_account_that_does_not_answer_is_said_plainly(
    run: Any, aws_plan: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for language, word in (("ja", "既定のVPC"), ("en", "default VPC")):
        monkeypatch.setenv("JICHITAI_LANG", language)
        with pytest.raises(pulumi.RunError, match=f"{word}.*ec2:DescribeVpcs"):
            made_by(run, aws_plan(STACK), {"aws:ec2/getVpcs:getVpcs": {}})
