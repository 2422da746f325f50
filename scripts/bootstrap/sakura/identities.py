"""Who we are, whom the alarms reach, and who may do what: the pipeline's identity and the sealed one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from scripts.bootstrap.calls import Call, Later
from scripts.bootstrap.sakura import names
from scripts.bootstrap.steps import Context, Finding, Problem, Step, look_identity
from stacks.text import Text

if TYPE_CHECKING:
    from scripts.bootstrap.sakura.session import Sakura

C: TypeAlias = "Context[Sakura]"
_ZONES: Final = ("tk1a", "tk1b", "is1a", "is1b", "is1c", "tk1v")
"""The zones of the cloud: all in 東京 and 石狩 (facts: sakura-api.md §5)."""
_RULE: Final = "iam-member-operation-detected"
_INITIAL: Final = "made-by="
_NEEDS: Final = ("iam", "resources")


def look_whoami(c: C) -> Finding:
    """A service principal of the manifest's project: IAM answers to no API key."""
    found = look_identity(c)
    if c.identity.kind == "service_principal":
        return found
    problem = Problem(
        "by_hand",
        Text(
            "認証情報が API キーです。IAM の API はサービスプリンシパルしか受け付けません。",
            "the credential is an API key, and the IAM API takes service principals only",
        ),
        Text(
            "コントロールパネルで、プロジェクトのオーナーのロールを付けたサービスプリンシパルを作り、"
            "SAKURA_SERVICE_PRINCIPAL_ID、SAKURA_SERVICE_PRINCIPAL_KEY_KID、SAKURA_PRIVATE_KEY_PATH を"
            "設定してください。最後の手順がそれを廃止します。",
            "In the control panel make a service principal with the project's owner role and set "
            "SAKURA_SERVICE_PRINCIPAL_ID, SAKURA_SERVICE_PRINCIPAL_KEY_KID and SAKURA_PRIVATE_KEY_PATH. "
            "The last step retires it.",
        ),
    )
    return Finding(found.facts, problem=problem)


# --- contacts ---


def look_contacts(c: C) -> Finding:
    """Destinations for the contacts, and the group that alarms go to."""
    calls: list[Call] = []
    ids: list[Any] = []
    for kind in ("operations", "security"):
        address = c.settings.contact(kind)["email"]
        found = _item(c, "saknoticedestination", f"{names.prefix(c.settings)}-{kind}")
        if isinstance(found, Problem):
            return Finding(problem=found)
        if found is None:
            settings = {"Type": "email", "Value": address, "Disabled": False}
            calls.append(_new_item(c, "saknoticedestination", kind, settings))
            ids.append(Later(f"id of {kind}", kind, ("CommonServiceItem", "ID")))
            continue
        ids.append(str(found["ID"]))
        if found["Settings"].get("Value") != address or found["Settings"].get("Disabled"):
            settings = {"Type": "email", "Value": address, "Disabled": False}
            calls.append(_settings(found, settings, Text("宛先を改めます。", "Correct the address.")))
    group = _item(c, "saknoticegroup", f"{names.prefix(c.settings)}-alarms")
    if isinstance(group, Problem):
        return Finding(problem=group)
    wanted = {"Destinations": ids, "Disabled": False}
    if group is None:
        calls.append(_new_item(c, "saknoticegroup", "alarms", wanted))
    elif calls or sorted(map(str, group["Settings"].get("Destinations") or [])) != sorted(ids):
        calls.append(_settings(group, wanted, Text("グループの宛先を改めます。", "Correct the group.")))
    facts = {"destinations": [str(i) for i in ids if not isinstance(i, Later)], "group": _id(group)}
    return Finding(facts, tuple(calls))


def alarms(c: C) -> str | None:
    """The id of the group that alarms go to, once it is there."""
    found = _item(c, "saknoticegroup", f"{names.prefix(c.settings)}-alarms")
    return _id(found) if isinstance(found, Mapping) else None


