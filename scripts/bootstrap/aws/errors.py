"""What AWS's errors mean. Codes are from the services' API references ("Common errors") and botocore's
own lists of what may be repeated (botocore/retries/standard.py)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast

from scripts.bootstrap.steps import Failure, FailureKind
from stacks.text import Text

SKEW_SECONDS = 240.0
"""AWS refuses a signature that is more than five minutes (S3: fifteen) off."""

_KINDS: dict[FailureKind, frozenset[str]] = {
    "expired": frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"}),
    "skew": frozenset({"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"}),
    "invalid": frozenset(
        {
            "AuthFailure",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "InvalidSignatureException",
            "InvalidToken",
            "SignatureDoesNotMatch",
            "UnrecognizedClientException",
            "UnrecognizedClient",
            "NotSignedUp",
            "OptInRequired",
            "InvalidIdentityToken",
            "IDPRejectedClaim",
        }
    ),
    "denied": frozenset(
        {
            "403",
            "AccessDenied",
            "AccessDeniedException",
            "AllAccessDisabled",
            "AuthorizationError",
            "UnauthorizedOperation",
            "KMSAccessDeniedException",
        }
    ),
    "throttled": frozenset(
        {
            "BandwidthLimitExceeded",
            "PriorRequestNotComplete",
            "RequestLimitExceeded",
            "RequestThrottled",
            "RequestThrottledException",
            "SlowDown",
            "Throttled",
            "ThrottledException",
            "Throttling",
            "ThrottlingException",
            "TooManyRequestsException",
        }
    ),
    "conflict": frozenset(
        {
            "409",
            "AlreadyExistsException",
            "BucketAlreadyOwnedByYou",
            "ConcurrentModification",
            "ConcurrentModificationException",
            "ConflictException",
            "DeleteConflict",
            "EntityAlreadyExists",
            "EntityTemporarilyUnmodifiable",
            "MalformedPolicyDocument",  # a principal in it is not known everywhere yet
            "MalformedPolicy",
            "MalformedPolicyDocumentException",
            "NoSuchEntity",
            "NotFound",
            "NotFoundException",
            "OperationAborted",
        }
    ),
}

_SAID: dict[FailureKind, Text] = {
    "expired": Text("認証情報の有効期限が切れています", "the credentials have expired"),
    "skew": Text(
        "この計算機の時計がずれています（AWS は5分を超えるずれを拒みます）。NTP で合わせてください",
        "this machine's clock is wrong (AWS refuses more than five minutes); set it by NTP",
    ),
    "invalid": Text(
        "認証情報が受け付けられません（無効化・削除された鍵、または誤り）",
        "the credentials are not accepted: the key was deactivated or deleted, or is wrong",
    ),
    "denied": Text("権限がありません", "permission denied"),
    "throttled": Text("AWS が呼び出しの頻度を制限しています", "AWS is throttling the calls"),
    "transient": Text("AWS が一時的に応答できません", "AWS could not answer for the moment"),
    "unreachable": Text("AWS に届きません", "AWS cannot be reached"),
    "conflict": Text("同時に変更されたか、まだ反映されていません", "changed meanwhile, or not in force yet"),
    "other": Text("AWS が拒みました", "AWS refused"),
}


def judge(error: Exception) -> Failure | None:
    """What an error of boto3 or botocore means; None for any other."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    if isinstance(error, ClientError):
        return _refused(error)
    if isinstance(error, BotoCoreError):
        return _not_sent(error)
    if isinstance(error, ResponseParserError):  # a proxy's page instead of AWS's answer
        said = _SAID["transient"]
        return Failure("transient", Text(f"{said.ja}（{error}）", f"{said.en} ({error})"))
    return None


def _refused(error: Any) -> Failure:
    told = cast("dict[str, Any]", error.response)
    code = str(told.get("Error", {}).get("Code", ""))
    message = str(told.get("Error", {}).get("Message", ""))
    meta = told.get("ResponseMetadata", {})
    status = int(meta.get("HTTPStatusCode", 0))
    headers = meta.get("HTTPHeaders", {})
    kind = _kind(code, message, status)
    if kind == "denied" and str(error.operation_name).startswith("AssumeRole"):
        kind = "conflict"  # a role that was just made is not known everywhere for some seconds
    if kind == "invalid" and _skewed(headers.get("date", "")):
        kind = "skew"
    said = _SAID[kind]
    detail = f"{error.operation_name}: {code or status} {message}".strip()
    return Failure(
        kind,
        Text(f"{said.ja}（{detail}）", f"{said.en} ({detail})"),
        str(error.operation_name),
        str(meta.get("RequestId", "")),
        _seconds(headers.get("retry-after", "")),
    )


def _kind(code: str, message: str, status: int) -> FailureKind:
    if "Signature expired" in message or "Signature not yet current" in message:
        return "skew"
    for kind, codes in _KINDS.items():
        if code in codes:
            return kind
    if status == 429:
        return "throttled"
    if status >= 500 or code in ("RequestTimeout", "RequestTimeoutException"):
        return "transient"
    return "denied" if status == 403 else "other"


def _not_sent(error: Exception) -> Failure:
    from botocore import exceptions as known

    asks = (known.NoCredentialsError, known.PartialCredentialsError, known.ProfileNotFound)
    signed_out = (
        known.SSOTokenLoadError,
        known.UnauthorizedSSOTokenError,
        known.TokenRetrievalError,
        known.CredentialRetrievalError,
    )
    timed_out = (
        known.ReadTimeoutError,
        known.ConnectTimeoutError,
        known.ConnectionClosedError,
        known.IncompleteReadError,
        known.ResponseStreamingError,
    )
    kind: FailureKind
    if isinstance(error, asks):
        kind, said = (
            "invalid",
            Text(
                "認証情報がありません（aws sso login、AWS_PROFILE など、AWS の標準の方法で用意してください）",
                "there are no credentials (get them the usual way: aws sso login, AWS_PROFILE, …)",
            ),
        )
    elif isinstance(error, signed_out):
        kind, said = (
            "expired",
            Text("サインインし直してください（aws sso login）", "sign in again (aws sso login)"),
        )
    elif isinstance(error, timed_out):
        kind, said = "transient", Text("AWS の応答が途切れました", "AWS's answer was cut off")
    elif isinstance(error, known.HTTPClientError):
        kind, said = "unreachable", _SAID["unreachable"]
    else:
        kind, said = "other", _SAID["other"]
    return Failure(kind, Text(f"{said.ja}（{error}）", f"{said.en} ({error})"))


def _skewed(date: str) -> bool:
    try:
        theirs = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return False
    return abs(datetime.now(UTC).timestamp() - theirs.timestamp()) > SKEW_SECONDS


def _seconds(retry_after: str) -> float:
    return float(retry_after) if retry_after.replace(".", "", 1).isdigit() else 0.0
