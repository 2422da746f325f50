"""LGW and HND: two circuits, narrow prefixes; files handed over between businesses."""

from __future__ import annotations

from ipaddress import ip_network

from policies.facts import UNKNOWN, Facts, Kind
from policies.join import Estate
from policies.rules.controls import HANDOVER, LINES
from policies.rules.record import Context, H, M, Outcome, absent, at_most, must, must_not, rule
from stacks.text import Text

Answers = list[tuple[Facts | None, Outcome]]
PRIVATE_ASN = (range(64512, 65535), range(4200000000, 4294967295))
"""RFC 6996."""
_PRIVATE = tuple(ip_network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
"""RFC 1918 and RFC 6598."""


def _twins(estate: Estate, context: Context) -> Answers:
    circuits = [c for c in estate.of(Kind.CIRCUIT) if not c.state]
    if context.environment != "production":
        return []
    return [(c, sum(d.cloud == c.cloud for d in circuits) > 1) for c in circuits]


def _places(estate: Estate, _: Context) -> Answers:
    """Of two circuits on one cloud, the places differ where they are known."""
    answers: Answers = []
    circuits = [c for c in estate.of(Kind.CIRCUIT) if not c.state and c.line is not None]
    for cloud in sorted({c.cloud for c in circuits}):
        here = [c for c in circuits if c.cloud == cloud]
        places = [c.line.place for c in here if c.line]
        named = {p.strip().casefold() for p in places if isinstance(p, str)}
        if len(here) < 2 or (None in places and len(named) < 2):
            continue  # a place that is not said may be any
        answers.append((here[0], len(named) > 1 or (UNKNOWN if UNKNOWN in places else False)))
    return answers


def _equal(estate: Estate, _: Context) -> Answers:
    answers: Answers = []
    circuits = [c for c in estate.of(Kind.CIRCUIT) if not c.state and c.line is not None]
    for cloud in sorted({c.cloud for c in circuits}):
        speeds = [c.line.mbps for c in circuits if c.cloud == cloud and c.line and c.line.mbps is not None]
        if len(speeds) > 1:
            first = next(c for c in circuits if c.cloud == cloud)
            answers.append((first, UNKNOWN if UNKNOWN in speeds else len(set(speeds)) == 1))
    return answers


def _watched(estate: Estate, _: Context) -> Answers:
    """Every circuit has an alarm that looks at it; one on order, which is down until it comes, will have."""
    seen = _looking(estate, Kind.ALARM)
    spoken = _looking(estate, Kind.CIRCUIT_ROUTES)

    def watched(circuit: Facts) -> Outcome:
        if circuit.urn in seen:
            return True
        ordered = circuit.line is not None and circuit.line.order is True
        return UNKNOWN if ordered and circuit.urn not in spoken else False

    return [(c, watched(c)) for c in estate.of(Kind.CIRCUIT) if not c.state]


def _looking(estate: Estate, kind: Kind) -> set[str]:
    """The circuits that resources of a kind point at."""
    return {f.urn for one in estate.of(kind) for f in estate.linked(one, (Kind.CIRCUIT,))}


def _narrow(facts: Facts, context: Context) -> Outcome:
    prefixes = facts.line.prefixes if facts.line else None
    if prefixes is None or prefixes is UNKNOWN:
        return prefixes
    for prefix in prefixes:
        try:
            block = ip_network(prefix, strict=False)
        except ValueError:
            return UNKNOWN
        if block.version == 4 and block.prefixlen < context.parameters.widest_prefix:
            return Text(
                f"{prefix} は /{context.parameters.widest_prefix} より広い範囲です。",
                f"{prefix} is wider than /{context.parameters.widest_prefix}.",
            )
    return True


def _internal(facts: Facts, _: Context) -> Outcome:
    prefixes = facts.line.prefixes if facts.line else None
    if prefixes is None or prefixes is UNKNOWN:
        return prefixes
    for prefix in prefixes:
        try:
            block = ip_network(prefix, strict=False)
        except ValueError:
            return UNKNOWN
        if block.version == 4 and not any(block.subnet_of(p) for p in _PRIVATE):  # type: ignore[arg-type]
            return Text(f"{prefix} は私設アドレスではありません。", f"{prefix} is not private address space.")
    return True


def _asn(facts: Facts, _: Context) -> Outcome:
    asn = facts.line.asn if facts.line else None
    if asn is None or asn is UNKNOWN:
        return asn
    return any(asn in block for block in PRIVATE_ASN) or Text(f"AS {asn:g} です。", f"It is AS {asn:g}.")


def _handover(test_of: str) -> object:
    inner = must(test_of)

    def test(facts: Facts, context: Context) -> Outcome:
        if facts.purpose is UNKNOWN:
            return UNKNOWN
        return inner(facts, context) if facts.purpose == "handover" else None

    return test


_CIRCUITS = "aws azure google oci"
rule(
    "LGW-001",
    H,
    [Kind.CIRCUIT],
    _twins,
    ("本番の専用線を2本にする", "Production has two circuits"),
    ("1本では、工事や断線で全業務が止まります。", "With one, a cut or works stop every business."),
    ("別の回線を加えてください。", "Add another circuit."),
    "circuits: {tokyo: {…}, osaka: {…}}",
    LINES,
    clouds=_CIRCUITS,
    stack=True,
)
rule(
    "LGW-002",
    H,
    [Kind.CIRCUIT],
    _places,
    ("2本の専用線を別の場所に置く", "The two circuits are in different places"),
    ("同じ建物では、同じ停電で止まります。", "In one building they fail together."),
    ("別の接続拠点（可用性ゾーン）を選んでください。", "Choose another location or edge domain."),
    "location: EqOS1",
    LINES,
    clouds="google azure oci",
    stack=True,
)
rule(
    "LGW-003",
    M,
    [Kind.CIRCUIT],
    _equal,
    ("2本の帯域を揃える", "The circuits have the same bandwidth"),
    ("細い方に切り替わると、業務が遅くなります。", "After a failover the thin one slows everything down."),
    ("帯域を揃えてください。", "Make them equal."),
    "bandwidth_mbps: 1000",
    LINES,
    clouds="google azure oci",
    stack=True,
)
rule(
    "LGW-004",
    H,
    [Kind.CIRCUIT_ROUTES, Kind.CIRCUIT],
    _narrow,
    ("専用線で広すぎる範囲を広告しない", "Circuits advertise no wide ranges"),
    ("広い広告は、他団体の経路を奪います。", "A wide advertisement takes other municipalities' routes."),
    ("テナントの範囲だけを広告してください。", "Advertise the tenant's ranges only."),
    'allowed_prefixes=["10.64.0.0/20"]',
    LINES,
    clouds="aws azure google",
)
rule(
    "LGW-005",
    H,
    [Kind.CIRCUIT_ROUTES, Kind.CIRCUIT],
    _internal,
    ("専用線で公開アドレスを広告しない", "Circuits advertise private space only"),
    ("LGWAN・庁内は私設アドレスです。", "LGWAN and the town hall use private addresses."),
    ("私設アドレスにしてください。", "Use private addresses."),
    'allowed_prefixes=["10.64.0.0/20"]',
    LINES,
    clouds="aws azure google",
)
rule(
    "LGW-006",
    M,
    [Kind.CIRCUIT, Kind.CIRCUIT_ROUTES, Kind.TRANSIT],
    _asn,
    ("私設の AS 番号を使う", "AS numbers are private"),
    (
        "他人の AS 番号は経路の混乱を招きます（RFC 6996）。",
        "Somebody else's number confuses routing (RFC 6996).",
    ),
    ("64512–65534 から選んでください。", "Choose one of 64512–65534."),
    'amazon_side_asn="64513"',
    LINES,
    clouds="aws azure google oci",
)
rule(
    "LGW-007",
    H,
    [Kind.VPN],
    absent,
    ("インターネット VPN で代えない", "No VPN over the internet instead of a circuit"),
    (
        "インターネットを経由する経路は原則禁止に当たります。",
        "A path over the internet falls under the prohibition.",
    ),
    ("専用線かハブに接続してください。", "Use a circuit or the hub."),
    "lgwan: {mode: own}",
    LINES,
    clouds="aws azure google oci sakura",
)
rule(
    "LGW-008",
    M,
    [Kind.CIRCUIT],
    _watched,
    ("専用線の断を知らせる", "A circuit that is down raises an alarm"),
    (
        "もう1本で動いている間に直さないと、次の断で止まります。",
        "If nobody mends it while the other carries all, the next cut stops everything.",
    ),
    ("回線のアラームを加えてください。", "Add an alarm."),
    'aws.cloudwatch.MetricAlarm(namespace="AWS/DX", …)',
    LINES,
    clouds="aws google oci azure",
    stack=True,
)

_PAIRS = (
    "住民の情報が、業務から業務へ渡る場所です。",
    "Residents' data passes from business to business there.",
)
for _name, _severity, _path, _title, _way, _example in (
    (
        "HND-001",
        H,
        "access.administrator",
        ("受け渡し場所への許可を組ごとに限る", "The hand-over is allowed pair by pair"),
        ("送る側と受ける側の組ごとに許可してください。", "Allow each pair of sender and receiver."),
        '"Resource": "arn:aws:s3:::handover/001-023/*"',
    ),
    (
        "HND-002",
        H,
        "encryption.in_transit",
        ("受け渡しは TLS だけで行う", "The hand-over takes TLS only"),
        ("TLS でない要求を拒否してください。", "Deny what is not TLS."),
        '"aws:SecureTransport": "false"',
    ),
    (
        "HND-003",
        M,
        "retention.expiry_days",
        ("受け渡したファイルを残さない", "What was handed over does not stay"),
        ("有効期限を付けてください。", "Let files expire."),
        "expiration={days: 30}",
    ),
    (
        "HND-004",
        H,
        "protection.versions",
        ("受け渡したファイルの上書きを元に戻せる", "Overwriting what was handed over can be undone"),
        ("版を残してください。", "Keep versions."),
        'versioning_configuration={status: "Enabled"}',
    ),
):
    del _path
    rule(
        _name,
        _severity,
        [Kind.BUCKET],
        {
            "HND-001": lambda f, c: None if f.purpose != "handover" else must_not("access.wildcard")(f, c),
            "HND-002": _handover("encryption.in_transit"),
            "HND-003": lambda f, c: (
                None
                if f.purpose != "handover"
                else (
                    False
                    if f.retention is None or f.retention.expiry_days is None
                    else at_most("retention.expiry_days", "handover_days")(f, c)
                )
            ),
            "HND-004": _handover("protection.versions"),
        }[_name],  # type: ignore[arg-type]
        _title,
        _PAIRS,
        _way,
        _example,
        HANDOVER,
        clouds="aws azure google oci" if _name in ("HND-003", "HND-004") else "aws",
    )
