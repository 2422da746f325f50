"""`./jichitai bootstrap`: from the administrator that was handed over to a pipeline that needs none."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.cli import console as consoles
from scripts.cli.console import Console
from scripts.cli.exits import Exit, Trouble
from scripts.cli.lend import lend
from scripts.cli.options import Json, Quiet, Tenant, Which, Yes, which
from scripts.engine.places import REPO, private
from stacks.registry.clouds import CLOUDS, CloudName
from stacks.text import Text, language_of

if TYPE_CHECKING:
    from scripts.bootstrap.steps import Settings

_SAY = language_of()
app = typer.Typer(
    name="bootstrap",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _help(ja: str, en: str) -> str:
    return Text(ja, en).say(_SAY)


def _command(cloud: CloudName) -> Callable[..., int]:
    def run(
        tenant: Tenant,
        environment: Which = None,
        plan: Annotated[
            bool,
            typer.Option(
                "--plan", help=_help("呼び出しをすべて示し、何も変えない", "Show every call, make none")
            ),
        ] = False,
        step: Annotated[
            list[str] | None,
            typer.Option("--step", help=_help("この手順だけ（複数可）", "Only this step (repeatable)")),
        ] = None,
        start: Annotated[
            str | None, typer.Option("--from", help=_help("この手順から", "From this step on"))
        ] = None,
        undo: Annotated[
            str | None,
            typer.Option("--undo", help=_help("この手順を取り消す", "Take this step back")),
        ] = None,
        issuer: Annotated[
            str | None,
            typer.Option(
                "--issuer",
                metavar="github|gitlab|URL",
                help=_help("パイプラインの OIDC 発行者", "The pipeline's OIDC issuer"),
            ),
        ] = None,
        subject: Annotated[
            list[str] | None,
            typer.Option(
                "--subject",
                help=_help("デプロイしてよい sub（完全一致、複数可）", "A subject that may deploy, in full"),
            ),
        ] = None,
        audience: Annotated[
            str | None,
            typer.Option("--audience", help=_help("aud（既定はクラウドごと）", "The audience")),
        ] = None,
        token_file: Annotated[
            str,
            typer.Option(
                "--token-file",
                help=_help("パイプラインの OIDC トークンのファイル", "A file with the pipeline's OIDC token"),
            ),
        ] = "",
        option: Annotated[
            list[str] | None,
            typer.Option(
                "--set", metavar="NAME=VALUE", help=_help("クラウドごとの指定", "A cloud's own option")
            ),
        ] = None,
        yes: Yes = False,
        quiet: Quiet = False,
        json: Json = False,
    ) -> int:
        console = consoles.begin(json=json, quiet=quiet)
        from scripts.bootstrap.command import Wanted, run_steps

        wanted = Wanted(plan, tuple(step or ()), start, undo, yes)
        with _opened(console, cloud, tenant, environment) as (stack, manifest):
            settings = _settings(
                cloud, stack, manifest, (issuer, subject or [], audience), token_file, option or []
            )
            return run_steps(console, settings, wanted)

    run.__doc__ = f"Bootstrap a unit of {CLOUDS[cloud].title.en}."
    return run


for _name in CLOUDS:
    _title = CLOUDS[_name].title
    app.command(
        _name,
        help=_help(
            f"{_title.ja} のユニットを、パイプラインだけで運用できる状態にする",
            f"Take a unit of {_title.en} to where a pipeline is all it needs",
        ),
    )(_command(_name))


@app.command("verify", help=_help("証跡の連鎖を確かめる", "Check the chain of the evidence"))
def verify(
    tenant: Annotated[
        str | None,
        typer.Argument(metavar="[TENANT]", help=_help("既定はすべて", "Default: all"), show_default=False),
    ] = None,
    environment: Which = None,
    json: Json = False,
) -> int:
    """Check every chain, or a tenant's; exit code 4 where one is broken, 2 where there is none."""
    console = consoles.begin(json=json)
    from scripts.cli.session import find_target

    stack = find_target(tenant, which(environment), "bootstrap verify").stack if tenant else "*"
    files = sorted((private(REPO) / "evidence").glob(f"*/{stack}.jsonl"))
    if not files:
        raise Trouble(
            Exit.USAGE,
            Text("証跡がまだありません。", "there is no evidence yet"),
            where=str(private(REPO) / "evidence"),
            do=Text("先に ./jichitai bootstrap を実行してください。", "Run ./jichitai bootstrap first."),
        )
    found = [_verified(console, file) for file in files]
    if json:
        console.document({"command": "bootstrap verify", "chains": found})
    return Exit.DIFFERENT if any(chain["breaks"] for chain in found) else Exit.OK


