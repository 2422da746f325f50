"""The environment in which the engine runs, for the twin and for the real clouds.

The two never share state, credentials or settings: a stack that was built on the twin has ids that
no cloud knows, and the twin must not be able to touch a cloud by accident. For the twin, therefore,
everything is ours and what the user has set up for the clouds is not seen; for the clouds, what the
user has set wins (docs/adr/2026-11-24-state-and-secrets.md).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from scripts.engine.model import HOST, Engine
from scripts.engine.places import REPO, private
from scripts.engine.stores import Store

Target = Literal["twin", "cloud"]

PASSPHRASE_VARIABLES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")

_NOT_FOR_THE_TWIN = (
    *PASSPHRASE_VARIABLES,
    "PULUMI_ACCESS_TOKEN",
    "PULUMI_API",
    "PULUMI_BACKEND_URL",
    "PULUMI_HOME",
    "PULUMI_STACK",
)


_CREDENTIALS = ("SAKURA_", "SAKURACLOUD_", "USACLOUD_")
"""Where the provider of さくら finds credentials, profiles and addresses: on the twin it is told the twin's
own."""


def settings(
    engine: Engine,
    repo: Path = REPO,
    target: Target = "twin",
    base: Mapping[str, str] = os.environ,
    store: Store | None = None,
) -> dict[str, str]:
    """The variables that make the engine work on `target`; what `./jichitai env` prints.

    Makes the folders and the passphrase file that they name. The providers' addresses
    (PULUMI_DEBUG_PROVIDERS) are the twin's own to add. `store` goes before everything that is the
    default or in the environment. Raises OSError when `.jichitai` cannot be made.
    """
    result = {
        "PATH": _path_with(engine.path.parent, base.get("PATH", "")),
        "JICHITAI_REPO": str(repo),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # The stack file has no `encryptionsalt` of its own: go on with the one in the state.
        "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
    }
    given = {} if target == "twin" else base
    if store is not None:
        result["PULUMI_BACKEND_URL"] = store.backend
    elif not given.get("PULUMI_BACKEND_URL"):
        state_folder(repo, target).mkdir(parents=True, exist_ok=True)
        # Whatever the umask: addresses and names of a tenant are nobody else's business.
        with contextlib.suppress(PermissionError):  # a clone that somebody else owns
            private(repo).chmod(0o700)
        result["PULUMI_BACKEND_URL"] = file_backend(repo, target)
    if not any(name in _passphrases(base, target, store) for name in PASSPHRASE_VARIABLES):
        result["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(_passphrase_file(repo))
    if target == "twin":
        result["PULUMI_HOME"] = str(quiet_home(private(repo) / "pulumi"))
        result["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
        # With a home of its own and nothing taken from PATH there is no real provider to be found:
        # a resource that the twin does not serve fails, instead of reaching a cloud.
        if (engine.path.resolve().parent / HOST).exists():
            result["PULUMI_IGNORE_AMBIENT_PLUGINS"] = "true"
    elif not given.get("PULUMI_HOME") and not _home_is_usable(base):
        result["PULUMI_HOME"] = str(private(repo) / "pulumi-cloud")
    return result


def environment(
    engine: Engine,
    repo: Path = REPO,
    target: Target = "twin",
    base: Mapping[str, str] = os.environ,
    store: Store | None = None,
) -> dict[str, str]:
    """`base` with `settings` on top, and without what must not be seen on the twin."""
    dropped = {"PYTHONDONTWRITEBYTECODE", *(_NOT_FOR_THE_TWIN if target == "twin" else ())}
    dropped -= set(_passphrases(base, target, store))
    prefixes = _CREDENTIALS if target == "twin" else ()
    kept = {k: v for k, v in base.items() if k not in dropped and not k.startswith(prefixes)}
    return kept | settings(engine, repo, target, base, store)


def _passphrases(base: Mapping[str, str], target: Target, store: Store | None) -> dict[str, str]:
    """The user's own passphrase, where it counts: on the clouds, and with a store that was named, since
    whoever else works with that store has the same one."""
    counts = target == "cloud" or store is not None
    return {name: base[name] for name in PASSPHRASE_VARIABLES if counts and name in base}


def exports(
    engine: Engine,
    repo: Path = REPO,
    target: Target = "twin",
    base: Mapping[str, str] = os.environ,
) -> list[str]:
    """Shell lines that give a plain `pulumi` what `environment` gives: `eval "$(./jichitai env)"`."""
    wanted = settings(engine, repo, target, base)
    unset = [n for n in (_NOT_FOR_THE_TWIN if target == "twin" else ()) if n in base and n not in wanted]
    wanted.pop("PATH")
    lines = [f"export {name}={shlex.quote(value)}" for name, value in sorted(wanted.items())]
    path = f'export PATH={shlex.quote(str(engine.path.parent))}:"$PATH"'
    return [*(f"unset {name}" for name in unset), path, *lines]


def quiet_home(home: Path) -> Path:
    """`home`, made ready to be a PULUMI_HOME in which the engine keeps no log of everything.

    CLI 3.25x and later write one at each command. It costs a fifth of a preview and cannot be switched
    off, but the engine goes without where its folder cannot be made. Our event log has what we need.
    """
    home.mkdir(parents=True, exist_ok=True)
    logs = home / "logs"
    if not logs.exists():
        logs.touch()
    return home


def state_folder(repo: Path, target: Target) -> Path:
    """The folder of the default backend."""
    return private(repo) / "state" / target


def file_backend(repo: Path, target: Target) -> str:
    """The URL of the default backend.

    Not percent-encoded: the CLI cuts the scheme off and takes the rest as a path. Without metadata
    the engine writes no `.attrs` file beside each checkpoint: such a file is written in place, so that
    kill -9 can leave a stack that cannot be opened, and it costs a tenth of an `up`.
    """
    return f"file://{state_folder(repo, target)}?metadata=skip"


def _passphrase_file(repo: Path) -> Path:
    """The clone's own passphrase, made on first use; only its owner can read it.

    The name appears with the whole content in it, and never changes: whoever comes second, takes
    what the first one made.
    """
    file = private(repo) / "passphrase"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f"passphrase.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_urlsafe(32) + "\n")
        try:
            with contextlib.suppress(FileExistsError):
                os.link(draft, file)
        finally:
            draft.unlink()
    return file


def _path_with(folder: Path, path: str) -> str:
    rest = [p for p in path.split(os.pathsep) if p and p != str(folder)]
    return os.pathsep.join([str(folder), *rest])


def _home_is_usable(base: Mapping[str, str]) -> bool:
    home = base.get("HOME", "")
    pulumi = Path(home) / ".pulumi"
    return home.startswith("/") and os.access(pulumi if pulumi.exists() else home, os.W_OK | os.X_OK)
