"""Target twin and target cloud: what each sees, and that neither touches the committed files."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import threading
from pathlib import Path

import pytest

from scripts.engine.environment import environment, exports, settings
from scripts.engine.model import HOST, Engine, EngineError
from scripts.engine.stores import Store
from scripts.engine.workspace import Workspace

STACK = "131041-shinjuku"
MANIFEST = "# 新宿区\nconfig:\n  jichitai:tenant:\n    code: '131041'  # 団体コード\n"

USERS = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/home/someone",
    "PULUMI_BACKEND_URL": "s3://production",
    "PULUMI_CONFIG_PASSPHRASE": "theirs",
    "PULUMI_ACCESS_TOKEN": "token",
    "PYTHONDONTWRITEBYTECODE": "1",
    "AWS_PROFILE": "prod",
}


@pytest.fixture
def fake(tmp_path: Path) -> Engine:
    folder = tmp_path / "engine dir"
    folder.mkdir()
    for name in ("pulumi", HOST):
        (folder / name).touch()
    return Engine(folder / "pulumi", "3.259.0", "cache", own_host=True)


def test_twin_sees_nothing_of_the_clouds_state(fake: Engine, tmp_path: Path) -> None:
    seen = environment(fake, tmp_path, "twin", USERS)
    assert seen["PULUMI_BACKEND_URL"] == f"file://{tmp_path}/.jichitai/state/twin?metadata=skip"
    assert seen["PULUMI_HOME"].startswith(str(tmp_path))
    assert (Path(seen["PULUMI_HOME"]) / "logs").is_file(), "no log of everything at each command"
    assert not {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_ACCESS_TOKEN", "PYTHONDONTWRITEBYTECODE"} & set(seen)
    assert seen["PULUMI_IGNORE_AMBIENT_PLUGINS"] == "true"
    assert seen["PATH"].split(":")[0] == str(fake.path.parent)
    passphrase = Path(seen["PULUMI_CONFIG_PASSPHRASE_FILE"])
    assert stat.S_IMODE(passphrase.stat().st_mode) == 0o600
    assert len(passphrase.read_text().strip()) >= 32


def test_cloud_keeps_what_the_user_has_set(fake: Engine, tmp_path: Path) -> None:
    seen = environment(fake, tmp_path, "cloud", USERS)
    for name in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_ACCESS_TOKEN", "AWS_PROFILE"):
        assert seen[name] == USERS[name]
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in seen
    assert "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION" not in seen
    bare = settings(fake, tmp_path, "cloud", {"PATH": "/bin"})
    assert bare["PULUMI_BACKEND_URL"] == f"file://{tmp_path}/.jichitai/state/cloud?metadata=skip"
    assert bare["PULUMI_HOME"].startswith(str(tmp_path)), "no HOME: the clone's own folder"


def test_passphrase_is_made_once(fake: Engine, tmp_path: Path) -> None:
    seen: list[str] = []

    def read() -> None:
        file = settings(fake, tmp_path, "twin", USERS)["PULUMI_CONFIG_PASSPHRASE_FILE"]
        seen.append(Path(file).read_text())

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert (tmp_path / ".jichitai").stat().st_mode & 0o077 == 0, "nobody else looks in"
    assert len(set(seen)) == 1
    assert [p.name for p in (tmp_path / ".jichitai").iterdir() if p.is_file()] == ["passphrase"]


def test_exports_give_a_shell_the_same_environment(fake: Engine, tmp_path: Path) -> None:
    for target in ("twin", "cloud"):
        lines = exports(fake, tmp_path, target, USERS)
        shell = "\n".join([*lines, "unset PWD SHLVL OLDPWD _ PYTHONDONTWRITEBYTECODE", "env -0"])
        done = subprocess.run(["/bin/sh", "-c", shell], env=USERS, capture_output=True, check=True)
        seen = dict(entry.split("=", 1) for entry in done.stdout.decode().split("\0") if entry)
        assert {k: v for k, v in seen.items() if k not in {"PWD", "SHLVL", "OLDPWD", "_"}} == environment(
            fake, tmp_path, target, USERS
        )
        assert all(shlex.split(line) for line in lines)


def test_copy_of_the_stack_file_keeps_the_twins_salt_and_drops_the_teams(
    fake: Engine, tmp_path: Path
) -> None:
    workspace = Workspace(fake, tmp_path, base=USERS)
    file = workspace.tenant_file(STACK)
    file.parent.mkdir(parents=True)
    file.write_text(f"secretsprovider: awskms://alias/team\nencryptedkey: abc\n{MANIFEST}", encoding="utf-8")
    copy = workspace.config_copy(STACK)
    assert copy.read_text(encoding="utf-8") == MANIFEST
    copy.write_text(f"encryptionsalt: v1:own\n{MANIFEST}", encoding="utf-8")
    file.write_text(f"encryptionsalt: v1:teams\n{MANIFEST}# more\n", encoding="utf-8")
    assert workspace.config_copy(STACK).read_text() == f"encryptionsalt: v1:own\n{MANIFEST}# more\n"
    assert workspace.command(["up", "--yes"], STACK)[-1] == str(copy)
    assert "--config-file" not in Workspace(fake, tmp_path, "cloud", USERS).command(["up"], STACK)


@pytest.mark.parametrize("content", [None, f"{MANIFEST}  jichitai:key:\n    secure: v1:xxx\n"])
def test_stack_file_that_the_twin_cannot_use_is_refused(
    fake: Engine, tmp_path: Path, content: str | None
) -> None:
    workspace = Workspace(fake, tmp_path, base=USERS)
    if content is not None:
        workspace.tenant_file(STACK).parent.mkdir(parents=True)
        workspace.tenant_file(STACK).write_text(content, encoding="utf-8")
    with pytest.raises(EngineError) as refused:
        workspace.config_copy(STACK)
    assert str(workspace.tenant_file(STACK)) in refused.value.text.ja


def test_real_engine_leaves_the_stack_file_as_it_is(engine: Engine, tmp_path: Path) -> None:
    repo = tmp_path / "re po"
    (repo / "stacks" / "tenants").mkdir(parents=True)
    (repo / "Pulumi.yaml").write_text(
        "name: jichitai\nruntime: python\nmain: stacks/\nstackConfigDir: stacks/tenants\n", encoding="utf-8"
    )
    (repo / "stacks" / "__main__.py").write_text(
        "import pulumi\npulumi.export('code', pulumi.Config().require_object('tenant')['code'])\n"
        "pulumi.export('secret', pulumi.Output.secret('x'))\n",
        encoding="utf-8",
    )
    workspace = Workspace(engine, repo, base=os.environ)
    file = workspace.tenant_file(STACK)
    file.write_text(MANIFEST, encoding="utf-8")
    # The host's code is this clone's, whatever project it serves.
    variables = workspace.environment() | {"JICHITAI_REPO": str(Path(__file__).parents[2])}

    def run(*verb: str) -> None:
        line = workspace.command([*verb, "--non-interactive"], STACK)
        done = subprocess.run(line, cwd=repo, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    assert workspace.ensure_stack(STACK)
    assert not workspace.ensure_stack(STACK)
    run("preview")
    run("up", "--yes", "--skip-preview")
    # The generated copy may be lost at any time: the salt comes back from the state.
    workspace.config_copy(STACK).unlink()
    run("up", "--yes", "--skip-preview")
    run("refresh", "--yes")
    run("destroy", "--yes")
    workspace.remove_stack(STACK)
    assert not workspace.stack_exists(STACK)
    assert file.read_text(encoding="utf-8") == MANIFEST
    assert [p.name for p in file.parent.iterdir()] == [file.name]


def test_a_store_that_was_named_has_the_passphrase_of_whoever_named_it(fake: Engine, tmp_path: Path) -> None:
    """Others work with that store too; without one, the twin looks at nobody's."""
    base = {"PULUMI_CONFIG_PASSPHRASE": "ours", "PATH": "/bin"}
    named = environment(fake, tmp_path, "twin", base, Store("s3://b?endpoint=127.0.0.1:1"))
    assert named["PULUMI_CONFIG_PASSPHRASE"] == "ours"
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in named
    plain = environment(fake, tmp_path, "twin", base)
    assert "PULUMI_CONFIG_PASSPHRASE" not in plain
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" in plain
