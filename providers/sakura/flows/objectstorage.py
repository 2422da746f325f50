"""Object storage: buckets belong to the federation, what is set on them to their site."""

# ruff: noqa: ARG002 - every step of a flow takes the same, whether it needs it or not
from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import hmac
from collections.abc import Generator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit
from xml.etree import ElementTree

import httpx

from providers.sakura.errors import ApiError, ConfigError
from providers.sakura.flow import Flow
from providers.sakura.job import Job
from providers.sakura.model import Json
from providers.sakura.services import DEFAULT_ROOT
from stacks.text import Text

from .document import DocumentFlow

SITES: Final = ("isk01", "tky01", "arc02")


def ensure_account(job: Job) -> None:
    """A site answers 404 to everything until its account exists."""
    site = job.value("site")
    with job.shared.document(f"objectstorage:{site}"):  # two buckets at once make one account
        try:
            job.call("GET", f"/{site}/v2/account")
        except ApiError as error:
            if not error.missing:
                raise
            job.call("POST", f"/{site}/v2/account")


class BucketFlow(Flow):
    """Buckets: made by name at the federation, listed by the site."""

    def make(self, job: Job) -> None:
        """Make the site's account when this is its first bucket."""
        ensure_account(job)
        super().make(job)

    def send(self, job: Job, body: dict[str, Json]) -> Json:
        """By name. A name that is taken since we began is ours: the answer to our first request was lost."""
        asked: dict[str, Json] = {"cluster_id": job.inputs["site"]}
        if body.get("plan"):
            asked["plan"] = body["plan"]
        try:
            return job.call("PUT", f"/fed/v1/buckets/{job.inputs['name']}", asked)
        except ApiError as error:
            if error.status != 409 or self.unfinished(job, fresh=True) is None:
                raise
            return None

    def learn(self, job: Job, answer: Json) -> None:
        """Its name is its id."""
        job.id = str(job.inputs["name"])

    def load(self, job: Job) -> dict[str, Json]:
        """Out of the site's list; ApiError when it is not there."""
        for bucket in self.fetch_all(job):
            if bucket.get("name") == job.id:
                return {**bucket, "cluster_id": job.value("site")}
        raise ApiError(job.where, 404, "not_found", job.id, "", f"GET {job.collection_path}")

    def fetch_all(self, job: Job, query: Mapping[str, Any] | None = None) -> list[Json]:
        """The buckets of the site."""
        try:
            found = job.call("GET", job.collection_path)["data"]
        except ApiError as error:
            if error.missing:
                return []
            raise
        return [b for b in found if isinstance(b, dict)]

    def take_up(self, job: Job) -> None:
        """Nothing of a bucket can be changed."""

    def computed(self, job: Job, document: Json) -> dict[str, Json]:
        """Where S3 clients find it."""
        return {"endpoint": f"https://s3.{job.value('site')}.sakurastorage.jp"}

    def delete(self, job: Job) -> None:
        """Delete it; the API refuses while there are objects in it."""
        self.remove(job, f"/fed/v1/buckets/{job.id}")


class BucketSettingFlow(DocumentFlow):
    """Encryption and replication: one document each of a bucket."""

    def update(self, job: Job) -> None:
        """Write it; a replication is replaced by deleting the old one first."""
        if job.resource.name != "BucketReplication":
            super().update(job)
            return
        body = self.body(job, "create")
        now = self._now(job)
        if now is not None and now != job.inputs.get("destinationBucket"):
            self.remove(job, job.item_path)
            now = None
        if now is None:
            job.call("POST", job.item_path, body)

    def _now(self, job: Job) -> str | None:
        try:
            found = self.load(job)
        except ApiError as error:
            if error.missing:
                return None
            raise
        bucket = found.get("dest_bucket")
        return str(bucket.get("name")) if isinstance(bucket, Mapping) else None


_NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"
_REGIONS: Final = {"isk01": "jp-north-1", "tky01": "jp-east-1", "arc02": "jp-east-1"}
"""The S3 regions by site (facts: sakura-api.md §2.7)."""


