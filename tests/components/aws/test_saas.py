"""The packages on AWS: how they are reached, by whom, and when they run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pulumi
import pytest

from components.aws.saas.lodging import servers_of, url
from stacks.plan import CloudPlan

Made = dict[str, SimpleNamespace]
STACKS = ("131041-shinjuku", "131041-shinjuku-verification", "200000-nagano-shared", "342050-onomichi")


def of(made: Made, kind: str) -> list[dict[str, Any]]:
    return [r.inputs for r in made.values() if r.type.endswith(f":{kind}")]


@pytest.mark.parametrize("stack", STACKS)
def test_people_reach_packages_inside_the_network_over_modern_tls_only(
    platform: Callable[..., Made], stack: str
) -> None:
    made = platform(stack)
    balancers, listeners = of(made, "LoadBalancer"), of(made, "Listener")
    assert balancers
    assert len(balancers) == len(listeners) == len(of(made, "TargetGroup"))
    for balancer in balancers:
        assert balancer["internal"] is True
        assert balancer["securityGroups"][0].endswith("-entry")
        assert all("-app-" in subnet for subnet in balancer["subnets"])
        assert balancer["accessLogs"]["enabled"] is True
        assert balancer["dropInvalidHeaderFields"] is True
    for listener in listeners:
        assert (listener["port"], listener["protocol"]) == (443, "HTTPS")
        assert "TLS13-1-2" in listener["sslPolicy"]
        assert listener["certificateArn"]
    assert all(g["protocol"] == g["healthCheck"]["protocol"] == "HTTPS" for g in of(made, "TargetGroup"))
    assert all(len(n) <= 32 for n in [r["name"] for r in (*balancers, *of(made, "TargetGroup"))])


@pytest.mark.parametrize("stack", STACKS)
def test_tasks_have_no_public_address_and_no_secret_in_the_open(
    platform: Callable[..., Made], stack: str
) -> None:
    made = platform(stack)
    services = [s for s in of(made, "Service") if "taskDefinition" in s]
    assert services
    for service in services:
        assert service["networkConfiguration"]["assignPublicIp"] is False
        assert service["networkConfiguration"]["securityGroups"][0].endswith("-app")
        assert service["enableExecuteCommand"] is False
    for task in of(made, "TaskDefinition"):
        (container,) = json.loads(task["containerDefinitions"])
        assert {s["name"] for s in container["secrets"]} == {"DATABASE_USER", "DATABASE_PASSWORD"}
        assert all(s["valueFrom"].startswith("arn:") for s in container["secrets"])
        assert container["readonlyRootFilesystem"] is True
        for volume in task["volumes"]:
            if "efsVolumeConfiguration" in volume:
                efs = volume["efsVolumeConfiguration"]
                assert efs["transitEncryption"] == efs["authorizationConfig"]["iam"] == "ENABLED"


def test_files_of_a_package_are_mounted(platform: Callable[..., Made]) -> None:
    made = platform("014583-higashikawa")
    (container,) = json.loads(made["saas-town-web-task"].inputs["containerDefinitions"])
    assert {m["sourceVolume"] for m in container["mountPoints"]} == {"tmp", "files"}
    assert {e["name"]: e["value"] for e in container["environment"]}["MUNICIPALITY_CODE"] == "014583"


def test_servers_stand_behind_their_own_entrance(
    platform: Callable[..., Made], aws_plan: Callable[[str], CloudPlan]
) -> None:
    made = platform("131041-shinjuku")
    app = aws_plan("131041-shinjuku").packages["welfare"].workloads["app"]
    targets = {a["targetId"] for a in of(made, "TargetGroupAttachment")}
    assert targets == {f"i-welfare-app-{n}" for n in range(1, app.replicas + 1)}
    assert made["saas-welfare-targets"].inputs["targetType"] == "instance"
    assert made["saas-residents-targets"].inputs["targetType"] == "ip"


def test_servers_of_packages_with_similar_names_are_kept_apart(aws_plan: Callable[[str], CloudPlan]) -> None:
    package = aws_plan("131041-shinjuku").packages["welfare"]
    mine, others = f"{package.key}-app-1", (f"{package.key}-app-2-1", f"{package.key}-2-app-1", "x-app-1")
    servers = {key: pulumi.Output.from_input(key) for key in (mine, *others)}
    assert list(servers_of(servers, package, package.workloads["app"])) == [mine]


def test_every_thing_of_a_package_has_an_alarm(platform: Callable[..., Made]) -> None:
    made = platform("131041-shinjuku")
    names = {a["name"].removeprefix("jt131041p-") for a in of(made, "MetricAlarm")}
    packages = ("residents", "welfare", "children")
    assert names == {f"{p}-{thing}" for p in packages for thing in ("service", "database")} | {
        "residents-queue"
    }
    for alarm in of(made, "MetricAlarm"):
        assert alarm["alarmActions"] == alarm["okActions"] == ["arn:topic"]
        for query in alarm["metricQueries"]:
            assert all(query.get("metric", {"dimensions": {"": "-"}})["dimensions"].values())


def test_a_verification_environment_sleeps_at_night(
    platform: Callable[..., Made], aws_plan: Callable[[str], CloudPlan]
) -> None:
    plan = aws_plan("131041-shinjuku-verification")
    made = platform("131041-shinjuku-verification")
    schedules = of(made, "Schedule")
    things = sum(
        1 + len([w for w in p.workloads.values() if w.kind == "container"]) for p in plan.packages.values()
    )
    with_servers = [
        p for p in plan.packages.values() if any(w.kind == "server" for w in p.workloads.values())
    ]
    assert len(schedules) == 2 * (things + len(with_servers))
    assert {s["scheduleExpressionTimezone"] for s in schedules} == {"Asia/Tokyo"}
    targets = {s["target"]["arn"].split(":")[-1] for s in schedules}
    assert {"updateService", "stopInstances", "startInstances"} <= targets
    assert not of(platform("131041-shinjuku"), "Schedule")


def test_a_vendors_service_is_reached_by_a_private_name(platform: Callable[..., Made]) -> None:
    made = platform("342050-onomichi")
    endpoint = made["saas-welfare-endpoint"].inputs
    assert endpoint["vpcEndpointType"] == "Interface"
    assert endpoint["privateDnsEnabled"] is False
    assert endpoint["securityGroupIds"] == ["sg-welfare-entry"]
    record = made["saas-welfare-name"].inputs
    assert (record["zoneId"], record["aliases"][0]["name"]) == ("zone-main", "vpce")


def _without_endpoint(plan: CloudPlan) -> Mapping[str, Any]:
    packages = {key: replace(p, endpoint=None) for key, p in plan.packages.items()}
    return {"packages": MappingProxyType(packages)}


def test_a_vendor_without_an_endpoint_is_awaited_and_nothing_else_waits(
    platform: Callable[..., Made], aws_plan: Callable[[str], CloudPlan]
) -> None:
    made = platform("342050-onomichi", **_without_endpoint(aws_plan("342050-onomichi")))
    whole = platform("342050-onomichi")
    assert whole.keys() - made.keys() == {"saas-welfare-endpoint", "saas-welfare-name"}


def test_a_certificate_of_the_manifest_is_used(
    platform: Callable[..., Made], aws_plan: Callable[[str], CloudPlan]
) -> None:
    lgpki = "arn:aws:acm:ap-northeast-1:111122223333:certificate/lgpki"
    packages = {key: replace(p, certificate=lgpki) for key, p in aws_plan("131041-shinjuku").packages.items()}
    made = platform("131041-shinjuku", packages=MappingProxyType(packages))
    assert {listener["certificateArn"] for listener in of(made, "Listener")} == {lgpki}
    assert not of(made, "CertificateAuthority")


def test_urls_name_the_port_only_where_it_is_not_the_usual(aws_plan: Callable[[str], CloudPlan]) -> None:
    package = aws_plan("342050-onomichi").packages["welfare"]
    assert url(package) == f"https://{package.host}/"
    assert url(replace(package, asp_port=8443)) == f"https://{package.host}:8443/"