def _item(c: C, kind: str, name: str) -> dict[str, Any] | Problem | None:
    query = {"Filter": {"Provider.Class": kind, "Name": name}}
    listed = c.session.read("simplenotification", "/commonserviceitem", query) or {}
    found = [i for i in listed.get("CommonServiceItems") or [] if i["Name"] == name]
    if not found:
        return None
    if not set(names.tags(c.settings)) <= set(found[0].get("Tags") or []):
        return names.foreign(f"SimpleNotification {name}")
    return found[0]


def _new_item(c: C, kind: str, short: str, settings: Mapping[str, Any]) -> Call:
    body = {
        "Name": f"{names.prefix(c.settings)}-{short}",
        "Description": "jichitai bootstrap",
        "Tags": names.tags(c.settings),
        "Provider": {"Class": kind},
        "ServiceClass": f"cloud/{kind}/2",
        "Settings": settings,
    }
    return names.request(
        "simplenotification",
        "POST /commonserviceitem",
        Text("警報の届け先を作ります。", "Make where alarms go to."),
        body={"CommonServiceItem": body},
        id=short,
    )


def _settings(item: Mapping[str, Any], settings: Mapping[str, Any], why: Text) -> Call:
    body = {"CommonServiceItem": {"Settings": settings}}
    return names.request(
        "simplenotification", "PUT /commonserviceitem/{item}", why, body=body, item=_id(item)
    )


def _id(found: Mapping[str, Any] | None) -> str | None:
    return None if found is None else str(found["ID"])


# --- what is only looked at ---


def look_fence(c: C) -> Finding:
    """Every zone of this cloud is in Japan; one that nobody here knows of is pointed out."""
    listed = c.session.read("iaas", "/zone") or {}
    found = [str(zone["Name"]) for zone in listed.get("Zones") or []]
    unknown = [zone for zone in found if zone not in _ZONES]
    note = Text(
        "ゾーンはすべて国内です。アドオンは第三者のサービスなので使わないでください。",
        "All zones are in Japan. Add-ons are a third party's services: do not use them.",
    )
    if unknown:
        note = Text(
            f"知らないゾーンがあります: {', '.join(unknown)}。国内か確かめてください。",
            f"There are zones that are not known here: {', '.join(unknown)}. Check that they are domestic.",
        )
    return Finding({"zones": found, "unknown": unknown}, note=note)


def look_people(c: C) -> Finding:
    """The organisation's rules for people. They are the organisation's to set; we say what we see."""
    password = c.session.readable("iam", "/organization-password-policy")
    conditions = c.session.readable("iam", "/organization-auth-conditions")
    profiles = c.session.readable("iam", "/sso-profiles")
    second = None if conditions is None else bool(conditions["require_two_factor_auth"]["enabled"])
    sso = None if profiles is None else [p["name"] for p in profiles["items"] if p.get("assigned")]
    facts = {"password": password, "two_factor": second, "sso": sso}
    if None in (password, second, sso):
        note = Text(
            "組織の認証の設定は見えません（組織の管理者のものです）。2要素認証が必須か、確かめてもらってくだ"
            "さい。",
            "The organisation's sign-in rules cannot be seen from here. Have its administrator confirm that "
            "a second factor is required.",
        )
    elif not second:
        note = Text(
            "2要素認証が必須になっていません。組織の管理者に、必須にしてもらってください。",
            "A second factor is not required. Have the organisation's administrator require it.",
        )
    else:
        note = None
    return Finding(facts, note=note)


# --- service principals ---


def principal(c: C, short: str) -> dict[str, Any] | Problem | None:
    """The service principal of this name in the project."""
    name = f"{names.prefix(c.settings)}-{short}"
    listed = c.session.items("/service-principals")
    found = [p for p in listed if p["name"] == name and str(p["project_id"]) == c.settings.unit]
    if not found:
        return None
    if len(found) > 1 or names.mark(c.settings) not in str(found[0].get("description")):
        return names.foreign(f"service principal {name}")
    return found[0]


