"""Logs of servers: an agent's stream through a private link to the workspace."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_azure_native as azure

from components.azure.gives import BaselineGives
from components.azure.iaas.endpoints import private_endpoint
from components.azure.place import Place
from components.contract import NetworkGives


class Monitoring:
    """Builds the way of logs from servers: `collect` puts one server on it."""

    def __init__(self, place: Place, baseline: BaselineGives, networks: Mapping[str, NetworkGives]) -> None:
        """Make it for the servers in `networks`."""
        self._place, plan = place, place.plan
        self._endpoint = azure.monitor.DataCollectionEndpoint(
            place.child("log-endpoint"),
            resource_group_name=place.group,
            data_collection_endpoint_name=plan.name("servers", limit=44),
            location=plan.region,
            kind="Linux",
            network_acls={"public_network_access": "Disabled"},
            tags=place.tags(),
            opts=place.opts(),
        )
        self._rule = azure.monitor.DataCollectionRule(
            place.child("log-rule"),
            resource_group_name=place.group,
            data_collection_rule_name=plan.name("servers", limit=64),
            location=plan.region,
            kind="Linux",
            data_collection_endpoint_id=self._endpoint.id,
            data_sources={
                "syslog": [
                    {
                        "name": "syslog",
                        "streams": ["Microsoft-Syslog"],
                        "facility_names": ["auth", "authpriv", "cron", "daemon", "kern", "syslog", "user"],
                        "log_levels": [
                            "Info",
                            "Notice",
                            "Warning",
                            "Error",
                            "Critical",
                            "Alert",
                            "Emergency",
                        ],
                    }
                ]
            },
            destinations={
                "log_analytics": [{"name": "workspace", "workspace_resource_id": baseline.workspace}]
            },
            data_flows=[{"streams": ["Microsoft-Syslog"], "destinations": ["workspace"]}],
            tags=place.tags(),
            opts=place.opts(),
        )
        scope = azure.monitor.PrivateLinkScope(
            place.child("log-scope"),
            resource_group_name=place.group,
            scope_name=plan.name("monitor", limit=255),
            location="global",
            access_mode_settings={"ingestion_access_mode": "PrivateOnly", "query_access_mode": "Open"},
            tags=place.tags(),
            opts=place.opts(),
        )
        linked = [
            azure.monitor.PrivateLinkScopedResource(
                place.child("log-scope", what),
                resource_group_name=place.group,
                scope_name=scope.name,
                name=what,
                linked_resource_id=target,
                opts=place.opts(),
            )
            for what, target in (("workspace", baseline.workspace), ("endpoint", self._endpoint.id))
        ]
        ready = pulumi.Output.all(scope.id, *(one.id for one in linked)).apply(lambda known: str(known[0]))
        for key, network in networks.items():
            private_endpoint(place, key, network, "monitor", ready, "azuremonitor")

    def collect(self, key: str, server: azure.compute.VirtualMachine) -> None:
        """The agent on `server`, what it collects, and by which way."""
        place = self._place
        agent = azure.compute.VirtualMachineExtension(
            place.child(key, "agent"),
            resource_group_name=place.group,
            vm_name=server.name,
            vm_extension_name="AzureMonitorLinuxAgent",
            location=place.plan.region,
            publisher="Microsoft.Azure.Monitor",
            type="AzureMonitorLinuxAgent",
            type_handler_version="1.33",
            auto_upgrade_minor_version=True,
            enable_automatic_upgrade=True,
            tags=place.tags(),
            opts=place.opts(),
        )
        for name, link in (
            ("logs", {"data_collection_rule_id": self._rule.id}),
            # The one name under which Azure looks for a server's endpoint.
            ("configurationAccessEndpoint", {"data_collection_endpoint_id": self._endpoint.id}),
        ):
            azure.monitor.DataCollectionRuleAssociation(
                place.child(key, "collects", name),
                resource_uri=server.id,
                association_name=name,
                opts=place.opts(agent),
                **link,
            )
