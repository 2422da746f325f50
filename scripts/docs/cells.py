"""docs/cells.md and docs/cells.ja.md: what each cell of the design is on each cloud.

`python -m scripts.docs.cells [--check]`. Made from the `cells.yaml` of each cloud, which tests hold
against what the components make and against the inventories of the examples.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

from components.cells import CELLS, Cell, Layer, cells
from stacks.registry.clouds import CLOUDS, CloudName
from stacks.text import Language, Text

DOCS = Path(__file__).resolve().parents[2] / "docs"
FILES: Mapping[Language, Path] = {"ja": DOCS / "cells.ja.md", "en": DOCS / "cells.md"}
LAYERS: Mapping[Layer, Text] = {
    "baseline": Text("ベースライン", "Baseline"),
    "lgwan": Text("LGWAN 閉域接続", "LGWAN: the closed connection"),
    "iaas": Text("IaaS", "IaaS"),
    "paas": Text("PaaS", "PaaS"),
    "saas": Text("SaaS", "SaaS"),
}
HEAD = Text(
    """# 各層が各クラウドで何になるか

`components/<クラウド>/cells.yaml` から作っています(`python -m scripts.docs.cells`)。
リソース型は、部品が実際に作るもの、例の団体の構成(`tests/inventory`)とテストで突き合わせています。
リソースのない欄には理由があります。
""",
    """# What each layer is on each cloud

Made from `components/<cloud>/cells.yaml` (`python -m scripts.docs.cells`). Tests hold the resource types
against what the components make and against the inventories of the examples (`tests/inventory`). A cell
without resources gives its reason.
""",
)
COLUMNS = Text("| クラウド | 何か | リソース型 |", "| cloud | what it is | resource types |")
CLOUD_NAMES: tuple[CloudName, ...] = get_args(CloudName)


def page(language: Language) -> str:
    """The whole page in one language."""
    return HEAD.say(language) + "".join(_layer(layer, language) for layer in CELLS)


def _layer(layer: Layer, language: Language) -> str:
    parts = [f"\n## {LAYERS[layer].say(language)}\n"]
    for name, title in CELLS[layer].items():
        parts.append(f"\n### {title.say(language)}\n\n{COLUMNS.say(language)}\n|---|---|---|\n")
        parts += _rows(layer, name, language)
    return "".join(parts)


def _rows(layer: Layer, name: str, language: Language) -> Iterator[str]:
    for cloud in CLOUD_NAMES:
        cell = cells(cloud)[layer][name]
        title = CLOUDS[cloud].title.say(language)
        yield f"| {title} | {cell.what.say(language)} | {_types(cell, language)} |\n"


def _types(cell: Cell, language: Language) -> str:
    if cell.types:
        return ", ".join(f"`{kind}`" for kind in cell.types)
    return cell.reason.say(language) if cell.reason else ""


def main(arguments: list[str]) -> int:
    """Write the pages; with `--check` say whether they are as they should be."""
    stale: dict[Language, Path] = {
        language: file for language, file in FILES.items() if not _is_current(file, language)
    }
    if "--check" not in arguments:
        for language, file in stale.items():
            file.write_text(page(language), encoding="utf-8")
        return 0
    return 1 if stale else 0


def _is_current(file: Path, language: Language) -> bool:
    return file.exists() and file.read_text(encoding="utf-8") == page(language)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
