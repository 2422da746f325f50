"""The proof of the whole on Azure: the command bootstraps a subscription, the engine keeps its state there.

Resource Manager and Entra ID are our fake, the storage account's data plane is the real Azurite: the
container that the bootstrap makes is made in it, and the proof, the evidence and Pulumi's state lie there.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from scripts.engine.install import ensure
from scripts.engine.places import REPO
from scripts.setup.venv import MORE_LOCK
from tests.bootstrap.azure import entra, manager
from tests.bootstrap.azure.fake import ADMIN, ADMIN_SECRET, SUBSCRIPTION, TENANT, Azure
from tests.bootstrap.azurite.emulator import Azurite, running
from tests.bootstrap.fakes.proxy import proxy
from tests.bootstrap.fakes.server import Server, serving
from tests.bootstrap.fakes.tls import authority
from tests.conftest import Clone, Cloning, Ended

pytestmark = pytest.mark.xdist_group("bootstrap-proof-azure")

STACK = "325252-ama"
SUBJECT = "repo:ama/infra:environment:production"
GLASS = "cccccccc-0000-4000-8000-000000000001:glass@gcas.example.go.jp"


@dataclass
class World:
    """A clone, a subscription, the emulator, and what the commands have said."""

    clone: Clone
    azure: Azure
    server: Server
    azurite: Azurite
    variables: dict[str, str]
    token: Path
    said: list[Ended] = field(default_factory=list[Ended])

    def bootstrap(self, *arguments: str) -> Ended:
        options = {
            "endpoint": self.server.url,
            "blob_endpoint": self.azurite.endpoint,
            "break_glass": GLASS,
        }
        set_ = [part for name, value in options.items() for part in ("--set", f"{name}={value}")]
        who = ("--issuer", "github", "--subject", SUBJECT)
        return self.run("bootstrap", "azure", STACK, *who, *set_, *arguments)

    def run(self, *arguments: str, **more: str) -> Ended:
        done = self.clone.run(*arguments, **(self.variables | more))
        self.said.append(done)
        return done

    def service(self) -> Any:
        from azure.storage.blob import BlobServiceClient

        key = {"account_name": self.azurite.account, "account_key": self.azurite.key}
        return BlobServiceClient(self.azurite.endpoint, credential=key)


@pytest.fixture(scope="module")
def world(cloning: Cloning, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    pytest.importorskip("azure.storage.blob", reason="the libraries of `bootstrap azure` are not installed")
    from scripts.bootstrap.azure.names import account, vault
    from scripts.bootstrap.steps import Settings

    folder = tmp_path_factory.mktemp("azure")
    clone = cloning()
    shutil.copy2(REPO / MORE_LOCK, clone.folder)  # by it the command sees that the SDKs are there
    text = clone.manifest(STACK).read_text(encoding="utf-8")
    lines = [
        f'        unit: "{SUBSCRIPTION}"' if line.strip().startswith("unit:") else line
        for line in text.splitlines()
    ]
    clone.manifest(STACK).write_text("\n".join(lines) + "\n", encoding="utf-8")
    manifest: dict[str, Any] = {"clouds": {"azure": {"unit": SUBSCRIPTION}}}
    settings = Settings("azure", STACK, manifest, None)
    name = account(settings)
    tls = authority(folder, "login.microsoftonline.com", f"{vault(settings)}.vault.azure.net")
    azure = Azure()
    entra.register(azure)
    manager.register(azure)
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in tls.environment.items():
            patch.setenv(variable, value)
        with running(folder, tls, name) as azurite, serving(azure.router, tls.server) as server:
            token = folder / "token"
            token.write_text(azure.issuer.token(SUBJECT, "api://AzureADTokenExchange", seconds=3600))
            variables = {
                **tls.environment,
                "AZURE_AUTHORITY_HOST": server.url,
                "AZURE_TENANT_ID": TENANT,
                "AZURE_CLIENT_ID": ADMIN,
                "AZURE_CLIENT_SECRET": ADMIN_SECRET,
                "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential",
            }
            found = World(clone, azure, server, azurite, variables, token)

            def made(kind: str, id_: str) -> None:
                """What Resource Manager makes is there for the data plane."""
                if kind.endswith("/containers"):
                    container = found.service().get_container_client(id_.rpartition("/")[2])
                    if not container.exists():
                        container.create_container()

            azure.made = made
            yield found


def test_the_whole_run_with_its_proof_and_evidence_in_the_store(world: World) -> None:
    waiting = world.bootstrap("--yes", "--json")
    assert waiting.document["result"] == "waiting", waiting.err
    done = world.bootstrap("--yes", "--json", "--token-file", str(world.token))
    assert done.code == 0, done.err
    assert done.document["result"] == "succeeded"
    containers = {c.name for c in world.service().list_containers()}
    assert containers == {"state", "evidence"}
    proof = world.service().get_blob_client("state", "bootstrap/proof.json").download_blob().readall()
    assert json.loads(proof)["subjects"] == [SUBJECT]
    copies = [b.name for b in world.service().get_container_client("evidence").list_blobs()]
    assert len(copies) == 1
    assert world.run("bootstrap", "verify", "--json").code == 0


def test_a_leased_state_is_not_written_or_deleted_by_others(world: World) -> None:
    from azure.core.exceptions import HttpResponseError
    from azure.storage.blob import BlobLeaseClient

    blob = world.service().get_blob_client("state", "leased")
    blob.upload_blob(b"1")
    lease = BlobLeaseClient(blob)
    lease.acquire(lease_duration=15)
    other = world.service().get_blob_client("state", "leased")
    for attempt in (lambda: other.upload_blob(b"2", overwrite=True), other.delete_blob):
        with pytest.raises(HttpResponseError) as caught:
            attempt()
        assert caught.value.status_code == 412
    with pytest.raises(HttpResponseError):
        BlobLeaseClient(other).acquire(lease_duration=15)
    other.upload_blob(b"3", overwrite=True, lease=lease)
    lease.release()
    assert other.download_blob().readall() == b"3"
    other.delete_blob()


def test_the_engine_keeps_its_state_and_secrets_there_as_the_pipeline(world: World, tmp_path: Path) -> None:
    """`pulumi login`, a stack whose secrets the vault's key seals, then `up`, all by the pipeline's token."""
    deployer = next(r for i, r in world.azure.world.resources.items() if i.endswith("/id-jichitai-deployer"))
    vault = next(r for r in world.azure.of_type("Microsoft.KeyVault/vaults"))["name"]
    place = f"protocol=https&domain={world.azurite.host}&localemu=true"
    backend = f"azblob://state?storage_account={world.azurite.account}&{place}"
    key = f"azurekeyvault://{vault}.vault.azure.net/keys/pulumi-secrets"
    names = ("login.microsoftonline.com", f"{vault}.vault.azure.net")
    with proxy(world.server.host, *names) as through:
        variables = {
            **world.variables,
            "AZURE_AUTHORITY_HOST": "",
            "AZURE_CLIENT_SECRET": "",
            "AZURE_CLIENT_ID": deployer["properties"]["clientId"],
            "AZURE_FEDERATED_TOKEN_FILE": str(world.token),
            "AZURE_TOKEN_CREDENTIALS": "WorkloadIdentityCredential",
            "HTTPS_PROXY": through,
            "NO_PROXY": "127.0.0.1,localhost",
        }
        project = tmp_path / "Pulumi.yaml"
        project.write_text("name: sealed\nruntime: python\n", encoding="utf-8")

        def pulumi(*arguments: str) -> str:
            done = subprocess.run(
                [ensure(lambda _: None).path, *arguments, "--non-interactive"],
                env=world.clone.environment(**variables, PULUMI_HOME=str(world.token.parent / "pulumi")),
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        pulumi("login", backend)
        pulumi("stack", "init", "sealed", "--secrets-provider", key)
        pulumi("config", "set", "--secret", "word", "ひみつ")
        assert "ひみつ" not in (tmp_path / "Pulumi.sealed.yaml").read_text(encoding="utf-8")
        assert pulumi("config", "get", "word").strip() == "ひみつ"
        sealed = [e.request.path for e in world.server.requests if "/keys/pulumi-secrets/" in e.request.path]
        assert any(path.endswith("/encrypt") for path in sealed)
        assert any(path.endswith("/decrypt") for path in sealed)
        up = world.run("up", STACK, "--yes", "--json", "--backend", backend, **variables)
        assert up.code == 0, up.err
        again = world.run("outputs", STACK, "--json", "--backend", backend, **variables)
        assert again.code == 0, again.err
    assert up.document["resources"] > 100
    state = world.service().get_blob_client("state", f".pulumi/stacks/jichitai/{STACK}.json")
    kept = json.loads(state.download_blob().readall())
    assert len(kept["checkpoint"]["latest"]["resources"]) >= up.document["resources"]
    local = world.clone.folder / ".jichitai" / "state" / "twin" / ".pulumi" / "stacks"
    assert not list(local.rglob(f"{STACK}.json"))


def test_no_secret_is_written_or_said(world: World) -> None:
    planted = {ADMIN_SECRET, world.token.read_text(encoding="utf-8"), world.azurite.key}
    planted |= {e.request.bearer for e in world.server.requests if e.request.bearer}
    assert len(planted) > 4
    said = "".join(done.out + done.err for done in world.said)
    files = [f for f in (world.clone.folder / ".jichitai").rglob("*") if f.is_file()]
    assert files
    for secret in planted:
        assert secret not in said
        assert not [f for f in files if secret.encode() in f.read_bytes()]
