"""Inputs are held against the installed SDK and the API's models, all errors at once."""

from __future__ import annotations

import pytest

from providers.twin.aws.tables import behaviour
from providers.twin.check import check
from providers.twin.schema import Catalogue, SdkError
from providers.wire import UNKNOWN


def _operation(token: str) -> str:
    record = behaviour(token)
    return record.api if record else ""


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return Catalogue("pulumi_aws", _operation, tmp_path_factory.mktemp("cache"))


def test_all_errors_at_once_with_their_paths(catalogue: Catalogue) -> None:
    found = check(
        catalogue.resource("aws:ec2/instance:Instance"),
        {
            "instancType": "t3.micro",
            "rootBlockDevice": {"encryptd": True, "volumeSize": "big"},
            "vpcSecurityGroupIds": "sg-1",
            "tags": {"a": ["no"]},
        },
    )
    assert {failure.path for failure in found} == {
        "instancType",
        "rootBlockDevice.encryptd",
        "rootBlockDevice.volumeSize",
        "vpcSecurityGroupIds",
        'tags["a"]',
    }
    assert any("`instanceType`" in failure.reason.en for failure in found), "the nearest name is offered"


def test_missing_required_properties_are_named(catalogue: Catalogue) -> None:
    found = check(catalogue.resource("aws:ec2/subnet:Subnet"), {"cidrBlock": "10.0.0.0/24"})
    assert [failure.path for failure in found] == ["vpcId"]


def test_unknown_values_pass_everywhere(catalogue: Catalogue) -> None:
    schema = catalogue.resource("aws:ec2/subnet:Subnet")
    assert check(schema, {"vpcId": UNKNOWN, "mapPublicIpOnLaunch": UNKNOWN, "tags": {"a": UNKNOWN}}) == []


@pytest.mark.parametrize(
    ("token", "inputs", "path"),
    [
        ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16", "instanceTenancy": "dedicate"}, "instanceTenancy"),
        ("aws:kms/key:Key", {"keyUsage": "ENCRYPT"}, "keyUsage"),
        ("aws:kms/key:Key", {"description": "x" * 8193}, "description"),
        ("aws:iam/role:Role", {"assumeRolePolicy": "{}", "description": "x" * 1001}, "description"),
    ],
)
def test_values_outside_the_api_models_are_refused(
    catalogue: Catalogue, token: str, inputs: dict[str, str], path: str
) -> None:
    assert [failure.path for failure in check(catalogue.resource(token), inputs)] == [path]


def test_both_languages_say_what_is_wrong(catalogue: Catalogue) -> None:
    (failure,) = check(catalogue.resource("aws:ec2/vpc:Vpc"), {"cidrBlok": "10.0.0.0/16"})
    assert "cidrBlock" in failure.reason.ja
    assert "cidrBlock" in failure.reason.en
    assert failure.reason.ja != failure.reason.en


def test_the_cache_gives_what_the_sdk_gave(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("cache")
    token = "aws:rds/instance:Instance"
    first = Catalogue("pulumi_aws", _operation, folder).resource(token)
    second = Catalogue("pulumi_aws", _operation, folder).resource(token)
    assert first == second
    assert first.secret_outputs == {"password", "passwordWo"}


def test_an_unusable_cache_costs_time_only(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("cache")
    catalogue = Catalogue("pulumi_aws", folder=folder)
    (folder / f"pulumi_aws-{catalogue.version}.schema").write_bytes(b"not a database at all" * 100)
    assert "cidrBlock" in Catalogue("pulumi_aws", folder=folder).resource("aws:ec2/vpc:Vpc").inputs


def test_the_other_clouds_sdks_speak_the_same_way(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("cache")
    azure = Catalogue("pulumi_azure_native", folder=folder).resource("azure-native:network:VirtualNetwork")
    assert "resourceGroupName" in azure.required
    assert azure.defaults["enableDdosProtection"] is False
    google = Catalogue("pulumi_gcp", folder=folder).resource("gcp:compute/network:Network")
    assert "autoCreateSubnetworks" in google.inputs
    oracle = Catalogue("pulumi_oci", folder=folder).resource("oci:Core/vcn:Vcn")
    assert oracle.required == ("compartmentId",)


def test_what_the_sdk_does_not_have_is_said(catalogue: Catalogue) -> None:
    with pytest.raises(SdkError, match="has no resource aws:ec2/vpx:Vpx"):
        catalogue.resource("aws:ec2/vpx:Vpx")
