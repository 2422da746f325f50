"""Where state and its passphrase live: a key, a vault, a bucket with versions, its copy elsewhere."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from scripts.bootstrap import compatible
from scripts.bootstrap.calls import Call, Later, Secret
from scripts.bootstrap.sakura import names
from scripts.bootstrap.steps import Context, Finding, Problem, Step
from stacks.text import Text

if TYPE_CHECKING:
    from scripts.bootstrap.sakura.session import Sakura

C: TypeAlias = "Context[Sakura]"
_ROTATE_NOTE: Final = Text(
    "鍵の版は KMS の操作（rotate）で進められます。", "The key's versions go on by KMS's own rotation."
)
_SLACK: Final = timedelta(seconds=10)
"""How far the platform's clock and ours may be apart when we tell our own temporary keys from others'."""


# --- key and vault ---


def kms_key(c: C) -> dict[str, Any] | Problem | None:
    """Our key, or why the one of that name is not."""
    return _named(c.session, "kms", "/kms/keys", "Keys", "KMS")


def vault(c: C) -> dict[str, Any] | Problem | None:
    """Our vault, likewise."""
    return _named(c.session, "secretmanager", "/secretmanager/vaults", "Vaults", "SecretManager")


def held_vault(session: Sakura) -> dict[str, Any] | None:
    """Our vault; None also where the one of that name is another's."""
    found = _named(session, "secretmanager", "/secretmanager/vaults", "Vaults", "SecretManager")
    return None if isinstance(found, Problem) else found


def _named(
    session: Sakura, service: str, path: str, collection: str, title: str
) -> dict[str, Any] | Problem | None:
    settings = session.settings
    name = names.state_bucket(settings)
    listed = session.read(service, path) or {}
    found = [
        one
        for one in listed.get(collection) or []
        if one["Name"] == name and one.get("Status") != "pending_destruction"
    ]
    if not found:
        return None
    mine = [one for one in found if set(names.tags(settings)) <= set(one.get("Tags") or [])]
    if len(found) > 1 or not mine:
        return names.foreign(f"{title} {name}")
    return mine[0]


def _created(c: C, extra: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Name": names.state_bucket(c.settings),
        "Description": "jichitai bootstrap",
        "Tags": names.tags(c.settings),
        **extra,
    }


def look_key(c: C) -> Finding:
    """The key that encrypts the state and the passphrase. It is the cloud's: nobody ever has it."""
    found = kms_key(c)
    if isinstance(found, Problem):
        return Finding(problem=found)
    if found is None:
        why = Text(
            "ステートとパスフレーズを暗号化する鍵を作ります。", "Make the key of state and passphrase."
        )
        body = {"Key": _created(c, {"KeyOrigin": "generated"})}
        call = names.request("kms", "POST /kms/keys", why, body=body, id="create")
        return Finding({"key": None}, (call,), note=_ROTATE_NOTE)
    if found["Status"] != "active":
        why = Text("鍵を有効に戻します。", "Make the key active again.")
        body = {"Key": {"Status": "active"}}
        call = names.request("kms", "POST /kms/keys/{key}/status", why, body=body, key=str(found["ID"]))
        return Finding({"key": str(found["ID"]), "status": found["Status"]}, (call,))
    return Finding({"key": str(found["ID"]), "status": "active"}, note=_ROTATE_NOTE)


def key_id(c: C) -> Any:
    """The key's id, or what stands for it until it is there."""
    found = kms_key(c)
    return (
        str(found["ID"])
        if isinstance(found, Mapping)
        else Later("id of the key", "key/create", ("Key", "ID"))
    )


