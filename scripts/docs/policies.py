"""docs/policies.md and docs/policies.ja.md, made from the rules: `python -m scripts.docs.policies [--check]`."""

from __future__ import annotations

import sys
from pathlib import Path

from policies.report.words import SEVERITIES
from policies.rules import RULES
from policies.rules.controls import FRAMEWORKS
from policies.rules.record import Rule
from policies.settings import PARAMETERS
from stacks.text import Language, Text

DOCS = Path(__file__).resolve().parents[2] / "docs"
FILES: dict[Language, Path] = {"ja": DOCS / "policies.ja.md", "en": DOCS / "policies.md"}
FAMILIES = {
    "LOC": Text("所在", "Location"),
    "EXP": Text("公開", "Exposure"),
    "NET": Text("領域の区切り", "Segmentation"),
    "ENC": Text("暗号化", "Encryption"),
    "KEY": Text("鍵", "Keys"),
    "IAM": Text("ID と権限", "Identity"),
    "CRE": Text("資格情報", "Credentials"),
    "LOG": Text("記録と監視", "Logging and watching"),
    "RET": Text("保存期間", "Retention"),
    "BCK": Text("バックアップと災害対策", "Backup and disaster recovery"),
    "PAT": Text("修正の適用", "Patching"),
    "AVL": Text("可用性", "Availability"),
    "TAG": Text("タグと資産", "Tags and assets"),
    "CST": Text("費用", "Cost"),
    "LGW": Text("LGWAN 接続", "LGWAN connection"),
    "HND": Text("庁内データ連携", "Data hand-over"),
    "DEL": Text("削除保護", "Deletion protection"),
    "STA": Text("状態と秘密", "State and secrets"),
    "EXC": Text("例外", "Exceptions"),
}
_HEAD = Text(
    """# ポリシー

`policies/rules` から作っています（`python -m scripts.docs.policies`）。使い方は [pipelines](pipelines/README.md) にあります。

* 一つの規則は、五つのクラウドの共通の事実に対して一度だけ書かれています。
* 重大さが「致命的」「高」のものは、既定で `up` を止めます（`mandatory`）。ほかは知らせるだけです（`advisory`）。
* 対応する管理策は本ツールの提案です。確かさを添えています。原典を確認していないものを事実として扱わないでください。
* プレビューで分からない値は「まだ判定できない」になり、「問題なし」にはなりません。
""",
    """# Policies

Made from `policies/rules` (`python -m scripts.docs.policies`). How to use them: [pipelines](pipelines/README.md).

* A rule is written once, over facts that five clouds share.
* What is `critical` or `high` stops `up` by default (`mandatory`); the rest only tells (`advisory`).
* The controls are this toolkit's proposal, each with how sure we are. Do not take what was not verified as fact.
* A value that a preview does not know is "cannot be told yet", never "fine".
""",
)


def page(language: Language) -> str:
    """The whole page."""
    parts = [_HEAD.say(language)]
    for family, title in FAMILIES.items():
        parts.append(f"## {family} {title.say(language)}\n")
        parts += [_rule(r, language) for r in RULES.values() if r.family == family]
    return "\n".join(parts)


def _rule(rule: Rule, language: Language) -> str:
    controls = "; ".join(
        f"{FRAMEWORKS[c.framework].say(language)} {c.id} ({c.confidence.note.say(language)})"
        for c in rule.controls
    )
    lines = [
        f"### {rule.id} {rule.title.say(language)}\n",
        f"{rule.why.say(language)}\n",
        f"* {Text('重大さ', 'Severity').say(language)}: {SEVERITIES[rule.severity].say(language)}",
        f"* {Text('クラウド', 'Clouds').say(language)}: {', '.join(rule.clouds)}",
        f"* {Text('対象', 'Kinds').say(language)}: {', '.join(sorted(rule.kinds)) or '*'}"
        if len(rule.kinds) < 30
        else f"* {Text('対象', 'Kinds').say(language)}: *",
        f"* {Text('対処', 'What to do').say(language)}: {rule.remedy.say(language)}",
    ]
    if rule.id in PARAMETERS:
        names = ", ".join(f"`{n}`" for n in PARAMETERS[rule.id])
        lines.append(f"* {Text('パラメーター', 'Parameters').say(language)}: {names}")
    lines += [
        f"* {Text('管理策', 'Controls').say(language)}: {controls}",
        "",
        f"```\n{rule.example}\n```\n",
    ]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Write the pages; with `--check` say whether they are as they should be."""
    stale = [
        f
        for language, f in FILES.items()
        if not f.exists() or f.read_text(encoding="utf-8") != page(language)
    ]
    if "--check" in arguments:
        return 1 if stale else 0
    for language, file in FILES.items():
        file.write_text(page(language), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
