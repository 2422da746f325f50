"""S3 as the object storage's sites speak it: objects with versions, listing, a bucket's versioning.

Every request is signed (signature version 4), by an account's key or by a permission's, and a permission
reaches only the buckets that it names. There are no conditional writes (facts: sakura-api.md §2.7).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, Final
from urllib.parse import parse_qsl, unquote
from xml.sax.saxutils import escape

from providers.twin.sakura.store import Doc, Store

_REGIONS: Final = {"isk01": "jp-north-1", "tky01": "jp-east-1", "arc02": "jp-east-1"}
_PATH: Final = re.compile(r"/s3/(\w+)/([a-zA-Z][a-zA-Z0-9-]{2,62})(?:/(.*))?", re.DOTALL)
_AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(\w+)/\S+,\s*SignedHeaders=([\w;-]+),\s*Signature=(\w+)"
)
_XML: Final = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
_OBJECT: Final = "object"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is not JSON."""

    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class _Ask:
    store: Store
    method: str
    bucket: Doc
    key: str
    query: Mapping[str, str]
    raw: bytes
    source: str
    """The object that a copy is of, `/bucket/key`; "" where it is no copy."""


def _error(status: int, code: str) -> tuple[int, Reply]:
    return status, Reply(f"<Error><Code>{code}</Code></Error>".encode())


def s3(store: Store, method: str, target: str, headers: Mapping[str, str], raw: bytes) -> tuple[int, Reply]:
    """Status and answer for a request to a site; `target` is its path and query as they were sent."""
    path, _, query = target.partition("?")
    match = _PATH.fullmatch(unquote(path))
    site, name, key = match.groups() if match else ("", "", None)
    bucket = store.get("bucket", "", name)
    if bucket is None or bucket["cluster_id"] != site:
        return _error(404, "NoSuchBucket")
    given = {name.lower(): value for name, value in headers.items()}
    found = _AUTHORIZATION.fullmatch(given.get("authorization", ""))
    known = _holder(store, site, found[1]) if found else None
    if found is None or known is None or found[3] != _signature(method, target, site, known, given, found[2]):
        return _error(403, "SignatureDoesNotMatch")
    told = given.get("x-amz-content-sha256", "")
    if re.fullmatch("[0-9a-f]{64}", told) and told != hashlib.sha256(raw).hexdigest():
        return _error(400, "XAmzContentSHA256Mismatch")
    if not _permitted(store, site, known, name, method):
        return _error(403, "AccessDenied")
    asked = dict(parse_qsl(query, keep_blank_values=True))
    source = unquote(given.get("x-amz-copy-source", "")).lstrip("/")
    if source and not _permitted(store, site, known, source.partition("/")[0], "GET"):
        return _error(403, "AccessDenied")
    ask = _Ask(store, method, bucket, key or "", asked, raw, source)
    return _object(ask) if ask.key else _whole(ask)


def _holder(store: Store, site: str, key: str) -> Doc | None:
    return store.get("accountkey", site, key) or store.get("permissionkey", site, key)


def _permitted(store: Store, site: str, key: Doc, bucket: str, method: str) -> bool:
    """An account's key may do everything; a permission's what the permission says of this bucket."""
    if "_permission" not in key:
        return True
    held = store.get("permission", site, str(key["_permission"])) or {}
    right = "can_read" if method in ("GET", "HEAD") else "can_write"
    return any(c["bucket_name"] == bucket and c.get(right) for c in held.get("bucket_controls") or [])


def _whole(ask: _Ask) -> tuple[int, Reply]:
    if "versioning" in ask.query:
        return _versioning(ask)
    if ask.method == "HEAD":
        return 200, Reply()
    if ask.method == "GET":
        return 200, _listing(ask)
    return _error(405, "MethodNotAllowed")


def _versioning(ask: _Ask) -> tuple[int, Reply]:
    if ask.method == "PUT":
        status = re.search(rb"<Status>(Enabled|Suspended)</Status>", ask.raw)
        if status is None:
            return _error(400, "MalformedXML")
        ask.store.put("bucket", "", ask.bucket["name"], {**ask.bucket, "_versioning": status[1].decode()})
        return 200, Reply()
    now = ask.bucket.get("_versioning")
    inner = f"<Status>{now}</Status>" if now else ""
    text = f"<VersioningConfiguration {_XML}>{inner}</VersioningConfiguration>"
    return 200, Reply(text.encode(), {"Content-Type": "application/xml"})


