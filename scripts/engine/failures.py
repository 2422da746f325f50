"""What went wrong in a run, and what to do about it: from the engine's words to ours.

One table. The first line whose pattern is in the message wins; the provider's own message is kept
beside our words, since it is what people search for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from scripts.engine.events import Diagnostic, Place, place_of
from scripts.engine.progress import Progress
from stacks.text import Text

Cause = Literal[
    "stopped",
    "policy",
    "cancelled",
    "program",
    "passphrase",
    "disk",
    "plugin",
    "provider",
    "transient",
    "denied",
    "exists",
    "quota",
    "in_use",
    "protected",
    "refused",
    "engine",
]


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure: what happened, where (None: the run as a whole), why in its source's words, what to do."""

    cause: Cause
    what: Text
    place: Place | None
    why: str
    do: Text

    def record(self) -> dict[str, object]:
        """The failure for JSON, both languages in it."""
        return {
            "cause": self.cause,
            "what": {"ja": self.what.ja, "en": self.what.en},
            "layer": self.place.layer if self.place else None,
            "type": self.place.type if self.place else None,
            "resource": self.place.name if self.place else None,
            "why": self.why,
            "do": {"ja": self.do.ja, "en": self.do.en},
        }


_AGAIN = Text(
    ja="しばらくしてから同じコマンドをもう一度実行してください。できた分は残っており、続きから進みます。",
    en="Run the same command again in a while: what was made is kept, and it goes on from there.",
)

