"""The new road is proven by using it, the evidence is kept, then the first credential is retired."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from scripts.bootstrap.calls import Call, Later, Secret
from scripts.bootstrap.oci import names, statements
from scripts.bootstrap.oci.people import app, no_pipeline, user
from scripts.bootstrap.oci.session import SESSION
from scripts.bootstrap.oci.stores import namespace, secret
from scripts.bootstrap.steps import Context, Finding, Problem, Step
from stacks.text import Text

if TYPE_CHECKING:
    from scripts.bootstrap.oci.session import Oci

C: TypeAlias = "Context[Oci]"
DEPLOYER: Final = "deployer"
_TRY: Final = "jichitai proof"
"""The name of the key of a proof."""


def fingerprint(c: C, ocid: str, client: str) -> str:
    """What the road is, in short: a road that was changed since has to be proven anew."""
    pipeline = c.settings.pipeline
    trusted = () if pipeline is None else (pipeline.issuer, *pipeline.subjects, pipeline.audience)
    parts = (ocid, client, *trusted, *statements.deployers(c.settings))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _object(c: C, name: str) -> dict[str, Any]:
    return {
        "namespace_name": namespace(c),
        "bucket_name": names.named(c.settings, "state"),
        "object_name": name,
    }


def proven(c: C) -> bool:
    """Whether the road as it is now has been used."""
    who, client = user(c, DEPLOYER), app(c)
    if who is None or client is None or c.settings.pipeline is None:
        return False
    said = c.session.find("objectstorage", "GetObject", **_object(c, names.PROOF))
    return said == fingerprint(c, str(who["ocid"]), str(client["name"]))


# --- the proof ---


def look_proof(c: C) -> Finding:
    """The pipeline's token is exchanged; the state is read and written through S3, the passphrase read."""
    if c.settings.pipeline is None:
        return Finding(problem=no_pipeline())
    if proven(c):
        # A proof whose last answer was lost may have left its key; a pipeline's own bear other names.
        left = _left(c, str(user(c, DEPLOYER)["ocid"]))
        return Finding({"proven": True, "left": len(left)}, tuple(left))
    if not c.session.token():
        return Finding({"proven": False}, waiting=_run_there())
    who, client, phrase = user(c, DEPLOYER), app(c), secret(c)
    if who is None or client is None or phrase is None:
        return Finding({"proven": False}, waiting=_earlier())
    domain = c.session.domain()
    whole = c.session.ask("domain", "GetApp", domain, app_id=str(client["id"]))
    c.session.goes_by(domain, str(client["name"]), str(whole.get("client_secret") or ""))
    return Finding(
        {"proven": False}, tuple(_proof(c, str(who["ocid"]), str(client["name"]), str(phrase["id"])))
    )


def _proof(c: C, ocid: str, client: str, phrase: str) -> list[Call]:
    why = Text("パイプラインの身分で実際に使ってみます。", "Use it, as the pipeline.")
    gone = Text("一時的な鍵を消します。", "Delete the temporary key.")
    made, opened = Later("key", "key", ("id",)), Later("secret", "key", ("key",))
    signed: dict[str, Any] = {
        "Namespace": namespace(c),
        "KeyId": made,
        "Secret": opened,
        "Bucket": names.named(c.settings, "state"),
    }

    def ask(operation: str, **arguments: Any) -> Call:
        return Call("s3", operation, {**signed, **arguments}, why, by=DEPLOYER)

    details = {"displayName": _TRY}
    create = {"user_id": ocid, "create_customer_secret_key_details": details}
    told = Secret(fingerprint(c, ocid, client))
    return [
        *_left(c, ocid),
        Call("bundles", "GetSecretBundle", {"secret_id": phrase}, why, by=DEPLOYER),
        Call("identity", "CreateCustomerSecretKey", create, why, "key", DEPLOYER),
        ask("PutObject", Key=".jichitai/try", Body="try"),
        ask("GetObject", Key=".jichitai/try"),
        ask("DeleteObject", Key=".jichitai/try"),
        ask("PutObject", Key=names.PROOF, Body=told),
        Call(
            "identity",
            "DeleteCustomerSecretKey",
            {"user_id": ocid, "customer_secret_key_id": made},
            gone,
            by=DEPLOYER,
        ),
    ]


def _left(c: C, ocid: str) -> list[Call]:
    """The calls that delete keys which a proof cut short has left."""
    why = Text("前の証明が残した鍵を消します。", "Delete a key that an earlier proof left.")
    found = c.session.each("identity", "ListCustomerSecretKeys", user_id=ocid)
    return [
        Call(
            "identity",
            "DeleteCustomerSecretKey",
            {"user_id": ocid, "customer_secret_key_id": str(one["id"])},
            why,
        )
        for one in found
        if one["display_name"] == _TRY
    ]


def _run_there() -> Text:
    return Text(
        "パイプラインの中で、そのトークンのファイルを --token-file で渡して、もう一度実行してください（証明"
        "がまだです）。",
        "Run this again inside the pipeline, with the file of its token as --token-file: the proof is due.",
    )