def initial(c: C) -> int:
    """The first service principal: as told, as the deployer's description remembers it, else ourselves."""
    told = c.settings.options.get(names.PRINCIPAL)
    made = principal(c, "deployer")
    if not told and isinstance(made, Mapping):
        told = str(made["description"]).partition(_INITIAL)[2].split(" ")[0]
    return int(told or c.identity.id)


def keys_of(c: C, number: int) -> list[dict[str, Any]]:
    """The keys of a service principal."""
    return c.session.items(f"/service-principals/{number}/keys")


def normal(pem: str) -> str:
    """A public key without what may differ between two copies of it."""
    return "".join(pem.split())


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A service principal as it should be: which roles, and the option with its public key ("": no key)."""

    short: str
    roles: tuple[str, ...]
    option: str = ""


def look_deployer(c: C) -> Finding:
    """The pipeline's service principal: its key's public half, and the roles that `pulumi up` needs."""
    roles = tuple((c.settings.options.get(names.ROLES) or names.OWNER).split(","))
    note = Text(
        "このクラウドには独自のロールも権限境界もありません。pulumi up はサービスプリンシパルと権限も作るた"
        "め、"
        f"既定のロールは {names.OWNER} です（--set {names.ROLES}=… で狭められます）。",
        "This cloud has neither roles of one's own nor permission boundaries. pulumi up makes service "
        f"principals and grants too, so the role is {names.OWNER} unless --set {names.ROLES}=… narrows it.",
    )
    return _principals(c, (_Wanted("deployer", roles, names.PUBLIC_KEY),), note)


def look_break_glass(c: C) -> Finding:
    """A service principal whose private key lies in a safe, and an alarm when members of IAM change."""
    note = Text(
        "秘密鍵は別のコンピュータで作り、封をして保管してください。ここには公開鍵だけを渡します。操作の監査"
        "ログは API "
        "では得られないため、コントロールパネルのイベントログを見てください。",
        "Make the private key on another machine, seal it, and give only the public half here. There is no "
        "API for the audit log of operations: look at the event log in the control panel.",
    )
    sealed = _Wanted("break-glass", (names.OWNER,), names.SEALED_KEY)
    made = _principals(c, (sealed, _Wanted("guard", ("resource-viewer",))), note)
    if made.problem is not None or made.waiting is not None:
        return made
    watch = _watch(c)
    return Finding({**made.facts, "watch": watch.facts}, (*made.calls, *watch.calls), note=note)


def _principals(c: C, wanted: Sequence[_Wanted], note: Text) -> Finding:
    roles = {role for one in wanted for role in one.roles}
    known = {str(role["id"]) for role in c.session.items("/iam-roles")}
    if not roles <= known:
        return Finding(problem=_no_such_role(sorted(roles - known), sorted(known)))
    facts: dict[str, Any] = {}
    calls: list[Call] = []
    numbers: list[tuple[Any, _Wanted]] = []
    for one in wanted:
        found = principal(c, one.short)
        if isinstance(found, Problem):
            return Finding(problem=found)
        pem = _public_key(c, one.option) if one.option else ""
        if isinstance(pem, Problem):
            return Finding(problem=pem)
        keys = [] if found is None else keys_of(c, int(found["id"]))
        enabled = [key for key in keys if key["status"] == "enabled"]
        if one.option and not pem and not enabled:
            return Finding(waiting=_wanted(one.short, one.option))
        number: Any = Later(f"id of {one.short}", one.short, ("id",)) if found is None else int(found["id"])
        if found is None:
            calls.append(_new_principal(c, one.short))
        if pem and not any(normal(key["public_key"]) == normal(pem) for key in enabled):
            calls.append(_upload(number, pem))
        numbers.append((number, one))
        facts[one.short] = {"id": found and str(found["id"]), "keys": [key["kid"] for key in enabled]}
    granted, call = _granted(c, numbers)
    for short, roles_now in granted.items():
        facts[short]["roles"] = roles_now
    return Finding(facts, (*calls, *([call] if call else [])), note=note)


def _upload(number: Any, pem: str) -> Call:
    why = Text("鍵の公開側を登録します。", "Register the public half of the key.")
    operation = "POST /service-principals/{principal}/upload-key"
    return names.request("iam", operation, why, body={"public_key": pem}, principal=number)


def _new_principal(c: C, short: str) -> Call:
    body = {
        "project_id": int(c.settings.unit),
        "name": f"{names.prefix(c.settings)}-{short}",
        "description": f"{names.mark(c.settings)} {_INITIAL}{c.identity.id}",
    }
    why = Text("サービスプリンシパルを作ります。", "Make the service principal.")
    return names.request("iam", "POST /service-principals", why, body=body, id=short)


def _granted(c: C, wanted: Sequence[tuple[Any, _Wanted]]) -> tuple[dict[str, list[str]], Call | None]:
    """The roles that each has, and the one call that gives what is lacking; what others have stays."""
    policy = c.session.read("iam", f"/projects/{c.settings.unit}/iam-policy") or {"bindings": []}
    bindings = [dict(binding) for binding in policy["bindings"]]
    granted: dict[str, list[str]] = {}
    lacking = False
    for number, one in wanted:
        granted[one.short] = [] if isinstance(number, Later) else roles_in(policy, number)
        for role in one.roles:
            if role in granted[one.short]:
                continue
            lacking = True
            who = {"type": "service-principal", "id": number}
            same = next((b for b in bindings if b["role"]["id"] == role), None)
            if same is None:
                bindings.append({"role": {"type": "preset", "id": role}, "principals": [who]})
            else:
                same["principals"] = [*same["principals"], who]
    if not lacking:
        return granted, None
    why = Text(
        "プロジェクトのロールを付けます（ほかの付与は残します）。", "Grant the roles; others' grants stay."
    )
    operation = "PUT /projects/{project}/iam-policy"
    body = {**policy, "bindings": bindings}
    return granted, names.request("iam", operation, why, body=body, project=c.settings.unit)


def roles_in(policy: Mapping[str, Any], number: int) -> list[str]:
    """The roles that a project's policy gives to a service principal."""
    return [
        str(binding["role"]["id"])
        for binding in policy.get("bindings") or []
        for one in binding.get("principals") or []
        if one["type"] == "service-principal" and int(one["id"]) == number
    ]


