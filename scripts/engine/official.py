"""The official CLI, by the official installer, through the SDK's Automation API.

`pulumi.automation.PulumiCommand.install` fetches https://get.pulumi.com/install.sh and runs it.
Many municipal networks do not reach that site, so it is asked first and briefly.
"""

from __future__ import annotations

import subprocess
import threading
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from scripts.engine.model import EngineError
from stacks.text import Text

SITE = "https://get.pulumi.com/install.sh"
PROBE_SECONDS = 4.0
INSTALL_SECONDS = 600.0
"""The archive is about 130 MB: 600 s is 1.7 Mbit/s, below which a build is quicker."""

_INSTALL = "import sys; from pulumi.automation import PulumiCommand; PulumiCommand.install(root=sys.argv[1])"


def reachable(site: str = SITE, seconds: float = PROBE_SECONDS) -> bool:
    """Whether the installer can be fetched, through the proxies of the environment if any.

    Name resolution has no timeout of its own in Python: a thread asks, and is left behind when late.
    """
    answers: list[bool] = []

    def ask() -> None:
        try:
            request = urllib.request.Request(site, method="HEAD")  # noqa: S310 - a constant
            with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310
                answers.append(answer.status < 400)
        except (OSError, ValueError):
            answers.append(False)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return bool(answers) and answers[0]


def install(root: Path, python: Path, environment: Mapping[str, str]) -> Path:
    """Install the CLI that matches the SDK of `python` under `root`; the folder with the programs.

    Raises EngineError when the installer fails or takes longer than `INSTALL_SECONDS`.
    """
    try:
        done = subprocess.run(
            [python, "-c", _INSTALL, root],
            env={**environment, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _failed(f"{INSTALL_SECONDS:.0f} s") from None
    except OSError as error:
        raise _failed(str(error)) from None
    programs = root / "bin"
    if done.returncode != 0 or not (programs / "pulumi").exists():
        raise _failed(done.stdout.strip().splitlines()[-1] if done.stdout.strip() else "no output")
    return programs


def _failed(why: str) -> EngineError:
    return EngineError(
        Text(
            ja=f"公式インストーラー（{SITE}）が失敗しました: {why}",
            en=f"the official installer ({SITE}) failed: {why}",
        )
    )
