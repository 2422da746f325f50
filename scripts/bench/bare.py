"""A bare Pulumi program with the same resources as a stack: what our own layers are measured against.

From a stack's exported state it writes a flat program of the same resources with the same inputs,
made with the cloud's own SDK classes and nothing of ours: no manifest, no plan, no components.
Where an input is another resource's output it is written as that output, so that the engine has
the same dependencies to keep.
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.bench.tokens import python_class

PROJECT = "name: bare\nruntime:\n  name: python\n  options:\n    virtualenv: {virtualenv}\nmain: {main}\n"
OUTPUTS_TO_FOLLOW = ("arn", "id", "name", "bucket", "url")
"""Outputs by which resources point at each other, the most telling first."""
SIGNATURE = "4dabf18193072939515e22adb298388d"
"""How the engine marks a secret value in a state that was exported with its secrets shown."""
TAKEN = frozenset({"resource_name", "opts"})
"""Parameters that every resource class has already (the SDKs' code generator gives inputs an underscore)."""
SHORTEST_REFERENCE = 8
"""An input shorter than this is taken as a word, not as another resource's name."""


def write(state: Mapping[str, Any], folder: Path, virtualenv: Path) -> int:
    """Write the bare program of an exported `state` into `folder`; the number of its resources."""
    resources = [r for r in state["deployment"]["resources"] if is_cloud_resource(r)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "__main__.py").write_text("\n".join(_program(resources)) + "\n", encoding="utf-8")
    (folder / "Pulumi.yaml").write_text(
        PROJECT.format(virtualenv=json.dumps(str(virtualenv)), main="."), encoding="utf-8"
    )
    return len(resources)


def is_cloud_resource(resource: Mapping[str, Any]) -> bool:
    """Whether a resource of a state is a cloud's own: no component, provider or stack."""
    return bool(resource.get("custom")) and not resource["type"].startswith("pulumi:")


def _program(resources: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    modules = sorted({python_class(r["type"]).package for r in resources})
    yield "import pulumi"
    yield from (f"import {module}" for module in modules)
    known: dict[str, str] = {}
    for index, resource in enumerate(resources):
        variable = f"r{index}"
        yield f"{variable} = {_construct(resource, known, index)}"
        outputs = resource.get("outputs") or {}
        for output in OUTPUTS_TO_FOLLOW:
            value = resource.get("id") if output == "id" else outputs.get(output)
            if isinstance(value, str) and len(value) >= SHORTEST_REFERENCE:
                known.setdefault(value, f"{variable}.{output}")


def _construct(resource: Mapping[str, Any], known: Mapping[str, str], index: int) -> str:
    name = resource["urn"].rsplit("::", 1)[1]
    arguments = ", ".join(
        f"{python_name(key)}={_literal(value, known)}"
        for key, value in (resource.get("inputs") or {}).items()
        if not key.startswith("__") and key != "tagsAll"
    )
    imported = (
        f", opts=pulumi.ResourceOptions(import_={resource['id']!r})" if resource.get("external") else ""
    )
    return f"{python_class(resource['type']).path}({f'{name}-{index}'!r}, {arguments}{imported})"


def _literal(value: object, known: Mapping[str, str]) -> str:
    """Python source of an input; a value that another resource put out becomes a reference to it."""
    if isinstance(value, str):
        return known.get(value, repr(value))
    if isinstance(value, Mapping) and SIGNATURE in value:
        return f"pulumi.Output.secret({_literal(json.loads(value['plaintext']), known)})"
    if isinstance(value, Mapping):
        items = (f"{k!r}: {_literal(v, known)}" for k, v in value.items() if not str(k).startswith("__"))
        return "{" + ", ".join(items) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_literal(item, known) for item in value) + "]"
    return repr(value)


def python_name(camel: str) -> str:
    """The SDK's Python name of a wire property: `vpcId` is `vpc_id`, a keyword gets an underscore."""
    snake = re.sub(r"(?<=[a-z0-9])([A-Z])|(?<=[A-Z])([A-Z])(?=[a-z])", r"_\1\2", camel).lower()
    return f"{snake}_" if keyword.iskeyword(snake) or snake in TAKEN else snake
