"""What several stacks may not share: units and addresses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stacks.addressing import overlaps
from stacks.manifest import Tenant
from stacks.partial import Broken
from stacks.problems import Path, Problem
from stacks.text import Text


@dataclass(frozen=True, slots=True)
class Stack:
    """A manifest of the fleet, and where it is structurally broken."""

    name: str
    tenant: Tenant
    broken: Broken


def judge_fleet(stacks: Sequence[Stack]) -> Iterator[tuple[int, Problem]]:
    """What the stacks share and may not, each with the number of the later of the two stacks."""
    yield from _units(stacks)
    yield from _spaces(stacks)


def _units(stacks: Sequence[Stack]) -> Iterator[tuple[int, Problem]]:
    first: dict[tuple[str, str], int] = {}
    for number, stack in enumerate(stacks):
        for cloud, unit in stack.tenant.clouds.items():
            if stack.broken.excuses(("clouds", cloud, "unit")):
                continue
            earlier = first.setdefault((cloud, unit.unit.lower()), number)
            if earlier != number:
                yield (
                    number,
                    Problem(
                        "unit-shared",
                        ("clouds", cloud, "unit"),
                        Text(
                            f"ユニット「{unit.unit}」はスタック「{stacks[earlier].name}」と同じです。",
                            f"The unit `{unit.unit}` is that of the stack `{stacks[earlier].name}`.",
                        ),
                        Text(
                            "団体・環境ごとに払い出された別のユニットを書いてください。",
                            "Each stack has a unit of its own: write the one handed over for this one.",
                        ),
                        found=unit.unit,
                        allowed=(Text("他のスタックが使わないユニット", "a unit that no other stack uses"),),
                    ),
                )


def _spaces(stacks: Sequence[Stack]) -> Iterator[tuple[int, Problem]]:
    places: dict[tuple[int, str], Path] = {}
    owned = []
    for number, stack in enumerate(stacks):
        for cloud, unit in stack.tenant.clouds.items():
            if stack.broken.excuses(("clouds", cloud, "address_space")):
                continue
            places[number, str(unit.address_space)] = ("clouds", cloud, "address_space")
            owned.append((f"{number:06}", unit.address_space))
    for clash in overlaps(owned):
        pair = [(int(clash.first), clash.first_range), (int(clash.second), clash.second_range)]
        (earlier, other_space), (number, space) = sorted(pair, key=lambda p: p[0])
        yield (
            number,
            Problem(
                "fleet-overlap",
                places[number, str(space)],
                Text(
                    f"{space}はスタック「{stacks[earlier].name}」の{other_space}と重なっています。",
                    f"{space} overlaps {other_space} of the stack `{stacks[earlier].name}`.",
                ),
                Text(
                    "どの団体とも重ならない範囲にしてください"
                    "(`./jichitai new` は空いている範囲を提案します)。",
                    "Choose a range that no stack uses (`./jichitai new` proposes a free one).",
                ),
                found=str(space),
                allowed=(Text("他のスタックと重ならない範囲", "a range that no other stack uses"),),
            ),
        )
