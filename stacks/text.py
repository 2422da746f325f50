"""Text for people, in Japanese and in English.

Every message of the product is a pair, written side by side where it is needed,
so that neither language can be forgotten and a reader of the code sees both.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Language = Literal["ja", "en"]


@dataclass(frozen=True, slots=True)
class Text:
    """One message in both languages."""

    ja: str
    en: str

    def __add__(self, other: Text) -> Text:
        return Text(self.ja + other.ja, self.en + other.en)

    def say(self, language: Language) -> str:
        """The message in `language`."""
        return self.ja if language == "ja" else self.en


def language_of(environment: Mapping[str, str] = os.environ) -> Language:
    """The reader's language: `JICHITAI_LANG`, else the locale, else English.

    The order LC_ALL, LC_MESSAGES, LANG is POSIX's own (XBD 8.2).
    """
    chosen = environment.get("JICHITAI_LANG", "")
    if not chosen:
        chosen = next((v for k in ("LC_ALL", "LC_MESSAGES", "LANG") if (v := environment.get(k))), "")
    return "ja" if chosen.lower().startswith("ja") else "en"
