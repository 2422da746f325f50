"""What the state shows of a resource: its outputs, without what may not be kept; where its secrets are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from providers.wire import Path

from . import convert, diff
from .flow import Flow
from .job import Job
from .model import Field, Json, ListOf, Record, Resource, Type


def outputs(
    flow: Flow, job: Job, inputs: Mapping[str, Json], document: Mapping[str, Json]
) -> dict[str, Json]:
    """The state: what the API has, worded as the program words it where both mean the same."""
    resource = job.resource
    found = convert.clean(convert.values_of(resource.fields, document))
    found.update(flow.carried(job, document))
    result: dict[str, Json] = {}
    for field in resource.fields:
        if field.write_only or field.unkept:
            continue
        given, now = inputs.get(field.name), found.get(field.name)
        keep = now is None or diff.same(field, given, now)
        value = given if keep and given is not None else now
        if value is None and field.computed and field.secret:
            value = job.state.get(field.name)
        if value is not None:
            result[field.name] = unsealed_value(field, value)
    result.update(job.learnt)
    result.update(flow.computed(job, document))
    if resource.zoned:
        result["zone"] = job.zone
    if any(f.name == "resourceId" for f in resource.fields):
        result["resourceId"] = job.id
    return result


def secret_paths(fields: Iterable[Field], values: Mapping[str, Json]) -> set[Path]:
    """Where in `values` the secrets stand."""
    found: set[Path] = set()
    for field in fields:
        value = values.get(field.name)
        if value is not None:
            _collect(field, field.type, value, (field.name,), found)
    return found


def _collect(field: Field, type_: Type, value: Json, path: Path, found: set[Path]) -> None:
    if field.secret or field.write_only:
        found.add(path)
    elif isinstance(type_, Record) and isinstance(value, Mapping):
        for inner in type_.fields:
            if value.get(inner.name) is not None:
                _collect(inner, inner.type, value[inner.name], (*path, inner.name), found)
    elif isinstance(type_, ListOf) and isinstance(value, list):
        for at, item in enumerate(value):
            if isinstance(type_.item, Record) and isinstance(item, Mapping):
                for inner in type_.item.fields:
                    if item.get(inner.name) is not None:
                        _collect(inner, inner.type, item[inner.name], (*path, at, inner.name), found)


def unsealed(resource: Resource, inputs: Mapping[str, Json]) -> dict[str, Json]:
    """`inputs` as outputs may show them: without the write-only properties."""
    return {
        field.name: unsealed_value(field, inputs[field.name])
        for field in resource.inputs
        if field.name in inputs and not field.write_only
    }


def unsealed_value(field: Field, value: Json) -> Json:
    """`value` without the write-only parts inside it."""
    return _without(field.type, value)


def _without(type_: Type, value: Json) -> Json:
    if isinstance(type_, Record) and isinstance(value, Mapping):
        return {
            f.name: _without(f.type, value[f.name])
            for f in type_.fields
            if f.name in value and not f.write_only
        }
    if isinstance(type_, ListOf) and isinstance(value, list):
        return [_without(type_.item, item) for item in value]
    return value
