"""The proof of the whole: the command bootstraps an account, the real engine builds a tenant with it.

Everything by the command line: `./jichitai bootstrap`, `pulumi login` to the bucket, `./jichitai up` with
that bucket and that key, as the pipeline: with the session that its OIDC token was exchanged for.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.s3.models import s3_backends

from scripts.engine.install import ensure
from tests.bootstrap.aws.conftest import REGION, Account, opened
from tests.conftest import Clone, Cloning, Ended

pytestmark = pytest.mark.xdist_group("bootstrap-proof")

STACK = "163210-funahashi"
NUMBER = "111100002222"
SUBJECT = "repo:shinjuku/infra:environment:production"
SECONDS, AGAIN = 25.0, 8.0
"""What a bootstrap and a second run may take on a machine of its own."""


class World:
    """A clone, an account, and what the commands have said."""

    def __init__(self, clone: Clone, account: Account) -> None:
        self.clone, self.account = clone, account
        self.said: list[Ended] = []
        text = clone.manifest(STACK).read_text(encoding="utf-8")
        lines = [
            f'        unit: "{NUMBER}"' if line.strip().startswith("unit:") else line
            for line in text.splitlines()
        ]
        clone.manifest(STACK).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def credentials(self) -> dict[str, str]:
        """Those of the moment, and the address of the account."""
        kept = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL")
        return {name: os.environ[name] for name in kept if name in os.environ}

    def as_pipeline(self) -> dict[str, str]:
        """What a pipeline has once its login action has exchanged the token: a session, and no key."""
        account = self.account
        account.become("", "")
        held = account.client("sts").assume_role_with_web_identity(
            RoleArn=account.names.role_arn(account.names.deployer),
            RoleSessionName="pipeline",
            WebIdentityToken=account.token_file.read_text(encoding="utf-8"),
        )["Credentials"]
        account.break_glass()
        return {
            "AWS_ACCESS_KEY_ID": held["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": held["SecretAccessKey"],
            "AWS_SESSION_TOKEN": held["SessionToken"],
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": account.server.url,
        }

    def run(self, *arguments: str, **more: str) -> Ended:
        """A command as whoever we are; what it says is kept for the hunt for secrets."""
        done = self.clone.run(*arguments, **(self.credentials() | more))
        self.said.append(done)
        return done

    def bootstrap(self, *arguments: str) -> Ended:
        who = ("--issuer", "github", "--subject", SUBJECT)
        return self.run("bootstrap", "aws", STACK, *who, *arguments)

    @property
    def backend(self) -> str:
        host = self.account.server.host
        return f"{self.account.names.backend}&endpoint={host}&disableSSL=true&s3ForcePathStyle=true"

    @property
    def key(self) -> str:
        return self.account.names.secrets_provider(self.account.names.secrets_key)


@pytest.fixture(scope="module")
def world(cloning: Cloning, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        folder = tmp_path_factory.mktemp("account")
        for account in opened(folder, monkeypatch, NUMBER, STACK):
            yield World(cloning(), account)


def test_a_plan_changes_nothing(world: World) -> None:
    before = world.account.state()
    planned = world.bootstrap("--plan", "--json").document
    assert planned["result"] == "planned"
    calls = [c for s in planned["steps"] for c in s["calls"]]
    assert len(calls) > 40
    assert all({"service", "operation", "arguments", "why"} <= set(c) for c in calls)
    assert world.account.state() == before
    shown = world.bootstrap("--plan")
    assert shown.code == 0
    assert "kms:CreateKey" in shown.out
    assert "nothing was changed" in shown.err


def test_without_a_terminal_it_asks_for_yes(world: World) -> None:
    done = world.bootstrap()
    assert done.code == 8
    assert "--yes" in done.err
    assert world.account.state()["buckets"] == {}


def test_bad_command_lines(world: World) -> None:
    for arguments, word in (
        (("--step", "contact"), "contacts"),
        (("--subject", "repo:a/b:environment:*"), "as a whole"),
        (("--subject", "repo:a/b:pull_request"), "pull request"),
        (("--issuer", "http://ci.example"), "https"),
        (("--set", "nonsense"), "NAME=VALUE"),
    ):
        done = world.bootstrap(*arguments)
        assert done.code == 2, done.err
        assert word in done.err
    assert world.run("bootstrap", "verify").code == 2
    assert world.run("bootstrap", "azure", STACK).code == 2


def test_it_waits_for_the_pipeline(world: World) -> None:
    done = world.bootstrap("--yes", "--json")
    assert done.code == 12
    assert done.document["result"] == "waiting"
    assert "--token-file" in done.err


def test_the_whole_run(world: World) -> None:
    done = world.bootstrap("--yes", "--json", "--token-file", str(world.account.token_file))
    assert done.code == 0, done.err
    document = done.document
    assert document["result"] == "succeeded"
    assert [s["id"] for s in document["steps"] if s["changed"]] == ["proof", "retire", "evidence"]
    assert world.account.state()["users"][world.account.user]["keys"] == []


def test_the_retired_key(world: World) -> None:
    done = world.bootstrap("--yes", "--json")
    assert done.code == 8
    assert done.document["error"]["kind"] == "invalid"
    assert "deactivated or deleted" in done.err
    assert "was retired by the step retire" in done.err
    assert "aws sts assume-role" in done.err


def test_a_second_run_changes_nothing_and_says_so(world: World) -> None:
    world.account.break_glass()
    before = world.account.state()
    done = world.bootstrap("--yes", "--json")
    assert done.code == 0, done.err
    assert done.document["result"] == "nothing"
    assert done.document["changed"] == 0
    assert "nothing was changed" in done.err
    assert world.account.state() == before


def test_the_evidence(world: World, tmp_path: Path) -> None:
    file = world.clone.folder / ".jichitai" / "evidence" / "aws" / f"{STACK}.jsonl"
    whole = world.run("bootstrap", "verify", "--json")
    assert whole.code == 0
    assert whole.document["chains"][0]["lines"] == len(file.read_text(encoding="utf-8").splitlines())
    assert file.stat().st_mode & 0o077 == 0
    good = file.read_bytes()
    file.write_bytes(good.replace(b'"contacts"', b'"contacts "', 1))
    broken = world.run("bootstrap", "verify", STACK)
    assert broken.code == 4
    assert "line 2" in broken.out
    refused = world.bootstrap("--yes")
    assert refused.code == 8
    assert "evidence is broken" in refused.err
    file.write_bytes(good)
    sheet = tmp_path / "handover.html"
    assert world.run("bootstrap", "sheet", "aws", STACK, "-o", str(sheet)).code == 0
    page = sheet.read_text(encoding="utf-8")
    assert "ユニット引継書" in page
    assert "つながっています" in page
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        return
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile"]
    dom = subprocess.run(
        [browser, *options, "--dump-dom", sheet.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout
    assert dom.count("<h3>") >= whole.document["chains"][0]["lines"]


def test_the_engine_uses_what_was_made(world: World) -> None:
    """`pulumi login` and `up` as the pipeline: state in the bucket, secrets by the key."""
    account = world.account
    engine = ensure(lambda _: None)
    pipeline = world.as_pipeline()
    env = world.clone.environment(**pipeline, PULUMI_HOME=str(account.folder / "pulumi"))
    login = subprocess.run(
        [engine.path, "login", world.backend, "--non-interactive"],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert login.returncode == 0, login.stderr
    store = ("--backend", world.backend, "--secrets-provider", world.key)
    up = world.run("up", STACK, "--yes", "--json", *store, **pipeline)
    assert up.code == 0, up.err
    assert up.document["resources"] > 100
    bucket = s3_backends[account.account]["aws"].buckets[account.names.bucket]
    states = [k for k in bucket.keys if k.startswith(".pulumi/stacks/jichitai/") and k.endswith(".json")]
    assert states == [f".pulumi/stacks/jichitai/{STACK}.json"]
    state: dict[str, Any] = json.loads(bucket.keys[states[0]].value)
    provider = state["checkpoint"]["latest"]["secrets_providers"]
    assert provider["type"] == "cloud"
    assert account.names.secrets_key in provider["state"]["url"]
    again = world.run("outputs", STACK, "--json", *store, **pipeline)
    assert again.code == 0, again.err
    local = world.clone.folder / ".jichitai" / "state" / "twin" / ".pulumi" / "stacks"
    assert not list(local.rglob(f"{STACK}.json"))


def test_the_twins_state_stays_on_this_machine(world: World) -> None:
    far = ("--backend", "s3://somebodys-bucket?region=ap-northeast-1")
    done = world.run("up", STACK, "--yes", *far, AWS_ENDPOINT_URL="")
    assert done.code == 8
    assert "this machine only" in done.err


def test_no_secret_is_written_or_said(world: World) -> None:
    """The key that was handed over, the pipeline's token, and those of every session that was opened."""
    from moto.sts.models import sts_backends

    account = world.account
    sessions = sts_backends[account.account]["aws"].assumed_roles
    planted = {account.secret, account.token_file.read_text(encoding="utf-8")}
    planted |= {s.secret_access_key for s in sessions} | {s.session_token for s in sessions}
    assert len(planted) >= 5
    said = "".join(done.out + done.err for done in world.said)
    files = [f for f in (world.clone.folder / ".jichitai").rglob("*") if f.is_file()]
    assert files
    for secret in planted:
        assert secret not in said
        for file in files:
            assert secret.encode() not in file.read_bytes(), file


def test_how_fast_it_is(cloning: Cloning, tmp_path: Path) -> None:
    """By the time that the processor worked: other tests share the machine."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        for account in opened(tmp_path / "account", monkeypatch):
            began = time.process_time()
            account.run()
            first = time.process_time() - began
            account.break_glass()
            runner = account.runner()
            began = time.process_time()
            runner.survey(runner.cloud.steps)
            assert first < SECONDS
            assert time.process_time() - began < AGAIN
