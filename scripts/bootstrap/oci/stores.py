"""Where state and its passphrase live: a vault with a key, a secret that it makes up itself, a bucket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from scripts.bootstrap import compatible
from scripts.bootstrap.calls import Call, Later
from scripts.bootstrap.oci import names, statements
from scripts.bootstrap.oci.ground import place
from scripts.bootstrap.steps import Context, Finding, Problem, Step
from stacks.text import Text

if TYPE_CHECKING:
    from scripts.bootstrap.oci.session import Oci

C: TypeAlias = "Context[Oci]"
_PASSPHRASE_LENGTH: Final = 48
_GONE: Final = ("DELETED", "DELETING", "PENDING_DELETION", "SCHEDULING_DELETION", "FAILED")


def _first(found: Sequence[Any], name: str, field: str) -> Any:
    alive = [one for one in found if one[field] == name and str(one.get("lifecycle_state")) not in _GONE]
    return alive[0] if alive else None


# --- policies ---


def policy(c: C, short: str, wanted: Sequence[str], why: Text) -> tuple[list[Call], Problem | None]:
    """The calls that make a policy say exactly this."""
    title = names.named(c.settings, short)
    found = c.session.each("identity", "ListPolicies", compartment_id=c.session.tenancy, name=title)
    if not found:
        details = {
            "compartmentId": c.session.tenancy,
            "name": title,
            "description": "jichitai bootstrap",
            "statements": list(wanted),
            "freeformTags": c.settings.owner,
        }
        return [Call("identity", "CreatePolicy", {"create_policy_details": details}, why)], None
    if not names.ours(c.settings, found[0]):
        return [], names.foreign(f"policy {title}")
    if list(found[0]["statements"]) == list(wanted):
        return [], None
    arguments = {"policy_id": str(found[0]["id"]), "update_policy_details": {"statements": list(wanted)}}
    return [Call("identity", "UpdatePolicy", arguments, why)], None


# --- vault and key ---


def vault(c: C) -> Any:
    """The vault, once its state has settled."""
    where = place(c)
    if isinstance(where, Later):
        return None

    def read() -> Any:
        found = c.session.each("vaults", "ListVaults", compartment_id=where)
        return _first(found, names.named(c.settings, "vault"), "display_name")

    return c.session.settled(read)


def key(c: C, found: Mapping[str, Any]) -> Any:
    """The key in the vault, once its state has settled."""
    where, endpoint = place(c), str(found["management_endpoint"])

    def read() -> Any:
        listed = c.session.each("keys", "ListKeys", endpoint, compartment_id=where)
        return _first(listed, names.named(c.settings, "state"), "display_name")

    return c.session.settled(read)


def look_key(c: C) -> Finding:
    """A vault and the key in it, in hardware: it encrypts the state and the passphrase."""
    found = vault(c)
    why = Text("鍵の保管庫を作ります。", "Make the vault.")
    make = Text("ステートとパスフレーズを暗号化する鍵を作ります。", "Make the key of state and passphrase.")
    details = {
        "compartmentId": place(c),
        "displayName": names.named(c.settings, "state"),
        "keyShape": {"algorithm": "AES", "length": 32},
        "protectionMode": "HSM",
        "freeformTags": c.settings.owner,
    }
    arguments: dict[str, Any] = {"create_key_details": details}
    if found is None:
        asked = {
            "compartmentId": place(c),
            "displayName": names.named(c.settings, "vault"),
            "vaultType": "DEFAULT",
            "freeformTags": c.settings.owner,
        }
        first = Call("vaults", "CreateVault", {"create_vault_details": asked}, why, "vault")
        arguments["vault"] = Later("OCID of the vault", "vault", ("id",))
        arguments["endpoint"] = Later("endpoint of the vault", "vault", ("management_endpoint",))
        second = Call("keys", "CreateKey", arguments, make, "key")
        return Finding({"vault": None, "key": None}, (first, second))
    if not names.ours(c.settings, found):
        return Finding(problem=names.foreign(f"vault {found['display_name']}"))
    held = key(c, found)
    facts = {"vault": str(found["id"]), "key": held and str(held["id"])}
    if held is None:
        arguments["endpoint"] = str(found["management_endpoint"])
        return Finding(facts, (Call("keys", "CreateKey", arguments, make, "key"),))
    if not names.ours(c.settings, held):
        return Finding(facts, problem=names.foreign(f"key {held['display_name']}"))
    return Finding(facts)


def key_id(c: C) -> Any:
    """The key's OCID, or what stands for it until it is there."""
    found = vault(c)
    held = None if found is None else key(c, found)
    return Later("OCID of the key", "key/key", ("id",)) if held is None else str(held["id"])


def secret(c: C) -> Any:
    """The secret with the passphrase."""
    where = place(c)
    if isinstance(where, Later):
        return None

    def read() -> Any:
        title = names.named(c.settings, "passphrase")
        found = c.session.each("secrets", "ListSecrets", compartment_id=where, name=title)
        return _first(found, title, "secret_name")

    return c.session.settled(read)


