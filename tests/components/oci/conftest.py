"""Plans of the example tenants on OCI, and the engine-free run of all their layers."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest
import yaml

from components.oci.facts import ZONE_POLICIES
from stacks.plan import CloudPlan
from stacks.planning import plan
from stacks.registry import registry
from stacks.validation import checked

TENANTS = Path(__file__).parents[3] / "stacks" / "tenants"


@cache
def cloud_plan(stack: str) -> CloudPlan:
    """The OCI part of an example tenant's plan."""
    text = (TENANTS / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    # As the engine hands it over: JSON, so dates are text.
    value = json.loads(json.dumps(yaml.safe_load(text)["config"]["jichitai:tenant"], default=str))
    return plan(checked(value, stack=stack), registry()).clouds["oci"]


@pytest.fixture
def oci_plan() -> Callable[[str], CloudPlan]:
    return cloud_plan


def answers(token: str, arguments: Mapping[str, Any], unit: str) -> dict[str, Any]:
    """What a tenancy answers to the functions that the components call."""
    name = token.split(":")[-1]
    known: dict[str, dict[str, Any]] = {
        "getRegionSubscriptions": {
            "regionSubscriptions": [
                {"regionName": "ap-tokyo-1", "isHomeRegion": True},
                {"regionName": "ap-osaka-1", "isHomeRegion": False},
            ]
        },
        "getAvailabilityDomains": {"availabilityDomains": [{"name": "Uocm:AP-TOKYO-1-AD-1"}]},
        "getNamespace": {"namespace": "nrtexample"},
        "getServices": {
            "services": [
                {"id": f"service-{key}", "cidrBlock": f"all-{key}-services-in-oracle-services-network"}
                for key in ("nrt", "kix")
            ]
        },
        "getCnvDnsResolverAssociation": {"dnsResolverId": f"resolver-of-{arguments.get('vcnId')}"},
        "getImages": {"images": [{"id": "ocid1.image.oc1.ap-tokyo-1.newest"}]},
        "getInstance": {"privateIp": "10.0.0.5"},
        "getVnic": {"privateIpAddress": "10.0.0.6"},
        "getPrivateIps": {"privateIps": [{"id": "ocid1.privateip.firewall"}]},
        "getSecretbundle": {
            "secretBundleContents": [{"content": base64.b64encode(b"made-by-the-vault").decode()}]
        },
        "getSoftwareSources": {"softwareSourceCollections": [{"items": [{"id": "ol9-baseos"}]}]},
        "getDetectorRecipes": {
            "detectorRecipeCollections": [
                {
                    "items": [
                        {"id": f"oracle-{kind}", "owner": "ORACLE", "detector": f"IAAS_{kind}_DETECTOR"}
                        for kind in ("ACTIVITY", "CONFIGURATION", "THREAT")
                    ]
                }
            ]
        },
        "getResponderRecipes": {"responderRecipeCollections": [{"items": [{"id": "oracle-responder"}]}]},
        "getSecurityPolicies": {
            "securityPolicyCollections": [
                {
                    "items": [
                        {"id": f"policy of {name}", "friendlyName": name}
                        for name in (*ZONE_POLICIES, "deny something_else")
                    ]
                }
            ]
        },
    }
    return known[name]


COMPUTED: Mapping[str, Mapping[str, Any]] = {
    "oci:Kms/vault:Vault": {"managementEndpoint": "https://vault-management"},
    "oci:Core/vcn:Vcn": {"defaultSecurityListId": "default-list", "defaultRouteTableId": "default-table"},
    "oci:Core/instance:Instance": {"bootVolumeId": "boot-volume"},
    "oci:Bastion/bastion:Bastion": {"privateEndpointIpAddress": "10.0.0.9"},
    "oci:FileStorage/mountTarget:MountTarget": {"exportSetId": "export-set"},
    "oci:Ons/notificationTopic:NotificationTopic": {"topicId": "ocid1.onstopic.alarms"},
    "oci:Artifacts/containerRepository:ContainerRepository": {"namespace": "nrtexample"},
    "oci:LoadBalancer/loadBalancer:LoadBalancer": {"ipAddressDetails": [{"ipAddress": "10.0.0.7"}]},
    "oci:NetworkLoadBalancer/networkLoadBalancer:NetworkLoadBalancer": {
        "ipAddresses": [{"ipAddress": "10.0.0.8"}]
    },
    "oci:NetworkFirewall/networkFirewall:NetworkFirewall": {"ipv4address": "10.0.0.4"},
    "oci:Mysql/mysqlDbSystem:MysqlDbSystem": {"ipAddress": "10.0.0.10"},
    "oci:Database/autonomousDatabase:AutonomousDatabase": {"privateEndpoint": "tax.adb.oraclecloud.com"},
}
"""What OCI adds to a resource by itself."""


class Recorder(pulumi.runtime.Mocks):
    """Answers as a tenancy that takes everything, and remembers what it was given."""

    def __init__(self, unit: str) -> None:
        self.unit = unit
        self.resources: dict[str, SimpleNamespace] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        assert args.name not in self.resources, f"two resources named {args.name}"
        self.resources[args.name] = SimpleNamespace(
            type=args.typ, inputs=dict(args.inputs), adopted=args.resource_id, provider=args.provider
        )
        more: dict[str, Any] = {}
        if args.typ.endswith(":ContainerInstance"):
            more["vnics"] = [{**v, "vnicId": f"vnic-{args.name}"} for v in args.inputs["vnics"]]
        if args.typ == "oci:Psql/dbSystem:DbSystem":
            more["networkDetails"] = {
                **args.inputs["networkDetails"],
                "primaryDbEndpointPrivateIp": "10.0.0.11",
            }
        return args.resource_id or f"{args.name}-id", {
            **COMPUTED.get(args.typ, {}),
            **args.inputs,
            **more,
        }

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[Any, Any]:
        return answers(args.token, args.args, self.unit)


Built = dict[str, SimpleNamespace]


BUILT: dict[str, Built] = {}
"""What was built of the manifests as they are: tests only read it."""


@pytest.fixture
def build() -> Callable[..., Built]:
    """All five layers of an example tenant; `change` changes its plan first. Gives what was made, by name."""
    from components.tenant import MunicipalTenant
    from stacks.plan import TenantPlan

    def go(stack: str, **change: Any) -> Built:
        if not change and stack in BUILT:
            return BUILT[stack]
        made = replace(cloud_plan(stack), **change)
        tenant = TenantPlan(
            stack=stack,
            code="000000",
            title_ja="例",
            romaji="example",
            prefecture="例",
            environment=made.environment,
            usage="single",
            isolation=None,
            members=(),
            on_premises=(),
            crossing=(),
            clouds={"oci": made},
        )
        recorder = Recorder(made.unit)
        pulumi.runtime.set_mocks(recorder, project="jichitai", stack="test", preview=False)
        pulumi.runtime.test(lambda: MunicipalTenant(tenant))()
        if not change:
            BUILT[stack] = recorder.resources
        return recorder.resources

    return go


def of_type(built: Built, kind: str) -> Built:
    """The resources of `kind` (`core.Vcn`), by name."""
    module, name = kind.split(".")
    return {
        key: one
        for key, one in built.items()
        if one.type.lower().startswith(f"oci:{module}/") and one.type.endswith(f":{name}")
    }