_TABLE: tuple[tuple[Cause, str, Text, Text], ...] = (
    (
        "policy",
        r"\Apolicy [A-Z]{2,5}-\d{3}: ",
        Text(ja="ポリシーに反しています。", en="A policy forbids this."),
        Text(
            ja="対処に従って直すか、承認を得てマニフェストの exceptions に期限つきで書いてください。",
            en="Mend it as the policy says, or have it approved and write it under `exceptions`,"
            " with an expiry.",
        ),
    ),
    (
        "disk",
        r"no space left on device|disk quota exceeded|database or disk is full",
        Text(ja="ディスクに空きがありません。", en="The disk is full."),
        Text(
            ja="空きを作ってから同じコマンドをもう一度実行してください。書き込めた分の状態は残っています。",
            en="Free some space and run the same command again: what could be written is kept.",
        ),
    ),
    (
        "cancelled",
        r"RequestCanceled|context canceled|code = Canceled",
        Text(ja="途中で止められました。", en="It was stopped half way."),
        Text(
            ja="同じコマンドをもう一度実行してください。続きから進みます。",
            en="Run the same command again: it goes on from there.",
        ),
    ),
    (
        "passphrase",
        r"incorrect passphrase|passphrase must be set|unable to find either",
        Text(ja="スタックのパスフレーズが違います。", en="The passphrase does not open this stack."),
        Text(
            ja="PULUMI_CONFIG_PASSPHRASE(_FILE) を設定しているなら正しいものにするか外してください。"
            "なければ .jichitai/passphrase が、状態を作ったときのものではありません。",
            en="Correct or unset PULUMI_CONFIG_PASSPHRASE(_FILE) if you set it; otherwise"
            " .jichitai/passphrase is not the one that the state was made with.",
        ),
    ),
    (
        "plugin",
        r"download(?:ing)? .*plugin|no resource plugin|plugin .*(?:not found|could not be found)",
        Text(
            ja="クラウドのプロバイダープラグインを取得できません。",
            en="The cloud's provider plugin cannot be fetched.",
        ),
        Text(
            ja="ネットワークとプロキシ（HTTPS_PROXY）を確かめてください。取得先に届かない網では、"
            "別の機械で取得して入れます（docs/plain-pulumi.md）。ツインにはプラグインは要りません。",
            en="Check the network and the proxy (HTTPS_PROXY). Where the download site cannot be reached,"
            " fetch it elsewhere and install it (docs/plain-pulumi.md). The twin needs no plugin.",
        ),
    ),
    (
        "provider",
        r"did not begin responding to RPC|connection refused|code = Unavailable|error reading from server"
        r"|transport is closing|connection reset by peer|the plugin .*exited|broken pipe",
        Text(
            ja="プロバイダー（ツインまたはクラウドのプラグイン）との接続が切れました。",
            en="The provider (the twin, or the cloud's plugin) went away.",
        ),
        Text(
            ja="同じコマンドをもう一度実行してください。ツインは自動で起動し、途中から続きます。状態は残っています。",
            en="Run the same command again: the twin is started by itself and the run goes on."
            " The state is kept.",
        ),
    ),
    (
        "transient",
        r"Throttl|TooManyRequests|Rate ?exceeded|RequestLimitExceeded|SlowDown|ServiceUnavailable"
        r"|InternalError|InternalFailure|InternalServer|StatusCode: 5\d\d|RequestTimeout|deadline exceeded"
        r"|code = Deadline|Client\.Timeout",
        Text(
            ja="クラウドが混み合っているか、一時的に応じませんでした。",
            en="The cloud was too busy, or did not answer for a moment.",
        ),
        _AGAIN,
    ),
    (
        "denied",
        r"AccessDenied|UnauthorizedOperation|not authorized|explicit deny|ExpiredToken|InvalidClientTokenId"
        r"|no valid credential|AllowedAccountIds|account ID not allowed",
        Text(
            ja="この操作の権限がないか、別のユニットの認証情報です。",
            en="Not permitted, or the credentials lead to another unit.",
        ),
        Text(
            ja="引き渡されたアカウントの、管理者ロールの認証情報か確かめてください。"
            "国内以外のリージョンは、組織のポリシーで拒否されます。",
            en="Check that the credentials are of the administrator role in the account that was handed over."
            " Regions outside Japan are denied by the organisation.",
        ),
    ),
    (
        "in_use",
        r"DependencyViolation|InUse|in use|NotEmpty|HasDependent|cannot be deleted because|ResourceInUse",
        Text(ja="ほかのものから使われているため消せません。", en="It is in use by something else."),
        Text(
            ja="使っているものを先に外してください。このスタックの外で作られたものは、`drift` に出ません。",
            en="Remove what uses it first. What was made outside this stack is not shown by `drift`.",
        ),
    ),
    (
        "protected",
        r"deletion ?protection|DeletionProtection|is protected|InvalidParameterCombination.*protect"
        r"|DisableApiTermination|OperationNotPermitted.*terminat|unless it is unprotected",
        Text(ja="削除保護が有効です。", en="It is protected against deletion."),
        Text(
            ja="マニフェストの protect を false にし、`up` してから `destroy` してください。",
            en="Set `protect: false` in the manifest, `up`, and then `destroy`.",
        ),
    ),
    (
        "quota",
        r"LimitExceeded|QuotaExceeded|MaxNumberOf|TooMany(?!Requests)|limit .*reached|ServiceQuota",
        Text(
            ja="クラウドの上限（クォータ）に達しました。", en="A limit (quota) of the cloud has been reached."
        ),
        Text(
            ja="上限の引き上げを申請するか、使っていないものを消してください。",
            en="Ask for a higher limit, or delete what is not used.",
        ),
    ),
    (
        "exists",
        r"AlreadyExists|EntityAlreadyExists|BucketAlready|Duplicate|already exists|already subscribed"
        r"|\.Conflict",
        Text(
            ja="同じ名前または同じ範囲のものが、すでにあります。",
            en="Something of that name or range exists already.",
        ),
        Text(
            ja="基盤の設定なら、マニフェストの baseline で adopted にしてください。それ以外は、"
            "このスタックのものでないことを確かめて、消すか名前を変えてください。",
            en="For a part of the baseline, make it `adopted` in the manifest. Otherwise see that it is not"
            " this stack's, and delete or rename it.",
        ),
    ),
)

