"""Lookups: one for every kind that has a name, and those for what the platform itself offers."""

from __future__ import annotations

from typing import Final

from providers.sakura.catalog import (
    apigateway,
    app,
    closed,
    compute,
    database,
    dns,
    enhancedlb,
    iam,
    loadbalancer,
    messaging,
    monitoring,
    network,
    nosql,
    security,
    storage,
    vpcrouter,
    webaccel,
)
from providers.sakura.model import (
    ANY,
    BOOL,
    ID,
    INT,
    NUM,
    STR,
    STRINGS,
    ZONE,
    ZONES,
    Field,
    Function,
    ListOf,
    MapOf,
    Record,
    Resource,
    f,
)
from stacks.text import Text

_SOURCES: Final = (
    apigateway,
    app,
    closed,
    compute,
    database,
    dns,
    enhancedlb,
    iam,
    loadbalancer,
    messaging,
    monitoring,
    network,
    nosql,
    security,
    storage,
    vpcrouter,
    webaccel,
)
_NAMES: Final = ("name", "zone", "target")
"""Properties that are the name by which people know a resource."""
_BY_ID: Final = f("id", ID, "", "ID。", "Id.")
_BY_NAME: Final = f("name", STR, "", "名前（完全一致）。", "Name, exactly.")
_BY_TAGS: Final = f("tags", STRINGS, "", "すべて付いているべきタグ。", "Tags, all of which it must have.")
_AT: Final = f("zone", STR, "", "ゾーン。", "Zone.", choices=ZONES)


def _out(name: str, type_: object, ja: str, en: str, *, required: bool = False) -> Field:
    return f(name, type_, "", ja, en, required=required)  # type: ignore[arg-type]


def _lookup(resource: Resource) -> Function:
    """The lookup of a kind: by id, or by name and tags; exactly one must match."""
    shown = tuple(
        Field(name=x.name, type=x.type, wire=x.wire, doc=x.doc, secret=x.secret)
        for x in resource.fields
        if not x.write_only and x.name != "resourceId"
    )
    parents = tuple(resource.field(name) for name in resource.import_parts if name != "zone")
    named = any(x.name in _NAMES and x.wire for x in resource.fields)
    return Function(
        module=resource.module,
        name=f"get{resource.name}",
        doc=Text(
            ja=f"既にあるものを探します: {resource.doc.ja}", en=f"Finds one that exists: {resource.doc.en}"
        ),
        inputs=(
            _BY_ID,
            *((_BY_NAME,) if named else ()),
            *((_BY_TAGS,) if any(x.name == "tags" for x in resource.fields) else ()),
            *((ZONE,) if resource.zoned else ()),
            *parents,
        ),
        outputs=(_out("id", ID, "ID。", "Id.", required=True), *shown),
        answer="resource",
        terraform=resource.terraform,
        about={"token": resource.token},
    )


_LOOKUPS: Final = tuple(
    _lookup(resource)
    for source in _SOURCES
    for resource in source.RESOURCES
    if any((x.name in _NAMES and x.wire) or x.unkept for x in resource.fields)
    and resource.collection
    and resource is not dns.DNS_RECORD
    and resource is not storage.ARCHIVE
    and resource is not security.SECRET
)

OS_TYPES: Final = {
    "almalinux": ("current-stable", "distro-alma"),
    "rockylinux": ("current-stable", "distro-rocky"),
    "miraclelinux": ("current-stable", "distro-miracle"),
    "ubuntu": ("current-stable", "distro-ubuntu"),
    "debian": ("current-stable", "distro-debian"),
}
"""Tags of the newest stable public archive of each system, as the official client filters (ostype)."""

_SHOWN: Final = (
    _out("id", ID, "ID。", "Id.", required=True),
    _out("name", STR, "名前。", "Name."),
    _out("tags", STRINGS, "タグ。", "Tags."),
    _out("zone", STR, "ゾーン。", "Zone."),
    _out("size", INT, "大きさ（GiB）。", "Size, GiB."),
)
GET_ARCHIVE: Final = Function(
    module="compute",
    name="getArchive",
    answer="image",
    doc=Text(ja="アーカイブを探します。公開のOSも探せます。", en="Finds an archive, also a public one."),
    inputs=(
        _BY_ID,
        _BY_NAME,
        _BY_TAGS,
        _AT,
        f(
            "osType",
            STR,
            "",
            "OSの種類（最新の安定版）。",
            "Operating system: its newest stable release.",
            choices=tuple(OS_TYPES),
        ),
    ),
    outputs=_SHOWN,
    terraform=("sakura_archive", "sakuracloud_archive"),
    about={"path": "/archive", "collection": "Archives"},
)
GET_CDROM: Final = Function(
    module="compute",
    name="getCdrom",
    answer="image",
    doc=Text(ja="ISOイメージを探します。", en="Finds an ISO image."),
    inputs=(_BY_ID, _BY_NAME, _BY_TAGS, _AT),
    outputs=_SHOWN,
    terraform=("sakura_cdrom", "sakuracloud_cdrom"),
    about={"path": "/cdrom", "collection": "CDROMs"},
)

