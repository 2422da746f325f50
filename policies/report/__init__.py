"""Reports: one module a form. Each takes a Result and gives text."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from policies.evaluate import Result
from stacks.text import Language

FORMS = ("text", "json", "sarif", "junit", "markdown")


def render(form: str, result: Result, language: Language) -> str:
    """`result` in a form. Raises ValueError for one that there is not."""
    if form not in FORMS:
        raise ValueError(form)
    write: Callable[[Result, Language], str] = import_module(f"policies.report.{form}").write
    return write(result, language)
