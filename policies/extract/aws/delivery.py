"""Load balancers, APIs, content delivery."""

from __future__ import annotations

import re

from policies.extract.documents import read
from policies.facts import (
    UNKNOWN,
    Availability,
    Encryption,
    Exposure,
    Facts,
    Kind,
    Logging,
    Maybe,
    Protection,
)
from policies.props import Props, known, opposite

OLD_TLS = re.compile(r"(?:2016-08|TLS-1-0|TLS-1-1|2015|2014|2011|FS-2018|FS-1-1|TLS13-1-0|TLS13-1-1)")
"""Names of ELB security policies that still take TLS 1.0 or 1.1 (ELB guide, table of policies)."""


def _count(p: Props, *names: str) -> Maybe[float]:
    found: list[float] = []
    for name in names:
        value = p.get(name)
        if value is UNKNOWN:
            return UNKNOWN
        if isinstance(value, list):
            found.append(float(len(value)))
    return max(found) if found else 0.0


def load_balancer(p: Props) -> Facts:
    """An application, network or gateway load balancer."""
    gateway = p.get("loadBalancerType") == "gateway"
    return Facts(
        "aws",
        Kind.LOAD_BALANCER,
        exposure=Exposure(public_address=None if gateway else opposite(p.flag("internal", False))),
        logging=Logging(enabled=None if gateway else p.flag_at("accessLogs", "enabled", default=False)),
        refs=known(p.at("accessLogs", "bucket")),
        protection=Protection(deletion=p.flag("enableDeletionProtection", False)),
        availability=Availability(zones=_count(p, "subnets", "subnetMappings")),
    )


def classic(p: Props) -> Facts:
    """A classic load balancer; its listeners are inside."""
    listeners = p.blocks("listeners")
    protocols = [] if listeners is UNKNOWN else [one.text("lbProtocol") for one in listeners]
    secure: Maybe[bool] = UNKNOWN if listeners is UNKNOWN or UNKNOWN in protocols else None
    if secure is None and any(str(name).lower() == "http" for name in protocols):
        secure = False
    return Facts(
        "aws",
        Kind.LOAD_BALANCER,
        exposure=Exposure(public_address=opposite(p.flag("internal", False))),
        encryption=Encryption(in_transit=secure),
        logging=Logging(enabled=p.flag_at("accessLogs", "enabled", default=p.has("accessLogs"))),
        availability=Availability(zones=_count(p, "subnets", "availabilityZones")),
    )


def listener(p: Props) -> Facts:
    """A listener: HTTP that only redirects to HTTPS is fine; TCP passes through, TLS being the target's."""
    protocol = p.text("protocol", "HTTP")
    actions = p.blocks("defaultActions")
    redirects: Maybe[bool] = UNKNOWN
    if actions is not UNKNOWN:
        redirects = bool(actions) and all(
            a.get("type") == "redirect" and a.at("redirect", "protocol") == "HTTPS" for a in actions
        )
    policy = p.text("sslPolicy")
    secure = UNKNOWN if protocol is UNKNOWN else protocol in ("HTTPS", "TLS")
    passes = protocol in ("TCP", "UDP", "TCP_UDP", "GENEVE")
    return Facts(
        "aws",
        Kind.LISTENER,
        encryption=Encryption(
            in_transit=None
            if passes
            else True
            if secure is True or redirects is True
            else UNKNOWN
            if UNKNOWN in (secure, redirects)
            else False,
            tls=None
            if secure is not True
            else UNKNOWN
            if policy is UNKNOWN
            else 1.0
            if policy is None or OLD_TLS.search(str(policy))
            else 1.2,
        ),
    )


def target(p: Props) -> Facts:
    """A target group: its health check is on unless it is turned off."""
    return Facts(
        "aws",
        Kind.TARGET,
        availability=Availability(checked=p.flag_at("healthCheck", "enabled", default=True)),
    )


def rest_api(p: Props) -> Facts:
    """A REST API of API Gateway."""
    types = p.texts_at("endpointConfiguration", "types")
    reading = read(p.document("policy"))
    return Facts(
        "aws",
        Kind.API,
        exposure=Exposure(
            public_access=UNKNOWN if types is UNKNOWN else "PRIVATE" not in types,
            anonymous=None if reading is None else reading.anyone,
        ),
    )


def method(p: Props) -> Facts | None:
    """A method of a REST API. OPTIONS carries no data."""
    kind = p.text("authorization", "NONE")
    if p.get("httpMethod") == "OPTIONS":
        return None
    return Facts(
        "aws",
        Kind.API,
        exposure=Exposure(
            anonymous=UNKNOWN
            if kind is UNKNOWN
            else kind == "NONE" and p.flag("apiKeyRequired", False) is False
        ),
    )


def http_api(_: Props) -> Facts:
    """An HTTP or WebSocket API: it has no private form."""
    return Facts("aws", Kind.API, exposure=Exposure(public_access=True))


def domain(p: Props) -> Facts:
    """A domain name of API Gateway."""
    policy = p.text(
        "securityPolicy", p.text_at("domainNameConfiguration", "securityPolicy", default="TLS_1_0")
    )
    return Facts(
        "aws",
        Kind.API,
        encryption=Encryption(tls=UNKNOWN if policy is UNKNOWN else 1.0 if policy == "TLS_1_0" else 1.2),
    )


def distribution(p: Props) -> Facts:
    """A CloudFront distribution."""
    lowest = p.text_at("viewerCertificate", "minimumProtocolVersion", default="TLSv1")
    return Facts(
        "aws",
        Kind.CDN,
        handles=known(p.get("domainName")),
        encryption=Encryption(
            tls=UNKNOWN if lowest is UNKNOWN else 1.2 if "1.2" in str(lowest) or "1.3" in str(lowest) else 1.0
        ),
    )


TABLE = {
    **{
        f"{module}:{name}": extract
        for module in ("lb", "alb", "elasticloadbalancingv2", "applicationloadbalancing")
        for name, extract in (
            ("loadbalancer", load_balancer),
            ("listener", listener),
            ("targetgroup", target),
        )
    },
    "elb:loadbalancer": classic,
    "elasticloadbalancing:loadbalancer": classic,
    "apigateway:restapi": rest_api,
    "apigateway:method": method,
    "apigateway:domainname": domain,
    "apigatewayv2:domainname": domain,
    "apigatewayv2:api": http_api,
    "cloudfront:distribution": distribution,
}
