"""AWS policy documents: what they allow, to whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from policies.facts import UNKNOWN, Maybe
from policies.props import Props, plain

TYING = (
    "aws:sourceaccount",
    "aws:sourceowner",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:sourcevpce",
    "aws:sourcevpc",
    "aws:resourceaccount",
    "kms:calleraccount",
    "kms:viaservice",
    "sts:externalid",
    "elasticfilesystem:accessedviamounttarget",
    "s3:dataaccesspointaccount",
    ":sub",
    ":aud",
)
"""Condition keys that tie a permission for anybody down to somebody (IAM reference, global keys)."""


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a document says. Every answer may be UNKNOWN where the document is."""

    anyone: Maybe[bool] = None
    outsiders: Maybe[bool] = None
    administrator: Maybe[bool] = None
    wildcard: Maybe[bool] = None
    inverted: Maybe[bool] = None
    pass_any_role: Maybe[bool] = None
    loose_federation: Maybe[bool] = None
    tls_only: Maybe[bool] = None


UNREADABLE = Reading(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)


def read(document: Props | Any, own: Any = None) -> Reading | None:
    """Read a policy document; None when there is none. `own` is the account it belongs to, if known."""
    if document is None:
        return None
    if not isinstance(document, Props):
        return UNREADABLE
    statements = _listed(document.get("Statement"))
    if document.get("Statement") is UNKNOWN or any(not isinstance(plain(s), dict) for s in statements):
        return UNREADABLE
    found: dict[str, Any] = dict.fromkeys(
        ("anyone", "outsiders", "administrator", "wildcard", "inverted", "pass_any_role", "loose_federation"),
        False,
    )
    tls_only: Maybe[bool] = False
    for raw in statements:
        statement = Props(plain(raw))
        effect = statement.get("Effect")
        if effect == "Deny":
            tls_only = tls_only or _refuses_plain(statement)
            continue
        if effect is UNKNOWN:
            return UNREADABLE
        for name, value in _allowed(statement, own):
            if value is True or (value is UNKNOWN and found[name] is False):
                found[name] = value
    return Reading(**found, tls_only=tls_only)


def _refuses_plain(statement: Props) -> bool:
    conditions = statement.get("Condition")
    if not isinstance(conditions, dict):
        return False
    for operator, keys in conditions.items():
        if not operator.startswith("Bool") or not isinstance(keys, dict):
            continue
        for key, value in keys.items():
            if key.lower() == "aws:securetransport" and str(_listed(value)[0]).lower() == "false":
                return _everybody(statement.get("Principal"))
    return False


def _everybody(principal: Any) -> bool:
    if principal == "*":
        return True
    return isinstance(principal, dict) and "*" in _listed(principal.get("AWS"))


def _allowed(statement: Props, own: Any) -> Iterator[tuple[str, Any]]:
    """What one allowing statement gives away, by the name of the answer."""
    principal = statement.get("Principal")
    if statement.get("NotAction") is not None or (
        statement.get("NotResource") is not None and principal is None
    ):
        yield "inverted", True
    if statement.get("NotPrincipal") is not None:
        yield "anyone", True
    if UNKNOWN in (statement.get("Action"), statement.get("Resource"), principal):
        for name in ("administrator", "wildcard", "anyone", "pass_any_role", "outsiders"):
            yield name, UNKNOWN
    yield from _powers(statement, principal)
    if principal is not None:
        yield from _principals(statement, principal, own)


def _powers(statement: Props, principal: Any) -> Iterator[tuple[str, Any]]:
    """How much the actions of a statement allow."""
    resources = statement.get("Resource")
    everything = "*" in _listed(resources) or (resources is None and principal is None)
    bound = tied_down(statement.get("Condition")) is True
    for action in _listed(statement.get("Action")):
        low = action.lower() if isinstance(action, str) else ""
        if low in ("*", "*:*") and everything:
            yield "administrator", True
        elif low.endswith(":*") and everything and not bound and principal is None:
            yield "wildcard", True
        if low in ("iam:passrole", "iam:*") and everything and not _passes_to_service(statement):
            yield "pass_any_role", True
        if low in ("*", "s3:*") and principal is not None and not _only_root(principal):
            yield "wildcard", True


def _principals(statement: Props, principal: Any, own: Any) -> Iterator[tuple[str, Any]]:
    """To whom a statement allows it."""
    tied = tied_down(statement.get("Condition"))
    if _everybody(principal):
        yield "anyone", False if tied is True else UNKNOWN if tied is UNKNOWN else True
    if not isinstance(principal, dict):
        return
    if principal.get("AWS") is not None and tied is not True:
        yield "outsiders", _outside(principal["AWS"], tied, own)
    if principal.get("Federated") is not None:
        yield "loose_federation", _loose(principal["Federated"], statement.get("Condition"))


def _only_root(principal: Any) -> bool:
    return isinstance(principal, dict) and all(
        isinstance(p, str) and (p.endswith(":root") or p.isdigit()) for p in _listed(principal.get("AWS"))
    )


def _passes_to_service(statement: Props) -> bool:
    conditions = statement.get("Condition")
    return isinstance(conditions, dict) and any(
        "iam:passedtoservice" in {str(k).lower() for k in keys}
        for keys in conditions.values()
        if isinstance(keys, dict)
    )


def account_of(arn: Any) -> str | None:
    """The account in an ARN, or an account id itself."""
    if not isinstance(arn, str):
        return None
    return arn if arn.isdigit() else arn.split(":")[4] if arn.count(":") >= 5 else None


def _outside(principals: Any, tied: Maybe[bool], own: Any) -> Maybe[bool]:
    """Whether a whole account other than `own` is trusted without a condition.

    A role or user that is named is narrow enough. Where `own` is not known it cannot be told.
    """
    answer: Maybe[bool] = False
    for one in _listed(principals):
        account = account_of(one)
        if account is None:
            if one != "*":
                answer = UNKNOWN
        elif one.isdigit() or one.endswith(":root"):
            if own is not None and account != own and tied is False:
                return True
            if account != own:
                answer = UNKNOWN
    return answer


def _loose(issuers: Any, conditions: Any) -> Maybe[bool]:
    """Whether an OIDC trust says nothing of the subject."""
    if not any(isinstance(i, str) and "oidc-provider" in i for i in _listed(issuers)):
        return False
    if conditions is UNKNOWN:
        return UNKNOWN
    if not isinstance(conditions, dict):
        return True
    for operator, keys in conditions.items():
        for key, value in keys.items() if isinstance(keys, dict) else ():
            if str(key).lower().endswith(":sub") and operator.startswith("String"):
                return any(v in ("*", "repo:*", "repo:*:*") for v in _listed(value))
    return True


def tied_down(conditions: Any) -> Maybe[bool]:
    """Whether a condition ties a permission to somebody."""
    if conditions is None or conditions is UNKNOWN:
        return False if conditions is None else UNKNOWN
    if not isinstance(conditions, dict):
        return UNKNOWN
    for operator, keys in conditions.items():
        if "Not" in operator or operator.startswith("Null") or not isinstance(keys, dict):
            continue
        for key, value in keys.items():
            low = str(key).lower()
            if any(low == t or (t[0] == ":" and low.endswith(t)) for t in TYING) and "*" not in _listed(
                value
            ):
                return True
    return False
