"""Where people enter a package on servers: an internal load balancer; and the way to a vendor's service.

The balancer passes connections on as they come: TLS ends at the server, whose certificate is the
package's own.
"""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_azure_native as azure

from components.azure import facts
from components.azure.iaas.subnets import key_of
from components.azure.saas import alarms
from components.azure.saas.lodging import Lodging
from components.derive import app_role
from stacks.plan import PackagePlan, WorkloadPlan

PART = "main"
"""Name of the balancer's one frontend, pool, probe and rule."""


def _address_of(
    lodging: Lodging, group: pulumi.Input[str], interface: pulumi.Input[str]
) -> pulumi.Output[str]:
    """The private address that Azure gave a network interface."""
    found = azure.network.get_network_interface_output(
        resource_group_name=group,
        network_interface_name=interface,
        opts=pulumi.InvokeOutputOptions(parent=lodging.place.parent),
    )
    return found.ip_configurations.apply(
        lambda configurations: str((configurations or [])[0].private_ip_address)
    )


def balancer(
    lodging: Lodging, package: PackagePlan, workload: WorkloadPlan, servers: Mapping[str, pulumi.Output[str]]
) -> None:
    """The internal load balancer of `workload` before `servers` (ids by key), with name and alarm."""
    place, plan = lodging.place, lodging.place.plan
    name, network = plan.name(package.key, limit=80), lodging.network(package)
    own = facts.resource_id(plan, facts.group_name(plan, "packages"), "Microsoft.Network/loadBalancers", name)

    def part(kind: str) -> azure.network.SubResourceArgsDict:
        return {"id": f"{own}/{kind}/{PART}"}

    made = azure.network.LoadBalancer(
        place.child(package.key, "entrance"),
        resource_group_name=place.group,
        load_balancer_name=name,
        location=plan.region,
        sku={"name": "Standard", "tier": "Regional"},
        frontend_ip_configurations=[
            {
                "name": PART,
                "private_ip_allocation_method": "Dynamic",
                "subnet": {"id": network.subnets[key_of(app_role(package), "servers")]},
                "zones": list(plan.zones),
            }
        ],
        backend_address_pools=[
            {
                "name": PART,
                "virtual_network": {"id": network.id},
                "load_balancer_backend_addresses": [
                    {
                        "name": key,
                        "ip_address": _address_of(
                            lodging,
                            server.apply(facts.group_of),
                            # A server's interface has its name.
                            server.apply(facts.last),
                        ),
                    }
                    for key, server in servers.items()
                ],
            }
        ],
        probes=[
            {
                "name": PART,
                "protocol": "Https",
                "port": workload.port,
                "request_path": workload.health,
                "interval_in_seconds": 15,
                "probe_threshold": 2,
            }
        ],
        load_balancing_rules=[
            {
                "name": PART,
                "protocol": "Tcp",
                "frontend_port": 443,
                "backend_port": workload.port,
                "frontend_ip_configuration": part("frontendIPConfigurations"),
                "backend_address_pool": part("backendAddressPools"),
                "probe": part("probes"),
                "enable_tcp_reset": True,
                "idle_timeout_in_minutes": 15,
            }
        ],
        tags=place.tags(package),
        opts=place.opts(),
    )
    address = made.frontend_ip_configurations.apply(lambda ends: str((ends or [])[0].private_ip_address))
    lodging.record(package, address)
    lodging.alarm(f"{package.key}-service", alarms.balancer(), made.id)


def vendor(lodging: Lodging, package: PackagePlan, service: str) -> None:
    """The private endpoint to the vendor's service, with the package's private name.

    `service` is the id of a private link service, or its alias; by either, the vendor approves.
    """
    place, plan = lodging.place, lodging.place.plan
    interface = plan.name(package.key, "nic", limit=80)
    connection: azure.network.PrivateLinkServiceConnectionArgsDict = {
        "name": package.key,
        "private_link_service_id": service,
        "request_message": plan.tags["stack"][:140],
    }
    end = azure.network.PrivateEndpoint(
        place.child(package.key, "endpoint"),
        resource_group_name=place.group,
        private_endpoint_name=plan.name(package.key, limit=64),
        custom_network_interface_name=interface,
        location=plan.region,
        subnet={"id": lodging.network(package).subnets[key_of(app_role(package), "vendors")]},
        manual_private_link_service_connections=[connection],
        tags=place.tags(package),
        opts=place.opts(),
    )
    group = pulumi.Output.all(end.id).apply(lambda known: facts.group_of(str(known[0])))
    lodging.record(package, _address_of(lodging, group, interface))
