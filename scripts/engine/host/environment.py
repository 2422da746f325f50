"""Which Python runs a program, with what environment, and which plugins its packages ask for.

Follows the options of `runtime:` in Pulumi.yaml
(https://www.pulumi.com/docs/iac/languages-sdks/python/): `virtualenv` relative to the file's
folder, `toolchain` pip or uv (for uv the default virtualenv is `.venv`).
"""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stacks.text import Text

_DEFAULT_VIRTUALENV = {"pip": "", "uv": ".venv"}

_DROPPED = ("PYTHONHOME", "PYTHONDONTWRITEBYTECODE")
"""PYTHONHOME would defeat the virtualenv; the other doubles the import time of every later run."""


class HostError(Exception):
    """Something the user can mend; `text` says what, where and how."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, slots=True)
class Python:
    """The interpreter for one program."""

    executable: Path
    virtualenv: Path | None

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """`base` as if the virtualenv had been activated."""
        result = {k: v for k, v in base.items() if k not in _DROPPED}
        if self.virtualenv is not None:
            result["VIRTUAL_ENV"] = str(self.virtualenv)
            result["PATH"] = os.pathsep.join(
                p for p in (str(self.executable.parent), result.get("PATH", "")) if p
            )
        return result

    def site_packages(self) -> list[Path]:
        """Where the program's packages are; empty when nothing is installed."""
        if self.virtualenv is None:
            return [Path(p) for p in sys.path if p.endswith("site-packages")]
        return sorted(self.virtualenv.glob("lib/python3.*/site-packages"))


def python_for(options: Mapping[str, Any], root: Path) -> Python:
    """The interpreter that `options` (of `runtime:`) ask for; without any, the host's own.

    Raises HostError when the virtualenv does not exist or an option is not supported here.
    """
    toolchain = str(options.get("toolchain") or "pip")
    if toolchain not in _DEFAULT_VIRTUALENV:
        raise HostError(
            Text(
                ja=f"runtime の toolchain に {toolchain} が指定されていますが、この言語ホストは pip と uv"
                "だけに対応しています。公式の Pulumi CLI を入れるか、toolchain を変えてください。",
                en=f"the runtime option toolchain is {toolchain!r}, but this language host supports only "
                "pip and uv. Install the official Pulumi CLI, or change the toolchain.",
            )
        )
    if options.get("typechecker"):
        raise HostError(
            Text(
                ja="runtime の typechecker には、この言語ホストは対応していません。"
                "オプションを外し、型検査は別に実行してください。",
                en="the runtime option typechecker is not supported by this language host. "
                "Remove it and run the type checker on its own.",
            )
        )
    name = str(options.get("virtualenv") or _DEFAULT_VIRTUALENV[toolchain])
    if not name:
        prefix = Path(sys.prefix)
        return Python(Path(sys.executable), prefix if sys.prefix != sys.base_prefix else None)
    virtualenv = Path(os.path.normpath(root / name))
    executable = virtualenv / "bin" / "python"
    if not executable.exists():
        raise HostError(
            Text(
                ja=f"仮想環境 {virtualenv} がありません"
                f"（{root} の Pulumi.yaml の runtime.options.virtualenv）。"
                "./jichitai doctor で作り直せます。",
                en=f"the virtualenv {virtualenv} does not exist "
                f"(runtime.options.virtualenv in the Pulumi.yaml of {root}). ./jichitai doctor makes it.",
            )
        )
    return Python(executable, virtualenv)


@dataclass(frozen=True, slots=True)
class Parameterization:
    """What turns a base plugin into this package."""

    name: str
    version: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Package:
    """A plugin that an installed SDK needs. `server` is empty for the default download site."""

    name: str
    version: str
    server: str
    parameterization: Parameterization | None


def required_packages(site_packages: list[Path]) -> Iterator[Package]:
    """The plugins named by the `pulumi-plugin.json` of each installed SDK.

    A file that is not valid JSON or names no version is passed over: the engine then asks for
    the plugin when the program registers its first resource.
    """
    for home in site_packages:
        for file in sorted(home.glob("*/pulumi-plugin.json")):
            try:
                found = json.loads(file.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue
            if not isinstance(found, dict) or not found.get("resource"):
                continue
            name = str(found.get("name") or file.parent.name.removeprefix("pulumi_").replace("_", "-"))
            version = str(found.get("version") or "")
            if version:
                yield Package(name, version, str(found.get("server") or ""), _parameterization(found))


def _parameterization(found: Mapping[str, Any]) -> Parameterization | None:
    given = found.get("parameterization")
    if not isinstance(given, dict):
        return None
    value = base64.b64decode(str(given.get("value") or ""))
    return Parameterization(str(given.get("name") or ""), str(given.get("version") or ""), value)
