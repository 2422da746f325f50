"""Functions answer truthfully, out of the store and the facts of the account."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from providers.twin.aws.words import token
from providers.twin.caller import Caller, CallError

_DOCUMENT = "aws:iam/getPolicyDocument:getPolicyDocument"


def test_who_and_where(connect: Callable[..., Caller], unit: str) -> None:
    caller = connect(region="ap-northeast-3")
    assert caller.invoke("aws:index/getCallerIdentity:getCallerIdentity")["accountId"] == unit
    assert caller.invoke("aws:index/getRegion:getRegion")["region"] == "ap-northeast-3"
    assert caller.invoke("aws:index/getPartition:getPartition")["partition"] == "aws"
    zones = caller.invoke("aws:index/getAvailabilityZones:getAvailabilityZones", {"state": "available"})
    assert zones["names"] == ["ap-northeast-3a", "ap-northeast-3b", "ap-northeast-3c"]
    assert len(zones["zoneIds"]) == 3


def test_images_by_filter_and_by_parameter_are_the_same(caller: Caller) -> None:
    wanted = {
        "mostRecent": True,
        "owners": ["amazon"],
        "filters": [
            {"name": "name", "values": ["al2023-ami-2023*"]},
            {"name": "architecture", "values": ["x86_64"]},
        ],
    }
    image = caller.invoke("aws:ec2/getAmi:getAmi", wanted)
    name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    assert caller.invoke("aws:ssm/getParameter:getParameter", {"name": name})["value"] == image["id"]
    with pytest.raises(CallError, match="more than one result"):
        caller.invoke("aws:ec2/getAmi:getAmi", {"owners": ["amazon"]})
    with pytest.raises(CallError, match="no results"):
        caller.invoke("aws:ec2/getAmi:getAmi", {"owners": ["000000000000"]})


def test_arguments_are_checked_as_inputs_are(caller: Caller) -> None:
    with pytest.raises(CallError, match="did you mean `owners`"):
        caller.invoke("aws:ec2/getAmi:getAmi", {"owner": ["amazon"]})


def test_the_default_network_is_found_and_can_be_searched(caller: Caller) -> None:
    vpc = caller.invoke("aws:ec2/getVpc:getVpc", {"default": True})
    assert vpc["cidrBlock"] == "172.31.0.0/16"
    found = caller.invoke(
        "aws:ec2/getSubnets:getSubnets", {"filters": [{"name": "vpc-id", "values": [vpc["id"]]}]}
    )
    assert len(found["ids"]) == 3
    one = {"filters": [{"name": "availability-zone", "values": ["ap-northeast-1c"]}], "vpcId": vpc["id"]}
    assert caller.invoke("aws:ec2/getSubnet:getSubnet", one)["id"] in found["ids"]
    with pytest.raises(CallError, match="multiple"):
        caller.invoke("aws:ec2/getSubnet:getSubnet", {"vpcId": vpc["id"]})


def test_what_a_program_made_is_found_by_tag(caller: Caller) -> None:
    made = caller.create(token("ec2.Vpc"), "v", {"cidrBlock": "10.0.0.0/16", "tags": {"Name": "tenant"}})
    by_tag = {"filters": [{"name": "tag:Name", "values": ["ten*"]}]}
    assert caller.invoke("aws:ec2/getVpcs:getVpcs", by_tag)["ids"] == [made.id]
    assert caller.invoke("aws:ec2/getVpc:getVpc", {"tags": {"Name": "tenant"}})["id"] == made.id


def test_managed_policies_exist_and_others_do_not(caller: Caller) -> None:
    arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    assert (
        caller.invoke("aws:iam/getPolicy:getPolicy", {"arn": arn})["name"] == "AmazonSSMManagedInstanceCore"
    )
    with pytest.raises(CallError, match="no matching IAM Policy"):
        caller.invoke("aws:iam/getPolicy:getPolicy", {"name": "Nothing"})


def test_engine_versions(caller: Caller) -> None:
    found = caller.invoke(
        "aws:rds/getEngineVersion:getEngineVersion", {"engine": "postgres", "version": "16"}
    )
    assert found["versionActual"].startswith("16.")
    assert found["parameterGroupFamily"] == "postgres16"


def _document(caller: Caller, **arguments: object) -> dict[str, object]:
    return json.loads(caller.invoke(_DOCUMENT, arguments)["json"])


def test_a_policy_document_is_real_json_in_the_providers_shape(caller: Caller) -> None:
    statement = {
        "sid": "Logs",
        "actions": ["s3:PutObject", "s3:GetBucketAcl"],
        "resources": ["arn:aws:s3:::x/*"],
        "principals": [{"type": "Service", "identifiers": ["cloudtrail.amazonaws.com"]}],
        "conditions": [{"test": "StringEquals", "variable": "aws:SourceAccount", "values": ["1"]}],
    }
    assert _document(caller, statements=[statement]) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Logs",
                "Effect": "Allow",
                "Action": ["s3:PutObject", "s3:GetBucketAcl"],
                "Resource": "arn:aws:s3:::x/*",
                "Principal": {"Service": "cloudtrail.amazonaws.com"},
                "Condition": {"StringEquals": {"aws:SourceAccount": "1"}},
            }
        ],
    }


def test_documents_are_merged_and_overridden_by_sid(caller: Caller) -> None:
    base = json.dumps(_document(caller, statements=[{"sid": "A", "actions": ["s3:*"], "resources": ["*"]}]))
    deny = json.dumps(
        _document(
            caller, statements=[{"sid": "A", "effect": "Deny", "actions": ["s3:*"], "resources": ["*"]}]
        )
    )
    merged = _document(caller, sourcePolicyDocuments=[base], overridePolicyDocuments=[deny])
    assert [item["Effect"] for item in merged["Statement"]] == ["Deny"]  # type: ignore[union-attr]
    with pytest.raises(CallError, match="duplicate Sid"):
        caller.invoke(_DOCUMENT, {"sourcePolicyDocuments": [base, base]})


def test_policy_documents_are_what_iam_takes(caller: Caller) -> None:
    text = caller.invoke(_DOCUMENT, {"statements": [{"actions": ["s3:GetObject"], "resources": ["*"]}]})[
        "json"
    ]
    assert caller.create(token("iam.Policy"), "p", {"policy": text}).state["arn"].startswith("arn:aws:iam::")
