"""What can go wrong with the API, said so that a person can act on it.

Every form of error that the services answer with becomes one `ApiError`. What to do next, and whether trying
again can help, is decided by the API's own `error_code` (facts: sakura-api.md §2.4), else by the HTTP status.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from stacks.text import Language, Text


class SakuraError(Exception):
    """An error with a message for people, in both languages."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class ConfigError(SakuraError):
    """The provider's configuration cannot work."""


class CancelledError(SakuraError):
    """The engine asked us to stop."""

    def __init__(self) -> None:
        super().__init__(Text(ja="中断の指示を受けて停止しました。", en="Stopped, as the engine asked."))


class WaitTimeoutError(SakuraError):
    """A resource did not reach the state it should have within the time configured."""


# 409s and others that pass by themselves. Everything else with these statuses is final.
PASSING: Final = frozenset(
    {
        "still_creating",
        "disk_is_copying",
        "in_migration",
        "snapshot_in_migration",
        "server_is_cleaning",
        "packetfilter_applying",
        "busy",
        "too_many_request",
        "service_unavailable",
        "service_temporarily_unavailable",
        "operation_timeout",
        "locked",
        "throttled",
        "apiproxy_timeout",
    }
)
"""error_code values after which the same request may be sent again as it is."""

LINGERING: Final = frozenset(
    {"disconnect_b4_delete", "switch_hybrid_connected", "delete_router_b4_switch", "disconnect_b4_update"}
)
"""error_code values on delete that pass once what still uses the resource has gone."""

_HINTS: Final[dict[str, Text]] = {
    "limit_count": Text(
        ja="数の上限に達しています。不要なリソースを消すか、コントロールパネルから上限の緩和を申請してください。",
        en="A quota is reached. Delete what is not needed, or ask for a higher limit in the control panel.",
    ),
    "original_hash_mismatch": Text(
        ja="ほかの人が同時に変更しました。内容を確かめてから、もう一度実行してください。",
        en="Someone else changed it meanwhile. Look at what changed, then run again.",
    ),
    "disconnect_b4_delete": Text(
        ja="まだ何かがつながっています。つながっているリソースを先に消してください。",
        en="Something is still connected to it. Delete what is connected first.",
    ),
    "switch_hybrid_connected": Text(
        ja="ローカルルータまたはハイブリッド接続がまだ解けていません（最大で15分ほどかかります）。",
        en="A local router or hybrid connection has not let go yet; that takes up to some 15 minutes.",
    ),
    "unauthorized": Text(
        ja="認証できません。アクセストークン、またはサービスプリンシパルの鍵を確かめてください。",
        en="Not authenticated. Check the access token, or the service principal's key.",
    ),
    "forbidden": Text(
        ja="権限がありません。プロジェクトでこの操作を許すロールを付けてください。",
        en="Not permitted. Give the caller a role that allows this in the project.",
    ),
    "disabled_in_sandbox": Text(
        ja="サンドボックス（tk1v）では使えない操作です。本番のゾーンで実行してください。",
        en="Not available in the sandbox (tk1v). Use a production zone.",
    ),
    "payment": Text(
        ja="会員の支払い情報に問題があります。会員メニューで確かめてください。",
        en="There is a problem with the member's payment. See the member menu.",
    ),
    "busy": Text(
        ja="混み合っています。少し待ってから、もう一度実行してください。",
        en="The service is busy. Wait a little, then run again.",
    ),
    "still_creating": Text(
        ja="作成が終わるのを待ちきれませんでした。待ち時間（timeout）を延ばすか、もう一度実行してください。",
        en="It was still being created when we stopped waiting. Raise `timeout`, or run again.",
    ),
    "res_already_exists": Text(
        ja="同じものが既にあります。別の名前にするか、pulumi import で取り込んでください。",
        en="It exists already. Choose another name, or take it in with `pulumi import`.",
    ),
    "not_found": Text(
        ja="見つかりません。IDとゾーンを確かめてください。消えている場合は pulumi refresh "
        "を実行してください。",
        en="Not found. Check the id and the zone; if it is gone, run `pulumi refresh`.",
    ),
    "invalid": Text(
        ja="APIが値を受け付けませんでした。上のメッセージが指すプロパティを直してください。",
        en="The API refused a value. Correct the property that its message names.",
    ),
}
_BY_STATUS: Final = {
    400: "invalid",
    401: "unauthorized",
    402: "payment",
    403: "forbidden",
    404: "not_found",
    423: "busy",
    429: "busy",
    503: "busy",
    504: "busy",
}


