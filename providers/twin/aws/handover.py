"""A unit as it is handed over: what AWS itself and the official templates leave in a new account.

The bodies of the official templates are not public (docs: what is unknown). What is modelled is what the
public record names: an organisation trail, configuration recording, threat detection and posture management
in both domestic regions, switched on from above; AWS's own defaults (default VPC and its parts,
service-linked roles, aws/… key aliases); and one administrator, who signs in through GCAS. Everything from
the templates carries `managedByTemplates`: the unit can read and adopt it, not change or delete it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from providers.twin.aws.facts import (
    ADMINISTRATOR,
    DOMESTIC,
    GLOBAL,
    PREFIX_LIST_IDS,
    PREFIX_LISTS,
    TOKYO,
    ZONES,
)
from providers.twin.aws.words import token
from providers.twin.scope import Session
from providers.twin.store import BELONGS, HOLDS, Store
from providers.wire import Value

ARCHIVE_ACCOUNT = "345678901234"
"""The organisation's log archive account, which owns the buckets that the templates' services write to."""
_LINKED = {
    "guardduty.amazonaws.com": "AmazonGuardDuty",
    "config.amazonaws.com": "Config",
    "securityhub.amazonaws.com": "SecurityHub",
    "cloudtrail.amazonaws.com": "CloudTrail",
    "support.amazonaws.com": "Support",
    "trustedadvisor.amazonaws.com": "TrustedAdvisor",
    "organizations.amazonaws.com": "Organizations",
    "sso.amazonaws.com": "SSO",
    "backup.amazonaws.com": "Backup",
}
_KEY_ALIASES = (
    "acm",
    "backup",
    "dynamodb",
    "ebs",
    "elasticfilesystem",
    "fsx",
    "glue",
    "kinesis",
    "lambda",
    "lightsail",
    "rds",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "workspaces",
    "xray",
)


class _Unit:
    """Writes resources that nobody's program made into one unit."""

    def __init__(self, store: Store, session: Session) -> None:
        self.store = store
        self.unit = session.unit
        self.partition = session.partition

    def hex(self, label: str, length: int) -> str:
        """Digits that belong to this unit and label: a unit is the same after every reset."""
        return hashlib.blake2b(f"{self.unit}/{label}".encode()).hexdigest()[:length]

    def add(
        self,
        region: str,
        kind: str,
        id_: str,
        state: Mapping[str, Value],
        *handles: str,
        owner: int | None = None,
        templates: bool = False,
    ) -> int:
        """Adds one resource; `templates` marks what the official templates made."""
        body = {"region": TOKYO if region == GLOBAL else region, "tags": {}, "tagsAll": {}, **state}
        if templates:
            body["managedByTemplates"] = True
        rid = self.store.add("aws", self.unit, region, token(kind), id_, body, {}, owner=owner)
        self.store.set_handles(rid, {str(value) for value in (state.get("arn"), *handles) if value} - {id_})
        return rid


def seed(store: Store, session: Session) -> None:
    """Fills a unit that has just been handed over."""
    unit = _Unit(store, session)
    _roles(unit)
    for region in DOMESTIC:
        _network(unit, region)
        _prefix_lists(unit, region)
        _keys(unit, region)
        _templates(unit, region)


def _roles(unit: _Unit) -> None:
    base = f"arn:aws:iam::{unit.unit}:role"
    sso = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
                    "Principal": {
                        "Federated": f"arn:aws:iam::{unit.unit}:saml-provider"
                        f"/AWSSSO_0123456789abcdef_DO_NOT_DELETE"
                    },
                }
            ],
        }
    )
    path = f"/aws-reserved/sso.amazonaws.com/{TOKYO}/"
    unit.add(
        GLOBAL,
        "iam.Role",
        ADMINISTRATOR,
        {
            "name": ADMINISTRATOR,
            "path": path,
            "arn": f"{base}{path}{ADMINISTRATOR}",
            "assumeRolePolicy": sso,
            "maxSessionDuration": 43200,
            "uniqueId": f"AROA{unit.hex('sso', 17).upper()}",
            "managedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"],
        },
        templates=True,
    )
    unit.add(
        GLOBAL,
        "iam.Role",
        "OrganizationAccountAccessRole",
        {
            "name": "OrganizationAccountAccessRole",
            "path": "/",
            "arn": f"{base}/OrganizationAccountAccessRole",
            "assumeRolePolicy": "{}",
            "uniqueId": f"AROA{unit.hex('org', 17).upper()}",
        },
        templates=True,
    )
    for service, name in _LINKED.items():
        role, path = f"AWSServiceRoleFor{name}", f"/aws-service-role/{service}/"
        arn = f"{base}{path}{role}"
        unit.add(
            GLOBAL,
            "iam.Role",
            role,
            {
                "name": role,
                "path": path,
                "arn": arn,
                "assumeRolePolicy": "{}",
                "uniqueId": f"AROA{unit.hex(role, 17).upper()}",
            },
        )
        rid = unit.add(
            GLOBAL,
            "iam.ServiceLinkedRole",
            arn,
            {
                "awsServiceName": service,
                "name": role,
                "path": path,
                "arn": arn,
                "createDate": "2026-04-01T00:00:00Z",
            },
        )
        unit.store.claim(f"aws/{unit.unit}/{GLOBAL}/slr", service, rid)


