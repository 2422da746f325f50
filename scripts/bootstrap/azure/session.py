"""Microsoft's own clients in front of Azure, with every request recorded.

Credentials are azure-identity's default chain. Bodies are what the REST API takes, sent as they are: the
clients pass bytes on unchanged. Nothing is repeated by the clients: the runner looks again first.
"""

from __future__ import annotations

import base64
import contextlib
import json
import socket
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from scripts.bootstrap.azure import errors, names
from scripts.bootstrap.azure.graph import SignIn, Watch, sign_in
from scripts.bootstrap.calls import Call, Recorder
from scripts.bootstrap.steps import Failure, Identity, Settings

MANAGEMENT = "https://management.azure.com"
CLIENTS: Mapping[str, tuple[str, str]] = {
    "authorization": ("azure.mgmt.authorization", "AuthorizationManagementClient"),
    "keyvault": ("azure.mgmt.keyvault", "KeyVaultManagementClient"),
    "monitor": ("azure.mgmt.monitor", "MonitorManagementClient"),
    "msi": ("azure.mgmt.msi", "ManagedServiceIdentityClient"),
    "policy": ("azure.mgmt.resource.policy", "PolicyClient"),
    "resources": ("azure.mgmt.resource.resources", "ResourceManagementClient"),
    "security": ("azure.mgmt.security", "SecurityCenter"),
    "storage": ("azure.mgmt.storage", "StorageManagementClient"),
    "subscriptions": ("azure.mgmt.resource.subscriptions", "SubscriptionClient"),
}
SECONDS = 30.0
"""How long one answer may take."""
PAUSE = 5.0
"""Seconds between two questions about a long-running operation, where Azure names none."""
DEPLOYER = "deployer"
"""`Call.by`: the deployer, whose token is made from the pipeline's."""
DATA = ("blob", "crypto")
"""Data planes: arguments are our own (`container`, `name`, `data`; `key`, `value`)."""


