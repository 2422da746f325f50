"""The allow list, as routers and servers filter it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from components.sakura import facts
from components.sakura.iaas import filtering
from components.sakura.iaas.filtering import DENY, Rule
from stacks import hosts
from tests.components.sakura.conftest import sakura_plan
from tests.stacks.examples import AOMORI, BUNKYO, NISEKO


def passes(
    rules: tuple[Rule, ...], protocol: str, source: str, target: str, port: int, back: int = 40000
) -> bool:
    """Does a filter let a packet through: the first rule that fits decides?"""
    for rule in rules:
        if rule.protocol not in (protocol, "ip"):
            continue
        if rule.source and IPv4Address(source) not in rule.source:
            continue
        if rule.destination and IPv4Address(target) not in rule.destination:
            continue
        if rule.destination_port and not _within(rule.destination_port, port):
            continue
        if rule.source_port and not _within(rule.source_port, back):
            continue
        return rule.allow
    return True


def _within(ports: str, port: int) -> bool:
    low, _, high = ports.partition("-")
    return int(low) <= port <= int(high or low)


@pytest.mark.parametrize("stack", [BUNKYO, NISEKO, AOMORI])
def test_every_filter_ends_closed(stack: str) -> None:
    plan = sakura_plan(stack)
    for network in plan.networks.values():
        mine = [p for p in plan.packages.values() if p.network == network.key]
        filters = [
            *(filtering.entering(network, role) for role in facts.roles_in_use(network)),
            *(filtering.package_filter(network, package) for package in mine),
            filtering.name_filter(network),
            filtering.from_internet(network),
            filtering.to_internet(network),
        ]
        for rules in filters:
            assert rules[-1] == DENY
            assert len(rules) == len(set(rules))
            assert all(rule.allow for rule in rules[:-1])
            assert all(
                rule.destination_port or rule.source_port or rule.protocol == "icmp" for rule in rules[:-1]
            )
            assert all(
                len(rule.description) <= filtering.DESCRIBED and rule.description.isascii() for rule in rules
            )
        assert filtering.to_internet(network) == (DENY,) or network.egress
        assert filtering.from_internet(network) == (DENY,) or network.egress


def test_segments_reach_the_town_hall_their_data_and_nothing_else() -> None:
    network = sakura_plan(BUNKYO).networks["main"]
    app = str(hosts.host(network.cidr, "mynumber-app", 0, 0, hosts.VIRTUAL))
    data = str(hosts.host(network.cidr, "mynumber-data", 0, 0, hosts.DATABASE))
    other = str(hosts.host(network.cidr, "lgwan-app", 0, 0, 1))
    terminal = "10.105.3.4"
    coming = filtering.entering(network, "connect")
    assert passes(coming, "tcp", terminal, app, 443)
    assert not passes(coming, "tcp", terminal, app, 22)
    assert not passes(coming, "tcp", terminal, data, 5432)
    assert not passes(coming, "tcp", "192.0.2.1", app, 443)
    leaving = filtering.entering(network, "mynumber-app")
    assert passes(leaving, "tcp", app, terminal, 40000, back=443), "the answer"
    assert not passes(leaving, "tcp", app, terminal, 443, back=40000), "no connection of its own"
    assert passes(leaving, "tcp", app, data, 5432)
    assert not passes(leaving, "tcp", app, other, 443)
    assert not passes(leaving, "tcp", app, "198.51.100.1", 443)
    gateway = str(hosts.own(network.cidr, "management", hosts.GATEWAY))
    assert passes(leaving, "tcp", app, gateway, 443)
    assert passes(filtering.entering(network, "management"), "tcp", gateway, app, 40000, back=443)
    assert passes(filtering.entering(network, "mynumber-data"), "tcp", data, app, 40000, back=5432)


def test_a_server_is_reached_by_the_balancer_and_by_terminals_alone() -> None:
    plan = sakura_plan(BUNKYO)
    network, package = plan.networks["main"], plan.packages["residents"]
    rules = filtering.package_filter(network, package)
    exposed = package.exposed
    assert exposed is not None
    server = str(hosts.host(network.cidr, "mynumber-app", 0, 0, 1))
    balancer = str(hosts.own(network.cidr, "mynumber-app", hosts.BALANCER_PAIR[0]))
    neighbour = str(hosts.host(network.cidr, "mynumber-app", 0, 1, 1))
    assert passes(rules, "tcp", "10.105.3.4", server, 443)
    assert passes(rules, "tcp", balancer, server, exposed.port)
    assert not passes(rules, "tcp", neighbour, server, exposed.port), "another package of the same segment"
    assert not passes(rules, "tcp", "10.105.3.4", server, exposed.port)
    assert not passes(rules, "tcp", "10.105.3.4", server, 22)


def test_an_exception_opens_https_for_the_proxy_only() -> None:
    network = sakura_plan(NISEKO).networks["main"]
    out = filtering.entering(network, "egress")
    proxy = str(hosts.own(network.cidr, "egress", hosts.PROXY))
    assert passes(out, "tcp", proxy, "198.51.100.1", 443)
    assert not passes(out, "tcp", proxy, "198.51.100.1", 80)
    assert not passes(out, "tcp", str(IPv4Address(int(IPv4Address(proxy)) + 1)), "198.51.100.1", 443)
    app = str(hosts.host(network.cidr, "mynumber-app", 0, 0, 1))
    leaving = filtering.entering(network, "mynumber-app")
    assert passes(leaving, "tcp", app, proxy, filtering.PROXY_PORT)
    assert not passes(leaving, "tcp", app, "198.51.100.1", 443)


def test_members_do_not_reach_each_other() -> None:
    networks = list(sakura_plan(AOMORI).networks.values())
    for network in networks:
        foreign = [n.cidr for n in networks if n is not network]
        for role in facts.roles_in_use(network):
            for rule in filtering.entering(network, role)[:-1]:
                for side in (rule.source, rule.destination):
                    assert side is None or not any(side.overlaps(IPv4Network(c)) for c in foreign)