def _watch(c: C) -> Finding:
    """Security control watches the members of IAM and tells the contacts."""
    guard = principal(c, "guard")
    number: Any = str(guard["id"]) if isinstance(guard, Mapping) else Later("id of guard", "guard", ("id",))
    group: Any = alarms(c) or Later("id of alarms", "contacts/alarms", ("CommonServiceItem", "ID"))
    active = c.session.read("securitycontrol", "/activation")
    calls: list[Call] = []
    why = Text("IAM の変更を見張り、連絡先に知らせます。", "Watch changes of IAM and tell the contacts.")
    if active is None:
        body = {"servicePrincipalId": number, "isActive": True}
        calls.append(names.request("securitycontrol", "POST /activation", why, body=body))
    elif not active.get("isActive"):
        body = {"servicePrincipalId": active["servicePrincipalId"], "isActive": True}
        calls.append(names.request("securitycontrol", "PUT /activation", why, body=body))
    rule = c.session.read("securitycontrol", f"/evaluation_rules/{_RULE}")
    watched = rule is not None and bool(rule.get("isEnabled"))
    if not watched:
        parameter = {"servicePrincipalId": number}
        body = {"rule": {"evaluationRuleId": _RULE, "parameter": parameter}, "isEnabled": True}
        calls.append(names.request("securitycontrol", f"PUT /evaluation_rules/{_RULE}", why, body=body))
    title = f"{names.prefix(c.settings)}-alarm"
    listed = c.session.read("securitycontrol", "/automated_actions") or {}
    action = next((a for a in listed.get("items") or [] if a["name"] == title), None)
    if action is None:
        body = {
            "name": title,
            "description": names.mark(c.settings),
            "isEnabled": True,
            "action": {
                "actionType": "simpleNotification",
                "actionParameter": {"servicePrincipalId": number, "notificationGroupId": group},
            },
            "executionCondition": "true",
        }
        calls.append(names.request("securitycontrol", "POST /automated_actions", why, body=body))
    return Finding(
        {"active": active is not None, "watched": watched, "action": action is not None}, tuple(calls)
    )


