"""Steps on the account itself: whom AWS calls, and how people sign in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from scripts.bootstrap.aws.session import AwsSession
from scripts.bootstrap.calls import Call
from scripts.bootstrap.steps import Context, Finding, Identity, Problem
from stacks.text import Text

CONTACTS: Final = ("operations", "security", "billing")

PASSWORD: Mapping[str, Any] = {
    "MinimumPasswordLength": 14,
    "PasswordReusePrevention": 24,
    "MaxPasswordAge": 90,
    "RequireLowercaseCharacters": True,
    "RequireUppercaseCharacters": True,
    "RequireNumbers": True,
    "RequireSymbols": True,
    "AllowUsersToChangePassword": True,
}
"""CIS AWS Foundations Benchmark 3.0, 1.8 and 1.9, and what the baseline component sets too."""


def look_whoami(c: Context[AwsSession]) -> Finding:
    """Who we are. Root is not to be used, not even for this."""
    facts = {"identity": c.identity.id, "unit": c.identity.unit, "kind": c.identity.kind}
    if _is_root(c.identity):
        return Finding(
            facts=facts,
            problem=Problem(
                "unsafe",
                Text("ルートユーザーの認証情報です。", "these are the root user's credentials"),
                Text(
                    "払い出された管理者（IAM ユーザーまたは GCAS の SSO）の認証情報で実行してください。",
                    "Use the administrator that was handed over: an IAM user, or the SSO of GCAS.",
                ),
            ),
        )
    return Finding(facts=facts)


def _is_root(identity: Identity) -> bool:
    return identity.kind == "root"


def look_contacts(c: Context[AwsSession]) -> Finding:
    """Alternate contacts of the account, from the manifest; adopted ones are left alone."""
    if "contacts" in (c.settings.part.get("baseline") or {}):
        part = c.settings.part["baseline"]["contacts"]
        if part != "created":
            return Finding(facts={"contacts": "adopted"})
    facts: dict[str, Any] = {}
    calls: list[Call] = []
    without_phone: list[str] = []
    for kind in CONTACTS:
        contact = c.settings.contact(kind)
        phone = contact.get("phone") or c.settings.contact("operations").get("phone")
        if not phone:
            without_phone.append(kind)
            continue
        wanted = {
            "Name": contact["name"],
            "Title": contact.get("title", "administrator"),
            "EmailAddress": contact["email"],
            "PhoneNumber": phone,
        }
        said = c.session.read(
            "account",
            "GetAlternateContact",
            AlternateContactType=kind.upper(),
            absent=("ResourceNotFoundException",),
        )
        there = (said or {}).get("AlternateContact") or {}
        facts[kind] = there.get("EmailAddress")
        if any(there.get(k) != v for k, v in wanted.items()):
            calls.append(
                Call(
                    "account",
                    "PutAlternateContact",
                    {"AlternateContactType": kind.upper(), **wanted},
                    Text(f"{kind} の連絡先", f"the {kind} contact"),
                )
            )
    note = None
    if without_phone:
        listed = ", ".join(without_phone)
        note = Text(
            f"電話番号がないため登録しない連絡先: {listed}（マニフェストの contacts に phone を）",
            f"contacts that AWS does not take without a telephone number: {listed} (add `phone` to them)",
        )
    return Finding(facts=facts, calls=tuple(calls), note=note)


def look_sign_in(c: Context[AwsSession]) -> Finding:
    """Password policy, root's second factor and keys, users without a second factor, SSO."""
    said = c.session.read("iam", "GetAccountPasswordPolicy", absent=("NoSuchEntity",))
    policy: Mapping[str, Any] = (said or {}).get("PasswordPolicy", {})
    summary: Mapping[str, int] = (c.session.read("iam", "GetAccountSummary") or {}).get("SummaryMap", {})
    users: list[str] = [u["UserName"] for u in (c.session.read("iam", "ListUsers") or {}).get("Users", [])]
    bare = [
        u for u in users if not (c.session.read("iam", "ListMFADevices", UserName=u) or {}).get("MFADevices")
    ]
    roles = c.session.read("iam", "ListRoles", PathPrefix="/aws-reserved/sso.amazonaws.com/") or {}
    facts = {
        "password_policy": {k: policy.get(k) for k in PASSWORD},
        "root_mfa": bool(summary.get("AccountMFAEnabled")),
        "root_keys": int(summary.get("AccountAccessKeysPresent", 0)),
        "users_without_mfa": bare,
        "sso": bool(roles.get("Roles")),
    }
    calls = ()
    if any(not _as_strict(k, policy.get(k), v) for k, v in PASSWORD.items()):
        calls = (
            Call(
                "iam",
                "UpdateAccountPasswordPolicy",
                PASSWORD,
                Text("パスワードポリシー（CIS 1.8・1.9）", "the password policy (CIS 1.8, 1.9)"),
            ),
        )
    return Finding(facts=facts, calls=calls, note=_sign_in_note(facts))


def _as_strict(name: str, there: Any, wanted: Any) -> bool:
    if name == "MaxPasswordAge":
        return bool(there) and there <= wanted
    if isinstance(wanted, bool):
        return there is wanted
    return (there or 0) >= wanted


def _sign_in_note(facts: Mapping[str, Any]) -> Text | None:
    """What the unit's holder cannot mend by a call: root is the agency's, a second factor is a person's."""
    ja: list[str] = []
    en: list[str] = []
    if not facts["root_mfa"]:
        ja.append("ルートユーザーに MFA がありません（ルートは払い出し元の管理。デジタル庁に確認）")
        en.append("root has no MFA (root is held by the Digital Agency: ask there)")
    if facts["root_keys"]:
        ja.append("ルートユーザーのアクセスキーがあります（払い出し元に削除を依頼）")
        en.append("root has access keys (ask the Digital Agency to delete them)")
    if facts["users_without_mfa"]:
        listed = ", ".join(facts["users_without_mfa"])
        ja.append(f"MFA のない IAM ユーザー: {listed}")
        en.append(f"IAM users without MFA: {listed}")
    if not facts["sso"]:
        ja.append("GCAS の SSO のロールが見当たりません")
        en.append("there is no role of the agency's SSO")
    return Text("。".join(ja), "; ".join(en)) if ja else None
