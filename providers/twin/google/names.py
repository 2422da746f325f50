"""Cloud DNS, certificates, and private certificate authorities."""

from __future__ import annotations

import re
from collections.abc import Mapping

from providers.twin.behaviour import Behaviour, Refusal
from providers.twin.google.words import bad, hold, item, protected, token
from providers.twin.scope import Scope

_DNS = re.compile(r"([a-z0-9_-]+\.)+")


def _zone(scope: Scope) -> None:
    if not _DNS.fullmatch(str(scope.get("dnsName"))):
        raise bad(f"'{scope.get('dnsName')}' for 'dnsName' must end in a dot")
    if scope.get("visibility") == "private" and not scope.all(
        "privateVisibilityConfig.networks[].networkUrl"
    ):
        raise bad("a private zone needs a network that sees it")
    mine = {row.id for at, row in scope.targets.items() if at.startswith("privateVisibilityConfig")}
    for row in scope.rows(token("dns.ManagedZone")):
        if row.rid == scope.rid or row.state.get("dnsName") != scope.get("dnsName"):
            continue
        networks = (row.state.get("privateVisibilityConfig") or {}).get("networks") or []
        if mine & {network.get("networkUrl") for network in networks}:
            raise Refusal(
                "conflict",
                f"a zone for '{scope.get('dnsName')}' is visible from the same network: '{row.id}'",
                409,
            )


def _record(scope: Scope) -> None:
    zone = scope.target("managedZone")
    apex = str(zone.state.get("dnsName")) if zone is not None else ""
    full = str(scope.get("name"))
    if not full.endswith(".") or (full != apex and not full.endswith(f".{apex}")):
        raise bad(f"'{full}' for 'entity.change.additions[0].name' is not in zone '{apex}'")


def _one_policy(scope: Scope) -> None:
    """A network has one server policy."""
    mine = {row.id for row in scope.targets.values()}
    for row in scope.rows(token("dns.Policy")):
        networks = {network.get("networkUrl") for network in row.state.get("networks") or []}
        if row.rid != scope.rid and mine & networks:
            raise Refusal("conflict", f"network is bound to the policy '{row.id}' already", 409)


def _managed(scope: Scope) -> None:
    if bool(scope.inputs.get("managed")) == bool(scope.inputs.get("selfManaged")):
        raise bad("a certificate is either managed or self-managed")
    config = scope.target("managed.issuanceConfig")
    if config is not None:
        pool = scope.find(
            token("certificateauthority.CaPool"),
            (
                (config.state.get("certificateAuthorityConfig") or {}).get(
                    "certificateAuthorityServiceConfig"
                )
                or {}
            ).get("caPool"),
        )
        enabled = [
            row
            for row in scope.rows(token("certificateauthority.Authority"))
            if pool is not None and row.state.get("pool") in (pool.id, pool.state.get("name"))
        ]
        if pool is not None and pool.inputs and not enabled:
            raise bad(f"the CA pool '{pool.id}' has no enabled certificate authority")


_REGIONAL = "projects/{unit}/locations/{location}/"

TABLE: Mapping[str, Behaviour] = {
    "dns.ManagedZone": item(
        "projects/{unit}/managedZones/{name}",
        "dns",
        "dns:v1:ManagedZone",
        "name dnsName visibility reverseLookup serviceDirectoryConfig",
        everywhere=True,
        refs=(hold("privateVisibilityConfig.networks[].networkUrl", "compute.Network"),),
        computed={
            "creationTime": "{now}",
            "managedZoneId": "{digits19}",
            "visibility": "public",
            "nameServers": lambda _: ["ns-gcp-private.googledomains.com."],
        },
        rules=(_zone,),
    ),
    "dns.RecordSet": item(
        "projects/{unit}/managedZones/{managedZone}/rrsets/{name}/{type}",
        "dns",
        "dns:v1:ResourceRecordSet",
        "name managedZone type",
        everywhere=True,
        refs=(hold("managedZone", "dns.ManagedZone"),),
        rules=(_record,),
        delete_first=True,
    ),
    "dns.Policy": item(
        "projects/{unit}/policies/{name}",
        "dns",
        "dns:v1:Policy",
        "name",
        everywhere=True,
        refs=(hold("networks[].networkUrl", "compute.Network"),),
        rules=(_one_policy,),
    ),
    "certificatemanager.Certificate": item(
        _REGIONAL + "certificates/{name}",
        "certificatemanager",
        "certificatemanager:v1:Certificate",
        "name location scope managed",
        refs=(hold("managed.issuanceConfig", "certificatemanager.CertificateIssuanceConfig"),),
        computed={"sanDnsnames": lambda s: list(s.get("managed.domains") or [])},
        rules=(_managed,),
        outside=r"projects/[a-z0-9-]+/locations/[a-z0-9-]+/certificates/[a-z][a-z0-9-]*",
    ),
    "certificatemanager.CertificateIssuanceConfig": item(
        _REGIONAL + "certificateIssuanceConfigs/{name}",
        "certificatemanager",
        "certificatemanager:v1:CertificateIssuanceConfig",
        "name location keyAlgorithm lifetime rotationWindowPercentage certificateAuthorityConfig description",
        refs=(
            hold(
                "certificateAuthorityConfig.certificateAuthorityServiceConfig.caPool",
                "certificateauthority.CaPool",
            ),
        ),
        computed={"createTime": "{now}", "updateTime": "{now}"},
    ),
    "certificateauthority.CaPool": item(
        _REGIONAL + "caPools/{name}",
        "privateca",
        "privateca:v1:CaPool",
        "name location tier",
        outside=r"projects/[a-z][a-z0-9-]{4,28}[a-z0-9]/locations/[a-z0-9-]+/caPools/[A-Za-z0-9-]+",
    ),
    "certificateauthority.Authority": item(
        _REGIONAL + "caPools/{pool}/certificateAuthorities/{certificateAuthorityId}",
        "privateca",
        "privateca:v1:CertificateAuthority",
        "certificateAuthorityId location pool config type lifetime keySpec gcsBucket",
        autoname="",
        refs=(hold("pool", "certificateauthority.CaPool"),),
        defaults={"type": "SELF_SIGNED", "lifetime": "315360000s"},
        computed={
            "name": _REGIONAL + "caPools/{pool}/certificateAuthorities/{certificateAuthorityId}",
            "state": "ENABLED",
            "createTime": "{now}",
            "updateTime": "{now}",
            "pemCaCertificates": lambda s: [
                s.fill("-----BEGIN CERTIFICATE-----\n{alnum48}\n-----END CERTIFICATE-----\n")
            ],
        },
        guards=protected(),
    ),
}
