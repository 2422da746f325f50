"""Answers to AWS functions (Pulumi invokes), out of the store and the facts of the account."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from providers.twin.aws import facts
from providers.twin.aws.documents import render
from providers.twin.aws.engines import engines, family_of, major_of, version_of
from providers.twin.aws.finders import LOOKUPS
from providers.twin.aws.images import image_ids, matches
from providers.twin.aws.lookups import find, lookup
from providers.twin.aws.policies import managed_policies
from providers.twin.aws.session import caller
from providers.twin.aws.words import token
from providers.twin.behaviour import Refusal
from providers.twin.cloud import Call, Function
from providers.wire import Value


def _caller(call: Call) -> dict[str, Value]:
    unit = call.session.unit
    return {
        "accountId": unit,
        "id": unit,
        "arn": caller(call.session),
        "userId": "AROA0123456789ABCDEFG:administrator",
    }


def _region(call: Call) -> dict[str, Value]:
    region = str(call.arguments.get("name") or call.region)
    return {
        "name": region,
        "region": region,
        "id": region,
        "description": facts.DESCRIPTIONS.get(region, region),
        "endpoint": f"ec2.{region}.amazonaws.com",
    }


def _regions(call: Call) -> dict[str, Value]:
    return {"names": sorted((*facts.DOMESTIC, "us-east-1")), "id": call.session.partition}


def _partition(_: Call) -> dict[str, Value]:
    return {
        "partition": "aws",
        "id": "aws",
        "dnsSuffix": "amazonaws.com",
        "reverseDnsPrefix": "com.amazonaws",
    }


def _zones(call: Call) -> dict[str, Value]:
    zones = facts.ZONES.get(call.region, {})
    skip = set(call.arguments.get("excludeNames") or []) | set(call.arguments.get("excludeZoneIds") or [])
    kept = {name: id_ for name, id_ in zones.items() if name not in skip and id_ not in skip}
    wanted = {str(item["name"]): item["values"] for item in call.arguments.get("filters") or []}
    if "zone-name" in wanted:
        kept = {name: id_ for name, id_ in kept.items() if name in wanted["zone-name"]}
    if call.arguments.get("state") not in (None, "available"):
        kept = {}
    return {
        "names": list(kept),
        "zoneIds": list(kept.values()),
        "groupNames": [call.region] if kept else [],
        "id": call.region,
    }


def _zone(call: Call) -> dict[str, Value]:
    zones = facts.ZONES.get(call.region, {})
    for name, id_ in zones.items():
        if call.arguments.get("name") in (None, name) and call.arguments.get("zoneId") in (None, id_):
            return {
                "name": name,
                "id": name,
                "zoneId": id_,
                "state": "available",
                "nameSuffix": name[-1],
                "groupName": call.region,
                "networkBorderGroup": call.region,
                "optInStatus": "opt-in-not-required",
                "zoneType": "availability-zone",
                "region": call.region,
            }
    raise Refusal(
        "InvalidParameterValue",
        f"Invalid availability zone: [{call.arguments.get('name') or call.arguments.get('zoneId')}]",
    )


def _default_tags(call: Call) -> dict[str, Value]:
    return {"tags": dict(call.session.default_tags), "id": call.session.partition}


def _principal(call: Call) -> dict[str, Value]:
    service = str(call.arguments["serviceName"])
    return {
        "name": f"{service}.amazonaws.com",
        "id": f"{service}.{call.region}.amazonaws.com",
        "suffix": "amazonaws.com",
    }


def _arn(call: Call) -> dict[str, Value]:
    parts = str(call.arguments["arn"]).split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        raise Refusal("InvalidArn", f"arn: invalid value: {call.arguments['arn']}", 0)
    keys = ("partition", "service", "region", "account", "resource")
    return {**dict(zip(keys, parts[1:], strict=True)), "id": call.arguments["arn"]}


def _ami(call: Call) -> dict[str, Value]:
    filters = {
        str(item["name"]): [str(value) for value in item["values"]]
        for item in call.arguments.get("filters") or []
    }
    owners = [str(owner) for owner in call.arguments.get("owners") or []]
    pattern = re.compile(str(call.arguments.get("nameRegex") or ""))
    found = [
        (id_, image)
        for id_, image in image_ids(call.region).items()
        if matches(image, id_, owners, filters) and pattern.search(image.name)
    ]
    if not found:
        raise Refusal(
            "InvalidAMIID.NotFound",
            "Your query returned no results. Please change your search criteria and try again.",
        )
    if len(found) > 1 and not call.arguments.get("mostRecent"):
        raise Refusal(
            "MultipleMatches",
            "Your query returned more than one result. Please try a more specific search criteria, or"
            " set `most_recent` attribute to true.",
            0,
        )
    id_, image = max(found, key=lambda pair: pair[1].name)
    return {
        "id": id_,
        "imageId": id_,
        "name": image.name,
        "ownerId": image.owner,
        "imageOwnerAlias": image.owner_alias or None,
        "architecture": image.architecture,
        "description": image.description,
        "rootDeviceName": image.root,
        "rootDeviceType": "ebs",
        "virtualizationType": "hvm",
        "state": "available",
        "public": True,
        "enaSupport": True,
        "hypervisor": "xen",
        "imageType": "machine",
        "platform": image.platform,
        "platformDetails": "Windows" if image.platform else "Linux/UNIX",
        "imdsSupport": "v2.0",
        "bootMode": "uefi-preferred",
        "arn": f"arn:aws:ec2:{call.region}::image/{id_}",
        "creationDate": "2026-11-12T00:00:00.000Z",
        "imageLocation": f"{image.owner_alias or image.owner}/{image.name}",
        "rootSnapshotId": f"snap-0{id_[5:]}",
        "usageOperation": "RunInstances",
    }


def _prefix_list(call: Call) -> dict[str, Value]:
    name, wanted = call.arguments.get("name"), call.arguments.get("prefixListId")
    for filter_ in call.arguments.get("filters") or []:
        if filter_["name"] == "prefix-list-name":
            name = filter_["values"][0]
        elif filter_["name"] == "prefix-list-id":
            wanted = filter_["values"][0]
    for (region, service), id_ in facts.PREFIX_LIST_IDS.items():
        full = f"com.amazonaws.{region}.{service}"
        if region == call.region and name in (None, full) and wanted in (None, id_):
            ranges = list(facts.PREFIX_LISTS[service])
            return {
                "id": id_,
                "prefixListId": id_,
                "name": full,
                "cidrBlocks": ranges,
                "ownerId": "AWS",
                "addressFamily": "IPv4",
                "arn": f"arn:aws:ec2:{region}:aws:prefix-list/{id_}",
                "entries": [{"cidr": cidr, "description": ""} for cidr in ranges],
            }
    raise Refusal("InvalidPrefixListId.NotFound", f"no matching prefix list found: {name or wanted}")


def _managed_prefix_list(call: Call) -> dict[str, Value]:
    try:
        return find(_STORED["aws:ec2/getManagedPrefixList:getManagedPrefixList"])(call)
    except Refusal:
        return _prefix_list(call)


def _endpoint_service(call: Call) -> dict[str, Value]:
    short = call.arguments.get("service")
    full = str(call.arguments.get("serviceName") or f"com.amazonaws.{call.region}.{short}")
    short = full.removeprefix(f"com.amazonaws.{call.region}.")
    kinds = [
        kind
        for kind, known in (("Gateway", facts.GATEWAY_SERVICES), ("Interface", facts.INTERFACE_SERVICES))
        if short in known
    ]
    wanted = call.arguments.get("serviceType") or (kinds[-1] if kinds else "")
    if wanted not in kinds:
        raise Refusal("InvalidServiceName", f"The Vpc Endpoint Service '{full}' does not exist")
    return {
        "serviceName": full,
        "serviceType": wanted,
        "service": short,
        "acceptanceRequired": False,
        "owner": "amazon",
        "id": str(abs(hash(full)) % 10**10),
        "availabilityZones": list(facts.ZONES.get(call.region, {})),
        "vpcEndpointPolicySupported": True,
        "serviceRegion": call.region,
        "supportedIpAddressTypes": ["ipv4"],
        "baseEndpointDnsNames": [f"{short}.{call.region}.vpce.amazonaws.com"],
        "privateDnsName": f"{short}.{call.region}.amazonaws.com",
        "serviceId": "vpce-svc-0" + full.encode().hex()[-16:],
    }


def _vpc(call: Call) -> dict[str, Value]:
    body = find(_STORED["aws:ec2/getVpc:getVpc"])(call)
    body["default"] = bool(body.get("isDefault"))
    body["state"] = "available"
    body["cidrBlockAssociations"] = [
        {
            "associationId": "vpc-cidr-assoc-0" + body["id"][5:21],
            "cidrBlock": body["cidrBlock"],
            "state": "associated",
        }
    ]
    return body


def _policy(call: Call) -> dict[str, Value]:
    arn, name = call.arguments.get("arn"), call.arguments.get("name")
    for managed in managed_policies():
        if managed == arn or (name and managed.rsplit("/", 1)[-1] == name):
            return {
                "arn": managed,
                "id": managed,
                "name": managed.rsplit("/", 1)[-1],
                "path": managed.split(":policy")[1].rsplit("/", 1)[0] + "/",
                "policy": "{}",
                "policyId": "ANPA",
            }
    return find(_STORED["aws:iam/getPolicy:getPolicy"])(call)


def _role(call: Call) -> dict[str, Value]:
    return find(
        lookup(
            "iam.Role", "name", "NoSuchEntity", "The role with name {value} cannot be found.", everywhere=True
        )
    )(call)


def _context(call: Call) -> dict[str, Value]:
    arn = str(call.arguments["arn"])
    match = re.fullmatch(r"arn:aws:sts::(\d{12}):assumed-role/([^/]+)/(.+)", arn)
    if match is None:
        return {"issuerArn": arn, "issuerId": "", "issuerName": "", "sessionName": "", "id": arn}
    role = next(
        (row for row in call.store.with_value("aws", match[2], match[1]) if row.type == token("iam.Role")),
        None,
    )
    issuer = str(role.state["arn"]) if role is not None else f"arn:aws:iam::{match[1]}:role/{match[2]}"
    return {
        "issuerArn": issuer,
        "issuerName": match[2],
        "sessionName": match[3],
        "id": arn,
        "issuerId": role.state.get("uniqueId", "") if role else "",
    }


def _detector(call: Call) -> dict[str, Value]:
    body = find(_STORED["aws:guardduty/getDetector:getDetector"])(call)
    return {
        **body,
        "status": "ENABLED" if body.get("enable") else "DISABLED",
        "features": [],
        "serviceRoleArn": f"arn:aws:iam::{call.session.unit}:role/aws-service-role"
        f"/guardduty.amazonaws.com/AWSServiceRoleForAmazonGuardDuty",
    }


def _parameter(call: Call) -> dict[str, Value]:
    name = str(call.arguments["name"])
    for id_, image in image_ids(call.region).items():
        if image.parameter and image.parameter == name:
            return {
                "name": name,
                "value": id_,
                "insecureValue": id_,
                "type": "String",
                "version": 1,
                "id": name,
                "arn": f"arn:aws:ssm:{call.region}::parameter{name}",
            }
    body = find(lookup("ssm.Parameter", "name", "ParameterNotFound", "Parameter {value} not found."))(call)
    if isinstance(body.get("value"), dict):
        raise Refusal("SealedInTwin", f"the value of {name} is secret and the twin keeps no secrets", 0)
    return body


def _kms_key(call: Call) -> dict[str, Value]:
    wanted = str(call.arguments["keyId"])
    rows = [
        row for row in call.store.with_value("aws", wanted, call.session.unit) if row.region == call.region
    ]
    for row in rows:
        if row.type == token("kms.Alias"):
            rows += call.store.with_value("aws", str(row.state.get("targetKeyId")), call.session.unit)
        if row.type in (token("kms.Key"), token("kms.ReplicaKey")):
            return {
                **row.state,
                "id": row.id,
                "keyState": "Enabled",
                "enabled": True,
                "awsAccountId": row.unit,
                "keyManager": row.state.get("keyManager", "CUSTOMER"),
                "origin": "AWS_KMS",
            }
    raise Refusal("NotFoundException", f"Key '{wanted}' does not exist")


def _engine_version(call: Call) -> dict[str, Value]:
    engine = str(call.arguments["engine"])
    wanted = [
        str(call.arguments.get("version") or ""),
        *map(str, call.arguments.get("preferredVersions") or []),
    ]
    version = next((found for item in wanted if (found := version_of(engine, item))), None)
    if version is None:
        raise Refusal(
            "InvalidParameterValue", f"no RDS engine versions match the criteria: {engine} {wanted[0]}"
        )
    return {
        "engine": engine,
        "version": version,
        "versionActual": version,
        "id": version,
        "parameterGroupFamily": family_of(engine, version),
        "status": "available",
        "engineDescription": engine,
        "versionDescription": f"{engine} {version}",
        "exportableLogTypes": _LOGS.get(engine.split("-")[0], []),
        "supportsLogExportsToCloudwatch": True,
        "supportsReadReplica": True,
        "validMajorTargets": [
            other
            for other in engines().get(engine, ())
            if other != version and major_of(engine, other) != major_of(engine, version)
        ],
    }


_LOGS: Mapping[str, list[str]] = {
    "postgres": ["postgresql", "upgrade"],
    "mysql": ["audit", "error", "general", "slowquery"],
    "oracle": ["alert", "audit", "listener", "trace"],
    "aurora": ["postgresql"],
}


def _orderable(call: Call) -> dict[str, Value]:
    engine = str(call.arguments["engine"])
    if engine not in engines():
        raise Refusal("InvalidParameterValue", f"no RDS DB Instance Classes match the criteria: {engine}")
    chosen = call.arguments.get("instanceClass") or next(
        iter(call.arguments.get("preferredInstanceClasses") or []), "db.m7g.large"
    )
    version = version_of(engine, str(call.arguments.get("engineVersion") or "")) or version_of(engine)
    return {
        "instanceClass": chosen,
        "engine": engine,
        "engineVersion": version,
        "id": chosen,
        "availabilityZones": list(facts.ZONES.get(call.region, {})),
        "multiAzCapable": True,
        "vpc": True,
        "storageType": call.arguments.get("storageType") or "gp3",
        "supportsStorageEncryption": True,
        "supportsPerformanceInsights": True,
        "minStorageSize": 20,
        "maxStorageSize": 65536,
        "licenseModel": call.arguments.get("licenseModel")
        or ("bring-your-own-license" if "oracle" in engine else ""),
    }


def _elb_account(call: Call) -> dict[str, Value]:
    accounts = {facts.TOKYO: "582318560864", facts.OSAKA: "383597477331", "us-east-1": "127311923021"}
    account = accounts.get(call.region)
    if account is None:
        raise Refusal("UnknownRegion", f"unsupported ELB service region: {call.region}", 0)
    return {"arn": f"arn:aws:iam::{account}:root", "id": account}


def _locations(call: Call) -> dict[str, Value]:
    return {"locationCodes": list(facts.LOCATIONS), "id": call.region}


def _location(call: Call) -> dict[str, Value]:
    code = str(call.arguments["locationCode"])
    if code not in facts.LOCATIONS:
        raise Refusal("DirectConnectClientException", f"no Direct Connect location {code}")
    return {
        "locationName": facts.LOCATIONS[code],
        "id": code,
        "availablePortSpeeds": ["1G", "10G", "100G"],
        "availableMacsecPortSpeeds": ["10G", "100G"],
        "availableProviders": [facts.CARRIER],
    }


def _organization(_: Call) -> dict[str, Value]:
    master = "456789012345"
    return {
        "id": "o-gcas000000",
        "arn": f"arn:aws:organizations::{master}:organization/o-gcas000000",
        "masterAccountId": master,
        "featureSet": "ALL",
        "masterAccountArn": f"arn:aws:organizations::{master}:account/o-gcas000000/{master}",
        "masterAccountName": "digital-agency",
        "masterAccountEmail": "",
        "accounts": [],
        "nonMasterAccounts": [],
        "roots": [],
    }


def _ebs_default(call: Call) -> dict[str, Value]:
    rows = call.store.rows(
        cloud="aws", unit=call.session.unit, region=call.region, type_=token("ebs.EncryptionByDefault")
    )
    return {"enabled": any(row.state.get("enabled") for row in rows), "id": call.region}


def _document(call: Call) -> dict[str, Value]:
    return {**render(call.arguments), "id": "policy"}


_COMPUTED: Mapping[str, Function] = {
    "index/getCallerIdentity": _caller,
    "index/getRegion": _region,
    "index/getRegions": _regions,
    "index/getPartition": _partition,
    "index/getAvailabilityZones": _zones,
    "index/getAvailabilityZone": _zone,
    "index/getDefaultTags": _default_tags,
    "index/getServicePrincipal": _principal,
    "index/getArn": _arn,
    "ec2/getAmi": _ami,
    "ec2/getPrefixList": _prefix_list,
    "ec2/getManagedPrefixList": _managed_prefix_list,
    "ec2/getVpcEndpointService": _endpoint_service,
    "ec2/getVpc": _vpc,
    "iam/getPolicyDocument": _document,
    "iam/getPolicy": _policy,
    "iam/getRole": _role,
    "iam/getSessionContext": _context,
    "guardduty/getDetector": _detector,
    "ssm/getParameter": _parameter,
    "kms/getKey": _kms_key,
    "rds/getEngineVersion": _engine_version,
    "rds/getOrderableDbInstance": _orderable,
    "elb/getServiceAccount": _elb_account,
    "directconnect/getLocations": _locations,
    "directconnect/getLocation": _location,
    "organizations/getOrganization": _organization,
    "ebs/getEncryptionByDefault": _ebs_default,
}


def _full(short: str) -> str:
    return f"aws:{short}:{short.split('/')[1]}"


_STORED = {_full(short): found for short, found in LOOKUPS.items()}
_ALL: Mapping[str, Callable[[Call], dict[str, Value]]] = {
    **{key: find(found) for key, found in _STORED.items()},
    **{_full(short): answer for short, answer in _COMPUTED.items()},
}


def function(name: str) -> Function | None:
    """The answer to `aws:ec2/getAmi:getAmi` and the like, None when the twin does not model it."""
    return _ALL.get(name)


def every() -> Mapping[str, Function]:
    """All functions that the twin answers, by token."""
    return _ALL