class Azure:
    """The session. `by` of a call is "" or `DEPLOYER`."""

    def __init__(self, settings: Settings, recorder: Recorder) -> None:
        self.settings = settings
        self._recorder = recorder
        self._endpoint = settings.options.get("endpoint", "").rstrip("/")
        self._clients: dict[tuple[str, str], Any] = {}
        self._credentials: dict[str, Any] = {}
        self._operation = ("", "", False)
        self.object_id = ""
        self.tenant = ""

    # --- what the runner needs

    def identity(self) -> Identity:
        """Who we are by our own token, and which subscription we may see."""
        scope = f"{MANAGEMENT}/.default"
        token: str = self._credential("").get_token(scope).token
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        self.object_id, self.tenant = str(claims["oid"]), str(claims["tid"])
        person = claims.get("upn") or claims.get("unique_name")
        seen = [s.subscription_id for s in self.listed("subscriptions", "subscriptions.list")]
        unit = self.settings.unit if self.settings.unit in seen else ", ".join(seen) or "-"
        return Identity(str(person or self.object_id), unit, "user" if person else "service principal")

    def perform(self, call: Call, arguments: Mapping[str, Any]) -> Any:
        """Makes a call; a mapping among the arguments is a body. Waits for long-running operations."""
        if call.service in DATA:
            return self._data(call, arguments)
        return self._manage(call.service, call.operation, arguments, call.by, changes=True)

    def judge(self, error: Exception) -> Failure | None:
        """What an error means."""
        return errors.judge(error)

    def missing(self, permissions: Sequence[str]) -> list[str]:
        """The actions on the subscription that none of our roles contains."""
        blocks = [b for role in self._roles() for b in role.permissions]
        return [
            action
            for action in permissions
            if not any(_in(action, b.actions) and not _in(action, b.not_actions) for b in blocks)
        ]

    # --- what the steps need

    def read(self, service: str, operation: str, **arguments: Any) -> dict[str, Any] | None:
        """A resource as the REST API shows it; None where there is none."""
        try:
            return self._manage(service, operation, arguments, "", changes=False)
        except Exception as error:
            if errors.absent(error):
                return None
            raise

    def listed(self, service: str, operation: str, **arguments: Any) -> list[Any]:
        """All of a list, as the client's own objects."""
        function = self._function(service, operation, "")
        with self._as(service, operation, changes=False):
            return list(function(**arguments))

    def assignments(self, principal: str) -> list[Any]:
        """The role assignments of a principal that count in the subscription, groups' among them."""
        return self.listed(
            "authorization", "role_assignments.list_for_subscription", filter=f"assignedTo('{principal}')"
        )

    def sign_in(self) -> SignIn | None:
        """How people sign in, as far as the agency's directory shows it to us."""
        with self._as("graph", "policies", changes=False):
            return sign_in(self._credential(""), self._endpoint, SECONDS, Watch(self.before, self.after))

    def blob(self, container: str, name: str) -> bytes | None:
        """What a blob holds; None where there is none, or where it may not be read."""
        client = self._blob(container, name, "")
        with self._as("blob", "get", changes=False):
            try:
                return cast("bytes", client.download_blob().readall())
            except Exception as error:
                if errors.absent(error):
                    return None
                raise

    # --- how

    def _roles(self) -> list[Any]:
        found: list[Any] = []
        for assignment in self.assignments(self.object_id):
            role = assignment.role_definition_id
            with self._as("authorization", "role_definitions.get_by_id", changes=False):
                found.append(self._function("authorization", "role_definitions.get_by_id", "")(role_id=role))
        return found

    def _manage(
        self, service: str, operation: str, arguments: Mapping[str, Any], by: str, *, changes: bool
    ) -> Any:
        function = self._function(service, operation, by)
        given = {
            key: json.dumps(value).encode() if isinstance(value, Mapping) else value
            for key, value in arguments.items()
        }
        if "etag" in given:  # only what was seen is to be changed
            given["match_condition"] = import_module("azure.core").MatchConditions.IfNotModified
        with self._as(service, operation, changes=changes):
            answer = function(**given, cls=_raw)
            if operation.rpartition(".")[2].startswith("begin_"):
                answer = answer.result()
            return answer

    def _data(self, call: Call, arguments: Mapping[str, Any]) -> Any:
        with self._as(call.service, call.operation, changes=True):
            if call.service == "blob":
                client = self._blob(arguments["container"], arguments["name"], call.by)
                # Without `overwrite` the service itself refuses to replace a blob (If-None-Match: *).
                client.upload_blob(arguments["data"], overwrite=bool(arguments.get("overwrite")))
                return {"name": arguments["name"]}
            crypto = import_module("azure.keyvault.keys.crypto")
            client = crypto.CryptographyClient(
                self._key_address(arguments["key"]),
                self._credential(call.by),
                verify_challenge_resource=not self._endpoint,
                **self._common(),
            )
            algorithm = crypto.EncryptionAlgorithm.rsa_oaep_256
            sealed = client.encrypt(algorithm, arguments["value"].encode())
            # Sealing takes the public key only; opening it is what the vault itself has to do.
            opened = client.decrypt(algorithm, sealed.ciphertext)
            return {"opened": opened.plaintext.decode() == arguments["value"]}

    def _key_address(self, key: str) -> str:
        base = self._endpoint or f"https://{names.vault(self.settings)}.vault.azure.net"
        return f"{base}/keys/{key}"

    def _blob(self, container: str, name: str, by: str) -> Any:
        account = names.account(self.settings)
        place = self.settings.options.get("blob_endpoint") or (
            f"{self._endpoint}/blobs/{account}"
            if self._endpoint
            else f"https://{account}.blob.core.windows.net"
        )
        client = import_module("azure.storage.blob").BlobClient
        return client(place, container, name, credential=self._credential(by), **self._common())

    def _function(self, service: str, operation: str, by: str) -> Callable[..., Any]:
        if (service, by) not in self._clients:
            module, name = CLIENTS[service]
            credential = self._credential(by)
            scopes = {"credential_scopes": [f"{MANAGEMENT}/.default"]}
            first = (credential,) if service == "subscriptions" else (credential, self.settings.unit)
            base = {"base_url": self._endpoint} if self._endpoint else {}
            client = getattr(import_module(module), name)
            self._clients[service, by] = client(*first, **base, **scopes, **self._common())
        found: Any = self._clients[service, by]
        for part in operation.split("."):
            found = getattr(found, part)
        return cast("Callable[..., Any]", found)

    def _common(self) -> dict[str, Any]:
        return {
            "retry_total": 0,
            "connection_timeout": SECONDS,
            "read_timeout": SECONDS,
            "polling_interval": 0 if self._endpoint else PAUSE,
            "per_retry_policies": [_policy(self)],
        }

    def _credential(self, by: str) -> Any:
        if by not in self._credentials:
            identity = import_module("azure.identity")
            discovery = {"disable_instance_discovery": True} if self._endpoint else {}
            if by:
                self._credentials[by] = identity.ClientAssertionCredential(
                    self.tenant, self._client_id(), self._pipeline_token, **discovery, retry_total=0
                )
            else:
                self._credentials[by] = identity.DefaultAzureCredential(**discovery, retry_total=0)
        return self._credentials[by]

    def _client_id(self) -> str:
        where = {"resource_group_name": names.GROUP, "resource_name": names.DEPLOYER}
        found = self.read("msi", "user_assigned_identities.get", **where)
        if found is None:
            raise LookupError(f"there is no {names.DEPLOYER} yet")
        return str(found["properties"]["clientId"])

    def _pipeline_token(self) -> str:
        return Path(self.settings.token_file).read_text(encoding="utf-8").strip()

    @contextlib.contextmanager
    def _as(self, service: str, operation: str, *, changes: bool) -> Any:
        before, self._operation = self._operation, (service, operation, changes)
        try:
            yield
        finally:
            self._operation = before

    def before(self, method: str) -> tuple[str, str, bool]:
        """What a request that is about to leave is, for the record."""
        service, operation, changes = self._operation
        # Asking how a long-running operation goes is reading, whatever it is that goes on.
        what = (service, operation, changes and method not in ("GET", "HEAD"))
        self._recorder.before(what[0], what[1], changes=what[2])
        return what

    def after(self, what: tuple[str, str, bool], status: int, request_id: str) -> None:
        """The answer, for the record."""
        self._recorder.after(what[0], what[1], changes=what[2], status=status, request_id=request_id)


