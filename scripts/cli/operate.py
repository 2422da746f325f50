"""The commands that run the engine: preview, up, refresh, drift, destroy."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, cast

from scripts.cli import console as consoles
from scripts.cli import render
from scripts.cli.console import Console
from scripts.cli.exits import Exit, Trouble
from scripts.cli.options import Backend, Cloud, Full, Json, Key, Quiet, Tenant, Which, Yes, store_of, which
from scripts.cli.perform import exit_of, perform
from scripts.cli.session import Session, confirm, must_be_able_to_ask, opened
from scripts.engine.changes import shown
from scripts.engine.failures import failures_of
from scripts.engine.run import Run
from stacks.text import Text

WARNINGS = 5
"""Warnings that are shown; the log has them all."""


def preview(
    tenant: Tenant,
    environment: Which = None,
    cloud: Cloud = False,
    diff: Full = False,
    quiet: Quiet = False,
    json: Json = False,
    backend: Backend = "",
    key: Key = "",
) -> int:
    """See what `up` would do, without doing it."""
    console = consoles.begin(json=json, quiet=quiet)
    store = store_of(backend, key, cloud=cloud)
    with opened(console, tenant, which(environment), verb="preview", cloud=cloud, store=store) as session:
        run = perform(session, ["preview"], Text("変更の確認", "preview"), sure=False)
        _show_difference(session, run, full=diff, nothing=Text("変更はありません。", "nothing to change"))
        return _finish(session, "preview", run, _next(session, Text("実行する", "do it"), "up"))


def up(
    tenant: Tenant,
    environment: Which = None,
    cloud: Cloud = False,
    yes: Yes = False,
    diff: Full = False,
    quiet: Quiet = False,
    json: Json = False,
    backend: Backend = "",
    key: Key = "",
) -> int:
    """Build a tenant, or bring it up to date with its manifest."""
    console = consoles.begin(json=json, quiet=quiet)
    if cloud and not yes:
        must_be_able_to_ask()
    store = store_of(backend, key, cloud=cloud)
    with opened(console, tenant, which(environment), verb="up", cloud=cloud, store=store) as session:
        if cloud and not yes:
            planned = _planned(session)
            if planned.code != 0:
                return _finish(session, "up", planned, None)
            _show_difference(
                session, planned, full=diff, nothing=Text("変更はありません。", "nothing to change")
            )
            confirm(_question(session, Text("構築・更新します", "will be built or updated")), console)
        run = perform(session, ["up", "--skip-preview", "--yes"], Text("構築", "up"), sure=yes)
        if diff and not run.progress.errors:
            render.show_changes(console, list(run.progress.finished.values()), full=True)
        return _finish(session, "up", run, _next(session, Text("できたもの", "what came out"), "outputs"))


def refresh(
    tenant: Tenant,
    environment: Which = None,
    cloud: Cloud = False,
    yes: Yes = False,
    diff: Full = False,
    quiet: Quiet = False,
    json: Json = False,
    backend: Backend = "",
    key: Key = "",
) -> int:
    """Take what is real as the recorded state; the cloud is not changed."""
    console = consoles.begin(json=json, quiet=quiet)
    if cloud and not yes:
        must_be_able_to_ask()
    store = store_of(backend, key, cloud=cloud)
    with opened(
        console, tenant, which(environment), verb="refresh", cloud=cloud, built=True, store=store
    ) as session:
        if cloud and not yes:
            confirm(
                _question(session, Text("実際の姿を状態に取り込みます", "will be read into the state")),
                console,
            )
        run = perform(session, ["refresh", "--skip-preview", "--yes"], Text("照合", "refresh"), sure=yes)
        nothing = Text("状態は実際の姿と同じです。", "the state is what is real")
        _show_difference(session, run, full=diff, nothing=nothing)
        return _finish(session, "refresh", run, _next(session, Text("元に戻す", "put it back"), "up"))


def drift(
    tenant: Tenant,
    environment: Which = None,
    cloud: Cloud = False,
    diff: Full = False,
    quiet: Quiet = False,
    json: Json = False,
    backend: Backend = "",
    key: Key = "",
) -> int:
    """Show what was changed behind the engine's back. Exit code 4 when something was."""
    console = consoles.begin(json=json, quiet=quiet)
    store = store_of(backend, key, cloud=cloud)
    with opened(
        console, tenant, which(environment), verb="drift", cloud=cloud, built=True, store=store
    ) as session:
        run = perform(session, ["refresh", "--preview-only"], Text("照合", "drift"), sure=False)
        nothing = Text("外から変えられたものはありません。", "nothing was changed from outside")
        _show_difference(session, run, full=diff, nothing=nothing)
        found = bool(render.changed(run.progress.finished.values()))
        following = _next(session, Text("マニフェストどおりに戻す", "put it back as the manifest says"), "up")
        code = _finish(session, "drift", run, following if found else None, differs=found)
        return Exit.DIFFERENT if code == Exit.OK and found else code


def destroy(
    tenant: Tenant,
    environment: Which = None,
    cloud: Cloud = False,
    yes: Yes = False,
    quiet: Quiet = False,
    json: Json = False,
    backend: Backend = "",
    key: Key = "",
) -> int:
    """Tear a tenant down. Its manifest must say `protect: false`, and `up` must have run since."""
    console = consoles.begin(json=json, quiet=quiet)
    store = store_of(backend, key, cloud=cloud)
    with opened(
        console, tenant, which(environment), verb="destroy", cloud=cloud, built=True, store=store
    ) as session:
        if session.manifest.get("protect", True):
            raise _protected(session)
        if not yes and (cloud or session.target.environment == "production"):
            doomed = Text("すべて撤去します", "will be torn down, all of it")
            expected = session.target.code if session.target.environment == "production" else None
            confirm(_question(session, doomed), console, expected=expected)
        run = perform(session, ["destroy", "--skip-preview", "--yes"], Text("撤去", "destroy"), sure=yes)
        return _finish(session, "destroy", run, None)


