"""A child tenancy that was handed over, on loopback, with faults in front of it; and whole runs."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

pytest.importorskip(
    "oci", reason="the SDKs of the bootstrap are not installed: ./jichitai test installs them"
)

from scripts.bootstrap.evidence import Chain
from scripts.bootstrap.oci import CLOUD
from scripts.bootstrap.oci.session import Oci
from scripts.bootstrap.run import Outcome, Patience, Runner
from scripts.bootstrap.steps import Pipeline, Settings
from tests.bootstrap.fakes.server import Server
from tests.bootstrap.oci.fake import Tenancy
from tests.bootstrap.oci.ground import ADMINISTRATOR, TENANCY, print_of

STACK = "131121-setagaya"
SUBJECT = "repo:setagaya/tenant:environment:production"
AUDIENCE = "https://cloud.oracle.com"
CONTACTS = {
    "operations": {"email": "gov-cloud@setagaya.example.lg.jp"},
    "security": {"email": "csirt@setagaya.example.lg.jp"},
}
PIPELINE = Pipeline("https://token.actions.githubusercontent.com", (SUBJECT,))


@dataclass(frozen=True)
class Pair:
    """A key pair in two files."""

    private: Path
    public: Path


@pytest.fixture(scope="session", autouse=True)
def quick() -> Iterator[None]:
    """Hundreds of sessions are made here: a key is read and checked once, and one is made for all tokens."""
    signer = importlib.import_module("oci.signer")
    rsa_of_sessions = importlib.import_module("oci.auth.session_key_supplier").rsa
    shared = SimpleNamespace(generate_private_key=lru_cache(rsa_of_sessions.generate_private_key))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(signer, "load_private_key", lru_cache(signer.load_private_key))
        patched.setattr("oci.auth.session_key_supplier.rsa", shared)
        yield


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pair]:
    """The administrator's and the sealed key: made once, since that takes a while."""
    folder = tmp_path_factory.mktemp("keys")
    found: dict[str, Pair] = {}
    for name in ("administrator", "break-glass"):
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        private, public = folder / f"{name}.pem", folder / f"{name}.pub"
        pem = serialization.Encoding.PEM
        private.write_bytes(
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        private.chmod(0o600)
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        public.write_bytes(key.public_key().public_bytes(pem, form))
        found[name] = Pair(private, public)
    return found


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


@dataclass
class World:
    """A tenancy that was handed over, and what runs against it."""

    folder: Path
    pairs: dict[str, Pair]
    monkeypatch: pytest.MonkeyPatch
    statements: tuple[str, ...] = ()
    tenancy: Tenancy = field(init=False)
    server: Server = field(init=False)
    saved: dict[str, tuple[Any, bytes]] = field(default_factory=dict[str, tuple[Any, bytes]])

    def __post_init__(self) -> None:
        public = self.pairs["administrator"].public.read_text()
        self.tenancy = Tenancy(public, statements=self.statements)
        self.server = Server(self.tenancy, self.tenancy.refuse)
        self.tenancy.url = self.server.url
        self.sign_in(ADMINISTRATOR, "administrator")
        self.monkeypatch.setenv("OCI_CONFIG_FILE", str(self.folder / "config"))

    def sign_in(self, user: str, pair: str) -> None:
        """Whose profile is in the configuration file from now on."""
        lines = {
            "user": user,
            "tenancy": TENANCY,
            "fingerprint": print_of(self.pairs[pair].public.read_text()),
            "key_file": str(self.pairs[pair].private),
            "region": "ap-tokyo-1",
        }
        file = self.folder / "config"
        file.write_text("[DEFAULT]\n" + "".join(f"{k}={v}\n" for k, v in lines.items()))
        file.chmod(0o600)

    def token(self, subject: str = SUBJECT, audience: str = AUDIENCE, seconds: int = 600) -> Path:
        """The pipeline's token, in the file that the pipeline would have."""
        file = self.folder / "token"
        file.write_text(self.tenancy.issuer.token(subject, audience, seconds=seconds))
        return file

    def settings(
        self, *, proof: bool = True, unit: str = TENANCY, pipeline: Pipeline | None = PIPELINE, **options: str
    ) -> Settings:
        manifest = {
            "code": "131121",
            "environment": "production",
            "clouds": {"oci": {"unit": unit, "region": "ap-tokyo-1"}},
            "contacts": CONTACTS,
        }
        given = {
            "endpoint": self.server.url,
            "break_glass_public_key": str(self.pairs["break-glass"].public),
        }
        chosen = {name: value for name, value in (given | options).items() if value}
        token = str(self.token()) if proof else ""
        return Settings("oci", STACK, manifest, pipeline, token, chosen)

    def runner(self, settings: Settings | None = None) -> Runner[Oci]:
        patience = Patience(attempts=3, first=0, longest=0, settle=5)
        chosen = settings or self.settings()
        made = Runner(CLOUD, chosen, self.chain, Silent(), patience, sleep=lambda _: None)
        made.session.sleep = lambda _: None
        return made

    def run(self, settings: Settings | None = None, *only: str, final: bool = True) -> Outcome[Oci]:
        """One run to its end, or to where it has to wait."""
        runner = self.runner(settings)
        steps = [s for s in CLOUD.steps if (not only or s.id in only) and (final or not s.final)]
        return runner.apply(runner.survey(steps), lambda _: None)

    @property
    def chain(self) -> Chain:
        return Chain(self.folder / "evidence.jsonl", TENANCY)

    def save(self, name: str) -> None:
        """Keep what there is, with the evidence, to come back to."""
        file = self.chain.file
        self.saved[name] = self.tenancy.snapshot(), file.read_bytes() if file.exists() else b""

    def restore(self, name: str) -> None:
        """Go back to it."""
        rows, chain = self.saved[name]
        self.tenancy.rows = rows
        self.saved[name] = self.tenancy.snapshot(), chain
        if chain:
            self.chain.file.write_bytes(chain)
        else:
            self.chain.file.unlink(missing_ok=True)

    def state(self) -> list[str]:
        """What is in the tenancy, in words that do not depend on ids, times and secrets."""
        labels: dict[str, str] = {}
        for kind, rows in self.tenancy.rows.items():
            for number, row in enumerate(rows.values()):
                named = next(
                    (row[n] for n in ("displayName", "name", "userName", "secretName") if n in row), number
                )
                for own in (row["id"], row.get("ocid"), row.get("name") if kind == "apps" else None):
                    if own and len(str(own)) > 20:
                        labels[str(own)] = f"<{kind} {named if kind != 'apps' else row['displayName']}>"
        pattern = re.compile("|".join(map(re.escape, labels)) or "$^")

        def plain(value: Any) -> Any:
            if isinstance(value, dict):
                return {k: plain(v) for k, v in sorted(value.items()) if k not in _VOLATILE}
            return [plain(v) for v in value] if isinstance(value, list) else value

        texts = [
            json.dumps([kind, plain(row)], ensure_ascii=False)
            for kind, rows in self.tenancy.rows.items()
            for row in rows.values()
        ]
        return sorted(pattern.sub(lambda m: labels[m[0]], text) for text in texts)


_VOLATILE = frozenset({"clientSecret", "_value", "_objects", "_waits", "_then", "lifecycleState", "key"})


@pytest.fixture
def world(tmp_path: Path, pairs: dict[str, Pair], monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A tenancy of this test's own."""
    made = World(tmp_path, pairs, monkeypatch)
    yield made
    made.server.close()
