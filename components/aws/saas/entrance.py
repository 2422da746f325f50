"""Where people enter a hosted package: an internal load balancer with its certificate, name and log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.aws import grants
from components.aws.saas import alarms
from components.aws.saas.lodging import Lodging, tags
from stacks.plan import PackagePlan, WorkloadPlan

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
"""TLS 1.3 and 1.2, forward secrecy and authenticated encryption only (ELB user guide)."""
DRAIN_SECONDS = 60
"""How long a target that leaves may finish what it does."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """What stands behind a load balancer: targets join `group` once `listener` forwards to it."""

    group: aws.lb.TargetGroup
    listener: aws.lb.Listener


class Entrances:
    """Builds the entrances of the packages that have one, and the bucket of their access logs."""

    def __init__(self, lodging: Lodging, packages: Sequence[PackagePlan]) -> None:
        """Make them in `lodging` for `packages`, those with an exposed workload."""
        self._lodging = lodging
        self._room = lodging.room
        self._plan = lodging.room.plan
        self._access = self._access_logs([p.key for p in packages]) if packages else None

    def build(self, package: PackagePlan, workload: WorkloadPlan) -> Entrance:
        """The internal load balancer with its certificate, name and alarm."""
        plan, key = self._plan, package.key
        name = plan.name(key, limit=32)
        balancer = aws.lb.LoadBalancer(
            self._room.child(f"{key}-entrance"),
            name=name,
            internal=True,
            load_balancer_type="application",
            security_groups=[self._lodging.network(package).groups[f"{key}-entry"]],
            subnets=self._lodging.subnets(package),
            drop_invalid_header_fields=True,
            desync_mitigation_mode="defensive",
            enable_deletion_protection=plan.protect,
            access_logs={"bucket": self._access, "prefix": key, "enabled": True} if self._access else None,
            tags=tags(package, name),
            opts=self._room.opts(),
        )
        group = aws.lb.TargetGroup(
            self._room.child(f"{key}-targets"),
            # The port is in the name, because another port is another group, made before the old one goes.
            name=plan.name(key, str(workload.port), limit=32),
            port=workload.port,
            protocol="HTTPS",
            target_type="ip" if workload.kind == "container" else "instance",
            vpc_id=self._lodging.network(package).id,
            deregistration_delay=DRAIN_SECONDS,
            health_check={
                "protocol": "HTTPS",
                "path": workload.health,
                "matcher": "200-299",
                "interval": 15,
                "timeout": 5,
                "healthy_threshold": 2,
                "unhealthy_threshold": 3,
            },
            tags=tags(package, name),
            opts=self._room.opts(),
        )
        listener = aws.lb.Listener(
            self._room.child(f"{key}-listener"),
            load_balancer_arn=balancer.arn,
            port=443,
            protocol="HTTPS",
            ssl_policy=TLS_POLICY,
            certificate_arn=self._certificate(package),
            default_actions=[{"type": "forward", "target_group_arn": group.arn}],
            tags=package.tags,
            opts=self._room.opts(),
        )
        self._lodging.record(package, balancer.dns_name, balancer.zone_id, check=True)
        self._lodging.alarm(
            f"{key}-service",
            alarms.service(),
            {"LoadBalancer": balancer.arn_suffix, "TargetGroup": group.arn_suffix},
        )
        return Entrance(group, listener)

    def _certificate(self, package: PackagePlan) -> pulumi.Input[str]:
        """The manifest's certificate (LGPKI, say), else one of the private authority for the name."""
        if package.certificate:
            return package.certificate
        return aws.acm.Certificate(
            self._room.child(f"{package.key}-certificate"),
            domain_name=package.host,
            certificate_authority_arn=self._lodging.given.paas.authority,
            key_algorithm="EC_prime256v1",
            tags=tags(package, package.host),
            opts=self._room.opts(),
        ).arn

    def _access_logs(self, entrances: list[str]) -> pulumi.Output[str]:
        """Who reached what: the balancers' logs, kept as long as the archive.

        A bucket of its own: load balancers write to none that has a customer's key or a lock by
        default (ELB user guide), so not to the archive.
        """
        plan, name = self._plan, self._room.child("access")
        own = plan.name("access", plan.unit)
        bucket = aws.s3.Bucket(name, bucket=own, force_destroy=not plan.protect, opts=self._room.opts())
        aws.s3.BucketVersioning(
            f"{name}-versions",
            bucket=bucket.id,
            versioning_configuration={"status": "Enabled"},
            opts=self._room.opts(),
        )
        closed = aws.s3.BucketPublicAccessBlock(
            f"{name}-closed",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._room.opts(),
        )
        retention = plan.baseline.retention
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-life",
            bucket=bucket.id,
            rules=[
                {
                    "id": "archive",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "transitions": [{"days": retention.log_days, "storage_class": "GLACIER"}],
                    "expiration": {"days": max(retention.archive_days, retention.log_days + 1)},
                    "noncurrent_version_expiration": {"noncurrent_days": 1},
                }
            ],
            opts=self._room.opts(),
        )
        policy = aws.s3.BucketPolicy(
            f"{name}-policy",
            bucket=bucket.id,
            policy=grants.access_logs(plan, own, entrances),
            opts=self._room.opts(closed),
        )
        # A balancer tries to write when it is made: the name is given once it may.
        return policy.bucket
