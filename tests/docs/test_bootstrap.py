"""The pages of the bootstrap: fresh, and in both languages."""

from __future__ import annotations

import pytest

from scripts.docs.bootstrap import PAGES, made
from stacks.text import Language


@pytest.mark.parametrize("language", PAGES)
def test_the_tables_of_steps_are_fresh(language: Language) -> None:
    page = PAGES[language].read_text(encoding="utf-8")
    assert page == made(language), "run: python -m scripts.docs.bootstrap"