def _listing(ask: _Ask) -> Reply:
    """ListObjectsV2 in one page: what is there now, folded at the delimiter."""
    prefix, delimiter = ask.query.get("prefix", ""), ask.query.get("delimiter", "")
    contents: list[str] = []
    folders: dict[str, None] = {}
    for doc in ask.store.all(_OBJECT, ask.bucket["name"]):
        name, last = doc["key"], doc["versions"][-1]
        if not name.startswith(prefix) or last["deleted"]:
            continue
        rest = name[len(prefix) :]
        if delimiter and delimiter in rest:
            folders[prefix + rest.split(delimiter)[0] + delimiter] = None
            continue
        contents.append(
            f"<Contents><Key>{escape(name)}</Key><LastModified>{last['at']}</LastModified>"
            f"<ETag>&quot;{last['etag']}&quot;</ETag><Size>{last['size']}</Size>"
            "<StorageClass>STANDARD</StorageClass></Contents>"
        )
    common = [f"<CommonPrefixes><Prefix>{escape(f)}</Prefix></CommonPrefixes>" for f in folders]
    text = (
        f"<ListBucketResult {_XML}><Name>{ask.bucket['name']}</Name><Prefix>{escape(prefix)}</Prefix>"
        f"<KeyCount>{len(contents) + len(common)}</KeyCount><MaxKeys>1000</MaxKeys>"
        f"<IsTruncated>false</IsTruncated>{''.join(contents + common)}</ListBucketResult>"
    )
    return Reply(text.encode(), {"Content-Type": "application/xml"})


def _object(ask: _Ask) -> tuple[int, Reply]:
    id_ = binascii.hexlify(ask.key.encode()).decode()
    doc = ask.store.get(_OBJECT, ask.bucket["name"], id_)
    if ask.method == "PUT" and ask.source:
        return _copied(ask, id_, doc)
    if ask.method == "PUT":
        version = _version(ask.raw)
        _add(ask, id_, doc, version)
        return 200, Reply(headers={"ETag": f'"{version["etag"]}"'})
    if ask.method == "DELETE":
        if doc is not None:
            _add(ask, id_, doc, {**_version(b""), "deleted": True})
        return 204, Reply()
    if doc is None or doc["versions"][-1]["deleted"]:
        return _error(404, "NoSuchKey")
    last = doc["versions"][-1]
    headers = {
        "ETag": f'"{last["etag"]}"',
        "Content-Type": "application/octet-stream",
        "Last-Modified": formatdate(last["time"], usegmt=True),
    }
    return 200, Reply(base64.b64decode(last["body"]), headers)


def _copied(ask: _Ask, id_: str, doc: Doc | None) -> tuple[int, Reply]:
    bucket, _, key = ask.source.partition("/")
    there = ask.store.get(_OBJECT, bucket, binascii.hexlify(key.encode()).decode())
    if there is None or there["versions"][-1]["deleted"]:
        return _error(404, "NoSuchKey")
    version = _version(base64.b64decode(there["versions"][-1]["body"]))
    _add(ask, id_, doc, version)
    text = (
        f"<CopyObjectResult {_XML}><LastModified>{version['at']}</LastModified>"
        f"<ETag>&quot;{version['etag']}&quot;</ETag></CopyObjectResult>"
    )
    return 200, Reply(text.encode(), {"Content-Type": "application/xml"})


def _version(raw: bytes) -> Doc:
    now = time.time()
    return {
        "id": secrets.token_hex(8),
        "body": base64.b64encode(raw).decode(),
        "size": len(raw),
        "etag": hashlib.md5(raw, usedforsecurity=False).hexdigest(),
        "time": now,
        "at": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(now)),
        "deleted": False,
    }


def _add(ask: _Ask, id_: str, doc: Doc | None, version: Doc) -> None:
    """A further version where the bucket keeps versions, else instead of what was there."""
    kept = doc["versions"] if doc is not None and ask.bucket.get("_versioning") == "Enabled" else []
    body = {"ID": id_, "key": ask.key, "versions": [*kept, version], "_platform": True}
    ask.store.put(_OBJECT, ask.bucket["name"], id_, body)


def _signature(method: str, target: str, site: str, key: Doc, given: Mapping[str, str], signed: str) -> str:
    """What the request must be signed with, by botocore."""
    from botocore.auth import S3SigV4Auth  # a third of a second that only this needs
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    kept: dict[str, Any] = {n: given[n] for n in signed.split(";") if n in given}
    request = AWSRequest(method, f"http://{given['host']}{target}", headers=kept)
    request.context["timestamp"] = given.get("x-amz-date", "")
    auth = S3SigV4Auth(Credentials(key["id"], key["_secret"]), "s3", _REGIONS[site])
    return str(auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request))
