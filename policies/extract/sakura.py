"""Facts of さくらのクラウド's resources (the native provider, providers/sakura)."""

from __future__ import annotations

import re
from typing import Any

from policies.extract.common import secret_in_names, secret_in_script
from policies.facts import (
    UNKNOWN,
    Access,
    Backup,
    Credential,
    Encryption,
    Exposure,
    Facts,
    KeyCare,
    Kind,
    Location,
    Logging,
    Maybe,
    Opening,
    PasswordRules,
    Protection,
    Retention,
)
from policies.props import Props, either, every, known, opposite

SHARED = "shared"
"""The switch that is the internet itself (共有セグメント)."""
ALMIGHTY = ("owner", "project-owner", "organization-admin", "administrator")


def server(p: Props) -> Facts:
    """A server: an interface on the shared segment has a public address."""
    interfaces = p.blocks("interfaces")
    reached: Maybe[bool] = UNKNOWN
    if interfaces is not UNKNOWN:
        where = [one.text("switchId") for one in interfaces]
        reached = True if SHARED in where else UNKNOWN if UNKNOWN in where else False
    edit = p.block("diskEdit")
    e = edit if isinstance(edit, Props) else None
    return Facts(
        "sakura",
        Kind.SERVER,
        exposure=Exposure(public_address=reached),
        credential=Credential(
            in_start_script=secret_in_script(p.raw.get("userData")) if p.raw.get("userData") else False,
            ssh_key=e.has("sshKeys") if e else False,
            password_login=opposite(e.flag("disablePasswordAuth", False)) if e else None,
        ),
    )


def disk(p: Props) -> Facts:
    """A disk."""
    return Facts("sakura", Kind.DISK, encryption=Encryption(customer_key=p.has("kmsKeyId")))


def database(p: Props) -> Facts:
    """A database appliance: the password must be given, so its being given is no finding."""
    return Facts(
        "sakura",
        Kind.DATABASE,
        encryption=Encryption(customer_key=p.has("kmsKeyId")),
        backup=Backup(days=_kept(p)),
        logging=Logging(enabled=p.flag("monitoringSuite", False)),
    )


def _kept(p: Props) -> Maybe[float]:
    """How many backups are kept, one a day at most; 8 is the appliance's default."""
    block = p.block("backup")
    if block is None or block is UNKNOWN:
        other = p.has("continuousBackup")
        return UNKNOWN if block is UNKNOWN or other is UNKNOWN else 8.0 if other else 0.0
    return block.number("rotate", 8)


def bucket(p: Props) -> Facts:
    """A bucket: its key and versions are resources of their own. It takes no tags."""
    return Facts(
        "sakura",
        Kind.BUCKET,
        handles=known(p.get("name")),
        purpose="member",
        location=Location(region=p.text("site")),
        encryption=Encryption(customer_key=False),
        protection=Protection(versions=False),
    )


def _part(p: Props, **aspects: Any) -> Facts:
    target = p.get("bucket")
    return Facts(
        "sakura",
        Kind.BUCKET,
        of=UNKNOWN if target is UNKNOWN else known(target),
        of_kind=Kind.BUCKET,
        of_property="bucket",
        **aspects,
    )


def _ports(text: Any) -> tuple[Any, Any]:
    if text is UNKNOWN:
        return UNKNOWN, UNKNOWN
    if not text:
        return None, None
    found = re.fullmatch(r"(\d+)(?:-(\d+))?", str(text))
    return (int(found[1]), int(found[2] or found[1])) if found else (UNKNOWN, UNKNOWN)


def opening(p: Props, inbound: bool) -> Opening | None:
    """One expression of a packet filter or firewall. Nothing said of the source: anybody."""
    if p.text("action", "allow") == "deny":
        return None
    protocol = p.text("protocol")
    first, last = _ports(p.text("destinationPort"))
    source = p.text("sourceNetwork" if inbound else "destinationNetwork")
    everything = protocol == "ip" or (protocol in ("tcp", "udp") and first is None)
    return Opening(
        inbound,
        "-1" if everything else protocol,
        first,
        last,
        UNKNOWN if source is UNKNOWN else (str(source or "0.0.0.0/0"),),
    )


def packet_filter(p: Props) -> Facts:
    """A packet filter: what may reach a server's interface. Answers come to the ports of clients."""
    rules = p.blocks("expressions")
    if rules is UNKNOWN:
        return Facts("sakura", Kind.GROUP, openings=UNKNOWN)
    found = [o for r in rules if (o := opening(r, True)) is not None]
    answers = [o for o in found if isinstance(o.first, int) and o.first >= 32768 and o.last == 65535]
    return Facts(
        "sakura",
        Kind.GROUP,
        openings=tuple(o for o in found if o not in answers and o.protocol != "fragment"),
    )


def router(p: Props) -> Facts:
    """A VPC router: a VPN over the internet, a way to the internet, or neither."""
    vpn = either(*(p.has(n) for n in ("l2tp", "pptp", "siteToSiteVpns")))
    if vpn is not False and vpn is not None:
        return Facts("sakura", Kind.VPN)
    if p.flag("internetConnection", True) is not False:
        return Facts("sakura", Kind.INTERNET_GATEWAY)
    return Facts("sakura", Kind.OTHER)


