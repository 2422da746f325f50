"""Identity and money: compartments, policies, tags, quotas, budgets. One namespace a tenancy, no region."""

from __future__ import annotations

import re
from collections.abc import Mapping

from providers.twin.behaviour import Answer, Behaviour, Guard, Refusal
from providers.twin.oci.facts import HOME
from providers.twin.oci.words import hold, name, one, part, thing, token
from providers.twin.scope import Scope

_STATEMENT = re.compile(
    r"(?i)(allow|endorse|admit|define)\s+(?P<who>(dynamic-group|group)\s+\S+|any-user|service\s+[\w-]+(,\s*[\w-]+)*)"
    r"\s+to\s+((?P<verb>inspect|read|use|manage)\s+(?P<what>[\w-]+)|\{\s*\w+(\s*,\s*\w+)*\s*\})\s+in\s+"
    r"(tenancy|compartment(\s+id)?\s+(?P<where>\S+))(\s+where\s+.+)?"
)
"""The grammar of a statement, as far as the twin reads it (IAM documentation, "Policy Syntax"):
a verb and a type, or permissions by name in braces."""
STATEMENTS_A_POLICY, STATEMENTS_A_PATH = 50, 500


def at_home(scope: Scope) -> None:
    """Identity is changed in the home region only."""
    if scope.session.region != HOME:
        raise Refusal(
            "NotAllowed",
            "Please go to your home region NRT to execute CREATE, UPDATE and DELETE operations.",
            403,
        )


def _statements(scope: Scope) -> None:
    """Statements that can be read, whose groups and compartments are there, no more than a path takes."""
    statements = [str(text) for text in scope.inputs.get("statements") or []]
    if len(statements) > STATEMENTS_A_POLICY:
        raise Refusal("LimitExceeded", f"A policy can have at most {STATEMENTS_A_POLICY} statements")
    for text in statements:
        found = _STATEMENT.fullmatch(text.strip())
        if found is None:
            raise Refusal("InvalidParameter", f"No permissions found for statement: {text}")
        kind, _, group = found["who"].partition(" ")
        if (
            kind.lower() == "dynamic-group"
            and scope.find(token("Identity.DynamicGroup"), group.strip()) is None
        ):
            raise Refusal("InvalidParameter", f"Dynamic group {group} does not exist: {text}")
        place = found["where"]
        if place and scope.find(token("Identity.Compartment"), place) is None:
            raise Refusal("InvalidParameter", f"Compartment {place} does not exist: {text}")
    others = sum(
        len(row.state.get("statements") or [])
        for row in scope.rows(token("Identity.Policy"))
        if row.rid != scope.rid
    )
    if others + len(statements) > STATEMENTS_A_PATH:
        raise Refusal(
            "LimitExceeded",
            "You have reached the maximum number of policy statements allowed for this compartment hierarchy"
            f" (Limit: {STATEMENTS_A_PATH}, Current Usage: {others + len(statements)}).",
        )


def _matching(scope: Scope) -> None:
    rule = str(scope.get("matchingRule"))
    if not re.match(r"(?i)\s*(any|all)\s*\{.+\}\s*$", rule, re.DOTALL):
        raise Refusal("InvalidParameter", f"Unable to parse matching rule: {rule}")


def _quota(scope: Scope) -> None:
    for text in scope.inputs.get("statements") or []:
        found = re.fullmatch(
            r"(?i)(zero|unset|set)\s+([\w-]+)\s+quotas?\s+([\w-]+(,\s*[\w-]+)*)(\s+to\s+\d+)?\s+in\s+"
            r"(tenancy|compartment\s+(\S+))",
            str(text),
        )
        if found is None:
            raise Refusal("InvalidParameter", f"Unable to parse quota statement: {text}")
        place = found[7]
        known = {
            row.state.get("name")
            for row in scope.store.rows(
                cloud=scope.cloud, unit=scope.unit, type_=token("Identity.Compartment")
            )
        }
        if place and place not in known:
            raise Refusal("InvalidParameter", f"Compartment {place} does not exist: {text}")


def _mails(scope: Scope) -> None:
    for mail in str(scope.get("recipients") or "").split(","):
        if mail and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", mail.strip()):
            raise Refusal("InvalidParameter", f"recipients: {mail} is no mail address")


_ENABLE = Guard(
    "enableDelete",
    Answer("NotAllowed", "The compartment {id} is kept: the provider deletes it only with enableDelete"),
    (False,),
)
TABLE: Mapping[str, Behaviour] = {
    "Identity.Compartment": thing(
        "compartment",
        everywhere=True,
        computed={"isAccessible": lambda _: True},
        defaults={"enableDelete": False},
        unique=one("compartment:{compartmentId}", "{name}"),
        in_use=Answer("CompartmentNotEmpty", "The compartment {id} is not empty: {value} is in it", 412),
        rules=(at_home,),
        guards=(_ENABLE,),
    ),
    "Identity.Policy": thing(
        "policy",
        everywhere=True,
        computed={"policyHash": "{hex32}", "ETag": "{hex40}", "lastUpdateETag": "{hex40}"},
        unique=one("policy:{compartmentId}", "{name}"),
        rules=(at_home, _statements),
    ),
    "Identity.DynamicGroup": thing(
        "dynamicgroup",
        everywhere=True,
        handles=("{name}",),
        unique=one("dynamicgroup", "{name}"),
        rules=(at_home, _matching),
    ),
    "Identity.TagNamespace": thing(
        "tagnamespace",
        everywhere=True,
        defaults={"isRetired": False},
        unique=one("tagnamespace", "{name}"),
        rules=(at_home,),
    ),
    "Identity.Tag": thing(
        "tagdefinition",
        everywhere=True,
        defaults={"isCostTracking": False, "isRetired": False},
        refs=(hold("tagNamespaceId", "Identity.TagNamespace"),),
        unique=one("tag:{tagNamespaceId}", "{name}"),
        computed={"tagNamespaceName": lambda s: (r := s.target("tagNamespaceId")) and r.state.get("name")},
        handles=("{tagNamespaceName}.{name}",),
        rules=(at_home,),
    ),
    "Identity.TagDefault": thing(
        "tagdefault",
        everywhere=True,
        refs=(hold("tagDefinitionId", "Identity.Tag"),),
        computed={
            "tagDefinitionName": lambda s: (r := s.target("tagDefinitionId")) and r.state.get("name"),
            "tagNamespaceId": lambda s: (r := s.target("tagDefinitionId")) and r.state.get("tagNamespaceId"),
        },
        unique=one("tagdefault:{compartmentId}", "{tagDefinitionId}"),
        rules=(at_home,),
    ),
    "Limits.Quota": thing("quota", everywhere=True, unique=one("quota", "{name}"), rules=(at_home, _quota)),
    "Budget.Budget": thing(
        "budget",
        everywhere=True,
        computed={"alertRuleCount": lambda _: 0, "actualSpend": lambda _: 0.0, "version": lambda _: 1},
        refs=(name("targets[]", "Identity.Compartment"),),
        rules=(at_home,),
    ),
    "Budget.Rule": thing(
        "budgetalertrule",
        everywhere=True,
        id="budgets/{budgetId}/alertRules/{alnum20}",
        refs=(part("budgetId", "Budget.Budget"),),
        computed={"version": lambda _: 1},
        rules=(at_home, _mails),
    ),
}
