"""Plain YAML scalars as go-yaml v3 reads them, and as JSON then carries them.

Seen with CLI 3.259: `yes`, `off` and `20:00` are text; `010006` is the number 4102, `019999` is
19999; a date is text in Go's own notation; whole floats come as integers.
"""

from __future__ import annotations

import re
from datetime import date
from math import isinf
from typing import Any

_INTEGER = re.compile(r"[-+]?(0b[01]+|0o[0-7]+|0x[0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]| +)[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9]*)?\S*"
)
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
    if _INTEGER.fullmatch(plain):
        return _integer(plain)
    if _FLOAT.fullmatch(plain):
        number = float(plain)
        if isinf(number):
            return text
        return int(number) if number.is_integer() and abs(number) < 1e21 else number
    return _moment(text)


def _integer(text: str) -> int:
    digits = text.lstrip("+-")
    octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
    number = int(digits, 8) if octal else int(digits, 0)
    return -number if text.startswith("-") else number


def _moment(text: str) -> str:
    """Go's text for a date or a time, or `text` itself where it is neither."""
    if match := _DATE.fullmatch(text):
        try:
            day = date(*(int(part) for part in match.groups()))
        except ValueError:
            return text
        return f"{day.isoformat()} 00:00:00 +0000 UTC"
    return f"{text} UTC" if _TIMESTAMP.fullmatch(text) else text
