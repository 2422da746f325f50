"""The project itself: services, contacts, where things may be, who signs in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.bootstrap.calls import Call
from scripts.bootstrap.google import errors, names
from scripts.bootstrap.google.session import Google
from scripts.bootstrap.steps import Context, Finding, Problem, Settings
from stacks.text import Text

C = Context[Google]


def adopted(settings: Settings, part: str) -> bool:
    """Whether the manifest says that a part of the baseline is made outside of `up`."""
    return settings.part.get("baseline", {}).get(part, "created") != "created"


def parent(settings: Settings) -> str:
    """The project as the parent of what is in it."""
    return f"projects/{settings.unit}"


def look_project(c: C) -> Finding:
    """Who we are, and that the manifest's project is there and in use: credentials only claim one."""
    found = c.session.read("cloudresourcemanager", "projects.get", name=parent(c.settings))
    who = c.identity
    facts = {"identity": who.id, "unit": who.unit, "kind": who.kind, "state": (found or {}).get("state")}
    if found is not None and found.get("state") == "ACTIVE" and found.get("projectId") == c.settings.unit:
        return Finding(facts={**facts, "number": found["name"].removeprefix("projects/")})
    what = Text(
        f"プロジェクト {c.settings.unit} は見つからないか、使える状態ではありません。",
        f"the project {c.settings.unit} is not there, or not in use",
    )
    do = Text(
        "マニフェストの unit と、払い出しの通知にあるプロジェクトIDを確かめてください。",
        "Compare `unit` in the manifest with the project id that was handed over.",
    )
    return Finding(facts=facts, problem=Problem("wrong_unit", what, do))


def look_services(c: C) -> Finding:
    """Which of the services that the bootstrap speaks to are off."""
    wanted = [f"{parent(c.settings)}/services/{service}" for service in names.SERVICES]
    found = c.session.read("serviceusage", "services.batchGet", parent=parent(c.settings), names=wanted)
    states = {s["name"].rpartition("/")[2]: s["state"] for s in (found or {}).get("services", [])}
    off = [service for service in names.SERVICES if states.get(service) != "ENABLED"]
    if not off:
        return Finding(facts={"off": []})
    call = Call(
        "serviceusage",
        "services.batchEnable",
        {"parent": parent(c.settings), "body": {"serviceIds": off}},
        Text("手順が使うサービスを有効にする", "switch on the services that the steps use"),
    )
    return Finding(facts={"off": off}, calls=(call,))


def look_contacts(c: C) -> Finding:
    """Whom Google writes to. What `up` makes itself is left to it: an address can be a contact once."""
    if not adopted(c.settings, "contacts"):
        note = Text(
            "連絡先は baseline.contacts に従い up が登録します（同じ宛先の登録は一度だけです）。",
            "`up` registers the contacts (baseline.contacts): an address can be one only once.",
        )
        return Finding(facts={"by": "up"}, note=note)
    found = c.session.every(
        "essentialcontacts", "projects.contacts.list", "contacts", parent=parent(c.settings)
    )
    have = {contact["email"]: contact for contact in found}
    calls: list[Call] = []
    for email, categories in by_mail(c.settings).items():
        now = set(have.get(email, {}).get("notificationCategorySubscriptions", ()))
        if now >= set(categories) or "ALL" in now:
            continue
        wanted = sorted(now | set(categories))
        calls.append(_contact(c.settings, have.get(email), email, wanted))
    return Finding(facts={"contacts": sorted(have)}, calls=tuple(calls))


