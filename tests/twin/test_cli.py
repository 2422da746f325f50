"""`./jichitai twin …` on a twin that runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from providers.twin import client
from providers.twin.aws.words import token
from providers.twin.caller import Caller, CallError
from scripts.cli.app import run
from scripts.cli.exits import Exit

Twin = Callable[..., Any]


@pytest.fixture
def twin(
    running: client.Running, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Twin:
    """Runs a command and gives its JSON document; fails unless it ends with `code`."""
    monkeypatch.setenv("JICHITAI_LANG", "en")

    def command(*arguments: str, code: int = Exit.OK) -> Any:
        capsys.readouterr()
        ended = run(["twin", *arguments, "--dir", str(running.folder), "--json"])
        out, err = capsys.readouterr()
        assert ended == code, out + err
        assert "Traceback" not in out + err
        return json.loads(out)

    return command


def test_ls_shows_what_programs_made_and_all_shows_the_rest(twin: Twin, caller: Caller, unit: str) -> None:
    made = caller.create(token("ec2.Vpc"), "net", {"cidrBlock": "10.0.0.0/16"})
    mine = twin("ls", "--unit", unit)
    assert [(row["id"], row["name"], row["madeBy"]) for row in mine] == [(made.id, "net", "program")]
    everything = twin("ls", "--unit", unit, "--all", "--type", "Vpc", "--region", "ap-northeast-1")
    assert {row["madeBy"] for row in everything} == {"program", "cloud"}


def test_show_says_what_a_resource_is_and_what_holds_it(twin: Twin, caller: Caller) -> None:
    vpc = caller.create(token("ec2.Vpc"), "net", {"cidrBlock": "10.0.0.0/16"})
    subnet = caller.create(token("ec2.Subnet"), "s", {"vpcId": vpc.id, "cidrBlock": "10.0.0.0/24"})
    body = twin("show", vpc.id)
    assert body["state"]["cidrBlock"] == "10.0.0.0/16"
    assert subnet.id in body["heldBy"]


def test_tamper_changes_and_deletes(twin: Twin, caller: Caller) -> None:
    vpc = caller.create(token("ec2.Vpc"), "net", {"cidrBlock": "10.0.0.0/16", "tags": {"a": "b"}})
    twin("tamper", vpc.id, "--type", "Vpc", "--set", "tags.a=c", "--set", "enableDnsSupport=false")
    seen = caller.read(vpc)
    assert (seen.state["tags"], seen.state["enableDnsSupport"]) == ({"a": "c"}, False)
    twin("tamper", vpc.id, "--type", "Vpc", "--unset", "tags.a")
    assert caller.read(vpc).state["tags"] == {}
    twin("tamper", vpc.id, "--type", "Vpc", "--delete")
    assert caller.read(vpc).id == ""


def test_one_of_several_is_chosen_by_unit_and_region(twin: Twin, caller: Caller, unit: str) -> None:
    caller.invoke("aws:guardduty/getDetector:getDetector")
    where = ("default", "--type", "Recorder", "--unit", unit)
    assert "--region" in twin("show", *where, code=Exit.USAGE)["error"]["what"]["en"]
    for region in ("ap-northeast-1", "ap-northeast-3"):
        assert twin("show", *where, "--region", region)["region"] == region
    twin("tamper", *where, "--region", "ap-northeast-3", "--delete")
    assert twin("show", *where)["region"] == "ap-northeast-1"


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "vpc-nothing"),
        ("tamper", "vpc-nothing", "--delete"),
        ("tamper", "x"),
        ("tamper", "x", "--set", "no-equals"),
        ("fault", "x", "--kind", "sideways"),
        ("fault", "x", "--kind", "zone"),
        ("deliver", "aws:no/such:Thing", "x", "--unit", "1"),
    ],
)
def test_what_makes_no_sense_is_said_in_both_languages(twin: Twin, arguments: tuple[str, ...]) -> None:
    error = twin(*arguments, code=Exit.USAGE)["error"]["what"]
    assert error["ja"] != error["en"]


def test_a_fault_is_put_in_force_listed_and_ended(twin: Twin, caller: Caller) -> None:
    topic = token("sns.Topic")
    in_force = twin(
        "fault", "bad-day", "--kind", "transient", "--match", topic, "--on", "create", "--times", "1"
    )
    assert [(one["name"], one["kind"], one["operations"]) for one in in_force] == [
        ("bad-day", "transient", ["create"])
    ]
    with pytest.raises(CallError, match="503"):
        caller.create(topic, "t", {})
    assert twin("fault")[0]["matched"] == 1
    assert twin("fault", "--clear") == []
    assert caller.create(topic, "t", {}).id


def test_what_others_deliver_is_there_to_be_used(twin: Twin, caller: Caller, unit: str) -> None:
    kind = token("directconnect.Connection")
    twin(
        "deliver",
        kind,
        "dxcon-fgdeliv1",
        "--unit",
        unit,
        "--set",
        "location=EqOS1",
        "--set",
        "state=available",
    )
    row = twin("show", "dxcon-fgdeliv1")
    assert (row["state"]["location"], row["unit"]) == ("EqOS1", unit)


def test_reset_gives_the_unit_back_as_it_was_handed_over(twin: Twin, caller: Caller, unit: str) -> None:
    before = caller.invoke("aws:guardduty/getDetector:getDetector")["id"]
    made = caller.create(token("ec2.Vpc"), "net", {"cidrBlock": "10.0.0.0/16"})
    assert twin("reset", "--unit", unit, "--yes")["forgotten"] > 50
    assert caller.read(made).id == ""
    assert caller.invoke("aws:guardduty/getDetector:getDetector")["id"] == before


def test_status_and_env_name_the_port(twin: Twin, running: client.Running) -> None:
    status = twin("status")
    assert (status["running"], status["pid"], status["ports"]) == (True, running.pid, dict(running.ports))
    assert twin("env") == {"PULUMI_DEBUG_PROVIDERS": client.debug_providers(running)}
    assert twin("start")["pid"] == running.pid