def _verified(console: Console, file: Path) -> dict[str, Any]:
    from scripts.bootstrap.evidence import Chain, digest, unit_of

    chain = Chain(file, unit_of(file))
    breaks, lines = chain.problems(), chain.lines()
    head = digest(lines[-1]) if lines else ""
    name = f"{file.parent.name} {file.stem}"
    if breaks:
        console.line(
            Text(f"{name}: {len(breaks)} か所で切れています", f"{name}: broken in {len(breaks)} places")
        )
        for one in breaks:
            console.line(Text(f"  {one.line} 行目: {one.what.ja}", f"  line {one.line}: {one.what.en}"))
    else:
        console.line(
            Text(
                f"{name}: {len(lines)} 行、つながっています。末尾 {head}",
                f"{name}: {len(lines)} lines, whole; head {head}",
            )
        )
    return {
        "file": str(file),
        "unit": chain.unit,
        "lines": len(lines),
        "head": head,
        "breaks": [{"line": b.line, "what": {"ja": b.what.ja, "en": b.what.en}} for b in breaks],
    }


@app.command("sheet", help=_help("引継書（HTML）を作る", "Write the hand-over sheet (HTML)"))
def sheet(
    cloud: Annotated[str, typer.Argument(metavar="CLOUD", help="|".join(CLOUDS))],
    tenant: Tenant,
    environment: Which = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help=_help("書き出すファイル", "File to write"))
    ] = Path("handover.html"),
    json: Json = False,
) -> int:
    """Write the sheet of a unit from its evidence."""
    console = consoles.begin(json=json)
    from scripts.bootstrap.command import evidence_of, write_sheet
    from scripts.cli.session import find_target

    target = find_target(tenant, which(environment), f"bootstrap sheet {cloud}")
    file = evidence_of(cloud, target.stack)
    if cloud not in CLOUDS or not file.exists():
        raise Trouble(
            Exit.USAGE,
            Text(
                f"{cloud} の {target.stack} の証跡がありません。", f"no evidence of {target.stack} on {cloud}"
            ),
            where=str(file),
        )
    write_sheet(file, output, cloud, target.stack)
    if json:
        console.document({"command": "bootstrap sheet", "file": str(output)})
    console.say(Text(f"引継書: {output}", f"hand-over sheet: {output}"), "good")
    return Exit.OK


app.command(
    "lend",
    help=_help(
        "OCI・さくら: ステートの鍵とパスフレーズを貸してコマンドを実行する",
        "OCI, Sakura: run a command with the state's key and passphrase",
    ),
)(lend)


@contextlib.contextmanager
def _opened(
    console: Console, cloud: CloudName, tenant: str, environment: str | None
) -> Generator[tuple[str, Any]]:
    """The stack and its valid manifest, locked against another run."""
    from scripts.cli.session import busy, find_target, valid_manifest
    from scripts.engine.locks import BusyError, only_one

    target = find_target(tenant, which(environment), f"bootstrap {cloud}")
    lock = private(REPO) / "locks" / f"bootstrap-{cloud}-{target.stack}.lock"
    try:
        with only_one(lock, f"./jichitai bootstrap {cloud} {target.stack}"):
            manifest = valid_manifest(console, target)
            if cloud not in manifest["clouds"]:
                listed = ", ".join(manifest["clouds"])
                raise Trouble(
                    Exit.USAGE,
                    Text(
                        f"{target.stack} は {CLOUDS[cloud].title.ja} を使いません（{listed}）。",
                        f"{target.stack} does not use {CLOUDS[cloud].title.en} (but {listed})",
                    ),
                    where=f"stacks/tenants/Pulumi.{target.stack}.yaml: clouds",
                )
            yield target.stack, manifest
    except BusyError as error:
        raise busy(target.stack, error.holder) from None


def _settings(
    cloud: CloudName,
    stack: str,
    manifest: Any,
    pipeline: tuple[str | None, Sequence[str], str | None],
    token_file: str,
    options: Sequence[str],
) -> Settings:
    from scripts.bootstrap.pipeline import pipeline_of
    from scripts.bootstrap.steps import Settings

    found, problems = pipeline_of(manifest, *pipeline)
    if problems:
        raise Trouble(
            Exit.USAGE,
            Text("パイプラインの指定に誤りがあります。", "the pipeline is not named well"),
            why=Text(
                "\n".join(line for p in problems for line in p.lines("ja")),
                "\n".join(line for p in problems for line in p.lines("en")),
            ),
            details={"problems": [p.record() for p in problems]},
        )
    wrong = [o for o in options if "=" not in o]
    if wrong:
        raise Trouble(
            Exit.USAGE,
            Text(f"--set は NAME=VALUE の形です: {wrong[0]}", f"--set takes NAME=VALUE, not {wrong[0]}"),
        )
    pairs = dict(o.split("=", 1) for o in options)
    return Settings(cloud, stack, manifest, found, token_file, pairs)
