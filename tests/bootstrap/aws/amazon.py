"""AWS on this machine: moto behind a real HTTP server, with IAM in front of it and faults on request.

moto does the services; what it leaves out and a bootstrap lives on is here: keys that were deactivated are
refused, policies with their conditions decide, a web identity's claims are compared, clocks matter,
and SimulatePrincipalPolicy answers.
"""

from __future__ import annotations

import base64
import contextlib
import io
import re
import threading
from collections.abc import Callable, Generator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends

from tests.bootstrap.aws import iam
from tests.bootstrap.fakes.server import Answer, Refuse, Request, Server

SKEW_SECONDS = 300

CODES = {"throttle": "Throttling", "error": "ServiceUnavailable", "denied": "AccessDenied"}

S3_SETTINGS = {
    "tagging": "BucketTagging",
    "publicAccessBlock": "BucketPublicAccessBlock",
    "ownershipControls": "BucketOwnershipControls",
    "versioning": "BucketVersioning",
    "encryption": "EncryptionConfiguration",
    "object-lock": "BucketObjectLockConfiguration",
    "lifecycle": "LifecycleConfiguration",
    "policy": "BucketPolicy",
    "location": "BucketLocation",
    "versions": "ListBucketVersions",
}
"""The sub-resources of a bucket and the IAM actions behind them (Service authorization reference, S3)."""


def refuse(status: int, code: str, message: str) -> Answer:
    """An error that each of AWS's protocols can read."""
    name = CODES.get(code, code)
    body = (
        f"<ErrorResponse><Error><Code>{escape(name)}</Code><Message>{escape(message)}</Message></Error>"
        "<RequestId>00000000-0000-4000-8000-000000000000</RequestId></ErrorResponse>"
    )
    headers = {"Content-Type": "text/xml", "x-amzn-ErrorType": name, "x-amz-error-message": message}
    return Answer(status, body.encode(), headers)


def _said(service: str) -> Refuse:
    """How a service words a refusal: in JSON or in XML."""

    def as_json(status: int, code: str, message: str) -> Answer:
        headers = {"x-amzn-ErrorType": code, "x-amzn-RequestId": "00000000-0000-4000-8000-000000000000"}
        return Answer(status, {"__type": code, "message": message}, headers)

    return as_json if service in ("kms", "events", "account") else refuse


