"""STA: no secret in the state, nothing half done in it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from policies.facts import UNKNOWN, Facts, Kind
from policies.join import Estate
from policies.props import MARK
from policies.rules.controls import CHANGE, SECRETS
from policies.rules.record import C, Context, H, M, Outcome, must_not, rule
from stacks.text import Text

Answers = list[tuple[Facts | None, Outcome]]

_NAMED = re.compile(
    r"(?:[pP]assword|[sS]ecretKey|[pP]assphrase|[pP]rivateKey|[aA]ccessToken|[aA]piKey|[cC]lientSecret|"
    r"[aA]uthToken|[sS]ecretString|[sS]haredSecret|[cC]onnectionString)$"
)
"""Names of properties that hold a secret itself, at their end."""
_SHAPED = re.compile(
    r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_-]{35}\b|"
    r"\bghp_[0-9A-Za-z]{36}\b|\bxox[abp]-[0-9A-Za-z-]{20,}|AccountKey=[A-Za-z0-9+/=]{40,}"
)
"""Shapes of keys that their issuers publish for scanners."""
_REFERENCE = re.compile(
    r"^(?:arn:|projects/|https?://|ocid1\.|/subscriptions/|\$\{|\{\{|@Microsoft\.KeyVault|\[parameters\(\')|^\*+$|^$"
)
"""Values that only point at a secret, or hide it."""


@cache
def _names_secret(key: str) -> bool:
    """Whether a property's name says that its value is a secret."""
    return _NAMED.search(key) is not None


def leaks(props: Any) -> tuple[str, ...]:
    """Paths in `props` where a secret stands in the clear."""
    found: list[str] = []
    _look(props, "", (), found)
    return tuple(found)


def _look(value: Any, key: str, path: tuple[str, ...], found: list[str]) -> None:
    kind = value.__class__
    if kind is str:
        if len(value) > 3 and (_names_secret(key) or (len(value) > 15 and _hinted(value))):
            _judge(value, key, path, found)
    elif kind is dict:
        if MARK in value:
            return
        deeper = (*path, key) if key else path
        for name, inner in value.items():
            kind = inner.__class__
            if kind is str:
                # Here, not by a call: texts are most of a state, and nearly all end at these two looks.
                if len(inner) > 3 and (_names_secret(name) or (len(inner) > 15 and _hinted(inner))):
                    _judge(inner, name, deeper, found)
            elif inner and (kind is dict or kind is list):
                _look(inner, name, deeper, found)
    elif kind is list:
        for inner in value:
            _look(inner, key, path, found)


def _hinted(text: str) -> bool:
    """Whether a text may hold a key of a known shape (`_SHAPED` decides)."""
    return (
        "AKIA" in text
        or "ASIA" in text
        or "AIza" in text
        or "ghp_" in text
        or "xox" in text
        or "-----BEGIN " in text
        or "AccountKey=" in text
    )


def _judge(text: str, key: str, path: tuple[str, ...], found: list[str]) -> None:
    """Note a text by whose name or looks it may be a secret, if it is one."""
    named = _names_secret(key) and text not in ("true", "false") and not _points(text)
    if named or (len(text) > 15 and _hinted(text) and _SHAPED.search(text)):
        found.append(".".join((*path, key)))


def _points(text: str) -> bool:
    return _REFERENCE.search(text) is not None or _is_mark(text)


def _is_mark(text: str) -> bool:
    """Whether a text is one of the engine's stand-ins (they look like UUIDs)."""
    return len(text) == 36 and text.count("-") == 4


def _leak(facts: Facts, _: Context) -> Outcome:
    if not facts.leaks or facts.leaks is UNKNOWN:
        return True
    listed = ", ".join(facts.leaks[:5])
    return Text(f"平文の場所: {listed}", f"in the clear at: {listed}")


def _pending(estate: Estate, _: Context) -> Answers:
    return [(None, Text(f"保留中: {urn}", f"pending: {urn}")) for urn in estate.pending] or [(None, True)]


rule(
    "STA-001",
    C,
    (),
    _leak,
    ("秘密を平文で状態に残さない", "No secret stands in the clear in the state"),
    ("状態を読める人すべてに、暗号化されずに渡ります。", "It goes to whoever reads the state, unencrypted."),
    (
        "値を取り除き、鍵を失効させ、クラウドの秘密の保管庫を使ってください。",
        "Remove it, revoke it, and use the cloud's secret store.",
    ),
    "pulumi.Output.secret(…) / secret store",
    SECRETS,
)
rule(
    "STA-002",
    H,
    [Kind.PROVIDER],
    must_not("credential.in_provider"),
    ("プロバイダーの設定に資格情報を書かない", "No credentials in provider settings"),
    ("資格情報は環境から、期限付きで渡します。", "Credentials come from the environment and expire."),
    ("OIDC の一時資格情報を使ってください。", "Use short-lived OIDC credentials."),
    'aws.Provider("aws", region=…)',
    SECRETS,
    clouds="aws azure google oci sakura",
)
rule(
    "STA-003",
    M,
    (),
    lambda f, _: None if f.state == "external" else f.state != "deleting",
    ("削除待ちのリソースを残さない", "Nothing waits to be deleted"),
    (
        "前回の実行が途中で終わっています。料金も権限も残ります。",
        "The last run did not finish; cost and permissions remain.",
    ),
    ("もう一度 up を実行してください。", "Run up again."),
    "./jichitai up CODE",
    CHANGE,
)
rule(
    "STA-004",
    M,
    (),
    _pending,
    ("保留中の操作を残さない", "No operation is pending"),
    ("何が作られたか、状態から分かりません。", "The state does not say what was made."),
    ("refresh してから up を実行してください。", "Run refresh, then up."),
    "./jichitai refresh CODE",
    CHANGE,
    stack=True,
)
rule(
    "STA-005",
    H,
    (),
    # Found by judging itself, when it cannot (`Session._unjudged`, notes of `check`).
    lambda _estate, _context: (),
    ("検査できないものを通さない", "Nothing passes that could not be judged"),
    (
        "検査されていないリソースは、規則に従っているか分かりません。",
        "Nobody knows whether what was not judged holds the rules.",
    ),
    (
        "示された原因を直してください。直せないときは jichitai の不具合として報告してください。",
        "Mend the cause that is named; if you cannot, report it as a fault of jichitai.",
    ),
    "./jichitai preview CODE",
    CHANGE,
    stack=True,
)
