"""The commands that only look: outputs and export. They need no twin and take no lock."""

from __future__ import annotations

from typing import Any

from scripts.cli import console as consoles
from scripts.cli import render
from scripts.cli.console import Console
from scripts.cli.exits import Exit
from scripts.cli.options import Backend, Cloud, Json, Key, Tenant, Which, store_of, which
from scripts.cli.session import engine_errors, find_target, not_built, ready_engine
from scripts.engine.changes import shown
from scripts.engine.recovery import export as export_state
from scripts.engine.recovery import read_state
from scripts.engine.stores import Store
from scripts.engine.workspace import Workspace


def outputs(
    tenant: Tenant,
    environment: Which = None,
    cloud: Cloud = False,
    json: Json = False,
    backend: Backend = "",
    key: Key = "",
) -> int:
    """Show what came out of a tenant: units, networks, what is on order, where people reach each package."""
    console = consoles.begin(json=json)
    found = outputs_of(
        _deployment(
            console, tenant, environment, "outputs", cloud=cloud, store=store_of(backend, key, cloud=cloud)
        )
    )
    if console.json:
        console.document(found)
    elif isinstance(found.get("tenant"), dict):
        render.show_tenant(console, found["tenant"])
    return Exit.OK


def export(
    tenant: Tenant,
    environment: Which = None,
    cloud: Cloud = False,
    backend: Backend = "",
    key: Key = "",
) -> int:
    """Print the engine's state as JSON, secrets encrypted, as `pulumi stack import` takes it."""
    console = consoles.begin(json=True)
    store = store_of(backend, key, cloud=cloud)
    workspace, stack = _workspace(console, tenant, environment, "export", cloud=cloud, store=store)
    with engine_errors(stack):
        console.document(export_state(workspace, stack))
    return Exit.OK


def outputs_of(deployment: dict[str, Any]) -> dict[str, Any]:
    """The stack's outputs in a deployment, secrets masked."""
    for resource in deployment.get("resources") or ():
        if resource.get("type") == "pulumi:pulumi:Stack":
            return dict(shown(resource.get("outputs") or {}))
    return {}


def _workspace(
    console: Console, tenant: str, environment: str | None, verb: str, *, cloud: bool, store: Store | None
) -> tuple[Workspace, str]:
    target = find_target(tenant, which(environment), verb)
    workspace = Workspace(ready_engine(console), target="cloud" if cloud else "twin", store=store)
    with engine_errors(target.stack):
        if not workspace.stack_exists(target.stack):
            raise not_built(target.stack, cloud=cloud)
    return workspace, target.stack


def _deployment(
    console: Console, tenant: str, environment: str | None, verb: str, *, cloud: bool, store: Store | None
) -> dict[str, Any]:
    workspace, stack = _workspace(console, tenant, environment, verb, cloud=cloud, store=store)
    deployment = read_state(workspace, stack)
    if deployment is None:
        with engine_errors(stack):
            deployment = export_state(workspace, stack).get("deployment") or {}
    if not deployment.get("resources"):
        raise not_built(stack, cloud=cloud)
    return deployment
