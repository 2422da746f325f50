"""Object storage that speaks S3 and is not AWS's: OCI's and さくら's state stores.

botocore does the speaking. Checksums that only AWS knows are left out, addresses have the bucket in the path,
and retries are the runner's.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from scripts.bootstrap.calls import Recorder
from scripts.bootstrap.steps import Failure, FailureKind
from stacks.text import Text

SERVICE: Final = "s3"
_READS: Final = ("Get", "Head", "List")
_BY_CODE: Final[Mapping[str, FailureKind]] = {
    "SlowDown": "throttled",
    "TooManyRequests": "throttled",
    "RequestTimeTooSkewed": "skew",
    "InvalidAccessKeyId": "invalid",
    "SignatureDoesNotMatch": "invalid",
    "ExpiredToken": "expired",
}
_BY_STATUS: Final[Mapping[int, FailureKind]] = {
    401: "invalid",
    403: "denied",
    409: "conflict",
    423: "transient",
    429: "throttled",
}


def by_status(status: int) -> FailureKind:
    """What an HTTP status means where no code says it better."""
    return _BY_STATUS.get(status) or ("transient" if status >= 500 else "other")


@lru_cache(maxsize=1)
def _botocore() -> Any:
    """One session: what it has read of S3's model serves all clients. It is given no credentials."""
    from botocore.session import Session

    return Session()


class Store:
    """S3 at one address with one key. `key` and `secret` live in memory only."""

    def __init__(self, recorder: Recorder, endpoint: str, region: str, key: str, secret: str) -> None:
        from botocore.config import Config

        self._recorder = recorder
        self._client = _botocore().create_client(
            "s3",
            endpoint_url=endpoint,
            region_name=region,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                retries={"total_max_attempts": 1},
                connect_timeout=10,
                read_timeout=60,
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                tcp_keepalive=True,
            ),
        )

    def ask(self, operation: str, arguments: Mapping[str, Any]) -> Any:
        """Make one request; its answer as plain values, a body as text. Raises botocore's errors."""
        import re

        from botocore.exceptions import ClientError

        method = re.sub(r"(?<!^)([A-Z])", r"_\1", operation).lower()
        changes = not operation.startswith(_READS)
        self._recorder.before(SERVICE, operation, changes=changes)
        try:
            answer = getattr(self._client, method)(**arguments)
        except ClientError as error:
            self._note(operation, error.response, changes=changes)
            raise
        self._note(operation, answer, changes=changes)
        plain = {k: v for k, v in answer.items() if k not in ("ResponseMetadata", "Body")}
        if "Body" in answer:
            plain["Body"] = answer["Body"].read().decode()
        return plain

    def _note(self, operation: str, answer: Mapping[str, Any], *, changes: bool) -> None:
        told = answer.get("ResponseMetadata") or {}
        status, request = int(told.get("HTTPStatusCode") or 0), str(told.get("RequestId") or "")
        self._recorder.after(SERVICE, operation, changes=changes, status=status, request_id=request)


def backend(bucket: str, endpoint: str, region: str) -> str:
    """A bucket as Pulumi takes it for a backend (Go CDK's s3blob)."""
    plain = "&disableSSL=true" if endpoint.startswith("http://") else ""
    return f"s3://{bucket}?endpoint={endpoint}&region={region}&s3ForcePathStyle=true{plain}"


def judge(error: Exception) -> Failure | None:
    """What an error of botocore means; None for another's."""
    from botocore import exceptions

    if isinstance(error, exceptions.ClientError):
        told = error.response.get("Error", {})
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)
        code = str(told.get("Code") or "")
        kind = _BY_CODE.get(code) or by_status(status)
        said = f"HTTP {status} {code} {told.get('Message') or ''}".strip()
        operation = f"{SERVICE}:{error.operation_name}"
        text = Text(f"オブジェクトストレージが拒みました: {said}", f"the object storage refused: {said}")
        return Failure(kind, text, operation)
    if isinstance(error, exceptions.EndpointConnectionError | exceptions.ConnectTimeoutError):
        return Failure("unreachable", _silent(error))
    if isinstance(error, exceptions.BotoCoreError):
        return Failure("transient", _silent(error))
    return None


def _silent(error: Exception) -> Text:
    said = type(error).__name__
    return Text(
        f"オブジェクトストレージの応答がありません（{said}）。", f"the object storage did not answer ({said})"
    )
