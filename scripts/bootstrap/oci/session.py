"""The oci SDK as the bootstrap uses it: every request recorded, none repeated by itself, two identities."""

from __future__ import annotations

import email.utils
import importlib
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from scripts.bootstrap import compatible
from scripts.bootstrap.calls import Call, Recorder
from scripts.bootstrap.oci import names, statements
from scripts.bootstrap.steps import Failure, FailureKind, Identity, Settings
from stacks.text import Text

DEPLOYER: Final = "deployer"
SESSION: Final = "session token"
"""Who comes in by a session token, whose user is not told."""
_SKEW_SECONDS: Final = 300
"""OCI refuses requests whose date is more than five minutes off."""
_CLIENTS: Final[Mapping[str, tuple[str, str]]] = {
    "identity": ("identity", "IdentityClient"),
    "vaults": ("key_management", "KmsVaultClient"),
    "keys": ("key_management", "KmsManagementClient"),
    "secrets": ("vault", "VaultsClient"),
    "bundles": ("secrets", "SecretsClient"),
    "objectstorage": ("object_storage", "ObjectStorageClient"),
    "topics": ("ons", "NotificationControlPlaneClient"),
    "subscriptions": ("ons", "NotificationDataPlaneClient"),
    "connectors": ("sch", "ServiceConnectorClient"),
    "domain": ("identity_domains", "IdentityDomainsClient"),
}
"""Our short names of services, and the SDK's."""
_READS: Final = ("Get", "List", "Head")
_SETTLED: Final = frozenset({"ACTIVE", "ENABLED", "FAILED", "DELETED", "DELETING", "PENDING_DELETION"})


class _Road(NamedTuple):
    """How the deployer gets in."""

    domain: str
    client: str
    secret: str
    token: str


