"""What AWS refuses the twin refuses, with AWS's own codes; moto, which we did not write, is the witness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from providers.twin.aws.words import token
from providers.twin.caller import Caller, CallError, Made

_REGION = "ap-northeast-1"


@dataclass(frozen=True)
class Both:
    """The same account twice: ours over gRPC, moto's over boto3."""

    ours: Caller
    ec2: Any
    iam: Any
    kms: Any
    s3: Any

    def make(self, kind: str, label: str, /, **inputs: Any) -> Made:
        return self.ours.create(token(kind), label, inputs)


@pytest.fixture
def both(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        clients = [boto3.client(service, region_name=_REGION) for service in ("ec2", "iam", "kms", "s3")]
        yield Both(caller, *clients)


def _moto_vpc(both: Both, cidr: str = "10.0.0.0/16") -> str:
    return both.ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]


def _overlap(both: Both) -> tuple[Callable[[], Any], Callable[[], Any]]:
    vpc = both.make("ec2.Vpc", "v", cidrBlock="10.0.0.0/16")
    both.make("ec2.Subnet", "a", vpcId=vpc.id, cidrBlock="10.0.0.0/24")
    theirs = _moto_vpc(both)
    both.ec2.create_subnet(VpcId=theirs, CidrBlock="10.0.0.0/24")
    return (
        lambda: both.make("ec2.Subnet", "b", vpcId=vpc.id, cidrBlock="10.0.0.128/25"),
        lambda: both.ec2.create_subnet(VpcId=theirs, CidrBlock="10.0.0.128/25"),
    )


def _outside(both: Both) -> tuple[Callable[[], Any], Callable[[], Any]]:
    vpc, theirs = both.make("ec2.Vpc", "v", cidrBlock="10.0.0.0/16"), _moto_vpc(both)
    return (
        lambda: both.make("ec2.Subnet", "b", vpcId=vpc.id, cidrBlock="10.1.0.0/24"),
        lambda: both.ec2.create_subnet(VpcId=theirs, CidrBlock="10.1.0.0/24"),
    )


def _dangling(both: Both) -> tuple[Callable[[], Any], Callable[[], Any]]:
    return (
        lambda: both.make("ec2.Subnet", "b", vpcId="vpc-0123456789abcdef0", cidrBlock="10.1.0.0/24"),
        lambda: both.ec2.create_subnet(VpcId="vpc-0123456789abcdef0", CidrBlock="10.1.0.0/24"),
    )


def _huge_vpc(both: Both) -> tuple[Callable[[], Any], Callable[[], Any]]:
    return (
        lambda: both.make("ec2.Vpc", "v", cidrBlock="10.0.0.0/8"),
        lambda: both.ec2.create_vpc(CidrBlock="10.0.0.0/8"),
    )


def _group_twice(both: Both) -> tuple[Callable[[], Any], Callable[[], Any]]:
    vpc, theirs = both.make("ec2.Vpc", "v", cidrBlock="10.0.0.0/16"), _moto_vpc(both)
    both.make("ec2.SecurityGroup", "g", vpcId=vpc.id, name="web")
    both.ec2.create_security_group(VpcId=theirs, GroupName="web", Description="x")
    return (
        lambda: both.make("ec2.SecurityGroup", "h", vpcId=vpc.id, name="web"),
        lambda: both.ec2.create_security_group(VpcId=theirs, GroupName="web", Description="x"),
    )


def _route_table_in_use(both: Both) -> tuple[Callable[[], Any], Callable[[], Any]]:
    vpc, theirs = both.make("ec2.Vpc", "v", cidrBlock="10.0.0.0/16"), _moto_vpc(both)
    subnet = both.make("ec2.Subnet", "s", vpcId=vpc.id, cidrBlock="10.0.0.0/24")
    table = both.make("ec2.RouteTable", "t", vpcId=vpc.id)
    both.make("ec2.RouteTableAssociation", "a", routeTableId=table.id, subnetId=subnet.id)
    their_subnet = both.ec2.create_subnet(VpcId=theirs, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    their_table = both.ec2.create_route_table(VpcId=theirs)["RouteTable"]["RouteTableId"]
    both.ec2.associate_route_table(RouteTableId=their_table, SubnetId=their_subnet)
    return lambda: both.ours.delete(table), lambda: both.ec2.delete_route_table(RouteTableId=their_table)


_TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
    '"Principal":{"Service":"ec2.amazonaws.com"}}]}'
)


def _role_twice(both: Both) -> tuple[Callable[[], Any], Callable[[], Any]]:
    both.make("iam.Role", "r", name="app", assumeRolePolicy=_TRUST)
    both.iam.create_role(RoleName="app", AssumeRolePolicyDocument=_TRUST)
    return (
        lambda: both.make("iam.Role", "s", name="app", assumeRolePolicy=_TRUST),
        lambda: both.iam.create_role(RoleName="app", AssumeRolePolicyDocument=_TRUST),
    )


def _role_in_use(both: Both) -> tuple[Callable[[], Any], Callable[[], Any]]:
    role = both.make("iam.Role", "r", name="app", assumeRolePolicy=_TRUST)
    arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    both.make("iam.RolePolicyAttachment", "a", role=role.id, policyArn=arn)
    both.iam.create_role(RoleName="app", AssumeRolePolicyDocument=_TRUST)
    both.iam.create_policy(PolicyName="p", PolicyDocument=_IDENTITY)
    both.iam.attach_role_policy(RoleName="app", PolicyArn="arn:aws:iam::123456789012:policy/p")
    return lambda: both.ours.delete(role), lambda: both.iam.delete_role(RoleName="app")


