"""The picture of the layers in the README, drawn from an inventory: what a tenant really has.

`python -m scripts.docs.picture` writes `docs/layers.ja.svg` and `docs/layers.en.svg` from the
inventory of the example tenant; a test fails when they are stale.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

import yaml

from stacks.text import Language, Text

ROOT = Path(__file__).resolve().parents[2]
INVENTORY = ROOT / "tests/inventory/131041-shinjuku.yaml"

TITLE = Text(
    "新宿区のテナント(AWS、例示) — {total} リソース",
    "The tenant of Shinjuku (AWS, example): {total} resources",
)
TOWN_HALL = Text("庁内\nLGWAN", "Town hall\nLGWAN")
BANDS: Mapping[str, tuple[str, Text]] = {
    "Saas": ("#d9eadf", Text("SaaS 業務アプリケーション", "SaaS: the vendors' applications")),
    "Paas": ("#dbe8f4", Text("PaaS データベース・コンテナ・連携", "PaaS: databases, containers, hand-over")),
    "Iaas": ("#e9e2f3", Text("IaaS ネットワーク・サーバ・ストレージ", "IaaS: network, servers, storage")),
    "Lgwan": ("#fbeccb", Text("LGWAN 閉域接続", "LGWAN: the closed connection")),
    "Baseline": (
        "#f6dcd6",
        Text("ベースライン 記録・検知・鍵・バックアップ", "Baseline: records, detection, keys, backup"),
    ),
}
SERVICES: Mapping[str, str] = {
    "acm": "ACM",
    "acmpca": "Private CA",
    "account": "Contacts",
    "accessanalyzer": "Access Analyzer",
    "appautoscaling": "Auto Scaling",
    "backup": "Backup",
    "budgets": "Budgets",
    "cfg": "Config",
    "cloudtrail": "CloudTrail",
    "cloudwatch": "CloudWatch",
    "directconnect": "Direct Connect",
    "ebs": "EBS",
    "ec2": "VPC / EC2",
    "ec2transitgateway": "Transit Gateway",
    "ecr": "ECR",
    "ecs": "ECS Fargate",
    "efs": "EFS",
    "guardduty": "GuardDuty",
    "iam": "IAM",
    "kms": "KMS",
    "lb": "Load Balancer",
    "networkfirewall": "Firewall",
    "rds": "RDS",
    "route53": "Route 53",
    "s3": "S3",
    "scheduler": "Scheduler",
    "secretsmanager": "Secrets",
    "securityhub": "Security Hub",
    "sns": "SNS",
    "sqs": "SQS",
    "ssm": "Systems Manager",
    "vpc": "VPC rules",
}
"""How AWS itself calls the services, by the SDK's module."""

WIDTH, LEFT, CHIP, LINE, PAD = 960, 150, 26, 34, 14
FONT = "'Noto Sans JP','Hiragino Sans','Yu Gothic UI',Meiryo,sans-serif"


def draw(inventory: Mapping[str, Any], language: Language) -> str:
    """An SVG of the five layers, each with the services it is made of and how many resources."""
    y, bands = 56, []
    top, circuit = y, y
    for layer, (colour, title) in BANDS.items():
        lines = list(_wrap(_services(inventory["layers"].get(layer, {}))))
        height = 34 + LINE * max(1, len(lines)) + 6
        bands.append(_band(y, height, colour, title.say(language), lines))
        if layer == "Lgwan":
            circuit = y + height // 2
        y += height + 8
    height = y - top - 8
    body = "\n".join(bands)
    title = escape(TITLE.say(language).format(total=inventory["total"]))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 8}" font-family="{FONT}">\n'
        f'<rect width="{WIDTH}" height="{y + 8}" fill="#ffffff"/>\n'
        f'<text x="{PAD}" y="34" font-size="20" font-weight="700" fill="#22313f">{title}</text>\n'
        f"{_town_hall(top, height, circuit, language)}\n{body}\n</svg>\n"
    )


def _services(counts: Mapping[str, int]) -> list[str]:
    services: Counter[str] = Counter()
    for token, count in counts.items():
        services[token.split(":")[1].split("/")[0].lower()] += count
    return [f"{SERVICES.get(module, module)} {count}" for module, count in services.most_common()]


def _wrap(chips: list[str]) -> Iterator[list[tuple[int, int, str]]]:
    """Chips as (x, width, text), line by line."""
    line: list[tuple[int, int, str]] = []
    x = LEFT + PAD
    for text in chips:
        width = 20 + 8 * len(text)
        if x + width > WIDTH - 2 * PAD and line:
            yield line
            line, x = [], LEFT + PAD
        line.append((x, width, text))
        x += width + 8
    if line:
        yield line


def _band(y: int, height: int, colour: str, title: str, lines: list[list[tuple[int, int, str]]]) -> str:
    parts = [
        f'<rect x="{LEFT}" y="{y}" width="{WIDTH - LEFT - PAD}" height="{height}" rx="8" fill="{colour}"/>',
        f'<text x="{LEFT + PAD}" y="{y + 23}" font-size="15" font-weight="600" fill="#22313f">'
        f"{escape(title)}</text>",
    ]
    for row, line in enumerate(lines):
        top = y + 34 + row * LINE
        for x, width, text in line:
            parts.append(
                f'<rect x="{x}" y="{top}" width="{width}" height="{CHIP}" rx="13" fill="#ffffff"/>'
                f'<text x="{x + width // 2}" y="{top + 18}" font-size="13" text-anchor="middle" '
                f'fill="#22313f">{escape(text)}</text>'
            )
    return "\n".join(parts)


def _town_hall(y: int, height: int, circuit: int, language: Language) -> str:
    """The town hall, with its two circuits to the closed connection."""
    words = TOWN_HALL.say(language).split("\n")
    middle = y + height // 2
    text = "".join(
        f'<text x="58" y="{middle - 6 + 24 * i}" font-size="15" font-weight="600" text-anchor="middle" '
        f'fill="#22313f">{escape(word)}</text>'
        for i, word in enumerate(words)
    )
    return (
        f'<rect x="{PAD}" y="{y}" width="{LEFT - 60}" height="{height}" rx="8" fill="#e7ecef"/>{text}'
        f'<path d="M{LEFT - 46} {circuit - 8}H{LEFT - 4}M{LEFT - 46} {circuit + 8}H{LEFT - 4}" '
        f'stroke="#8a6d1a" stroke-width="3"/>'
    )


def files() -> dict[Path, str]:
    """The pictures as they should be, by path."""
    inventory = yaml.safe_load(INVENTORY.read_text(encoding="utf-8"))
    return {ROOT / f"docs/layers.{language}.svg": draw(inventory, language) for language in ("ja", "en")}


def main() -> None:
    """Write the pictures."""
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
