"""Short words for writing Azure tables: resource tokens, ids, references, names, and what Azure answers."""

from __future__ import annotations

import re
from typing import Any

from providers.twin.azure.published import wrong
from providers.twin.behaviour import Answer, Behaviour, Hook, Maker, Ref, Refusal
from providers.twin.scope import Scope
from providers.twin.store import BELONGS, HOLDS, MENTIONS
from providers.wire import Value

GROUP = "/subscriptions/{unit}/resourceGroups/{resourceGroupName}"

NO_GROUP = Answer("ResourceGroupNotFound", "Resource group '{value}' could not be found.", 404)
NO_PARENT = Answer(
    "ParentResourceNotFound",
    "Can not perform requested operation on nested resource. Parent '{value}' not found.",
    404,
)
NO_RESOURCE = Answer(
    "InvalidResourceReference", "Resource {value} referenced by {id}{resource} was not found.", 400
)
MISSING = Answer("ResourceNotFound", "The Resource '{value}' was not found.", 404)
EXISTS = Answer("Conflict", "cannot create already existing resource '{value}'", 409)


def token(short: str) -> str:
    """`network.Subnet` → `azure-native:network:Subnet`."""
    return f"azure-native:{short.replace('.', ':')}"


def props(names: str) -> frozenset[str]:
    """Property names, written as words."""
    return frozenset(names.split())


def path(kind: str, names: tuple[str, ...], base: str = GROUP) -> str:
    """The id template of a `kind` (`Microsoft.Network/virtualNetworks/subnets`) named by `names`."""
    namespace, *types = kind.split("/")
    return f"{base}/providers/{namespace}/" + "/".join(
        f"{t}/{{{n}}}" for t, n in zip(types, names, strict=True)
    )


def uses(at: str, *kinds: str, form: str = "", missing: Answer = NO_RESOURCE) -> Ref:
    """The property names something that cannot go while this is there."""
    return Ref(at, tuple(token(k) for k in kinds), HOLDS, missing=missing, form=form)


def names(at: str, *kinds: str, form: str = "", missing: Answer = NO_RESOURCE) -> Ref:
    """The property names something that must exist, and may go all the same."""
    return Ref(at, tuple(token(k) for k in kinds), MENTIONS, missing=missing, form=form)


def arm(
    kind: str,
    named: str,
    *,
    parent: str = "",
    fixed: str = "",
    refs: tuple[Ref, ...] = (),
    computed: dict[str, Maker] | None = None,
    rule: str = "",
    base: str = GROUP,
    rules: tuple[Hook, ...] = (),
    type_: str | None = None,
    steps: str = "",
    **more: Any,
) -> Behaviour:
    """The record of a resource in a resource group: `named` are the properties of its path, last its own.

    `parent` is the token of the resource that it is a part of; `rule` the form of its own name.
    """
    own = tuple(named.split())
    home = Ref("resourceGroupName", (token("resources.ResourceGroup"),), BELONGS, missing=NO_GROUP)
    if parent:
        above = path(kind.rsplit("/", 1)[0], own[:-1], base).replace(f"{{{own[-2]}}}", "{value}")
        home = Ref(own[-2], (token(parent),), BELONGS, missing=NO_PARENT, form=above)
    checks = (
        _published(frozenset(own) | props(steps) | _HOLES),
        *((_name_rule(own[-1], rule, kind),) if rule else ()),
        located,
        *rules,
    )
    return Behaviour(
        id=path(kind, own, base),
        autoname="",
        delete_first=True,
        fixed=props(" ".join(own)) | props(fixed) | props("resourceGroupName location"),
        refs=(home, *refs),
        computed={
            "name": f"{{{own[-1]}}}",
            **({"type": kind} if type_ is None else {}),
            "provisioningState": "Succeeded",
            "etag": 'W/"{uuid}"',
            **(computed or {}),
        },
        rules=checks,
        missing=MISSING,
        exists=EXISTS,
        **more,
    )


_HOLES = frozenset({"resourceGroupName", "scope", "scopeId", "resourceUri"})


def _published(steps: frozenset[str]) -> Hook:
    """What Microsoft's published model of the type does not take, Azure refuses."""

    def check(scope: Scope) -> None:
        found = wrong(scope.type, scope.inputs, steps)
        if found:
            raise Refusal("InvalidRequestContent", f"The request content was invalid: {found[0]}")

    return check


def _name_rule(prop: str, form: str, kind: str) -> Hook:
    compiled = re.compile(form)

    def check(scope: Scope) -> None:
        value = str(scope.get(prop) or "")
        if not compiled.fullmatch(value):
            raise Refusal(
                "InvalidResourceName",
                f"Resource name {value} of {kind} is invalid: it must match {form}.",
            )

    return check


def location_of(value: Value) -> str:
    """`Japan East` and `japaneast` are one place."""
    return str(value or "").replace(" ", "").lower()


def located(scope: Scope) -> None:
    """A resource that has a location says it: ours never rely on the group's."""
    if (
        "location" in scope.schema.inputs
        and scope.schema.inputs["location"].required
        and not scope.get("location")
    ):
        raise Refusal("LocationRequired", "The location property is required for this definition.")


def in_use(code: str, words: str) -> Answer:
    """Azure refuses to delete what is in use; `words` may have {id} and {value}."""
    return Answer(code, words, 400)
