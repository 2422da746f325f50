"""A municipal tenant on each of its clouds: baseline → lgwan → iaas → paas → saas."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import pulumi

from components.contract import IaasNeeds, PaasNeeds, SaasNeeds
from stacks.plan import CloudPlan, TenantPlan
from stacks.registry.clouds import CloudName

TYPE = "jichitai:tenant:MunicipalTenant"
ORDERS: CloudName = "azure"
"""Who orders the line of Oracle Interconnect for Azure."""


class MunicipalTenant(pulumi.ComponentResource):
    """One local government (or a shared group) on all the clouds that its plan names.

    Only the folders of the clouds in use are imported, so only their SDKs are. `summary` is what
    `jichitai outputs` shows: what was made, where people reach it, and what is still on order.
    """

    summary: pulumi.Output[Mapping[str, Any]]

    def __init__(self, plan: TenantPlan, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, plan.stack, None, opts)
        self._lines: dict[CloudName, Any] = {}
        clouds = {cloud: self._build(part) for cloud, part in plan.clouds.items()}
        self._join(plan)
        self.summary = pulumi.Output.from_input(
            {
                "code": plan.code,
                "name": plan.title_ja,
                "environment": plan.environment,
                "usage": plan.usage,
                "members": list(plan.members),
                "on_premises": list(plan.on_premises),
                "clouds": clouds,
            }
        )
        self.register_outputs({"summary": self.summary})

    def _join(self, plan: TenantPlan) -> None:
        """Lines that two clouds make between themselves: one orders, the other takes, the first uses it.

        The ends of an exchange are circuits like any other: each cloud's `lgwan` has made its own.
        """
        for part in plan.clouds.values():
            for join in part.joins.values():
                if join.provider == "oracle-azure" and part.cloud == ORDERS:
                    ours, theirs = self._lines[part.cloud], self._lines[join.other]
                    ours.meet(join, theirs.accept(plan.clouds[join.other].joins[join.key], ours.offer(join)))

    def _build(self, plan: CloudPlan) -> Mapping[str, Any]:
        """Build the five layers on one cloud and say what came of them."""
        rooms = import_module(f"components.{plan.cloud}")
        provider = rooms.provider(plan, pulumi.ResourceOptions(parent=self))
        opts = pulumi.ResourceOptions(parent=self, providers=[provider])
        name = plan.cloud

        baseline = rooms.Baseline(f"{name}-baseline", plan, opts=opts)
        lgwan = rooms.Lgwan(f"{name}-lgwan", plan, baseline.gives, opts=opts)
        iaas = rooms.Iaas(f"{name}-iaas", plan, IaasNeeds(baseline.gives, lgwan.gives), opts=opts)
        lgwan.connect(iaas.gives)
        self._lines[plan.cloud] = lgwan
        paas = rooms.Paas(f"{name}-paas", plan, PaasNeeds(baseline.gives, iaas.gives), opts=opts)
        saas = rooms.Saas(f"{name}-saas", plan, SaasNeeds(baseline.gives, iaas.gives, paas.gives), opts=opts)
        return {
            "unit": plan.unit,
            "region": plan.region,
            "recovery_region": plan.recovery_region,
            "networks": {key: str(network.cidr) for key, network in plan.networks.items()},
            "lgwan": {
                "mode": plan.lgwan.mode,
                "awaiting": list(lgwan.gives.awaiting),
                "ends": dict(lgwan.gives.ends),
            },
            "packages": {"awaiting": list(saas.gives.awaiting)},
            "urls": dict(saas.gives.urls),
        }
