"""EXP: the internet is closed. Three purposes may open it: patch, license, console."""

from __future__ import annotations

from policies.facts import UNKNOWN, Facts, Kind
from policies.rules.controls import CLOSED
from policies.rules.record import C, Context, H, M, Outcome, must, must_not, rule

PURPOSES = ("patch", "license", "console")


def approved(facts: Facts, context: Context) -> Outcome:
    """Its mere existence is the finding, unless one of the three purposes is approved and in force.

    By the manifest (`internet`), or by tags on the resource: internet-purpose, -approver, -expires.
    """
    if facts.state:
        return None
    if context.open:
        return True
    if facts.tags is UNKNOWN:
        return UNKNOWN
    tags = facts.tags or {}
    return (
        tags.get("internet-purpose") in PURPOSES
        and bool(tags.get("internet-approver"))
        and tags.get("internet-expires", "") >= context.today.isoformat()
    )


def _default_route(facts: Facts, context: Context) -> Outcome:
    route = facts.exposure.default_route if facts.exposure else None
    if route is not True:
        return None if route is None else True if route is False else UNKNOWN
    return approved(facts, context)


_WAY = (
    "マニフェストの internet に目的（patch・license・console）、承認者、期限を書くか、削除してください。",
    "Name the purpose (patch, license, console), approver and expiry under `internet` in the manifest, or remove it.",
)
_WHY = (
    "総務省ガイドラインではインターネット接続は原則禁止で、例外は3つと報告されています（二次資料）。",
    "The MIC guideline is reported to prohibit the internet in principle, with three exceptions (secondary source).",
)
_PRIVATE = (
    "公開を止め、プライベートエンドポイントか閉域網から使ってください。",
    "Close it and use it over a private endpoint or the closed network.",
)
_YAML = (
    "internet:\n  patch: {destinations: [patch.vendor.example], reason: …, approver: …, expires: 2027-03-31}"
)

for _id, _severity, _kind, _title, _clouds in (
    (
        "EXP-001",
        C,
        Kind.INTERNET_GATEWAY,
        ("承認なくインターネットゲートウェイを置かない", "No internet gateway without approval"),
        "aws oci sakura",
    ),
    (
        "EXP-002",
        H,
        Kind.NAT,
        ("承認なく NAT を置かない", "No NAT without approval"),
        "aws azure google oci",
    ),
    (
        "EXP-003",
        H,
        Kind.ADDRESS,
        ("承認なくパブリック IP アドレスを持たない", "No public address without approval"),
        "aws azure google oci",
    ),
):
    rule(_id, _severity, [_kind], approved, _title, _WHY, _WAY, _YAML, CLOSED, clouds=_clouds)

