"""Where the provider's configuration comes from: the stack, the environment, a usacloud profile.

The stack's own configuration wins, then `SAKURA_*`, then the older `SAKURACLOUD_*`, then the profile. Names
and defaults are the official clients' (facts: sakura-api.md §2.2).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from stacks.text import Language, Text, language_of

from .errors import ConfigError
from .model import INT, NUM, STR, STRINGS, ZONES, Field, MapOf, f
from .services import DEFAULT_ROOT

CONFIG: Final[tuple[Field, ...]] = (
    f("token", STR, "ACCESS_TOKEN", "アクセストークン（UUID）。", "Access token (a UUID).", secret=True),
    f(
        "secret",
        STR,
        "ACCESS_TOKEN_SECRET",
        "アクセストークンシークレット。",
        "Access token secret.",
        secret=True,
    ),
    f(
        "servicePrincipalId",
        STR,
        "SERVICE_PRINCIPAL_ID",
        "サービスプリンシパルのID。トークンより優先します。",
        "Service principal's id; preferred to a token.",
    ),
    f(
        "servicePrincipalKeyKid",
        STR,
        "SERVICE_PRINCIPAL_KEY_KID",
        "サービスプリンシパルの鍵のKID。",
        "Key id of the service principal's key.",
    ),
    f(
        "privateKey",
        STR,
        "PRIVATE_KEY",
        "サービスプリンシパルの秘密鍵（PEM）。",
        "The principal's private key (PEM).",
        secret=True,
    ),
    f("privateKeyPath", STR, "PRIVATE_KEY_PATH", "秘密鍵のファイル。", "File of the private key."),
    f("tokenEndpoint", STR, "TOKEN_ENDPOINT", "トークンを得るURL。", "URL that gives tokens."),
    f("profile", STR, "PROFILE", "usacloudのプロファイル名。", "Name of a usacloud profile."),
    f(
        "zone",
        STR,
        "ZONE",
        "リソースに zone がないときのゾーン。",
        "Zone for resources that name none.",
        choices=ZONES,
    ),
    f(
        "defaultZone",
        STR,
        "DEFAULT_ZONE",
        "グローバルなリソースのAPIを呼ぶゾーン（既定 is1a）。",
        "Zone through which global resources are reached (default is1a).",
        choices=ZONES,
    ),
    f("apiRootUrl", STR, "API_ROOT_URL", "APIのルートURL。", "Root URL of the API."),
    f(
        "endpoints",
        MapOf(STR),
        "",
        "サービスごとのURL（SAKURA_ENDPOINTS_の後ろの名前で）。",
        "URLs by service, under the names that follow SAKURA_ENDPOINTS_.",
    ),
    f(
        "rateLimit",
        NUM,
        "RATE_LIMIT",
        "1秒あたりの呼び出し数の上限（既定10、0は無制限）。",
        "Calls a second at most (default 10; 0: no limit).",
    ),
    f(
        "requestTimeout",
        NUM,
        "API_REQUEST_TIMEOUT",
        "1回の呼び出しの制限時間（秒、既定300）。",
        "Seconds that one call may take (default 300).",
    ),
    f("retryMax", INT, "RETRY_MAX", "再試行の回数（既定20）。", "Retries of one call (default 20)."),
    f(
        "retryWaitMin",
        NUM,
        "RETRY_WAIT_MIN",
        "再試行までの最短（秒、既定1）。",
        "Shortest pause before a retry, s (1).",
    ),
    f("retryWaitMax", NUM, "RETRY_WAIT_MAX", "再試行までの最長（秒、既定64）。", "Longest pause, s (64)."),
    f(
        "pollInterval",
        NUM,
        "POLL_INTERVAL",
        "状態を確かめる間隔（秒、既定5）。",
        "Seconds between looks at a state (5).",
    ),
    f(
        "timeout",
        NUM,
        "WAIT_TIMEOUT",
        "作成・起動・削除を待つ限度（秒、既定1800）。",
        "Seconds to wait for a creation, a boot, a deletion (1800).",
    ),
    f(
        "shutdownTimeout",
        NUM,
        "SHUTDOWN_TIMEOUT",
        "通常のシャットダウンを待つ限度（秒、既定300）。過ぎると強制停止します。",
        "Seconds to wait for an orderly shutdown (300); then power is cut.",
    ),
    f(
        "settleTime",
        NUM,
        "SETTLE_TIME",
        "VPCルーターの設定前に置く間（秒、既定20）。",
        "Pause before a VPC router takes settings, s (20).",
    ),
    f(
        "adoptWithin",
        NUM,
        "ADOPT_WITHIN",
        "中断した作成を引き取る期限（秒、既定86400、0は引き取らない）。",
        "How old, in seconds, our own unfinished creation may be to be taken up (86400; 0: never).",
    ),
    f(
        "owner",
        STR,
        "OWNER",
        "中断した作成の目印に混ぜる文字列。",
        "Text mixed into the mark of unfinished creations.",
    ),
    f(
        "defaultTags",
        STRINGS,
        "",
        "タグを持てるリソースに付ける共通のタグ。",
        "Tags for every resource that takes tags.",
    ),
    f("language", STR, "LANGUAGE", "メッセージの言語。", "Language of messages.", choices=("ja", "en")),
)
"""The provider's configuration; `wire` is the environment name after `SAKURA_`."""

