"""The closed connection: circuits, gateways and names between the town hall and the tenant.

Own circuits: ExpressRoute × 2 → a gateway in each network. A circuit is ours from its order on: Azure
gives it a service key, the carrier provisions it by that key, and the manifest's `id` (the key) says
that this has happened; only then does anything hang on it. A hub: only our attachment to somebody
else's virtual hub.

The segments of 三層の対策 are subnets of one network. They are kept apart by security groups; only those
that talk to the town hall learn its routes, and each network has routes to nowhere for the others, which
a common circuit would else join.
"""

from __future__ import annotations

import pulumi
import pulumi_azure_native as azure

from components.azure import facts, gives
from components.azure.iaas.subnets import circuit_ends
from components.azure.lgwan import interconnect
from components.azure.lgwan.names import names
from components.azure.place import lean, place
from components.contract import BaselineGives, IaasGives, LgwanGives, NetworkGives
from stacks.plan import CircuitPlan, CloudPlan, JoinPlan, NetworkPlan
from stacks.text import Text, language_of

TYPE = "jichitai:azure:Lgwan"

CIRCUIT_DOWN = Text("LGWAN回線が切れています", "A circuit to LGWAN is down")


def wrong_key(circuit: str, given: str, issued: str) -> Text:
    """That the manifest's service key is not the one that Azure gave this circuit."""
    return Text(
        f"回線「{circuit}」の id({given})は、Azureが発行したサービスキー({issued})と違います。"
        "発行されたキーを回線事業者に渡し、開通後にそのキーを id に書いてください",
        f"The id of circuit {circuit} ({given}) is not the service key that Azure issued ({issued}). "
        "Give the issued key to the carrier, and write it as the id once the circuit is provisioned",
    )


