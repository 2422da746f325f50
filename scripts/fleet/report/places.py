"""Where bodies and prefectures stand in the report's two maps. Pure arithmetic on the registry's degrees."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

WIDTH, HEIGHT = 700.0, 740.0
"""Of the map of bodies, in its own units."""


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the earth (degrees, WGS 84) drawn at a place of the map: equirectangular, true to scale
    at the middle latitude."""

    west: float
    south: float
    east: float
    north: float
    left: float
    top: float
    scale: float
    """Map units a degree of latitude."""

    def holds(self, latitude: float, longitude: float) -> bool:
        """Whether a place lies in it."""
        return self.south <= latitude <= self.north and self.west <= longitude <= self.east

    def point(self, latitude: float, longitude: float) -> tuple[float, float]:
        """Where a place is drawn."""
        x = self.left + (longitude - self.west) * self._narrowing * self.scale
        return round(x, 1), round(self.top + (self.north - latitude) * self.scale, 1)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height on the map."""
        width = (self.east - self.west) * self._narrowing * self.scale
        return round(width, 1), round((self.north - self.south) * self.scale, 1)

    @property
    def _narrowing(self) -> float:
        return math.cos(math.radians((self.south + self.north) / 2))


RYUKYU = Window(west=122.6, south=24.0, east=131.6, north=28.7, left=12, top=12, scale=36)
"""Okinawa and Amami, in a frame of their own, as on most maps of Japan."""
OGASAWARA = Window(west=141.4, south=26.4, east=143.0, north=27.8, left=600, top=640, scale=36)
MAIN = Window(west=128.4, south=30.2, east=146.2, north=45.8, left=10, top=18, scale=46)

FRAMES = (RYUKYU, OGASAWARA)
"""The windows that are framed: they are not where they seem to be."""


def point(latitude: float, longitude: float) -> tuple[float, float]:
    """Where on the map of bodies a place is drawn."""
    for window in (*FRAMES, MAIN):
        if window.holds(latitude, longitude):
            return window.point(latitude, longitude)
    x, y = MAIN.point(latitude, longitude)
    return min(max(x, 0.0), WIDTH), min(max(y, 0.0), HEIGHT)


_ROWS = (
    ". . . . . . . . . . . . 北海道 .",
    ". . . . . . . . . . . . 青森県 .",
    ". . . . . . . . . . . 秋田県 岩手県 .",
    ". . . . . . . . . . . 山形県 宮城県 .",
    ". . . . . . . . 石川県 富山県 新潟県 . 福島県 .",
    ". . . . . . . 福井県 岐阜県 長野県 群馬県 栃木県 茨城県 .",
    ". . . 島根県 鳥取県 兵庫県 京都府 滋賀県 愛知県 山梨県 埼玉県 東京都 千葉県 .",
    ". . 山口県 広島県 岡山県 大阪府 奈良県 三重県 静岡県 . . 神奈川県 . .",
    "長崎県 佐賀県 福岡県 . . . 和歌山県 . . . . . . .",
    ". 熊本県 大分県 . 愛媛県 香川県 . . . . . . . .",
    ". 鹿児島県 宮崎県 . 高知県 徳島県 . . . . . . . .",
    "沖縄県 . . . . . . . . . . . . .",
)

TILES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        name: (column, row)
        for row, line in enumerate(_ROWS, start=1)
        for column, name in enumerate(line.split(), start=1)
        if name != "."
    }
)
"""Column and row (from 1) of each prefecture's tile: neighbours stay neighbours as far as a grid allows."""
