"""JSON: everything, both languages in it, one document."""

from __future__ import annotations

import json
from typing import Any

from policies.evaluate import Result, record
from stacks.text import Language


def document(result: Result) -> dict[str, Any]:
    """The result as data."""
    return {
        "result": "findings" if result.open else "clean",
        "stacks": result.stacks,
        "resources": result.resources,
        "findings": [record(f) for f in result.findings],
        "unknown": [
            {"rule": u.rule.id, "stack": u.stack, "urn": u.urn, "name": u.name} for u in result.unsure
        ],
        "passed": dict(sorted(result.passed.items())),
        "not_modelled": dict(sorted(result.unmodelled.items())),
        "notes": [{"ja": n.ja, "en": n.en} for n in result.notes],
    }


def write(result: Result, language: Language) -> str:  # noqa: ARG001 - both languages are in it
    """The document as text."""
    return json.dumps(document(result), ensure_ascii=False, indent=2) + "\n"
