"""Who may do what: the pipeline by exchange of its own token, and the one whose key lies in a safe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from scripts.bootstrap.calls import Call, Later
from scripts.bootstrap.oci import names, statements
from scripts.bootstrap.oci.ground import place, topic_id
from scripts.bootstrap.oci.stores import policy
from scripts.bootstrap.steps import Context, Finding, Pipeline, Problem, Step
from stacks.text import Text

if TYPE_CHECKING:
    from scripts.bootstrap.oci.session import Oci

C: TypeAlias = "Context[Oci]"
AUDIENCE: Final = "https://cloud.oracle.com"
_CORE: Final = "urn:ietf:params:scim:schemas:core:2.0"
_ORACLE: Final = "urn:ietf:params:scim:schemas:oracle:idcs"
_USER: Final = f"{_ORACLE}:extension:user:User"
_GROUP: Final = f"{_ORACLE}:extension:group:Group"
_JWKS: Final[Mapping[str, str]] = {
    "https://token.actions.githubusercontent.com": "/.well-known/jwks",
    "https://gitlab.com": "/oauth/discovery/keys",
}
"""Where issuers publish their keys (their OpenID configuration, `jwks_uri`)."""


def user(c: C, short: str) -> Any:
    """A service user of the domain."""
    return c.session.scim("ListUsers", f'userName eq "{names.named(c.settings, short)}"')


def app(c: C) -> Any:
    """The OAuth client of the exchange."""
    return c.session.scim("ListApps", f'displayName eq "{names.named(c.settings, "pipeline")}"')


def _trust(c: C) -> Any:
    return c.session.scim("ListIdentityPropagationTrusts", f'name eq "{names.named(c.settings, "pipeline")}"')


def _mine(c: C, found: Mapping[str, Any]) -> bool:
    return names.mark(c.settings) in str(found.get("description") or "")


# --- a user and its group ---


def _member(c: C, short: str, group: str, calls: list[Call]) -> tuple[Any, Problem | None]:
    """A service user in a group of its own: its id (or what stands for it), and the calls it takes."""
    domain, found = c.session.domain(), user(c, short)
    number: Any = Later(f"id of {short}", short, ("id",))
    if found is None:
        body = {
            "schemas": [f"{_CORE}:User", _USER],
            "userName": names.named(c.settings, short),
            "displayName": names.named(c.settings, short),
            "description": names.mark(c.settings),
            "active": True,
            _USER: {"serviceUser": True},
        }
        why = Text(
            "サービスユーザーを作ります（人は入れません）。",
            "Make a service user: no person signs in as it.",
        )
        arguments = {"endpoint": domain, "user": body}
        calls.append(Call("domain", "CreateUser", arguments, why, short))
    elif not _mine(c, found):
        return number, names.foreign(f"user {found['user_name']}")
    else:
        number = str(found["id"])
    title = names.named(c.settings, group)
    held = c.session.scim("ListGroups", f'displayName eq "{title}"')
    why = Text("専用のグループに入れます。", "Put it in a group of its own.")
    one = {"value": number, "type": "User"}
    if held is None:
        body = {
            "schemas": [f"{_CORE}:Group", _GROUP],
            "displayName": title,
            "members": [one],
            _GROUP: {"description": names.mark(c.settings)},
        }
        calls.append(Call("domain", "CreateGroup", {"endpoint": domain, "group": body}, why))
        return number, None
    about = held.get("urn_ietf_params_scim_schemas_oracle_idcs_extension_group_group") or {}
    members = [str(m["value"]) for m in held.get("members") or []]
    if not _mine(c, about) or [m for m in members if m != number]:
        return number, names.foreign(f"group {title}")
    if number not in members:
        patch = {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "ADD", "path": "members", "value": [one]}],
        }
        arguments = {"endpoint": domain, "group_id": str(held["id"]), "patch_op": patch}
        calls.append(Call("domain", "PatchGroup", arguments, why))
    return number, None


# --- the pipeline ---


def look_deployer(c: C) -> Finding:
    """The pipeline's service user, the client and the trust by which its token is exchanged, its policy."""
    pipeline = c.settings.pipeline
    if pipeline is None:
        return Finding(problem=no_pipeline())
    keys = _keys(c, pipeline)
    if isinstance(keys, Problem):
        return Finding(problem=keys)
    calls: list[Call] = []
    number, problem = _member(c, "deployer", "deployers", calls)
    if problem is not None:
        return Finding(problem=problem)
    client = app(c)
    if client is None:
        calls.append(_new_app(c))
    elif not _mine(c, client):
        return Finding(problem=names.foreign(f"application {client['display_name']}"))
    held = _trust(c)
    if held is not None and not _mine(c, held):
        return Finding(problem=names.foreign(f"identity propagation trust {held['name']}"))
    name: Any = Later("client id", "app", ("name",)) if client is None else str(client["name"])
    calls.extend(_trusted(c, pipeline, keys, name, number, held))
    why = Text("パイプラインに要るだけの権限を付けます。", "Grant what the pipeline needs, and no more.")
    more, problem = policy(c, "deployers", statements.deployers(c.settings), why)
    if problem is not None:
        return Finding(problem=problem)
    facts = {
        "user": None if isinstance(number, Later) else number,
        "client": client and str(client["name"]),
        "issuer": pipeline.issuer,
        "subjects": list(pipeline.subjects),
        "trust": held and str(held["id"]),
    }
    return Finding(facts, (*calls, *more), note=_CLIENT_NOTE)


