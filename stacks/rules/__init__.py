"""The rules that need more than one field: one function a rule, one module a topic."""

from __future__ import annotations

from stacks.rules import addresses, body, joins, lgwan, limits, people, pipeline, placement, units
from stacks.rules.context import Context, Rule, judge

RULES: tuple[Rule, ...] = (
    *body.RULES,
    *units.RULES,
    *lgwan.RULES,
    *joins.RULES,
    *addresses.RULES,
    *placement.RULES,
    *limits.RULES,
    *people.RULES,
    *pipeline.RULES,
)

__all__ = ["RULES", "Context", "judge"]
