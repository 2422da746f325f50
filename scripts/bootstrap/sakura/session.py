"""The API as the bootstrap uses it: every request recorded, none repeated by itself, as two identities."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast

import httpx

from providers.sakura.client import Api
from providers.sakura.errors import ApiError, ConfigError, Where
from providers.sakura.services import DEFAULT_ROOT
from providers.sakura.settings import resolve
from scripts.bootstrap import compatible
from scripts.bootstrap.calls import Call, Recorder
from scripts.bootstrap.sakura import names
from scripts.bootstrap.sakura.identities import roles_in
from scripts.bootstrap.steps import Failure, FailureKind, Identity, Settings
from stacks.text import Text

DEPLOYER: Final = "deployer"
_SKEW_SECONDS: Final = 300
"""How wrong this machine's clock may be: half of what an assertion is valid for."""
_READING_POSTS: Final = ("/oauth2/token", "/secrets/unveil")
_GRANTS: Final[Mapping[str, frozenset[str]]] = {
    "owner": frozenset({"iam", "resources"}),
    "organization-admin": frozenset({"iam", "resources"}),
    "project-owner": frozenset({"iam", "resources"}),
    "admin": frozenset({"iam", "resources"}),
    "resource-creator": frozenset({"resources"}),
    "resource-viewer": frozenset(),
}
"""What the preset roles that we know allow: to set who may do what, to make and change resources."""


class _Recorded(Api):
    """The provider's client with the recorder before and after every request, and without retries."""

    def __init__(self, settings: Any, recorder: Recorder) -> None:
        super().__init__(replace(settings, retry_max=0))
        self._recorder = recorder
        self.skew = 0.0
        self._http.event_hooks = {"request": [self._before], "response": [self._after]}

    def probe(self, url: str) -> int:
        """The status of a HEAD without credentials. ApiError when no answer comes."""
        try:
            return self._http.head(url).status_code
        except httpx.HTTPError as error:
            raise ApiError(Where("read", "s3"), 0, "", type(error).__name__, "", f"HEAD {url}") from error

    def _before(self, request: httpx.Request) -> None:
        service, operation, changes = _what(request)
        self._recorder.before(service, operation, changes=changes)

    def _after(self, answer: httpx.Response) -> None:
        service, operation, changes = _what(answer.request)
        request_id = str(
            answer.headers.get("x-request-id") or answer.headers.get("x-sakura-request-id") or ""
        )
        self._recorder.after(
            service, operation, changes=changes, status=answer.status_code, request_id=request_id
        )
        told = email.utils.parsedate_tz(answer.headers.get("date", ""))
        if told is not None:
            self.skew = time.time() - email.utils.mktime_tz(told)


def _what(request: httpx.Request) -> tuple[str, str, bool]:
    """Service and operation, and whether it changes anything."""
    parts = request.url.path.split("/")
    service = next((p for p in ("iam", "objectstorage", "securitycontrol") if p in parts), "cloud")
    path = request.url.path.split("/1.0", 1)[-1].split("/1.1", 1)[-1]
    changes = request.method not in ("GET", "HEAD") and not path.endswith(_READING_POSTS)
    return service, f"{request.method} {path}", changes


