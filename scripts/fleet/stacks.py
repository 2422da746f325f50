"""Every stack of the fleet, with what it is selected by: read once, then from an index.

The index (`.jichitai/fleet/index.json`) is only a memory: a file that has another size or time of
change is read anew, and an index that cannot be read is made anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from scripts.engine.places import private, tenant_files
from scripts.fleet.model import Environment, StackRef
from stacks.registry import LocalGovernment
from stacks.registry.governments import load_governments

VERSION = 1
"""Of the index: raise it whenever `_read` finds something else in the same file."""


def stack_refs(repo: Path) -> tuple[StackRef, ...]:
    """Every stack that has a manifest, in order of names.

    One whose manifest cannot be read is there too, with what its file's name says: it must fail
    where it is selected, not be passed over.
    """
    index = _index(repo)
    bodies = load_governments()
    found: list[StackRef] = []
    fresh: dict[str, list[Any]] = {}
    for stack, file in tenant_files(repo).items():
        stat = file.stat()
        stamp = [stat.st_mtime_ns, stat.st_size]
        entry: list[Any] | None = index.get(str(file))
        if entry is None or entry[:2] != stamp:
            entry = [*stamp, _read(file)]  # [time of change, ns; size, bytes; what it says]
        fresh[str(file)] = entry
        found.append(_ref(stack, file, entry[2], bodies))
    if fresh != index:
        _save(repo, fresh)
    return tuple(found)


def _read(file: Path) -> dict[str, Any]:
    """What a manifest says about its tenant; what cannot be read is left out."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        value = yaml.load(file.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - a safe loader
        tenant = value["config"]["jichitai:tenant"]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
        return {}
    if not isinstance(tenant, dict):
        return {}
    manifest = cast(dict[str, Any], tenant)
    clouds, packages = _map(manifest, "clouds"), _map(manifest, "packages")
    entries = [str(p["catalogue"]) for p in packages.values() if isinstance(p, dict) and "catalogue" in p]
    return {
        "code": str(manifest.get("code", "")),
        "environment": str(manifest.get("environment", "")),
        "clouds": [str(c) for c in clouds],
        "units": [str(u.get("unit", "")) if isinstance(u, dict) else "" for u in clouds.values()],
        "packages": list(dict.fromkeys(entries)),
        "members": [str(m) for m in _map(manifest, "members")],
    }


def _map(manifest: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = manifest.get(key)
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def _ref(stack: str, file: Path, said: Mapping[str, Any], bodies: Mapping[str, LocalGovernment]) -> StackRef:
    code = said.get("code") or stack[:6]
    body = bodies.get(code)
    by_name: Environment = "verification" if stack.endswith("-verification") else "production"
    environment = said.get("environment")
    return StackRef(
        code=code,
        stack=stack,
        name=body.full_name if body else stack,
        prefecture=body.prefecture if body else "",
        kind=body.kind if body else "",
        environment=environment if environment in ("production", "verification") else by_name,
        clouds=tuple(said.get("clouds", ())),
        units=tuple(said.get("units", ())),
        packages=tuple(said.get("packages", ())),
        members=tuple(said.get("members") or (code,)),
        path=file,
    )


def _file(repo: Path) -> Path:
    return private(repo) / "fleet" / "index.json"


def _index(repo: Path) -> dict[str, list[Any]]:
    try:
        said = json.loads(_file(repo).read_text(encoding="utf-8"))
        entries = said["files"] if said["version"] == VERSION else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {str(k): v for k, v in entries.items() if isinstance(v, list) and len(cast(list[Any], v)) == 3}


def _save(repo: Path, entries: Mapping[str, Any]) -> None:
    file = _file(repo)
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".index.{os.getpid()}")
    draft.write_text(json.dumps({"version": VERSION, "files": entries}, ensure_ascii=False), encoding="utf-8")
    draft.replace(file)
