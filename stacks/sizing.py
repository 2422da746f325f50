"""How large a tenant is, when nobody says: by population, else by kind of local government.

The limits are this toolkit's own choice, not an official classification: a town below 20,000
shares one small database server; a designated city needs a different scale altogether.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from stacks.manifest import Size

T = TypeVar("T")

SIZES: tuple[Size, ...] = ("small", "medium", "large", "xlarge")

LIMITS: tuple[tuple[int, Size], ...] = ((20_000, "small"), (100_000, "medium"), (500_000, "large"))
"""Upper limits of population (residents, exclusive) for each class; above the last: xlarge."""

BY_KIND: Mapping[str, Size] = {
    "village": "small",
    "town": "small",
    "city": "medium",
    "special_ward": "large",
    "prefecture": "large",
}


def size_class(population: int | None, kind: str) -> Size:
    """The size class of a body with `population` residents, or of its kind where that is unknown."""
    if population is None:
        return BY_KIND[kind]
    for limit, size in LIMITS:
        if population < limit:
            return size
    return "xlarge"


def fit(sizes: Mapping[Size, T], wanted: Size) -> T:
    """The smallest size on offer that is not below `wanted`, else the largest.

    Raises ValueError if nothing is on offer.
    """
    if not sizes:
        raise ValueError("no size is on offer")
    enough = SIZES[SIZES.index(wanted) :]
    below = SIZES[: SIZES.index(wanted)][::-1]
    return next(sizes[size] for size in (*enough, *below) if size in sizes)