def _earlier() -> Text:
    return Text("前の手順が済んでからです。", "The steps before it come first.")


# --- the evidence ---


def look_evidence(c: C) -> Finding:
    """The evidence up to here is in the state's bucket, where versions are kept."""
    content = c.evidence.settled("evidence")
    digest = hashlib.sha256(content).hexdigest()
    if not proven(c):
        return Finding({"digest": digest}, waiting=_earlier())
    place = _object(c, f".jichitai/evidence/{c.settings.code}.jsonl")
    found = c.session.find("objectstorage", "HeadObject", **place)
    if found is not None and found.get("opc-meta-sha256") == digest:
        return Finding({"digest": digest, "kept": True})
    why = Text("証跡をステートの横に置きます。", "Put the evidence beside the state.")
    arguments = {**place, "put_object_body": content.decode(), "opc_meta": {"sha256": digest}}
    return Finding({"digest": digest, "kept": False}, (Call("objectstorage", "PutObject", arguments, why),))


# --- the end of the first credential ---

_CREDENTIALS: Final = (
    ("ListAuthTokens", "DeleteAuthToken", "auth_token_id", "id"),
    ("ListCustomerSecretKeys", "DeleteCustomerSecretKey", "customer_secret_key_id", "id"),
    ("ListSmtpCredentials", "DeleteSmtpCredential", "smtp_credential_id", "id"),
    ("ListApiKeys", "DeleteApiKey", "fingerprint", "fingerprint"),
)
"""Whatever lets a program in as a user: how it is listed and deleted."""


def first(c: C) -> str:
    """The user that was handed over: who began this evidence, unless it is named by `--set`.

    Never simply whoever runs this: who opens the seal would retire itself.
    """
    told = c.settings.options.get(names.FIRST)
    seen = (str(record["who"]) for record in c.evidence.read())
    return told or next((who for who in seen if who != SESSION), c.identity.id)


def _not_the_first() -> Problem:
    return Problem(
        "unsafe",
        Text(
            "これは最初の認証情報ではなく、手順が作ったユーザーです。",
            "this is not the first credential, but a user that the steps made",
        ),
        Text(
            f"最初の認証情報で実行するか、--set {names.FIRST}=<ユーザーの OCID> で指定してください。",
            f"Run it with the first credential, or name that one: --set {names.FIRST}=<OCID of the user>.",
        ),
    )


def look_retire(c: C) -> Finding:
    """Every credential of the first administrator; the API key in use goes last."""
    if not proven(c):
        return Finding({"proven": False}, waiting=_run_there())
    who = first(c)
    if who == SESSION:
        note = Text(
            "セッションのトークンで動いています。1時間以内に切れます。API キーはありません。",
            "This runs by a session token, which ends within an hour; there is no API key.",
        )
        return Finding({"credential": c.identity.kind}, note=note)
    made = (user(c, short) for short in (DEPLOYER, "break-glass"))
    if who in {str(one["ocid"]) for one in made if one is not None}:
        return Finding({"user": who}, problem=_not_the_first())
    own = str(c.session.configuration.get("fingerprint"))
    why = Text(
        "最初の認証情報を消します（無効化はできないクラウドです）。",
        "Delete it: this cloud cannot deactivate keys.",
    )
    calls: list[Call] = []
    last: list[Call] = []
    facts: dict[str, Any] = {"user": who}
    for listing, deletion, name, field in _CREDENTIALS:
        found = c.session.each("identity", listing, user_id=who)
        facts[listing.removeprefix("List")] = [str(one[field]) for one in found]
        for one in found:
            call = Call("identity", deletion, {"user_id": who, name: str(one[field])}, why)
            (last if str(one[field]) == own else calls).append(call)
    return Finding(facts, (*calls, *last))


STEPS: Final = (
    Step(
        "proof",
        Text("新しい道を使ってみる", "Use the new road"),
        Text("使えると分かるまで、古い道を閉じないため。", "The old road is not closed before it works."),
        look_proof,
        (),
        Text("使った跡だけが残ります。", "Only the trace of its use is left."),
    ),
    Step(
        "evidence",
        Text("証跡の保管", "The evidence is kept"),
        Text(
            "手元の記録が失われても、書き換えられても分かるように。",
            "So that losing or changing ours is noticed.",
        ),
        look_evidence,
        ("manage object-family",),
        Text("証跡は消しません。", "Evidence is never deleted."),
    ),
    Step(
        "retire",
        Text("最初の認証情報の廃止", "The first credential is retired"),
        Text(
            "払い出された管理者の鍵を、もう誰も使えないように。",
            "So that nobody can use the first keys any more.",
        ),
        look_retire,
        ("manage users",),
        Text(
            "消した鍵は戻りません。封をした非常用の入口を使ってください。",
            "A deleted key does not come back. Use the sealed emergency entrance.",
        ),
        final=True,
    ),
)