def _in(action: str, patterns: Sequence[str] | None) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns or ())


def _raw(response: Any, *_: Any) -> Any:
    """An answer's own JSON instead of the client's objects."""
    text = response.http_response.text()
    return json.loads(text) if text else {}


def _policy(azure: Azure) -> Any:
    base: Any = import_module("azure.core.pipeline.policies").SansIOHTTPPolicy

    class Recorded(base):
        def on_request(self, request: Any) -> None:
            request.context["jichitai"] = azure.before(request.http_request.method)

        def on_response(self, request: Any, response: Any) -> None:
            answer = response.http_response
            azure.after(
                request.context["jichitai"],
                answer.status_code,
                str(answer.headers.get("x-ms-request-id", "")),
            )

    return Recorded()


def open_session(settings: Settings, recorder: Recorder) -> Azure:
    """Builds a session; sends nothing. Raises ValueError for an endpoint that is not on this machine."""
    for option in ("endpoint", "blob_endpoint"):
        place = settings.options.get(option, "")
        if place and not _loopback(urlsplit(place).hostname or ""):
            raise ValueError(f"{option} {place} is not on loopback")
    return Azure(settings, recorder)


def _loopback(host: str) -> bool:
    with contextlib.suppress(OSError):
        return socket.gethostbyname(host).startswith("127.")
    return False