def balancer(p: Props) -> Facts:
    """An enhanced load balancer: always on the internet."""
    ports = p.blocks("bindPorts")
    secure: Maybe[bool] = UNKNOWN
    if ports is not UNKNOWN:
        secure = every(
            *(
                UNKNOWN
                if (mode := one.text("proxyMode")) is UNKNOWN
                else mode != "http" or one.flag("redirectToHttps", False) is True
                for one in ports
            )
        )
    return Facts(
        "sakura",
        Kind.LOAD_BALANCER,
        exposure=Exposure(public_address=True),
        encryption=Encryption(in_transit=secure),
    )


def key(p: Props) -> Facts:
    """A key of KMS."""
    return Facts("sakura", Kind.KEY, keycare=KeyCare(deletion_days=p.number("destroyAfterDays", 7)))


def registry(p: Props) -> Facts:
    """A container registry: its access level is what somebody without a name may do."""
    level = p.text("accessLevel", "none")
    return Facts(
        "sakura", Kind.REGISTRY, exposure=Exposure(anonymous=UNKNOWN if level is UNKNOWN else level != "none")
    )


def app_run(p: Props) -> Facts:
    """An AppRun application: on the internet; its components carry images and variables."""
    sources = p.texts("allowedSources")
    parts = p.blocks("components")
    listed = [] if parts is UNKNOWN else parts
    return Facts(
        "sakura",
        Kind.CONTAINERS,
        purpose="member",
        exposure=Exposure(public_address=UNKNOWN if sources is UNKNOWN else not sources),
        credential=Credential(
            in_environment=either(*(secret_in_names(c.raw.get("env")) for c in listed), False)
        ),
    )


def bindings(p: Props) -> Facts:
    """Who has which role in a project."""
    found = p.blocks("bindings")
    roles = UNKNOWN if found is UNKNOWN else [b.text("role") for b in found]
    if roles is UNKNOWN or UNKNOWN in roles:
        return Facts("sakura", Kind.GRANT, access=Access(administrator=UNKNOWN))
    return Facts("sakura", Kind.GRANT, access=Access(administrator=any(r in ALMIGHTY for r in roles)))


def member(p: Props) -> Facts:
    """A role in a project, for one principal."""
    role = p.text("role")
    return Facts(
        "sakura",
        Kind.GRANT,
        access=Access(administrator=UNKNOWN if role is UNKNOWN else role in ALMIGHTY),
    )


def log_storage(p: Props) -> Facts:
    """A storage of logs. It takes no tags."""
    return Facts(
        "sakura",
        Kind.LOG_STORE,
        purpose="member",
        retention=Retention(days=p.number("expireDays")),
        encryption=Encryption(customer_key=p.has("kmsKeyId")),
    )


def api_key(_: Props) -> Facts:
    """A key that lasts: of a project, an object storage, a storage of logs or metrics."""
    return Facts("sakura", Kind.LONG_LIVED_KEY)


def passwords(p: Props) -> Facts:
    """The organisation's password policy."""
    return Facts(
        "sakura",
        Kind.PASSWORD_POLICY,
        passwords=PasswordRules(
            length=p.number("minLength", 0),
            complex=every(
                *(p.flag(n, False) for n in ("requireLowercase", "requireUppercase", "requireSymbols"))
            ),
        ),
    )


def provider(p: Props) -> Facts:
    """The provider's own settings."""
    literal = any(p.raw.get(n) not in (None, "") for n in ("token", "secret", "privateKey"))
    return Facts("sakura", Kind.PROVIDER, credential=Credential(in_provider=literal), tags={})


def _is(kind: Kind) -> Any:
    return lambda _: Facts("sakura", kind)


TABLE: dict[str, Any] = {
    "compute:server": server,
    "compute:disk": disk,
    "compute:sshkey": _is(Kind.KEY_PAIR),
    "database:database": database,
    "storage:nfs": _is(Kind.FILES),
    "objectstorage:bucket": bucket,
    "objectstorage:bucketencryption": lambda p: _part(
        p, encryption=Encryption(customer_key=p.has("kmsKeyId"))
    ),
    "objectstorage:bucketversioning": lambda p: _part(
        p, protection=Protection(versions=p.flag("enabled", True))
    ),
    "network:switch": _is(Kind.NETWORK),
    "network:internet": _is(Kind.INTERNET_GATEWAY),
    "network:packetfilter": packet_filter,
    "network:vpcrouter": router,
    "loadbalancer:enhancedlb": balancer,
    "loadbalancer:loadbalancer": lambda _: Facts(
        "sakura", Kind.LOAD_BALANCER, exposure=Exposure(public_address=False)
    ),
    "security:kmskey": key,
    "security:secretvault": lambda p: Facts(
        "sakura", Kind.SECRET, encryption=Encryption(customer_key=p.has("kmsKeyId"))
    ),
    "app:containerregistry": registry,
    "app:apprunapplication": app_run,
    "iam:projectpolicy": bindings,
    "iam:folderpolicy": bindings,
    "iam:projectmember": member,
    "monitoring:logstorage": log_storage,
    "monitoring:logstorageaccesskey": api_key,
    "monitoring:metricstorageaccesskey": api_key,
    "objectstorage:accesskey": api_key,
    "objectstorage:permissionkey": api_key,
    "iam:organizationpolicy": bindings,
    "iam:user": _is(Kind.USER),
    "iam:projectapikey": api_key,
    "iam:passwordpolicy": passwords,
    "providers:provider": provider,
}