_CLIENT_NOTE: Final = Text(
    "クライアントのシークレットはコンソールで確かめ、パイプラインのシークレットに入れてください。発行者の署"
    "名した"
    "トークンがなければ何も開けません。",
    "Look the client's secret up in the console and put it among the pipeline's secrets. Without a token "
    "that the issuer signed it opens nothing.",
)


def _new_app(c: C) -> Call:
    body = {
        "schemas": [f"{_ORACLE}:App"],
        "displayName": names.named(c.settings, "pipeline"),
        "description": names.mark(c.settings),
        "basedOnTemplate": {"value": "CustomWebAppTemplateId"},
        "isOAuthClient": True,
        "clientType": "confidential",
        "allowedGrants": ["client_credentials"],
        "showInMyApps": False,
        "active": True,
    }
    why = Text("トークン交換のクライアントを作ります。", "Make the client of the exchange.")
    return Call("domain", "CreateApp", {"endpoint": c.session.domain(), "app": body}, why, "app")


def _trusted(
    c: C, pipeline: Pipeline, keys: str, name: Any, number: Any, held: Mapping[str, Any] | None
) -> list[Call]:
    rules = [{"rule": f"sub eq {subject}", "value": number} for subject in pipeline.subjects]
    body = {
        "schemas": [f"{_ORACLE}:IdentityPropagationTrust"],
        "name": names.named(c.settings, "pipeline"),
        "description": names.mark(c.settings),
        "type": "JWT",
        "issuer": pipeline.issuer,
        "publicKeyEndpoint": keys,
        "subjectType": "User",
        "clientClaimName": "aud",
        "clientClaimValues": [pipeline.audience or AUDIENCE],
        "oauthClients": [name],
        "allowImpersonation": True,
        "impersonationServiceUsers": rules,
        "active": True,
    }
    why = Text(
        "この発行者の、この subject だけを信じます。",
        "Trust this issuer's token for exactly these subjects.",
    )
    domain = c.session.domain()
    if held is None:
        arguments = {"endpoint": domain, "identity_propagation_trust": body}
        return [Call("domain", "CreateIdentityPropagationTrust", arguments, why)]
    has = [
        held["issuer"],
        held["public_key_endpoint"],
        sorted(held["client_claim_values"] or []),
        list(held["oauth_clients"] or []),
        sorted((one["rule"], one["value"]) for one in held["impersonation_service_users"] or []),
        bool(held["active"]),
    ]
    wanted = [
        pipeline.issuer, keys, [pipeline.audience or AUDIENCE], [name],
        sorted((one["rule"], one["value"]) for one in rules), True,
    ]  # fmt: skip
    if has == wanted:
        return []
    arguments = {
        "endpoint": domain,
        "identity_propagation_trust_id": str(held["id"]),
        "identity_propagation_trust": body,
    }
    return [Call("domain", "PutIdentityPropagationTrust", arguments, why)]


def _keys(c: C, pipeline: Pipeline) -> str | Problem:
    given = c.settings.options.get(names.JWKS)
    known = _JWKS.get(pipeline.issuer)
    if given or known:
        return given or f"{pipeline.issuer}{known}"
    return Problem(
        "by_hand",
        Text(
            f"{pipeline.issuer} の公開鍵の場所が分かりません。",
            f"where {pipeline.issuer} publishes its keys is not known",
        ),
        Text(
            f"--set {names.JWKS}=URL で示してください（発行者の OpenID 設定の jwks_uri）。",
            f"Give it with --set {names.JWKS}=URL (jwks_uri in the issuer's OpenID configuration).",
        ),
    )


def no_pipeline() -> Problem:
    """The run was not told who may deploy."""
    return Problem(
        "by_hand",
        Text(
            "どのパイプラインにデプロイを許すかが決まっていません。",
            "it is not said which pipeline may deploy",
        ),
        Text("発行者と subject を指定してください。", "Give its issuer and its subject."),
    )


# --- the sealed one ---


