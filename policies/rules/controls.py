"""The controls that rules serve, by ids only, each with how sure we are.

Ids of ISMAP 管理策基準 are those of JIS Q 27002:2014 (a secondary source read the criteria of
2022-04-01); which rule serves which is this toolkit's own judgement, and the ids with a cloud suffix
(.P) were not verified. The bodies of 総務省ガイドライン and 非機能要件の標準 were not read: what is
cited of them is what secondary sources report.
"""

from __future__ import annotations

from types import MappingProxyType

from policies.rules.record import Confidence, Control
from stacks.text import Text

FRAMEWORKS = MappingProxyType(
    {
        "ismap": Text("ISMAP 管理策基準", "ISMAP control criteria"),
        "mic": Text(
            "地方公共団体における情報セキュリティポリシーに関するガイドライン",
            "MIC security policy guideline for local governments",
        ),
        "three-layers": Text("三層の対策", "Three-layer segmentation (三層の対策)"),
        "nfr": Text("地方公共団体情報システム非機能要件の標準", "Standard of non-functional requirements"),
        "toolkit": Text("本ツールの設計基準", "This toolkit's own design"),
    }
)


def ismap(*ids: str) -> tuple[Control, ...]:
    """ISMAP 管理策基準 by id."""
    return tuple(
        Control("ismap", i, Confidence.UNVERIFIED if i.endswith((".P", ".PB", ".B")) else Confidence.INFERRED)
        for i in ids
    )


CLOSED = (
    Control("mic", "第4編（ガバメントクラウド特則）: インターネット接続の原則禁止", Confidence.SECONDARY),
    *ismap("13.1.1", "13.1.3"),
)
"""The internet is prohibited in principle, with three exceptions."""
SEGMENTS = (
    Control("three-layers", "領域間の通信の限定", Confidence.SECONDARY),
    *ismap("13.1.1", "13.1.3", "13.1.4.P"),
)
DOMESTIC = (
    *ismap("18.1.1", "18.1.4", "15.1.1"),
    Control("toolkit", "国内リージョン限定", Confidence.INFERRED),
)
CRYPTO = ismap("10.1.1", "18.1.5")
KEYS = ismap("10.1.1", "10.1.2")
TRANSIT = ismap("10.1.1", "13.2.1", "14.1.2")
IDENTITY = ismap("9.2.1", "9.2.3", "9.4.2")
PRIVILEGE = ismap("9.1.2", "9.2.3", "9.4.1")
SECRETS = ismap("9.2.4", "9.4.3")
AUDIT = ismap("12.4.1", "12.4.2", "12.4.3", "12.4.5.P")
ALERTS = ismap("16.1.2", "12.4.5.P")
KEEPING = (*ismap("12.4.2", "18.1.3"), Control("toolkit", "監査ログ 1年・保管 7年", Confidence.INFERRED))
BACKUPS = (*ismap("12.3.1", "17.1.2"), Control("nfr", "A.1.3.1 RPO", Confidence.SECONDARY))
DISASTER = (*ismap("12.3.1", "17.1.1"), Control("nfr", "A.3.2.1 外部保管", Confidence.SECONDARY))
UPTIME = (*ismap("17.2.1"), Control("nfr", "A.1.5.1 稼働率", Confidence.SECONDARY))
MENDING = ismap("12.6.1", "9.5.2.P", "12.2.1")
ASSETS = ismap("8.1.1", "8.1.2", "8.2.1", "8.2.2")
ERASURE = ismap("8.1.5.P", "8.3.2")
COST = (Control("toolkit", "FinOps", Confidence.INFERRED),)
LINES = (
    Control("toolkit", "LGWAN接続の冗長化", Confidence.INFERRED),
    *ismap("13.1.1", "17.2.1"),
)
HANDOVER = (
    Control("toolkit", "庁内データ連携の受け渡し場所", Confidence.INFERRED),
    *ismap("13.2.1", "9.4.1"),
)
CHANGE = ismap("12.1.2", "14.2.2")
STAGES = ismap("12.1.4")
EXCEPTIONS = (Control("toolkit", "例外の期限と承認", Confidence.INFERRED), *ismap("18.2.2"))
