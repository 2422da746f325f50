"""Against what we did not write: さくら's own mock servers, and さくら's own client.

Both come as Go modules and are built in the user's cache. Without Go, or where the modules cannot be had,
these tests are skipped, with the reason in the summary; with JICHITAI_REQUIRE_GO set, as in CI, that is a
failure.
"""

# ruff: noqa: E501 - Pulumi programs, as text
from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from providers.sakura.catalog import RESOURCES
from scripts.codegen import golang, sakura
from tests.sakura.conftest import Project, Twin
from tests.sakura.test_changes import ORIGINAL
from tests.sakura.test_interrupted import wait_for

HERE = Path(__file__).parent / "conformance"


def built(folder: str, name: str, package: str = ".") -> Path:
    try:
        return golang.build(HERE / folder, name, package)
    except golang.CannotGenerateError as error:
        if os.environ.get("JICHITAI_REQUIRE_GO"):
            pytest.fail(error.text.en)
        pytest.skip(error.text.en)


def test_the_generated_sdk_is_not_stale() -> None:
    built("../../../scripts/codegen", "codegen")
    assert sakura.stale() == [], "run `python -m scripts.codegen.sakura`"


def test_the_official_client_can_drive_the_twin(twin: Twin) -> None:
    program = built("iaas", "conformance-iaas")
    done = subprocess.run(
        [str(program)],
        env=os.environ | twin.running.environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    kinds = "packet filter, server and disk, router, VPC router, database, load balancer, NFS, DNS, switch"
    assert [line.removeprefix("ok ") for line in done.stdout.splitlines()] == kinds.split(", ")
    assert twin.counts() == {}, "everything that it made, it could delete"


SERVICES = (
    "simplemq",
    "kms",
    "secretmanager",
    "simplenotification",
    "monitoringsuite",
    "eventbus",
    "objectstorage",
)


def free_port() -> int:
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        return int(each.getsockname()[1])


@pytest.fixture
def mock() -> Iterator[dict[str, str]]:
    """sakumock, and the environment that it tells official clients to use."""
    program = built("sakumock", "sakumock", "github.com/sacloud/sakumock/cmd/sakumock")
    flags = [flag for name in SERVICES for flag in (f"--{name}-addr", f"127.0.0.1:{free_port()}")]
    process = subprocess.Popen(
        [str(program), "all", *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        said = subprocess.run(
            [str(program), "env", *flags], capture_output=True, text=True, check=True
        ).stdout
        pairs = (line.split("=", 1) for line in said.splitlines() if "=" in line and not line.startswith("#"))
        environment = {key.removeprefix("export "): value.strip("\"'") for key, value in pairs}
        addresses = [v for k, v in environment.items() if k.startswith("SAKURA_ENDPOINTS_")]
        assert len(addresses) >= len(SERVICES)
        wait_for(lambda: all(answers(address) for address in addresses), 30)
        yield environment
    finally:
        process.terminate()
        process.wait(timeout=10)


def answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2).status_code > 0
    except httpx.HTTPError:
        return False


PROGRAM = """
key = sakura.security.KmsKey("key", name="key", tags=["tenant"], description="{text}", destroy_after_days=7)
vault = sakura.security.SecretVault("vault", name="vault", kms_key_id=key.id, description="{text}")
sakura.security.Secret("secret", vault_id=vault.id, name="db-password", value="a-secret-{text}")
logs = sakura.monitoring.LogStorage("logs", name="logs", description="{text}", expire_days=30)
metrics = sakura.monitoring.MetricStorage("metrics", name="metrics", description="{text}")
traces = sakura.monitoring.TraceStorage("traces", name="traces")
sakura.monitoring.LogRouting("log-routing", publisher_code="{publisher}", variant="{variant}", log_storage_id=logs.id)
sakura.monitoring.LogStorageAccessKey("log-key", storage_id=logs.id, description="{text}")
sakura.monitoring.MetricStorageAccessKey("metric-key", storage_id=metrics.id)
sakura.monitoring.TraceStorageAccessKey("trace-key", storage_id=traces.id)
alerts = sakura.monitoring.AlertProject("alerts", name="alerts", description="{text}")
sakura.monitoring.AlertRule("cpu", project_id=alerts.id, name="cpu", metric_storage_id=metrics.id, query="avg(cpu)",
    enabled_critical=True, threshold_critical=">{number}")
target = sakura.monitoring.AlertTarget("target", project_id=alerts.id, service_type="SAKURA_SIMPLE_NOTICE",
    url="https://example.jp/notice", description="{text}")
sakura.monitoring.AlertRouting("routing", project_id=alerts.id, target_id=target.id, resend_interval_minutes={number},
    match_labels=[{{"name": "severity", "value": "critical"}}])
sakura.monitoring.Dashboard("dashboard", name="dashboard", description="{text}")
process = sakura.messaging.EventBusProcess("process", name="process", destination="simplenotification", description="{text}",
    parameters='{{"group_id": "123456789012", "message": "hello"}}', access_token="token", access_token_secret="token-secret")
sakura.messaging.EventBusSchedule("night", name="night", process_id=process.id, starts_at="1790000000000",
    recurring_step={number}, recurring_unit="min")
sakura.messaging.EventBusTrigger("trigger", name="trigger", source="source", process_id=process.id, types=["t"],
    conditions=[{{"key": "zone", "op": "in", "values": ["is1a", "{text}"]}}])
here = sakura.objectstorage.Bucket("here", name="city-here", site="isk01")
there = sakura.objectstorage.Bucket("there", name="city-there", site="tky01")
sakura.objectstorage.BucketEncryption("encrypted", site="isk01", bucket=here.name, kms_key_id=key.id)
sakura.objectstorage.BucketReplication("copied", bucket=here.name, destination_bucket=there.name)
permission = sakura.objectstorage.Permission("pair", site="isk01", name="pair",
    bucket_controls=[{{"bucket": here.name, "can_read": True, "can_write": {flag}}}])
pair = sakura.objectstorage.PermissionKey("pair-key", site="isk01", permission_id=permission.resource_id)
sakura.objectstorage.AccessKey("root-key", site="isk01", opts=pulumi.ResourceOptions(depends_on=[here]))
pulumi.export("secret", pair.secret_key)
"""


def test_the_provider_lives_on_sakuras_own_mock(project: Project, mock: dict[str, str]) -> None:
    project.environment |= mock
    publisher = {"publisher": "appliance", "variant": "logs"}
    project.program(PROGRAM.format(text="一", number=10, flag=False, **publisher))
    project.ok("up", "--yes", "--skip-preview")
    assert project.outputs()["secret"]
    assert set(project.preview()["changeSummary"]) == {"same"}
    assert "update" not in project.ok("refresh", "--yes", "--skip-preview", "--diff")
    assert set(project.preview()["changeSummary"]) == {"same"}
    project.program(PROGRAM.format(text="二", number=20, flag=True, **publisher))
    seen = project.preview()["changeSummary"]
    assert set(seen) == {"same", "update"}
    assert seen["update"] >= 12
    project.ok("up", "--yes", "--skip-preview")
    assert "update" not in project.ok("refresh", "--yes", "--skip-preview", "--diff")
    assert set(project.preview()["changeSummary"]) == {"same"}
    project.destroy()


MORE = """
sakura.database.Database("db", name="db", switch_id=switch.id, netmask=24, ip_addresses=[{"ip_address": "10.0.0.40"}],
    username="juki", password="db-password-123", zone="tk1a")
sakura.objectstorage.BucketEncryption("encryption", site="isk01", bucket=bucket.name,
    kms_key_id=sakura.security.KmsKey("other", name="other").id)
sakura.dns.DnsRecord("record", dns_id=sakura.dns.Dns("parts", zone="example.or.jp").id, name="a", type="A", value="192.0.2.2")
alerts = sakura.monitoring.AlertProject("alerts", name="alerts")
sakura.monitoring.AlertRule("rule", project_id=alerts.id, name="cpu", query="avg(cpu)", threshold_critical=">1",
    metric_storage_id=sakura.monitoring.MetricStorage("metrics", name="metrics").id, enabled_critical=True)
principal = sakura.iam.ServicePrincipal("principal", name="ci", project_id=sakura.iam.Project("city", code="city", name="city").id)
sakura.iam.ProjectMember("member", project_id=principal.project_id, role="resource-viewer",
    principal_type="service-principal", principal_id=principal.id)
service = sakura.apigateway.Service("service", name="desk", protocol="https", host="desk.example.jp", subscription_id=
    sakura.apigateway.Subscription("contract", name="contract", plan_id=sakura.apigateway.get_plans().plans[0].id).id)
sakura.apigateway.Route("route", service_id=service.id, name="route", path="/desk")
site = sakura.webaccel.Site("site", name="site", domain_type="subdomain", request_protocol="https", origin_type="web",
    origin="192.0.2.40", origin_protocol="https")
sakura.webaccel.Acl("acl", site_id=site.id, acl="deny all")
"""
BY_TOKEN = {r.token: r for r in RESOURCES}


def import_id(made: dict[str, Any]) -> str:
    """The id by which a resource of a state is imported: the parts that its kind asks for, and its own."""
    parts = [str(made["outputs"][name]) for name in BY_TOKEN[made["type"]].import_parts]
    return "/".join([*parts, made["id"]])


def test_import_writes_a_program_that_changes_nothing(projects: Callable[..., Project]) -> None:
    built("../../../scripts/codegen", "codegen")
    first = projects("first")
    first.program(ORIGINAL + MORE)
    first.ok("up", "--yes", "--skip-preview")
    listed = [
        {"type": made["type"], "name": made["urn"].rsplit("::", 1)[-1], "id": import_id(made)}
        for made in first.state()
        if made["type"] in BY_TOKEN
    ]
    forms = {each["name"]: each["id"].count("/") for each in listed}
    assert {forms[n] for n in ("server", "disk", "switch", "db", "bucket", "rule", "route")} == {1}
    assert (forms["member"], forms["record"]) == (3, 4), "ids that are made of parts themselves"
    second = projects("second")
    (second.folder / "import.json").write_text(json.dumps({"resources": listed}), encoding="utf-8")
    second.program("")
    target = second.folder / "program" / "__main__.py"
    flags = ("--yes", "--protect=false", "--skip-preview", "--out", str(target))
    second.ok("import", "--file", "import.json", *flags)
    assert "import pulumi_sakura as sakura" in target.read_text(encoding="utf-8")
    shown = second.preview()
    assert set(shown["changeSummary"]) == {"same"}, target.read_text(encoding="utf-8")