def look_break_glass(c: C) -> Finding:
    """A user whose private key lies in a safe, and an alarm whenever it does anything."""
    pem = _public_key(c)
    if isinstance(pem, Problem):
        return Finding(problem=pem)
    calls: list[Call] = []
    number, problem = _member(c, "break-glass", "break-glass", calls)
    if problem is not None:
        return Finding(problem=problem)
    found = user(c, "break-glass")
    ocid: Any = (
        Later("OCID of break-glass", "break-glass", ("ocid",)) if found is None else str(found["ocid"])
    )
    keys = [] if found is None else c.session.each("identity", "ListApiKeys", user_id=ocid)
    if not pem and not keys:
        return Finding(waiting=_wanted())
    if pem and not any(_normal(str(one["key_value"])) == _normal(pem) for one in keys):
        why = Text("封をした鍵の公開側を登録します。", "Register the public half of the sealed key.")
        arguments = {"user_id": ocid, "create_api_key_details": {"key": pem}}
        calls.append(Call("identity", "UploadApiKey", arguments, why))
    why = Text("非常用の権限を付けます。", "Grant what an emergency needs.")
    more, problem = policy(c, "break-glass", statements.break_glass(c.settings), why)
    if problem is not None:
        return Finding(problem=problem)
    alarm, problem = _alarm(c)
    if problem is not None:
        return Finding(problem=problem)
    facts = {
        "user": None if isinstance(number, Later) else number,
        "keys": [str(one["fingerprint"]) for one in keys],
        "alarm": not alarm,
    }
    return Finding(facts, (*calls, *more, *alarm))


def _alarm(c: C) -> tuple[list[Call], Problem | None]:
    """A connector from the audit log to the contacts, for whatever the sealed user does."""
    where, title = place(c), names.named(c.settings, "break-glass")
    found: list[Any] = []
    if not isinstance(where, Later):
        found = c.session.each(
            "connectors", "ListServiceConnectors", compartment_id=where, display_name=title
        )
        found = [one for one in found if one["lifecycle_state"] not in ("DELETED", "DELETING", "FAILED")]
    if found:
        return [], None if names.ours(c.settings, found[0]) else names.foreign(f"connector {title}")
    audit = {"compartmentId": c.session.tenancy, "logGroupId": "_Audit_Include_Subcompartment"}
    details = {
        "displayName": title,
        "compartmentId": where,
        "description": "Any use of the sealed identity",
        "source": {"kind": "logging", "logSources": [audit]},
        "tasks": [
            {
                "kind": "logRule",
                "condition": f"data.identity.principalName='{title}'",
            }
        ],
        "target": {"kind": "notifications", "topicId": topic_id(c), "enableFormattedMessaging": True},
        "freeformTags": c.settings.owner,
    }
    why = Text(
        "非常用の入口が使われたら、連絡先に知らせます。",
        "Tell the contacts when the sealed one is used.",
    )
    arguments = {"create_service_connector_details": details}
    return [Call("connectors", "CreateServiceConnector", arguments, why)], None


def _public_key(c: C) -> str | Problem:
    given = c.settings.options.get(names.SEALED_KEY)
    if not given:
        return ""
    try:
        text = Path(given).expanduser().read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        text = ""
    if "-----BEGIN PUBLIC KEY-----" in text and "PRIVATE" not in text:
        return text
    return Problem(
        "by_hand",
        Text(
            f"--set {names.SEALED_KEY}={given} は公開鍵（PEM）ではありません。",
            f"--set {names.SEALED_KEY}={given} is no public key in PEM form",
        ),
        Text(
            "openssl rsa -in 秘密鍵 -pubout で公開側だけを取り出してください。",
            "Take the public half out: openssl rsa -in PRIVATE -pubout.",
        ),
    )


def _normal(pem: str) -> str:
    return "".join(pem.split())


def _wanted() -> Text:
    return Text(
        "非常用の鍵の公開側が要ります。別のコンピュータで RSA の鍵を作って封をし、公開側を "
        f"--set {names.SEALED_KEY}=ファイル で渡してください。",
        "The public half of the sealed key is wanted. Make an RSA key on another machine, seal it, and give "
        f"its public half with --set {names.SEALED_KEY}=FILE.",
    )


STEPS: Final = (
    Step(
        "deployer",
        Text("パイプラインの身分", "The pipeline's identity"),
        Text(
            "鍵を配らず、発行者のトークンだけで入れるように。",
            "So that it comes in by its own token, without keys.",
        ),
        look_deployer,
        ("manage users", "manage groups", "manage domains", "manage policies"),
        Text(
            "ユーザー・クライアント・信頼は残します。コンソールで無効にできます。",
            "User, client and trust are kept; the console can deactivate them.",
        ),
    ),
    Step(
        "break_glass",
        Text("封をした非常用の入口", "The sealed emergency entrance"),
        Text(
            "パイプラインが壊れたときのため。日常には使いません。",
            "For when the pipeline is broken; never daily.",
        ),
        look_break_glass,
        ("manage users", "manage groups", "manage policies", "manage serviceconnectors"),
        Text("非常用の入口は残します。", "The emergency entrance is kept."),
    ),
)
