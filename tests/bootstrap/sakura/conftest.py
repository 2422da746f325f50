"""さくら's twin in this process, handed over to a bootstrap, with faults in front of it; and whole runs."""

from __future__ import annotations

import itertools
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from providers.twin.sakura.apis.s3 import Reply
from providers.twin.sakura.handover import Administrator, hand_over_administrator
from providers.twin.sakura.http import Drop, Twin
from providers.twin.sakura.store import Store
from scripts.bootstrap.evidence import Chain
from scripts.bootstrap.run import Outcome, Patience, Runner
from scripts.bootstrap.sakura import CLOUD
from scripts.bootstrap.sakura.session import Sakura
from scripts.bootstrap.steps import Settings
from tests.bootstrap.fakes.server import Answer, Request, Server

UNIT = "113703261059"
STACK = "131059-bunkyo"
CONTACTS = {
    "operations": {"email": "gov-cloud@bunkyo.example.lg.jp"},
    "security": {"email": "csirt@bunkyo.example.lg.jp"},
}


@dataclass(frozen=True)
class Pair:
    """A key pair in two files."""

    private: Path
    public: Path


def _pair(folder: Path, name: str) -> Pair:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    pem = serialization.Encoding.PEM
    private.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public.write_bytes(key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo))
    return Pair(private, public)


@pytest.fixture(scope="session", autouse=True)
def quick() -> Iterator[None]:
    """Hundreds of clients are made here: what each reads anew and what never differs is read once."""
    import httpx._transports.default as transports
    import jwt.algorithms as algorithms

    with pytest.MonkeyPatch.context() as patched:
        for module, name in ((transports, "create_ssl_context"), (algorithms, "load_pem_private_key")):
            patched.setattr(module, name, lru_cache(getattr(module, name)))
        yield


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pair]:
    """The administrator's, the pipeline's and the sealed key: made once, since that takes a while."""
    folder = tmp_path_factory.mktemp("keys")
    return {name: _pair(folder, name) for name in ("administrator", "deployer", "break-glass", "other")}


class Silent:
    """Nobody watches."""

    def looking(self, step: Any, number: int, of: int) -> None:
        """Nothing."""

    def looked(self, step: Any, finding: Any) -> None:
        """Nothing."""

    def calling(self, step: Any, call: Any) -> None:
        """Nothing."""

    def waiting(self, step: Any, failure: Any, seconds: float) -> None:
        """Nothing."""

    def finished(self, step: Any, changed: int) -> None:
        """Nothing."""


def _refuse(status: int, code: str, message: str) -> Answer:
    return Answer(status, {"type": "about:blank", "title": code, "status": status, "detail": message})


