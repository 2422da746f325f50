"""A subscription on loopback, as it is handed over, with an administrator to enter it."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from scripts.bootstrap.azure import CLOUD
from scripts.bootstrap.azure.session import Azure as Session
from scripts.bootstrap.evidence import Chain
from scripts.bootstrap.run import Outcome, Patience, Runner
from scripts.bootstrap.steps import Pipeline, Settings, Step
from tests.bootstrap.azure import entra, manager
from tests.bootstrap.azure.fake import ADMIN, ADMIN_SECRET, SUBSCRIPTION, TENANT, Azure, World
from tests.bootstrap.fakes.server import Server, serving
from tests.bootstrap.fakes.tls import Authority, authority

SUBJECT = "repo:shinjuku/jichitai:environment:production"
GLASS = "cccccccc-0000-4000-8000-000000000001"
PATIENCE = Patience(attempts=3, first=0.0, settle=10.0)
MANIFEST: Mapping[str, Any] = {
    "code": "131041",
    "environment": "production",
    "clouds": {
        "azure": {"unit": SUBSCRIPTION, "region": "japaneast", "baseline": {"contacts": "adopted"}},
    },
    "contacts": {
        "operations": {"email": "ops@shinjuku.example.lg.jp", "name": "運用"},
        "security": {"email": "sec@shinjuku.example.lg.jp", "name": "安全"},
    },
}


class Quiet:
    """Hears everything, says nothing."""

    def looking(self, step: Step[Any], number: int, of: int) -> None: ...
    def looked(self, step: Step[Any], finding: Any) -> None: ...
    def calling(self, step: Step[Any], call: Any) -> None: ...
    def waiting(self, step: Any, failure: Any, seconds: float) -> None: ...
    def finished(self, step: Step[Any], changed: int) -> None: ...


@dataclass
class Unit:
    """The fake, its server, and runs of the real steps against it."""

    azure: Azure
    server: Server
    settings: Settings
    folder: Path

    @property
    def chain(self) -> Chain:
        return Chain(self.folder / "evidence.jsonl", f"azure/{SUBSCRIPTION}")

    def runner(self, **changes: Any) -> Runner[Session]:
        settings = replace(self.settings, **changes)
        return Runner(CLOUD, settings, self.chain, Quiet(), PATIENCE, sleep=lambda seconds: None)

    def run(self, steps: Sequence[str] = (), **changes: Any) -> Outcome[Session]:
        """A whole run, or of some steps; whatever asks is answered with yes."""
        runner = self.runner(**changes)
        chosen = [s for s in CLOUD.steps if s.id in steps or (not steps and not s.final)]
        return runner.apply(runner.survey(chosen), lambda step: None)

    def changing(self) -> list[str]:
        """What was sent that changes anything, and was answered well."""
        return [
            f"{e.request.method} {e.request.path}"
            for e in self.server.requests
            if e.request.method not in ("GET", "HEAD") and 0 < e.status < 400 and _counted(e.request)
        ]

    def pipeline_token(self, subject: str = SUBJECT, *, seconds: int = 600, audience: str = "") -> str:
        """The file with the token that a job of the pipeline finds."""
        file = self.folder / "token"
        wanted = audience or "api://AzureADTokenExchange"
        file.write_text(self.azure.issuer.token(subject, wanted, seconds=seconds))
        return str(file)


def shape(world: World) -> dict[str, Any]:
    """What is there, without what differs between two equal worlds."""
    return {
        "resources": {
            k: {x: y for x, y in v.items() if x != "etag"} for k, v in sorted(world.resources.items())
        },
        "registered": sorted(world.registered),
        "blobs": {k.rsplit("/", 1)[0]: len(v) for k, v in sorted(world.blobs.items()) if v},
        "secrets": sorted(world.secrets),
    }


def _counted(request: Any) -> bool:
    return not request.path.endswith(("/token", "openid-configuration"))


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """azure-core sends tokens over TLS only: an authority of our own."""
    return authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tls: Authority) -> Generator[Unit]:
    """A subscription of this test's own; the administrator signs in by the standard chain."""
    azure = Azure()
    entra.register(azure)
    manager.register(azure)
    with serving(azure.router, tls.server) as server:
        server.counted = _counted
        for name, value in {
            **tls.environment,
            "AZURE_AUTHORITY_HOST": server.url,
            "AZURE_TENANT_ID": TENANT,
            "AZURE_CLIENT_ID": ADMIN,
            "AZURE_CLIENT_SECRET": ADMIN_SECRET,
            "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential",
        }.items():
            monkeypatch.setenv(name, value)
        settings = Settings(
            cloud="azure",
            stack="131041-shinjuku",
            manifest=MANIFEST,
            pipeline=Pipeline(azure.issuer.url, (SUBJECT,)),
            options={"endpoint": server.url, "break_glass": f"{GLASS}:glass@gcas.example.go.jp"},
        )
        yield Unit(azure, server, settings, tmp_path)
