"""What Google's published discovery documents say of its APIs: addresses, parameters, bodies.

They come with google-api-python-client. `check` gives every way in which a body or a parameter is not what
the document says: unknown names, wrong types, words that are in no enum, what only the server may set, and
what is required (a field's own description says so).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from googleapiclient.discovery_cache import get_static_doc

APIS = {
    "cloudresourcemanager": "v3",
    "iam": "v1",
    "iamcredentials": "v1",
    "sts": "v1",
    "cloudkms": "v1",
    "storage": "v1",
    "essentialcontacts": "v1",
    "orgpolicy": "v2",
    "monitoring": "v3",
    "serviceusage": "v1",
    "oauth2": "v2",
}
"""The APIs that the fake serves, with the versions that the bootstrap speaks."""


@cache
def document(api: str) -> Mapping[str, Any]:
    """The discovery document of an API."""
    found = json.loads(get_static_doc(api, APIS[api]) or "{}")
    return {**found, "methods_by_id": dict(_methods(found))}


def _methods(part: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for method in part.get("methods", {}).values():
        yield method["id"], method
    for inner in part.get("resources", {}).values():
        yield from _methods(inner)


def method(id_: str) -> Mapping[str, Any]:
    """The method with this id. Raises KeyError."""
    return document(id_.split(".")[0])["methods_by_id"][id_]


def address(id_: str) -> str:
    """The path of a method, below the host."""
    found = method(id_)
    service = document(id_.split(".")[0])["servicePath"]
    return "/" + service + found.get("flatPath", found["path"])


def wrong_query(id_: str, query: Mapping[str, list[str]]) -> Iterator[str]:
    """What is wrong with a call's query."""
    known = {k: v for k, v in method(id_).get("parameters", {}).items() if v["location"] == "query"}
    common = document(id_.split(".")[0]).get("parameters", {})
    for name, values in query.items():
        if name not in known and name not in common:
            yield f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter.'
        elif name in known:
            for value in values:
                yield from _scalar(known[name], value, name, text=True)
    for name, about in known.items():
        if about.get("required") and name not in query:
            yield f"Required parameter: {name}"


def wrong_body(id_: str, body: Any) -> Iterator[str]:
    """What is wrong with a call's body."""
    about = method(id_).get("request")
    if about is None:
        if body:
            yield "the method takes no body"
        return
    api = id_.split(".")[0]
    if not isinstance(body, dict):
        yield "a body is required"
        return
    yield from _object(api, id_, document(api)["schemas"][about["$ref"]], body, "")


def _object(api: str, id_: str, schema: Mapping[str, Any], body: Mapping[str, Any], at: str) -> Iterator[str]:
    members: Mapping[str, Any] = schema.get("properties", {})
    for name, value in body.items():
        here = f"{at}.{name}" if at else name
        if name not in members:
            text = f"Invalid JSON payload received. Unknown name \"{name}\" at '{at or 'body'}'"
            yield f"{text}: Cannot find field."
            continue
        if members[name].get("readOnly") or members[name].get("description", "").startswith("Output only"):
            yield f"{here}: only the server sets it"
            continue
        yield from _value(api, id_, members[name], value, here)
    # A PATCH gives what changes only.
    if method(id_)["httpMethod"] not in ("PATCH", "PUT"):
        for name, about in members.items():
            needed = id_ in about.get("annotations", {}).get("required", ())
            if (needed or about.get("description", "").startswith("Required.")) and name not in body:
                yield f"{at + '.' if at else ''}{name}: Required field not set"


def _value(api: str, id_: str, about: Mapping[str, Any], value: Any, at: str) -> Iterator[str]:
    if value is None:  # null is "not set" in the JSON form of protocol buffers
        return
    if "$ref" in about:
        about = document(api)["schemas"][about["$ref"]]
    kind = about.get("type")
    if kind == "object":
        if not isinstance(value, dict):
            yield f"{at}: an object is expected"
        elif "additionalProperties" in about:
            for key, item in value.items():
                yield from _value(api, id_, about["additionalProperties"], item, f"{at}.{key}")
        else:
            yield from _object(api, id_, about, value, at)
    elif kind == "array":
        if not isinstance(value, list):
            yield f"{at}: a list is expected"
        else:
            for number, item in enumerate(value):
                yield from _value(api, id_, about["items"], item, f"{at}[{number}]")
    else:
        yield from _scalar(about, value, at)


def _scalar(about: Mapping[str, Any], value: Any, at: str, *, text: bool = False) -> Iterator[str]:
    kind, format_ = about.get("type"), about.get("format", "")
    if kind == "boolean" and not (value in ("true", "false") if text else isinstance(value, bool)):
        yield f"{at}: {value!r} is no boolean"
    elif kind == "integer" and not (
        str(value).lstrip("-").isdigit() and (text or not isinstance(value, str))
    ):
        yield f"{at}: {value!r} is no integer"
    elif kind == "string" and not text and not isinstance(value, str):
        yield f"{at}: {value!r} is no string"
    elif format_ in ("int64", "uint64") and not str(value).lstrip("-").isdigit():
        yield f"{at}: {value!r} is no number"
    elif format_ in ("google-duration",) and not re.fullmatch(r"-?\d+(\.\d{1,9})?s", str(value)):
        yield f"{at}: {value!r} is no duration"
    elif about.get("enum") and value not in about["enum"]:
        yield f"{at}: Invalid value {value!r}; one of {', '.join(about['enum'])}"
    elif about.get("pattern") and not re.search(about["pattern"], str(value)):
        yield f"{at}: {value!r} does not match {about['pattern']}"
