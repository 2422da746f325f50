"""Google's own client in front of Google's APIs, with every request recorded.

google-api-python-client speaks every API that the bootstrap needs from discovery documents that come with
it; some of them (workload identity pools, log-based alert policies over REST) have no other client
(docs/adr). Credentials are google-auth's application default ones. Nothing is repeated by the client:
the runner looks again first.
"""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from scripts.bootstrap.calls import Call, Recorder
from scripts.bootstrap.google import errors, names
from scripts.bootstrap.steps import Failure, Identity, Settings

VERSIONS: Mapping[str, str] = {
    "cloudkms": "v1",
    "cloudresourcemanager": "v3",
    "essentialcontacts": "v1",
    "iam": "v1",
    "monitoring": "v3",
    "oauth2": "v2",
    "orgpolicy": "v2",
    "serviceusage": "v1",
    "storage": "v1",
}
SCOPES = (
    "https://www.googleapis.com/auth/cloud-platform",
    "https://www.googleapis.com/auth/userinfo.email",
)
SECONDS = 30.0
"""How long one answer may take."""
READING_POSTS = ("getIamPolicy", "testIamPermissions")
"""Verbs that read although they are POST."""
DEPLOYER = "deployer"
"""`Call.by`: the deployer, whose token is made from the pipeline's."""


class Google:
    """The session. `by` of a call is "" or `DEPLOYER`."""

    def __init__(self, settings: Settings, recorder: Recorder) -> None:
        self.settings = settings
        self._recorder = recorder
        self._endpoint = settings.options.get("endpoint", "").rstrip("/")
        self._transports: dict[str, Any] = {}
        self._operation: tuple[str, str, bool] | None = None
        self._number = ""
        self._home: str | None = None

    @property
    def number(self) -> str:
        """The project's number, which names of pools are written with."""
        if not self._number:
            found = self.read("cloudresourcemanager", "projects.get", name=f"projects/{self.settings.unit}")
            self._number = str(found["name"]).removeprefix("projects/") if found else ""
        return self._number

    # --- what the runner needs

    def identity(self) -> Identity:
        """Who we are, and the project that the credentials belong to or, having none, may see."""
        credentials, home = self._credentials("")
        email = getattr(credentials, "service_account_email", None)
        if email and email != "default":
            home = str(getattr(credentials, "project_id", None) or home or "")
            return Identity(f"serviceAccount:{email}", home or self._seen(), "service account")
        found = self._execute("oauth2", "userinfo.get", {}, "")
        return Identity(f"user:{found['email']}", str(home or "") or self._seen(), "user")

    def perform(self, call: Call, arguments: Mapping[str, Any]) -> Any:
        """Makes a call; `arguments` are the discovery method's own, `body` and `media` among them."""
        return self._execute(call.service, call.operation, arguments, call.by)

    def judge(self, error: Exception) -> Failure | None:
        """What an error means."""
        return errors.judge(error)

    def missing(self, permissions: Sequence[str]) -> list[str]:
        """The permissions on the project that we lack. 100 a question is the API's limit."""
        wanted, held = list(permissions), set[str]()
        for start in range(0, len(wanted), 100):
            body = {"permissions": wanted[start : start + 100]}
            resource = f"projects/{self.settings.unit}"
            answer = self._execute(
                "cloudresourcemanager",
                "projects.testIamPermissions",
                {"resource": resource, "body": body},
                "",
            )
            held |= set(answer.get("permissions", ()))
        return [permission for permission in wanted if permission not in held]

    # --- what the steps need

    def read(self, service: str, operation: str, **arguments: Any) -> dict[str, Any] | None:
        """The answer to a question; None where there is nothing, or where its service is not on yet."""
        try:
            return self._execute(service, operation, arguments, "")
        except Exception as error:
            if errors.absent(error):
                return None
            raise

    def every(self, service: str, operation: str, key: str, **arguments: Any) -> list[dict[str, Any]]:
        """All pages of a list."""
        found: list[dict[str, Any]] = []
        page: dict[str, str] = {}
        while True:
            answer = self.read(service, operation, **arguments, **page) or {}
            found += answer.get(key, [])
            if not answer.get("nextPageToken"):
                return found
            page = {"pageToken": answer["nextPageToken"]}

    def allowed(self, *permissions: str) -> bool:
        """Whether we hold all these permissions on the project."""
        return not self.missing(permissions)

    # --- how

    def _seen(self) -> str:
        """The manifest's project, if we may see it; who may not is refused by the cloud."""
        found = self._execute(
            "cloudresourcemanager", "projects.get", {"name": f"projects/{self.settings.unit}"}, ""
        )
        self._number = str(found["name"]).removeprefix("projects/")
        return str(found["projectId"])

    def _execute(self, service: str, operation: str, arguments: Mapping[str, Any], by: str) -> Any:
        found = _service(service, self._endpoint)
        *path, verb = operation.split(".")
        for part in path:
            found = getattr(found, part)()
        given = dict(arguments)
        if "media" in given:
            upload = import_module("googleapiclient.http").MediaInMemoryUpload
            given["media_body"] = upload(given.pop("media"), mimetype="application/json", resumable=False)
        request = getattr(found, verb)(**given)
        self._operation = (service, operation, request.method != "GET" and verb not in READING_POSTS)
        try:
            return request.execute(http=self._transport(by), num_retries=0)
        finally:
            self._operation = None

    def _transport(self, by: str) -> Any:
        if by not in self._transports:
            self._transports[by] = _Transport(self, self._credentials(by)[0])
        return self._transports[by]

    def _credentials(self, by: str) -> tuple[Any, str | None]:
        if by:
            return self._federated(), None
        if by not in self._transports:
            auth = import_module("google.auth")
            found, home = auth.default(scopes=SCOPES)
            self._transports[by] = _Transport(self, found)
            self._home = home
        return self._transports[by].credentials, self._home

    def _federated(self) -> Any:
        """The deployer, by the pipeline's own token: what the pipeline will do every day."""
        settings = self.settings
        if settings.pipeline is None:
            raise ValueError("without a pipeline there is no deployer to be")
        sts = self._endpoint or "https://sts.googleapis.com"
        mint = self._endpoint or "https://iamcredentials.googleapis.com"
        provider = names.provider_id(settings.pipeline)
        pool = f"projects/{self.number}/locations/global/workloadIdentityPools/{names.POOL}"
        account = names.account(settings, names.DEPLOYER)
        information = {
            "type": "external_account",
            "audience": f"//iam.googleapis.com/{pool}/providers/{provider}",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": f"{sts}/v1/token",
            "credential_source": {"file": settings.token_file},
            "service_account_impersonation_url": (
                f"{mint}/v1/projects/-/serviceAccounts/{account}:generateAccessToken"
            ),
        }
        pool_module = import_module("google.auth.identity_pool")
        return pool_module.Credentials.from_info(information, scopes=SCOPES[:1])

    def before(self, url: str) -> tuple[str, str, bool]:
        """What a request that is about to leave is, for the record."""
        what = self._operation
        if what is None or not _of_service(url, what[0], self._endpoint):
            what = ("oauth2", urlsplit(url).path.rpartition("/")[2], False)  # fetching a token
        self._recorder.before(what[0], what[1], changes=what[2])
        return what

    def after(self, what: tuple[str, str, bool], status: int, headers: Mapping[str, str]) -> None:
        """The answer, for the record. Google's request ids are in its own audit log only; what it
        returns is the upload's or none."""
        request_id = headers.get("x-request-id") or headers.get("x-guploader-uploadid")
        self._recorder.after(what[0], what[1], changes=what[2], status=status, request_id=request_id)


