"""What Google's errors mean: for the runner, and in words."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any, cast

from scripts.bootstrap.steps import Failure, FailureKind
from stacks.text import Text

BY_STATUS: dict[int, FailureKind] = {
    401: "expired",
    403: "denied",
    409: "conflict",
    412: "conflict",
    429: "throttled",
}


def judge(error: Exception) -> Failure | None:
    """What an error of the SDK means; None for one that is not the SDK's."""
    http: Any = import_module("googleapiclient.errors").HttpError
    auth: Any = import_module("google.auth.exceptions")
    requests: Any = import_module("requests.exceptions")
    if isinstance(error, http):
        return _http(error)
    if isinstance(error, auth.DefaultCredentialsError):
        ja = "認証情報がありません。gcloud auth application-default login を実行するか、"
        text = Text(
            f"{ja}GOOGLE_APPLICATION_CREDENTIALS を設定してください。",
            "There are no credentials: run `gcloud auth application-default login`, or set "
            "GOOGLE_APPLICATION_CREDENTIALS.",
        )
        return Failure("invalid", text)
    if isinstance(error, auth.TransportError | requests.ConnectionError | requests.Timeout):
        text = Text("Google Cloud に届きません。", "Google Cloud could not be reached, or did not answer.")
        return Failure("transient", text)
    if isinstance(error, auth.RefreshError | auth.OAuthError):
        return _refused(error)
    return None


def _refused(error: Exception) -> Failure:
    """A token that was refused: an old credential, a retired one, or this machine's clock."""
    said = str(error)
    if getattr(error, "retryable", False):
        return Failure("transient", Text("トークンを取得できません。", "No token was given."))
    if "reasonable timeframe" in said or "iat and exp" in said:
        text = Text(
            "この機械の時計が合っていません（Google が署名の時刻を拒みました）。時刻を合わせてください。",
            "This machine's clock is wrong: Google refused the time of the signature. Set the clock.",
        )
        return Failure("skew", text)
    kind: FailureKind = "expired" if "expired" in said else "invalid"
    text = Text(
        "認証情報が受け付けられません（期限切れ、無効化済み、または条件に合いません）。",
        "The credentials are refused: expired, retired, or not what the condition allows.",
    )
    return Failure(kind, text)


def _http(error: Any) -> Failure:
    status, said = int(error.resp.status), message(error)
    kind: FailureKind = "transient" if status >= 500 or status == 408 else BY_STATUS.get(status, "other")
    if kind == "denied" and _reason(error) in ("rateLimitExceeded", "userRateLimitExceeded"):
        kind = "throttled"
    if kind == "other" and "does not exist" in said:
        kind = "transient"  # what was made a moment ago is not known everywhere yet
    retry = str(error.resp.get("retry-after", ""))
    return Failure(
        kind,
        Text(f"Google Cloud が断りました（{status}）: {said}", f"Google Cloud refused ({status}): {said}"),
        request_id=str(error.resp.get("x-request-id", "")),
        retry_after=float(retry) if retry.isdigit() else 0.0,
    )


def absent(error: Exception) -> bool:
    """Whether an answer says that there is nothing: 404, or a service that is not on yet."""
    http: Any = import_module("googleapiclient.errors").HttpError
    if not isinstance(error, http):
        return False
    status = int(cast("Any", error).resp.status)
    return status == 404 or (status == 403 and _reason(error) == "SERVICE_DISABLED")


def forbidden(error: Exception) -> bool:
    """Whether an answer says that we may not; a service that is off is something else."""
    http: Any = import_module("googleapiclient.errors").HttpError
    if not isinstance(error, http):
        return False
    return int(cast("Any", error).resp.status) == 403 and _reason(error) != "SERVICE_DISABLED"


def message(error: Any) -> str:
    """Google's own words, one line."""
    return " ".join(str(_body(error).get("message") or error.resp.reason).split())[:300]


def _reason(error: Any) -> str:
    found = _body(error)
    reasons = [str(d.get("reason", "")) for d in (*found.get("details", ()), *found.get("errors", ()))]
    return next((reason for reason in reasons if reason), "")


def _body(error: Any) -> dict[str, Any]:
    try:
        found = json.loads(error.content)["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
