"""Run the engine on a stack without touching the committed stack files.

With the passphrase secrets manager the CLI writes `encryptionsalt:` into the stack's file. On the
twin it is therefore given a copy, `.jichitai/config/Pulumi.<stack>.yaml`, with `--config-file`; and
since `stack init` and `stack rm` have no such option, those two run in a generated project of the
same name whose `stackConfigDir` is the folder of the copies. On the clouds the committed file is
used as it is: there the secrets provider is the team's, and belongs into it.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.engine.environment import Target, environment, file_backend, state_folder
from scripts.engine.model import Engine, EngineError
from scripts.engine.places import REPO, private, tenant_file, tenants
from scripts.engine.stores import Store
from stacks.text import Text

PROJECT = "jichitai"
"""Name of the project in Pulumi.yaml; a test compares them."""

_SECRETS_SETTING = re.compile(r"^(?:encryptionsalt|secretsprovider|encryptedkey):.*\n?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Workspace:
    """An engine, a clone and a target: everything a command needs but the stack."""

    engine: Engine
    repo: Path = REPO
    target: Target = "twin"
    base: Mapping[str, str] = field(default_factory=lambda: os.environ)
    store: Store | None = None
    """A state store and secrets key instead of the default."""

    def environment(self) -> dict[str, str]:
        """The process environment for any command of this workspace."""
        return environment(self.engine, self.repo, self.target, self.base, self.store)

    def tenant_file(self, stack: str) -> Path:
        """The stack file: on the twin also one that `fleet init` wrote, on a cloud a committed one only."""
        if self.target == "twin":
            return tenant_file(self.repo, stack)
        return tenants(self.repo) / f"Pulumi.{stack}.yaml"

    def command(self, verb: Sequence[str], stack: str) -> list[str]:
        """The command line of `verb` (`["up", "--yes"]`) on `stack`, to be run in `repo`.

        Refreshes the copy of the stack file when there is one. Only for verbs that take
        `--config-file`: up, preview, refresh, destroy, import, config.
        """
        line = [str(self.engine.path), *verb, "--stack", stack]
        if self.target == "twin":
            line += ["--config-file", str(self.config_copy(stack))]
        return line

    def config_copy(self, stack: str) -> Path:
        """Write the twin's copy of the stack file anew and give its path.

        The twin's own salt (or key, with a store of its own) is kept; a salt or provider of the team's is
        left out, since its key is not here. Values that the team has encrypted cannot be read on the
        twin, and say so.

        Raises EngineError when there is no stack file, or when it holds encrypted values.
        """
        source = self.tenant_file(stack)
        try:
            text = source.read_text(encoding="utf-8")
        except OSError as error:
            raise EngineError(
                Text(
                    ja=f"スタックファイル {source} を読めません（{error.strerror}）。"
                    "./jichitai new で作れます。",
                    en=f"the stack file {source} cannot be read ({error.strerror}). "
                    "./jichitai new makes one.",
                )
            ) from error
        if re.search(r"^\s+secure:\s", text, re.MULTILINE):
            raise EngineError(
                Text(
                    ja=f"{source} に暗号化された値（secure:）があり、デジタルツインでは復号できません。"
                    "Jichitai のマニフェストに秘密の値は要りません。取り除くか、--cloud で実行してください。",
                    en=f"{source} holds encrypted values (secure:), which the twin cannot decrypt. "
                    "A Jichitai manifest needs no secret values: remove them, or run with --cloud.",
                )
            )
        target = self._copies() / source.name
        text = _SECRETS_SETTING.sub("", text)
        if target.exists():
            kept = _SECRETS_SETTING.findall(target.read_text(encoding="utf-8"))
            text = "".join(line.rstrip("\n") + "\n" for line in kept) + text
        _write(target, text)
        return target

    def stack_exists(self, stack: str) -> bool:
        """Whether the default (file) backend has the stack; asks the CLI when the backend is another."""
        backend = self.environment()["PULUMI_BACKEND_URL"]
        if backend == file_backend(self.repo, self.target):
            folder = state_folder(self.repo, self.target) / ".pulumi" / "stacks" / PROJECT
            return any((folder / f"{stack}.json{suffix}").exists() for suffix in ("", ".gz", ".zst"))
        return self._run(["stack", "--stack", stack, "--show-name"], self.repo).returncode == 0

    def ensure_stack(self, stack: str) -> bool:
        """Create the stack when the backend has none; true when it was created.

        Two at once are fine: the second finds it. Raises EngineError with what the engine said.
        """
        if self.stack_exists(stack):
            return False
        where = self.repo
        if self.target == "twin":
            self.config_copy(stack)
            where = self._project()
        key = ["--secrets-provider", self.store.secrets] if self.store is not None else []
        done = self._run(["stack", "init", stack, "--no-select", "--non-interactive", *key], where)
        if done.returncode == 0:
            return True
        if "already exists" in done.stderr:
            return False
        raise _refused(stack, done)

    def remove_stack(self, stack: str) -> None:
        """Remove an empty stack from the backend, keeping the committed file. Raises EngineError."""
        where = self._project() if self.target == "twin" else self.repo
        done = self._run(["stack", "rm", stack, "--yes", "--preserve-config", "--non-interactive"], where)
        if done.returncode != 0:
            raise _refused(stack, done)

    def _copies(self) -> Path:
        folder = private(self.repo) / "config" / (self.store.name if self.store is not None else "")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _project(self) -> Path:
        copies = self._copies()
        folder = private(self.repo) / "project" / copies.relative_to(private(self.repo) / "config")
        folder.mkdir(parents=True, exist_ok=True)
        back = os.path.relpath(copies, folder)
        _write(folder / "Pulumi.yaml", f"name: {PROJECT}\nruntime: python\nstackConfigDir: {back}\n")
        return folder

    def _run(self, arguments: Sequence[str], cwd: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.engine.path, *arguments],
            cwd=cwd,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )


def _refused(stack: str, done: subprocess.CompletedProcess[str]) -> EngineError:
    said = (done.stderr.strip() or done.stdout.strip()).removeprefix("error: ")
    return EngineError(
        Text(
            ja=f"スタック {stack} をエンジンが受け付けません: {said}",
            en=f"the engine refuses the stack {stack}: {said}",
        )
    )


def _write(file: Path, text: str) -> None:
    """Replace the file at once; leave it alone when it says the same."""
    if file.exists() and file.read_text(encoding="utf-8") == text:
        return
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)
