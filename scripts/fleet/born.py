"""New stacks at the price of a file.

`pulumi stack init` takes 0.4 s of which nearly all is one key derivation, for a file of 60 bytes and a
salt. On a file backend of our own we write both: the file as the engine itself would read it, and the
salt of a stack that the engine has made. The passphrase is 256 random bits, and each value that is
encrypted gets a random nonce of its own, so one salt for all loses nothing.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from scripts.engine.environment import file_backend, state_folder
from scripts.engine.workspace import PROJECT, Workspace

_SALT = re.compile(r"^encryptionsalt: (\S+)$", re.MULTILINE)


def cheap(workspace: Workspace) -> bool:
    """Whether stacks can be made this way: on the twin, in the clone's own file backend."""
    ours = file_backend(workspace.repo, workspace.target)
    return workspace.target == "twin" and workspace.environment()["PULUMI_BACKEND_URL"] == ours


def salt_of(workspace: Workspace, stack: str) -> str:
    """The salt of a stack on the twin that the engine has made; empty where there is none."""
    try:
        found = _SALT.search(_config(workspace, stack).read_text(encoding="utf-8"))
    except OSError:
        return ""
    return found[1] if found else ""


def bear(workspace: Workspace, stack: str, salt: str) -> bool:
    """Make the stack where the backend has none; true when it was made.

    `salt` is another stack's (`salt_of`), empty where none is known: the engine then makes the stack.
    The caller holds the stack's lock. Raises EngineError as `Workspace.ensure_stack` does.
    """
    if not salt or not cheap(workspace):
        return workspace.ensure_stack(stack)
    if workspace.stack_exists(stack):
        return False
    workspace.config_copy(stack)
    copy = _config(workspace, stack)
    text = copy.read_text(encoding="utf-8")
    # A salt that is there already belongs to a stack that was removed: nothing needs it any more.
    _replace(copy, f"encryptionsalt: {salt}\n{_SALT.sub('', text).lstrip()}")
    folder = state_folder(workspace.repo, workspace.target) / ".pulumi" / "stacks" / PROJECT
    folder.mkdir(parents=True, exist_ok=True)
    name = f"organization/{PROJECT}/{stack}"
    _replace(folder / f"{stack}.json", json.dumps({"version": 3, "checkpoint": {"stack": name}}))
    return True


def _config(workspace: Workspace, stack: str) -> Path:
    return workspace.repo / ".jichitai" / "config" / f"Pulumi.{stack}.yaml"


def _replace(file: Path, text: str) -> None:
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)
