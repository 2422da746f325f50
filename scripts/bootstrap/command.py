"""One run of the command: look, ask, do, tell; and every way in which it may end, as people need it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.bootstrap import refusals, show
from scripts.bootstrap.evidence import Chain, unit_of
from scripts.bootstrap.evidence import verify as breaks_of
from scripts.bootstrap.run import BlockedError, FailedError, Outcome, Runner
from scripts.bootstrap.steps import Cloud, Settings, Step
from scripts.cli.console import Console
from scripts.cli.exits import Exit, Trouble
from scripts.cli.session import confirm
from scripts.engine.places import REPO, private
from stacks.registry.clouds import CLOUDS
from stacks.text import Text

NEEDS_MORE = frozenset({"azure", "google", "oci"})
"""Clouds whose SDKs are in requirements-bootstrap.lock."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for."""

    plan: bool
    steps: tuple[str, ...]
    start: str | None
    undo: str | None
    yes: bool


def evidence_of(cloud: str, stack: str) -> Path:
    """The file of a unit's evidence."""
    return private(REPO) / "evidence" / cloud / f"{stack}.jsonl"


def module_of(cloud: str) -> Cloud[Any]:
    """A cloud's module."""
    from importlib import import_module

    return import_module(f"scripts.bootstrap.{cloud}").CLOUD


def run_steps(console: Console, settings: Settings, wanted: Wanted) -> int:
    """Do what the command line asks for; the exit code. Raises Trouble."""
    if settings.cloud in NEEDS_MORE:
        _more()
    cloud = module_of(settings.cloud)
    steps = _selected(cloud.steps, wanted)
    file = evidence_of(settings.cloud, settings.stack)
    chain = Chain(file, f"{settings.cloud} {settings.unit}")
    _must_be_whole(chain)
    runner: Runner[Any] = Runner(cloud, settings, chain, show.Progress(console))
    try:
        if wanted.undo is not None:
            return _undo(console, runner, steps[0], settings, yes=wanted.yes)
        return _forward(console, runner, steps, settings, wanted)
    except BlockedError as error:
        raise refusals.blocked(error, settings, refusals.retired(chain, cloud, settings)) from error
    except FailedError as error:
        gone, changed = refusals.retired(chain, cloud, settings), runner.recorder.changes_since(0) != []
        raise refusals.failed(error, settings, gone, changed=changed) from error


def _more() -> None:
    """The SDKs that the common environment is without. Raises Trouble."""
    from scripts.setup.more import ensure
    from scripts.setup.venv import SetupError

    try:
        ensure()
    except SetupError as error:
        raise Trouble(
            Exit.ENGINE, Text("SDK を用意できません。", "the SDKs cannot be had"), why=error.text
        ) from None


def _forward(
    console: Console, runner: Runner[Any], steps: Sequence[Step[Any]], settings: Settings, wanted: Wanted
) -> int:
    outcome = runner.survey(steps)
    if wanted.plan:
        show.plan(console, outcome)
        show.notes(console, outcome)
        return _finish(console, outcome, settings, "planned", Exit.OK)
    if outcome.pending:
        calls = sum(len(s.before.calls) for s in outcome.pending)
        if not wanted.yes:
            if not console.json:
                show.plan(console, outcome)
            _ask(console, settings, calls)
        outcome = runner.apply(outcome, _final_question(console, settings, yes=wanted.yes))
    show.notes(console, outcome)
    if outcome.waiting is not None:
        why = (outcome.waiting.after or outcome.waiting.before).waiting
        console.say(why or Text("待っています。", "waiting"), "warning")
        return _finish(console, outcome, settings, "waiting", Exit.WAITING)
    result = "succeeded" if outcome.changed else "nothing"
    return _finish(console, outcome, settings, result, Exit.OK)


def _ask(console: Console, settings: Settings, calls: int) -> None:
    unit = f"{CLOUDS[settings.cloud].unit_title.ja} {settings.unit}"
    unit_en = f"{CLOUDS[settings.cloud].unit_title.en} {settings.unit}"
    confirm(
        Text(
            f"{settings.stack}（{unit}）に {calls} 件の変更をします。よろしいですか",
            f"{calls} calls will change {settings.stack} ({unit_en}). Go ahead",
        ),
        console,
    )


def _final_question(console: Console, settings: Settings, *, yes: bool) -> Callable[[Step[Any]], None]:
    def ask(step: Step[Any]) -> None:
        if yes:
            return
            confirm(
                Text(
                    f"{step.title.ja}: 使用中の認証情報はもう使えなくなります。団体コードを入力してください",
                    f"{step.title.en}: the credential in use stops working for good. Type the code",
                ),
                console,
                expected=settings.code,
            )

    return ask


def _undo(console: Console, runner: Runner[Any], step: Step[Any], settings: Settings, *, yes: bool) -> int:
    if not yes:
        confirm(
            Text(
                f"{settings.stack} の手順「{step.title.ja}」を取り消します。よろしいですか",
                f"the step “{step.title.en}” of {settings.stack} is taken back. Go ahead",
            ),
            console,
        )
    calls = runner.undo(step)
    said = (
        Text(
            f"{step.title.ja}: {calls} 件の呼び出しで取り消しました。",
            f"{step.title.en}: undone by {calls} calls",
        )
        if calls
        else Text(
            f"{step.title.ja}: 取り消すものがありません。", f"{step.title.en}: there is nothing to undo"
        )
    )
    console.say(said, "good")
    if console.json:
        console.document({"command": "bootstrap", "undone": step.id, "calls": calls, "exit": 0})
    return Exit.OK


