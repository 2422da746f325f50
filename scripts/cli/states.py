"""The states of our own stacks, for commands that only look: straight from the files where there are any."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from policies.model import Stack
from policies.read import Unreadable, read_document, read_text
from scripts.cli.console import Console
from scripts.cli.exits import Exit, Trouble
from scripts.engine.environment import state_folder
from scripts.engine.places import REPO, tenant_file
from scripts.engine.workspace import PROJECT
from stacks.text import Text


def manifest_of(stack: str) -> Any:
    """What the stack's file says under `jichitai:tenant`, None where there is no readable file."""
    import yaml

    file = tenant_file(REPO, stack)
    try:
        # Written in C where there is one: for a country's manifests that is most of the reading.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        parsed = yaml.load(file.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - a safe one
        return parsed["config"]["jichitai:tenant"]
    except (OSError, yaml.YAMLError, KeyError, TypeError, UnicodeDecodeError):
        return None


def _folder(*, cloud: bool) -> Path:
    return state_folder(REPO, "cloud" if cloud else "twin") / ".pulumi" / "stacks" / PROJECT


def built(*, cloud: bool) -> list[str]:
    """The stacks that have a state in the default backend."""
    found = {f.name.partition(".json")[0] for f in _folder(cloud=cloud).glob("*.json*")}
    return sorted(name for name in found if not name.startswith("."))


def state_of(console: Console, stack: str, *, cloud: bool) -> tuple[list[Stack], list[Text]]:
    """A stack's state, and what of it could not be read.

    From the default backend's file; where there is none, by the engine. Raises Trouble when it has none.
    """
    for suffix in (".json", ".json.gz"):
        file = _folder(cloud=cloud) / f"{stack}{suffix}"
        if file.exists():
            data = file.read_bytes()
            text = gzip.decompress(data) if suffix.endswith(".gz") else data
            try:
                return read_text(text, str(file), stack)
            except Unreadable as error:
                raise unreadable(str(file), error) from None
    return _exported(console, stack, cloud=cloud)


def _exported(console: Console, stack: str, *, cloud: bool) -> tuple[list[Stack], list[Text]]:
    from scripts.cli.session import engine_errors, ready_engine
    from scripts.engine.recovery import export
    from scripts.engine.workspace import Workspace

    if cloud:
        workspace = Workspace(ready_engine(console), target="cloud")
        with engine_errors(stack):
            if workspace.stack_exists(stack):
                return read_document(export(workspace, stack), stack, stack)
    command = f"./jichitai up {stack}{' --cloud' if cloud else ''}"
    raise Trouble(
        Exit.USAGE,
        Text(ja=f"{stack} はまだ構築されていません。", en=f"{stack} has not been built yet"),
        do=Text(
            ja=f"構築: {command}。構築せずに検査するには --file に書き出した状態を渡します。",
            en=f"Build it: {command}. To check without building, give an exported state with --file.",
        ),
    )


def unreadable(where: str, error: Unreadable) -> Trouble:
    """A file that holds no resources, as something to tell the user."""
    return Trouble(
        Exit.UNREADABLE,
        Text(ja="検査できるリソースがありません。", en="There is nothing that can be checked"),
        where=where,
        why=error.text,
        do=error.remedy,
    )


def from_file(name: str) -> tuple[list[Stack], list[Text]]:
    """The stacks in a file (`-`: standard input). Raises Trouble when it cannot be read or holds none."""
    import sys

    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        return read_text(data, name)
    except Unreadable as error:
        raise unreadable(name, error) from None
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Trouble(
            Exit.UNREADABLE,
            Text(ja="ファイルを読めません。", en="The file cannot be read"),
            where=name,
            why=reason,
            do=Text(
                ja="パスと読み取り権限を確かめてください。", en="Check the path and that it may be read."
            ),
        ) from None


def data_file(path: Path, what: Text) -> Any:
    """A YAML or JSON file of settings. Raises Trouble when it cannot be read."""
    import yaml

    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, json.JSONDecodeError) as error:
        raise Trouble(
            Exit.USAGE,
            Text(ja=f"{what.ja}を読めません。", en=f"The {what.en} cannot be read"),
            where=str(path),
            why=str(error),
            do=Text(ja="パスと YAML の書き方を確かめてください。", en="Check the path and the YAML."),
        ) from None
