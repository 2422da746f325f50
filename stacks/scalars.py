"""Plain YAML scalars as go-yaml v3 reads them, and as JSON then carries them.

Seen with CLI 3.259: `yes`, `off` and `20:00` are text; `010006` is the number 4102, `019999` is
19999; a date is text in Go's own notation; whole floats come as integers.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from math import isinf
from typing import Any

_INTEGER = re.compile(r"[-+]?(0b[01]+|0o[0-7]+|0x[0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]| +)[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9]*)?\S*"
)
_LONGEST = 66
"""Digits of the longest 64-bit number, `0b` and all. Python refuses to convert thousands of digits."""
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def plain_scalar(text: str) -> Any:
    """The JSON value of a scalar that is written without quotes."""
    if text in _WORDS:
        return _WORDS[text]
    first = text[0]
    if not (first.isdigit() or first in "+-."):
        return text
    plain = text.replace("_", "")
    if _INTEGER.fullmatch(plain) and (number := _integer(plain)) is not None:
        return number
    if _FLOAT.fullmatch(plain):
        return _float(plain, text)
    return _moment(text)


def _float(plain: str, text: str) -> int | float | str:
    number = float(plain)
    if isinf(number):
        return text
    return _json(number)


def _json(number: float) -> int | float:
    """A float as Go writes it in JSON: the shortest digits that are it, without exponent below 1e21."""
    whole = number.is_integer() and abs(number) < 1e21
    return int(Decimal(repr(number))) if whole else number


def _integer(text: str) -> int | float | None:
    """The number, or None where it has no 64 bits: go-yaml then tries a float."""
    digits = text.lstrip("+-")
    if len(digits) > _LONGEST:
        return None
    octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
    number = int(digits, 8) if octal else int(digits, 0)
    number = -number if text.startswith("-") else number
    if not -(1 << 63) <= number < 1 << 64:
        return None
    return _json(float(number))


def _moment(text: str) -> str:
    """Go's text for a date or a time, or `text` itself where it is neither."""
    if match := _DATE.fullmatch(text):
        try:
            day = date(*(int(part) for part in match.groups()))
        except ValueError:
            return text
        return f"{day.isoformat()} 00:00:00 +0000 UTC"
    return f"{text} UTC" if _TIMESTAMP.fullmatch(text) else text