_ZONE_RECORD: Final = Record(
    "ZoneInfo",
    (
        _out("id", ID, "番号。", "Number.", required=True),
        _out("name", STR, "名前。", "Name.", required=True),
        _out("description", STR, "説明。", "Description."),
        _out("regionId", ID, "リージョンの番号。", "Number of its region."),
        _out("regionName", STR, "リージョン。", "Region."),
        _out("dnsServers", STRINGS, "DNSサーバー。", "DNS servers."),
    ),
)
GET_ZONES: Final = Function(
    module="compute",
    name="getZones",
    answer="zones",
    doc=Text(ja="ゾーンの一覧。", en="The zones."),
    inputs=(),
    outputs=(_out("zones", ListOf(_ZONE_RECORD), "ゾーン。", "Zones.", required=True),),
    terraform=("sakura_zone", "sakuracloud_zone"),
)
_PLAN: Final = Record(
    "PlanInfo",
    (
        _out("id", ID, "番号。", "Number.", required=True),
        _out("name", STR, "名前。", "Name."),
        _out("serviceClass", STR, "料金の種類。", "Service class."),
        _out("available", BOOL, "使えるか。", "Available?"),
        _out("core", INT, "コア数。", "Cores."),
        _out("memory", INT, "メモリ（GiB）。", "Memory, GiB."),
        _out("bandwidth", INT, "帯域（Mbps）。", "Bandwidth, Mbps."),
        _out("details", MapOf(ANY), "そのほか（APIの形のまま）。", "The rest, in the API's own form."),
    ),
)
GET_PLANS: Final = Function(
    module="compute",
    name="getPlans",
    answer="plans",
    doc=Text(ja="プランの一覧。", en="The plans on sale."),
    inputs=(
        f(
            "kind",
            STR,
            "",
            "何のプランか。",
            "Of what?",
            required=True,
            choices=("server", "disk", "internet", "privatehost", "license"),
        ),
        _AT,
    ),
    outputs=(_out("plans", ListOf(_PLAN), "プラン。", "Plans.", required=True),),
)
_PRICE: Final = Record(
    "PriceInfo",
    (
        _out("serviceClass", STR, "料金の種類。", "Service class.", required=True),
        _out("name", STR, "名前。", "Name."),
        _out("hourly", NUM, "時間あたり（円）。", "Yen an hour."),
        _out("daily", NUM, "日あたり（円）。", "Yen a day."),
        _out("monthly", NUM, "月あたり（円）。", "Yen a month."),
    ),
)
GET_PRICES: Final = Function(
    module="compute",
    name="getPrices",
    answer="prices",
    doc=Text(ja="料金の一覧。", en="The prices."),
    inputs=(
        f(
            "prefix",
            STR,
            "",
            "料金の種類の先頭（cloud/disk など）。",
            "Start of the service class, such as cloud/disk.",
        ),
        _AT,
    ),
    outputs=(_out("prices", ListOf(_PRICE), "料金。", "Prices.", required=True),),
)
_GATEWAY_PLAN: Final = Record(
    "GatewayPlan",
    (
        _out("id", STR, "番号。", "Number.", required=True),
        _out("name", STR, "名前。", "Name."),
        _out("price", STR, "料金（円）。", "Price, yen."),
        _out("maxServices", INT, "サービスの数の上限。", "Services at most."),
        _out("maxRequests", INT, "要求の数の上限。", "Requests at most."),
        _out("maxRequestsUnit", STR, "その期間。", "In which time."),
    ),
)
GET_GATEWAY_PLANS: Final = Function(
    module="apigateway",
    name="getPlans",
    answer="gatewayplans",
    doc=Text(ja="APIゲートウェイのプランの一覧。", en="The plans of the API gateway."),
    inputs=(),
    outputs=(_out("plans", ListOf(_GATEWAY_PLAN), "プラン。", "Plans.", required=True),),
    terraform=("sakura_apigw_plan",),
)
GET_ACCOUNT: Final = Function(
    module="iam",
    name="getAccount",
    answer="account",
    doc=Text(ja="いま使っている認証情報が何のものか。", en="Whose credentials these are."),
    inputs=(),
    outputs=(
        _out(
            "accountId", ID, "アカウント（プロジェクト）のID。", "Id of the account (project).", required=True
        ),
        _out("accountCode", STR, "そのコード。", "Its code."),
        _out("memberCode", STR, "会員ID。", "Member code."),
        _out("permission", STR, "権限。", "Permission."),
    ),
)

FUNCTIONS: Final[tuple[Function, ...]] = (
    *_LOOKUPS,
    GET_ARCHIVE,
    GET_CDROM,
    GET_ZONES,
    GET_PLANS,
    GET_PRICES,
    GET_GATEWAY_PLANS,
    GET_ACCOUNT,
)
