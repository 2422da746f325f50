"""The closed connection: a local router to the hub, or hybrid connections of this project.

Neither speaks BGP here. A local router learns the hub's routes from its peer; behind a hybrid connection
stands the town hall's own pair of routers, at an address that the plan keeps for it. Both sides of a
peering name each other: the hub's operator needs the id and a key of our local router. `outputs` shows the
id (or, of own circuits, the switch for which a hybrid connection is ordered); the key is secret and is read
in the control panel.
"""

from __future__ import annotations

import os
from dataclasses import replace

import pulumi
import pulumi_sakura as sakura

from components.contract import BaselineGives, IaasGives, LgwanGives, NetworkGives
from components.room import Room
from components.sakura import facts
from stacks import hosts
from stacks.plan import CloudPlan, NetworkPlan

TYPE = "jichitai:sakura:Lgwan"
KEY_SETTING, KEY_VARIABLE = "hubKey", "JICHITAI_SAKURA_HUB_KEY"
"""Where the hub's secret key comes from: `pulumi config set --secret jichitai:hubKey`, or the environment."""
VRID = 10
"""VRRP id of the local router; the VPC router's pair has another on the same switch."""


def hub_key() -> pulumi.Input[str] | None:
    """The key that the hub's operator gave, or None while there is none. It never enters the state."""
    return pulumi.Config().get_secret(KEY_SETTING) or os.environ.get(KEY_VARIABLE)


class Lgwan(pulumi.ComponentResource):
    """The connection of one tenant. `connect` joins the networks to it once they exist."""

    gives: LgwanGives

    def __init__(
        self, name: str, plan: CloudPlan, given: BaselineGives, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(TYPE, name, None, opts)
        self._room, self._plan, self._given = Room(name, plan, self), plan, given
        lgwan = plan.lgwan
        self._key = hub_key() if lgwan.mode == "hub" and lgwan.gateway else None
        keyless = lgwan.mode == "hub" and lgwan.gateway is not None and self._key is None
        self.gives = LgwanGives(
            gateway=None if lgwan.gateway is None else pulumi.Output.from_input(lgwan.gateway),
            tables={},
            awaiting=(*lgwan.awaiting, *(("gateway-key",) if keyless else ())),
        )

    def connect(self, iaas: IaasGives) -> None:
        """Give each network its local router, in a hub.

        Own circuits end on the `connect` switch itself: its id is what a hybrid connection is ordered for,
        and the router's routes are there once a circuit has an id.
        """
        hub, networks = self._plan.lgwan.mode == "hub", self._plan.networks
        routers = {
            key: self._local_router(networks[key], made).id for key, made in iaas.networks.items() if hub
        }
        switches = {key: _connect_switch(networks[key], made) for key, made in iaas.networks.items()}
        self.gives = replace(self.gives, ends=routers or switches)
        self.register_outputs(
            {
                "gateway": self.gives.gateway,
                "routers": routers,
                "switches": switches,
                "awaiting": list(self.gives.awaiting),
            }
        )

    def _local_router(self, network: NetworkPlan, made: NetworkGives) -> sakura.network.LocalRouter:
        """The local router of one network, the hub as its peer, and the network behind the VPC router."""
        at = network.cidr
        peers: list[sakura.network.LocalRouterPeerArgsDict] = []
        if self._plan.lgwan.gateway is not None and self._key is not None:
            peers.append(
                {
                    "peer_id": self._plan.lgwan.gateway,
                    "secret_key": self._key,
                    "enabled": True,
                    "description": "LGWAN",
                }
            )
        return sakura.network.LocalRouter(
            self._room.child(f"router-{network.key}"),
            name=self._plan.name("lgwan", network.key, limit=64),
            description="Closed connection to the hub",
            tags=list(facts.own_tags(self._plan)),
            switch={"code": _connect_switch(network, made), "category": "cloud", "zone": self._plan.zones[0]},
            interface={
                "vip": str(hosts.own(at, "connect", hosts.LOCAL_ROUTER)),
                "ip_addresses": [str(hosts.own(at, "connect", n)) for n in hosts.LOCAL_ROUTER_PAIR],
                "netmask": hosts.segment(at, "connect").prefixlen,
                "vrid": VRID,
            },
            peers=peers or None,
            static_routes=[{"prefix": str(at), "next_hop": str(hosts.own(at, "connect", hosts.ROUTER))}],
            opts=self._room.opts(),
        )


def _connect_switch(network: NetworkPlan, made: NetworkGives) -> pulumi.Output[str]:
    return made.subnets[network.of_role("connect")[0].key]
