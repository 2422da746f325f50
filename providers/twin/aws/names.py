"""Names and certificates: Route 53, its resolver, ACM, private CAs, Cloud Map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.twin.aws.cidr import free_address
from providers.twin.aws.endpoints import make_interface
from providers.twin.aws.words import hold, name, part, props, token
from providers.twin.behaviour import Answer, Behaviour, Guard, Refusal, Unique
from providers.twin.scope import Scope
from providers.wire import Value

_RESOLVER: Final = "arn:{partition}:route53resolver:{region}:{unit}:"
_NO_ZONE: Final = Answer("NoSuchHostedZone", "No hosted zone found with ID: {value}", 404)
_NO_VPC: Final = Answer("InvalidVPCId", "The VPC: {value} in the request is not found.")
_RESOLVER_MISSING: Final = Answer(
    "ResourceNotFoundException", "[RSLVR-00400] The resource {value} does not exist"
)
_NO_CERTIFICATE: Final = Answer("ResourceNotFoundException", "Could not find certificate {value}")


def _zone_made(scope: Scope) -> None:
    if not scope.get("vpcs"):
        scope.state["nameServers"] = [
            f"ns-{number}.awsdns-{number % 64:02d}.{end}"
            for number, end in ((512, "net"), (1024, "org"), (1536, "co.uk"), (0, "com"))
        ]
    else:
        scope.state["nameServers"] = [
            f"ns-{number}.awsdns-00.{end}."
            for number, end in ((0, "com"), (512, "net"), (1024, "org"), (1536, "co.uk"))
        ]
    scope.state["primaryNameServer"] = scope.state["nameServers"][0]


def _zone_empty(scope: Scope) -> None:
    if scope.inputs.get("forceDestroy"):
        for row in scope.store.linked(scope.rid):
            if row.type == token("route53.Record"):
                scope.store.remove(row.rid)


def _record(scope: Scope) -> None:
    zone = scope.target("zoneId")
    if zone is None:
        return
    apex = str(zone.state.get("name", "")).rstrip(".")
    full = _fqdn(scope)
    if full != apex and not full.endswith(f".{apex}"):
        raise Refusal("InvalidChangeBatch", f"[RRSet with DNS name {full}. is not permitted in zone {apex}.]")
    if scope.inputs.get("aliases") and (scope.inputs.get("records") or scope.inputs.get("ttl")):
        raise Refusal("InvalidInput", "an alias record takes neither records nor ttl")
    if not scope.inputs.get("aliases") and not scope.inputs.get("records"):
        raise Refusal("InvalidInput", "a record needs records or aliases")
    if full == apex and scope.get("type") == "CNAME":
        raise Refusal(
            "InvalidChangeBatch",
            f"[RRSet of type CNAME with DNS name {full}. is not permitted at apex in zone {apex}.]",
        )


def _fqdn(scope: Scope) -> str:
    zone = scope.target("zoneId")
    apex = str(zone.state.get("name", "")).rstrip(".") if zone is not None else ""
    record = str(scope.get("name") or "").rstrip(".")
    return (
        record
        if not apex or record == apex or record.endswith(f".{apex}")
        else f"{record}.{apex}"
        if record
        else apex
    )


def _addresses(scope: Scope) -> None:
    """Every resolver address needs its own subnet address; two addresses at least, so that one zone may
    fail.
    """
    wanted = scope.inputs.get("ipAddresses") or []
    if len(wanted) < 2:
        raise Refusal(
            "InvalidRequestException", "[RSLVR-00104] Resolver endpoint needs at least 2 IP addresses"
        )
    vpcs = {row.state.get("vpcId") for path, row in scope.targets.items() if path.startswith("ipAddresses[")}
    if len(vpcs) > 1:
        raise Refusal(
            "InvalidRequestException", "[RSLVR-00106] all subnets of a resolver endpoint must be in one VPC"
        )


def _endpoint_vpc(scope: Scope) -> Value:
    row = scope.target("ipAddresses")
    return row.state.get("vpcId") if row is not None else None


def _endpoint_made(scope: Scope) -> None:
    filled = []
    for at, address in enumerate(scope.inputs.get("ipAddresses") or []):
        subnet = scope.find(token("ec2.Subnet"), address["subnetId"])
        chosen = address.get("ip") or free_address(
            subnet.state["cidrBlock"] if subnet is not None else "10.0.0.0/24", scope.hex(12, f"ip{at}")
        )
        filled.append({**address, "ip": chosen, "ipId": f"rni-0{scope.hex(16, f'ip{at}')}"})
        make_interface(
            scope,
            address["subnetId"],
            f"ip{at}",
            scope.get("securityGroupIds") or [],
            f"Route 53 Resolver: {scope.id}",
        )
    scope.state["ipAddresses"] = filled


def _forward(scope: Scope) -> None:
    if scope.get("ruleType") == "FORWARD":
        endpoint = scope.target("resolverEndpointId")
        if not scope.inputs.get("targetIps") or endpoint is None:
            raise Refusal(
                "InvalidRequestException",
                "[RSLVR-00705] a FORWARD rule needs targetIps and an outbound endpoint",
            )
        if endpoint.state.get("direction") != "OUTBOUND":
            raise Refusal(
                "InvalidRequestException", "[RSLVR-00706] Resolver rules need an OUTBOUND resolver endpoint"
            )


def _certificate_status(scope: Scope) -> str:
    if scope.get("certificateAuthorityArn") or scope.get("certificateBody"):
        return "ISSUED"
    return "PENDING_VALIDATION"


def _certificate_type(scope: Scope) -> str:
    if scope.get("certificateBody"):
        return "IMPORTED"
    return "PRIVATE" if scope.get("certificateAuthorityArn") else "AMAZON_ISSUED"


def _validation(scope: Scope) -> Value:
    if scope.get("validationMethod") != "DNS":
        return []
    domains = dict.fromkeys([scope.get("domainName"), *(scope.get("subjectAlternativeNames") or [])])
    return [
        {
            "domainName": domain,
            "resourceRecordName": f"_{scope.hex(32, str(domain))}.{str(domain).removeprefix('*.')}.",
            "resourceRecordType": "CNAME",
            "resourceRecordValue": f"_{scope.hex(32, f'v{domain}')}.acm-validations.aws.",
        }
        for domain in domains
    ]


def _ca_certificate(scope: Scope) -> None:
    authority = scope.target("certificateAuthorityArn")
    if authority is not None:
        authority.state.update(status="ACTIVE", certificate=scope.get("certificate"))
        scope.store.rewrite(authority.rid, authority.state, authority.inputs)


_PEM = "-----BEGIN CERTIFICATE-----\n{alnum48}\n-----END CERTIFICATE-----\n"
_CSR = "-----BEGIN CERTIFICATE REQUEST-----\n{alnum48}\n-----END CERTIFICATE REQUEST-----\n"

TABLE: Mapping[str, Behaviour] = {
    "route53.Zone": Behaviour(
        id="Z{upper20}",
        arn="arn:{partition}:route53:::hostedzone/{id}",
        api="route53:CreateHostedZone",
        everywhere=True,
        computed={"zoneId": "{id}"},
        fixed=props("name delegationSetId"),
        made=(_zone_made,),
        gone=(_zone_empty,),
        refs=(hold("vpcs[].vpcId", "ec2.Vpc", anywhere=True, missing=_NO_VPC),),
        missing=_NO_ZONE,
        in_use=Answer(
            "HostedZoneNotEmpty",
            "The specified hosted zone contains non-required resource record sets and so cannot be deleted.",
        ),
    ),
    "route53.Record": Behaviour(
        id=lambda s: (
            s.fill("{zoneId}_")
            + f"{_fqdn(s)}_{s.get('type')}"
            + (f"_{s.get('setIdentifier')}" if s.get("setIdentifier") else "")
        ),
        api="route53:ChangeResourceRecordSets",
        everywhere=True,
        autoname="",
        computed={"fqdn": _fqdn},
        fixed=props("zoneId name type setIdentifier"),
        refs=(hold("zoneId", "route53.Zone", missing=_NO_ZONE),),
        rules=(_record,),
        delete_first=True,
        exists=Answer(
            "InvalidChangeBatch", "[Tried to create resource record set {value} but it already exists]"
        ),
    ),
    "route53.ZoneAssociation": Behaviour(
        id="{zoneId}:{vpcId}",
        everywhere=True,
        autoname="",
        computed={"vpcRegion": "{region}", "owningAccount": "{unit}"},
        fixed=props("zoneId vpcId vpcRegion"),
        refs=(
            part("zoneId", "route53.Zone", missing=_NO_ZONE),
            hold("vpcId", "ec2.Vpc", anywhere=True, missing=_NO_VPC),
        ),
        exists=Answer("ConflictingDomainExists", "The VPC is already associated with the zone: {value}"),
    ),
    "route53.VpcAssociationAuthorization": Behaviour(
        id="{zoneId}:{vpcId}",
        everywhere=True,
        autoname="",
        computed={"vpcRegion": "{region}"},
        fixed=props("zoneId vpcId"),
        refs=(part("zoneId", "route53.Zone", missing=_NO_ZONE),),
    ),
    "route53.ResolverEndpoint": Behaviour(
        id=lambda s: s.fill("rslvr-out-{hex17}" if s.get("direction") == "OUTBOUND" else "rslvr-in-{hex17}"),
        arn=_RESOLVER + "resolver-endpoint/{id}",
        api="route53resolver:CreateResolverEndpoint",
        computed={
            "hostVpcId": _endpoint_vpc,
            "protocols": lambda _: ["Do53"],
            "resolverEndpointType": "IPV4",
        },
        fixed=props("direction securityGroupIds resolverEndpointType"),
        refs=(hold("securityGroupIds[]", "ec2.SecurityGroup"), hold("ipAddresses[].subnetId", "ec2.Subnet")),
        rules=(_addresses,),
        made=(_endpoint_made,),
        missing=_RESOLVER_MISSING,
        in_use=Answer(
            "InvalidRequestException",
            "[RSLVR-00402] Cannot delete resolver endpoint {id}: it is in use by {value}",
        ),
    ),
    "route53.ResolverRule": Behaviour(
        id="rslvr-rr-{hex17}",
        arn=_RESOLVER + "resolver-rule/{id}",
        api="route53resolver:CreateResolverRule",
        computed={"ownerId": "{unit}", "shareStatus": "NOT_SHARED"},
        fixed=props("domainName ruleType"),
        refs=(hold("resolverEndpointId", "route53.ResolverEndpoint"),),
        rules=(_forward,),
        outside=r"rslvr-rr-[0-9a-f]{17}",
        arrival={
            "arn": _RESOLVER + "resolver-rule/{id}",
            "shareStatus": "SHARED_WITH_ME",
            "region": "{region}",
        },
        missing=_RESOLVER_MISSING,
        in_use=Answer(
            "ResourceInUseException", "[RSLVR-00703] Resolver rule {id} is associated with VPCs: {value}"
        ),
    ),
    "route53.ResolverRuleAssociation": Behaviour(
        id="rslvr-rrassoc-{hex17}",
        api="route53resolver:AssociateResolverRule",
        fixed=props("resolverRuleId vpcId name"),
        refs=(hold("resolverRuleId", "route53.ResolverRule"), hold("vpcId", "ec2.Vpc")),
        unique=(
            Unique(
                "rrassoc:{vpcId}",
                "{resolverRuleId}",
                Answer(
                    "ResourceExistsException", "[RSLVR-00801] rule {value} is associated with the VPC already"
                ),
            ),
        ),
    ),
    "route53.ResolverQueryLogConfig": Behaviour(
        id="rqlc-{hex17}",
        arn=_RESOLVER + "resolver-query-log-config/{id}",
        api="route53resolver:CreateResolverQueryLogConfig",
        fixed=props("destinationArn name"),
        computed={"ownerId": "{unit}", "shareStatus": "NOT_SHARED"},
        refs=(
            name(
                "destinationArn",
                "cloudwatch.LogGroup",
                "s3.Bucket",
                "kinesis.FirehoseDeliveryStream",
                anywhere=True,
            ),
        ),
        in_use=Answer(
            "InvalidRequestException", "[RSLVR-01202] query log config {id} has associations: {value}"
        ),
        missing=_RESOLVER_MISSING,
    ),
    "route53.ResolverQueryLogConfigAssociation": Behaviour(
        id="rqlca-{hex17}",
        autoname="",
        fixed=props("resolverQueryLogConfigId resourceId"),
        refs=(
            hold("resolverQueryLogConfigId", "route53.ResolverQueryLogConfig"),
            part("resourceId", "ec2.Vpc"),
        ),
    ),
    "route53.ResolverFirewallConfig": Behaviour(
        id="rslvr-fc-{hex17}",
        autoname="",
        put=True,
        computed={"ownerId": "{unit}", "firewallFailOpen": "DISABLED"},
        fixed=props("resourceId"),
        refs=(part("resourceId", "ec2.Vpc"),),
    ),
    "route53.ResolverConfig": Behaviour(
        id="rslvr-rc-{hex17}",
        autoname="",
        put=True,
        computed={"ownerId": "{unit}"},
        fixed=props("resourceId"),
        refs=(part("resourceId", "ec2.Vpc"),),
    ),
    "route53.ResolverDnsSecConfig": Behaviour(
        id="rdsc-{hex17}",
        arn=_RESOLVER + "resolver-dnssec-config/{id}",
        autoname="",
        put=True,
        computed={"ownerId": "{unit}", "validationStatus": "ENABLED"},
        fixed=props("resourceId"),
        refs=(part("resourceId", "ec2.Vpc"),),
    ),
    "route53.ResolverFirewallDomainList": Behaviour(
        id="rslvr-fdl-{hex17}",
        arn=_RESOLVER + "firewall-domain-list/{id}",
        fixed=props("name"),
        missing=_RESOLVER_MISSING,
        in_use=Answer("ConflictException", "[RSLVR-02102] {id} is referenced by {value}"),
    ),
    "route53.ResolverFirewallRuleGroup": Behaviour(
        id="rslvr-frg-{hex17}",
        arn=_RESOLVER + "firewall-rule-group/{id}",
        fixed=props("name"),
        computed={"ownerId": "{unit}", "shareStatus": "NOT_SHARED"},
        missing=_RESOLVER_MISSING,
        in_use=Answer("ConflictException", "[RSLVR-02103] {id} is associated: {value}"),
    ),
    "route53.ResolverFirewallRule": Behaviour(
        id="{firewallRuleGroupId}:{firewallDomainListId}",
        fixed=props("firewallRuleGroupId firewallDomainListId"),
        refs=(
            hold("firewallRuleGroupId", "route53.ResolverFirewallRuleGroup"),
            hold("firewallDomainListId", "route53.ResolverFirewallDomainList"),
        ),
        unique=(
            Unique(
                "fwrule:{firewallRuleGroupId}",
                "{priority}",
                Answer("ValidationException", "[RSLVR-02025] priority {value} is taken in the rule group"),
            ),
        ),
    ),
    "route53.ResolverFirewallRuleGroupAssociation": Behaviour(
        id="rslvr-frgassoc-{hex17}",
        arn=_RESOLVER + "firewall-rule-group-association/{id}",
        defaults={"mutationProtection": "DISABLED"},
        fixed=props("firewallRuleGroupId vpcId"),
        refs=(hold("firewallRuleGroupId", "route53.ResolverFirewallRuleGroup"), hold("vpcId", "ec2.Vpc")),
        guards=(
            Guard(
                "mutationProtection",
                Answer("AccessDeniedException", "[RSLVR-02106] mutation protection is enabled on {id}"),
                ("ENABLED",),
            ),
        ),
        unique=(
            Unique(
                "fwassoc:{vpcId}",
                "{priority}",
                Answer("ConflictException", "[RSLVR-02104] priority {value} is taken in the VPC"),
            ),
        ),
    ),
    "acm.Certificate": Behaviour(
        id="{arn}",
        arn="arn:{partition}:acm:{region}:{unit}:certificate/{uuid}",
        api="acm:RequestCertificate",
        autoname="",
        computed={
            "status": _certificate_status,
            "type": _certificate_type,
            "domainValidationOptions": _validation,
            "keyAlgorithm": "RSA_2048",
            "subjectAlternativeNames": lambda s: [s.get("domainName")],
            "renewalEligibility": "INELIGIBLE",
            "validationMethod": "NONE",
            "notBefore": "{now}",
            "notAfter": "2027-12-24T00:00:00Z",
        },
        fixed=props(
            "domainName subjectAlternativeNames validationMethod certificateAuthorityArn keyAlgorithm"
        ),
        refs=(name("certificateAuthorityArn", "acmpca.CertificateAuthority"),),
        missing=_NO_CERTIFICATE,
        in_use=Answer("ResourceInUseException", "Certificate {id} in account {unit} is in use: {value}"),
    ),
    "acm.CertificateValidation": Behaviour(
        id="{uuid}",
        autoname="",
        put=True,
        fixed=props("certificateArn"),
        refs=(part("certificateArn", "acm.Certificate", missing=_NO_CERTIFICATE),),
    ),
    "acmpca.CertificateAuthority": Behaviour(
        id="{arn}",
        arn="arn:{partition}:acm-pca:{region}:{unit}:certificate-authority/{uuid}",
        api="acm-pca:CreateCertificateAuthority",
        autoname="",
        defaults={"enabled": True, "type": "SUBORDINATE"},
        computed={
            "certificateSigningRequest": _CSR,
            "keyStorageSecurityStandard": "FIPS_140_2_LEVEL_3_OR_HIGHER",
            "usageMode": "GENERAL_PURPOSE",
        },
        fixed=props("certificateAuthorityConfiguration type usageMode keyStorageSecurityStandard"),
        refs=(name("revocationConfiguration.crlConfiguration.s3BucketName", "s3.Bucket"),),
        missing=Answer("ResourceNotFoundException", "Could not find Certificate Authority {value}"),
    ),
    "acmpca.Certificate": Behaviour(
        id="{arn}",
        arn=lambda s: f"{s.get('certificateAuthorityArn')}/certificate/{s.hex(32)}",
        autoname="",
        computed={"certificate": _PEM, "certificateChain": _PEM},
        fixed=props(
            "certificateAuthorityArn certificateSigningRequest signingAlgorithm validity templateArn"
        ),
        refs=(name("certificateAuthorityArn", "acmpca.CertificateAuthority"),),
    ),
    "acmpca.CertificateAuthorityCertificate": Behaviour(
        id="{certificateAuthorityArn}",
        autoname="",
        put=True,
        fixed=props("certificateAuthorityArn certificate certificateChain"),
        refs=(part("certificateAuthorityArn", "acmpca.CertificateAuthority"),),
        made=(_ca_certificate,),
    ),
    "acmpca.Permission": Behaviour(
        id="{certificateAuthorityArn},{principal},{sourceAccount}",
        autoname="",
        put=True,
        computed={"sourceAccount": "{unit}"},
        fixed=props("certificateAuthorityArn principal actions"),
        refs=(part("certificateAuthorityArn", "acmpca.CertificateAuthority"),),
    ),
    "servicediscovery.PrivateDnsNamespace": Behaviour(
        id="ns-{alnum16}",
        arn="arn:{partition}:servicediscovery:{region}:{unit}:namespace/{id}",
        computed={"hostedZone": "Z{upper20}"},
        fixed=props("name vpc"),
        refs=(hold("vpc", "ec2.Vpc"),),
        in_use=Answer("ResourceInUse", "Namespace {id} has services: {value}"),
        missing=Answer("NamespaceNotFound", "Namespace {value} not found"),
    ),
    "servicediscovery.HttpNamespace": Behaviour(
        id="ns-{alnum16}",
        arn="arn:{partition}:servicediscovery:{region}:{unit}:namespace/{id}",
        computed={"httpName": "{name}"},
        fixed=props("name"),
        in_use=Answer("ResourceInUse", "Namespace {id} has services: {value}"),
    ),
    "servicediscovery.Service": Behaviour(
        id="srv-{alnum16}",
        arn="arn:{partition}:servicediscovery:{region}:{unit}:service/{id}",
        fixed=props("name namespaceId"),
        refs=(hold("namespaceId", "servicediscovery.PrivateDnsNamespace", "servicediscovery.HttpNamespace"),),
    ),
}
