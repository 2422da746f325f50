"""The new road is proven by using it, the evidence is kept, then the first credential is retired."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from scripts.bootstrap.calls import Call, Later
from scripts.bootstrap.sakura import names
from scripts.bootstrap.sakura.identities import initial, keys_of, normal, principal, roles_in
from scripts.bootstrap.sakura.stores import permission, secrets_in, vault, with_key
from scripts.bootstrap.steps import Context, Finding, Problem, Step
from stacks.text import Text

if TYPE_CHECKING:
    from scripts.bootstrap.sakura.session import Sakura

C: TypeAlias = "Context[Sakura]"
DEPLOYER: Final = "deployer"
_OBJECT: Final = ".jichitai/proof"
_EVIDENCE: Final = "evidence="


def _mark(number: Any) -> str:
    return f"{names.PROOF}-{number}"


def _marked(c: C) -> tuple[dict[str, Any] | None, list[str]]:
    """The vault, and the names of the secrets in it."""
    found = vault(c)
    if not isinstance(found, Mapping):
        return None, []
    return dict(found), secrets_in(c, str(found["ID"]))


def proven(c: C) -> int | None:
    """The deployer that has been seen to work; None while none has."""
    who = principal(c, DEPLOYER)
    if not isinstance(who, Mapping):
        return None
    _, held = _marked(c)
    return int(who["id"]) if _mark(who["id"]) in held else None


# --- the proof ---


def look_proof(c: C) -> Finding:
    """The deployer signs in, reads and writes the state, unveils the passphrase, and says so in the vault."""
    who = principal(c, DEPLOYER)
    if isinstance(who, Problem):
        return Finding(problem=who)
    place, held = _marked(c)
    facts = {"deployer": who and str(who["id"]), "proven": bool(who and _mark(who["id"]) in held)}
    if facts["proven"]:
        return Finding(facts)
    pem = c.session.private_key()
    if not pem:
        return Finding(facts, waiting=_run_there())
    public = _public_half(pem)
    if public is None:
        return Finding(facts, problem=_no_key(c.settings.token_file))
    if who is None or place is None:
        return Finding(facts, waiting=_earlier())
    key = next((k for k in keys_of(c, int(who["id"])) if normal(k["public_key"]) == public), None)
    if key is None or key["status"] != "enabled":
        return Finding(facts, problem=_other_key(c.settings.token_file))
    c.session.signs_as(str(who["id"]), str(key["kid"]))
    right = permission(c)
    if right is None:
        return Finding(facts, waiting=_earlier())
    return Finding(facts, tuple(_proof(c, int(who["id"]), str(place["ID"]), right["id"])))


def _proof(c: C, number: int, place: str, right: int) -> list[Call]:
    site, _ = names.sites(c.settings)
    why = Text("パイプラインの身分で実際に使ってみます。", "Use it, as the pipeline.")
    gone = Text("一時的な鍵を消します。", "Delete the temporary key.")
    keys = f"/{site}/v2/permissions/{right}/keys"
    listed = c.session.read("objectstorage", keys) or {}
    made, secret = Later("key", "key", ("data", "id")), Later("secret", "key", ("data", "secret"))
    signed = {"Site": site, "KeyId": made, "Secret": secret, "Bucket": names.state_bucket(c.settings)}
    delete = f"DELETE {keys}/{{key}}"

    def ask(operation: str, **arguments: Any) -> Call:
        return Call("s3", operation, {**signed, **arguments}, why, by=DEPLOYER)

    passphrase = {"Secret": {"Name": names.PASSPHRASE}}
    told = {"Secret": {"Name": _mark(number), "Value": f"proven by {number}"}}
    secrets_of = f"POST /secretmanager/vaults/{place}/secrets"
    return [
        # The proof comes before the first run, so a key that is there was left by a proof cut short.
        *(
            names.request("objectstorage", delete, gone, key=key["id"], by=DEPLOYER)
            for key in listed.get("data") or []
        ),
        names.request("objectstorage", f"POST {keys}", why, id="key", by=DEPLOYER),
        ask("PutObject", Key=_OBJECT, Body=f"{number}\n"),
        ask("GetObject", Key=_OBJECT),
        ask("ListObjectsV2", Prefix=".jichitai/"),
        ask("DeleteObject", Key=_OBJECT),
        names.request("objectstorage", delete, gone, key=made, by=DEPLOYER),
        names.request("secretmanager", f"{secrets_of}/unveil", why, body=passphrase, by=DEPLOYER),
        names.request("secretmanager", secrets_of, why, body=told, by=DEPLOYER),
    ]


def _public_half(pem: str) -> str | None:
    """The public half of a private key, in the form to compare it in; None when it is no such key."""
    from cryptography.hazmat.primitives import serialization

    try:
        private = serialization.load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError):
        return None
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return normal(private.public_key().public_bytes(serialization.Encoding.PEM, form).decode())


def _run_there() -> Text:
    return Text(
        "パイプラインの中で、その秘密鍵のファイルを --token-file で渡して、もう一度実行してください（証明が"
        "まだです）。",
        "Run this again inside the pipeline, with the file of its private key as --token-file: the proof "
        "is due.",
    )


def _earlier() -> Text:
    return Text("前の手順が済んでからです。", "The steps before it come first.")


def _no_key(file: str) -> Problem:
    return Problem(
        "by_hand",
        Text(f"{file} は秘密鍵（PEM）ではありません。", f"{file} is no private key in PEM form"),
        Text(
            "パイプラインの秘密鍵のファイルを渡してください。", "Give the file of the pipeline's private key."
        ),
    )


def _other_key(file: str) -> Problem:
    return Problem(
        "by_hand",
        Text(
            f"{file} の公開側は登録されていないか、無効です。",
            f"the public half of {file} is not registered, or is disabled",
        ),
        Text(
            f"--set {names.PUBLIC_KEY}=公開鍵 で登録した鍵の秘密側を渡してください。",
            f"Give the private half of the key that --set {names.PUBLIC_KEY}=FILE registered.",
        ),
    )


# --- the evidence ---


def look_evidence(c: C) -> Finding:
    """The evidence up to here is in the state's bucket, and its digest in the vault's description."""
    content = c.evidence.settled("evidence")
    digest = hashlib.sha256(content).hexdigest()
    place = vault(c)
    if isinstance(place, Problem):
        return Finding(problem=place)
    if place is None or proven(c) is None:
        return Finding({"digest": digest}, waiting=_earlier())
    told = str(place.get("Description") or "")
    if told == f"{_EVIDENCE}{digest}":
        return Finding({"digest": digest, "kept": True})
    site, _ = names.sites(c.settings)
    arguments = {
        "Bucket": names.state_bucket(c.settings),
        "Key": f".jichitai/evidence/{c.settings.code}.jsonl",
        "Body": content.decode(),
    }
    why = Text(
        "証跡の要約値を保管庫の説明に書きます。", "Write the evidence's digest into the vault's description."
    )
    body = {"Vault": {"Name": place["Name"], "Description": f"{_EVIDENCE}{digest}"}}
    calls = (
        *with_key(c, site, "evidence", (("PutObject", arguments),)),
        names.request(
            "secretmanager", "PUT /secretmanager/vaults/{vault}", why, body=body, vault=place["ID"]
        ),
    )
    return Finding({"digest": digest, "kept": False}, calls)


# --- the end of the first credential ---


def look_retire(c: C) -> Finding:
    """The API key that was handed over, then the keys and the roles of the first service principal."""
    if c.evidence.last("retire", "begin") and c.session.readable("iam", _policy(c)) is None:
        # The roles went last: that we may see nothing any more is what was wanted.
        return Finding({"principal": c.identity.id, "credential": "refused"})
    number = initial(c)
    road = proven(c)
    if road is None:
        return Finding({"proven": False}, waiting=_run_there())
    mine = {road, *(int(p["id"]) for p in (principal(c, "break-glass"),) if isinstance(p, Mapping))}
    if number in mine:
        return Finding({"proven": True}, waiting=_with_the_first())
    keys = keys_of(c, number) if c.session.read("iam", f"/service-principals/{number}") else []
    api_keys = [k for k in c.session.items("/compat/api-keys") if str(k["project_id"]) == c.settings.unit]
    handed = c.settings.options.get(names.API_KEY) or ""
    old = [k for k in api_keys if str(k["id"]) == handed or k["access_token"] == c.session.access_token()]
    others = [str(k["id"]) for k in api_keys if k not in old]
    policy = c.session.read("iam", _policy(c)) or {"bindings": []}
    roles = roles_in(policy, number)
    facts = {
        "principal": str(number),
        "keys": {key["kid"]: key["status"] for key in keys},
        "roles": roles,
        "api_keys": [str(k["id"]) for k in old],
        "other_api_keys": others,
    }
    note = None
    if others:
        note = Text(
            f"ほかの API キーが残っています: {', '.join(others)}。要らなければ消してください。",
            f"Other API keys are left: {', '.join(others)}. Delete those that nobody needs.",
        )
    return Finding(facts, tuple(_retirement(c, number, keys, old, policy)), note=note)


def _policy(c: C) -> str:
    return f"/projects/{c.settings.unit}/iam-policy"


def _retirement(
    c: C, number: int, keys: list[dict[str, Any]], old: list[dict[str, Any]], policy: Mapping[str, Any]
) -> list[Call]:
    off = Text("最初の認証情報を無効にします。", "Switch the first credential off.")
    gone = Text("最初の認証情報を消します。", "Delete the first credential.")
    last = Text(
        "最初の認証情報のロールを外します。発行済みのトークンも力を失います。",
        "Take its roles away: tokens that were issued lose their power too.",
    )
    path = f"/service-principals/{number}/keys/{{key}}"
    calls = [names.request("iam", "DELETE /compat/api-keys/{key}", gone, key=key["id"]) for key in old]
    on = [key["id"] for key in keys if key["status"] == "enabled"]
    calls.extend(names.request("iam", f"POST {path}/disable", off, key=key) for key in on)
    calls.extend(names.request("iam", f"DELETE {path}", gone, key=key["id"]) for key in keys)
    if roles_in(policy, number):
        bindings = [{**binding, "principals": _without(binding, number)} for binding in policy["bindings"]]
        body = {**policy, "bindings": [binding for binding in bindings if binding["principals"]]}
        calls.append(
            names.request(
                "iam", "PUT /projects/{project}/iam-policy", last, body=body, project=c.settings.unit
            )
        )
    return calls


def _without(binding: Mapping[str, Any], number: int) -> list[Any]:
    return [
        one
        for one in binding.get("principals") or []
        if not (one["type"] == "service-principal" and int(one["id"]) == number)
    ]


def _with_the_first() -> Text:
    return Text(
        "最初の認証情報で実行するか、--set initial_principal=ID で廃止するものを示してください。",
        "Run this with the first credential, or name it with --set initial_principal=ID.",
    )


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
        ("resources",),
        Text("証跡は消しません。", "Evidence is never deleted."),
    ),
    Step(
        "retire",
        Text("最初の認証情報の廃止", "The first credential is retired"),
        Text(
            "払い出された管理者を、もう誰も使えないように。",
            "So that nobody can be the first administrator any more.",
        ),
        look_retire,
        ("iam",),
        Text(
            "消した鍵は戻りません。封をした非常用の入口を使ってください。",
            "A deleted key does not come back. Use the sealed emergency entrance.",
        ),
        final=True,
    ),
)