def _planned(session: Session) -> Run:
    return perform(session, ["preview"], Text("変更の確認", "preview"), sure=False)


def _question(session: Session, what: Text) -> Text:
    units = ", ".join(f"{c} {part['unit']}" for c, part in session.manifest["clouds"].items())
    where = Text("実クラウド", "the real cloud") if session.where == "cloud" else Text("ツイン", "the twin")
    return Text(
        ja=f"{where.ja}の {session.stack}（{units}）を{what.ja}。よろしいですか",
        en=f"{session.stack} ({units}) on {where.en} {what.en}. Go ahead",
    )


def _protected(session: Session) -> Trouble:
    return Trouble(
        Exit.REFUSED,
        Text(
            ja=f"{session.stack} は削除保護が有効です。何もしていません。",
            en=f"{session.stack} is protected against deletion; nothing was done",
        ),
        where=f"{session.workspace.tenant_file(session.stack).relative_to(session.workspace.repo)}: protect",
        do=Text(
            ja=f"マニフェストを protect: false にし、{_command(session, 'up')} してから、"
            "もう一度実行してください。",
            en=f"Set `protect: false` in the manifest, run {_command(session, 'up')}, and then this again.",
        ),
    )


def _command(session: Session, verb: str) -> str:
    return f"./jichitai {verb} {session.stack}{' --cloud' if session.where == 'cloud' else ''}"


def _next(session: Session, what: Text, verb: str) -> Text:
    return Text(
        ja=f"次に: {_command(session, verb)}（{what.ja}）", en=f"next: {_command(session, verb)} ({what.en})"
    )


def _show_difference(session: Session, run: Run, *, full: bool, nothing: Text) -> None:
    steps = render.changed(run.progress.finished.values())
    if steps:
        render.show_changes(session.console, steps, full=full)
        session.console.line("")
    elif run.code == 0:
        session.console.line(nothing)


def _finish(session: Session, verb: str, run: Run, following: Text | None, *, differs: bool = False) -> int:
    """Show how a run ended, in the form that was asked for; the exit code."""
    console = session.console
    failures = failures_of(run.progress, run.said, run.code)
    if run.stopped:  # what was cut off because the user asked for it is no failure
        failures = tuple(f for f in failures if f.cause != "cancelled")
    code = exit_of(run, failures, session)
    outputs = cast("Mapping[str, Any]", shown(dict(run.progress.outputs or {})))
    seconds = time.monotonic() - console.began
    if run.progress.counts:
        console.show(render.summary_table(run.progress, console))
    render.show_failures(console, failures, str(run.log))
    if verb == "up" and code == Exit.OK and isinstance(outputs.get("tenant"), dict):
        console.line("")
        render.show_tenant(console, outputs["tenant"])
    _close(console, session, verb, run, code, seconds)
    if following is not None and code == Exit.OK:
        console.say(following)
    if console.json:
        console.document(
            {
                "command": verb,
                "stack": session.stack,
                "target": session.where,
                "result": "stopped" if run.stopped else "succeeded" if code == Exit.OK else "failed",
                "exit": int(Exit.DIFFERENT if differs and code == Exit.OK else code),
                "seconds": round(seconds, 2),
                "engine_seconds": round(run.seconds, 2),
                "resources": run.progress.done,
                "counts": dict(run.progress.summary.changes) if run.progress.summary else {},
                "layers": render.layers_record(run.progress),
                "changes": render.changes_record(run.progress.finished.values()),
                "outputs": outputs,
                "failures": [f.record() for f in failures],
                "warnings": [d.message for d in run.progress.said if d.severity == "warning"],
                "log": str(run.log),
            }
        )
    return code


def _close(console: Console, session: Session, verb: str, run: Run, code: Exit, seconds: float) -> None:
    warnings = list(dict.fromkeys(d.message for d in run.progress.said if d.severity == "warning"))
    for message in warnings[:WARNINGS]:
        console.say(message, "warning")
    if (rest := len(warnings) - WARNINGS) > 0:
        more = Text(
            ja=f"ほか {rest} 件の警告がログにあります: {run.log}", en=f"{rest} more warnings: {run.log}"
        )
        console.say(more, "warning")
    count = run.progress.done
    console.told = True
    if code == Exit.OK:
        console.say(
            Text(
                ja=f"{session.stack}: {verb} 完了（{count} リソース、{seconds:.1f} 秒）",
                en=f"{session.stack}: {verb} done ({count} resources, {seconds:.1f} s)",
            ),
            "good",
        )
    elif code == Exit.INTERRUPTED:
        console.say(
            Text(
                ja=f"{session.stack}: 止めました。{count} リソースまで済み、状態は保存済みです。"
                f"続きは {_command(session, verb)}",
                en=f"{session.stack}: stopped after {count} resources; the state is saved."
                f" To go on: {_command(session, verb)}",
            ),
            "warning",
        )
    else:
        console.say(
            Text(
                ja=f"{session.stack}: {verb} は失敗しました（{count} リソースは済み、{seconds:.1f} 秒）。"
                f"ログ: {run.log}",
                en=f"{session.stack}: {verb} failed ({count} resources done, {seconds:.1f} s)."
                f" Log: {run.log}",
            ),
            "bad",
        )