def _public_key(c: C, option: str) -> str | Problem:
    given = c.settings.options.get(option)
    if not given:
        return ""
    try:
        text = Path(given).expanduser().read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        text, why = "", str(error)
    else:
        why = "PRIVATE KEY" if "PRIVATE" in text else "PEM"
    if "-----BEGIN PUBLIC KEY-----" in text and "PRIVATE" not in text:
        return text
    return Problem(
        "by_hand",
        Text(
            f"--set {option}={given} は公開鍵（PEM）ではありません（{why}）。",
            f"--set {option}={given} is no public key in PEM form ({why})",
        ),
        Text(
            "openssl rsa -in 秘密鍵 -pubout で公開側だけを取り出してください（RSA 2048〜4096ビット）。",
            "Take the public half out: openssl rsa -in PRIVATE -pubout (RSA, 2048 to 4096 bits).",
        ),
    )


def _wanted(short: str, option: str) -> Text:
    return Text(
        f"{short} の鍵の公開側が要ります。鍵を使う側で RSA の鍵を作り、公開側を --set {option}=ファイル で渡"
        "してください。",
        f"The public half of the key of {short} is wanted. Make an RSA key where it will be used and give "
        "its "
        f"public half with --set {option}=FILE.",
    )


def _no_such_role(lacking: Sequence[str], known: Sequence[str]) -> Problem:
    return Problem(
        "impossible",
        Text(
            f"ロール {', '.join(lacking)} はありません。あるもの: {', '.join(known)}",
            f"there is no role {', '.join(lacking)}; there are: {', '.join(known)}",
        ),
        Text(f"--set {names.ROLES}=… で選んでください。", f"Choose with --set {names.ROLES}=…."),
    )


def _undo_principal(short: str) -> Any:
    def undo(c: C) -> tuple[Call, ...]:
        found = principal(c, short)
        if not isinstance(found, Mapping):
            return ()
        why = Text("サービスプリンシパルを消します。", "Delete the service principal.")
        operation = "DELETE /service-principals/{principal}"
        return (names.request("iam", operation, why, principal=found["id"]),)

    return undo


FIRST: Final = (
    Step(
        "whoami",
        Text("払い出されたプロジェクトか確かめる", "Is this the project that was handed over?"),
        Text("別のプロジェクトを変えないため。", "So that no other project is changed."),
        look_whoami,
    ),
    Step(
        "contacts",
        Text("連絡先", "Contacts"),
        Text("警報が届くようにします。", "So that alarms reach somebody."),
        look_contacts,
        ("resources",),
        Text("警報の届け先は残します。", "Where alarms go to is kept."),
    ),
    Step(
        "fence",
        Text("国内のゾーンだけ", "Domestic zones only"),
        Text("データを国外に置かないため。", "So that no data leaves the country."),
        look_fence,
    ),
    Step(
        "people",
        Text("パスワード・2要素認証・SSO", "Passwords, second factor, SSO"),
        Text("人が入る道を確かめます。", "The roads by which people come in."),
        look_people,
    ),
)
STEPS: Final = (
    Step(
        "deployer",
        Text("パイプラインのサービスプリンシパル", "The pipeline's service principal"),
        Text("人の認証情報を使わずにデプロイするため。", "So that nobody's own credential deploys."),
        look_deployer,
        _NEEDS,
        _undo_principal("deployer"),
    ),
    Step(
        "break_glass",
        Text("封をした非常用の入口", "The sealed emergency entrance"),
        Text(
            "パイプラインが壊れたときのため。日常には使いません。",
            "For when the pipeline is broken; never daily.",
        ),
        look_break_glass,
        _NEEDS,
        _undo_principal("break-glass"),
    ),
)
