"""NET: what may talk to what. An allow-list between named ranges, nothing wider."""

from __future__ import annotations

from collections import defaultdict
from ipaddress import ip_network

from policies.facts import UNKNOWN, Facts, Kind, Opening
from policies.join import Estate
from policies.rules.controls import AUDIT, SEGMENTS
from policies.rules.record import (
    C,
    Context,
    H,
    L,
    M,
    Outcome,
    StackTest,
    Test,
    must,
    must_not,
    rule,
)
from stacks.text import Text

Answers = list[tuple[Facts | None, Outcome]]

ADMIN_PORTS = (20, 21, 22, 23, 135, 139, 445, 3389, 5900, 5985, 5986)
DATA_PORTS = (1433, 1521, 2049, 2484, 3306, 5432, 6379, 9200, 11211, 27017)
ANYONE = frozenset({"*", "any", "internet"})


def width(peer: str) -> int | None:
    """The prefix length of an address block, 0 for anyone, None for what is no address block."""
    if peer.lower() in ANYONE:
        return 0
    try:
        block = ip_network(peer, strict=False)
    except ValueError:
        return None
    return block.prefixlen if block.version == 4 or block.prefixlen == 0 else block.prefixlen - 32


def _covers(opening: Opening, ports: tuple[int, ...]) -> bool:
    if not isinstance(opening.first, (int, float)) or not isinstance(opening.last, (int, float)):
        return opening.protocol == "-1"
    return opening.protocol == "-1" or any(opening.first <= port <= opening.last for port in ports)


def _openings(
    inbound: bool, narrower_than: int | None, ports: tuple[int, ...] = (), whole: bool = False
) -> Test:
    """No opening to a block wider than `narrower_than` bits (None: the configured width).

    `ports`: only openings that cover one of them; `whole`: only those of every port and protocol.
    """

    def wide(one: Opening, bound: int) -> Outcome:
        """False or a text for an opening that is too wide, UNKNOWN where it cannot be told."""
        if whole and one.protocol != "-1" and not (one.first in (0, 1) and one.last == 65535):
            return UNKNOWN if one.protocol is UNKNOWN else True
        unsure = bool(ports) and UNKNOWN in (one.protocol, one.first, one.last)
        if ports and not unsure and not _covers(one, ports):
            return True
        if one.peers is UNKNOWN:
            return UNKNOWN
        for peer in one.peers or ():
            bits = width(peer)
            if bits is not None and bits < bound:
                return UNKNOWN if unsure else _found(one, peer)
        return True

    def test(facts: Facts, context: Context) -> Outcome:
        if facts.openings is None or facts.openings is UNKNOWN:
            return facts.openings
        bound = context.parameters.widest_prefix if narrower_than is None else narrower_than
        answers = [
            wide(one, bound)
            for one in facts.openings
            if one.inbound is inbound and not _answers(facts, one) and (inbound or not _web(one, context))
        ]
        bad = next((a for a in answers if isinstance(a, Text)), None)
        return bad or (UNKNOWN if UNKNOWN in answers else True)

    return test


def _answers(facts: Facts, opening: Opening) -> bool:
    """Whether a rule of an ACL, which keeps no state, lets answers in: to the ports that clients use."""
    return (
        facts.kind is Kind.ACL
        and isinstance(opening.first, (int, float))
        and isinstance(opening.last, (int, float))
        and opening.first >= 1024
        and opening.last - opening.first > 10_000
    )


def _web(opening: Opening, context: Context) -> bool:
    """Whether an outbound rule is HTTPS (to the firewall) while an approved opening is in force."""
    return context.open and opening.first == 443 and opening.last == 443


def _found(opening: Opening, peer: str) -> Text:
    ports = "*" if opening.protocol == "-1" or opening.first is None else f"{opening.first}-{opening.last}"
    way = Text("着信", "inbound") if opening.inbound else Text("発信", "outbound")
    return Text(
        f"{way.ja}: {peer}、プロトコル {opening.protocol}、ポート {ports}",
        f"{way.en}: {peer}, protocol {opening.protocol}, ports {ports}",
    )


def _survey_flow_logs(estate: Estate, _: Context) -> list[tuple[Facts | None, Outcome]]:
    """Every network records its flows: itself, or all of its subnets."""
    logged = {
        f.urn for log in estate.of(Kind.FLOW_LOG) for f in estate.linked(log, (Kind.NETWORK, Kind.SUBNET))
    }
    subnets: dict[str, list[bool]] = defaultdict(list)
    for subnet in estate.of(Kind.SUBNET):
        on = subnet.urn in logged or (subnet.logging is not None and subnet.logging.enabled is True)
        for network in estate.linked(subnet, (Kind.NETWORK,)):
            subnets[network.urn].append(on)
    answers: list[tuple[Facts | None, Outcome]] = []
    for network in estate.of(Kind.NETWORK):
        if network.state == "":
            on = network.logging.enabled if network.logging else None
            parts = subnets[network.urn]
            covered = on is True or network.urn in logged or (bool(parts) and all(parts))
            answers.append((network, covered or (UNKNOWN if on is UNKNOWN else False)))
    return answers


