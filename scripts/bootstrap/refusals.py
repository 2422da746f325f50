"""Why a run ends before its end, as people need it: what, where, why, and what to do.

A credential whose retirement has begun is refused by the cloud like any other that is wrong. The evidence
knows better, and so the refusal says that it was meant, and by which way somebody else goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.bootstrap.evidence import Chain
from scripts.bootstrap.run import BlockedError, FailedError
from scripts.bootstrap.steps import Cloud, Settings
from scripts.cli.exits import Exit, Trouble
from stacks.text import Text

REFUSED = frozenset({"expired", "invalid", "denied"})
"""What a cloud answers a credential that was retired: unknown, or known and without any right."""


def retirement(chain: Chain, cloud: Cloud[Any]) -> Mapping[str, Any] | None:
    """The record with which the retirement of the first credential began; None where it has not."""
    final = next((s.id for s in cloud.steps if s.final), "")
    return chain.last(final, "begin")


def retired(chain: Chain, cloud: Cloud[Any], settings: Settings) -> Text | None:
    """That the first credential is, or may be, gone by now, and who goes on; None where it is not."""
    begun = retirement(chain, cloud)
    if begun is None:
        return None
    step, who, at = begun["step"], begun["who"], str(begun["at"])[:19]
    done = chain.last(step, "done")
    way = cloud.successor(settings, begun)
    if done is not None and int(done["n"]) > int(begun["n"]):
        return Text(
            f"証跡によると、{who} は手順 {step} で廃止済みです（{done['at'][:19]} UTC）。{way.ja}",
            f"By the evidence, {who} was retired by the step {step} ({done['at'][:19]} UTC). {way.en}",
        )
    return Text(
        f"証跡によると、{who} を廃止する手順 {step} が {at} UTC に始まり、終わっていません。"
        f"その認証情報はもう使えません。{way.ja}",
        f"By the evidence, the step {step}, which retires {who}, began at {at} UTC and did not come to its "
        f"end: that credential is refused now. {way.en}",
    )


def blocked(error: BlockedError, settings: Settings, gone: Text | None) -> Trouble:
    """Everything that stands in the way, at once. `gone` is what `retired` says."""
    ja: list[str] = []
    en: list[str] = []
    for step, problem in error.problems:
        ja.append(f"{step}: {problem.what.ja} {problem.do.ja}")
        en.append(f"{step}: {problem.what.en}. {problem.do.en}")
    if error.missing:
        ja.append("足りない権限: " + ", ".join(error.missing))
        en.append("missing permissions: " + ", ".join(error.missing))
    unseen = bool(error.missing) or any(p.kind in ("wrong_unit", "impossible") for _, p in error.problems)
    mend = Text("上のすべてを直してから、もう一度実行してください。", "Mend all of this, then run it again.")
    return Trouble(
        Exit.REFUSED,
        Text("このままでは進めません。", "the bootstrap cannot go on"),
        where=f"{settings.cloud} {settings.unit} ({settings.stack})",
        why=Text("\n".join(ja), "\n".join(en)),
        do=gone if gone is not None and unseen else mend,
        details={
            "problems": [
                {
                    "step": step,
                    "kind": problem.kind,
                    "what": {"ja": problem.what.ja, "en": problem.what.en},
                    "do": {"ja": problem.do.ja, "en": problem.do.en},
                }
                for step, problem in error.problems
            ],
            "missing_permissions": list(error.missing),
            "retirement_begun": gone is not None,
        },
    )


def failed(error: FailedError, settings: Settings, gone: Text | None, *, changed: bool) -> Trouble:
    """What failed, and that it can be gone on with. `gone` is what `retired` says."""
    failure = error.failure
    step = error.step.id if error.step is not None else "whoami"
    if gone is not None and failure.kind in REFUSED:
        do = gone
    elif changed:
        do = Text(
            "ここまでは済んでいます。原因を直して同じコマンドを実行すると、続きから始めます。",
            "What was done is kept. Mend the cause and run the same command: it goes on from here.",
        )
    else:
        do = Text(
            "何も変えていません。原因を直して、もう一度実行してください。",
            "Nothing was changed. Mend the cause and run this again.",
        )
    operation = f" {error.operation}" if error.operation else ""
    return Trouble(
        Exit.FAILED if changed else Exit.REFUSED,
        failure.text,
        where=f"{settings.cloud} {settings.unit}: {step}{operation}",
        do=do,
        details={
            "step": step,
            "kind": failure.kind,
            "request_id": failure.request_id or None,
            "retirement_begun": gone is not None,
        },
    )
