"""What moto leaves out of IAM: whether a policy lets a request pass, with its resources and conditions.

moto's own check knows neither `Condition` nor most resources (moto/iam/access_control.py says so). This
one reads the policies that moto keeps: identity policies within the boundary, bucket policies' denials, trust
policies with a token's claims. What it does not know (an operator, a key) never lets anything pass.
"""

from __future__ import annotations

import base64
import fnmatch
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends
from moto.sts.models import sts_backends

PARTITION = "aws"


@dataclass(frozen=True)
class Caller:
    """Whose key a request was signed with."""

    arn: str
    principal: str
    """What `aws:PrincipalArn` says: a session's role, else the ARN itself."""
    user: str = ""
    role: str = ""


@dataclass(frozen=True)
class Asked:
    """One request, as policies see it."""

    action: str
    resource: str
    region: str
    context: Mapping[str, Any] = field(default_factory=dict[str, Any])


def caller(account: str, key: str) -> Caller | None:
    """Who holds an access key that works; None for one that was deactivated, deleted, or never was."""
    iam = iam_backends[account][PARTITION]
    for user in iam.users.values():
        for held in user.access_keys:
            if held.access_key_id == key:
                return Caller(user.arn, user.arn, user=user.name) if held.status == "Active" else None
    for session in sts_backends[account][PARTITION].assumed_roles:
        if session.access_key_id == key:
            name = session.role_arn.rpartition("/")[2]
            return Caller(session.arn, session.role_arn, role=name)
    return None


def allowed(account: str, who: Caller, asked: Asked) -> bool:
    """Whether the request passes."""
    context = {"aws:PrincipalArn": who.principal, "aws:RequestedRegion": asked.region, **asked.context}
    context.setdefault("aws:SecureTransport", "true")
    context.setdefault("s3:TlsVersion", "1.3")
    own, bound = _documents(account, who)
    if asked.action.startswith("s3:") and _denies(_bucket_policy(account, asked.resource), asked, context):
        return False
    return permits(own, asked, context) and (bound is None or permits([bound], asked, context))


def permits(documents: Sequence[Any], asked: Asked, context: Mapping[str, Any]) -> bool:
    """Whether some of the documents allow it and none denies it."""
    return not _denies(documents, asked, context) and _allows(documents, asked, context)


def trusts(account: str, role_arn: str, claims: Mapping[str, Any]) -> bool:
    """Whether a role's trust policy lets the bearer of a token with these claims become it."""
    role = _role(account, role_arn)
    if role is None:
        return False
    host = str(claims["iss"]).removeprefix("https://")
    context = {f"{host}:{name}": value for name, value in claims.items()}
    provider = f"arn:aws:iam::{account}:oidc-provider/{host}"
    known = iam_backends[account][PARTITION].open_id_providers.get(provider)
    if known is None or claims["aud"] not in known.client_id_list:
        return False
    return any(
        s["Effect"] == "Allow"
        and s["Principal"].get("Federated") == provider
        and _holds(s.get("Condition", {}), context)
        for s in _statements(role.assume_role_policy_document)
    )


def trusts_principal(account: str, role_arn: str, who: Caller, context: Mapping[str, Any]) -> bool:
    """Whether a role's trust policy lets a caller of the same account become it."""
    role = _role(account, role_arn)
    if role is None:
        return False
    told = {"aws:PrincipalArn": who.principal, **context}
    return any(
        s["Effect"] == "Allow"
        and s["Principal"].get("AWS") in (who.principal, f"arn:aws:iam::{account}:root")
        and _holds(s.get("Condition", {}), told)
        for s in _statements(role.assume_role_policy_document)
    )


def _role(account: str, arn: str) -> Any:
    return next((r for r in iam_backends[account][PARTITION].roles.values() if r.arn == arn), None)


