"""Every kind of resource, on the real engine: made, read back without a difference, deleted without a
trace."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.sakura.conftest import Project, Twin

HERE = Path(__file__).parent
# What the program hands over and nobody may keep.
SECRETS = (
    "correct-horse-battery",
    "db-password-123",
    "replica-password-123",
    "shared-secret",
    "a-secret-value",
    "user-password-1",
    "ci-password-1",
    "run-password-1",
    "nosql-password-1",
    "tidb-password-123",
    "basic-password",
    "token-secret-1",
    "staff-password",
    "onetime-secret-1",
    "files-secret-1",
    "files-key-id-1",
    "logs-secret-1",
    "gateway-secret-1",
    "gateway-password-1",
    "jwt-secret-1",
    "BEGIN PRIVATE KEY",
)


def server_made(twin: Twin) -> list[str]:
    """Secrets that the services made: keys of local routers and of storages, and one that a vault holds."""
    items = [doc for doc in twin.of("commonserviceitem") if doc["Provider"]["Class"] == "localrouter"]
    found = [key for doc in items for key in doc["Status"]["SecretKeys"]]
    found += [doc["secret"] for kind in twin.counts() if kind.startswith("keys@") for doc in twin.of(kind)]
    (vault,) = (doc for doc in twin.of("vault") if "held" in doc["_secrets"])
    with twin.http("tk1a") as http:
        unveil = f"/secretmanager/vaults/{vault['ID']}/secrets/unveil"
        found.append(http.post(unveil, json={"Secret": {"Name": "held"}}).json()["Secret"]["Value"])
    assert len(found) == 6
    return found


def test_every_kind_lives_and_goes(project: Project, twin: Twin) -> None:
    from providers.sakura.catalog import RESOURCES

    shutil.copy(HERE / "everything.py", project.folder / "program" / "__main__.py")
    assert set(project.preview()["changeSummary"]) == {"create"}
    project.ok("up", "--yes", "--skip-preview")
    kinds = {r["type"] for r in project.state()}
    assert {r.token for r in RESOURCES} - kinds == set()
    assert set(project.preview()["changeSummary"]) == {"same"}
    assert "update" not in project.ok("refresh", "--yes", "--skip-preview", "--diff")
    assert set(project.preview()["changeSummary"]) == {"same"}

    held = project.ok("stack", "export", "--show-secrets")
    held += (twin.folder / "sakura.sqlite").read_bytes().decode("utf-8", "replace")
    assert [s for s in SECRETS if s in held] == []
    state = project.ok("stack", "export", "--show-secrets")
    assert [s for s in server_made(twin) if s in state] == [], "what can be read again is not kept"

    project.destroy()
    assert twin.counts() == {}
