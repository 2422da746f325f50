"""What the functions answer."""

# ruff: noqa: ARG001 - every answer takes the same, whether it needs it or not
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from stacks.text import Text

from . import convert, flows
from .catalog import RESOURCES
from .catalog.functions import OS_TYPES
from .errors import ApiError, SakuraError, Where
from .job import Job, Shared
from .model import Function, Json, Resource

_RESOURCES: Final = {resource.token: resource for resource in RESOURCES}


def answer(function: Function, given: Mapping[str, Json], shared: Shared) -> dict[str, Json]:
    """The result of `function`. SakuraError when nothing, or more than one thing, matches."""
    return _ANSWERS[function.answer](function, given, shared)


def _call(
    function: Function, shared: Shared, path: str, zone: Json = "", query: Mapping[str, Any] | None = None
) -> Json:
    where = Where("invoke", f"{function.module}:{function.name}", "", str(zone or ""))
    return shared.api.call(where, "iaas", "GET", path, zone=str(zone or ""), query=query)


def _resource(function: Function, given: Mapping[str, Json], shared: Shared) -> dict[str, Json]:
    resource = _RESOURCES[function.about["token"]]
    flow = flows.of(resource)
    state = {name: given[name] for name in ("zone", *resource.import_parts) if name in given and name != "id"}
    if not resource.zoned:
        state.pop("zone", None)
    job = Job(
        shared=shared, resource=resource, operation="invoke", urn=f"::::::{function.token}", state=state
    )
    if given.get("id"):
        job.id = str(given["id"])
        document = flow.read(job)
        found = [document] if document is not None else []
    else:
        found = [d for d in flow.fetch_all(job) if isinstance(d, Mapping) and _matches(resource, d, given)]
    _require_one(function, given, len(found))
    document = dict(found[0])
    job.id = job.id or flow.id_of(job, document)
    # Lists may show less than the resource itself.
    try:
        document = flow.load(job)
    except ApiError as error:
        if not error.missing:
            raise
    values = convert.clean(convert.values_of(resource.fields, document))
    values.update(flow.carried(job, document))
    values.update(flow.computed(job, document))
    if resource.zoned:
        values["zone"] = job.zone
    hidden = {f.name for f in resource.fields if f.write_only} | {"resourceId"}
    shown = {name: value for name, value in values.items() if value is not None and name not in hidden}
    return {**state, **shown, "id": job.id}


def _matches(resource: Resource, document: Mapping[str, Json], given: Mapping[str, Json]) -> bool:
    for path, value in resource.fixed:
        if path in ("Class", "Provider.Class") and convert.get(document, path) not in (value, convert.ABSENT):
            return False
    names = [f for f in resource.fields if f.name in ("name", "zone", "target") and f.wire]
    if given.get("name") and str(convert.get(document, names[0].wire)) != given["name"]:
        return False
    tags = convert.get(document, "Tags")
    return set(given.get("tags") or []) <= set(tags if isinstance(tags, list) else [])


def _require_one(function: Function, given: Mapping[str, Json], count: int) -> None:
    if count == 1:
        return
    asked = ", ".join(f"{key}={value}" for key, value in given.items())
    if count == 0:
        raise SakuraError(
            Text(
                ja=f"{function.token}: {asked} に合うものがありません。名前、タグ、"
                "ゾーンを確かめてください。",
                en=f"{function.token}: nothing matches {asked}. Check the name, the tags and the zone.",
            )
        )
    raise SakuraError(
        Text(
            ja=f"{function.token}: {asked} に合うものが{count}個あります。id か、tags "
            "で1つに絞ってください。",
            en=f"{function.token}: {count} match {asked}. Narrow it down by id or tags.",
        )
    )