def _of_service(url: str, service: str, endpoint: str) -> bool:
    path = urlsplit(url).path
    token = path.endswith("/token") or ":generateAccessToken" in path
    return not token and (bool(endpoint) or service in urlsplit(url).netloc or service == "oauth2")


@cache
def _service(name: str, endpoint: str) -> Any:
    """An API's methods, made from its discovery document; a process needs them once."""
    text = import_module("googleapiclient.discovery_cache").get_static_doc(name, VERSIONS[name])
    document = json.loads(text)
    if endpoint:
        document["rootUrl"] = endpoint + "/"
    nowhere = import_module("httplib2").Http()  # each request is given its session's own transport
    return import_module("googleapiclient.discovery").build_from_document(document, http=nowhere)


class _Transport:
    """requests in the shape that googleapiclient wants of its transport; records what passes."""

    def __init__(self, google: Google, credentials: Any) -> None:
        requests = import_module("requests")
        adapter = _adapter(google)
        transport = import_module("google.auth.transport.requests")
        plain = requests.Session()
        plain.mount("https://", adapter)
        plain.mount("http://", adapter)
        self.credentials = credentials
        self.session = transport.AuthorizedSession(
            credentials, auth_request=transport.Request(plain), max_refresh_attempts=1
        )
        self.session.mount("https://", adapter)
        self.session.mount("http://", adapter)

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> tuple[Any, bytes]:
        """One request, as httplib2.Http.request."""
        answer = self.session.request(method, uri, data=body, headers=headers, timeout=SECONDS)
        httplib2 = import_module("httplib2")
        head = {**{k.lower(): v for k, v in answer.headers.items()}, "status": str(answer.status_code)}
        response = httplib2.Response(head)
        response.reason = answer.reason
        return response, answer.content

    def close(self) -> None:
        """Closes its connections."""
        self.session.close()


def _adapter(google: Google) -> Any:
    base: Any = import_module("requests.adapters").HTTPAdapter

    class Recorded(base):
        def send(self, request: Any, **kwargs: Any) -> Any:
            what = google.before(request.url)
            answer = super().send(request, **kwargs)
            google.after(what, answer.status_code, answer.headers)
            return answer

    return Recorded(max_retries=0)


def open_session(settings: Settings, recorder: Recorder) -> Google:
    """Builds a session; sends nothing. Raises ValueError for an endpoint that is not on this machine."""
    endpoint = settings.options.get("endpoint", "")
    if endpoint and not _loopback(urlsplit(endpoint).hostname or ""):
        raise ValueError(f"endpoint {endpoint} is not on loopback")
    # It logs a warning for each answer that is not a good one; what they mean is ours to say.
    logging.getLogger("googleapiclient.http").setLevel(logging.ERROR)
    # It also tells whoever runs it when it will stop to support this Python: no news for an administrator.
    warnings.filterwarnings("ignore", "You are using a Python version", FutureWarning)
    return Google(settings, recorder)


def _loopback(host: str) -> bool:
    with contextlib.suppress(OSError):
        return socket.gethostbyname(host).startswith("127.")
    return False