def _network(unit: _Unit, region: str) -> None:
    """AWS's default VPC: 172.31.0.0/16, a /20 a zone, open to the internet, as every new account has it."""
    store, base = unit.store, f"arn:aws:ec2:{region}:{unit.unit}:"
    vpc, group = f"vpc-0{unit.hex(f'{region}vpc', 16)}", f"sg-0{unit.hex(f'{region}sg', 16)}"
    acl, table = f"acl-0{unit.hex(f'{region}acl', 16)}", f"rtb-0{unit.hex(f'{region}rtb', 16)}"
    gateway = f"igw-0{unit.hex(f'{region}igw', 16)}"
    common = {"vpcId": vpc, "ownerId": unit.unit}
    rid = unit.add(
        region,
        "ec2.Vpc",
        vpc,
        {
            "cidrBlock": "172.31.0.0/16",
            "isDefault": True,
            "arn": f"{base}vpc/{vpc}",
            "ownerId": unit.unit,
            "enableDnsHostnames": True,
            "enableDnsSupport": True,
            "instanceTenancy": "default",
            "defaultSecurityGroupId": group,
            "defaultNetworkAclId": acl,
            "defaultRouteTableId": table,
            "mainRouteTableId": table,
            "dhcpOptionsId": f"dopt-0{unit.hex(f'{region}dopt', 16)}",
        },
    )
    store.add_span(f"vpc:{rid}", *_range(172, 31, 0, 16), rid)
    unit.add(
        region,
        "ec2.SecurityGroup",
        group,
        {
            **common,
            "name": "default",
            "description": "default VPC security group",
            "arn": f"{base}security-group/{group}",
            "ingress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "self": True}],
            "egress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}],
        },
        owner=rid,
    )
    unit.add(
        region,
        "ec2.NetworkAcl",
        acl,
        {**common, "arn": f"{base}network-acl/{acl}", "subnetIds": []},
        owner=rid,
    )
    unit.add(
        region,
        "ec2.RouteTable",
        table,
        {
            **common,
            "arn": f"{base}route-table/{table}",
            "routes": [{"cidrBlock": "0.0.0.0/0", "gatewayId": gateway}],
        },
        owner=rid,
    )
    igw = unit.add(
        region, "ec2.InternetGateway", gateway, {**common, "arn": f"{base}internet-gateway/{gateway}"}
    )
    store.set_links(igw, {(rid, "vpcId"): HOLDS})
    for number, (zone, zone_id) in enumerate(ZONES[region].items()):
        subnet = f"subnet-0{unit.hex(f'{zone}subnet', 16)}"
        srid = unit.add(
            region,
            "ec2.Subnet",
            subnet,
            {
                **common,
                "cidrBlock": f"172.31.{number * 16}.0/20",
                "availabilityZone": zone,
                "availabilityZoneId": zone_id,
                "arn": f"{base}subnet/{subnet}",
                "defaultForAz": True,
                "mapPublicIpOnLaunch": True,
            },
        )
        store.set_links(srid, {(rid, "vpcId"): HOLDS})
        store.add_span(f"subnet:{rid}", *_range(172, 31, number * 16, 20), srid)


def _range(first: int, second: int, third: int, length: int) -> tuple[int, int]:
    low = (first << 24) | (second << 16) | (third << 8)
    return low, low + (1 << (32 - length)) - 1


