"""What Azure's errors mean: for the runner, and in words."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from scripts.bootstrap.steps import Failure, FailureKind
from stacks.text import Text

BY_STATUS: dict[int, FailureKind] = {
    401: "expired",
    403: "denied",
    409: "conflict",
    412: "conflict",
    429: "throttled",
}
NOT_YET = ("PrincipalNotFound", "KeyVaultAuthenticationFailure", "RoleDefinitionDoesNotExist")
"""Codes of what was made a moment ago and is not known everywhere yet."""


def judge(error: Exception) -> Failure | None:
    """What an error of the SDK means; None for one that is not the SDK's."""
    known: Any = import_module("azure.core.exceptions")
    if isinstance(error, known.ClientAuthenticationError):
        return _credential(error)
    if isinstance(error, known.HttpResponseError):
        return _http(error)
    if isinstance(error, import_module("kiota_abstractions.api_error").APIError):
        return _graph(error)
    unanswered = (
        known.ServiceRequestError,
        known.ServiceResponseError,
        import_module("httpx").TransportError,
    )
    if isinstance(error, unanswered):
        text = Text(
            "Azure に届かないか、応答がありません。", "Azure could not be reached, or did not answer."
        )
        return Failure("transient", text)
    return None


def _credential(error: Any) -> Failure:
    """Entra ID's refusals, by their AADSTS numbers ("Microsoft Entra authentication error codes")."""
    said = str(error)
    if "AADSTS700024" in said:
        text = Text(
            "トークンの時刻が有効な範囲にありません（期限切れか、この機械の時計のずれ）。",
            "The token's time is not valid: it has expired, or this machine's clock is wrong.",
        )
        return Failure("skew", text)
    if "AADSTS7000222" in said or "Expired" in said:
        return Failure("expired", Text("認証情報の期限が切れています。", "The credentials have expired."))
    if getattr(error, "status_code", None) in (429, 500, 502, 503):
        return Failure("transient", Text("Entra ID が答えません。", "Entra ID does not answer."))
    if "CredentialUnavailable" in type(error).__name__ or (
        "failed to retrieve a token" in said and "AADSTS" not in said
    ):
        text = Text(
            "認証情報がありません。az login を実行するか、AZURE_* の環境変数を設定してください。",
            "There are no credentials: run `az login`, or set the AZURE_* environment variables.",
        )
        return Failure("invalid", text)
    text = Text(
        "認証情報が受け付けられません（誤り、廃止済み、または登録した subject と違います）。",
        "The credentials are refused: wrong, retired, or not the registered subject's.",
    )
    return Failure("invalid", text)


def _http(error: Any) -> Failure:
    status, code_ = int(error.status_code or 0), code(error)
    kind: FailureKind = "transient" if status >= 500 or status == 408 else BY_STATUS.get(status, "other")
    if code_ in NOT_YET:
        kind = "transient"
    said = " ".join(str(getattr(error, "message", "") or "").split())[:300]
    headers = error.response.headers if error.response is not None else {}
    retry = str(headers.get("Retry-After", ""))
    return Failure(
        kind,
        Text(f"Azure が断りました（{status} {code_}）: {said}", f"Azure refused ({status} {code_}): {said}"),
        request_id=str(headers.get("x-ms-request-id", "")),
        retry_after=float(retry) if retry.isdigit() else 0.0,
    )


def _graph(error: Any) -> Failure:
    """Graph's refusals: its client has errors of its own."""
    status_ = int(error.response_status_code or 0)
    kind: FailureKind = "transient" if status_ >= 500 or status_ == 408 else BY_STATUS.get(status_, "other")
    headers = error.response_headers or {}
    retry = str(headers.get("Retry-After", ""))
    text = Text(f"Microsoft Graph が断りました（{status_}）。", f"Microsoft Graph refused ({status_}).")
    return Failure(kind, text, "graph", retry_after=float(retry) if retry.isdigit() else 0.0)


def code(error: Any) -> str:
    """The code in the answer's body, or in the blob service's header."""
    inner = getattr(error, "error", None)
    found = getattr(inner, "code", None) or getattr(error, "error_code", None)
    return str(getattr(found, "value", found) or "")


def status(error: Exception) -> int:
    """The HTTP status of an answer; 0 where there was none."""
    known: Any = import_module("azure.core.exceptions")
    found: Any = error
    if isinstance(error, known.HttpResponseError):
        return int(found.status_code or 0)
    if isinstance(error, import_module("kiota_abstractions.api_error").APIError):
        return int(found.response_status_code or 0)
    return 0


def absent(error: Exception) -> bool:
    """Whether an answer says that there is nothing."""
    return status(error) == 404


def forbidden(error: Exception) -> bool:
    """Whether an answer says that we may not."""
    return status(error) == 403