def _image(function: Function, given: Mapping[str, Json], shared: Shared) -> dict[str, Json]:
    zone = given.get("zone") or shared.api.settings.zone
    path, collection = function.about["path"], function.about["collection"]
    wanted = [*(given.get("tags") or []), *OS_TYPES.get(str(given.get("osType")), ())]
    query: dict[str, Any] = {"From": 0, "Count": 500, "Sort": ["-CreatedAt"]}
    if given.get("osType"):
        query["Filter"] = {"Scope": "shared", "Tags.Name": [wanted]}
    listed = _call(function, shared, path, zone, query).get(collection) or []
    found = [
        d
        for d in listed
        if set(wanted) <= set(d.get("Tags") or [])
        and (not given.get("id") or str(d.get("ID")) == str(given["id"]))
        and (not given.get("name") or d.get("Name") == given["name"])
    ]
    # Of one operating system several releases may be marked stable for a while: the newest is meant.
    _require_one(function, given, 1 if found and given.get("osType") else len(found))
    first = found[0]
    size = first.get("SizeMB")
    return {
        "id": str(first["ID"]),
        "name": first.get("Name"),
        "tags": list(first.get("Tags") or []),
        "zone": zone,
        **({"size": int(size) // 1024} if size else {}),
    }


def _zones(function: Function, given: Mapping[str, Json], shared: Shared) -> dict[str, Json]:
    listed = _call(function, shared, "/zone").get("Zones") or []
    return {
        "zones": [
            {
                "id": str(z["ID"]),
                "name": z["Name"],
                "description": z.get("Description") or "",
                "regionId": _text(convert.get(z, "Region.ID")),
                "regionName": _text(convert.get(z, "Region.Name")),
                "dnsServers": _list(convert.get(z, "Region.NameServers")),
            }
            for z in listed
        ]
    }


_PLAN_LISTS: Final = {
    "server": "ServerPlans",
    "disk": "DiskPlans",
    "internet": "InternetPlans",
    "privatehost": "PrivateHostPlans",
    "license": "LicenseInfo",
}


def _plans(function: Function, given: Mapping[str, Json], shared: Shared) -> dict[str, Json]:
    kind = str(given["kind"])
    listed = _call(function, shared, f"/product/{kind}", given.get("zone"), {"From": 0, "Count": 1000})
    plans: list[Json] = []
    for plan in listed.get(_PLAN_LISTS[kind]) or []:
        memory = plan.get("MemoryMB")
        plans.append(
            {
                "id": str(plan["ID"]),
                "name": plan.get("Name"),
                "serviceClass": plan.get("ServiceClass"),
                "available": plan.get("Availability", "available") == "available",
                "core": plan.get("CPU"),
                "memory": int(memory) // 1024 if memory else None,
                "bandwidth": plan.get("BandWidthMbps"),
                "details": dict(plan),
            }
        )
    return {"plans": plans}


def _prices(function: Function, given: Mapping[str, Json], shared: Shared) -> dict[str, Json]:
    listed = _call(function, shared, "/public/price", given.get("zone"), {"From": 0, "Count": 10000})
    prefix = str(given.get("prefix") or "")
    prices: list[Json] = []
    for each in listed.get("ServiceClasses") or []:
        if str(each.get("ServiceClassPath", "")).startswith(prefix):
            price = each.get("Price")
            amounts = price if isinstance(price, Mapping) else {}  # [] when it is free
            prices.append(
                {
                    "serviceClass": each.get("ServiceClassPath"),
                    "name": each.get("DisplayName"),
                    **{
                        key: amounts.get(wire)
                        for key, wire in _AMOUNTS.items()
                        if amounts.get(wire) is not None
                    },
                }
            )
    return {"prices": prices}


_AMOUNTS: Final = {"hourly": "Hourly", "daily": "Daily", "monthly": "Monthly"}


def _gateway_plans(function: Function, given: Mapping[str, Json], shared: Shared) -> dict[str, Json]:
    where = Where("invoke", f"{function.module}:{function.name}")
    listed = convert.items(convert.get(shared.api.call(where, "apigw", "GET", "/plans"), "apigw.plans"))
    names = ("id", "name", "price", "maxServices", "maxRequests", "maxRequestsUnit")
    return {"plans": [{name: plan[name] for name in names if plan.get(name) is not None} for plan in listed]}


def _account(function: Function, given: Mapping[str, Json], shared: Shared) -> dict[str, Json]:
    found = _call(function, shared, "/auth-status")
    return {
        "accountId": str(convert.get(found, "Account.ID")),
        "accountCode": _text(convert.get(found, "Account.Code")),
        "memberCode": _text(convert.get(found, "Member.Code")),
        "permission": _text(found.get("Permission")),
    }


def _text(value: Json) -> str:
    return "" if value is convert.ABSENT or value is None else str(value)


def _list(value: Json) -> list[Json]:
    return list(value) if isinstance(value, list) else []


_ANSWERS: Final[dict[str, Callable[[Function, Mapping[str, Json], Shared], dict[str, Json]]]] = {
    "resource": _resource,
    "image": _image,
    "zones": _zones,
    "plans": _plans,
    "prices": _prices,
    "gatewayplans": _gateway_plans,
    "account": _account,
}