_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_LEGACY: Final = "SAKURACLOUD_"
_OWN: Final = "SAKURA_PULUMI_"
"""Names that only we read: the official clients read some of the others too, and only as whole numbers."""
_PROFILE_KEYS: Final = {
    "token": "AccessToken",
    "secret": "AccessTokenSecret",
    "zone": "Zone",
    "defaultZone": "DefaultZone",
    "apiRootUrl": "APIRootURL",
    "servicePrincipalId": "ServicePrincipalID",
    "servicePrincipalKeyKid": "ServicePrincipalKeyKID",
    "privateKeyPath": "PrivateKeyPEMPath",
    "privateKey": "PrivateKey",
    "tokenEndpoint": "TokenEndpoint",
    "rateLimit": "APIRequestRateLimit",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A checked configuration. Times are seconds."""

    token: str = ""
    secret: str = field(default="", repr=False)
    service_principal_id: str = ""
    service_principal_key_kid: str = ""
    private_key: str = field(default="", repr=False)
    token_endpoint: str = ""
    zone: str = "is1a"
    default_zone: str = "is1a"
    api_root_url: str = DEFAULT_ROOT
    endpoints: dict[str, str] = field(default_factory=dict[str, str])
    rate_limit: float = 10
    request_timeout: float = 300
    retry_max: int = 20
    retry_wait_min: float = 1
    retry_wait_max: float = 64
    poll_interval: float = 5
    timeout: float = 1800
    shutdown_timeout: float = 300
    settle_time: float = 20
    adopt_within: float = 86400
    owner: str = ""
    default_tags: tuple[str, ...] = ()
    language: Language = "en"

    @property
    def principal(self) -> bool:
        """Is there a service principal to sign in with?"""
        return bool(self.service_principal_id and self.service_principal_key_kid and self.private_key)


def resolve(config: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings that `config` (the engine's, plain values), the environment and the profile make together.

    ConfigError: a value is not what it must be, a profile or key cannot be read, an address is plain http and
    not on this machine.
    """
    values = _gather(config, environment)
    numbers = {_snake(n): _number(n, values[n]) for n in _NUMBERS if n in values}
    texts = {_snake(n): str(values[n]) for n in _TEXTS if values.get(n)}
    for name in ("zone", "default_zone"):
        if name in texts and texts[name] not in ZONES:
            raise ConfigError(
                Text(
                    ja=f"ゾーン「{texts[name]}」はありません。使えるゾーン: {', '.join(ZONES)}",
                    en=f"There is no zone “{texts[name]}”. Zones: {', '.join(ZONES)}",
                )
            )
    endpoints = {
        key.removeprefix("SAKURA_ENDPOINTS_"): value
        for key, value in environment.items()
        if key.startswith("SAKURA_ENDPOINTS_") and value
    }
    endpoints.update({k.upper(): str(v) for k, v in _mapping(values.get("endpoints")).items()})
    language = values.get("language") or language_of(environment)
    settings = Settings(
        **texts,
        **numbers,
        private_key=_private_key(values),
        endpoints=endpoints,
        default_tags=tuple(str(t) for t in _sequence(values.get("defaultTags"))),
        language="ja" if language == "ja" else "en",
    )
    for url in (settings.api_root_url, settings.token_endpoint, *settings.endpoints.values()):
        _require_safe(url)
    return settings


_NUMBERS: Final = (
    "rateLimit",
    "requestTimeout",
    "retryMax",
    "retryWaitMin",
    "retryWaitMax",
    "pollInterval",
    "timeout",
    "shutdownTimeout",
    "settleTime",
    "adoptWithin",
)
_TEXTS: Final = (
    "token",
    "secret",
    "servicePrincipalId",
    "servicePrincipalKeyKid",
    "tokenEndpoint",
    "zone",
    "defaultZone",
    "apiRootUrl",
    "owner",
)


def _gather(config: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for each in CONFIG:
        legacy = environment.get(_LEGACY + each.wire) if each.wire else None
        given = next(
            (v for n in (_OWN, "SAKURA_") if each.wire and (v := environment.get(n + each.wire))), None
        )
        found = config.get(each.name) or given or legacy
        if config.get(each.name) in (0, False):
            found = config[each.name]
        if found not in (None, ""):
            values[each.name] = found
    for key, value in _profile(str(values.get("profile", "")), environment).items():
        values.setdefault(key, value)
    return values


def _profile(name: str, environment: Mapping[str, str]) -> dict[str, Any]:
    folder = _profile_folder(environment)
    if not name:
        current = folder / "current"
        name = current.read_text(encoding="utf-8").strip() if current.is_file() else ""
        if not name:
            return {}
        path = folder / name / "config.json"
        if not path.is_file():
            return {}  # `current` names a profile that is gone; only a profile that was asked for must exist
    path = folder / name / "config.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            Text(
                ja=f"usacloudのプロファイル「{name}」を {path} から読めません: {error}",
                en=f"The usacloud profile “{name}” cannot be read from {path}: {error}",
            )
        ) from error
    return {ours: content[theirs] for ours, theirs in _PROFILE_KEYS.items() if content.get(theirs)}


