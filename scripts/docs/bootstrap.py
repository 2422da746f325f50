"""`python -m scripts.docs.bootstrap`: write the tables of steps in docs/bootstrap{,.ja}.md, from the code."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from scripts.bootstrap.steps import Cloud
from stacks.registry.clouds import CLOUDS
from stacks.text import Language, Text

ROOT = Path(__file__).resolve().parents[2]
PAGES: dict[Language, Path] = {"ja": ROOT / "docs/bootstrap.ja.md", "en": ROOT / "docs/bootstrap.md"}
BEGIN, END = "<!-- steps -->", "<!-- /steps -->"

_HEAD: dict[Language, str] = {
    "ja": "| 手順 | すること | 取り消し |\n|---|---|---|",
    "en": "| step | what and why | undo |\n|---|---|---|",
}
_UNDO = Text("`--undo {id}`", "`--undo {id}`")


def tables(language: Language) -> str:
    """A table a cloud, from its steps."""
    parts: list[str] = []
    for name, cloud in CLOUDS.items():
        module: Cloud[Any] = import_module(f"scripts.bootstrap.{name}").CLOUD
        parts += [f"### {cloud.title.say(language)}", "", _HEAD[language]]
        for step in module.steps:
            undo = step.undo if isinstance(step.undo, Text) else _UNDO
            cells = (
                f"`{step.id}` {step.title.say(language)}",
                step.why.say(language),
                undo.say(language).format(id=step.id),
            )
            parts.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
        parts.append("")
    return "\n".join(parts)


def made(language: Language) -> str:
    """The page as it should be."""
    text = PAGES[language].read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{tables(language)}\n{END}{tail}"


if __name__ == "__main__":
    for each, page in PAGES.items():
        page.write_text(made(each), encoding="utf-8")
