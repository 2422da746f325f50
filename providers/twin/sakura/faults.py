"""What the API answers when it refuses, in the form of each service; and failures on request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_WORDS: Final = {
    400: "400 Bad Request",
    401: "401 Unauthorized",
    403: "403 Forbidden",
    404: "404 Not Found",
    405: "405 Method Not Allowed",
    409: "409 Conflict",
    423: "423 Locked",
    429: "429 Too Many Requests",
    500: "500 Internal Server Error",
    503: "503 Service Unavailable",
    504: "504 Gateway Timeout",
}


class Refused(Exception):  # noqa: N818 - an answer, not an error of ours
    """The API's refusal: HTTP status, error_code and a message in Japanese, as the service words it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message

    def body(self, form: str, serial: str) -> Any:
        """The error body in the form of the service."""
        if form == "iam":
            return {
                "type": "about:blank",
                "title": self.code,
                "status": self.status,
                "detail": self.message,
            }
        if form == "objectstorage":
            error = {"code": self.status, "message": self.message, "trace_id": serial, "errors": []}
            return {"error": error}
        if form == "monitoring":
            return {"detail": self.message} if self.status != 400 else {"non_field_errors": [self.message]}
        if form == "kms":
            return {"error": self.message}
        if form == "apigw":
            return {"message": self.message}
        if form == "apprun":
            return {"error": {"code": self.status, "message": self.message, "errors": []}}
        return {
            "is_fatal": True,
            "serial": serial,
            "status": _WORDS.get(self.status, str(self.status)),
            "error_code": self.code,
            "error_msg": self.message,
        }


def bad(message: str, code: str = "bad_request") -> Refused:
    """400."""
    return Refused(400, code, message)


def missing(what: str = "") -> Refused:
    """404."""
    return Refused(404, "not_found", f"対象が見つかりません。{what}".strip())


def conflict(code: str, message: str) -> Refused:
    """409."""
    return Refused(409, code, message)


@dataclass(frozen=True, slots=True)
class Fault:
    """A failure that was asked for.

    It strikes requests whose method and path match, `times` of them (0: until it is taken back). effect:
    refuse (answer `status` and `code`), delay (by `seconds`, then carry out), drop (carry out, then cut the
    connection: the caller cannot know), fail-copy (the next copy of a disk or appliance ends as `failed`),
    stuck (copies never end).
    """

    name: str
    effect: str
    method: str = ".*"
    path: str = ".*"
    status: int = 503
    code: str = "busy"
    seconds: float = 0
    times: int = 1

    def strikes(self, method: str, path: str) -> bool:
        """Does it concern this request?"""
        return bool(re.fullmatch(self.method, method) and re.search(self.path, path))

    @classmethod
    def read(cls, name: str, body: Mapping[str, Any]) -> Fault:
        """Out of its stored form. ValueError when a field has a wrong value."""
        effect = str(body.get("effect", "refuse"))
        if effect not in ("refuse", "delay", "drop", "fail-copy", "stuck"):
            raise ValueError(f"effect: {effect}")
        fault = cls(
            name=name,
            effect=effect,
            method=str(body.get("method", ".*")),
            path=str(body.get("path", ".*")),
            status=int(body.get("status", 503)),
            code=str(body.get("code", "busy")),
            seconds=float(body.get("seconds", 0)),
            times=int(body.get("times", 1)),
        )
        re.compile(fault.method)
        re.compile(fault.path)
        return fault