class Oci:
    """A session. `identity` is the profile's user; the deployer comes in beside it, by exchange."""

    def __init__(self, settings: Settings, recorder: Recorder) -> None:
        self.settings = settings
        self.sleep: Callable[[float], None] = time.sleep
        self._recorder = recorder
        self._configuration: dict[str, Any] | None = None
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._stores: dict[str, compatible.Store] = {}
        self._road: _Road | None = None
        self._own: Any = None
        self._administers = True
        self._exchanged: Any = None
        self._domain = ""
        self._compartments: dict[str, dict[str, Any]] = {}
        self._skew = 0.0

    # --- what the runner needs ---

    def identity(self) -> Identity:
        """The profile's user and tenancy, confirmed by one request."""
        config = self.configuration
        if not config.get("user"):
            found = self.ask("identity", "GetTenancy", tenancy_id=config["tenancy"])
            return Identity(SESSION, str(found["id"]), "session")
        found = self.ask("identity", "GetUser", user_id=config["user"])
        return Identity(str(found["id"]), str(found["compartment_id"]), "user")

    def perform(self, call: Call, arguments: Mapping[str, Any]) -> Any:
        """Make one request, as ourselves or as the deployer."""
        given = dict(arguments)
        if call.service == compatible.SERVICE:
            store = self._store(given.pop("Namespace"), given.pop("KeyId"), given.pop("Secret"))
            return store.ask(call.operation, given)
        endpoint = str(given.pop("endpoint", ""))
        vault = given.pop("vault", None)
        if vault is not None:  # a key is made in a vault that is ready, which takes a minute or two
            self.settled(lambda: self.ask("vaults", "GetVault", vault_id=vault))
        return self.ask(call.service, call.operation, endpoint, call.by, **given)

    def judge(self, error: Exception) -> Failure | None:
        """What an error of the SDK, of the token exchange or of S3 means."""
        failure = compatible.judge(error)
        if failure is not None:
            # A customer secret key takes a while until S3 knows it (documentation of the S3 side).
            kind = "transient" if failure.kind in ("invalid", "denied") else failure.kind
            return Failure(kind, failure.text, failure.operation)
        exceptions = _sdk().exceptions
        if isinstance(error, exceptions.ServiceError):
            return self._refused(error)
        if isinstance(error, (exceptions.ClientError, OSError)) and not isinstance(error, _broken()):
            text = Text(f"OCI の設定を使えません: {error}", f"the OCI configuration cannot be used: {error}")
            return Failure("invalid", text)
        if isinstance(error, _broken()):
            answer = getattr(error, "response", None)
            if answer is not None:
                return _exchange(int(answer.status_code))
            said = type(error).__name__
            text = Text(f"OCI の応答がありません（{said}）。", f"OCI did not answer ({said})")
            kind: FailureKind = "unreachable" if "ConnectTimeout" in said else "transient"
            return Failure(kind, text)
        return None

    def missing(self, permissions: Sequence[str]) -> list[str]:
        """What no statement for our groups gives. A session token's groups cannot be seen."""
        config = self.configuration
        if not config.get("user"):
            return []
        tenancy = config["tenancy"]
        memberships = self.each(
            "identity", "ListUserGroupMemberships", compartment_id=tenancy, user_id=config["user"]
        )
        mine = {str(m["group_id"]) for m in memberships}
        groups = self.each("identity", "ListGroups", compartment_id=tenancy)
        ours = [str(group["name"]) for group in groups if str(group["id"]) in mine]
        policies = self.each("identity", "ListPolicies", compartment_id=tenancy)
        texts = [text for policy in policies for text in policy["statements"]]
        return statements.lacking(permissions, ours, texts)

    # --- what the steps read ---

    @property
    def configuration(self) -> dict[str, Any]:
        """The profile, by the SDK's own rules; the region is the manifest's."""
        if self._configuration is None and self._road is not None and not self._administers:
            # Inside the pipeline there is no profile: the tenancy is the manifest's.
            self._configuration = {"tenancy": self.settings.unit, "region": self.settings.region}
        if self._configuration is None:
            sdk = _sdk()
            file = os.environ.get("OCI_CONFIG_FILE", sdk.config.DEFAULT_LOCATION)
            profile = os.environ.get("OCI_CONFIG_PROFILE", sdk.config.DEFAULT_PROFILE)
            self._configuration = {**sdk.config.from_file(file, profile), "region": self.settings.region}
        return self._configuration

    @property
    def tenancy(self) -> str:
        """The tenancy's OCID."""
        return self.settings.unit

    def ask(self, service: str, operation: str, endpoint: str = "", by: str = "", **arguments: Any) -> Any:
        """One request through the SDK; its answer as plain values, headers for one that has no body."""
        client = self._client(service, endpoint, by)
        changes = not operation.startswith(_READS)
        self._recorder.before(service, operation, changes=changes)
        try:
            answer = getattr(client, _snake(operation))(**arguments)
        except _sdk().exceptions.ServiceError as error:
            self._watch(error.headers)
            self._recorder.after(
                service, operation, changes=changes, status=error.status, request_id=error.request_id
            )
            raise
        self._watch(answer.headers)
        self._recorder.after(
            service, operation, changes=changes, status=answer.status, request_id=answer.request_id
        )
        if operation.startswith("Head"):
            return dict(answer.headers)
        if hasattr(answer.data, "content"):
            return answer.data.content.decode()
        return _sdk().util.to_dict(answer.data)

    def find(self, service: str, operation: str, endpoint: str = "", **arguments: Any) -> Any:
        """The same for reading; None when there is no such thing (or it is not for us to see: 404)."""
        try:
            return self.ask(service, operation, endpoint, **arguments)
        except _sdk().exceptions.ServiceError as error:
            if error.status == 404:
                return None
            raise

    def each(self, service: str, operation: str, endpoint: str = "", **arguments: Any) -> list[Any]:
        """All items of a list, page by page."""
        found: list[Any] = []
        page: dict[str, Any] = {}
        while True:
            client = self._client(service, endpoint, "")
            self._recorder.before(service, operation, changes=False)
            answer = getattr(client, _snake(operation))(**arguments, **page)
            self._watch(answer.headers)
            self._recorder.after(
                service, operation, changes=False, status=answer.status, request_id=answer.request_id
            )
            data = _sdk().util.to_dict(answer.data)
            found.extend(data if isinstance(data, list) else data.get("resources") or data.get("items") or [])
            if not answer.has_next_page:
                return found
            page = {"page": answer.next_page}

    def settled(self, read: Callable[[], Any]) -> Any:
        """What `read` gives once its lifecycle state does not change by itself any more."""
        found = read()
        for _ in range(60):
            if found is None or str(found.get("lifecycle_state")) in _SETTLED:
                return found
            self.sleep(5)
            found = read()
        return found

    def domain(self) -> str:
        """The address of the identity domain in use: the default one, or `--set domain=NAME`."""
        if not self._domain:
            wanted = self.settings.options.get(names.DOMAIN, "Default")
            found = self.each("identity", "ListDomains", compartment_id=self.tenancy)
            match = next((d for d in found if d["display_name"] == wanted), None)
            self._domain = "" if match is None else str(match["url"]).removesuffix(":443")
        return self._domain

    def compartment(self, name: str) -> dict[str, Any] | None:
        """A compartment right under the tenancy. One that was seen is not asked for again in this session."""
        if name not in self._compartments:
            found = self.each(
                "identity",
                "ListCompartments",
                compartment_id=self.tenancy,
                name=name,
                lifecycle_state="ACTIVE",
            )
            if not found:
                return None
            self._compartments[name] = found[0]
        return self._compartments[name]

    def scim(self, operation: str, condition: str) -> Any:
        """The one object of the domain for which `condition` holds, with all its attributes."""
        found = self.each("domain", operation, self.domain(), filter=condition, attribute_sets=["all"])
        return found[0] if found else None

    def token(self) -> str:
        """The pipeline's OIDC token, from the file that the command was given; "" without one."""
        if not self.settings.token_file:
            return ""
        return Path(self.settings.token_file).read_text("utf-8").strip()

    def goes_by(self, domain: str, client: str, secret: str) -> None:
        """From now on the deployer comes in this way."""
        road = _Road(domain, client, secret, self.token())
        if road != self._road:
            self._road, self._exchanged = road, None
            self._clients = {key: made for key, made in self._clients.items() if key[2] != DEPLOYER}

    def subject(self) -> str:
        """The OCID of the user whom the exchanged token is for."""
        jwt = importlib.import_module("jwt")
        token = str(self._signer().api_key).removeprefix("ST$")
        return str(jwt.decode(token, options={"verify_signature": False})["sub"])

    def only_as_deployer(self) -> None:
        """From now on every request is the deployer's: how a pipeline works, which has no profile."""
        self._administers = False

    # --- clients ---

    def _client(self, service: str, endpoint: str, by: str) -> Any:
        by = by if self._administers else DEPLOYER
        key = (service, endpoint, by)
        if key not in self._clients:
            module, name = _CLIENTS[service]
            sdk = _sdk()
            options: dict[str, Any] = {
                "retry_strategy": sdk.retry.NoneRetryStrategy(),
                "circuit_breaker_strategy": sdk.circuit_breaker.NoCircuitBreakerStrategy(),
            }
            place = endpoint or self.endpoint()
            if place:
                options["service_endpoint"] = _safe(place)
            config = self.configuration
            if by == DEPLOYER:
                options["signer"] = self._signer()
                config = {"region": config["region"], "tenancy": config["tenancy"]}
            else:
                options["signer"] = self._own_signer()
            cls = getattr(importlib.import_module(f"oci.{module}"), name)
            self._clients[key] = cls(config, **options)
        return self._clients[key]

    def endpoint(self) -> str:
        """Where everything answers instead, for tests: `--set endpoint=http://127.0.0.1:…`."""
        return self.settings.options.get("endpoint", "")

    def _signer(self) -> Any:
        """The exchange of the pipeline's token for a short-lived one that only our key can use."""
        road = self._road
        if road is None:
            raise ValueError("the deployer's road is not known yet")
        if self._exchanged is not None:
            return self._exchanged
        made = importlib.import_module("oci.auth.signers.token_exchange_signer").TokenExchangeSigner
        self._recorder.before("domain", "ExchangeToken", changes=False)
        signer = made(road.token, road.domain, road.client, road.secret, region=self.settings.region)
        self._recorder.after("domain", "ExchangeToken", changes=False, status=200, request_id="")
        self._exchanged = signer
        return signer

    def _own_signer(self) -> Any:
        """The profile's signer: its key is read and checked once for all clients."""
        if self._own is None:
            session = "security_token_file" in self.configuration
            made = self._session_signer if session else _sdk().signer.Signer.from_config
            self._own = made(self.configuration)
        return self._own

    def _session_signer(self, config: Mapping[str, Any]) -> Any:
        sdk = _sdk()
        key = sdk.signer.load_private_key_from_file(config["key_file"], config.get("pass_phrase"))
        token = Path(config["security_token_file"]).expanduser().read_text("utf-8").strip()
        return sdk.auth.signers.SecurityTokenSigner(token, key)

    def _store(self, namespace: str, key: str, secret: str) -> compatible.Store:
        if key not in self._stores:
            region, place = self.settings.region, self.s3(namespace)
            self._stores[key] = compatible.Store(self._recorder, place, region, key, secret)
        return self._stores[key]

    def s3(self, namespace: str) -> str:
        """Where the S3 side of Object Storage answers."""
        if self.endpoint():
            return f"{_safe(self.endpoint())}/compat/{namespace}"
        return f"https://{namespace}.compat.objectstorage.{self.settings.region}.oci.customer-oci.com"

    # --- errors ---

    def _watch(self, headers: Mapping[str, Any] | None) -> None:
        told = email.utils.parsedate_tz(str((headers or {}).get("date", "")))
        if told is not None:
            self._skew = time.time() - email.utils.mktime_tz(told)

    def _refused(self, error: Any) -> Failure:
        operation = str(error.operation_name or "")
        said = f"HTTP {error.status} {error.code}: {error.message}"
        kind = compatible.by_status(int(error.status))
        text = Text(f"OCI が拒みました（{said}）。", f"OCI refused ({said})")
        if error.status == 401:
            text = Text(
                f"OCI が認証を拒みました（{said}）。プロファイルの API キーを確かめてください。",
                f"OCI does not know the credential ({said}): is the profile's API key registered?",
            )
        if error.status == 401 and abs(self._skew) > _SKEW_SECONDS:
            kind = "skew"
            text = Text(
                f"このコンピュータの時計が {self._skew:+.0f} 秒ずれています。時刻を合わせてください。",
                f"This machine's clock is {self._skew:+.0f} s off. Set the clock.",
            )
        if error.status == 404 and error.code == "NotAuthorizedOrNotFound":
            kind = "denied"
        after = str((error.headers or {}).get("retry-after", ""))
        return Failure(
            kind, text, operation, str(error.request_id or ""), float(after) if after.isdigit() else 0.0
        )


def _exchange(status: int) -> Failure:
    kind: FailureKind = "throttled" if status == 429 else "transient" if status >= 500 else "invalid"
    return Failure(
        kind,
        Text(
            f"トークンの交換が拒まれました（HTTP {status}）。発行者・subject・audience を確かめてください。",
            f"the exchange of the token was refused (HTTP {status}): check issuer, subject and audience",
        ),
        "domain:ExchangeToken",
    )


def _sdk() -> Any:
    """The SDK, imported when it is first needed."""
    return importlib.import_module("oci")


def _broken() -> Any:
    """What the SDK raises when no answer comes."""
    requests = importlib.import_module("oci._vendor.requests")
    exceptions = _sdk().exceptions
    return (exceptions.RequestException, exceptions.ConnectTimeout, requests.exceptions.RequestException)


def _snake(operation: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", operation).lower()


def _safe(url: str) -> str:
    """An address that requests may go to. ValueError for plain http to another machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ValueError(f"{url}: plain http is allowed to this machine only")
    return url.rstrip("/")