@dataclass
class World:
    """A project that was handed over, and what runs against it."""

    folder: Path
    pairs: dict[str, Pair]
    monkeypatch: pytest.MonkeyPatch
    role: str = "owner"
    store: Store = field(init=False)
    administrator: Administrator = field(init=False)
    server: Server = field(init=False)

    def __post_init__(self) -> None:
        public = self.pairs["administrator"].public.read_text()
        self.administrator = hand_over_administrator(self.twin, UNIT, public, role=self.role)
        self._open()
        self.server = Server(self._answer, _refuse)
        self.sign_in(self.administrator.principal, self.administrator.kid, "administrator")

    @property
    def twin(self) -> Path:
        return self.folder / "twin"

    def _open(self) -> None:
        self.store = Store(self.twin / "sakura.sqlite")
        self._twin = Twin(self.store, 600)

    def _answer(self, request: Request) -> Answer:
        headers = {name.title(): value for name, value in request.headers.items()}
        try:
            status, body = self._twin.answer(request.method, request.target, headers, request.body)
        except Drop:
            raise AssertionError("no faults of the twin's own are asked for here") from None
        if isinstance(body, Reply):
            return Answer(status, body.content, body.headers)
        return Answer(status, None if status == 204 else body)

    def close(self) -> None:
        self.server.close()
        self.store.close()

    def sign_in(self, principal: str, kid: str, pair: str) -> None:
        """Whose credential is in the environment from now on."""
        for name, value in {
            "HOME": str(self.folder),
            "SAKURA_API_ROOT_URL": f"{self.server.url}/cloud/zone",
            "SAKURA_ENDPOINTS_S3": f"{self.server.url}/s3/{{site}}",
            "SAKURA_SERVICE_PRINCIPAL_ID": principal,
            "SAKURA_SERVICE_PRINCIPAL_KEY_KID": kid,
            "SAKURA_PRIVATE_KEY_PATH": str(self.pairs[pair].private),
            "SAKURA_ACCESS_TOKEN": self.store.token,
            "SAKURA_ACCESS_TOKEN_SECRET": self.store.secret,
            "SAKURA_PULUMI_RATE_LIMIT": "0",
        }.items():
            self.monkeypatch.setenv(name, value)

    def settings(self, *, proof: bool = True, unit: str = UNIT, **options: str) -> Settings:
        manifest = {
            "code": "131059",
            "environment": "production",
            "clouds": {"sakura": {"unit": unit, "region": "tokyo"}},
            "contacts": CONTACTS,
        }
        keys = {
            "deployer_public_key": str(self.pairs["deployer"].public),
            "break_glass_public_key": str(self.pairs["break-glass"].public),
        }
        given = {name: value for name, value in (keys | options).items() if value}
        token = str(self.pairs["deployer"].private) if proof else ""
        return Settings("sakura", STACK, manifest, None, token, given)

    def runner(self, settings: Settings | None = None) -> Runner[Sakura]:
        chain = Chain(self.folder / "evidence.jsonl", UNIT)
        patience = Patience(attempts=3, first=0, longest=0, settle=5)
        chosen = settings or self.settings()
        return Runner(CLOUD, chosen, chain, Silent(), patience, sleep=lambda _: None)

    def run(self, settings: Settings | None = None, *only: str, final: bool = True) -> Outcome[Sakura]:
        """One run to its end, or to where it has to wait."""
        runner = self.runner(settings)
        steps = [step for step in CLOUD.steps if (not only or step.id in only) and (final or not step.final)]
        return runner.apply(runner.survey(steps), lambda _: None)

    @property
    def chain(self) -> Chain:
        return Chain(self.folder / "evidence.jsonl", UNIT)

    def state(self) -> list[str]:
        """What is in the project, in words that do not depend on ids, times and secrets."""
        return _canonical(self.store)

    def save(self, name: str) -> None:
        """Keep what there is, with the evidence, to come back to."""
        self.store.close()
        place = self.folder / "saved" / name
        shutil.copytree(self.twin, place / "twin")
        if self.chain.file.exists():
            shutil.copy(self.chain.file, place)
        self._open()

    def restore(self, name: str) -> None:
        """Go back to it."""
        self.store.close()
        place = self.folder / "saved" / name
        shutil.rmtree(self.twin)
        shutil.copytree(place / "twin", self.twin)
        self.chain.file.unlink(missing_ok=True)
        if (place / "evidence.jsonl").exists():
            shutil.copy(place / "evidence.jsonl", self.chain.file)
        self._open()


_VOLATILE = frozenset({
    "created_at", "updated_at", "CreatedAt", "ModifiedAt", "createdAt", "configured_at", "config_status",
    "SettingsHash", "access_token", "kid", "versions", "_due", "_material", "_values", "_secret",
})  # fmt: skip
_KEPT = frozenset({"account", "activation", "iamdocument", "iam/service-principals", "iam/compat/api-keys"})
"""Kinds of which also what the platform put there belongs to the picture."""


def _canonical(store: Store) -> list[str]:
    documents = [d for d in store.documents() if not d[3].get("_platform") or d[0] in _KEPT]
    labels: dict[str, str] = {}
    counts: dict[str, itertools.count[int]] = {}
    for kind, zone, id_, doc in documents:
        name = next((doc[n] for n in ("Name", "name", "display_name", "public_key") if doc.get(n)), "")
        label = f"{kind}/{zone}/{name}"
        number = next(counts.setdefault(label, itertools.count()))
        for own in {id_, *(str(doc.get(n)) for n in ("ID", "id", "resource_id"))}:
            if len(own) > 8:
                labels[own] = f"<{label}#{number}>"

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            kept = {k: v for k, v in value.items() if k not in _VOLATILE}
            return {k: plain(v) for k, v in sorted(kept.items()) if not str(v).startswith("evidence=")}
        if isinstance(value, list):
            return sorted((plain(v) for v in value), key=lambda v: json.dumps(v, sort_keys=True))
        return value

    pattern = re.compile("|".join(map(re.escape, labels)) or "$^")
    texts = (json.dumps([kind, zone, plain(doc)], ensure_ascii=False) for kind, zone, _, doc in documents)
    return sorted(pattern.sub(lambda m: labels[m[0]], text) for text in texts)


@pytest.fixture
def world(tmp_path: Path, pairs: dict[str, Pair], monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A project of this test's own."""
    made = World(tmp_path, pairs, monkeypatch)
    yield made
    made.close()
