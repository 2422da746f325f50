"""The 1,788 local governments: 47 prefectures and 1,741 municipalities.

`local_governments.csv` has a line for each: 792 cities, 743 towns, 183 villages and the 23 special
wards of Tokyo. Wards of designated cities (行政区) are parts of their city, and the six villages
of the Northern Territories have no administration: neither can be a tenant.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Literal, cast

Kind = Literal["prefecture", "city", "town", "village", "special_ward"]

_TOKYO = "13"


@dataclass(frozen=True, slots=True)
class LocalGovernment:
    """One local government: 6-digit code, names, position (degrees, WGS 84) and web site."""

    code: str
    kind: Kind
    prefecture: str
    name: str
    kana: str
    romaji: str
    latitude: float
    longitude: float
    url: str

    @property
    def full_name(self) -> str:
        """The name with its prefecture: names alone are not unique."""
        return self.name if self.kind == "prefecture" else f"{self.prefecture}{self.name}"

    @property
    def slug(self) -> str:
        """`<code>-<romaji>`: how its stacks begin."""
        return f"{self.code}-{self.romaji}"


def load_governments() -> Mapping[str, LocalGovernment]:
    """Every local government by code, in order of code."""
    with resources.files("stacks.registry").joinpath("local_governments.csv").open(encoding="utf-8") as file:
        rows = csv.reader(file)
        next(rows)
        return MappingProxyType(
            {
                code: LocalGovernment(
                    code, cast(Kind, kind), prefecture, name, kana, romaji, float(lat), float(lon), url
                )
                for code, kind, prefecture, name, kana, romaji, lat, lon, url in rows
            }
        )


def check_digit(five: str) -> str:
    """The check digit of a five-digit code.

    JIS X 0402 and 総務省「全国地方公共団体コード」: the digits weighted 6, 5, 4, 3, 2 are added;
    the last digit of 11 − (sum mod 11) is the check digit. Raises ValueError if `five` is not five
    ASCII digits.
    """
    if len(five) != 5 or not (five.isascii() and five.isdigit()):
        raise ValueError(f"{five!r} is not five digits")
    total = sum(int(digit) * weight for digit, weight in zip(five, (6, 5, 4, 3, 2), strict=True))
    return str((11 - total % 11) % 10)


def city_of_ward(code: str, governments: Mapping[str, LocalGovernment]) -> LocalGovernment | None:
    """The designated city whose ward `code` is, or None. The check digit is not looked at.

    Within a prefecture, designated cities have the numbers 100, 130, 140, 150 and their wards the
    numbers that follow (札幌市 01100 → 中央区 01101). Tokyo's 101–123 are the special wards.
    """
    prefecture, number = code[:2], code[2:5]
    if prefecture == _TOKYO or not "101" <= number <= "199":
        return None
    # Other cities start at 201, so that these are the designated ones up to this number.
    cities = [g for g in governments.values() if g.code[:2] == prefecture and "100" <= g.code[2:5] <= number]
    city = max(cities, key=lambda g: g.code, default=None)
    return None if city is None or city.code[2:5] == number else city


NORTHERN_VILLAGES: Mapping[str, str] = MappingProxyType(
    {
        "016951": "色丹村",
        "016969": "泊村",
        "016977": "留夜別村",
        "016985": "留別村",
        "016993": "紗那村",
        "017001": "蘂取村",
    }
)
"""The villages of the Northern Territories: they have codes (総務省) and no administration."""