def look_secrets(c: C) -> Finding:
    """The vault with the passphrase of Pulumi's secrets. Made once, here, in memory; never overwritten."""
    found = vault(c)
    if isinstance(found, Problem):
        return Finding(problem=found)
    why = Text(
        "Pulumi のシークレットを守るパスフレーズを保管します。", "Keep the passphrase of Pulumi's secrets."
    )
    calls: list[Call] = []
    number: Any = Later("id of the vault", "create", ("Vault", "ID"))
    held: list[str] = []
    if found is None:
        body = {"Vault": _created(c, {"KmsKeyID": _text(key_id(c))})}
        calls.append(
            names.request("secretmanager", "POST /secretmanager/vaults", why, body=body, id="create")
        )
    else:
        number = str(found["ID"])
        held = secrets_in(c, number)
    if names.PASSPHRASE not in held:
        body = {"Secret": {"Name": names.PASSPHRASE, "Value": Secret(secrets.token_urlsafe(48))}}
        calls.append(
            names.request(
                "secretmanager", "POST /secretmanager/vaults/{vault}/secrets", why, body=body, vault=number
            )
        )
    return Finding({"vault": found and str(found["ID"]), "secrets": held}, tuple(calls))


def _text(value: Any) -> Any:
    return value if isinstance(value, Later) else str(value)


def secrets_in(c: C, number: str) -> list[str]:
    """The names of the secrets in a vault."""
    listed = c.session.read("secretmanager", f"/secretmanager/vaults/{number}/secrets") or {}
    return [str(secret["Name"]) for secret in listed.get("Secrets") or []]


# --- buckets ---


def buckets(c: C, site: str) -> list[str] | None:
    """The names of the project's buckets at a site; None while the project has no account there."""
    if c.session.read("objectstorage", f"/{site}/v2/account") is None:
        return None
    listed = c.session.read("objectstorage", f"/{site}/v2/buckets") or {}
    return [str(bucket["name"]) for bucket in listed.get("data") or []]


def look_bucket(c: C, site: str, bucket: str, step: str) -> Finding:
    """A bucket of the project at `site`: encrypted with our key, with versions."""
    mine = buckets(c, site)
    calls: list[Call] = []
    facts: dict[str, Any] = {"site": site, "bucket": None, "key": None, "versions": False}
    key = kms_key(c)
    if isinstance(key, Problem):
        return Finding(facts, problem=key)
    marks: list[str] = [] if key is None else list(key.get("Tags") or [])
    if mine is None:
        why = Text("オブジェクトストレージを使い始めます。", "Begin to use object storage at the site.")
        calls.append(names.request("objectstorage", "POST /{site}/v2/account", why, site=site))
    encrypted = None
    if bucket in (mine or []):
        facts["bucket"] = bucket
        found = c.session.read("objectstorage", f"/{site}/v2/buckets/{bucket}/encryption")
        encrypted = None if found is None else str(found["data"]["kms_key_id"])
        facts["key"] = encrypted
        if encrypted is not None and (key is None or encrypted != str(key["ID"])):
            return Finding(facts, problem=names.foreign(f"bucket {bucket}"))
    else:
        if c.session.bucket_taken(site, bucket):
            return Finding(facts, problem=names.foreign(f"bucket {bucket}"))
        why = Text("非公開のバケットを国内のサイトに作ります。", "Make a private bucket at a domestic site.")
        body = {"cluster_id": site}
        calls.append(
            names.request("objectstorage", "PUT /fed/v1/buckets/{bucket}", why, body=body, bucket=bucket)
        )
    if encrypted is None:
        why = Text("自前の鍵で暗号化します。", "Encrypt with our own key.")
        operation = "PUT /{site}/v2/buckets/{bucket}/encryption"
        body = {"kms_key_id": _text(key_id(c))}
        calls.append(names.request("objectstorage", operation, why, body=body, site=site, bucket=bucket))
    facts["versions"] = _versioned(bucket) in marks
    if not facts["versions"]:
        calls.extend(_versioning(c, site, bucket, step, key))
    return Finding(facts, tuple(calls))


def _versioned(bucket: str) -> str:
    return f"versioned={bucket}"