_LIST = ("必要な範囲とポートだけを許可してください。", "Allow only the ranges and ports that are needed.")
_TABLE: tuple[tuple[str, object, list[Kind], Test, tuple[str, str], tuple[str, str], str, str], ...] = (
    (
        "NET-001",
        C,
        [Kind.GROUP],
        _openings(True, 1),
        ("誰からの着信も許す規則を置かない", "No rule takes traffic from anybody"),
        ("0.0.0.0/0 や ::/0 は「誰でも」です。", "0.0.0.0/0 and ::/0 mean anybody."),
        "ingress=[{cidr_blocks: [10.104.0.0/16], from_port: 443, to_port: 443, protocol: tcp}]",
        "aws azure google oci sakura",
    ),
    (
        "NET-002",
        H,
        [Kind.GROUP, Kind.ACL],
        _openings(True, None, ADMIN_PORTS),
        ("管理用ポートを広い範囲に開けない", "Administrative ports are not open to wide ranges"),
        (
            "SSH・RDP・ファイル共有は侵入と横展開の入口です。操作はセッション管理で行います。",
            "SSH, RDP and file sharing are how intruders enter and spread; session access needs none of them.",
        ),
        "ssm.StartSession instead of port 22",
        "aws azure google oci sakura",
    ),
    (
        "NET-003",
        H,
        [Kind.GROUP],
        _openings(True, None, DATA_PORTS),
        ("データベースのポートを広い範囲に開けない", "Database ports are not open to wide ranges"),
        ("データベースにはアプリケーションだけが接続します。", "Only the application talks to the database."),
        "source_security_group_id=app.id",
        "aws azure google oci sakura",
    ),
    (
        "NET-004",
        H,
        [Kind.GROUP],
        _openings(True, None, whole=True),
        ("広い範囲に全ポートを開けない", "Not every port is open to a wide range"),
        ("領域の区切りが無いのと同じです。", "It is as if there were no segments."),
        "from_port=443, to_port=443",
        "aws azure google oci sakura",
    ),
    (
        "NET-005",
        H,
        [Kind.GROUP],
        _openings(False, 1),
        ("誰への発信も許す規則を置かない", "No rule lets traffic out to anybody"),
        (
            "持ち出しと遠隔操作は発信で行われます。発信も許可リストで限ります。",
            "Data leaves, and remote control works, by outbound traffic: it needs an allow-list too.",
        ),
        "egress=[{prefix_list_ids: [s3.prefix_list_id], …}]",
        "aws azure google oci",
    ),
)
for _id, _severity, _kinds, _test, _title, _why, _example, _clouds in _TABLE:
    rule(_id, _severity, _kinds, _test, _title, _why, _LIST, _example, SEGMENTS, clouds=_clouds)  # type: ignore[arg-type]

_any_flow: StackTest = _survey_flow_logs

rule(
    "NET-006",
    H,
    [Kind.GROUP],
    lambda f, _: None if f.purpose != "default" else not f.openings,
    ("既定のセキュリティグループを空にする", "The default security group is empty"),
    (
        "指定を忘れたものは既定のグループに入ります。",
        "Whatever names no group falls into the default one.",
    ),
    ("規則を持たない DefaultSecurityGroup を置いてください。", "Adopt it without any rules."),
    "aws.ec2.DefaultSecurityGroup(…, vpc_id=vpc.id)",
    SEGMENTS,
    clouds="aws oci",
)
rule(
    "NET-007",
    H,
    [Kind.NETWORK],
    lambda f, _: f.purpose != "default" if f.purpose is not UNKNOWN else UNKNOWN,
    ("既定のネットワークや自動作成のサブネットを使わない", "No default network, no automatic subnets"),
    (
        "既定のものは公開前提で、アドレス計画とも重なります。",
        "They are made for the internet, and overlap with the address plan.",
    ),
    ("計画した CIDR のネットワークを作ってください。", "Make a network with planned ranges."),
    "auto_create_subnetworks=False",
    SEGMENTS,
    clouds="aws google",
)
rule(
    "NET-008",
    M,
    [Kind.NETWORK],
    _any_flow,
    ("ネットワークの通信記録をとる", "Networks record their flows"),
    (
        "事故の後で、何がどこへ流れたかを示す唯一の記録です。",
        "After an incident it is all that shows what went where.",
    ),
    ("フローログを有効にしてください。", "Turn flow logs on."),
    'aws.ec2.FlowLog(…, vpc_id=vpc.id, traffic_type="ALL")',
    AUDIT,
    clouds="aws google oci azure",
    stack=True,
)
rule(
    "NET-009",
    M,
    [Kind.FLOW_LOG],
    must("logging.complete"),
    ("通信記録は許可も拒否もすべてとる", "Flow logs record accepted and rejected traffic alike"),
    ("片方だけでは、侵入も探索も見落とします。", "With half of it, either intrusion or probing is missed."),
    ("すべての通信を記録してください。", "Record all traffic."),
    'traffic_type="ALL"',
    AUDIT,
    clouds="aws azure",
)


