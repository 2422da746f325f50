"""Containers: registry and AppRun."""

from __future__ import annotations

from typing import Final

from providers.sakura.model import (
    COMMON,
    ID,
    INT,
    RESOURCE_ID,
    STR,
    STRING_SET,
    ListOf,
    Record,
    Resource,
    f,
    out,
)
from stacks.text import Text

_USER: Final = Record(
    "RegistryUser",
    (
        f("name", STR, "", "ユーザー名。", "User name.", required=True),
        f("password", STR, "", "パスワード。", "Password.", required=True, write_only=True),
        f(
            "permission",
            STR,
            "",
            "許すこと。",
            "What it may do.",
            required=True,
            choices=("all", "readwrite", "readonly"),
        ),
    ),
)

REGISTRY: Final = Resource(
    module="app",
    name="ContainerRegistry",
    service="iaas",
    path="/commonserviceitem",
    envelope="CommonServiceItem",
    collection="CommonServiceItems",
    fixed=(("Provider.Class", "containerregistry"),),
    flow="registry",
    marker="tags",
    settings="Settings",
    doc=Text(ja="コンテナレジストリ。", en="A container registry."),
    delete_before_replace=True,
    terraform=("sakura_container_registry", "sakuracloud_container_registry"),
    fields=(
        *COMMON,
        f(
            "subdomainLabel",
            STR,
            "Status.registry_name",
            "名前の先頭（全体で一意）。",
            "First label of its name, unique in the whole service.",
            required=True,
            immutable=True,
            low=1,
            high=64,
        ),
        f(
            "accessLevel",
            STR,
            "Settings.ContainerRegistry.public",
            "だれでもできること。",
            "What everybody may do.",
            choices=("readonly", "none"),
            default="none",
        ),
        f(
            "virtualDomain",
            STR,
            "Settings.ContainerRegistry.virtual_domain",
            "別名のドメイン。",
            "Alias domain.",
        ),
        f("users", ListOf(_USER, unordered=True), "", "ユーザー。", "Users.", send="never"),
        out("fqdn", STR, "Status.hostname", "名前。", "Its name."),
    ),
)

_ENV: Final = Record(
    "AppRunEnvironment",
    (
        f("key", STR, "key", "名前。", "Name.", required=True),
        f("value", STR, "value", "値。", "Value.", required=True, secret=True),
    ),
)
_HEADER: Final = Record(
    "AppRunProbeHeader",
    (
        f("name", STR, "name", "名前。", "Name.", required=True),
        f("value", STR, "value", "値。", "Value.", required=True),
    ),
)
_PROBE: Final = Record(
    "AppRunProbe",
    (
        f("path", STR, "http_get.path", "パス。", "Path.", required=True),
        f("port", INT, "http_get.port", "ポート。", "Port.", required=True, low=1, high=65535),
        f("headers", ListOf(_HEADER), "http_get.headers", "ヘッダ。", "Headers."),
    ),
)
_IMAGE: Final = "deploy_source.container_registry"
_COMPONENT: Final = Record(
    "AppRunComponent",
    (
        f("name", STR, "name", "名前。", "Name.", required=True, low=1, high=255),
        f("maxCpu", STR, "max_cpu", "CPUの上限。", "CPU at most.", required=True, choices=("0.5", "1", "2")),
        f(
            "maxMemory",
            STR,
            "max_memory",
            "メモリの上限。",
            "Memory at most.",
            required=True,
            choices=("1Gi", "2Gi", "4Gi"),
        ),
        f("image", STR, f"{_IMAGE}.image", "イメージ。", "Image.", required=True, low=1, high=128),
        f("registry", STR, f"{_IMAGE}.server", "レジストリ。", "Registry.", high=128),
        f("username", STR, f"{_IMAGE}.username", "レジストリのユーザー。", "User of the registry.", high=63),
        f(
            "password",
            STR,
            f"{_IMAGE}.password",
            "そのパスワード。",
            "Its password.",
            write_only=True,
            high=63,
        ),
        f("env", ListOf(_ENV, unordered=True), "env", "環境変数。", "Environment."),
        f("probe", _PROBE, "probe", "監視。", "Probe."),
    ),
)

APPLICATION: Final = Resource(
    module="app",
    name="AppRunApplication",
    service="apprun",
    path="/applications",
    envelope="",
    collection="data",
    id_wire="id",
    flow="apprun",
    natural_key=("name",),
    update="PATCH",
    doc=Text(
        ja="AppRun（共用型）のアプリケーション。変えるたびに新しい版になります。",
        en="An AppRun application (shared); each change is a new version.",
    ),
    terraform=("sakura_apprun_shared", "sakuracloud_apprun_application"),
    fields=(
        f("name", STR, "name", "名前。", "Name.", required=True, immutable=True, low=1, high=255),
        RESOURCE_ID,
        f(
            "timeoutSeconds",
            INT,
            "timeout_seconds",
            "時間切れ（秒）。",
            "Timeout, s.",
            required=True,
            low=1,
            high=300,
        ),
        f(
            "port",
            INT,
            "port",
            "ポート（8008、8012、8013、8022、9090、9091は使えません）。",
            "Port; not 8008, 8012, 8013, 8022, 9090, 9091.",
            required=True,
            low=1,
            high=65535,
        ),
        f(
            "minScale",
            INT,
            "min_scale",
            "最小の数。",
            "Fewest instances.",
            required=True,
            low=0,
            high=10,
            empty_is_value=True,
        ),
        f("maxScale", INT, "max_scale", "最大の数。", "Most instances.", required=True, low=1, high=10),
        f(
            "scaleTargetConcurrency",
            INT,
            "scale_target_concurrency",
            "1つが同時に受ける数。",
            "Requests at once an instance.",
            low=50,
            high=200,
        ),
        f("components", ListOf(_COMPONENT), "components", "コンテナ。", "Containers.", required=True, low=1),
        f(
            "allowedSources",
            STRING_SET,
            "",
            "接続を許すCIDR（省略時は制限なし）。",
            "CIDRs that may connect; everybody when absent.",
            send="never",
        ),
        out("publicUrl", STR, "public_url", "URL。", "Its URL."),
        out("status", STR, "status", "状態。", "State."),
        out(
            "contractId",
            ID,
            "resource_id",
            "契約のID（監視の経路で使います）。",
            "Id of its contract, for routings.",
        ),
    ),
)

RESOURCES: Final = (REGISTRY, APPLICATION)
