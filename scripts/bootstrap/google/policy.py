"""IAM policies as data: who is in, who is to be in, and the call that makes it so."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from scripts.bootstrap.calls import Call
from stacks.text import Text

Condition = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Grant:
    """A member in a role, maybe under a condition."""

    role: str
    member: str
    condition: Condition | None = None

    def fits(self, binding: Mapping[str, Any]) -> bool:
        """Whether a binding is of this role and condition. Titles and descriptions are for people."""
        expression = (binding.get("condition") or {}).get("expression")
        return binding["role"] == self.role and expression == (self.condition or {}).get("expression")


def lacking(policy: Mapping[str, Any] | None, grants: Iterable[Grant]) -> list[Grant]:
    """The grants that a policy does not hold."""
    bindings: list[Any] = (policy or {}).get("bindings", [])
    return [g for g in grants if not any(g.fits(b) and g.member in b["members"] for b in bindings)]


def held(policy: Mapping[str, Any] | None, member: str) -> list[str]:
    """The roles that a member has directly, sorted. Case does not matter in addresses."""
    bindings: list[Any] = (policy or {}).get("bindings", [])
    return sorted({b["role"] for b in bindings if member.lower() in [m.lower() for m in b["members"]]})


def with_grants(policy: Mapping[str, Any] | None, grants: Iterable[Grant]) -> dict[str, Any]:
    """The policy with more in it; its etag makes a change in between fail instead of being lost."""
    result: dict[str, Any] = copy.deepcopy(dict(policy or {}))
    bindings: list[Any] = result.setdefault("bindings", [])
    for grant in lacking(policy, grants):
        found: Any = next((b for b in bindings if grant.fits(b)), None)
        if found is None:
            found = {"role": grant.role, "members": []}
            if grant.condition:
                found["condition"] = dict(grant.condition)
            bindings.append(found)
        found["members"] = sorted({*found["members"], grant.member})
    return {**result, "version": 3}


def without(policy: Mapping[str, Any], member: str) -> dict[str, Any]:
    """The policy without a member, in any role."""
    result: dict[str, Any] = copy.deepcopy(dict(policy))
    for binding in result.get("bindings", []):
        binding["members"] = [m for m in binding["members"] if m.lower() != member.lower()]
    result["bindings"] = [b for b in result.get("bindings", []) if b["members"]]
    return {**result, "version": 3}


def setting(service: str, operation: str, resource: str, policy: Mapping[str, Any], why: Text) -> Call:
    """The call that sets the policy of a resource; a bucket's has another form."""
    if service == "storage":
        return Call(service, operation, {"bucket": resource, "body": policy}, why)
    return Call(service, operation, {"resource": resource, "body": {"policy": policy}}, why)
