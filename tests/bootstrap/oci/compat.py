"""The S3 side of Object Storage, over the same objects as its own API: what Pulumi's state asks of it."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import unquote
from xml.sax.saxutils import escape

from tests.bootstrap.fakes.server import Answer, Request

XML = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
AT = "2026-11-24T00:00:00.000Z"
AT_HTTP = "Tue, 24 Nov 2026 00:00:00 GMT"


def answered(bucket: dict[str, Any], key: str, request: Request) -> Answer:
    """The answer to a request that is signed and allowed; an empty `key` is the bucket itself."""
    objects: dict[str, list[Any]] = bucket.setdefault("_objects", {})
    if not key:
        return _listed(bucket["name"], objects, request) if request.method == "GET" else Answer(200)
    if request.method == "DELETE":
        objects.setdefault(key, []).append(None)
        return Answer(204)
    if request.method == "PUT":
        return _put(objects, key, request)
    found = _content(objects, key)
    if found is None:
        return _missing()
    headers = {"Content-Type": "application/octet-stream", "ETag": _etag(found), "Last-Modified": AT_HTTP}
    return Answer(200, found, headers)


def _put(objects: dict[str, list[Any]], key: str, request: Request) -> Answer:
    source = unquote(request.headers.get("x-amz-copy-source", "")).lstrip("/").partition("/")[2]
    body = _content(objects, source) if source else request.body
    if body is None:
        return _missing()
    objects.setdefault(key, []).append((body, {}))
    if not source:
        return Answer(200, None, {"ETag": _etag(body)})
    inner = f"<LastModified>{AT}</LastModified><ETag>{escape(_etag(body))}</ETag>"
    return _xml(f"<CopyObjectResult {XML}>{inner}</CopyObjectResult>")


def _listed(name: str, objects: dict[str, list[Any]], request: Request) -> Answer:
    """ListObjectsV2 in one page, folded at the delimiter."""
    prefix, delimiter = request.one("prefix"), request.one("delimiter")
    inner: list[str] = []
    folders: dict[str, None] = {}
    for key in sorted(objects):
        content = _content(objects, key)
        if content is None or not key.startswith(prefix):
            continue
        rest = key[len(prefix) :]
        if delimiter and delimiter in rest:
            folders[prefix + rest.split(delimiter)[0] + delimiter] = None
            continue
        inner.append(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{AT}</LastModified>"
            f"<ETag>{escape(_etag(content))}</ETag><Size>{len(content)}</Size></Contents>"
        )
    inner += [f"<CommonPrefixes><Prefix>{escape(f)}</Prefix></CommonPrefixes>" for f in folders]
    return _xml(
        f"<ListBucketResult {XML}><Name>{name}</Name><Prefix>{escape(prefix)}</Prefix>"
        f"<KeyCount>{len(inner)}</KeyCount><IsTruncated>false</IsTruncated>{''.join(inner)}</ListBucketResult>"
    )


def _content(objects: dict[str, list[Any]], key: str) -> bytes | None:
    versions = objects.get(key)
    return None if not versions or versions[-1] is None else versions[-1][0]


def _etag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def _missing() -> Answer:
    return Answer(404, b"<Error><Code>NoSuchKey</Code></Error>", {"Content-Type": "application/xml"})


def _xml(text: str) -> Answer:
    return Answer(200, text.encode(), {"Content-Type": "application/xml"})