def claims_of(token: str) -> dict[str, Any]:
    """What a JWT says. Its signature is the issuer's matter, and no issuer is here."""
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def key_aliases(account: str, region: str, key: str) -> list[str]:
    """The aliases of a KMS key, which is named by its id, ARN or alias."""
    backend = kms_backends[account][region]
    if ":alias/" in key or key.startswith("alias/"):
        return ["alias/" + key.partition("alias/")[2]]
    found = backend.keys.get(key.rpartition("/")[2])
    return sorted(found.aliases) if found is not None else []


def _documents(account: str, who: Caller) -> tuple[list[Any], Any]:
    iam = iam_backends[account][PARTITION]
    if who.user:
        found = [
            iam.get_user_policy(who.user, n)["policy_document"] for n in iam.list_user_policies(who.user)
        ]
        found += [_default(p) for p in iam.list_attached_user_policies(who.user)[0]]
        return found, None
    role = iam.get_role(who.role)
    found = [iam.get_role_policy(who.role, n)[1] for n in iam.list_role_policies(who.role)]
    found += [_default(p) for p in iam.list_attached_role_policies(who.role)[0]]
    arn = role.permissions_boundary_arn
    return found, _default(iam.get_policy(arn)) if arn else None


def _default(policy: Any) -> Any:
    return next(v.document for v in policy.versions if v.is_default)


def _bucket_policy(account: str, resource: str) -> list[Any]:
    name = resource.removeprefix("arn:aws:s3:::").partition("/")[0]
    bucket = s3_backends[account][PARTITION].buckets.get(name)
    return [bucket.policy] if bucket is not None and bucket.policy else []


def _allows(documents: Iterable[Any], asked: Asked, context: Mapping[str, Any]) -> bool:
    return any(
        _matches(s, asked, context) for d in documents for s in _statements(d) if s["Effect"] == "Allow"
    )


def _denies(documents: Iterable[Any], asked: Asked, context: Mapping[str, Any]) -> bool:
    return any(
        _matches(s, asked, context) for d in documents for s in _statements(d) if s["Effect"] == "Deny"
    )


def _statements(document: Any) -> list[dict[str, Any]]:
    if isinstance(document, bytes):
        document = document.decode()
    if isinstance(document, str):
        document = json.loads(unquote(document) if document.startswith("%7B") else document)
    found = document["Statement"]
    return found if isinstance(found, list) else [found]


def _matches(statement: Mapping[str, Any], asked: Asked, context: Mapping[str, Any]) -> bool:
    if "NotAction" in statement:
        if _any(statement["NotAction"], asked.action):
            return False
    elif not _any(statement["Action"], asked.action):
        return False
    resources = statement.get("Resource", "*")
    if asked.resource == "*":
        # On nothing in particular: no denial of something in particular applies.
        if statement["Effect"] == "Deny" and "*" not in _many(resources):
            return False
    elif not _any(resources, asked.resource):
        return False
    return _holds(statement.get("Condition", {}), context)


def _any(patterns: Any, value: str) -> bool:
    return any(fnmatch.fnmatchcase(value.lower(), p.lower()) for p in _many(patterns))


def _many(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _holds(condition: Mapping[str, Mapping[str, Any]], context: Mapping[str, Any]) -> bool:
    return all(
        _operator(operator, context.get(key), _many(wanted))
        for operator, keys in condition.items()
        for key, wanted in keys.items()
    )


def _operator(operator: str, there: Any, wanted: Sequence[Any]) -> bool:
    if operator.startswith("ForAnyValue:"):
        plain = operator.removeprefix("ForAnyValue:")
        return any(_operator(plain, t, wanted) for t in there or ())
    if operator in ("StringNotEquals", "ArnNotEquals"):
        return there not in wanted
    if there is None:
        return False
    if operator in ("StringEquals", "Bool"):
        return str(there) in [str(w) for w in wanted]
    if operator in ("StringLike", "ArnLike", "ArnEquals"):
        return _any(list(wanted), str(there))
    if operator == "NumericLessThan":
        return float(there) < float(wanted[0])
    return False
