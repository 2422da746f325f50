"""ウェブアクセラレータ (`…/is1a/api/webaccel/1.0`): sites and what belongs to them.

Facts: github.com/sacloud/webaccel-api-go.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final

from providers.twin.sakura.faults import bad, conflict
from providers.twin.sakura.place import Place
from providers.twin.sakura.store import Doc

_KIND: Final = "webaccelsite"
_WRITTEN: Final = frozenset(
    [
        "Name",
        "OriginType",
        "RequestProtocol",
        "OriginProtocol",
        "DefaultCacheTTL",
        "VarySupport",
        "NormalizeAE",
        "Origin",
        "HostHeader",
        "BucketName",
        "S3Endpoint",
        "S3Region",
        "DocIndex",
        "AccessKeyID",
        "SecretAccessKey",
    ]
)
_ONLY_CREATED: Final = frozenset({"Domain", "DomainType"})
_ONLY_CHANGED: Final = frozenset({"CORSRules", "OnetimeURLSecrets"})
_CHOICES: Final = {
    "OriginType": ("0", "1"),
    "RequestProtocol": ("0", "1", "2"),
    "OriginProtocol": ("http", "https"),
    "VarySupport": ("0", "1"),
    "NormalizeAE": ("1", "3"),
    "DocIndex": ("0", "1"),
}
_LONGEST: Final = 604800
_CERTIFICATE: Final = re.compile("-----BEGIN CERTIFICATE-----\n.+?-----END CERTIFICATE-----", re.DOTALL)


def _check(given: Doc, allowed: frozenset[str]) -> None:
    """Refused (400) as the API refuses."""
    for name, value in given.items():
        if name not in allowed:
            raise bad(f"{name} は指定できません。", "invalid_param_comb")
        if name in _CHOICES and value not in _CHOICES[name]:
            raise bad(f"値が正しくありません。({name})", "invalid_format")
    if not -1 <= int(given.get("DefaultCacheTTL", 0)) <= _LONGEST:
        raise bad("値が正しくありません。(DefaultCacheTTL)", "invalid_range")
    if len(given.get("CORSRules") or []) > 1:
        raise bad("CORSRules は1つまでです。", "invalid_range")


def _check_origin(doc: Doc) -> None:
    needed = ("BucketName", "S3Endpoint", "S3Region") if doc["OriginType"] == "1" else ("Origin",)
    for name in needed:
        if not doc.get(name):
            raise bad(f"必須のパラメータがありません。({name})", "missing_param")


def sites(place: Place) -> Any:
    """GET and POST /site."""
    if place.method == "GET":
        found = place.all(_KIND, "")
        # As the service does: a list shows less than a site does.
        brief = [{k: v for k, v in d.items() if k not in ("NormalizeAE", "CORSRules")} for d in found]
        return {"From": 0, "Count": len(brief), "Total": len(brief), "Sites": [_shown(d) for d in brief]}
    given = place.part("Site")
    _check(given, _WRITTEN | _ONLY_CREATED)
    if not given.get("Name") or given.get("DomainType") not in ("own_domain", "subdomain"):
        raise bad("必須のパラメータがありません。(Name, DomainType)", "missing_param")
    own = given["DomainType"] == "own_domain"
    if own and not given.get("Domain"):
        raise bad("必須のパラメータがありません。(Domain)", "missing_param")
    if own and any(d["Domain"] == given["Domain"] for d in place.all(_KIND, "")):
        raise conflict("duplicate_entry", "ドメインは既に使われています。")
    number = place.store.new_id()
    subdomain = f"{hashlib.sha256(number.encode()).hexdigest()[:8]}.user.webaccel.jp"
    domain = str(given["Domain"]) if own else subdomain
    doc: Doc = {
        "ID": number,
        "Status": "disabled",
        "Subdomain": subdomain,
        "ASCIIDomain": domain,
        "HasCertificate": False,
        "CreatedAt": place.now(),
        "CORSRules": [],
        "OnetimeURLSecrets": [],
        "DefaultCacheTTL": -1,
        "VarySupport": "0",
        "NormalizeAE": "",
        "OriginType": "0",
        **given,
        "Domain": domain,
    }
    _check_origin(doc)
    place.save(_KIND, doc, "")
    return 201, {"Site": _shown(doc)}


def _shown(doc: Doc) -> Doc:
    """Keys to a bucket are never given back."""
    return {k: v for k, v in doc.items() if k not in ("AccessKeyID", "SecretAccessKey")}


def site(place: Place, id_: str) -> Any:
    """GET, PUT, DELETE /site/:id."""
    doc = place.find(_KIND, id_, "")
    if place.method == "PUT":
        given = place.part("Site")
        _check(given, _WRITTEN | _ONLY_CHANGED)
        doc |= given
        _check_origin(doc)
        place.save(_KIND, doc, "")
    if place.method == "DELETE":
        if doc["Status"] == "enabled":
            raise conflict("conflict", "サイトが有効です。無効にしてから削除してください。")
        place.delete(_KIND, doc, "")
    return {"Site": _shown(doc)}


def status(place: Place, id_: str) -> Any:
    """PUT /site/:id/status."""
    doc = place.find(_KIND, id_, "")
    wanted = place.part("Site").get("Status")
    if wanted not in ("enabled", "disabled"):
        raise bad("値が正しくありません。(Status)", "invalid_format")
    doc["Status"] = wanted
    return {"Site": _shown(place.save(_KIND, doc, ""))}


def acl(place: Place, id_: str) -> Any:
    """GET, PUT, DELETE /site/:id/acl."""
    doc = place.find(_KIND, id_, "")
    if place.method == "PUT":
        text = str((place.body or {}).get("ACL") or "")
        if not text:
            raise bad("必須のパラメータがありません。(ACL)", "missing_param")
        doc["_acl"] = text
    elif place.method == "DELETE":
        doc.pop("_acl", None)
    place.save(_KIND, doc, "")
    return {"ACL": doc.get("_acl", "")}


def certificate(place: Place, id_: str) -> Any:
    """GET, POST, PUT, DELETE /site/:id/certificate: `[]` stands for none."""
    doc = place.find(_KIND, id_, "")
    now = doc.get("_certificate")
    if place.method == "POST" and now:
        raise conflict("duplicate_entry", "証明書は既に登録されています。")
    if place.method == "PUT" and not now:
        raise bad("証明書がありません。", "param_res_not_found")
    if place.method in ("POST", "PUT"):
        doc["_certificate"] = now = _read(place, id_, place.part("Certificate"))
    elif place.method == "DELETE":
        doc.pop("_certificate", None)
        now = None
    doc["HasCertificate"] = bool(now)
    place.save(_KIND, doc, "")
    return {"Certificate": {"Current": now, "Old": []} if now else []}


def _read(place: Place, site_id: str, given: Doc) -> Doc:
    chain = str(given.get("CertificateChain") or "")
    if not _CERTIFICATE.search(chain) or "PRIVATE KEY" not in str(given.get("Key") or ""):
        raise bad("証明書か秘密鍵の形式が正しくありません。", "invalid_format")
    digest = hashlib.sha256(chain.encode()).hexdigest()
    return {
        "ID": place.store.new_id(),
        "SiteID": site_id,
        "CreatedAt": place.now(),
        "UpdatedAt": place.now(),
        "SerialNumber": digest[:16],
        "SHA256Fingerprint": digest,
        "NotBefore": 1790000000000,
        "NotAfter": 1821536000000,
        "Subject": {"CommonName": "www.example.jp"},
        "Issuer": {"CommonName": "Example CA"},
        "DNSNames": ["www.example.jp"],
    }


def log_upload(place: Place, id_: str) -> Any:
    """GET, PUT, DELETE /site/:id/log-upload-config."""
    doc = place.find(_KIND, id_, "")
    if place.method == "PUT":
        given = place.part("SiteLogUploadConfig")
        for name in ("Bucket", "Endpoint", "Region", "AccessKeyID", "SecretAccessKey", "Status"):
            if not given.get(name):
                raise bad(f"必須のパラメータがありません。({name})", "missing_param")
        doc["_logs"] = {k: v for k, v in given.items() if k not in ("AccessKeyID", "SecretAccessKey")}
    elif place.method == "DELETE":
        doc.pop("_logs", None)
    place.save(_KIND, doc, "")
    return {"SiteLogUploadConfig": doc.get("_logs") or {"Bucket": ""}}


_ID: Final = r"/site/(\d+)"
_DOCUMENT: Final = ("GET", "PUT", "DELETE")
ROUTES: Final = (
    (("GET", "POST"), re.compile("/site"), sites),
    (_DOCUMENT, re.compile(_ID), site),
    (("PUT",), re.compile(f"{_ID}/status"), status),
    (_DOCUMENT, re.compile(f"{_ID}/acl"), acl),
    (("GET", "POST", "PUT", "DELETE"), re.compile(f"{_ID}/certificate"), certificate),
    (_DOCUMENT, re.compile(f"{_ID}/log-upload-config"), log_upload),
)