class Sakura:
    """A session. `identity` is whoever the standard chain leads to; the deployer signs in beside it."""

    def __init__(self, settings: Settings, recorder: Recorder) -> None:
        self.settings = settings
        self._recorder = recorder
        self._api: _Recorded | None = None
        self._deployer: _Recorded | None = None
        self._stores: dict[tuple[str, str], compatible.Store] = {}

    # --- what the runner needs ---

    def identity(self) -> Identity:
        """Whose credential it is, and the one project that it is good for."""
        found = self.read("iam", "/auth/context")
        return Identity(
            str(found["resource_id"]), str(found["limited_to_project_id"] or ""), str(found["auth_type"])
        )

    def perform(self, call: Call, arguments: Mapping[str, Any]) -> Any:
        """Make one request. S3's carry the key that was made for them."""
        given = dict(arguments)
        if call.service == compatible.SERVICE:
            store = self._store(given.pop("Site"), given.pop("KeyId"), given.pop("Secret"))
            return store.ask(call.operation, given)
        body = _texts(given.pop("body", None))
        method, template = call.operation.split(" ", 1)
        where = Where("create" if method == "POST" else "update", call.service, template)
        api = self.deployer() if call.by == DEPLOYER else self.api
        return api.call(where, call.service, method, template.format(**given), body=body)

    def judge(self, error: Exception) -> Failure | None:
        """What an error of the API, of the configuration or of S3 means."""
        if isinstance(error, ConfigError):
            return Failure("invalid", error.text)
        if isinstance(error, ApiError):
            kind = self._kind(error)
            text = _skewed(self.api.skew) if kind == "skew" else error.text
            after = float(error.retry_after) if error.retry_after.isdigit() else 0.0
            return Failure(kind, text, error.request, error.serial, after)
        return compatible.judge(error)

    def missing(self, permissions: Sequence[str]) -> list[str]:
        """`iam` and `resources` against our roles in the project; of roles we do not know nothing is said."""
        roles = self.roles(self.read("iam", "/auth/context"))
        if roles is None:  # who may not read the policy may not write it either; of the rest we cannot tell
            return [p for p in permissions if p == "iam"]
        if any(role not in _GRANTS for role in roles):
            return []
        granted = frozenset[str]().union(*(_GRANTS[role] for role in roles))
        return [p for p in permissions if p not in granted]

    # --- what the steps read ---

    @property
    def api(self) -> _Recorded:
        """The API as ourselves. ConfigError without credentials."""
        if self._api is None:
            self._api = _Recorded(resolve({}), self._recorder)
        return self._api

    def read(self, service: str, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """The answer to a GET; None when there is no such thing."""
        try:
            return self.api.call(Where("read", service, path), service, "GET", path, query=query)
        except ApiError as error:
            if error.missing:
                return None
            raise

    def readable(self, service: str, path: str) -> Any:
        """The same, and None also where it is not for us to see."""
        try:
            return self.read(service, path)
        except ApiError as error:
            if error.status == 403:
                return None
            raise

    def items(self, path: str) -> list[dict[str, Any]]:
        """All items of a list of IAM."""
        found = self.read("iam", path, {"per_page": 1000}) or {}
        return list(found.get("items") or [])

    def roles(self, context: Mapping[str, Any]) -> list[str] | None:
        """The roles of a credential in the project; None where they cannot be seen."""
        number = context["resource_id"]
        if context["auth_type"] == "apikey":
            found = self.readable("iam", f"/compat/api-keys/{number}")
            return None if found is None else list(found.get("iam_roles") or [])
        policy = self.readable("iam", f"/projects/{self.settings.unit}/iam-policy")
        return None if policy is None else roles_in(policy, int(number))

    def bucket_taken(self, site: str, bucket: str) -> bool:
        """Whether anybody has a bucket of this name: S3 tells without a key (404 or 403)."""
        status = self.api.probe(f"{self.endpoint(site)}/{bucket}")
        if status not in (200, 301, 403, 404):
            raise ApiError(Where("read", "s3", bucket), status, "", "", "", f"HEAD {bucket}")
        return status != 404

    # --- the deployer ---

    def private_key(self) -> str:
        """The pipeline's private key, from the file that the command was given; "" without one."""
        return Path(self.settings.token_file).read_text("utf-8") if self.settings.token_file else ""

    def access_token(self) -> str:
        """The access token (not its secret) of an API key in the environment, which was handed over too."""
        return self.api.settings.token

    def signs_as(self, principal: str, kid: str) -> None:
        """From now on the deployer is this principal with this key."""
        known = self._deployer
        if known is not None and known.settings.service_principal_key_kid == kid:
            return
        settings = replace(
            self.api.settings,
            token="",
            secret="",
            service_principal_id=principal,
            service_principal_key_kid=kid,
            private_key=self.private_key(),
        )
        self._deployer = _Recorded(settings, self._recorder)

    def deployer(self) -> _Recorded:
        """The API as the deployer. ConfigError where nobody has said who that is."""
        if self._deployer is None:
            raise ConfigError(Text("パイプラインの鍵がありません。", "There is no key of the pipeline."))
        return self._deployer

    # --- S3 ---

    def endpoint(self, site: str) -> str:
        """Where S3 of a site answers. ConfigError where the rest of the API is somewhere else."""
        settings = self.api.settings
        given = settings.endpoints.get("S3", "").replace("{site}", site)
        if given:
            return given.rstrip("/")
        if settings.api_root_url != DEFAULT_ROOT:
            raise ConfigError(
                Text(
                    "S3 の場所が決まりません。SAKURA_ENDPOINTS_S3 を指定してください。",
                    "Where S3 answers is not known: set SAKURA_ENDPOINTS_S3.",
                )
            )
        return f"https://s3.{site}.sakurastorage.jp"

    def _store(self, site: str, key: str, secret: str) -> compatible.Store:
        if (site, key) not in self._stores:
            region = names.S3_REGIONS[site]
            self._stores[site, key] = compatible.Store(
                self._recorder, self.endpoint(site), region, key, secret
            )
        return self._stores[site, key]

    def _kind(self, error: ApiError) -> FailureKind:
        if error.status == 0:
            return "transient" if error.sent else "unreachable"
        if error.status == 401:
            return "skew" if abs(self.api.skew) > _SKEW_SECONDS else "invalid"
        if error.code in ("too_many_request", "throttled"):
            return "throttled"
        return "other" if error.final else compatible.by_status(error.status)


_TEXTS: Final = frozenset({"Destinations", "servicePrincipalId", "notificationGroupId"})


def _texts(value: Any, *, text: bool = False) -> Any:
    """Ids as texts where the API wants them so: answers give some of them as numbers."""
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return {name: _texts(inner, text=name in _TEXTS) for name, inner in members.items()}
    if isinstance(value, list):
        return [_texts(inner, text=text) for inner in cast("list[Any]", value)]
    return str(value) if text else value


def _skewed(seconds: float) -> Text:
    return Text(
        f"このコンピュータの時計が {seconds:+.0f} 秒ずれているため、署名が認められません。時刻を合わせてくだ"
        "さい。",
        f"This machine's clock is {seconds:+.0f} s off, so its signatures are not accepted. Set the clock.",
    )