class Lgwan(pulumi.ComponentResource):
    """The connection of one tenant. `connect` joins the networks to it once they exist."""

    gives: LgwanGives

    def __init__(
        self, name: str, plan: CloudPlan, given: BaselineGives, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(TYPE, name, None, lean(opts))
        self._plan, self._given = plan, gives.baseline(given)
        self._place = place(name, plan, self, "lgwan")
        self._circuits: dict[str, pulumi.Output[str]] = {}
        gateway: pulumi.Output[str] | None = None
        if plan.lgwan.mode == "hub" and plan.lgwan.gateway is not None:
            gateway = pulumi.Output.from_input(plan.lgwan.gateway)
        keys = {circuit.key: self._circuit(circuit, number) for number, circuit in plan.circuits.items()}
        self.gives = LgwanGives(gateway=gateway, tables={}, awaiting=plan.lgwan.awaiting)
        self._keys = keys
        self._gateways: dict[str, pulumi.Output[str]] = {}
        self._lines: dict[str, azure.network.ExpressRouteCircuit] = {}

    # --- circuits --------------------------------------------------------------------------------

    def _circuit(self, circuit: CircuitPlan, number: int) -> pulumi.Output[str]:
        """The order of a circuit; what hangs on it once it is provisioned. Gives its service key."""
        plan, where = self._plan, facts.circuit_place(circuit.location)
        ordered = azure.network.ExpressRouteCircuit(
            self._place.child("circuit", circuit.key),
            resource_group_name=self._place.group,
            circuit_name=plan.name(circuit.key, limit=80),
            location=plan.region,
            sku={"name": "Standard_MeteredData", "tier": "Standard", "family": "MeteredData"},
            allow_classic_operations=False,
            service_provider_properties={
                "service_provider_name": where.carrier,
                "peering_location": where.place,
                "bandwidth_in_mbps": circuit.bandwidth_mbps,
            },
            tags=self._place.tags(),
            # Who has the key of a circuit may order on it.
            opts=pulumi.ResourceOptions.merge(
                self._place.kept(),
                pulumi.ResourceOptions(additional_secret_outputs=["serviceKey", "authorizationKey"]),
            ),
        )
        key = ordered.service_key.apply(lambda issued: str(issued))
        if circuit.id is not None:
            self._peering(circuit, circuit.id, number, ordered)
        return key

    def _peering(
        self, circuit: CircuitPlan, key: str, number: int, ordered: azure.network.ExpressRouteCircuit
    ) -> None:
        """BGP over a provisioned circuit, and the alarm when it is down."""
        first, second = circuit_ends(next(iter(self._plan.networks.values())), number)

        def checked(known: list[str]) -> str:
            if known[1] and known[1].lower() != key.lower():
                raise pulumi.RunError(wrong_key(circuit.key, key, known[1]).say(language_of()))
            return known[0]

        peering = azure.network.ExpressRouteCircuitPeering(
            self._place.child("circuit", circuit.key, "peering"),
            resource_group_name=self._place.group,
            circuit_name=pulumi.Output.unsecret(
                pulumi.Output.all(ordered.name, ordered.service_key).apply(checked)
            ),
            peering_name="AzurePrivatePeering",
            peering_type="AzurePrivatePeering",
            peer_asn=circuit.asn,
            vlan_id=circuit.vlan,
            primary_peer_address_prefix=str(first),
            secondary_peer_address_prefix=str(second),
            state="Enabled",
            opts=self._place.opts(),
        )
        # A connection wants the circuit with its peering.
        self._circuits[circuit.key] = pulumi.Output.all(ordered.id, peering.id).apply(
            lambda known: str(known[0])
        )
        self._alarm(("circuit", circuit.key), f"{circuit.key} ({circuit.location})", ordered)

    def _alarm(self, parts: tuple[str, str], what: str, ordered: azure.network.ExpressRouteCircuit) -> None:
        """One alarm a circuit: less than both its links up."""
        monitor = azure.monitor
        monitor.MetricAlert(
            self._place.child(*parts, "alarm"),
            resource_group_name=self._place.group,
            rule_name=self._plan.name(parts[1], "down"),
            location="global",
            description=f"{CIRCUIT_DOWN.ja} / {CIRCUIT_DOWN.en}: {what}",
            enabled=True,
            severity=1,
            scopes=[ordered.id],
            evaluation_frequency="PT1M",
            window_size="PT5M",
            criteria=monitor.MetricAlertSingleResourceMultipleMetricCriteriaArgs(
                odata_type="Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                all_of=[
                    monitor.MetricCriteriaArgs(
                        criterion_type="StaticThresholdCriterion",
                        name="bgp",
                        metric_namespace="Microsoft.Network/expressRouteCircuits",
                        metric_name="BgpAvailability",
                        operator="LessThan",
                        threshold=100,
                        time_aggregation="Average",
                    )
                ],
            ),
            actions=[{"action_group_id": self._given.alarms}],
            tags=self._place.tags(),
            opts=self._place.opts(),
        )

    # --- networks --------------------------------------------------------------------------------

    def connect(self, iaas: IaasGives) -> None:
        """Join each network: gateway and connections (or the attachment to the hub), names both ways.

        Without a hub (not shared yet) names are made all the same: they need no circuit.
        """
        hub = self._hub()
        for key, made in iaas.networks.items():
            network = self._plan.networks[key]
            names(self._place, network, made)
            if self._plan.lgwan.mode == "own":
                self._gateway(network, made)
            elif hub is not None:
                self._attach(network, made, *hub)
        self.register_outputs(
            {
                "gateway": self.gives.gateway,
                "circuits": self._circuits,
                # For the carrier, who provisions a circuit by it: `pulumi stack output --show-secrets`.
                "service_keys": {key: pulumi.Output.secret(value) for key, value in self._keys.items()},
                "awaiting": list(self.gives.awaiting),
            }
        )

    def _gateway(self, network: NetworkPlan, made: NetworkGives) -> None:
        """The gateway of one network, and its connection to each circuit that is there."""
        plan = self._plan
        gateway = azure.network.VirtualNetworkGateway(
            self._place.child("gateway", network.key),
            resource_group_name=self._place.group,
            virtual_network_gateway_name=plan.name(network.key, "gateway", limit=80),
            location=plan.region,
            gateway_type="ExpressRoute",
            vpn_type="RouteBased",
            sku={"name": "ErGw1AZ", "tier": "ErGw1AZ"},
            # Networks of other tenants on the same circuit stay strangers.
            allow_remote_vnet_traffic=False,
            allow_virtual_wan_traffic=False,
            # No public address of ours: Azure keeps one of its own for its management of the gateway.
            ip_configurations=[
                {
                    "name": "gateway",
                    "private_ip_allocation_method": "Dynamic",
                    "subnet": {"id": made.subnets["connect-0"]},
                }
            ],
            tags=self._place.tags(),
            opts=self._place.opts(),
        )
        self._gateways[network.key] = gateway.id
        for key, circuit in self._circuits.items():
            self._connection(network.key, key, circuit)

    def _connection(self, network: str, key: str, circuit: pulumi.Output[str]) -> None:
        """What joins a network's gateway to a circuit."""
        azure.network.VirtualNetworkGatewayConnection(
            self._place.child("connection", network, key),
            resource_group_name=self._place.group,
            virtual_network_gateway_connection_name=self._plan.name(network, key, limit=80),
            location=self._plan.region,
            connection_type="ExpressRoute",
            virtual_network_gateway1={"id": self._gateways[network]},
            peer={"id": circuit},
            routing_weight=0,
            tags=self._place.tags(),
            opts=self._place.opts(),
        )

    # --- lines to another cloud --------------------------------------------------------------------

    def offer(self, join: JoinPlan) -> pulumi.Output[str]:
        """Order the line of an interconnect; gives the key by which the other cloud takes it."""
        line = self._lines[join.key] = interconnect.circuit(self._place, join)
        self._alarm(("join", join.key), f"{join.key} ({join.other})", line)
        return line.service_key.apply(lambda issued: str(issued))

    def meet(self, join: JoinPlan, taken: pulumi.Output[str]) -> None:
        """Use the line, once the other cloud has taken it (`taken`)."""
        ready = pulumi.Output.all(self._lines[join.key].id, taken).apply(lambda known: str(known[0]))
        for network in self._gateways:
            self._connection(network, join.key, ready)

    def _hub(self) -> tuple[str, pulumi.ResourceOptions] | None:
        """The shared hub and how the engine reaches it: mostly, it is in another's subscription."""
        hub = self._plan.lgwan.gateway
        if hub is None:
            return None
        theirs = facts.subscription_of(hub)
        if theirs == self._plan.unit:
            return hub, self._place.opts()
        provider = azure.Provider(
            self._place.child("hub-provider"),
            subscription_id=theirs,
            location=self._plan.region,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return hub, pulumi.ResourceOptions.merge(
            self._place.opts(), pulumi.ResourceOptions(provider=provider)
        )

    def _attach(
        self, network: NetworkPlan, made: NetworkGives, hub: str, opts: pulumi.ResourceOptions
    ) -> None:
        """The attachment of one network to the hub, whose route tables are theirs."""
        azure.network.HubVirtualNetworkConnection(
            self._place.child("attachment", network.key),
            resource_group_name=facts.group_of(hub),
            virtual_hub_name=facts.last(hub),
            connection_name=self._plan.name(network.key, limit=80),
            remote_virtual_network={"id": made.id},
            # No default route to the internet comes from the hub.
            enable_internet_security=False,
            opts=opts,
        )
