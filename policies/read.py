"""Reading an exported state, a checkpoint, or a preview's JSON; also of projects that are not ours.

`read_text` takes what `pulumi stack export`, `./jichitai export`, `pulumi preview --json` print, and
the state files of a DIY backend. A single resource that is broken is reported and left out; the rest
is read. Nothing is skipped in silence.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from policies.model import Resource, Stack, name_of, uncollected
from policies.props import MARK, plain
from stacks.text import Text


class Unreadable(Exception):  # noqa: N818 - what a file is, not an error of ours
    """A file that holds no resources that we can read. `text` says why, `remedy` what to do."""

    def __init__(self, text: Text, remedy: Text) -> None:
        super().__init__(text.en)
        self.text = text
        self.remedy = remedy


_REMEDY = Text(
    "pulumi stack export、./jichitai export、または pulumi preview --json の出力を渡してください。",
    "Give what pulumi stack export, ./jichitai export, or pulumi preview --json prints.",
)


def read_text(text: str | bytes, source: str, name: str = "") -> tuple[list[Stack], list[Text]]:
    """The stacks in a document, and what could not be read. Raises Unreadable when it holds none."""
    with uncollected():
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise Unreadable(
                Text(f"JSON として読めません: {error}", f"It is not readable as JSON: {error}"), _REMEDY
            ) from None
        return read_document(document, source, name)


def read_document(document: Any, source: str, name: str = "") -> tuple[list[Stack], list[Text]]:
    """As `read_text`, of parsed JSON. A list is taken as several documents."""
    if isinstance(document, list):
        stacks: list[Stack] = []
        notes: list[Text] = []
        for part in cast("list[Any]", document):
            more, said = read_document(part, source, name)
            stacks += more
            notes += said
        if not stacks:
            raise Unreadable(Text("空のリストです。", "It is an empty list."), _REMEDY)
        return stacks, notes
    if not isinstance(document, dict):
        raise Unreadable(Text("JSON オブジェクトではありません。", "It is not a JSON object."), _REMEDY)
    found = cast("dict[str, Any]", document)
    notes = []
    entries, pending = _entries(found, notes)
    resources = [r for i, e in enumerate(entries) if (r := _resource(e, i, notes)) is not None]
    if entries and not resources:
        raise Unreadable(
            Text("読めるリソースが一つもありません。", "Not one resource in it can be read."), _REMEDY
        )
    return [
        Stack(
            name=name or _stack_name(resources),
            resources=tuple(resources),
            source=source,
            pending=pending,
            outputs=next((r.props for r in resources if r.type == "pulumi:pulumi:Stack"), {}),
        )
    ], notes


def _entries(document: dict[str, Any], notes: list[Text]) -> tuple[Sequence[Any], tuple[str, ...]]:
    """The resource records of a document, in whichever form it has them."""
    here: Any = document
    checkpoint = here.get("checkpoint")
    if isinstance(checkpoint, dict):  # a DIY backend's file
        here = cast("dict[str, Any]", checkpoint).get("latest")
    elif "deployment" in here:  # stack export
        here = here["deployment"]
    elif isinstance(here.get("steps"), list):  # preview --json
        return _steps(here["steps"]), ()
    if here is None and checkpoint is not None:
        return [], ()
    found = cast("dict[str, Any]", here) if isinstance(here, dict) else {}
    if (
        isinstance(here, dict)
        and found.get("resources") is None
        and ("manifest" in found or "deployment" in document)
    ):
        return [], ()  # a stack without resources
    if not isinstance(found.get("resources"), list):
        raise Unreadable(
            Text(
                "Pulumi の状態でもプレビューでもありません（deployment・checkpoint・steps のどれもない）。",
                "It is neither a Pulumi state nor a preview: no deployment, checkpoint or steps in it.",
            ),
            _REMEDY,
        )
    state = cast("dict[str, Any]", here)
    pending: list[str] = []
    for operation in state.get("pending_operations") or ():
        resource: Any = operation.get("resource") if isinstance(operation, dict) else None
        if isinstance(resource, dict):
            pending.append(str(cast("dict[str, Any]", resource).get("urn", "?")))
        else:
            notes.append(
                Text("読めない保留中の操作があります。", "There is a pending operation that is not readable.")
            )
    return state["resources"], tuple(pending)


def _steps(steps: list[Any]) -> list[Any]:
    """The records that a preview says will be there afterwards."""
    after: dict[str, Any] = {}
    for step in steps:
        if not isinstance(step, dict):
            after[f"?{len(after)}"] = step
            continue
        found = cast("dict[str, Any]", step)
        state = found.get("newState")
        if state is None and found.get("op") in ("same", "read", "refresh"):
            state = found.get("oldState")
        if state is not None:
            after[str(found.get("urn", f"?{len(after)}"))] = state
    return list(after.values())


def _resource(entry: Any, index: int, notes: list[Text]) -> Resource | None:
    if not isinstance(entry, dict):
        return _broken(index, "", notes)
    record = cast("dict[str, Any]", entry)
    urn, kind = record.get("urn"), record.get("type")
    if not isinstance(urn, str) or not isinstance(kind, str):
        return _broken(index, urn if isinstance(urn, str) else "", notes)
    inputs, outputs = record.get("inputs"), record.get("outputs")
    props = merged(inputs, outputs)
    if props is None:
        return _broken(index, urn, notes)
    needs = record.get("propertyDependencies")
    dependencies = record.get("dependencies")
    provider = record.get("provider")
    return Resource(
        urn=urn,
        type=kind,
        name=name_of(urn),
        props=props,
        id=record["id"] if isinstance(record.get("id"), str) else "",
        provider=provider.rpartition("::")[0] if isinstance(provider, str) else "",
        dependencies=_urns(dependencies),
        # Most properties depend on nothing, and the state says so of each.
        property_dependencies={k: _urns(v) for k, v in cast("dict[str, Any]", needs).items() if v}
        if isinstance(needs, dict)
        else {},
        custom=bool(record.get("custom", True)),
        external=record.get("external") is True,
        deleting=record.get("delete") is True,
    )


def _urns(value: Any) -> tuple[str, ...]:
    return tuple([u for u in value if u.__class__ is str]) if value.__class__ is list else ()


def merged(inputs: Any, outputs: Any) -> Mapping[str, Any] | None:
    """What the cloud answered over what was asked for; None when they are no objects.

    A list or block that the cloud leaves empty although it was asked for keeps what was asked for:
    providers answer so for what they write but cannot read.
    """
    if inputs is None:
        inputs = {}
    if not isinstance(inputs, dict) or not (outputs is None or isinstance(outputs, dict)):
        return None
    asked = cast("dict[str, Any]", inputs)
    if not outputs:
        return asked
    answered = cast("dict[str, Any]", outputs)
    found = {**asked, **answered}
    for key, value in asked.items():
        if found[key] is None:
            found[key] = value
    return found


def _broken(index: int, urn: str, notes: list[Text]) -> None:
    which = urn or f"resources[{index}]"
    notes.append(
        Text(
            f"{which} は壊れていて検査できません（urn・type・inputs・outputs の形が違います）。",
            f"{which} is broken and was not judged (its urn, type, inputs or outputs have the wrong shape).",
        )
    )


def _stack_name(resources: Sequence[Resource]) -> str:
    """The stack's name from its URNs, `urn:pulumi:STACK::PROJECT::…`."""
    for resource in resources:
        parts = resource.urn.split("::")
        if len(parts) >= 4 and parts[0].startswith("urn:pulumi:"):
            return parts[0].removeprefix("urn:pulumi:")
    return "?"


def secret_marked(value: Any) -> bool:
    """Whether a value is marked secret."""
    return isinstance(value, dict) and MARK in value and plain(cast("Any", value)) is not None