rule(
    "EXP-004",
    C,
    [Kind.SERVER],
    must_not("exposure.public_address"),
    ("サーバーにパブリック IP を付けない", "Servers have no public address"),
    (
        "サーバーへ外から直接届く道は、三つの例外のどれでもありません。",
        "A way from outside straight to a server is none of the three exceptions.",
    ),
    (
        "パブリック IP を外し、セッション管理経由で操作してください。",
        "Remove it and use session access instead.",
    ),
    "associate_public_ip_address=False",
    CLOSED,
)
rule(
    "EXP-005",
    H,
    [Kind.SUBNET],
    must_not("exposure.public_address"),
    ("サブネットで公開アドレスを自動で付けない", "Subnets hand out no public addresses"),
    (
        "自動で付く設定では、作る人が気付かないうちに公開されます。",
        "What is handed out by default is published without anybody deciding it.",
    ),
    ("自動割り当てを無効にしてください。", "Turn it off."),
    "map_public_ip_on_launch=False",
    CLOSED,
    clouds="aws oci",
)
rule(
    "EXP-006",
    C,
    [Kind.LOAD_BALANCER],
    must_not("exposure.public_address"),
    ("ロードバランサーを内部向けにする", "Load balancers are internal"),
    (
        "業務は庁内から閉域網で使います。",
        "The applications are used from the town hall over the closed network.",
    ),
    ("内部向けに作り直してください。", "Make it internal."),
    "internal=True",
    CLOSED,
    clouds="aws azure google oci sakura",
)
rule(
    "EXP-007",
    C,
    [Kind.BUCKET],
    must_not("exposure.anonymous"),
    ("バケットを誰にでも見せない", "Buckets are not open to anybody"),
    (
        "ACL・ポリシー・権限のどれか一つで公開できてしまいます。",
        "An ACL, a policy or a grant is enough to publish what is in it.",
    ),
    ("全員への許可を取り除いてください。", "Remove what allows everybody."),
    'acl="private"',
    CLOSED,
    clouds="aws azure google oci",
)
rule(
    "EXP-008",
    H,
    [Kind.BUCKET],
    must("exposure.blocked"),
    ("バケットの公開を設定で塞ぐ", "Public access to buckets is blocked by a setting"),
    (
        "塞いでおけば、後から誤った許可を足しても公開されません。",
        "Where it is blocked, a wrong grant added later publishes nothing.",
    ),
    ("公開ブロックをすべて有効にしてください。", "Turn every block on."),
    "aws.s3.BucketPublicAccessBlock(…, block_public_acls=True, block_public_policy=True,\n"
    "    ignore_public_acls=True, restrict_public_buckets=True)",
    CLOSED,
    clouds="aws azure google",
)
rule(
    "EXP-009",
    H,
    [Kind.ACCOUNT_BLOCK],
    must("exposure.blocked"),
    ("アカウント全体で公開を塞ぐ", "Public access is blocked for the whole account"),
    (
        "一つずつの設定漏れを防ぐ最後の砦です。",
        "It is the last defence where a single setting was forgotten.",
    ),
    ("すべての項目を有効にしてください。", "Turn every item on."),
    "aws.s3.AccountPublicAccessBlock(…, block_public_acls=True, …)",
    CLOSED,
    clouds="aws",
)
rule(
    "EXP-010",
    C,
    [Kind.DATABASE],
    must_not("exposure.public_access"),
    ("データベースを公開しない", "Databases are not public"),
    ("住民データの本体です。", "It is the residents' data itself."),
    _PRIVATE,
    "publicly_accessible=False",
    CLOSED,
    clouds="aws azure google",
)
rule(
    "EXP-011",
    H,
    [Kind.CACHE, Kind.SEARCH, Kind.WAREHOUSE, Kind.NOSQL, Kind.STREAM],
    must_not("exposure.public_access"),
    ("データサービスを公開しない", "Data services are not public"),
    (
        "キャッシュ・検索・分析・ストリームにも同じデータが入ります。",
        "Caches, search, warehouses and streams hold the same data.",
    ),
    _PRIVATE,
    "public_network_access=Disabled",
    CLOSED,
    clouds="aws azure google",
)
rule(
    "EXP-012",
    H,
    [Kind.CONTAINERS],
    must_not("exposure.public_address"),
    ("コンテナサービスを公開しない", "Container services are not public"),
    (
        "公開アドレスの付いたコンテナは外から直接届きます。",
        "A container with a public address can be reached from outside.",
    ),
    ("内部からの着信だけにしてください。", "Take traffic from inside only."),
    "assign_public_ip=False",
    CLOSED,
    clouds="aws azure google oci sakura",
)
rule(
    "EXP-013",
    C,
    [Kind.FUNCTION, Kind.API, Kind.CONTAINERS, Kind.REGISTRY],
    must_not("exposure.anonymous"),
    ("認証なしで呼べるものを作らない", "Nothing can be called without authentication"),
    ("誰が呼んだかを記録できず、止めることもできません。", "Nobody can tell who called, or stop them."),
    ("呼び出しに認証を必須にしてください。", "Require authentication."),
    'authorization_type="AWS_IAM"',
    CLOSED,
    clouds="aws azure google sakura",
)
rule(
    "EXP-014",
    H,
    [Kind.CLUSTER],
    must_not("exposure.public_access"),
    ("Kubernetes の API を公開しない", "The Kubernetes API is not public"),
    ("API はクラスター全体の管理者の入口です。", "The API is the door to everything in the cluster."),
    _PRIVATE,
    "endpoint_public_access=False",
    CLOSED,
    clouds="aws azure google oci",
)
rule(
    "EXP-015",
    C,
    [Kind.IMAGE],
    must_not("exposure.anonymous"),
    ("イメージ・スナップショットを共有公開しない", "Images and snapshots are not shared with everybody"),
    ("ディスクの中身がそのまま渡ります。", "They carry the whole disk."),
    ("全員への共有を取り消してください。", "Withdraw what is shared with everybody."),
    'aws.ec2.AmiLaunchPermission(…, account_id="111122223333")',
    CLOSED,
    clouds="aws google",
)
rule(
    "EXP-016",
    C,
    [Kind.ROUTE],
    _default_route,
    ("承認なくインターネットへの既定経路を持たない", "No default route to the internet without approval"),
    (
        "既定経路があると、どのサーバーからも外に出られます。",
        "With a default route every server can reach the outside.",
    ),
    _WAY,
    _YAML,
    CLOSED,
    clouds="aws azure google oci",
)
rule(
    "EXP-017",
    H,
    [Kind.SECRET, Kind.KEY, Kind.BACKUP_VAULT],
    must_not("exposure.public_access"),
    ("鍵と秘密の保管庫を公開しない", "Vaults of keys and secrets are not public"),
    (
        "鍵が届く所にあれば、暗号化は意味を失います。",
        "Encryption means little where its keys can be reached.",
    ),
    _PRIVATE,
    'public_network_access="Disabled"',
    CLOSED,
    clouds="azure",
)
rule(
    "EXP-018",
    H,
    [Kind.BUCKET, Kind.FILES, Kind.REGISTRY, Kind.QUEUE],
    must_not("exposure.public_access"),
    ("ストレージの口を公開ネットワークに開けない", "Storage has no door on the public network"),
    (
        "鍵が漏れたとき、口が開いていれば誰でも使えます。",
        "If a key leaks, an open door lets anybody use it.",
    ),
    _PRIVATE,
    'public_network_access="Disabled"',
    CLOSED,
    clouds="azure",
)
rule(
    "EXP-019",
    C,
    [Kind.QUEUE, Kind.TOPIC, Kind.SECRET, Kind.KEY, Kind.BACKUP_VAULT, Kind.FILES],
    must_not("exposure.anonymous"),
    ("リソースのポリシーで全員に許可しない", "Resource policies do not allow everybody"),
    (
        "条件のない全員への許可は、他人のアカウントからの操作も許します。",
        "Allowing everybody without a condition allows other people's accounts too.",
    ),
    ("相手を限定するか、条件を付けてください。", "Name the principal or add a condition."),
    '"Principal": {"AWS": "arn:aws:iam::111122223333:root"}',
    CLOSED,
    clouds="aws google",
)
rule(
    "EXP-020",
    M,
    [Kind.DNS_ZONE],
    must_not("exposure.public_access"),
    ("DNS ゾーンを非公開にする", "DNS zones are private"),
    ("内部の名前は攻撃者の地図になります。", "Internal names are a map for an attacker."),
    ("プライベートゾーンにしてください。", "Make it a private zone."),
    "vpcs=[aws.route53.ZoneVpcArgs(vpc_id=vpc.id)]",
    CLOSED,
    clouds="aws azure google oci",
)
rule(
    "EXP-021",
    H,
    [Kind.API],
    must_not("exposure.public_access"),
    ("API ゲートウェイを内部向けにする", "API gateways are private"),
    ("公開 API はインターネットの口です。", "A public API is a door to the internet."),
    ("プライベート型にしてください。", "Make it private."),
    'endpoint_configuration={"types": "PRIVATE"}',
    CLOSED,
    clouds="aws oci",
)