_REFUSED = Text(ja="クラウドが受け付けませんでした。", en="The cloud refused it.")
_REFUSED_DO = Text(
    ja="理由を読んでマニフェストを直し、もう一度実行してください。できた分は残っています。",
    en="Mend the manifest by the reason given and run it again: what was made is kept.",
)
_PROGRAM = Text(
    ja="Jichitai のプログラムが例外で止まりました（不具合です）。",
    en="Jichitai's own program stopped with an exception: a bug.",
)
_SAID = Text(ja="プログラムが止まりました。", en="The program stopped.")
_SAID_DO = Text(
    ja="書かれていることを直して、もう一度実行してください。できた分は残っています。",
    en="Mend what it names and run it again: what was made is kept.",
)
_ENGINE = Text(ja="エンジンが止まりました。", en="The engine stopped.")
_ENGINE_DO = Text(
    ja="`./jichitai doctor` で環境を確かめ、もう一度実行してください。",
    en="Check the machine with `./jichitai doctor` and run it again.",
)

_DEFAULTS: dict[str, Cause] = {_REFUSED.en: "refused", _SAID.en: "stopped", _ENGINE.en: "engine"}

# What the engine adds when something else has failed already, and tells nobody anything.
_NOISE = re.compile(
    r"^(?:error: )?(?:update|preview|refresh|destroy) (?:failed|canceled|cancelled)"
    r"|^an unhandled error occurred: "
    r"|^(?:error: )?resource operation failed|^update cancell?ed"
)
_TRACE = "Traceback (most recent call last)"
# A question to the provider (an invoke) that it refused ends the program as an exception does.
_INVOKE = re.compile(r"^Exception: invoke of \S+ failed: (.*)")
_WRAPPING = re.compile(
    r"^(?:Preview failed: )?(?:error: )?(?:rpc error: code = \w+ desc = )?(?:\d+ errors? occurred:\s*\*?\s*)?"
)


def failures_of(progress: Progress, said: str, code: int) -> tuple[Failure, ...]:
    """Every failure of a run, each once: the resources' own, then the program's, then the engine's.

    `said` is the engine's standard error, `code` its exit code. Empty only if `code` is 0 or the
    run was stopped before anything failed.
    """
    found = list(_from_diagnostics(progress.errors))
    if code != 0 and not found:
        found += _from_stderr(said)
    # When one step fails the engine calls off those beside it: they are no news.
    causes = [f for f in found if f.cause != "cancelled"]
    return tuple(dict.fromkeys(causes or found))


def is_news(message: str) -> bool:
    """Whether a failing step is worth a line while the others go on: what was called off is not."""
    return _judge(message, None, (_REFUSED, _REFUSED_DO)).cause != "cancelled"


def last_line(trace: str) -> str:
    """The line of a Python traceback that says what happened."""
    return next((line.strip() for line in reversed(trace.splitlines()) if line.strip()), trace)


def _from_diagnostics(errors: Sequence[Diagnostic]) -> Iterator[Failure]:
    for said in errors:
        if _NOISE.match(said.message):
            continue
        place = place_of(said.urn) if said.urn else None
        if _TRACE in said.message:
            invoke = _INVOKE.match(last_line(said.message))
            yield _judge(invoke[1], None, (_REFUSED, _REFUSED_DO)) if invoke else _bug(said.message, place)
        else:
            yield _judge(said.message, place, (_REFUSED, _REFUSED_DO) if place else (_SAID, _SAID_DO))


def _from_stderr(said: str) -> Iterator[Failure]:
    if _TRACE in said:
        yield _bug(said, None)
        return
    blocks = [block for block in re.split(r"(?m)^(?=error: )", said) if block.startswith("error: ")]
    for block in blocks or [said.strip()[-500:]]:
        if not _NOISE.match(block):
            yield _judge(block, None, (_ENGINE, _ENGINE_DO))


def _bug(message: str, place: Place | None) -> Failure:
    do = Text(
        ja="全文はログにあります。マニフェストとログを添えて知らせてください。",
        en="The log has all of it: please report it with the manifest and the log.",
    )
    return Failure("program", _PROGRAM, place, last_line(message), do)


def _judge(message: str, place: Place | None, default: tuple[Text, Text]) -> Failure:
    why = _WRAPPING.sub("", message.strip()).strip()
    for cause, pattern, what, do in _TABLE:
        if re.search(pattern, why, re.IGNORECASE if cause in ("disk", "provider") else 0):
            return Failure(cause, what, place, why, do)
    cause_ = _DEFAULTS[default[0].en]
    return Failure(cause_, default[0], place, why, default[1])