def peered(estate: Estate, _: Context) -> Answers:
    """A peering is a way around the hub, unless the routes over it lead to single hosts alone."""
    routes = estate.of(Kind.ROUTE)
    answers: Answers = []
    for one in estate.of(Kind.PEERING):
        behind = [w for r in routes if one.urn in estate.links.get(r.urn, ()) for w in r.ways]
        # The engine tells no ids while it runs: then every way of the tables that depend on it counts.
        found = [w for r in routes for w in r.ways if w.to in one.handles] if one.handles else behind
        blocks = [w.block for w in found]
        unsure = UNKNOWN in blocks or any(w.to is UNKNOWN for w in behind)
        wide = sorted(b for b in blocks if isinstance(b, str) and not _one_host(b))
        if one.state:
            answers.append((one, True))
        elif wide:
            said = ", ".join(wide)
            answers.append((one, Text(f"経路: {said}", f"routes over it: {said}")))
        else:
            answers.append((one, UNKNOWN if unsure else bool(blocks)))
    return answers


def _one_host(block: str) -> bool:
    try:
        return ip_network(block, strict=False).num_addresses == 1
    except ValueError:
        return False


rule(
    "NET-010",
    M,
    [Kind.PEERING],
    peered,
    (
        "ピアリングで通すのは個々のホストだけにする",
        "A peering leads to single hosts, never to a network",
    ),
    (
        "ピアリングはハブの経路制御とファイアウォールを迂回します。事業者のサービス1台に限れば、私設エンドポイントと同じ広さです。",
        "Peering goes around the hub's routing and firewall. To one host of a vendor's service it is as narrow as a private endpoint.",
    ),
    (
        "ハブ（トランジットゲートウェイ等）に接続するか、経路を /32 に絞ってください。",
        "Attach to the hub instead, or narrow its routes to /32.",
    ),
    "aws.ec2transitgateway.VpcAttachment(…)",
    SEGMENTS,
    clouds="aws azure google oci",
    stack=True,
)
rule(
    "NET-011",
    M,
    [Kind.SERVER],
    must_not("compute.forwards"),
    ("サーバーに他人宛の通信を中継させない", "Servers do not forward other machines' traffic"),
    ("中継するサーバーは区切りの抜け道になります。", "A forwarding server is a way around the segments."),
    ("転送を無効にしてください。", "Turn forwarding off."),
    "source_dest_check=True",
    SEGMENTS,
    clouds="aws azure google oci",
)
rule(
    "NET-012",
    M,
    [Kind.SUBNET],
    must("exposure.blocked"),
    ("サブネットの既定の外部接続を止め、私設の口を使う", "Subnets reach the cloud's services privately"),
    (
        "私設の口が無いと、クラウド自身のサービスにもインターネット経由で届こうとします。",
        "Without it even the cloud's own services are reached over the internet.",
    ),
    ("プライベートアクセスを有効にしてください。", "Turn private access on."),
    "private_ip_google_access=True",
    SEGMENTS,
    clouds="google azure oci",
)
rule(
    "NET-013",
    M,
    [Kind.TRANSIT],
    must_not("line.auto_accept"),
    ("接続の申し込みを自動で受け入れない", "Attachments are not accepted automatically"),
    ("受け入れは人が確かめてから行います。", "Somebody must look before a network joins."),
    ("自動受け入れを無効にしてください。", "Turn it off."),
    'auto_accept_shared_attachments="disable"',
    SEGMENTS,
    clouds="aws",
)
rule(
    "NET-014",
    M,
    [Kind.TRANSIT],
    must_not("line.shared_table"),
    ("既定の経路表に自動で参加させない", "Attachments do not join a shared default route table"),
    (
        "既定の表では団体どうし・領域どうしが互いに届きます。",
        "In a shared table municipalities and segments reach each other.",
    ),
    ("既定の関連付けと伝播を無効にしてください。", "Turn default association and propagation off."),
    'default_route_table_association="disable"',
    SEGMENTS,
    clouds="aws",
)
rule(
    "NET-015",
    L,
    [Kind.ENDPOINT],
    must_not("access.anyone"),
    ("プライベートエンドポイントのポリシーを絞る", "Private endpoints have a policy"),
    (
        "既定のポリシーは、他人のアカウントの同じサービスにも届きます。",
        "By default an endpoint also reaches other people's accounts of the same service.",
    ),
    ("自分のアカウントに限るポリシーを付けてください。", "Limit it to your own account."),
    '"Condition": {"StringEquals": {"aws:ResourceAccount": "111122223333"}}',
    SEGMENTS,
    clouds="aws",
)