class VersioningFlow(DocumentFlow):
    """Versioning: the only setting that goes through S3 itself, with an access key (signature version 4)."""

    def update(self, job: Job) -> None:
        """Enabled or Suspended; S3 knows no way back to never."""
        status = "Enabled" if job.inputs.get("enabled", True) else "Suspended"
        root = ElementTree.Element("VersioningConfiguration", {"xmlns": _NAMESPACE})
        ElementTree.SubElement(root, "Status").text = status
        self._s3(job, "PUT", ElementTree.tostring(root))

    def read(self, job: Job) -> dict[str, Json] | None:
        """What was set: reading needs the key, which only an `up` has, so a plain refresh keeps what it
        knew."""
        if job.operation not in ("create", "update"):
            return {"bucket": job.id, "enabled": job.state.get("enabled", True)} if job.state else None
        return self.load(job)

    def load(self, job: Job) -> dict[str, Json]:
        """The status now."""
        if job.operation not in ("create", "update"):
            return {"bucket": job.id, "enabled": job.state.get("enabled", True)}
        answer = self._s3(job, "GET", b"")
        status = ElementTree.fromstring(answer).findtext(f"{{{_NAMESPACE}}}Status") if answer else None  # noqa: S314 - the service is who we sign in to
        return {"bucket": job.id, "enabled": status == "Enabled"}

    def carried(self, job: Job, document: Json) -> dict[str, Json]:
        """Read above."""
        return {"enabled": bool(document.get("enabled"))}

    def delete(self, job: Job) -> None:
        """Nothing: versions that exist must stay, and the key to suspend it is not in the state."""

    def _s3(self, job: Job, method: str, body: bytes) -> bytes:
        site = str(job.inputs["site"])
        url = f"{_endpoint(job, site)}/{job.inputs['bucket']}"
        with _key(job, site) as (key, secret):
            return self._signed(
                job,
                method,
                url,
                body,
                sign(method, url, "versioning=", body, key, secret, _REGIONS[site], dt.datetime.now(dt.UTC)),
            )

    def _signed(self, job: Job, method: str, url: str, body: bytes, headers: dict[str, str]) -> bytes:
        try:
            answer = httpx.request(method, f"{url}?versioning=", content=body, headers=headers, timeout=60)
        except httpx.HTTPError as error:
            raise ApiError(job.where, 0, "", str(error), "", f"{method} {url}") from error
        if not answer.is_success:
            raise ApiError(job.where, answer.status_code, "", answer.text[:300], "", f"{method} {url}")
        return answer.content


def _endpoint(job: Job, site: str) -> str:
    """Where S3 answers: as the program or `SAKURA_ENDPOINTS_S3` says, else the service's own address.

    Where the rest of the API is somewhere else, S3 must not silently be the real one.
    """
    given = job.inputs.get("endpoint") or job.api.settings.endpoints.get("S3", "").replace("{site}", site)
    if given:
        return str(given).rstrip("/")
    if job.api.settings.api_root_url != DEFAULT_ROOT:
        raise ConfigError(
            Text(
                ja="S3 の場所が決まりません。SAKURA_ENDPOINTS_S3 を指定してください。",
                en="Where S3 answers is not known: set SAKURA_ENDPOINTS_S3.",
            )
        )
    return f"https://s3.{site}.sakurastorage.jp"


@contextlib.contextmanager
def _key(job: Job, site: str) -> Generator[tuple[str, str]]:
    """The program's access key, or one that is made for this request and deleted right after it."""
    if job.inputs.get("accessKey") and job.inputs.get("secretKey"):
        yield str(job.inputs["accessKey"]), str(job.inputs["secretKey"])
        return
    with job.shared.document(f"objectstorage:{site}"):  # one at a time: an account has few keys
        made = job.call("POST", f"/{site}/v2/account/keys")["data"]
        try:
            yield str(made["id"]), str(made["secret"])
        finally:
            job.call("DELETE", f"/{site}/v2/account/keys/{made['id']}")


def sign(
    method: str, url: str, query: str, body: bytes, key: str, secret: str, region: str, now: dt.datetime
) -> dict[str, str]:
    """Headers with AWS signature version 4 for S3, which the service follows (its specification is AWS's)."""
    parts = urlsplit(url)
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    digest = hashlib.sha256(body).hexdigest()
    headers = {"host": parts.netloc, "x-amz-content-sha256": digest, "x-amz-date": stamp}
    signed = ";".join(sorted(headers))
    canonical = "\n".join(
        [method, parts.path, query, *(f"{k}:{headers[k]}" for k in sorted(headers)), "", signed, digest]
    )
    scope = f"{day}/{region}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    step = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        step = hmac.new(step, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(step, text.encode(), hashlib.sha256).hexdigest()
    credential = f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={signed}, Signature={signature}"
    return {**headers, "Authorization": credential}
