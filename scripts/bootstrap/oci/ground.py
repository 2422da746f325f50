"""Who we are, where we may be, how people get in, and the compartment and contacts that all else hangs on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from scripts.bootstrap.calls import Call, Later
from scripts.bootstrap.oci import names
from scripts.bootstrap.steps import Context, Finding, Problem, Step, look_identity
from stacks.text import Text

if TYPE_CHECKING:
    from scripts.bootstrap.oci.session import Oci

C: TypeAlias = "Context[Oci]"


def look_fence(c: C) -> Finding:
    """The regions that the tenancy is subscribed to. The parent tenancy limits them; so do our statements."""
    found = c.session.each("identity", "ListRegionSubscriptions", tenancy_id=c.session.tenancy)
    regions = sorted(str(region["region_name"]) for region in found)
    home = next((str(r["region_name"]) for r in found if r["is_home_region"]), "")
    abroad = [region for region in regions if region not in names.REGION_KEYS]
    facts = {"regions": regions, "home": home, "abroad": abroad}
    if home != c.settings.region:
        what = Text(
            f"ホームリージョンは {home} です。IAM はそこでしか変えられません。",
            f"the home region is {home}, and IAM can be changed only there",
        )
        do = Text(
            f"マニフェストの region を {home} にしてください。",
            f"Set the manifest's region to {home}.",
        )
        return Finding(facts, problem=Problem("impossible", what, do))
    note = None
    if abroad:
        note = Text(
            f"国外のリージョンが登録されています: {', '.join(abroad)}。取り消せないため、パイプラインのポリ"
            "シーで"
            "国内に限ります。親テナンシの管理者に制限を頼んでください。",
            f"The tenancy is subscribed to regions abroad: {', '.join(abroad)}. That cannot be taken back; "
            "the "
            "pipeline's policy keeps it at home. Ask the parent tenancy's administrator for a rule.",
        )
    return Finding(facts, note=note)


def look_people(c: C) -> Finding:
    """The domain's password policies, second factor and identity providers. People are GCAS's."""
    domain = c.session.domain()
    if not domain:
        what = Text("アイデンティティ・ドメインが見つかりません。", "the identity domain is not there")
        do = Text("--set domain=名前 で示してください。", "Name it with --set domain=NAME.")
        return Finding(problem=Problem("by_hand", what, do))
    passwords = c.session.each("domain", "ListPasswordPolicies", domain)
    factors = c.session.each("domain", "ListAuthenticationFactorSettings", domain)
    providers = c.session.each("domain", "ListIdentityProviders", domain)
    shortest = min((int(p["min_length"]) for p in passwords if p.get("min_length")), default=None)
    kinds = ("totp_enabled", "push_enabled", "fido_authenticator_enabled")
    second = any(factor.get(kind) for factor in factors for kind in kinds)
    sso = [str(p["partner_name"]) for p in providers if p.get("enabled")]
    facts = {"domain": domain, "shortest_password": shortest, "second_factor": second, "sso": sso}
    note = None
    if not second or not sso:
        note = Text(
            "2要素認証またはSSO（GCAS）が見当たりません。ドメインの管理者に確かめてください。",
            "A second factor, or SSO (GCAS), is not to be seen. Ask the domain's administrator.",
        )
    return Finding(facts, note=note)


# --- the compartment ---


def compartment(c: C) -> dict[str, Any] | None:
    """The compartment of what the bootstrap makes."""
    return c.session.compartment(names.named(c.settings, "bootstrap"))


def place(c: C) -> Any:
    """Its OCID, or what stands for it until it is there."""
    found = compartment(c)
    return names.PLACE if found is None else str(found["id"])


def look_place(c: C) -> Finding:
    """A compartment of its own, so that what guards the tenant lies apart from the tenant."""
    found = compartment(c)
    if found is None:
        details = {
            "compartmentId": c.session.tenancy,
            "name": names.named(c.settings, "bootstrap"),
            "description": "State, keys and alarms of the pipeline",
            "freeformTags": c.settings.owner,
        }
        why = Text("ステートと鍵の置き場を作ります。", "Make the place of state and keys.")
        arguments = {"create_compartment_details": details}
        return Finding(
            {"compartment": None}, (Call("identity", "CreateCompartment", arguments, why, "create"),)
        )
    if not names.ours(c.settings, found):
        return Finding(problem=names.foreign(f"compartment {found['name']}"))
    return Finding({"compartment": str(found["id"])})


# --- contacts ---


def topic(c: C) -> dict[str, Any] | None:
    """The topic of the alarms."""
    where = place(c)
    if isinstance(where, Later):
        return None
    found = c.session.each(
        "topics", "ListTopics", compartment_id=where, name=names.named(c.settings, "alarms")
    )
    return found[0] if found else None


def topic_id(c: C) -> Any:
    """Its OCID, or what stands for it until it is there."""
    found = topic(c)
    return (
        Later("OCID of the topic", "contacts/topic", ("topic_id",))
        if found is None
        else str(found["topic_id"])
    )


def look_contacts(c: C) -> Finding:
    """The topic that alarms go to, and the contacts that it tells. Each confirms by a link in a mail."""
    found = topic(c)
    where = place(c)
    calls: list[Call] = []
    number: Any = Later("OCID of the topic", "topic", ("topic_id",))
    has: dict[str, str] = {}
    if found is None:
        details = {
            "name": names.named(c.settings, "alarms"),
            "compartmentId": where,
            "description": "Alarms of the bootstrap",
            "freeformTags": c.settings.owner,
        }
        why = Text("警報の届け先を作ります。", "Make where alarms go to.")
        calls.append(Call("topics", "CreateTopic", {"create_topic_details": details}, why, "topic"))
    elif not names.ours(c.settings, found):
        return Finding(problem=names.foreign(f"topic {found['name']}"))
    else:
        number = str(found["topic_id"])
        listed = c.session.each("subscriptions", "ListSubscriptions", compartment_id=where, topic_id=number)
        has = {str(s["endpoint"]): str(s["lifecycle_state"]) for s in listed if s["protocol"] == "EMAIL"}
    wanted = sorted({c.settings.contact("operations")["email"], c.settings.contact("security")["email"]})
    for address in wanted:
        if address not in has:
            details = {
                "topicId": number,
                "compartmentId": where,
                "protocol": "EMAIL",
                "endpoint": address,
                "freeformTags": c.settings.owner,
            }
            why = Text(f"{address} に届くようにします。", f"Have it reach {address}.")
            arguments = {"create_subscription_details": details}
            calls.append(Call("subscriptions", "CreateSubscription", arguments, why))
    pending = [address for address in wanted if has.get(address) == "PENDING"]
    note = None
    if pending:
        note = Text(
            f"確認のメールを開いてもらってください: {', '.join(pending)}",
            f"Have them open the confirmation mail: {', '.join(pending)}",
        )
    return Finding({"topic": found and number, "contacts": has}, tuple(calls), note=note)


_KEPT: Final = Text("ほかのものが中にあるため残します。", "It is kept: other things are in it.")
STEPS: Final = (
    Step(
        "whoami",
        Text("払い出されたテナンシか確かめる", "Is this the tenancy that was handed over?"),
        Text("別のテナンシを変えないため。", "So that no other tenancy is changed."),
        look_identity,
    ),
    Step(
        "fence",
        Text("国内のリージョンだけ", "Domestic regions only"),
        Text("データを国外に置かないため。", "So that no data leaves the country."),
        look_fence,
    ),
    Step(
        "people",
        Text("パスワード・2要素認証・SSO", "Passwords, second factor, SSO"),
        Text("人が入る道を確かめます。", "The roads by which people come in."),
        look_people,
    ),
    Step(
        "place",
        Text("専用のコンパートメント", "A compartment of its own"),
        Text(
            "テナントを守るものを、テナントから離しておくため。",
            "What guards the tenant lies apart from it.",
        ),
        look_place,
        ("manage compartments",),
        _KEPT,
    ),
    Step(
        "contacts",
        Text("連絡先", "Contacts"),
        Text("警報が届くようにします。", "So that alarms reach somebody."),
        look_contacts,
        ("manage ons-topics", "manage ons-subscriptions"),
        Text("警報の届け先は残します。", "Where alarms go to is kept."),
    ),
)
