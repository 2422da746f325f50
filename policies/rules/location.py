"""LOC: data and machines stay in Japan."""

from __future__ import annotations

from functools import lru_cache

from policies.facts import UNKNOWN, Facts, Kind
from policies.rules.controls import DOMESTIC
from policies.rules.record import C, Context, H, M, Outcome, absent, rule
from stacks.text import Text


def domestic(cloud: str, region: str, context: Context) -> bool:
    """Whether `region` (or a zone of it) is one of the cloud's domestic ones."""
    return _domestic(cloud, region, context.parameters.regions.get(cloud, ()))


@lru_cache(4096)
def _domestic(cloud: str, region: str, allowed: tuple[str, ...]) -> bool:
    low = region.lower().replace(" ", "")
    if cloud in ("google", "aws"):
        return any(low == r or (low.startswith(r) and low[len(r) :].lstrip("-").isalpha()) for r in allowed)
    return low in allowed


def _region(facts: Facts, context: Context) -> Outcome:
    where = facts.location
    if where is None or where.region is None:
        return None
    if where.region is UNKNOWN:
        return UNKNOWN
    if where.region in ("global", "Global", "aws-global"):
        return None
    if domestic(facts.cloud, where.region, context):
        return True
    return Text(f"リージョンは {where.region} です。", f"The region is {where.region}.")


def _copies(facts: Facts, context: Context) -> Outcome:
    where = facts.location
    if where is None or where.copies is None:
        return None
    if where.copies is UNKNOWN:
        return UNKNOWN
    abroad = [r for r in where.copies if not domestic(facts.cloud, r, context)]
    if not abroad:
        return True
    listed = ", ".join(abroad)
    return Text(f"複製先: {listed}", f"It is copied to {listed}.")


def _scope(facts: Facts, _: Context) -> Outcome:
    zone = facts.location.zone if facts.location else None
    if zone is None or zone is UNKNOWN:
        return zone
    return zone.lower() != "is1c" or Text("ゾーン is1c です。", "It is in zone is1c.")


rule(
    "LOC-001",
    C,
    [k for k in Kind if k is not Kind.PROVIDER],
    _region,
    ("国内リージョンだけを使う", "Only domestic regions are used"),
    (
        "住民データと機器は日本国内の法の下に置きます。ガバメントクラウドでは国内リージョンに限定します。",
        "Residents' data and what handles it stay under Japanese law, in the two domestic regions of each cloud.",
    ),
    ("国内リージョンに作り直してください。", "Create it in a domestic region."),
    'aws.s3.Bucket("b", region="ap-northeast-1")',
    DOMESTIC,
)
rule(
    "LOC-002",
    H,
    [k for k in Kind if k is not Kind.PROVIDER],
    _scope,
    ("ISMAP の対象範囲のゾーンだけを使う", "Only zones within the ISMAP scope are used"),
    (
        "さくらのクラウドの登録範囲は tk1a・tk1b・is1a・is1b で、is1c は含まれないと報告されています（二次資料）。",
        "The registered scope of Sakura is reported as tk1a, tk1b, is1a, is1b; is1c is not in it (secondary source).",
    ),
    ("is1a・is1b・tk1a・tk1b のどれかに置いてください。", "Use is1a, is1b, tk1a or tk1b."),
    "zone: is1b",
    DOMESTIC,
    clouds="sakura",
)
rule(
    "LOC-003",
    H,
    [Kind.PROVIDER],
    _region,
    ("プロバイダーの既定リージョンを国内にする", "The provider's default region is domestic"),
    (
        "リージョンを書かないリソースは既定リージョンに作られます。",
        "What names no region is created in the provider's.",
    ),
    (
        "プロバイダーの region を国内リージョンにしてください。",
        "Set the provider's region to a domestic one.",
    ),
    'aws.Provider("aws", region="ap-northeast-1")',
    DOMESTIC,
    clouds="aws google oci",
)
rule(
    "LOC-004",
    C,
    [
        Kind.BUCKET,
        Kind.DATABASE,
        Kind.NOSQL,
        Kind.BACKUP_PLAN,
        Kind.KEY,
        Kind.SECRET,
        Kind.REGISTRY,
        Kind.IMAGE,
        Kind.FILES,
    ],
    _copies,
    ("複製・退避先も国内リージョンにする", "Replicas and copies stay in domestic regions"),
    (
        "複製も原本と同じデータです。国外への複製は国外への持ち出しです。",
        "A copy is the same data: copying it abroad is taking it abroad.",
    ),
    ("複製先を国内のもう一つのリージョンにしてください。", "Copy to the other domestic region."),
    'aws.secretsmanager.SecretReplicaArgs(region="ap-northeast-3")',
    DOMESTIC,
    clouds="aws azure google",
)
rule(
    "LOC-005",
    M,
    [Kind.CDN],
    absent,
    ("コンテンツ配信網を使わない", "No content delivery network"),
    (
        "配信網は世界中の拠点に写しを置き、インターネットに公開します。",
        "It puts copies at places around the world and publishes on the internet.",
    ),
    ("内部ロードバランサーから配ってください。", "Serve from an internal load balancer."),
    "internal=True",
    DOMESTIC,
    clouds="aws azure google",
)
