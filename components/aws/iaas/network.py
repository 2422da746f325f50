"""One closed network: VPC, subnets, route tables, filters, private endpoints, names, flow logs."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from components.aws import facts
from components.aws.iaas import filtering
from components.aws.iaas.acl import network_acl
from components.aws.iaas.egress import Egress
from components.aws.iaas.site import Site
from components.contract import NetworkGives
from components.derive import roles_in_use
from stacks.addressing import Role
from stacks.plan import NetworkPlan, PackagePlan

FLOW_INTERVAL = 600
"""Seconds that a flow log record covers: the longer of the two on offer, at a fraction of the price."""


def routed_roles(network: NetworkPlan) -> tuple[Role, ...]:
    """The blocks with a route table of their own: those that talk beyond the network.

    The others (data, management) stay on the VPC's main table, which is kept empty: they reach, and
    are reached from, the network itself and nothing else.
    """
    outside = {"connect"} | {
        network.groups[flow.source.key if flow.source.kind == "group" else flow.target.key].role
        for flow in network.flows
        if flow.source.kind == "ranges" or flow.target.kind != "group"
    }
    return tuple(role for role in roles_in_use(network) if role in outside)


class Network:
    """Builds one network under the component of `site`."""

    def __init__(self, site: Site, network: NetworkPlan, packages: tuple[PackagePlan, ...]) -> None:
        """Make the network for `packages`."""
        self._site, self._plan, self._network = site, site.plan, network
        self._packages = packages
        self.vpc = aws.ec2.Vpc(
            site.child(network.key, "vpc"),
            cidr_block=str(network.cidr),
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=site.tags(network.key),
            opts=site.opts(),
        )
        self._close_defaults()
        self.subnets = self._subnets()
        self.tables = self._route_tables()
        self._acls()
        storage = self._storage_endpoint()
        self.groups = self._groups(storage)
        self.endpoints: dict[str, pulumi.Output[str]] = {"s3": storage.id, **self._service_endpoints()}
        self.zone = self._zone()
        self._flow_log()
        if network.egress:
            Egress(site, network, self.vpc, self.tables)

    @property
    def gives(self) -> NetworkGives:
        """What later layers use of it."""
        return NetworkGives(
            id=self.vpc.id,
            subnets={key: subnet.id for key, subnet in self.subnets.items()},
            groups={key: group.id for key, group in self.groups.items()},
            route_tables={role: table.id for role, table in self.tables.items()},
            zone=self.zone.zone_id,
            endpoints=self.endpoints,
        )

    def _child(self, *parts: str) -> str:
        return self._site.child(self._network.key, *parts)

    def _tags(self, *parts: str) -> Mapping[str, str]:
        return self._site.tags(self._network.key, *parts)

    def _close_defaults(self) -> None:
        """Take over what every VPC is born with, and leave nothing open in it."""
        aws.ec2.DefaultSecurityGroup(
            self._child("default-group"),
            vpc_id=self.vpc.id,
            ingress=[],
            egress=[],
            tags=self._tags("default-closed"),
            opts=self._site.opts(),
        )
        aws.ec2.DefaultNetworkAcl(
            self._child("default-acl"),
            default_network_acl_id=self.vpc.default_network_acl_id,
            ingress=[],
            egress=[],
            tags=self._tags("default-closed"),
            # A new subnet is on it for the moment until its own ACL takes over.
            opts=self._site.opts(ignore=["subnet_ids"]),
        )
        aws.ec2.DefaultRouteTable(
            self._child("default-routes"),
            default_route_table_id=self.vpc.default_route_table_id,
            routes=[],
            tags=self._tags("default-closed"),
            opts=self._site.opts(),
        )

    def _subnets(self) -> Mapping[str, aws.ec2.Subnet]:
        """The subnets by the plan's own key."""
        used = roles_in_use(self._network)
        return {
            key: aws.ec2.Subnet(
                self._child(key),
                vpc_id=self.vpc.id,
                cidr_block=str(subnet.cidr),
                availability_zone=subnet.zone,
                map_public_ip_on_launch=False,
                tags=self._tags(key),
                opts=self._site.opts(),
            )
            for key, subnet in self._network.subnets.items()
            if subnet.role in used
        }

    def _route_tables(self) -> Mapping[Role, aws.ec2.RouteTable]:
        """A table for each block that talks beyond the network; empty until a later layer adds routes."""
        tables: dict[Role, aws.ec2.RouteTable] = {}
        for role in routed_roles(self._network):
            tables[role] = aws.ec2.RouteTable(
                self._child(role, "routes"), vpc_id=self.vpc.id, tags=self._tags(role), opts=self._site.opts()
            )
            for subnet in self._network.of_role(role):
                aws.ec2.RouteTableAssociation(
                    self._child(subnet.key, "routes"),
                    route_table_id=tables[role].id,
                    subnet_id=self.subnets[subnet.key].id,
                    opts=self._site.opts(),
                )
        return tables

    def _acls(self) -> None:
        """A network ACL for each block."""
        for role in roles_in_use(self._network):
            rules = filtering.acl(self._network, role)
            subnets = [self.subnets[subnet.key].id for subnet in self._network.of_role(role)]
            network_acl(self._site, self._network.key, role, self.vpc, rules, subnets)

    def _groups(self, storage: aws.ec2.VpcEndpoint) -> Mapping[str, aws.ec2.SecurityGroup]:
        """The security groups of the plan, each with exactly the plan's flows."""
        groups: dict[str, aws.ec2.SecurityGroup] = {}
        for key in filtering.group_order(self._network):
            plan = self._network.groups[key]
            rules = filtering.group_rules(self._network, key)
            groups[key] = aws.ec2.SecurityGroup(
                self._child(key),
                name=self._plan.name(self._network.key, key, limit=255),
                description=facts.description(plan.description),
                vpc_id=self.vpc.id,
                ingress=[
                    aws.ec2.SecurityGroupIngressArgs(
                        protocol=rule.protocol,
                        from_port=rule.port,
                        to_port=rule.port,
                        description=rule.description,
                        cidr_blocks=[str(cidr) for cidr in rule.ranges] or None,
                        security_groups=[groups[rule.group].id] if rule.group else None,
                    )
                    for rule in rules
                    if rule.direction == "ingress"
                ],
                egress=[self._egress(rule, storage) for rule in rules if rule.direction == "egress"],
                revoke_rules_on_delete=True,
                tags=self._tags(key),
                opts=self._site.opts(),
            )
        return groups

    @staticmethod
    def _egress(rule: filtering.GroupRule, storage: aws.ec2.VpcEndpoint) -> aws.ec2.SecurityGroupEgressArgs:
        """One way out: to ranges, to S3 by its prefix list, or through the firewall to approved hosts."""
        ranges = rule.ranges
        if rule.service == "internet-exception":
            ranges = (filtering.ANYWHERE,)
        return aws.ec2.SecurityGroupEgressArgs(
            protocol=rule.protocol,
            from_port=rule.port,
            to_port=rule.port,
            description=rule.description,
            cidr_blocks=[str(cidr) for cidr in ranges] or None,
            prefix_list_ids=[storage.prefix_list_id] if rule.service == "object-storage" else None,
        )

    def _storage_endpoint(self) -> aws.ec2.VpcEndpoint:
        """The gateway endpoint of S3: no charge, and no address of its own."""
        region, kinds = self._plan.region, {w.kind for p in self._packages for w in p.workloads.values()}
        buckets = (
            *(facts.container_buckets(region) if "container" in kinds else ()),
            *(facts.server_buckets(region) if "server" in kinds else ()),
        )
        return aws.ec2.VpcEndpoint(
            self._child("endpoint-s3"),
            vpc_id=self.vpc.id,
            vpc_endpoint_type="Gateway",
            service_name=f"com.amazonaws.{region}.s3",
            route_table_ids=[table.id for role, table in self.tables.items() if role != "connect"],
            policy=facts.storage_policy(self._plan.unit, buckets),
            tags=self._tags("s3"),
            opts=self._site.opts(),
        )

    def _service_endpoints(self) -> Mapping[str, pulumi.Output[str]]:
        """Interface endpoints of the services in use; in one zone only for verification, for its cost."""
        subnets = self._network.of_role("management")
        if self._plan.environment == "verification":
            subnets = subnets[:1]
        services = facts.endpoint_services(self._packages, own_image=self._plan.server_image is not None)
        return {
            service: aws.ec2.VpcEndpoint(
                self._child("endpoint", service.replace(".", "-")),
                vpc_id=self.vpc.id,
                vpc_endpoint_type="Interface",
                service_name=f"com.amazonaws.{self._plan.region}.{service}",
                subnet_ids=[self.subnets[subnet.key].id for subnet in subnets],
                security_group_ids=[self.groups["endpoints"].id],
                private_dns_enabled=True,
                policy=facts.endpoint_policy(service, self._plan.unit),
                tags=self._tags(service),
                opts=self._site.opts(),
            ).id
            for service in services
        }

    def _zone(self) -> aws.route53.Zone:
        """The private zone of the tenant's domain."""
        return aws.route53.Zone(
            self._child("zone"),
            name=self._network.dns.domain,
            comment=f"Private names of {self._plan.name(self._network.key, limit=64)}",
            vpcs=[aws.route53.ZoneVpcArgs(vpc_id=self.vpc.id, vpc_region=self._plan.region)],
            force_destroy=not self._plan.protect,
            tags=self._tags("zone"),
            opts=self._site.opts(),
        )

    def _flow_log(self) -> None:
        """Every flow, accepted or not, into the immutable archive.

        There and not in CloudWatch Logs: at half the price of ingestion, for seven years, and Athena
        searches Parquet by day and hour. No Hive names: they would leave the prefix that the
        archive's policy lets log delivery write to.
        """
        aws.ec2.FlowLog(
            self._child("flow-log"),
            vpc_id=self.vpc.id,
            traffic_type="ALL",
            log_destination_type="s3",
            log_destination=pulumi.Output.concat(
                "arn:aws:s3:::", self._site.baseline.archive, "/", flow_log_folder(self._network.key), "/"
            ),
            max_aggregation_interval=FLOW_INTERVAL,
            destination_options=aws.ec2.FlowLogDestinationOptionsArgs(
                file_format="parquet", hive_compatible_partitions=False, per_hour_partition=True
            ),
            tags=self._tags("flow"),
            opts=self._site.opts(),
        )


def flow_log_folder(network: str) -> str:
    """Where the archive keeps the flow log of a network."""
    return f"flow-logs/{network}"