def _versioning(c: C, site: str, bucket: str, step: str, key: Mapping[str, Any] | None) -> list[Call]:
    """Versions are switched on through S3 alone, which wants a key: one is made, used, and deleted.

    Reading them back wants a key too, so what was seen is written down where looking finds it: in a
    tag of the KMS key.
    """
    asked = {"Bucket": bucket, "VersioningConfiguration": {"Status": "Enabled"}}
    requests = (("PutBucketVersioning", asked), ("GetBucketVersioning", {"Bucket": bucket}))
    why = Text(
        "確かめた版管理を鍵のタグに書き留めます。", "Write down, in a tag of the key, that it has versions."
    )
    tags = names.tags(c.settings) if key is None else list(key.get("Tags") or [])
    number: Any = key_id(c) if key is None else str(key["ID"])
    body = {"Key": {"Name": names.state_bucket(c.settings), "Tags": [*tags, _versioned(bucket)]}}
    return [
        *with_key(c, site, step, requests),
        names.request("kms", "PUT /kms/keys/{key}", why, body=body, key=number),
    ]


def with_key(c: C, site: str, step: str, requests: Any) -> list[Call]:
    """Requests to S3 with an account's key that is made for them and deleted after them.

    One that an earlier attempt of this step left behind is deleted first: its secret is gone.
    """
    why = Text("S3 の操作のため、一時的な鍵を作ります。", "Make a temporary key for S3.")
    gone = Text("一時的な鍵を消します。", "Delete the temporary key.")
    work = Text("S3 の API で操作します。", "Ask S3.")
    delete = "DELETE /{site}/v2/account/keys/{key}"
    left = [
        names.request("objectstorage", delete, gone, site=site, key=key)
        for key in _left_behind(c, site, step)
    ]
    id_ = f"key-{site}"
    made, secret = Later("key", id_, ("data", "id")), Later("secret", id_, ("data", "secret"))
    return [
        *left,
        names.request("objectstorage", "POST /{site}/v2/account/keys", why, site=site, id=id_),
        *(
            Call("s3", operation, {**arguments, "Site": site, "KeyId": made, "Secret": secret}, work)
            for operation, arguments in requests
        ),
        names.request("objectstorage", delete, gone, site=site, key=made),
    ]


def _left_behind(c: C, site: str, step: str) -> list[str]:
    """Account keys that were made since this step was begun and not finished: they can only be its own."""
    begun, done = c.evidence.last(step, "begin"), c.evidence.last(step, "done")
    if begun is None or (done is not None and done["n"] > begun["n"]):
        return []
    since = datetime.fromisoformat(str(begun["at"])) - _SLACK
    if c.session.read("objectstorage", f"/{site}/v2/account") is None:
        return []
    listed = c.session.read("objectstorage", f"/{site}/v2/account/keys") or {}
    return [
        str(key["id"])
        for key in listed.get("data") or []
        if datetime.fromisoformat(str(key["created_at"])) >= since
    ]


def permission(c: C) -> dict[str, Any] | None:
    """The permission through which the pipeline reaches the state, and nothing else."""
    return held_permission(c.session)


def held_permission(session: Sakura) -> dict[str, Any] | None:
    """The same, of a session."""
    site, _ = names.sites(session.settings)
    if session.read("objectstorage", f"/{site}/v2/account") is None:
        return None
    listed = session.read("objectstorage", f"/{site}/v2/permissions") or {}
    title = f"{names.prefix(session.settings)}-deployer"
    return next((p for p in listed.get("data") or [] if p["display_name"] == title), None)