def look_secrets(c: C) -> Finding:
    """The passphrase of Pulumi's secrets: the vault makes it up, and nobody here ever sees it."""
    found = secret(c)
    if found is not None:
        if not names.ours(c.settings, found):
            return Finding(problem=names.foreign(f"secret {found['secret_name']}"))
        return Finding({"secret": str(found["id"]), "vault": str(found["vault_id"])})
    held = vault(c)
    details = {
        "compartmentId": place(c),
        "secretName": names.named(c.settings, "passphrase"),
        "vaultId": Later("OCID of the vault", "key/vault", ("id",)) if held is None else str(held["id"]),
        "keyId": key_id(c),
        "description": "Passphrase of Pulumi's secrets",
        "enableAutoGeneration": True,
        "secretGenerationContext": {
            "generationType": "PASSPHRASE",
            "generationTemplate": "SECRETS_DEFAULT_PASSWORD",
            "passphraseLength": _PASSPHRASE_LENGTH,
        },
        "freeformTags": c.settings.owner,
    }
    why = Text("パスフレーズを保管庫に作らせます。", "Have the vault make up the passphrase.")
    return Finding(
        {"secret": None}, (Call("secrets", "CreateSecret", {"create_secret_details": details}, why),)
    )


# --- the bucket ---


def namespace(c: C) -> str:
    """The tenancy's namespace of Object Storage."""
    return str(c.session.ask("objectstorage", "GetNamespace"))


def look_state(c: C) -> Finding:
    """The bucket of the state: private, encrypted with our key, with versions, thinned out after years."""
    title, space = names.named(c.settings, "state"), namespace(c)
    where, number = place(c), key_id(c)
    why = Text(
        "オブジェクトストレージに鍵と版の整理を許します。",
        "Let Object Storage use the key, thin out versions.",
    )
    calls, problem = policy(c, "services", statements.services(c.settings, c.settings.region), why)
    if problem is not None:
        return Finding(problem=problem)
    found = c.session.find("objectstorage", "GetBucket", namespace_name=space, bucket_name=title)
    wanted = {
        "publicAccessType": "NoPublicAccess",
        "versioning": "Enabled",
        "kmsKeyId": number,
        "objectEventsEnabled": False,
    }
    facts: dict[str, Any] = {
        "namespace": space,
        "bucket": None,
        "backend": compatible.backend(title, c.session.s3(space), c.settings.region),
        "secrets_provider": "passphrase",
    }
    if found is None:
        details = {
            **wanted,
            "name": title,
            "compartmentId": where,
            "storageTier": "Standard",
            "freeformTags": c.settings.owner,
        }
        make = Text(
            "非公開で、版があり、暗号化されたバケットを作ります。",
            "Make it: private, with versions, encrypted.",
        )
        arguments = {"namespace_name": space, "create_bucket_details": details}
        calls.append(Call("objectstorage", "CreateBucket", arguments, make))
    elif not names.ours(c.settings, found):
        return Finding(facts, problem=names.foreign(f"bucket {title}"))
    else:
        facts |= {
            "bucket": title,
            "versioning": str(found["versioning"]),
            "public": str(found["public_access_type"]),
            "key": str(found["kms_key_id"]),
        }
        now = (found["public_access_type"], found["versioning"], found["kms_key_id"])
        if now != ("NoPublicAccess", "Enabled", number):
            mend = Text("バケットの設定を正します。", "Put the bucket's settings right.")
            arguments = {"namespace_name": space, "bucket_name": title, "update_bucket_details": wanted}
            calls.append(Call("objectstorage", "UpdateBucket", arguments, mend))
    calls.extend(_lifecycle(c, space, title, exists=found is not None))
    return Finding(facts, tuple(calls))


def _lifecycle(c: C, space: str, title: str, *, exists: bool) -> list[Call]:
    rule = {
        "name": "old-versions",
        "action": "DELETE",
        "timeAmount": c.settings.archive_years,
        "timeUnit": "YEARS",
        "isEnabled": True,
        "target": "previous-object-versions",
    }
    if exists:
        at = {"namespace_name": space, "bucket_name": title}
        found = c.session.find("objectstorage", "GetObjectLifecyclePolicy", **at)
        items = (
            []
            if found is None
            else [
                (i["name"], i["action"], i["time_amount"], i["time_unit"], i["is_enabled"], i["target"])
                for i in found["items"]
            ]
        )
        if items == [tuple(rule.values())]:
            return []
    why = Text(
        "前の版を保存年数だけ残します。",
        "Keep former versions for as many years as the manifest says.",
    )
    arguments = {
        "namespace_name": space,
        "bucket_name": title,
        "put_object_lifecycle_policy_details": {"items": [rule]},
    }
    return [Call("objectstorage", "PutObjectLifecyclePolicy", arguments, why)]


_KEPT: Final = Text(
    "ステートと鍵は消しません。消すと、暗号化したものを二度と読めなくなります。",
    "State and keys are not deleted: what they encrypt could never be read again.",
)
STEPS: Final = (
    Step(
        "key",
        Text("保管庫とステートの鍵", "The vault and the state's key"),
        Text("暗号化の鍵を自分たちのものにします。", "So that the key is our own."),
        look_key,
        ("manage vaults", "manage keys"),
        _KEPT,
    ),
    Step(
        "secrets",
        Text("Pulumi のパスフレーズ", "Pulumi's passphrase"),
        Text(
            "Pulumi は OCI の Vault を直接使えないため、Vault が作るパスフレーズで守ります。",
            "Pulumi cannot use OCI's Vault itself, so its secrets are under a passphrase that the vault "
            "makes.",
        ),
        look_secrets,
        ("manage secret-family",),
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
        ("manage object-family", "manage policies"),
        _KEPT,
    ),
)
