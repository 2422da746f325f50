"""`python -m stacks.schema`: write the schema and the reference pages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from stacks.registry import registry
from stacks.schema import FILE, schema
from stacks.schema.reference import PAGES, page

ROOT = Path(__file__).parents[2]


def made() -> Mapping[Path, str]:
    """Every file that is made, with its text."""
    known = registry()
    files = {FILE: json.dumps(schema(known), ensure_ascii=False, indent=1) + "\n"}
    for language, name in PAGES.items():
        files[ROOT / name] = page(known, language)
    return files


if __name__ == "__main__":
    for path, text in made().items():
        path.write_text(text, encoding="utf-8")