def _profile_folder(environment: Mapping[str, str]) -> Path:
    for key in ("SAKURACLOUD_PROFILE_DIR", "USACLOUD_PROFILE_DIR"):
        if environment.get(key):
            return Path(environment[key]) / ".usacloud"
    if environment.get("XDG_CONFIG_HOME"):
        modern = Path(environment["XDG_CONFIG_HOME"]) / "usacloud"
        if modern.is_dir():
            return modern
    return Path(environment.get("HOME", "~")).expanduser() / ".usacloud"


def _private_key(values: Mapping[str, Any]) -> str:
    if values.get("privateKey"):
        return str(values["privateKey"])
    if not values.get("privateKeyPath"):
        return ""
    path = Path(str(values["privateKeyPath"])).expanduser()
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            Text(
                ja=f"秘密鍵 {path} を読めません: {error}",
                en=f"The private key {path} cannot be read: {error}",
            )
        ) from error


def _require_safe(url: str) -> None:
    if not url or url.startswith("https://"):
        return
    host = url.removeprefix("http://").split("/", 1)[0]
    if url.startswith("http://") and (host in _LOOPBACK or host.rsplit(":", 1)[0] in _LOOPBACK):
        return
    raise ConfigError(
        Text(
            ja=f"{url} は使えません。暗号化しない http は、このコンピュータの中（127.0.0.1）にだけ許します。",
            en=f"{url} cannot be used: plain http is allowed to this machine (127.0.0.1) only.",
        )
    )


def _number(name: str, value: Any) -> Any:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1
    if number < 0:
        raise ConfigError(
            Text(
                ja=f"{name} は0以上の数で指定してください: {value}",
                en=f"{name} must be a number, 0 or more: {value}",
            )
        )
    return int(number) if name == "retryMax" else number


def _mapping(value: Any) -> dict[str, Any]:
    parsed = json.loads(value) if isinstance(value, str) and value else value
    return dict(parsed) if isinstance(parsed, Mapping) else {}


def _sequence(value: Any) -> list[Any]:
    parsed = json.loads(value) if isinstance(value, str) and value else value
    return list(parsed) if isinstance(parsed, (list, tuple)) else []


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
