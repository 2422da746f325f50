"""Lines between two clouds of one tenant: what each side plans, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from ipaddress import IPv4Network
from typing import Any

import pytest
import yaml

from stacks.addressing import block
from stacks.joining import FIRST_NUMBER
from stacks.plan import CloudPlan, TenantPlan
from stacks.planning import plan
from stacks.registry import registry
from stacks.validation import checked
from tests.stacks.examples import KURASHIKI, problems_of, text_of

Change = Callable[[dict[str, Any]], None]


def end(location: str, vlan: int, id_: str | None = None, asn: int = 65050) -> dict[str, Any]:
    return {"location": location, "vlan": vlan, "asn": asn} | ({"id": id_} if id_ else {})


def exchanged(value: dict[str, Any]) -> None:
    """The two clouds joined by an exchange provider instead, its circuit to Azure still on order."""
    value["joins"] = {
        "exchange": {
            "provider": "exchange",
            "ends": {
                "azure": end("Tokyo/Megaport", 301),
                "oci": end("Megaport-TY", 302, "ocid1.crossconnect.oc1.ap-tokyo-1.aaaaaaaaexchange"),
            },
            "allow": {"residents": ["tax"]},
        }
    }


def manifest(change: Change = lambda _: None) -> dict[str, Any]:
    document = yaml.safe_load(text_of(KURASHIKI))
    value = json.loads(json.dumps(document["config"]["jichitai:tenant"], default=str))
    change(value)
    return value


def planned(change: Change = lambda _: None) -> TenantPlan:
    return plan(checked(manifest(change), stack=KURASHIKI), registry())


def found(change: Change) -> set[str]:
    """The rules that `change` breaks."""
    document = yaml.safe_load(text_of(KURASHIKI))
    change(document["config"]["jichitai:tenant"])
    return {p.rule for p in problems_of(yaml.safe_dump(document, allow_unicode=True), KURASHIKI)}


def beyond(part: CloudPlan) -> dict[str, tuple[IPv4Network, ...]]:
    """What the networks of `part` talk to outside themselves, by the peer's key."""
    ends = (e for n in part.networks.values() for f in n.flows for e in (f.source, f.target))
    return {e.key: e.ranges for e in ends if e.kind == "ranges"}


def test_one_manifest_is_one_plan_of_two_clouds_that_know_each_other() -> None:
    tenant = planned()
    azure, oci = tenant.clouds["azure"], tenant.clouds["oci"]
    assert tenant.stack == KURASHIKI
    for mine, other in ((azure, oci), (oci, azure)):
        (line,) = mine.joins.values()
        assert (line.provider, line.other, line.circuit) == ("oracle-azure", other.cloud, None)
        assert line.ranges == tuple(n.cidr for n in other.networks.values())
        assert line.number == FIRST_NUMBER


def test_nothing_passes_but_the_calls_that_are_allowed() -> None:
    tenant = planned()
    azure, oci = tenant.clouds["azure"], tenant.clouds["oci"]
    theirs = {c: block(p.networks["main"].cidr, "mynumber-app") for c, p in tenant.clouds.items()}
    assert set(beyond(azure)) == {"on-premises", "join-interconnect-tax"}
    assert beyond(azure)["join-interconnect-tax"] == (theirs["oci"],)
    assert beyond(oci)["join-interconnect-residents"] == (theirs["azure"],)
    flows = [f for f in oci.networks["main"].flows if "join-" in f.source.key + f.target.key]
    assert {(f.source.key, f.target.key, f.protocol, f.port) for f in flows} == {
        ("join-interconnect-residents", "tax-entry", "tcp", 443),
        ("tax-app", "join-interconnect-residents", "tcp", 443),
    }


def test_a_line_without_calls_opens_nothing() -> None:
    def silent(value: dict[str, Any]) -> None:
        value["joins"]["interconnect"].pop("allow")

    assert all(set(beyond(part)) == {"on-premises"} for part in planned(silent).clouds.values())


def test_the_ends_of_an_exchange_are_circuits_and_one_on_order_is_awaited() -> None:
    tenant = planned(exchanged)
    azure, oci = tenant.clouds["azure"], tenant.clouds["oci"]
    assert azure.circuits[FIRST_NUMBER].vlan == 301
    assert oci.circuits[FIRST_NUMBER].id is not None
    assert list(oci.circuits) == [0, 1, FIRST_NUMBER], "circuits to the town hall may come and move nothing"
    assert azure.lgwan.awaiting == ("exchange",)
    assert oci.lgwan.awaiting == ()
    assert found(exchanged) == set()


def test_address_plans_of_joined_clouds_never_overlap() -> None:
    spaces = [n.cidr for part in planned().clouds.values() for n in part.networks.values()]
    assert len(spaces) == 2
    assert not spaces[0].overlaps(spaces[1])

    def same(value: dict[str, Any]) -> None:
        value["clouds"]["oci"]["address_space"] = "10.192.8.0/21"

    assert "overlap" in found(same)


def _end_of(cloud: str, **changes: Any) -> Change:
    def change(value: dict[str, Any]) -> None:
        exchanged(value)
        value["joins"]["exchange"]["ends"][cloud] |= changes

    return change


def _three_joins(value: dict[str, Any]) -> None:
    exchanged(value)
    one = value["joins"]["exchange"]
    for number in (1, 2):
        ends = {"azure": end("Tokyo/Megaport", 310 + number), "oci": end("Megaport-TY", 320 + number)}
        value["joins"][f"more-{number}"] = one | {"ends": ends, "allow": {}}


def _isolated(value: dict[str, Any]) -> None:
    value["usage"], value["isolation"] = "shared", "network"


def _asp(value: dict[str, Any]) -> None:
    value["packages"]["welfare"] = {"catalogue": "welfare-asp", "cloud": "azure"}
    value["joins"]["interconnect"]["allow"] = {"welfare": ["tax"], "tax": ["welfare"]}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (_end_of("oci", vlan=121, location="Equinix-TY4"), "circuit-twice"),
        (_end_of("azure", asn=65515), "same-asn"),
        (_end_of("oci", id="cross-connect-1"), "wrong-id"),
        (_three_joins, "cloud-limit"),
        (_isolated, "join-isolated"),
        (_asp, "join-call"),
    ],
)
def test_what_cannot_be_joined_is_refused(change: Change, rule: str) -> None:
    assert rule in found(change)