def look_state(c: C) -> Finding:
    """The bucket of the state, and the permission for it. Keys of the permission are made for a run."""
    site, _ = names.sites(c.settings)
    bucket = names.state_bucket(c.settings)
    found = look_bucket(c, site, bucket, "state")
    if found.problem is not None:
        return found
    held = permission(c)
    control = {"bucket_name": bucket, "can_read": True, "can_write": True}
    body = {"display_name": f"{names.prefix(c.settings)}-deployer", "bucket_controls": [control]}
    why = Text(
        "パイプラインがこのバケットだけに届く許可を作ります。", "Let the pipeline reach this bucket alone."
    )
    calls = list(found.calls)
    if held is None:
        calls.append(names.request("objectstorage", "POST /{site}/v2/permissions", why, body=body, site=site))
    elif [_control(one) for one in held.get("bucket_controls") or []] != [control]:
        operation = "PUT /{site}/v2/permissions/{permission}"
        calls.append(
            names.request("objectstorage", operation, why, body=body, site=site, permission=held["id"])
        )
    note = Text(
        "オブジェクトロックがないため、版と、パイプラインの鍵が届かない別サイトの複製で守ります。",
        "There is no object lock: versions guard the state, and a copy at the other site that no key of "
        "the pipeline reaches.",
    )
    facts = {
        **found.facts,
        "permission": held and held["id"],
        "backend": address(c.session),
        "secrets_provider": "passphrase",
    }
    return Finding(facts, tuple(calls), note=note)


def address(session: Sakura) -> str:
    """The state store as Pulumi takes it."""
    site, _ = names.sites(session.settings)
    bucket = names.state_bucket(session.settings)
    return compatible.backend(bucket, session.endpoint(site), names.S3_REGIONS[site])


def _control(one: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one.get(name) for name in ("bucket_name", "can_read", "can_write")}


def look_copy(c: C) -> Finding:
    """The copy at the other site, kept up by the platform."""
    _, site = names.sites(c.settings)
    bucket, copy = names.state_bucket(c.settings), names.copy_bucket(c.settings)
    found = look_bucket(c, site, copy, "copy")
    if found.problem is not None:
        return found
    held = c.session.read("objectstorage", f"/fed/v1/buckets/{bucket}/replication")
    target = None if held is None else str(held["data"]["dest_bucket"]["name"])
    facts = {**found.facts, "replicated": target}
    if target is not None and target != copy:
        return Finding(facts, problem=names.foreign(f"replication of {bucket}"))
    if target is not None:
        return Finding(facts, found.calls)
    why = Text("別のサイトに複製し続けます。", "Keep a copy at the other site.")
    operation = "POST /fed/v1/buckets/{bucket}/replication"
    call = names.request("objectstorage", operation, why, body={"dest_bucket": copy}, bucket=bucket)
    return Finding(facts, (*found.calls, call))


_KEPT: Final = Text(
    "ステートと鍵は消しません。消すと、暗号化したものを二度と読めなくなります。",
    "State and keys are not deleted: what they encrypt could never be read again.",
)
STEPS: Final = (
    Step(
        "key",
        Text("ステートの鍵", "The state's key"),
        Text("暗号化の鍵を自分たちのものにします。", "So that the key is our own."),
        look_key,
        ("resources",),
        _KEPT,
    ),
    Step(
        "secrets",
        Text("Pulumi のパスフレーズ", "Pulumi's passphrase"),
        Text(
            "Pulumi にこのクラウドの KMS を使う仕組みがないため、保管庫のパスフレーズで守ります。",
            "Pulumi cannot use this cloud's KMS, so its secrets are under a passphrase from the vault.",
        ),
        look_secrets,
        ("resources",),
        _KEPT,
    ),
    Step(
        "state",
        Text("ステートの保管場所", "Where the state lives"),
        Text(
            "版があり、暗号化され、非公開で、国内にあるように。",
            "With versions, encrypted, private, domestic.",
        ),
        look_state,
        ("resources",),
        _KEPT,
    ),
    Step(
        "copy",
        Text("ステートの複製", "The state's copy"),
        Text("一つのサイトを失っても、誰かが消しても残るように。", "To outlive a site, and whoever deletes."),
        look_copy,
        ("resources",),
        _KEPT,
    ),
)
