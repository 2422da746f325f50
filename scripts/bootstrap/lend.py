"""The state store and the passphrase, lent to one command: how a pipeline runs Pulumi on OCI and さくら.

Their object storage is reached through S3, which knows keys and no tokens. So the pipeline comes in by its
own identity, makes a key, runs the command with it, and deletes it, whatever becomes of the command. A
key that a killed run has left is deleted by the next one, after `STALE`.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from scripts.bootstrap.calls import Recorder
from scripts.bootstrap.steps import Settings
from stacks.text import Text

if TYPE_CHECKING:
    from scripts.bootstrap.oci.session import Oci
    from scripts.bootstrap.sakura.session import Sakura

CLOUDS: Final = ("oci", "sakura")
STALE: Final = timedelta(hours=12)
"""How old a key must be to be nobody's any more: no run takes that long."""
RUN: Final = "jichitai run"
"""The name of a lent key, where keys have names."""
CLIENT: Final = "JICHITAI_OCI_CLIENT_ID"
CLIENT_SECRET: Final = "JICHITAI_OCI_CLIENT_SECRET"  # noqa: S105 - a variable's name
DOMAIN_URL: Final = "JICHITAI_OCI_DOMAIN_URL"


class LendError(Exception):
    """Nothing can be lent; `text` says why and what to do."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, slots=True)
class Loan:
    """What the command gets: variables for its environment."""

    environment: Mapping[str, str] = field(repr=False)


def _environment(backend: str, key: str, secret: str, passphrase: str) -> Loan:
    return Loan(
        {
            "PULUMI_BACKEND_URL": backend,
            "PULUMI_CONFIG_PASSPHRASE": passphrase,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
            "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
        }
    )


@contextmanager
def lent(settings: Settings, recorder: Recorder | None = None) -> Generator[Loan]:
    """The loan, for as long as the context lasts. Raises LendError, or the SDK's errors."""
    seen = recorder or Recorder()
    with seen.changing():
        if settings.cloud == "sakura":
            from scripts.bootstrap.sakura.session import Sakura

            loan, back = _by_sakura(Sakura(settings, seen))
        else:
            from scripts.bootstrap.oci.session import Oci

            loan, back = _by_oci(Oci(settings, seen))
        try:
            yield loan
        finally:
            back()


def _stale(created: Any) -> bool:
    return datetime.now(UTC) - datetime.fromisoformat(str(created)) > STALE


def _nothing(what: Text) -> LendError:
    return LendError(
        Text(
            f"{what.ja}がありません。先に ./jichitai bootstrap を実行してください。",
            f"There is no {what.en}. Run ./jichitai bootstrap first.",
        )
    )


# --- さくら ---


def _by_sakura(session: Sakura) -> tuple[Loan, Callable[[], None]]:
    from scripts.bootstrap.sakura import names
    from scripts.bootstrap.sakura.stores import address, held_permission, held_vault

    settings = session.settings
    site, _ = names.sites(settings)
    permission, place = held_permission(session), held_vault(session)
    if permission is None or place is None:
        raise _nothing(Text("ステートの保管場所", "state store"))
    keys = f"/{site}/v2/permissions/{permission['id']}/keys"
    why = Text("この実行のための鍵です。", "The key of this run.")

    def delete(key: str) -> None:
        session.perform(names.request("objectstorage", f"DELETE {keys}/{key}", why), {})

    for old in (session.read("objectstorage", keys) or {}).get("data") or []:
        if _stale(old["created_at"]):
            delete(str(old["id"]))
    secret = {"Secret": {"Name": names.PASSPHRASE}}
    unveil = f"POST /secretmanager/vaults/{place['ID']}/secrets/unveil"
    opened = session.perform(names.request("secretmanager", unveil, why), {"body": secret})
    made = session.perform(names.request("objectstorage", f"POST {keys}", why), {})["data"]
    loan = _environment(
        address(session), str(made["id"]), str(made["secret"]), str(opened["Secret"]["Value"])
    )
    return loan, lambda: delete(str(made["id"]))


# --- OCI ---


def _by_oci(session: Oci) -> tuple[Loan, Callable[[], None]]:
    from scripts.bootstrap import compatible
    from scripts.bootstrap.oci import names

    settings = session.settings
    values = [os.environ.get(name, "") for name in (DOMAIN_URL, CLIENT, CLIENT_SECRET)]
    if not all(values) or not session.token():
        wanted = f"{DOMAIN_URL}, {CLIENT}, {CLIENT_SECRET}, --token-file"
        raise LendError(Text(f"{wanted} が要ります。", f"{wanted} are wanted."))
    session.goes_by(*values)
    session.only_as_deployer()
    place = session.compartment(names.named(settings, "bootstrap"))
    title = names.named(settings, "passphrase")
    found = (
        []
        if place is None
        else session.each("secrets", "ListSecrets", compartment_id=str(place["id"]), name=title)
    )
    if not found:
        raise _nothing(Text("パスフレーズ", "passphrase"))
    space = str(session.ask("objectstorage", "GetNamespace"))
    bundle = session.ask("bundles", "GetSecretBundle", secret_id=str(found[0]["id"]))
    passphrase = base64.b64decode(bundle["secret_bundle_content"]["content"]).decode()
    user = session.subject()

    def delete(key: str) -> None:
        session.ask("identity", "DeleteCustomerSecretKey", user_id=user, customer_secret_key_id=key)

    for old in session.each("identity", "ListCustomerSecretKeys", user_id=user):
        if old["display_name"] == RUN and _stale(old["time_created"]):
            delete(str(old["id"]))
    details = {"displayName": RUN}
    made = session.ask(
        "identity",
        "CreateCustomerSecretKey",
        user_id=user,
        create_customer_secret_key_details=details,
    )
    backend = compatible.backend(names.named(settings, "state"), session.s3(space), settings.region)
    loan = _environment(backend, str(made["id"]), str(made["key"]), passphrase)
    return loan, lambda: delete(str(made["id"]))