class Amazon:
    """One AWS account."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.clock_seconds = 0.0
        """How far the account's clock is ahead of this machine's."""
        self.expired: set[str] = set()
        """Access keys whose session has ended."""
        self.taken: set[str] = set()
        """Names of buckets that somebody else in the world has."""
        self.multi_factor: set[str] = set()
        """Access keys whose session was opened with a second factor."""
        self.guarded = True
        """Whether policies are asked; off while a test prepares something by hand."""
        self._one = threading.RLock()
        self._app: Any = DomainDispatcherApplication(create_backend_app)

    def served(self) -> Server:
        """The account on a free port of loopback."""
        return Server(self, refuse)

    def __call__(self, request: Request) -> Answer:
        """The account's answer to one request."""
        if self.guarded and (refusal := self._refusal(request)) is not None:
            return self._dated(refusal)
        if _action(request) == "SimulatePrincipalPolicy":
            return self._dated(self._simulated(request))
        return self._dated(self._moto(request))

    def _refusal(self, request: Request) -> Answer | None:
        signed = re.match(
            r"AWS4-HMAC-SHA256 Credential=([^/]+)/[0-9]+/([^/]+)/([^/]+)/",
            request.headers.get("authorization", ""),
        )
        action = _action(request)
        if signed is None:
            if action != "AssumeRoleWithWebIdentity":
                return refuse(403, "MissingAuthenticationToken", "the request is not signed")
            return self._web_identity(request)
        key, region, service = signed.groups()
        if self._skewed(request):
            message = "Signature expired: the time of the request is too far from ours"
            return refuse(
                403, "RequestTimeTooSkewed" if service == "s3" else "SignatureDoesNotMatch", message
            )
        if key in self.expired:
            return _said(service)(400, "ExpiredToken", "the token has expired")
        who = iam.caller(self.account, key)
        if who is None:
            code = {"s3": "InvalidAccessKeyId", "iam": "InvalidClientTokenId", "sts": "InvalidClientTokenId"}
            message = "The security token included in the request is invalid"
            return _said(service)(403, code.get(service, "UnrecognizedClientException"), message)
        asked = self._asked(request, service, region, key)
        if asked.action == "sts:GetCallerIdentity":
            return None
        if (
            asked.action.startswith("s3:")
            and asked.resource.partition(":::")[2].partition("/")[0] in self.taken
        ):
            return refuse(403, "AccessDenied", "Access Denied")
        if asked.action == "sts:AssumeRole" and not iam.trusts_principal(
            self.account, asked.resource, who, asked.context
        ):
            return refuse(403, "AccessDenied", f"{who.arn} is not trusted by {asked.resource}")
        if not iam.allowed(self.account, who, asked):
            message = f"User: {who.arn} is not authorized to perform: {asked.action} on {asked.resource}"
            return _said(service)(
                403, "AccessDenied" if service == "s3" else "AccessDeniedException", message
            )
        return None

    def _web_identity(self, request: Request) -> Answer | None:
        try:
            claims = iam.claims_of(request.form["WebIdentityToken"])
        except (ValueError, IndexError):
            return refuse(400, "InvalidIdentityToken", "the token is no JWT")
        if not iam.trusts(self.account, request.form["RoleArn"], claims):
            message = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
            return refuse(403, "AccessDenied", message)
        return None

    def _skewed(self, request: Request) -> bool:
        sent = datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return abs(sent.timestamp() - self._now()) > SKEW_SECONDS

    def _now(self) -> float:
        return datetime.now(UTC).timestamp() + self.clock_seconds

    def _dated(self, answer: Answer) -> Answer:
        date = datetime.fromtimestamp(self._now(), UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        return Answer(answer.status, answer.body, {**answer.headers, "Date": date})

    def _asked(self, request: Request, service: str, region: str, key: str) -> iam.Asked:
        context: dict[str, Any] = {}
        if key in self.multi_factor:
            context["aws:MultiFactorAuthPresent"] = "true"
        if service == "s3":
            return iam.Asked(*_s3(request), region, context)
        target = request.headers.get("x-amz-target", "").rpartition(".")[2]
        name = target or _action(request) or urlsplit(request.target).path.strip("/")
        name = name[0].upper() + name[1:]
        form: Mapping[str, Any] = request.form if _action(request) else (request.json or {})
        resource = "*"
        if service == "kms" and (used := _key_used(form)) and not name.endswith("Alias"):
            context["kms:ResourceAliases"] = iam.key_aliases(self.account, region, used)
            resource = f"arn:aws:kms:{region}:{self.account}:key/any"
        elif service == "iam":
            resource = _iam_resource(self.account, form)
        elif name == "AssumeRole":
            resource = str(form["RoleArn"])
        prefix = "sts" if service == "sts" else service
        return iam.Asked(f"{prefix}:{name}", resource, region, context)

    def _simulated(self, request: Request) -> Answer:
        form = request.form
        source = form["PolicySourceArn"]
        kind, _, name = source.rpartition(":")[2].partition("/")
        name = name.rpartition("/")[2]
        who = iam.Caller(source, source, **{kind: name})
        actions = [v for k, v in form.items() if k.startswith("ActionNames.member.")]
        results = "".join(
            f"<member><EvalActionName>{action}</EvalActionName><EvalResourceName>*</EvalResourceName>"
            f"<EvalDecision>{'allowed' if self._may(who, action) else 'implicitDeny'}</EvalDecision></member>"
            for action in actions
        )
        body = (
            '<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">'
            f"<SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>{results}"
            "</EvaluationResults></SimulatePrincipalPolicyResult><ResponseMetadata><RequestId>"
            "00000000-0000-4000-8000-000000000001</RequestId></ResponseMetadata>"
            "</SimulatePrincipalPolicyResponse>"
        )
        return Answer(200, body.encode(), {"Content-Type": "text/xml"})

    def _may(self, who: iam.Caller, action: str) -> bool:
        return iam.allowed(self.account, who, iam.Asked(action, "*", "ap-northeast-1"))

    def _moto(self, request: Request) -> Answer:
        """moto's own answer, by the interface through which its server serves it (PEP 3333)."""
        path, _, query = request.target.partition("?")
        body = request.body
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path, "latin-1"),
            "QUERY_STRING": query,
            "RAW_URI": request.target,
            "REQUEST_URI": request.target,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": request.headers.get("host", "").rpartition(":")[2] or "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self.account
        environ |= {"HTTP_" + k.upper().replace("-", "_"): v for k, v in request.headers.items()}
        told: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> Callable[[bytes], None]:
            told.extend((int(status.split()[0]), dict(headers)))
            return lambda _: None

        with self._one, self._bucket_policy_aside(path):
            chunks = self._app(environ, start)
            try:
                payload = b"".join(chunks)
            finally:
                if hasattr(chunks, "close"):
                    chunks.close()
        status, headers = told
        # What HEAD leaves out has a length all the same.
        drop = ("date", "server") if request.method == "HEAD" else ("date", "server", "content-length")
        named = {"content-type": "Content-Type", "content-length": "Content-Length"}
        kept = {named.get(k.lower(), k): v for k, v in headers.items() if k.lower() not in drop}
        return Answer(status, payload, kept)

    @contextlib.contextmanager
    def _bucket_policy_aside(self, path: str) -> Generator[None]:
        """moto takes a denial with a condition for one without; it has been decided here already."""
        name, _, key = path.strip("/").partition("/")
        bucket = s3_backends[self.account]["aws"].buckets.get(name) if key else None
        if bucket is None:
            yield
            return
        policy, bucket.policy = bucket.policy, None
        try:
            yield
        finally:
            bucket.policy = policy


