"""Finding a local government by whatever people call it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from stacks.registry.governments import LocalGovernment

_SUFFIXES = ("-verification", "-shared")
_KINDS = ("市", "区", "町", "村", "都", "道", "府", "県")


def find(query: str, governments: Iterable[LocalGovernment]) -> tuple[LocalGovernment, ...]:
    """Every local government that `query` may mean, in order of code.

    By code (with or without check digit), name (with or without prefecture), reading in kana or
    romaji, `<code>-<romaji>` and the stack names made from it. A name without its 市, 区, 町 or 村
    counts only where nothing has that very name. Width, case and kind of kana do not matter.
    """
    wanted = _plain(query)
    for suffix in _SUFFIXES:
        wanted = wanted.removesuffix(suffix)
    if not wanted:
        return ()
    bodies = tuple(governments)
    exact = tuple(body for body in bodies if wanted in _names(body))
    return exact or tuple(body for body in bodies if wanted in _short_names(body))


def _names(body: LocalGovernment) -> tuple[str, ...]:
    name = _hiragana(body.name)
    return (body.code, body.code[:5], name, body.prefecture + name, body.kana, body.romaji, body.slug)


def _short_names(body: LocalGovernment) -> Iterator[str]:
    if body.name.endswith(_KINDS):
        short = _hiragana(body.name[:-1])
        yield short
        yield body.prefecture + short
    for ending in ("まち", "ちょう", "むら", "そん", "けん", "し", "く", "ふ", "と"):
        if body.kana.endswith(ending):
            yield body.kana.removesuffix(ending)


def _plain(text: str) -> str:
    """NFKC, without spaces, in lower case, katakana as hiragana."""
    return _hiragana("".join(unicodedata.normalize("NFKC", text).split()).lower())


def _hiragana(text: str) -> str:
    return text.translate(_HIRAGANA)


_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}