def _prefix_lists(unit: _Unit, region: str) -> None:
    """AWS's own prefix lists, which security groups and routes may name as if they were the unit's."""
    for (where, service), id_ in PREFIX_LIST_IDS.items():
        if where != region:
            continue
        ranges = PREFIX_LISTS[service]
        arn = f"arn:{unit.partition}:ec2:{region}:aws:prefix-list/{id_}"
        unit.add(
            region,
            "ec2.ManagedPrefixList",
            id_,
            {
                "arn": arn,
                "name": f"com.amazonaws.{region}.{service}",
                "addressFamily": "IPv4",
                "entries": [{"cidr": cidr} for cidr in ranges],
                "maxEntries": len(ranges),
                "ownerId": "AWS",
            },
        )


def _keys(unit: _Unit, region: str) -> None:
    for service in _KEY_ALIASES:
        digits = unit.hex(f"{region}{service}", 32)
        key = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"
        arn = f"arn:aws:kms:{region}:{unit.unit}:"
        rid = unit.add(
            region,
            "kms.Key",
            key,
            {
                "arn": f"{arn}key/{key}",
                "keyId": key,
                "description": f"Default key that protects my {service} resources",
                "enableKeyRotation": True,
                "rotationPeriodInDays": 365,
                "keyManager": "AWS",
                "isEnabled": True,
                "policy": json.dumps(
                    {
                        "Version": "2012-10-17",
                        "Statement": [
                            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}
                        ],
                    }
                ),
            },
        )
        alias = unit.add(
            region,
            "kms.Alias",
            f"alias/aws/{service}",
            {
                "arn": f"{arn}alias/aws/{service}",
                "name": f"alias/aws/{service}",
                "targetKeyId": key,
                "targetKeyArn": f"{arn}key/{key}",
            },
        )
        unit.store.set_links(alias, {(rid, "targetKeyId"): BELONGS})


def _templates(unit: _Unit, region: str) -> None:
    base = f"{region}:{unit.unit}:"
    bucket = f"gcas-logs-{ARCHIVE_ACCOUNT}-{TOKYO}"
    if region == TOKYO:
        trail = f"arn:aws:cloudtrail:{base}trail/gcas-organization-trail"
        unit.add(
            region,
            "cloudtrail.Trail",
            trail,
            {
                "arn": trail,
                "name": "gcas-organization-trail",
                "homeRegion": region,
                "isMultiRegionTrail": True,
                "isOrganizationTrail": True,
                "enableLogging": True,
                "enableLogFileValidation": True,
                "includeGlobalServiceEvents": True,
                "s3BucketName": bucket,
            },
            "gcas-organization-trail",
            templates=True,
        )
    recorder = f"arn:aws:iam::{unit.unit}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
    rid = unit.add(
        region,
        "cfg.Recorder",
        "default",
        {
            "name": "default",
            "roleArn": recorder,
            "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": region == TOKYO},
        },
        templates=True,
    )
    status = unit.add(
        region, "cfg.RecorderStatus", "default", {"name": "default", "isEnabled": True}, templates=True
    )
    unit.store.set_links(status, {(rid, "name"): BELONGS})
    unit.add(
        region, "cfg.DeliveryChannel", "default", {"name": "default", "s3BucketName": bucket}, templates=True
    )
    detector = unit.hex(f"{region}detector", 32)
    unit.add(
        region,
        "guardduty.Detector",
        detector,
        {
            "arn": f"arn:aws:guardduty:{base}detector/{detector}",
            "accountId": unit.unit,
            "enable": True,
            "findingPublishingFrequency": "SIX_HOURS",
        },
        templates=True,
    )
    unit.add(
        region,
        "securityhub.Account",
        unit.unit,
        {
            "arn": f"arn:aws:securityhub:{base}hub/default",
            "enableDefaultStandards": True,
            "autoEnableControls": True,
            "controlFindingGenerator": "SECURITY_CONTROL",
        },
        templates=True,
    )
    standard = "standards/aws-foundational-security-best-practices/v/1.0.0"
    subscription = f"arn:aws:securityhub:{base}subscription/aws-foundational-security-best-practices/v/1.0.0"
    unit.add(
        region,
        "securityhub.StandardsSubscription",
        subscription,
        {"arn": subscription, "standardsArn": f"arn:aws:securityhub:{region}::{standard}"},
        templates=True,
    )