def _key_used(form: Mapping[str, Any]) -> str:
    """The key that a request to KMS is about: what was encrypted begins with its key's id in moto."""
    if "KeyId" not in form and "CiphertextBlob" in form:
        return base64.b64decode(form["CiphertextBlob"])[:36].decode(errors="replace")
    return str(form.get("KeyId", ""))


def _action(request: Request) -> str:
    """The operation of a service that speaks AWS's query protocol; empty for the others."""
    form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    return request.form.get("Action", "") if form else ""


def _s3(request: Request) -> tuple[str, str]:
    """The IAM action behind an S3 request, and the ARN that it is about."""
    bucket, _, key = unquote(request.path).strip("/").partition("/")
    arn = f"arn:aws:s3:::{bucket}" + (f"/{key}" if key else "")
    if key:
        verb = {"GET": "Get", "HEAD": "Get", "PUT": "Put", "DELETE": "Delete", "POST": "Put"}[request.method]
        version = "Version" if request.method == "DELETE" and "versionId" in request.query else ""
        return f"s3:{verb}Object{version}", arn
    for part, name in S3_SETTINGS.items():
        if part in request.query:
            if name.startswith("List"):
                return f"s3:{name}", arn
            # What has no action of its own to delete it is deleted by the right to set it.
            verb = "Delete" if (request.method, part) == ("DELETE", "policy") else "Put"
            return f"s3:{verb if request.method in ('PUT', 'DELETE') else 'Get'}{name}", arn
    if not bucket:
        return "s3:ListAllMyBuckets", "*"
    return {"PUT": "s3:CreateBucket", "DELETE": "s3:DeleteBucket"}.get(request.method, "s3:ListBucket"), arn


def _iam_resource(account: str, form: Mapping[str, Any]) -> str:
    for parameter, kind in (("RoleName", "role"), ("UserName", "user")):
        if parameter in form:
            return f"arn:aws:iam::{account}:{kind}/{form[parameter]}"
    if "PolicyArn" in form:
        return str(form["PolicyArn"])
    return f"arn:aws:iam::{account}:policy/{form['PolicyName']}" if "PolicyName" in form else "*"
