"""What Entra ID shows of how people sign in, by Microsoft's own client for Graph. Only reads.

The directory is the agency's: an administrator of one subscription mostly may not read it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from scripts.bootstrap.azure import errors

SCOPE = "https://graph.microsoft.com/.default"


@dataclass(frozen=True, slots=True)
class SignIn:
    """Whether security defaults are on, and which enabled conditional access policies ask for MFA."""

    security_defaults: bool
    mfa_policies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told of each request: its method before it leaves, then status and request id."""

    before: Callable[[str], Any]
    after: Callable[[Any, int, str], None]


def sign_in(credential: Any, endpoint: str, seconds: float, watch: Watch) -> SignIn | None:
    """What the directory shows; None where we may not read it."""
    try:
        return asyncio.run(_read(credential, endpoint, seconds, watch))
    except Exception as error:
        if errors.forbidden(error):
            return None
        raise


async def _read(credential: Any, endpoint: str, seconds: float, watch: Watch) -> SignIn:
    async def leaving(request: Any) -> None:
        request.extensions["jichitai"] = watch.before(request.method)

    async def answered(response: Any) -> None:
        told = str(response.headers.get("request-id", ""))
        watch.after(response.request.extensions["jichitai"], response.status_code, told)

    hooks = {"request": [leaving], "response": [answered]}
    client = import_module("httpx").AsyncClient(timeout=seconds, event_hooks=hooks)
    retry = import_module("kiota_http.middleware.options").RetryHandlerOption
    options = {retry.get_key(): retry(max_retries=0, should_retry=False)}
    factory = import_module("msgraph_core").GraphClientFactory
    http = factory.create_with_default_middleware(client=client, options=options)
    module = "kiota_authentication_azure.azure_identity_authentication_provider"
    provider = import_module(module).AzureIdentityAuthenticationProvider(credential, scopes=[SCOPE])
    adapter = import_module("msgraph.graph_request_adapter").GraphRequestAdapter(provider, client=http)
    if endpoint:
        adapter.base_url = f"{endpoint}/v1.0"
    graph = import_module("msgraph").GraphServiceClient(request_adapter=adapter)
    try:
        defaults = await graph.policies.identity_security_defaults_enforcement_policy.get()
        found = await graph.identity.conditional_access.policies.get()
    finally:
        await http.aclose()
    return SignIn(
        bool(defaults.is_enabled), tuple(sorted(p.display_name for p in found.value if _asks_mfa(p)))
    )


def _asks_mfa(policy: Any) -> bool:
    controls = policy.grant_controls
    asked = [str(getattr(c, "value", c)) for c in (controls.built_in_controls if controls else None) or ()]
    return str(getattr(policy.state, "value", policy.state)) == "enabled" and "mfa" in asked