def by_mail(settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """The categories of each address, as `up` has it."""
    found: dict[str, tuple[str, ...]] = {}
    for kind in ("operations", "security", "billing"):
        email = settings.contact(kind)["email"]
        found[email] = tuple(sorted({*found.get(email, ()), *names.CATEGORIES[kind]}))
    return found


def _contact(settings: Settings, now: Mapping[str, Any] | None, email: str, categories: list[str]) -> Call:
    why = Text(f"{email} に通知を届ける", f"have notices sent to {email}")
    body = {"notificationCategorySubscriptions": categories}
    if now is None:
        body_new: dict[str, Any] = {**body, "email": email, "languageTag": "ja"}
        arguments: dict[str, Any] = {"parent": parent(settings), "body": body_new}
        return Call("essentialcontacts", "projects.contacts.create", arguments, why)
    arguments = {"name": now["name"], "updateMask": "notificationCategorySubscriptions", "body": body}
    return Call("essentialcontacts", "projects.contacts.patch", arguments, why)


def look_fence(c: C) -> Finding:
    """Whether the organisation's policies keep resources in Japan and forbid keys; else set them here."""
    try:
        places = _effective(c, names.FENCE)
        keys = _effective(c, names.NO_KEYS)
    except Exception as error:
        if not errors.forbidden(error):
            raise
        return Finding(facts={"fence": "not visible"}, note=_ABOVE)
    allowed = [value for rule in places for value in rule.get("values", {}).get("allowedValues", ())]
    open_ = not places or any(rule.get("allowAll") for rule in places)
    fenced = not open_ and all(_domestic(value) for value in allowed)
    no_keys = any(rule.get("enforce") for rule in keys)
    facts = {names.FENCE: sorted(allowed) if not open_ else "all", names.NO_KEYS: no_keys}
    if fenced and no_keys:
        return Finding(facts=facts)
    if not adopted(c.settings, "account_guards"):
        return Finding(facts=facts, note=_BY_UP)
    if not c.session.allowed("orgpolicy.policies.create"):
        return Finding(facts=facts, note=_ABOVE)
    wanted: list[tuple[str, Any]] = []
    if not fenced:
        wanted.append((names.FENCE, {"values": {"allowedValues": names.fence_values(c.settings)}}))
    if not no_keys:
        wanted.append((names.NO_KEYS, {"enforce": True}))
    return _fencing(c, facts, wanted)


def _fencing(c: C, facts: Mapping[str, Any], wanted: list[tuple[str, Any]]) -> Finding:
    calls: list[Call] = []
    for constraint, rule in wanted:
        name = f"{parent(c.settings)}/policies/{constraint}"
        if c.session.read("orgpolicy", "projects.policies.get", name=name) is not None:
            return Finding(facts=facts, problem=_wider(constraint))
        body = {"name": name, "spec": {"rules": [rule]}}
        why = Text(f"{constraint} を設定する", f"set {constraint}")
        arguments = {"parent": parent(c.settings), "body": body}
        calls.append(Call("orgpolicy", "projects.policies.create", arguments, why))
    return Finding(facts=facts, calls=tuple(calls))


def _effective(c: C, constraint: str) -> list[dict[str, Any]]:
    name = f"{parent(c.settings)}/policies/{constraint}"
    found = c.session.read("orgpolicy", "projects.policies.getEffectivePolicy", name=name)
    return (found or {}).get("spec", {}).get("rules", [])


def _domestic(value: str) -> bool:
    """Whether an allowed value is in Japan: a region, a zone, or the value group of one."""
    name = value.removeprefix("in:").removesuffix("-locations")
    return name in ("japan", "jp") or name.startswith(("asia-northeast1", "asia-northeast2"))


_BY_UP = Text(
    "組織ポリシーはマニフェストの baseline.account_guards に従い up が設定します。",
    "`up` sets the organisation policies (baseline.account_guards in the manifest).",
)
_ABOVE = Text(
    "組織ポリシーはこのプロジェクトの管理者には設定できません。払い出し元（デジタル庁）の設定を確かめてください。",
    "This administrator may not set organisation policies; ask the organisation above (the Digital Agency).",
)


def _wider(constraint: str) -> Problem:
    return Problem(
        "foreign",
        Text(
            f"プロジェクトに別の {constraint} があり、国外を許すか無効になっています。",
            f"the project has a {constraint} of somebody else's that is too wide",
        ),
        Text(
            "設定した人に確かめて、直すか消してから、もう一度実行してください。",
            "Ask who set it; correct or delete it, then run this again.",
        ),
    )


def look_signin(c: C) -> Finding:
    """Who can sign in with what, as far as a project shows it. Only reads."""
    policy = c.session.read(
        "cloudresourcemanager",
        "projects.getIamPolicy",
        resource=parent(c.settings),
        body={"options": {"requestedPolicyVersion": 3}},
    )
    members = sorted({m for b in (policy or {}).get("bindings", []) for m in b["members"]})
    public = [m for m in members if m in ("allUsers", "allAuthenticatedUsers")]
    private = [m for m in members if m.startswith("user:") and m.endswith(("@gmail.com", "@googlemail.com"))]
    facts = {
        "people": [m for m in members if m.partition(":")[0] in ("user", "group", "domain")],
        "public": public,
        "consumer_accounts": private,
    }
    if public or private:
        problem = Problem(
            "unsafe",
            Text(
                f"プロジェクトに、組織の外の人が入れます: {', '.join(public + private)}",
                f"people outside the organisation may enter the project: {', '.join(public + private)}",
            ),
            Text(
                "この権限を外してから、もう一度実行してください。",
                "Remove these bindings, then run this again.",
            ),
        )
        return Finding(facts=facts, problem=problem)
    note = Text(
        "多要素認証とパスワードの条件は払い出し元の Cloud Identity にあり、プロジェクトからは見えません。",
        "Two-step verification and password rules are in the organisation's Cloud Identity; a project "
        "cannot see them.",
    )
    return Finding(facts=facts, note=note)
