"""boto3 for the bootstrap: clients that the recorder sees through, whoever they act as, and AWS's errors.

Credentials come from boto3's own chain (environment, profile, SSO, instance); `AWS_ENDPOINT_URL` and
its like lead to an emulator, as they do for every AWS SDK. Nothing is written anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from scripts.bootstrap.aws.errors import judge
from scripts.bootstrap.calls import Call, Recorder
from scripts.bootstrap.steps import Failure, Identity, Settings
from stacks.naming import name, prefix

if TYPE_CHECKING:
    from boto3.session import Session as Boto

READS = ("Get", "List", "Describe", "Head", "Simulate", "AssumeRole", "Encrypt", "Decrypt")
"""Beginnings of the operations that change nothing. Taking on a role or using a key leaves no trace but
in the audit log."""

DEPLOYER, RETIRE = "deployer", "retire"
"""Other identities that a call can be made by: their credentials are answers of earlier calls."""

SIMULATED_AT_ONCE = 100
"""Actions in one SimulatePrincipalPolicy: a page of its answer holds 100 (IAM API reference)."""


class Names:
    """What the bootstrap's resources are called, from the stack and the account alone."""

    def __init__(self, settings: Settings) -> None:
        self.stack = f"jichitai-{settings.stack}"
        self.account = settings.unit
        self.region = settings.region
        self.tenant = prefix(settings.code, settings.manifest["environment"])
        """What the names of the tenant's own roles start with (`stacks.naming`)."""
        self.bucket = name(self.stack, "state", self.account, limit=63)
        self.boundary = self._iam("boundary")
        self.deployer = self._iam("deployer")
        self.break_glass = self._iam("break-glass")
        self.retire = self._iam("retire")
        self.alarm = self._iam("alarm")
        self.state_key = f"alias/{self.stack}-state"
        self.secrets_key = f"alias/{self.stack}-secrets"
        self.topic_arn = f"arn:aws:sns:{self.region}:{self.account}:{self.alarm}"
        self.bus_arn = f"arn:aws:events:{self.region}:{self.account}:event-bus/default"
        self.boundary_arn = f"arn:aws:iam::{self.account}:policy/{self.boundary}"

    @property
    def backend(self) -> str:
        """The state store as `pulumi login` takes it."""
        return f"s3://{self.bucket}?region={self.region}"

    def secrets_provider(self, alias: str) -> str:
        """A key as `pulumi stack init --secrets-provider` takes it."""
        return f"awskms://{alias}?region={self.region}"

    def role_arn(self, role: str) -> str:
        """The ARN of a role of this account."""
        return f"arn:aws:iam::{self.account}:role/{role}"

    def _iam(self, part: str) -> str:
        return name(self.stack, part, limit=64)


