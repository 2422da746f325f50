"""What is made without a secret in the program, and what is changed without owning the whole."""

# ruff: noqa: E501 - Pulumi programs, as text
from __future__ import annotations

from tests.sakura.conftest import Project, Twin

DATABASE = """
key = sakura.security.KmsKey("key", name="key", destroy_after_days=0)
vault = sakura.security.SecretVault("vault", name="vault", kms_key_id=key.id)
switch = sakura.network.Switch("switch", name="switch")
sakura.database.Database("db", name="db", switch_id=switch.id, netmask=24,
    ip_addresses=[{"ip_address": "10.0.0.9"}], username="dbadmin", password_vault_id=vault.id,
    replica_user="replica")
"""
NOBODY = DATABASE.replace("password_vault_id=vault.id,", "")

MEMBERS = """
project = sakura.iam.Project("project", code="city", name="市")
first = sakura.iam.Group("first", name="first", description="")
second = sakura.iam.Group("second", name="second", description="")
for name, group in (("a", first), ("b", second)):
    sakura.iam.ProjectMember(name, project_id=project.id, role="resource-viewer", principal_type="group",
        principal_id=group.id)
pulumi.export("project", project.id)
"""
ONE = MEMBERS.replace('("b", second)', "")


def test_a_database_makes_its_own_passwords(project: Project, twin: Twin) -> None:
    project.program(NOBODY)
    refused = project.run("up", "--yes", "--skip-preview")
    assert refused.returncode != 0
    assert "passwordVaultId" in refused.stdout + refused.stderr
    project.program(DATABASE)
    project.ok("up", "--yes", "--skip-preview")
    (vault,) = twin.of("vault")
    assert vault["_secrets"] == {"db-user": 1, "db-replica": 1}
    assert project.preview()["changeSummary"] == {"same": 5}
    project.ok("refresh", "--yes", "--skip-preview")
    assert project.preview()["changeSummary"] == {"same": 5}
    (vault,) = twin.of("vault")
    assert vault["_secrets"] == {"db-user": 1, "db-replica": 1}, "one password for each, once"
    project.destroy()
    assert twin.counts() == {}


def test_a_grant_leaves_other_grants_alone(project: Project, twin: Twin) -> None:
    project.program(MEMBERS)
    project.ok("up", "--yes", "--skip-preview")
    name = f"projects/{project.outputs()['project']}"
    (policy,) = [p for p in _policies(twin) if p["bindings"]]
    ((binding),) = policy["bindings"]
    assert len(binding["principals"]) == 2
    stranger = {"role": {"type": "preset", "id": "owner"}, "principals": binding["principals"][:1]}
    twin.tamper("iamdocument", "", name, "bindings", [*policy["bindings"], stranger])
    assert project.preview()["changeSummary"] == {"same": 6}
    project.program(ONE)
    project.ok("up", "--yes", "--skip-preview")
    (policy,) = [p for p in _policies(twin) if p["bindings"]]
    assert [(b["role"]["id"], len(b["principals"])) for b in policy["bindings"]] == [
        ("resource-viewer", 1),
        ("owner", 1),
    ]
    twin.tamper("iamdocument", "", name, "bindings", [stranger])
    project.ok("refresh", "--yes", "--skip-preview")
    assert project.preview()["changeSummary"]["create"] == 1, "a grant that was taken away is drift"


def _policies(twin: Twin) -> list[dict[str, object]]:
    from providers.twin.sakura.store import Store

    store = Store(twin.folder / "sakura.sqlite")
    try:
        return [doc for _, doc in store.everywhere("iamdocument")]
    finally:
        store.close()


KEYS = """
vault = sakura.security.SecretVault("vault", name="vault",
    kms_key_id=sakura.security.KmsKey("kms", name="kms", destroy_after_days=0).id)
bucket = sakura.objectstorage.Bucket("bucket", site="isk01", name="city-bucket")
permission = sakura.objectstorage.Permission("pair", site="isk01", name="pair",
    bucket_controls=[{"bucket": bucket.name, "can_read": True, "can_write": False}])
key = sakura.objectstorage.PermissionKey("key", site="isk01", permission_id=permission.resource_id, secret_vault_id=vault.id)
pulumi.export("key", key.access_key)
pulumi.export("secret", key.secret_key)
"""


def test_a_key_made_by_the_service_goes_into_the_vault(project: Project, twin: Twin) -> None:
    project.program(KEYS)
    twin.fault("no-vault", method="POST", path="/secretmanager/vaults/.*/secrets$", status=400, times=1)
    assert project.run("up", "--yes", "--skip-preview").returncode != 0
    assert twin.of("permissionkey") == [], "a key whose secret nobody holds does not stay"
    project.ok("up", "--yes", "--skip-preview")
    (made,), (vault,) = twin.of("permissionkey"), twin.of("vault")
    assert project.outputs() == {"key": made["id"], "secret": ""}, "the program sees no secret either"
    assert made["_secret"] not in project.ok("stack", "export", "--show-secrets")
    assert vault["_secrets"] == {"key": 1}
    with twin.http("tk1a") as http:
        asked = http.post(
            f"/secretmanager/vaults/{vault['ID']}/secrets/unveil", json={"Secret": {"Name": "key"}}
        )
    assert asked.json()["Secret"]["Value"] == made["_secret"]
    project.ok("refresh", "--yes", "--skip-preview")
    assert set(project.preview()["changeSummary"]) == {"same"}
    project.program(KEYS.split("key = ")[0])
    project.ok("up", "--yes", "--skip-preview")
    (vault,) = twin.of("vault")
    assert vault["_secrets"] == {}
