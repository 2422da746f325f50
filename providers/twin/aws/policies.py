"""What AWS checks about policy documents: form, principals that exist, size, and not locking oneself out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Literal

from providers.twin.aws.facts import ADMINISTRATOR
from providers.twin.aws.words import token
from providers.twin.behaviour import Refusal
from providers.twin.scope import Scope
from providers.twin.sdk import Sdk
from providers.wire import Value

Kind = Literal["identity", "trust", "resource"]
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/(?:.*/)?([^/]+)")
_LATER = (
    # Managed policies newer than the SDK's list.
    "arn:aws:iam::aws:policy/AmazonSSMManagedEC2InstanceDefaultPolicy",
    "arn:aws:iam::aws:policy/AWSBackupServiceRolePolicyForS3Backup",
    "arn:aws:iam::aws:policy/AWSBackupServiceRolePolicyForS3Restore",
    "arn:aws:iam::aws:policy/service-role/AWS_ConfigRole",
    "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup",
    "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForRestores",
    "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
    "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
    "arn:aws:iam::aws:policy/service-role/AmazonSSMMaintenanceWindowRole",
    "arn:aws:iam::aws:policy/service-role/AmazonSSMAutomationRole",
    "arn:aws:iam::aws:policy/AWSBackupFullAccess",
)


@lru_cache(maxsize=1)
def managed_policies() -> frozenset[str]:
    """ARNs of the policies that AWS manages, as the installed SDK lists them, and some newer ones."""
    return frozenset(Sdk("pulumi_aws").enum("pulumi_aws.iam", "ManagedPolicy") or ()) | frozenset(_LATER)


def many(value: Value) -> list[Value]:
    """A value that AWS lets be one or a list, as a list."""
    return value if isinstance(value, list) else [] if value is None else [value]


def principals(statement: dict[str, Value]) -> Iterator[str]:
    """The AWS principals of a statement."""
    principal = statement.get("Principal")
    if isinstance(principal, str):
        yield principal
    elif isinstance(principal, dict):
        yield from (str(item) for item in many(principal.get("AWS")))


def statements(text: Value) -> list[dict[str, Value]]:
    """The statements of a policy document; ValueError when it is none."""
    document = json.loads(text) if isinstance(text, str) else text
    if not isinstance(document, dict) or "Statement" not in document:
        raise ValueError("Syntax errors in policy.")
    found = many(document["Statement"])
    if document.get("Version") not in (None, "2012-10-17", "2008-10-17"):
        raise ValueError("The policy must contain a valid version string")
    if not all(isinstance(statement, dict) for statement in found):
        raise ValueError("Syntax errors in policy.")
    return found


def policy(
    path: str, kind: Kind, code: str = "MalformedPolicyDocument", limit: int = 0, quota: str = "PolicySize"
) -> Callable[[Scope], None]:
    """A rule: the text at `path` is a policy document of this kind, at most `limit` characters without
    spaces.
    """

    def rule(scope: Scope) -> None:
        text = scope.inputs.get(path)
        if not isinstance(text, str) or not text:
            return
        try:
            found = statements(text)
        except ValueError as error:
            message = (
                "This policy contains invalid Json" if isinstance(error, json.JSONDecodeError) else str(error)
            )
            raise Refusal(code, message) from None
        for statement in found:
            _statement(scope, statement, kind, code)
        size = len(re.sub(r"\s", "", text))
        if limit and size > limit:
            raise Refusal("LimitExceeded", f"Cannot exceed quota for {quota}: {limit}", 409)

    return rule


def _statement(scope: Scope, statement: dict[str, Value], kind: Kind, code: str) -> None:
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise Refusal(code, "Policy statement must contain a valid Effect: Allow or Deny.")
    if "Action" not in statement and "NotAction" not in statement:
        raise Refusal(code, "Policy statement must contain actions.")
    for action in many(statement.get("Action")):
        if action != "*" and ":" not in str(action):
            raise Refusal(code, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
    has_principal = "Principal" in statement or "NotPrincipal" in statement
    has_resource = "Resource" in statement or "NotResource" in statement
    if kind == "identity":
        if has_principal:
            raise Refusal(code, "Policy document should not specify a principal.")
        if not has_resource:
            raise Refusal(code, "Policy statement must contain resources.")
        return
    if not has_principal:
        raise Refusal(code, "Missing required field Principal")
    if kind == "trust" and has_resource:
        raise Refusal(code, "Has prohibited field Resource")
    for principal in principals(statement):
        if _is_missing_role(scope, principal):
            raise Refusal(code, f'Invalid principal in policy: "AWS":"{principal}"')


def _is_missing_role(scope: Scope, principal: str) -> bool:
    """Whether a principal is a role of this unit that does not exist (a role may name itself)."""
    match = _ROLE.fullmatch(principal)
    if match is None or match[1] != scope.unit or match[2] == scope.get("name"):
        return False
    return scope.find(token("iam.Role"), match[2], None) is None


def may_be_managed(path: str) -> Callable[[Scope], None]:
    """A rule for KMS: the policy at `path` must let the caller change it again, or the key is lost."""

    def rule(scope: Scope) -> None:
        text = scope.inputs.get(path)
        if not text or scope.inputs.get("bypassPolicyLockoutSafetyCheck"):
            return
        allowed = {f"arn:aws:iam::{scope.unit}:root", scope.unit, "*"}
        for statement in statements(text):
            actions = {str(action).lower() for action in many(statement.get("Action"))}
            who = set(principals(statement))
            if (
                statement.get("Effect") == "Allow"
                and actions & {"*", "kms:*", "kms:put*", "kms:putkeypolicy"}
                and (who & allowed or any(ADMINISTRATOR in name for name in who))
            ):
                return
        raise Refusal(
            "MalformedPolicyDocumentException",
            "The new key policy will not allow you to update the key policy in the future.",
        )

    return rule


def is_public(text: Value) -> bool:
    """Whether a resource policy lets everyone in: an Allow for * without any condition."""
    return any(
        statement.get("Effect") == "Allow"
        and "*" in set(principals(statement))
        and not statement.get("Condition")
        for statement in statements(text)
    )
