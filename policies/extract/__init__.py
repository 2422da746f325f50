"""From resources to facts: one table a cloud, from type to a small pure function over properties.

A type that no table knows still has a place, tags and secrets; it is counted, and reported as not
modelled. The tables of a cloud are loaded when its first resource comes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from typing import Any, TypeAlias

from policies.extract.plain import PLAIN
from policies.facts import UNKNOWN, Cloud, Facts, Kind, Location, Maybe
from policies.model import Resource
from policies.props import Props, known
from policies.rules.hygiene import leaks

Extractor: TypeAlias = Callable[[Props], Facts | None]

PACKAGES: Mapping[str, Cloud] = {
    "aws": "aws",
    "azure-native": "azure",
    "gcp": "google",
    "oci": "oci",
    "sakura": "sakura",
}
_VERSIONED = re.compile(r"^azure-native_[a-z0-9]+_v[0-9a-z]+$")
COMPUTED = frozenset({"tagsAll", "effectiveLabels", "pulumiLabels"})
_fill = object.__setattr__
TAG_PROPERTIES: Mapping[str, tuple[str, ...]] = {
    "aws": ("tagsAll", "tags"),
    "azure": ("tags",),
    "google": ("effectiveLabels", "pulumiLabels", "labels", "resourceLabels", "userLabels"),
    "oci": ("freeformTags",),
    "sakura": ("tags",),
    "other": (),
}


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a provider adds to its resources: a region and tags (labels)."""

    region: Maybe[str] = None
    tags: Maybe[Mapping[str, str]] = None


def defaults_of(provider: Resource) -> Defaults:
    """What a provider adds. Its own properties are texts: nested ones are JSON within."""
    cloud, _ = identify(provider.type)
    props = Props(provider.props)
    region = props.text("region", props.text("location") if cloud == "azure" else None)
    tags: Any = None
    if cloud == "aws":
        block = props.document("defaultTags")
        tags = block.get("tags") if isinstance(block, Props) else block
    elif cloud == "google":
        labels = props.document("defaultLabels")
        tags = labels.raw if isinstance(labels, Props) else labels
    if cloud == "sakura":
        region = props.text("zone", props.text("defaultZone"))
        listed = props.get("defaultTags")
        tags = _listed(listed) if isinstance(listed, str) else listed
    return Defaults(region=region, tags=UNKNOWN if tags is UNKNOWN else as_tags(tags))


@cache
def identify(token: str) -> tuple[Cloud, str]:
    """The cloud of a type token, and its key in the cloud's table: `module:Class`, lower case.

    `aws:s3/bucketV2:BucketV2` → aws, `s3:bucket`. Versions of Azure's modules are left out.
    """
    if token.startswith("pulumi:providers:"):
        return PACKAGES.get(token.removeprefix("pulumi:providers:"), "other"), "providers:provider"
    package, _, rest = token.partition(":")
    if _VERSIONED.match(package):
        package = "azure-native"
    cloud = PACKAGES.get(package, "other")
    module, _, name = rest.rpartition(":")
    module = module.partition("/")[0].lower()
    if cloud in ("aws", "oci"):
        name = name.removesuffix("V2")
    return cloud, f"{module}:{name.lower()}"


@cache
def table(cloud: Cloud) -> Mapping[str, Extractor]:
    """The extractors of a cloud."""
    if cloud == "other":
        return {}
    found: Mapping[str, Extractor] = import_module(f"policies.extract.{cloud}").TABLE
    return found


def modelled(token: str) -> bool:
    """Whether a type's meaning is known here, if only that it has nothing of its own to judge."""
    cloud, key = identify(token)
    return key in table(cloud) or key in PLAIN.get(cloud, ())


def facts_of(resource: Resource, defaults: Defaults | None) -> Facts:
    """The facts of a resource. Whatever an extractor raises is passed on."""
    cloud, key = identify(resource.type)
    props = Props(resource.props, resource.property_dependencies)
    extract = table(cloud).get(key)
    facts = extract(props) if extract is not None else None
    if facts is None:
        facts = Facts(cloud, Kind.OTHER)
    # The extractor has just made these facts and nobody else holds them: they are filled in where they
    # are. A copy (`dataclasses.replace`) would cost as much as half of all the rules.
    _fill(facts, "urn", resource.urn)
    _fill(facts, "type", resource.type)
    _fill(facts, "name", resource.name)
    _fill(
        facts,
        "handles",
        known(resource.id, *facts.handles, props.get("arn"), props.get("selfLink"), props.get("id")),
    )
    if facts.tags is None:
        _fill(facts, "tags", tags_of(cloud, props, defaults))
    _fill(facts, "location", located(cloud, facts.location, props, defaults))
    _fill(facts, "leaks", leaks(resource.props))
    if resource.external or resource.deleting:
        _fill(facts, "state", "external" if resource.external else "deleting")
    return facts


def located(cloud: Cloud, said: Location | None, props: Props, defaults: Defaults | None) -> Location | None:
    """Where a resource is: as its extractor says, else its own region or location, else the provider's."""
    if said is not None and said.region is not None:
        return said
    region = None
    if cloud in ("aws", "google"):
        region = props.get("region")
    if region is None and cloud in ("azure", "google"):
        region = props.get("location")
    if region is None and defaults is not None:
        region = defaults.region
    zone = None
    if cloud == "google":
        zone = props.get("zone")
        region = zone if region is None else region
    if cloud == "sakura":
        region = zone = props.get("zone") if props.get("zone") is not None else region
    if region is not None and region is not UNKNOWN and region.__class__ is not str:
        region = UNKNOWN
    if said is not None:
        return replace(said, region=region, zone=said.zone if said.zone is not None else zone)
    return Location(region=region, zone=zone) if region is not None else None


def tags_of(cloud: Cloud, props: Props, defaults: Defaults | None) -> Maybe[Mapping[str, str]]:
    """A resource's own tags over its provider's."""
    inherited = defaults.tags if defaults is not None else None
    found: Any = None
    for name in TAG_PROPERTIES[cloud]:
        found = props.get(name)
        if name in COMPUTED:
            # What the cloud answered holds the provider's tags already. Google's provider keeps its answers
            # as secrets: then what was asked for is looked at.
            if found is not None and found is not UNKNOWN:
                return as_tags(found)
            continue
        if found is UNKNOWN:
            return UNKNOWN
        if found:
            break
    own = as_tags(found)
    if own is UNKNOWN or inherited is UNKNOWN:
        return UNKNOWN
    return {**(inherited or {}), **own}


def _listed(text: str) -> Any:
    """A list that a provider's properties carry as JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return UNKNOWN


def as_tags(value: Any) -> dict[str, str] | Any:
    """A map, a list of `key=value`, or a list of key/value blocks as tags; UNKNOWN for anything else."""
    if value is None:
        return {}
    if isinstance(value, dict):
        return {str(k): v if isinstance(v, str) else str(v) for k, v in value.items()}
    if isinstance(value, list):
        found: dict[str, str] = {}
        for item in value:
            if isinstance(item, str):
                key, _, text = item.partition("=")
                found[key] = text
            elif isinstance(item, dict) and "key" in item:
                found[str(item["key"])] = str(item.get("value", ""))
            else:
                return UNKNOWN
        return found
    return UNKNOWN
