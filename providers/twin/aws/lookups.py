"""Functions that find a stored resource: by arguments that are properties, by tags, by EC2 filters."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from providers.twin.aws.facts import GLOBAL
from providers.twin.aws.words import token
from providers.twin.behaviour import Refusal
from providers.twin.cloud import Call, Function
from providers.twin.store import Row
from providers.wire import Value

_FILTERS = {
    # EC2 filter → property, where the name is not just the property in another spelling.
    "group-id": "id",
    "subnet-id": "id",
    "is-default": "isDefault",
    "isDefault": "isDefault",
    "default": "isDefault",
    "default-for-az": "defaultForAz",
    "defaultForAz": "defaultForAz",
    "cidr": "cidrBlock",
    "cidr-block": "cidrBlock",
    "availability-zone": "availabilityZone",
    "availabilityZone": "availabilityZone",
    "group-name": "name",
    "attachment.vpc-id": "vpcId",
    "owner-id": "ownerId",
    "association.main": "main",
    "internet-gateway-id": "id",
    "transit-gateway-id": "transitGatewayId",
    "resource-type": "resourceType",
    "prefix-list-name": "name",
    "vpc-endpoint-id": "id",
    "options.amazon-side-asn": "amazonSideAsn",
    "state": "state",
}
_LIVE = {"available", "active"}


@dataclass(frozen=True, slots=True)
class Lookup:
    """How a function finds: the kind, its arguments' properties, what it says when nothing or too much is
    found.
    """

    kind: str
    by: Mapping[str, str]
    missing: tuple[str, str]
    renamed: Mapping[str, str]
    """Result property → state property, where they differ."""
    many: bool = False
    everywhere: bool = False


def lookup(
    kind: str,
    by: str,
    code: str,
    message: str,
    *,
    many: bool = False,
    everywhere: bool = False,
    **renamed: str,
) -> Lookup:
    """`by` is a list of `argument` or `argument=property`."""
    pairs = (item.partition("=") for item in by.split())
    return Lookup(
        kind, {left: right or left for left, _, right in pairs}, (code, message), renamed, many, everywhere
    )


def find(found: Lookup) -> Function:
    """The function for a lookup."""

    def answer(call: Call) -> dict[str, Value]:
        rows = [row for row in _candidates(found, call) if _fits(found, call, row)]
        if found.many:
            ids = [row.id for row in rows]
            return {
                "ids": ids,
                "id": call.region,
                "arns": [row.state.get("arn") for row in rows],
                "names": [row.state.get("name") for row in rows],
                "vpcIds": [row.state.get("vpcId") for row in rows],
            }
        if not rows:
            asked = ", ".join(str(call.arguments[key]) for key in found.by if call.arguments.get(key))
            raise Refusal(found.missing[0], found.missing[1].format(value=asked), 400)
        if len(rows) > 1:
            raise Refusal(
                "MultipleMatches",
                f"multiple {found.kind} matched ({len(rows)}); use additional constraints to reduce"
                f" matches to a single one",
                0,
            )
        return result(rows[0], found.renamed)

    return answer


def result(row: Row, renamed: Mapping[str, str]) -> dict[str, Value]:
    """What a stored resource looks like to a function."""
    body = {"id": row.id, **row.state}
    body.update({key: body.get(old) for key, old in renamed.items()})
    body["tags"] = row.state.get("tagsAll") or row.state.get("tags") or {}
    return body


def _candidates(found: Lookup, call: Call) -> Iterator[Row]:
    region = GLOBAL if found.everywhere else call.region
    yield from call.store.rows(cloud="aws", unit=call.session.unit, region=region, type_=token(found.kind))


def _fits(found: Lookup, call: Call, row: Row) -> bool:
    for argument, name in found.by.items():
        wanted = call.arguments.get(argument)
        if wanted is None:
            continue
        have = {row.id, row.state.get("arn")} if name == "id" else {row.state.get(name)}
        if argument.endswith(("name", "Name")) and name == "name":
            have |= {str(row.state.get(name)).rstrip("."), row.id}
            wanted = str(wanted).rstrip(".") if found.kind == "route53.Zone" else wanted
        if argument == "state":
            have |= _LIVE
        if argument in ("default", "defaultForAz", "privateZone"):
            have = {bool(value) for value in have}
        if wanted not in have:
            return False
    tags = row.state.get("tagsAll") or row.state.get("tags") or {}
    if any(tags.get(key) != value for key, value in (call.arguments.get("tags") or {}).items()):
        return False
    return all(_filter(row, tags, item) for item in call.arguments.get("filters") or [])


def _filter(row: Row, tags: Mapping[str, str], item: Mapping[str, Value]) -> bool:
    name = str(item.get("name"))
    if name.startswith("tag:"):
        values = [tags.get(name[4:])]
    elif name == "tag-key":
        values = list(tags)
    else:
        kind = row.type.rsplit(":", 1)[-1].lower()
        own = name.replace("-", "").lower() in {f"{kind}id", "id"}
        key = "id" if own else _FILTERS.get(name) or re.sub(r"-(\w)", lambda found: found[1].upper(), name)
        if name == "subnet-id" and "subnetId" in row.state:
            key = "subnetId"
        value = row.id if key == "id" else row.state.get(key)
        if value is None and key in ("isDefault", "defaultForAz"):
            value = False
        if value is None and key == "state":
            value = "available"
        values = value if isinstance(value, list) else [value]
    texts = [
        "true" if value is True else "false" if value is False else str(value)
        for value in values
        if value is not None
    ]
    return any(
        fnmatch.fnmatchcase(text, str(pattern)) for text in texts for pattern in item.get("values") or []
    )