_IDENTITY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'


def _bad_policy(both: Both) -> tuple[Callable[[], Any], Callable[[], Any]]:
    bad = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"nonsense","Resource":"*"}]}'
    return (
        lambda: both.make("iam.Policy", "p", name="p", policy=bad),
        lambda: both.iam.create_policy(PolicyName="p", PolicyDocument=bad),
    )


def _no_role(both: Both) -> tuple[Callable[[], Any], Callable[[], Any]]:
    return (
        lambda: both.make("iam.RolePolicy", "p", role="nobody", policy=_IDENTITY),
        lambda: both.iam.put_role_policy(RoleName="nobody", PolicyName="p", PolicyDocument=_IDENTITY),
    )


def _alias_twice(both: Both) -> tuple[Callable[[], Any], Callable[[], Any]]:
    key = both.make("kms.Key", "k")
    both.make("kms.Alias", "a", name="alias/x", targetKeyId=key.id)
    theirs = both.kms.create_key()["KeyMetadata"]["KeyId"]
    both.kms.create_alias(AliasName="alias/x", TargetKeyId=theirs)
    return (
        lambda: both.make("kms.Alias", "b", name="alias/x", targetKeyId=key.id),
        lambda: both.kms.create_alias(AliasName="alias/x", TargetKeyId=theirs),
    )


def _alias_of_nothing(both: Both) -> tuple[Callable[[], Any], Callable[[], Any]]:
    key = "11111111-2222-4333-8444-555555555555"
    return (
        lambda: both.make("kms.Alias", "b", name="alias/y", targetKeyId=key),
        lambda: both.kms.create_alias(AliasName="alias/y", TargetKeyId=key),
    )


def _bucket_twice(both: Both) -> tuple[Callable[[], Any], Callable[[], Any]]:
    place = {"LocationConstraint": _REGION}
    name = f"twin-twice-{both.ours.config['allowedAccountIds'][2:14]}"
    both.make("s3.Bucket", "b", bucket=name)
    both.s3.create_bucket(Bucket=name, CreateBucketConfiguration=place)
    return (
        lambda: both.make("s3.Bucket", "c", bucket=name),
        lambda: both.s3.create_bucket(Bucket=name, CreateBucketConfiguration=place),
    )


def _bucket_full(both: Both) -> tuple[Callable[[], Any], Callable[[], Any]]:
    name = f"twin-full-{both.ours.config['allowedAccountIds'][2:14]}"
    bucket = both.make("s3.Bucket", "b", bucket=name)
    both.make("s3.BucketObjectv2", "o", bucket=name, key="x", content="y")
    both.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": _REGION})
    both.s3.put_object(Bucket=name, Key="x", Body=b"y")
    return lambda: both.ours.delete(bucket), lambda: both.s3.delete_bucket(Bucket=name)


def _no_bucket(both: Both) -> tuple[Callable[[], Any], Callable[[], Any]]:
    name = f"twin-none-{both.ours.config['allowedAccountIds'][2:14]}"
    return (
        lambda: both.make(
            "s3.BucketVersioning", "v", bucket=name, versioningConfiguration={"status": "Enabled"}
        ),
        lambda: both.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"}),
    )


@pytest.mark.parametrize(
    "case",
    [
        _overlap,
        _outside,
        _dangling,
        _huge_vpc,
        _group_twice,
        _route_table_in_use,
        _role_twice,
        _role_in_use,
        _bad_policy,
        _no_role,
        _alias_twice,
        _alias_of_nothing,
        _bucket_twice,
        _bucket_full,
        _no_bucket,
    ],
)
def test_the_twin_refuses_with_the_same_code_as_moto(
    both: Both, case: Callable[[Both], tuple[Callable[[], Any], Callable[[], Any]]]
) -> None:
    ours, theirs = case(both)
    with pytest.raises(ClientError) as witness:
        theirs()
    code = witness.value.response["Error"]["Code"]
    with pytest.raises(CallError) as found:
        ours()
    assert f"api error {code}: " in str(found.value)


def test_ids_and_arns_have_the_forms_that_moto_gives(both: Both) -> None:
    def shape(text: str) -> str:
        return "".join("x" if letter in "0123456789abcdef" else letter for letter in text)

    vpc, theirs = both.make("ec2.Vpc", "v", cidrBlock="10.0.0.0/16"), _moto_vpc(both)
    subnet = both.make("ec2.Subnet", "s", vpcId=vpc.id, cidrBlock="10.0.0.0/24")
    their_subnet = both.ec2.create_subnet(VpcId=theirs, CidrBlock="10.0.0.0/24")["Subnet"]
    key, their_key = both.make("kms.Key", "k"), both.kms.create_key()["KeyMetadata"]
    role = both.make("iam.Role", "r", name="app", path="/x/", assumeRolePolicy=_TRUST)
    their_role = both.iam.create_role(RoleName="app", Path="/x/", AssumeRolePolicyDocument=_TRUST)["Role"]
    assert shape(vpc.id) == shape(theirs)
    assert shape(subnet.state["arn"]) == shape(their_subnet["SubnetArn"])
    assert shape(key.state["arn"]) == shape(their_key["Arn"])
    assert shape(role.state["arn"]) == shape(their_role["Arn"])
