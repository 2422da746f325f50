"""The words of the page, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from scripts.fleet.model import Operation, Outcome
from stacks.text import Text

OUTCOMES: Mapping[Outcome, Text] = {
    "failed": Text("失敗", "failed"),
    "cancelled": Text("中止", "cancelled"),
    "running": Text("実行中", "running"),
    "waiting": Text("未着手", "waiting"),
    "changed": Text("変更あり", "changed"),
    "unchanged": Text("変更なし", "unchanged"),
    "skipped": Text("省略", "skipped"),
}
"""What wants attention first."""

OPERATIONS: Mapping[Operation, Text] = {
    "preview": Text("変更の確認", "preview"),
    "up": Text("構築・更新", "up"),
    "refresh": Text("実際の姿の取り込み", "refresh"),
    "drift": Text("外からの変更の検出", "drift"),
    "destroy": Text("撤去", "destroy"),
    "check": Text("ポリシー検査", "policy check"),
}

CHANGES: Mapping[str, Text] = {
    "create": Text("作成", "create"),
    "update": Text("変更", "update"),
    "replace": Text("作り直し", "replace"),
    "delete": Text("削除", "delete"),
    "import": Text("取り込み", "import"),
    "refresh": Text("照合", "refresh"),
}

KINDS: Mapping[str, Text] = {
    "prefecture": Text("都道府県", "prefecture"),
    "city": Text("市", "city"),
    "town": Text("町", "town"),
    "village": Text("村", "village"),
    "special_ward": Text("特別区", "special ward"),
}

ENVIRONMENTS: Mapping[str, Text] = {
    "production": Text("本番", "production"),
    "verification": Text("検証", "verification"),
}

TARGETS: Mapping[str, Text] = {
    "twin": Text("デジタルツイン", "digital twin"),
    "cloud": Text("実クラウド", "real clouds"),
}
