"""Short words for writing Google tables: tokens, references, and the way its services answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.twin.behaviour import (
    Answer,
    Behaviour,
    Guard,
    Hook,
    Maker,
    Ref,
    Refusal,
    belongs,
    holds,
    mentions,
)
from providers.twin.google.facts import GLOBAL, ON_BY_DEFAULT
from providers.twin.scope import Scope
from providers.wire import Value

COMPUTE = "https://www.googleapis.com/compute/v1/"


def token(short: str) -> str:
    """`compute.Network` → `gcp:compute/network:Network`."""
    module, name = short.rsplit(".", 1)
    return f"gcp:{module}/{name[0].lower()}{name[1:]}:{name}"


def hold(path: str, *kinds: str, anywhere: bool = False) -> Ref:
    """`behaviour.holds` with short tokens."""
    return holds(path, *(token(kind) for kind in kinds), anywhere=anywhere)


def name(path: str, *kinds: str, anywhere: bool = False) -> Ref:
    """`behaviour.mentions` with short tokens."""
    return mentions(path, *(token(kind) for kind in kinds), anywhere=anywhere)


def part(path: str, *kinds: str, anywhere: bool = False) -> Ref:
    """`behaviour.belongs` with short tokens."""
    return belongs(path, *(token(kind) for kind in kinds), anywhere=anywhere)


def key(path: str) -> Ref:
    """A customer key, which must be where what it encrypts is."""
    return name(path, "kms.CryptoKey")


MISSING = Answer("notFound", "The resource '{value}' was not found", 404)
EXISTS = Answer("alreadyExists", "The resource '{value}' already exists", 409)
IN_USE = Answer(
    "resourceInUseByAnotherResource", "The resource '{id}' is already being used by '{value}'", 400
)
PROTECTED = Answer("failedPrecondition", "'{id}' is protected against deletion", 400)
ON = "gcp:projects/service:On"
"""The type under which the twin remembers a service that stays on after its record is gone."""


def is_on(scope: Scope, service: str) -> bool:
    """Whether a service is on in the project."""
    id_ = f"{scope.unit}/{service}.googleapis.com"
    found = (
        scope.store.get(scope.cloud, scope.unit, kind, id_, GLOBAL)
        for kind in (token("projects.Service"), ON)
    )
    return service in ON_BY_DEFAULT or any(found)


def needs(service: str) -> Hook:
    """A rule: the service is on in the project."""

    def rule(scope: Scope) -> None:
        if not is_on(scope, service):
            raise Refusal(
                "SERVICE_DISABLED",
                f"{service}.googleapis.com has not been used in project {scope.unit} before or it is"
                " disabled. Enable it, then retry",
                403,
            )

    return rule


def _labels(scope: Scope) -> None:
    if "pulumiLabels" in scope.schema.outputs:
        scope.state["pulumiLabels"] = scope.state.get("effectiveLabels") or {}


def keeps(*names: str) -> Hook:
    """A rule: what Google has put inside these properties stays when they are updated."""

    def rule(scope: Scope) -> None:
        if scope.old is not None:
            for name_ in names:
                if name_ in scope.state and name_ in scope.old.state:
                    scope.state[name_] = _filled(scope.state[name_], scope.old.state[name_])

    return rule


def _filled(new: Value, old: Value) -> Value:
    """`new`, with what only `old` has inside it."""
    if isinstance(new, dict) and isinstance(old, dict):
        return {**old, **{key: _filled(value, old.get(key)) for key, value in new.items()}}
    if isinstance(new, list) and isinstance(old, list) and len(new) == len(old):
        return [_filled(value, before) for value, before in zip(new, old, strict=True)]
    return new


def item(
    id_: Maker,
    service: str,
    api: str = "",
    fixed: str = "",
    *,
    refs: tuple[Ref, ...] = (),
    computed: Mapping[str, Maker] | None = None,
    rules: tuple[Hook, ...] = (),
    made: tuple[Hook, ...] = (),
    changed: tuple[Hook, ...] = (),
    everywhere: bool = False,
    project: bool = True,
    handles: tuple[str, ...] = (),
    autoname: str = "name",
    guards: tuple[Guard, ...] = (),
    used: bool = True,
    **more: Any,
) -> Behaviour:
    """The record of a type in Google's common manner: names within the project, refusals in its words.

    `service` must be on. `used` says whether it refuses to go while something holds it; `project`
    whether it reports its project.
    """
    return Behaviour(
        id=id_,
        service=service,
        api=api,
        everywhere=everywhere,
        autoname=autoname,
        computed={**({"project": "{unit}"} if project else {}), **(computed or {})},
        fixed=frozenset((*fixed.split(), *(("project",) if project else ()))),
        refs=refs,
        handles=(*handles, *(("{" + autoname + "}",) if autoname else ())),
        missing=more.pop("missing", MISSING),
        exists=more.pop("exists", EXISTS),
        in_use=IN_USE if used else None,
        guards=guards,
        rules=(needs(service), *rules),
        made=(*made, _labels),
        changed=(*changed, _labels),
        **more,
    )


def compute(path: str, api: str, fixed: str, **more: Any) -> Behaviour:
    """A type of Compute Engine: `path` below the project, with a self link."""
    computed = {"selfLink": COMPUTE + "{id}", **more.pop("computed", {})}
    handles = ("{selfLink}", *more.pop("handles", ()))
    everywhere = more.pop("everywhere", path.startswith("global/"))
    return item(
        "projects/{unit}/" + path,
        "compute",
        f"compute:v1:{api}",
        fixed,
        computed=computed,
        handles=handles,
        everywhere=everywhere,
        **more,
    )


def protected(path: str = "deletionProtection") -> tuple[Guard, ...]:
    """Refuses to go while it is protected."""
    return (Guard(path, PROTECTED),)


def bad(message: str) -> Refusal:
    """Google's usual way of refusing a value."""
    return Refusal("invalid", f"Invalid value: {message}", 400)
