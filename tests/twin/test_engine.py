"""The real engine on the twin: up, up again, refresh, tamper, refresh, destroy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from providers.twin import admin, client
from scripts.engine.environment import environment
from scripts.engine.install import ensure
from scripts.engine.places import REPO

_PROGRAM = """
import json

import pulumi
import pulumi_aws as aws

here = aws.get_caller_identity()
osaka = aws.Provider("osaka", region="ap-northeast-3", allowed_account_ids=[here.account_id],
                     default_tags={"tags": {"site": "second"}})
vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", tags={"code": "131041"})
subnets = [
    aws.ec2.Subnet(f"subnet-{zone}", vpc_id=vpc.id, cidr_block=f"10.0.{at}.0/24", availability_zone=zone)
    for at, zone in enumerate(aws.get_availability_zones().names[:2])
]
group = aws.ec2.SecurityGroup("group", vpc_id=vpc.id, description="database")
aws.vpc.SecurityGroupIngressRule("rule", security_group_id=group.id, ip_protocol="tcp", from_port=5432,
                                 to_port=5432, cidr_ipv4="10.0.0.0/16")
key = aws.kms.Key("key", enable_key_rotation=True)
databases = aws.rds.SubnetGroup("databases", subnet_ids=[subnet.id for subnet in subnets])
database = aws.rds.Instance("database", engine="postgres", engine_version="16", instance_class="db.m7g.large",
    allocated_storage=20, username="manager", manage_master_user_password=True, storage_encrypted=True,
    kms_key_id=key.arn, db_subnet_group_name=databases.name, vpc_security_group_ids=[group.id],
    skip_final_snapshot=True)
bucket = aws.s3.Bucket("hand-over")
aws.s3.BucketVersioning("hand-over", bucket=bucket.id, versioning_configuration={"status": "Enabled"})
aws.s3.BucketPolicy("hand-over", bucket=bucket.id, policy=aws.iam.get_policy_document_output(statements=[{
    "effect": "Deny", "actions": ["s3:*"], "resources": [bucket.arn],
    "principals": [{"type": "*", "identifiers": ["*"]}],
    "conditions": [{"test": "Bool", "variable": "aws:SecureTransport", "values": ["false"]}],
}]).json)
aws.backup.Vault("vault", opts=pulumi.ResourceOptions(provider=osaka))
detector = aws.guardduty.Detector.get("detector", aws.guardduty.get_detector().id)
pulumi.export("vpc", vpc.id)
pulumi.export("endpoint", database.endpoint)
pulumi.export("account", here.account_id)
pulumi.export("detector", detector.enable)
"""
_RESOURCES = 14


@dataclass(frozen=True)
class Stack:
    """A project of its own with a twin of its own."""

    engine: Path
    folder: Path
    twin: Path
    environment: dict[str, str]

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(self.engine), *arguments, "--non-interactive"],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def changes(self, command: str) -> dict[str, int]:
        """What a command does, by kind, as the engine's own summary has it."""
        events = self.run(command, "--yes", "--skip-preview", "--json").stdout.splitlines()
        found: dict[str, int] = {}
        for line in events:
            event: dict[str, Any] = json.loads(line) if line.startswith("{") else {}
            if "summaryEvent" in event:
                found = event["summaryEvent"]["resourceChanges"]
        return found


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    engine = ensure(lambda _: None)
    folder = tmp_path_factory.mktemp("program")
    twin = tmp_path_factory.mktemp("twin")
    (folder / "__main__.py").write_text(_PROGRAM)
    options = {"name": "twin-test", "runtime": {"name": "python", "options": {"virtualenv": sys.prefix}}}
    (folder / "Pulumi.yaml").write_text(json.dumps(options))
    running = client.ensure(twin, idle=300)
    settings = environment(engine, target="twin") | {
        "PULUMI_BACKEND_URL": f"file://{tmp_path_factory.mktemp('state')}",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_DEBUG_PROVIDERS": client.debug_providers(running),
        "PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true",
        "JICHITAI_REPO": str(REPO),
    }
    settings.pop("PULUMI_CONFIG_PASSPHRASE_FILE", None)
    found = Stack(engine.path, folder, twin, {**os.environ, **settings})
    found.run("stack", "init", "dev")
    yield found
    client.stop(twin)


def test_up_again_refresh_tamper_refresh_destroy(stack: Stack) -> None:
    assert stack.changes("up")["create"] == _RESOURCES
    assert set(stack.changes("up")) == {"same"}
    assert set(stack.changes("refresh")) == {"same"}
    outputs = json.loads(stack.run("stack", "output", "--json").stdout)
    assert outputs["endpoint"].endswith(".ap-northeast-1.rds.amazonaws.com:5432")
    assert outputs["detector"] is True

    store = admin.open_store(stack.twin)
    admin.tamper(store, admin.find(store, outputs["vpc"], "Vpc"), {"tags.code": "999999"})
    admin.remove(store, admin.find(store, "rule"))
    seen = stack.changes("refresh")
    assert (seen.get("update"), seen.get("delete")) == (1, 1)
    mended = stack.changes("up")
    assert (mended.get("update"), mended.get("create")) == (1, 1)
    assert set(stack.changes("up")) == {"same"}

    assert stack.changes("destroy")["delete"] >= _RESOURCES
    assert [row.type for row in admin.listing(store)] == []
    store.close()


def test_a_refusal_reads_as_the_provider_would_say_it(stack: Stack) -> None:
    program = stack.folder / "__main__.py"
    program.write_text(
        "import pulumi_aws as aws\n"
        "vpc = aws.ec2.Vpc('vpc', cidr_block='10.0.0.0/16')\n"
        "aws.ec2.Subnet('wrong', vpc_id=vpc.id, cidr_block='10.9.0.0/24')\n"
    )
    done = stack.run("up", "--yes", "--skip-preview", check=False)
    assert done.returncode != 0
    assert "api error InvalidSubnet.Range: The CIDR '10.9.0.0/24' is invalid." in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    program.write_text("import pulumi_aws as aws\naws.ec2.Vpc('vpc', cidr_blok='x')\n")
    stack.run("destroy", "--yes", "--skip-preview")