def _finish(console: Console, outcome: Outcome[Any], settings: Settings, result: str, code: Exit) -> int:
    file = evidence_of(settings.cloud, settings.stack)
    if file.exists() and result != "planned":
        write_sheet(file, file.with_suffix(".html"), settings.cloud, settings.stack)
    seconds = time.monotonic() - console.began
    said = {
        "planned": Text(
            f"計画のみ。何も変えていません（{seconds:.1f} 秒）。",
            f"a plan only; nothing was changed ({seconds:.1f} s)",
        ),
        "nothing": Text(
            f"すべて済んでいます。何も変えていません（{seconds:.1f} 秒）。",
            f"everything is as it should be; nothing was changed ({seconds:.1f} s)",
        ),
        "succeeded": Text(
            f"完了（{outcome.changed} 件の変更、{seconds:.1f} 秒）。引継書: {file.with_suffix('.html')}",
            f"done ({outcome.changed} changes, {seconds:.1f} s); sheet: {file.with_suffix('.html')}",
        ),
        "waiting": Text(
            f"ここまで済み（{outcome.changed} 件の変更、{seconds:.1f} 秒）。続きは上の案内のあとで。",
            f"done as far as it goes ({outcome.changed} changes, {seconds:.1f} s); go on as said above",
        ),
    }[result]
    console.told = True
    console.say(said, "warning" if result == "waiting" else "good")
    if code == Exit.OK and result != "planned":
        _next(console, outcome, settings)
    if console.json:
        console.document(
            {
                "command": "bootstrap",
                "cloud": settings.cloud,
                "stack": settings.stack,
                "unit": settings.unit,
                "identity": outcome.identity.id,
                "result": result,
                "exit": int(code),
                "changed": outcome.changed,
                "requests": outcome.requests,
                "seconds": round(seconds, 2),
                "steps": show.records(outcome),
                "evidence": str(file) if file.exists() else None,
            }
        )
    return code


def _next(console: Console, outcome: Outcome[Any], settings: Settings) -> None:
    """How the store and the key are used, where the steps say what they are called."""
    facts: dict[str, Any] = {}
    for looked in outcome.steps:
        facts |= (looked.after or looked.before).facts
    backend, key = facts.get("backend"), facts.get("secrets_provider")
    if backend:
        line = f"./jichitai up {settings.stack} --cloud"
        if key == "passphrase":
            # Neither Pulumi nor a federated token can open that store: its key and passphrase are lent.
            line = f"./jichitai bootstrap lend {settings.cloud} {settings.stack} -- {line}"
        else:
            line += f" --backend '{backend}'" + (f" --secrets-provider '{key}'" if key else "")
        console.say(Text(f"次に（パイプラインで）: {line}", f"next, in the pipeline: {line}"))


def _selected(steps: Sequence[Step[Any]], wanted: Wanted) -> list[Step[Any]]:
    """The steps that were asked for, in their order. Raises Trouble for one that there is not."""
    names = [s.id for s in steps]
    asked = [
        *wanted.steps,
        *([wanted.start] if wanted.start else []),
        *([wanted.undo] if wanted.undo else []),
    ]
    for name in asked:
        if name not in names:
            from stacks.problems import nearest

            near = nearest(name, names)
            raise Trouble(
                Exit.USAGE,
                Text(f"手順「{name}」はありません。", f"there is no step {name}"),
                why=Text("手順: " + ", ".join(names), "steps: " + ", ".join(names)),
                do=Text(f"「{near}」ではありませんか。", f"Did you mean {near}?") if near else None,
            )
    if wanted.undo:
        return [s for s in steps if s.id == wanted.undo]
    if wanted.steps:
        return [s for s in steps if s.id in wanted.steps]
    return list(steps[names.index(wanted.start) :]) if wanted.start else list(steps)


def _must_be_whole(chain: Chain) -> None:
    """A chain that somebody has changed is not gone on with: the run would vouch for it. A line that a
    crash cut off is mended by the next record."""
    if breaks := breaks_of(chain.lines(), chain.unit):
        raise Trouble(
            Exit.REFUSED,
            Text("証跡の連鎖が切れています。何もしていません。", "the evidence is broken; nothing was done"),
            where=f"{chain.file}:{breaks[0].line}",
            why=breaks[0].what,
            do=Text(
                "状態の置き場にある写しと比べ、書き換えた人と理由を確かめてから、写しを戻してください。",
                "Compare it with the copy in the state store, find out who changed it, put the copy back.",
            ),
        )


def write_sheet(file: Path, output: Path, cloud: str, stack: str) -> None:
    """Write the hand-over sheet of the evidence in `file`. Raises Trouble."""
    from datetime import UTC, datetime

    from scripts.bootstrap.sheet import html

    chain = Chain(file, unit_of(file))
    made = datetime.now(UTC).isoformat(timespec="seconds")
    steps = module_of(cloud).steps
    page = html(chain.unit, stack, chain.lines(), chain.problems(), steps, made)
    try:
        output.write_text(page, encoding="utf-8")
    except OSError as error:
        raise Trouble(
            Exit.USAGE,
            Text("引継書を書けません。", "the sheet cannot be written"),
            where=str(output),
            why=error.strerror,
        ) from None
