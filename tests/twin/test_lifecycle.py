"""A resource's life over the protocol: previews, changes, drift, secrets, imports, adoption."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from providers import wire
from providers.twin import admin
from providers.twin.aws.words import token
from providers.twin.caller import Caller, CallError, Made
from providers.twin.store import Store
from tests.twin.conftest import Connect

VPC = token("ec2.Vpc")
_LOG_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": ["cloudtrail.amazonaws.com", "config.amazonaws.com"]},
                "Action": ["s3:PutObject", "s3:GetBucketAcl"],
                "Resource": "*",
            }
        ],
    }
)


def test_a_preview_knows_what_is_given_and_nothing_that_only_aws_decides(caller: Caller) -> None:
    seen = caller.create(VPC, "v", {"cidrBlock": "10.0.0.0/16", "tags": {"a": "b"}}, preview=True)
    assert seen.id == ""
    assert seen.state["cidrBlock"] == "10.0.0.0/16"
    assert seen.state["tagsAll"] == {"a": "b"}
    assert seen.state["arn"] is wire.UNKNOWN
    assert seen.state["defaultSecurityGroupId"] is wire.UNKNOWN


def test_default_tags_are_merged(connect: Callable[..., Caller]) -> None:
    caller = connect(defaultTags=json.dumps({"tags": {"code": "131041", "a": "provider"}}))
    made = caller.create(VPC, "v", {"cidrBlock": "10.0.0.0/16", "tags": {"a": "own"}})
    assert made.state["tags"] == {"a": "own"}
    assert made.state["tagsAll"] == {"code": "131041", "a": "own"}


def test_two_providers_on_one_port_keep_their_own_settings(connect: Callable[..., Caller]) -> None:
    tokyo, osaka = connect(), connect(region="ap-northeast-3")
    for caller, region in ((tokyo, "ap-northeast-1"), (osaka, "ap-northeast-3")):
        made = caller.create(VPC, "v", {"cidrBlock": "10.0.0.0/16"})
        assert f":{region}:" in made.state["arn"]


def test_an_unchanged_resource_has_no_diff_and_a_tag_changes_in_place(caller: Caller) -> None:
    made = caller.create(VPC, "v", {"cidrBlock": "10.0.0.0/16"})
    assert caller.diff(made, {"cidrBlock": "10.0.0.0/16"}).changes == provider_pb2.DiffResponse.DIFF_NONE
    changed = caller.diff(made, {"cidrBlock": "10.0.0.0/16", "tags": {"a": "b"}})
    assert (list(changed.diffs), list(changed.replaces)) == (["tags"], [])
    after = caller.update(made, {"cidrBlock": "10.0.0.0/16", "tags": {"a": "b"}})
    assert after.state["tagsAll"] == {"a": "b"}
    assert after.state["arn"] == made.state["arn"]
    again = caller.update(after, {"cidrBlock": "10.0.0.0/16"})
    assert "tags" not in again.state
    assert again.state["tagsAll"] == {}


def test_immutable_properties_replace(caller: Caller) -> None:
    made = caller.create(VPC, "v", {"cidrBlock": "10.0.0.0/16"})
    found = caller.diff(made, {"cidrBlock": "10.1.0.0/16"})
    assert list(found.replaces) == ["cidrBlock"]
    assert found.detailedDiff["cidrBlock"].kind == provider_pb2.PropertyDiff.UPDATE_REPLACE
    assert not found.deleteBeforeReplace


def test_an_explicit_unique_name_is_deleted_before_it_is_replaced(caller: Caller) -> None:
    vpc = caller.create(VPC, "v", {"cidrBlock": "10.0.0.0/16"})
    group = token("ec2.SecurityGroup")
    named = caller.create(group, "g", {"vpcId": vpc.id, "name": "web"})
    assert caller.diff(named, {"vpcId": vpc.id, "name": "web", "description": "x"}).deleteBeforeReplace
    auto = caller.create(group, "h", {"vpcId": vpc.id})
    assert not caller.diff(auto, {"vpcId": vpc.id, "description": "x"}).deleteBeforeReplace


def test_a_made_up_name_is_name_and_seven_digits_and_stays(caller: Caller) -> None:
    made = caller.create(token("sns.Topic"), "alerts", {})
    assert made.inputs["name"].startswith("alerts-")
    assert len(made.inputs["name"]) == len("alerts-") + 7
    again = wire.plain(caller.check(token("sns.Topic"), "alerts", {"displayName": "x"}, made.inputs).inputs)
    assert again["name"] == made.inputs["name"]


def test_refresh_sees_what_was_tampered_with_and_nothing_else(caller: Caller, store: Store) -> None:
    made = caller.create(VPC, "v", {"cidrBlock": "10.0.0.0/16", "tags": {"a": "b"}})
    assert caller.read(made).state == made.state
    admin.tamper(store, admin.find(store, made.id, "Vpc"), {"tags.a": "c", "enableDnsSupport": "false"})
    seen = caller.read(made)
    changed = {key for key in seen.state if seen.state[key] != made.state.get(key)}
    assert changed == {"tags", "tagsAll", "enableDnsSupport"}
    assert seen.inputs["tags"] == {"a": "c"}
    assert "tags.a" in caller.diff(seen, {"cidrBlock": "10.0.0.0/16", "tags": {"a": "b"}}).detailedDiff


def test_refresh_sees_a_deletion(caller: Caller, store: Store) -> None:
    made = caller.create(VPC, "v", {"cidrBlock": "10.0.0.0/16"})
    admin.remove(store, admin.find(store, made.id, "Vpc"))
    assert caller.read(made).id == ""
    caller.delete(made)  # gone already is gone


def test_secrets_come_back_and_are_never_stored(caller: Caller, store: Store) -> None:
    word = "correct-horse-battery-staple"
    inputs = {
        "engine": "postgres",
        "engineVersion": "16",
        "instanceClass": "db.m7g.large",
        "allocatedStorage": 20,
        "username": "admin1",
        "password": word,
    }
    urn = caller.urn(token("rds.Instance"), "db")
    sent = wire.encode(inputs, {("password",)})
    answer = caller.stub.Create(provider_pb2.CreateRequest(urn=urn, properties=sent))
    state, secrets = wire.decode(answer.properties)
    assert state["password"] == word
    assert ("password",) in secrets
    read = caller.stub.Read(
        provider_pb2.ReadRequest(id=answer.id, urn=urn, properties=answer.properties, inputs=sent)
    )
    again, still = wire.decode(read.properties)
    assert again["password"] == word
    assert ("password",) in still
    row = admin.find(store, answer.id)
    assert word not in json.dumps([row.state, row.inputs])
    assert word.encode() not in store.path.read_bytes() + store.path.with_suffix(".sqlite-wal").read_bytes()


def test_what_fails_a_check_does_not_show_a_secret(caller: Caller) -> None:
    inputs = wire.encode({"engine": "postgres", "password": ["hidden-word"]}, {("password",)})
    urn = caller.urn(token("rds.Instance"), "db")
    answer = caller.stub.Check(provider_pb2.CheckRequest(urn=urn, news=inputs))
    assert {failure.property for failure in answer.failures} >= {"password", "instanceClass"}
    assert "hidden-word" not in str(answer.failures)


def _read(caller: Caller, kind: str, id_: str) -> Made:
    return caller.read(Made(caller.urn(token(kind), "adopted"), id_, {}, {}))


def test_what_the_templates_left_can_be_adopted_but_not_made_again(caller: Caller, unit: str) -> None:
    trail = f"arn:aws:cloudtrail:ap-northeast-1:{unit}:trail/gcas-organization-trail"
    assert _read(caller, "cloudtrail.Trail", trail).state["isOrganizationTrail"] is True
    assert _read(caller, "cloudtrail.Trail", "gcas-organization-trail").id == trail
    assert _read(caller, "cfg.Recorder", "default").id == "default"
    assert _read(caller, "securityhub.Account", unit).id == unit
    detector = caller.invoke("aws:guardduty/getDetector:getDetector")
    assert _read(caller, "guardduty.Detector", detector["id"]).state["enable"] is True
    for kind, inputs, code in (
        ("guardduty.Detector", {"enable": True}, "BadRequestException"),
        ("cfg.Recorder", {"roleArn": "x"}, "MaxNumberOfConfigurationRecordersExceededException"),
        ("securityhub.Account", {}, "ResourceConflictException"),
    ):
        with pytest.raises(CallError, match=code):
            caller.create(token(kind), "again", inputs)


def test_what_the_templates_left_cannot_be_taken_away(caller: Caller) -> None:
    detector = caller.invoke("aws:guardduty/getDetector:getDetector")
    with pytest.raises(CallError, match="AccessDeniedException"):
        caller.delete(_read(caller, "guardduty.Detector", detector["id"]))


def test_a_sixth_trail_is_one_too_many(caller: Caller) -> None:
    bucket = caller.create(token("s3.Bucket"), "logs", {})
    with pytest.raises(CallError, match="InsufficientS3BucketPolicyException"):
        caller.create(token("cloudtrail.Trail"), "t", {"s3BucketName": bucket.id})
    caller.create(token("s3.BucketPolicy"), "p", {"bucket": bucket.id, "policy": _LOG_POLICY})
    for number in range(4):  # the templates' own trail is the first of five
        caller.create(token("cloudtrail.Trail"), f"t{number}", {"s3BucketName": bucket.id})
    with pytest.raises(CallError, match="MaximumNumberOfTrailsExceededException"):
        caller.create(token("cloudtrail.Trail"), "t5", {"s3BucketName": bucket.id})


def test_regions_outside_japan_are_denied(connect: Callable[..., Caller]) -> None:
    with pytest.raises(CallError, match="explicit deny in a service control policy"):
        connect(region="us-west-2").create(VPC, "v", {"cidrBlock": "10.0.0.0/16"})


@pytest.mark.parametrize(
    ("kind", "inputs", "code"),
    [
        ("kms.Key", {"deletionWindowInDays": 3}, "ValidationException"),
        (
            "kms.Key",
            {"policy": '{"Version":"2012-10-17","Statement":[]}'},
            "MalformedPolicyDocumentException",
        ),
        ("s3.Bucket", {"bucket": "Not_A_Bucket"}, "InvalidBucketName"),
        ("ec2.Instance", {"ami": "ami-00000000000000000"}, r"InvalidAMIID\.NotFound"),
        ("cloudwatch.LogGroup", {"retentionInDays": 42}, "InvalidParameterException"),
        (
            "iam.RolePolicyAttachment",
            {"role": "x", "policyArn": "arn:aws:iam::aws:policy/No"},
            "NoSuchEntity",
        ),
        ("sns.TopicSubscription", {"topic": "arn:x", "protocol": "email", "endpoint": "a@b.jp"}, "NotFound"),
        (
            "rds.Instance",
            {"engine": "postgres", "engineVersion": "9", "instanceClass": "db.t3.micro"},
            "version 9",
        ),
        ("kms.Alias", {"name": "alias/aws/mine", "targetKeyId": "x"}, "NotFoundException"),
    ],
)
def test_what_aws_would_not_take(caller: Caller, kind: str, inputs: dict[str, Any], code: str) -> None:
    with pytest.raises(CallError, match=code):
        caller.create(token(kind), "r", inputs)


def test_protected_things_stay(caller: Caller) -> None:
    inputs = {
        "engine": "mysql",
        "instanceClass": "db.m7g.large",
        "allocatedStorage": 20,
        "username": "admin1",
        "manageMasterUserPassword": True,
        "deletionProtection": True,
    }
    database = caller.create(token("rds.Instance"), "db", inputs)
    assert database.state["masterUserSecrets"][0]["secretArn"].startswith("arn:aws:secretsmanager:")
    with pytest.raises(CallError, match="Cannot delete protected DB Instance"):
        caller.delete(database)
    free = caller.update(database, {**inputs, "deletionProtection": False})
    with pytest.raises(CallError, match="finalSnapshotIdentifier is required"):
        caller.delete(free)
    caller.delete(caller.update(free, {**inputs, "deletionProtection": False, "skipFinalSnapshot": True}))


def test_a_secret_keeps_its_name_while_it_waits_for_deletion(caller: Caller) -> None:
    secret = token("secretsmanager.Secret")
    caller.delete(caller.create(secret, "s", {"name": "app/db"}))
    with pytest.raises(CallError, match="already scheduled for deletion"):
        caller.create(secret, "s", {"name": "app/db"})
    caller.delete(caller.create(secret, "t", {"name": "app/now", "recoveryWindowInDays": 0}))
    assert caller.create(secret, "t", {"name": "app/now", "recoveryWindowInDays": 0}).id


def test_public_bucket_policies_are_blocked(caller: Caller) -> None:
    bucket = caller.create(token("s3.Bucket"), "b", {})
    caller.create(
        token("s3.BucketPublicAccessBlock"), "block", {"bucket": bucket.id, "blockPublicPolicy": True}
    )
    everyone = _LOG_POLICY.replace('{"Service": ["cloudtrail.amazonaws.com", "config.amazonaws.com"]}', '"*"')
    with pytest.raises(CallError, match="BlockPublicPolicy"):
        caller.create(token("s3.BucketPolicy"), "p", {"bucket": bucket.id, "policy": everyone})


def test_a_type_without_a_model_is_served_and_listed(caller: Caller, store: Store) -> None:
    assert caller.create("aws:glue/catalogDatabase:CatalogDatabase", "g", {"name": "g"}).state["arn"]
    assert "aws:glue/catalogDatabase:CatalogDatabase" in dict(store.unmodelled())


def test_a_function_without_a_model_says_so(caller: Caller) -> None:
    with pytest.raises(CallError, match="does not model the function"):
        caller.invoke("aws:glue/getConnection:getConnection", {"id": "x"})


def test_a_circuit_is_taken_as_delivered_and_a_misspelt_one_is_not(caller: Caller) -> None:
    gateway = caller.create(token("directconnect.Gateway"), "g", {"amazonSideAsn": "64512"})
    circuit = {
        "addressFamily": "ipv4", "bgpAsn": 65000, "dxGatewayId": gateway.id, "vlan": 101,
        "connectionId": "dxcon-fgabc123",
    }  # fmt: skip
    interface = caller.create(token("directconnect.TransitVirtualInterface"), "v", circuit)
    assert interface.id.startswith("dxvif-")
    with pytest.raises(CallError, match="VLAN 101 is already in use"):
        caller.create(token("directconnect.TransitVirtualInterface"), "w", circuit)
    with pytest.raises(CallError, match="could not be found"):
        caller.create(
            token("directconnect.TransitVirtualInterface"), "x", {**circuit, "connectionId": "dxcon-typo"}
        )


def test_a_connection_nobody_configured_is_refused(running: Any) -> None:
    import grpc
    from pulumi.runtime.proto import provider_pb2_grpc

    options = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(f"127.0.0.1:{running.ports['aws']}", options=options) as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        urn = f"urn:pulumi:a::b::{VPC}::v"
        with pytest.raises(grpc.RpcError, match="not configured"):
            stub.Create(provider_pb2.CreateRequest(urn=urn))


def test_another_default_tag_is_a_change_of_what_carries_it(connect: Connect, caller: Caller) -> None:
    vpc = caller.create(VPC, "v", {"cidrBlock": "10.0.0.0/16", "tags": {"a": "b"}})
    assert dict(caller.diff(vpc, {"cidrBlock": "10.0.0.0/16", "tags": {"a": "b"}}).detailedDiff) == {}
    tagged = connect(defaultTags={"tags": {"owner": "総務課", "a": "of everything"}})
    seen = tagged.diff(vpc, {"cidrBlock": "10.0.0.0/16", "tags": {"a": "b"}})
    assert {path: piece.inputDiff for path, piece in seen.detailedDiff.items()} == {"tagsAll.owner": False}
    assert not seen.replaces
    after = tagged.update(vpc, {"cidrBlock": "10.0.0.0/16", "tags": {"a": "b"}})
    assert after.state["tagsAll"] == {"owner": "総務課", "a": "b"}
    assert dict(tagged.diff(after, {"cidrBlock": "10.0.0.0/16", "tags": {"a": "b"}}).detailedDiff) == {}
