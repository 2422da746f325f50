"""Users, keys, roles, policies, passwords."""

from __future__ import annotations

from typing import Any

from policies.extract.documents import account_of, read
from policies.facts import UNKNOWN, Access, Facts, Kind, Maybe, PasswordRules
from policies.props import Props, every, known

ADMINISTRATORS = ("AdministratorAccess", "IAMFullAccess", "PowerUserAccess")
"""AWS managed policies that give everything, or the means to it."""


def _grant(p: Props, document: str = "policy", *, to_person: Maybe[bool] = None) -> Facts:
    reading = read(p.document(document))
    if reading is None:
        return Facts("aws", Kind.GRANT, access=Access(to_person=to_person))
    return Facts(
        "aws",
        Kind.GRANT,
        access=Access(
            administrator=reading.administrator,
            wildcard=reading.wildcard,
            inverted=reading.inverted,
            pass_any_role=reading.pass_any_role,
            to_person=to_person,
        ),
    )


def attachment(p: Props, *, to_person: Maybe[bool] = None) -> Facts:
    """A managed policy attached to somebody."""
    arn = p.get("policyArn")
    users = p.texts("users")
    person = to_person
    if to_person is None and p.raw.get("users") is not None:
        person = UNKNOWN if users is UNKNOWN else bool(users)
    return Facts(
        "aws",
        Kind.GRANT,
        access=Access(
            administrator=UNKNOWN
            if arn is UNKNOWN
            else isinstance(arn, str) and ":aws:policy/" in arn and arn.endswith(ADMINISTRATORS),
            to_person=person,
        ),
    )


def role(p: Props) -> Facts:
    """A role: who may assume it, and the policies inside it."""
    trust = read(p.document("assumeRolePolicy"), account_of(p.get("arn")))
    arns = p.texts("managedPolicyArns")
    access = Access(
        administrator=UNKNOWN if arns is UNKNOWN else any(a.endswith(ADMINISTRATORS) for a in arns)
    )
    inline = p.blocks("inlinePolicies")
    readings = [] if inline is UNKNOWN else [read(i.document("policy")) for i in inline]
    real = [r for r in readings if r is not None]

    def worst(name: str, start: Maybe[bool] = False) -> Maybe[bool]:
        values = [start, *(getattr(r, name) for r in real)]
        if inline is UNKNOWN:
            values.append(UNKNOWN)
        return True if True in values else UNKNOWN if UNKNOWN in values else False

    return Facts(
        "aws",
        Kind.ROLE,
        handles=known(p.get("name")),
        access=Access(
            administrator=worst("administrator", access.administrator),
            wildcard=worst("wildcard"),
            inverted=worst("inverted"),
            pass_any_role=worst("pass_any_role"),
            anyone=None if trust is None else trust.anyone,
            outsiders=None if trust is None else trust.outsiders,
            loose_federation=None if trust is None else trust.loose_federation,
        ),
    )


def passwords(p: Props) -> Facts:
    """The account's password policy. Nothing said: what IAM says (8 characters, nothing required)."""
    return Facts(
        "aws",
        Kind.PASSWORD_POLICY,
        passwords=PasswordRules(
            length=p.number("minimumPasswordLength", 8),
            complex=every(
                *(
                    p.flag(n, False)
                    for n in (
                        "requireSymbols",
                        "requireNumbers",
                        "requireUppercaseCharacters",
                        "requireLowercaseCharacters",
                    )
                )
            ),
            remembered=p.number("passwordReusePrevention", 0),
        ),
    )


def _person(extract: Any) -> Any:
    return lambda p: extract(p, to_person=True)


TABLE = {
    "iam:user": lambda _: Facts("aws", Kind.USER),
    "iam:userloginprofile": lambda _: Facts("aws", Kind.USER),
    "iam:accesskey": lambda _: Facts("aws", Kind.LONG_LIVED_KEY),
    "iam:servicespecificcredential": lambda _: Facts("aws", Kind.LONG_LIVED_KEY),
    "iam:sshkey": lambda _: Facts("aws", Kind.KEY_PAIR),
    "iam:policy": _grant,
    "iam:rolepolicy": _grant,
    "iam:grouppolicy": _grant,
    "iam:userpolicy": _person(_grant),
    "iam:rolepolicyattachment": attachment,
    "iam:grouppolicyattachment": attachment,
    "iam:policyattachment": attachment,
    "iam:userpolicyattachment": _person(attachment),
    "ssoadmin:permissionsetinlinepolicy": lambda p: _grant(p, "inlinePolicy"),
    "ssoadmin:managedpolicyattachment": lambda p: attachment(
        Props({"policyArn": p.raw.get("managedPolicyArn")})
    ),
    "iam:role": role,
    "iam:accountpasswordpolicy": passwords,
}
