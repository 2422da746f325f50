"""`python -m scripts.fleet.report` writes the published JSON Schema anew."""

from __future__ import annotations

import json

from scripts.engine.places import REPO
from scripts.fleet.report.schema import json_schema

FILE = REPO / "docs" / "fleet-report.schema.json"


def text() -> str:
    """The schema as it is committed."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
