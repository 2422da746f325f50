"""A project on loopback, as it is handed over, with an administrator to enter it."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from scripts.bootstrap.evidence import Chain
from scripts.bootstrap.google import CLOUD
from scripts.bootstrap.google.session import Google as Session
from scripts.bootstrap.run import Outcome, Patience, Runner
from scripts.bootstrap.steps import Pipeline, Settings, Step
from tests.bootstrap.fakes.server import Server, serving
from tests.bootstrap.google import handlers, tokens
from tests.bootstrap.google.fake import NUMBER, PROJECT, Google, World

SUBJECT = "repo:koto/jichitai:environment:production"
PATIENCE = Patience(attempts=3, first=0.0, settle=10.0)
HOLDERS = "group:seal@gcas.example.go.jp"
MANIFEST: Mapping[str, Any] = {
    "code": "131041",
    "environment": "production",
    "clouds": {
        "google": {
            "unit": PROJECT,
            "region": "asia-northeast1",
            "baseline": {"contacts": "adopted", "account_guards": "adopted"},
        }
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

    google: Google
    server: Server
    settings: Settings
    folder: Path

    @property
    def chain(self) -> Chain:
        return Chain(self.folder / "evidence.jsonl", f"google/{PROJECT}")

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
            if e.request.method != "GET"
            and e.status == 200
            and not e.request.path.endswith(("/token", ":getIamPolicy", ":testIamPermissions", "AccessToken"))
        ]

    def pipeline_token(self, subject: str = SUBJECT, *, seconds: int = 600) -> str:
        """The file with the token that a job of the pipeline finds."""
        pool = f"projects/{NUMBER}/locations/global/workloadIdentityPools/jichitai"
        audience = f"https://iam.googleapis.com/{pool}/providers/github"
        file = self.folder / "token"
        file.write_text(self.google.issuer.token(subject, audience, seconds=seconds))
        return str(file)

    def sign_in(self, monkeypatch: pytest.MonkeyPatch, member: str) -> None:
        """Signs in as a person: what `gcloud auth application-default login` leaves, with a token in it."""
        file = self.folder / "person.json"
        person = {
            "type": "authorized_user",
            "client_id": "c",
            "client_secret": "s",
            "refresh_token": "r",
            "token": self.google.bearers.issue(member),
            "expiry": "2099-01-01T00:00:00Z",
        }
        file.write_text(json.dumps(person))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))


def shape(world: World) -> dict[str, Any]:
    """What is there, without what differs between two equal worlds: numbers that the server gives."""
    volatile = ("name", "etag", "uniqueId", "metageneration", "nextRotationTime")
    things: dict[str, list[Any]] = {}
    for name, thing in world.things.items():
        kept = {k: v for k, v in thing.items() if k not in volatile and k != "notificationChannels"}
        things.setdefault(re.sub(r"/\d+$", "/#", name), []).append(json.dumps(kept, sort_keys=True))
    policies = {
        name: sorted(
            json.dumps({**b, "members": sorted(b["members"])}, sort_keys=True) for b in p["bindings"]
        )
        for name, p in world.policies.items()
        if p["bindings"]
    }
    objects: dict[str, int] = {}
    for name, versions in world.objects.items():
        objects[name.split("/o/")[0]] = objects.get(name.split("/o/")[0], 0) + len(versions)
    return {
        "things": {name: sorted(found) for name, found in sorted(things.items())},
        "policies": policies,
        "services": sorted(world.services),
        "objects": objects,
        "keys": world.keys,
    }


@pytest.fixture
def unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Unit]:
    """A project of this test's own; the administrator is a service account's key, by the standard chain."""
    google = Google()
    handlers.register(google)
    tokens.register(google)
    with serving(google.router) as server:
        server.counted = lambda request: not request.path.endswith("/token")
        key = {**google.service_account_file("gcas-admin", "roles/owner"), "token_uri": f"{server.url}/token"}
        credentials = tmp_path / "admin.json"
        credentials.write_text(json.dumps(key))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(credentials))
        monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", PROJECT)
        settings = Settings(
            cloud="google",
            stack="131041-shinjuku",
            manifest=MANIFEST,
            pipeline=Pipeline(google.issuer.url, (SUBJECT,)),
            options={"endpoint": server.url, "break_glass": HOLDERS},
        )
        yield Unit(google, server, settings, tmp_path)