class AwsSession:
    """AWS, as the steps see it."""

    def __init__(self, settings: Settings, recorder: Recorder, clients: Clients | None = None) -> None:
        self.settings = settings
        self.names = Names(settings)
        self.reader = ""
        """Whom reads are made by: our own credentials, until they have been retired."""
        self._others: dict[str, Mapping[str, Any]] = {}
        self._clients = clients or Clients(settings.region)
        self._clients.recorder = recorder

    def read(
        self,
        service: str,
        operation: str,
        *,
        absent: Sequence[str] = (),
        **arguments: Any,
    ) -> dict[str, Any] | None:
        """The answer of an operation that only reads; None where the error code is one of `absent`."""
        from botocore.exceptions import ClientError

        try:
            return self._send(service, operation, arguments, self.reader)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in absent:
                return None
            raise

    def perform(self, call: Call, arguments: Mapping[str, Any]) -> Any:
        """Make a call; the credentials that an AssumeRole… answers are kept for calls by that identity."""
        answer = self._send(call.service, call.operation, arguments, call.by or self.reader)
        if call.operation.startswith("AssumeRole"):
            self._others[call.id] = answer["Credentials"]
            if call.id == RETIRE:
                self.reader = RETIRE
        return answer

    def identity(self) -> Identity:
        """Who we are, by sts:GetCallerIdentity, which no policy can forbid."""
        said = self.read("sts", "GetCallerIdentity") or {}
        arn = str(said["Arn"])
        kind = arn.rpartition(":")[2].partition("/")[0]
        return Identity(id=arn, unit=str(said["Account"]), kind=kind)

    def judge(self, error: Exception) -> Failure | None:
        """What an error of boto3's means."""
        return judge(error)

    def missing(self, permissions: Sequence[str]) -> list[str]:
        """What IAM's own simulator says is not allowed. Where even that may not be asked: nothing.

        It knows identity policies, boundaries and the organisation's SCPs, but no resource policies.
        """
        from botocore.exceptions import ClientError

        denied: list[str] = []
        for start in range(0, len(permissions), SIMULATED_AT_ONCE):
            asked = list(permissions[start : start + SIMULATED_AT_ONCE])
            try:
                said = self.read(
                    "iam", "SimulatePrincipalPolicy", PolicySourceArn=self._source(), ActionNames=asked
                )
            except ClientError as error:
                failure = judge(error)
                if failure is not None and failure.kind in ("denied", "other"):
                    return []
                raise
            results = (said or {})["EvaluationResults"]
            denied += [r["EvalActionName"] for r in results if r["EvalDecision"] != "allowed"]
        return denied

    def _source(self) -> str:
        """Our identity as IAM knows it: a session's ARN names the role without its path."""
        arn = str((self.read("sts", "GetCallerIdentity") or {})["Arn"])
        if ":assumed-role/" not in arn:
            return arn
        role = arn.split("/")[1]
        return str((self.read("iam", "GetRole", RoleName=role) or {})["Role"]["Arn"])

    def _send(self, service: str, operation: str, arguments: Mapping[str, Any], by: str) -> dict[str, Any]:
        from botocore import xform_name

        method = getattr(self._clients.get(service, self._others.get(by)), xform_name(operation))
        answer = cast("dict[str, Any]", method(**arguments))
        answer.pop("ResponseMetadata", None)
        return answer


class Clients:
    """Clients of boto3's, each made once, that the recorder sees through."""

    def __init__(self, region: str) -> None:
        self.recorder = Recorder()
        self._region = region
        self._made: dict[tuple[str, str], Any] = {}
        self._session: Boto | None = None

    def get(self, service: str, held: Mapping[str, Any] | None) -> Any:
        """The client of `service`, or of `service@region`, with the credentials `held`, else the chain's."""
        key = (service, str(held["AccessKeyId"]) if held else "")
        if key not in self._made:
            self._made[key] = self._make(service, held)
        return self._made[key]

    def _make(self, service: str, held: Mapping[str, Any] | None) -> Any:
        import boto3
        from botocore.config import Config

        if self._session is None:
            self._session = boto3.Session()
        # No retries of the SDK's own: what cannot be repeated safely is repeated by looking first.
        config = Config(
            retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=60, tcp_keepalive=True
        )
        keys: dict[str, str] = {}
        if held:
            keys = {
                "aws_access_key_id": str(held["AccessKeyId"]),
                "aws_secret_access_key": str(held["SecretAccessKey"]),
                "aws_session_token": str(held["SessionToken"]),
            }
        name, _, region = service.partition("@")
        make: Any = self._session.client
        client = make(name, region_name=region or self._region, config=config, **keys)
        events: Any = client.meta.events
        events.register("before-send", self._before)
        events.register("after-call", self._after)
        return client

    def _before(self, event_name: str, **_others: Any) -> None:
        service, _, operation = event_name.removeprefix("before-send.").partition(".")
        self.recorder.before(service, operation, changes=not operation.startswith(READS))

    def _after(self, http_response: Any, parsed: Mapping[str, Any], model: Any, **_others: Any) -> None:
        operation = str(model.name)
        told = parsed.get("ResponseMetadata", {})
        self.recorder.after(
            str(model.service_model.endpoint_prefix),
            operation,
            changes=not operation.startswith(READS),
            status=int(http_response.status_code),
            request_id=told.get("RequestId"),
        )


def open_session(settings: Settings, recorder: Recorder) -> AwsSession:
    """AWS by boto3's credential chain. Sends nothing yet."""
    return AwsSession(settings, recorder)