@dataclass(frozen=True, slots=True)
class Where:
    """What was being done, for messages."""

    operation: str
    resource: str = ""
    name: str = ""
    zone: str = ""

    def say(self, language: Language) -> str:
        """In words."""
        what = " ".join(p for p in (self.resource, f"“{self.name}”" if self.name else "") if p)
        at = f" [{self.zone}]" if self.zone else ""
        doing = _OPERATIONS.get(self.operation, Text(self.operation, self.operation))
        return f"{what}{at}: {doing.say(language)}"


_OPERATIONS: Final = {
    "create": Text(ja="作成", en="create"),
    "read": Text(ja="読み取り", en="read"),
    "update": Text(ja="変更", en="update"),
    "delete": Text(ja="削除", en="delete"),
    "invoke": Text(ja="参照", en="lookup"),
    "authenticate": Text(ja="認証", en="authenticate"),
    "configure": Text(ja="設定", en="configure"),
}


class ApiError(SakuraError):
    """The API refused or failed: `status` (0: no answer came), `code` (error_code, may be empty), `serial`.

    `sent` is False when the request cannot have reached the API; `retry_after` is that header's value.
    """

    def __init__(
        self,
        where: Where,
        status: int,
        code: str,
        message: str,
        serial: str,
        request: str,
        *,
        sent: bool = True,
        retry_after: str = "",
    ) -> None:
        self.where, self.status, self.code, self.serial, self.request = where, status, code, serial, request
        self.sent, self.retry_after = sent, retry_after
        self.message = message
        super().__init__(Text(ja=self._say("ja"), en=self._say("en")))

    def _say(self, language: Language) -> str:
        answered = f"HTTP {self.status}" if self.status else {"ja": "応答なし", "en": "no answer"}[language]
        code = f" {self.code}" if self.code else ""
        serial = f" (serial {self.serial})" if self.serial else ""
        hint = self.hint.say(language) if self.hint else ""
        refused = f"{answered}{code}: {self.message}{serial}"
        return f"{self.where.say(language)}: {refused} [{self.request}] {hint}".rstrip()

    @property
    def hint(self) -> Text | None:
        """What to do about it."""
        if self.code.startswith(("limit_count_", "limit_memory_", "limit_size_")):
            return _HINTS["limit_count"]
        if self.code.startswith("payment_"):
            return _HINTS["payment"]
        return _HINTS.get(self.code) or _HINTS.get(_BY_STATUS.get(self.status, ""))

    @property
    def passing(self) -> bool:
        """May the same request succeed later, unchanged? Never for quotas and never for hash mismatches."""
        if self.status == 0:
            return not self.sent
        if self.code:
            return self.code in PASSING or (self.status in (423, 429, 503) and not self.final)
        return self.status in (423, 429, 502, 503, 504)

    @property
    def unsure(self) -> bool:
        """May the request have been carried out although no good answer came?"""
        return self.sent and (self.status in (0, 502, 504) or self.code.startswith("apiproxy_timeout"))

    @property
    def final(self) -> bool:
        """Is trying again pointless whatever the status says?"""
        return self.code.startswith(("limit_", "payment_")) or self.code in (
            "original_hash_mismatch",
            "disk_stock_run_out",
            "boot_failure_in_group",
            "unknown_os_type",
        )

    @property
    def missing(self) -> bool:
        """Does it mean that the thing does not exist?"""
        return self.status == 404 and self.code not in ("resource_path_not_found", "invalid_uri_argument")


def read_error(status: int, body: Any) -> tuple[str, str, str]:
    """error_code, message and serial out of whichever form of error body a service answers with."""
    if not isinstance(body, dict):
        return "", str(body)[:500] if body else "", ""
    if "error_code" in body or "error_msg" in body:
        return (
            str(body.get("error_code") or ""),
            str(body.get("error_msg") or ""),
            str(body.get("serial") or ""),
        )
    error = body.get("error")
    if isinstance(error, dict):  # object storage, API gateway
        details = "; ".join(
            str(e.get("message", e)) if isinstance(e, dict) else str(e) for e in error.get("errors") or []
        )
        message = str(error.get("message", "")) + (f" ({details})" if details else "")
        return "", message, str(error.get("trace_id") or "")
    if isinstance(error, str):
        return "", error, ""
    if "title" in body or "detail" in body:  # RFC 7807: IAM, security control
        return str(body.get("code") or ""), str(body.get("detail") or body.get("title") or ""), ""
    if "message" in body:
        return str(body.get("code") or ""), str(body["message"]), str(body.get("trace_id") or "")
    # Django REST framework: field → problems (monitoring suite, KMS)
    parts = [
        f"{key}: {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for key, value in body.items()
    ]
    return ("not_found" if status == 404 else ""), "; ".join(parts)[:500], ""
