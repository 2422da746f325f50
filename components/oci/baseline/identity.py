"""Compartments, tags and permissions: where things are, whose they are, and who may touch them."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_oci as oci

from components.derive import hosted
from components.oci import grants
from components.oci.grants import Compartments
from components.oci.place import OWNER, labels
from components.room import Room

LAYERS: Mapping[str, str] = {
    "baseline": "Audit, keys, guards and alarms",
    "lgwan": "The closed connection",
    "iaas": "Networks, servers and files",
    "paas": "Databases, queues, registries and hand-over",
    "saas": "Packages",
}
DEFAULTED = ("municipality-code", "environment", "classification")
"""Tags of the tenant that everything in its compartment gets by default, whoever makes it."""


class Identity:
    """Builds them. `places` are the compartments by layer, and the tenant's own as `tenant`."""

    places: Mapping[str, pulumi.Output[str]]

    def __init__(self, room: Room, home: pulumi.ProviderResource | None) -> None:
        """Make them under `room`, by `home` where the home region is not the tenant's."""
        self._room = room
        self._home = home
        plan = room.plan
        tenant = self._compartment("tenant", plan.unit, plan.prefix, f"Municipal tenant {plan.prefix}")
        made = {layer: self._compartment(layer, tenant.id, layer, what) for layer, what in LAYERS.items()}
        tags = self._tags(tenant)
        known = pulumi.Output.all(
            tenant=tenant.id, **{key: made[key].id for key in ("baseline", "iaas", "paas", "saas")}
        ).apply(lambda ids: Compartments(**ids))
        self._policies = self._permissions(tenant, known, tags)
        # What carries a tag can be made once the tag exists.
        ready = pulumi.Output.all(*[tag.id for tag in tags])
        self.places = {
            "tenant": tenant.id,
            **{
                layer: pulumi.Output.all(made[layer].id, ready).apply(lambda ids: str(ids[0]))
                for layer in LAYERS
            },
        }

    def after_policies(self, value: pulumi.Output[str]) -> pulumi.Output[str]:
        """`value`, once the tenant's policies are there."""
        written = pulumi.Output.all(*[policy.id for policy in self._policies])
        return pulumi.Output.all(value, written).apply(lambda known: str(known[0]))

    def _opts(self, *after: pulumi.Resource, keep: bool = False) -> pulumi.ResourceOptions:
        options = self._room.opts(*after, keep=keep)
        if self._home is not None:
            options.provider = self._home
        return options

    def _compartment(
        self, key: str, parent: pulumi.Input[str], name: str, description: str
    ) -> oci.identity.Compartment:
        return oci.identity.Compartment(
            self._room.child(f"compartment-{key}"),
            compartment_id=parent,
            name=name,
            description=description,
            # Without it a compartment stays for ever, empty.
            enable_delete=True,
            freeform_tags=labels(self._room.plan),
            opts=self._opts(keep=True),
        )

    def _tags(self, tenant: oci.identity.Compartment) -> list[pulumi.CustomResource]:
        """The namespace of defined tags, its keys, and the defaults of the tenant's compartment."""
        plan = self._room.plan
        space = oci.identity.TagNamespace(
            self._room.child("tags"),
            compartment_id=tenant.id,
            name=plan.prefix,
            description="Whose a resource is",
            opts=self._opts(),
        )
        made: list[pulumi.CustomResource] = []
        for key in (*DEFAULTED, OWNER):
            tag = oci.identity.Tag(
                self._room.child(f"tag-{key}"),
                tag_namespace_id=space.id,
                name=key,
                description=key,
                is_cost_tracking=key == OWNER,
                opts=self._opts(),
            )
            made.append(tag)
            if key in DEFAULTED:
                oci.identity.TagDefault(
                    self._room.child(f"tag-{key}-default"),
                    compartment_id=tenant.id,
                    tag_definition_id=tag.id,
                    value=plan.tags[key],
                    is_required=False,
                    opts=self._opts(),
                )
        return made

    def _permissions(
        self,
        tenant: oci.identity.Compartment,
        places: pulumi.Output[Compartments],
        tags: list[pulumi.CustomResource],
    ) -> list[oci.identity.Policy]:
        """The dynamic group of each package, and all statements."""
        plan = self._room.plan
        groups = [
            oci.identity.DynamicGroup(
                self._room.child(f"group-{package.key}"),
                compartment_id=plan.unit,
                name=grants.group_name(plan, package),
                description=f"What {package.key} runs as",
                matching_rule=places.apply(
                    lambda known, package=package: grants.matching_rule(plan, package, known)
                ),
                freeform_tags=labels(plan),
                opts=self._opts(*tags),
            )
            for package in hosted(plan)
        ]
        # How many there are does not depend on the ids in them.
        nobody = Compartments("", "", "", "", "")
        return [
            oci.identity.Policy(
                self._room.child(f"policy-{number}"),
                compartment_id=tenant.id,
                name=plan.name("policy", number, limit=100),
                description="What packages and Oracle's services may do here",
                statements=places.apply(
                    lambda known, number=number: list(grants.policies(grants.statements(plan, known))[number])
                ),
                freeform_tags=labels(plan),
                opts=self._opts(*groups),
            )
            for number in grants.policies(grants.statements(plan, nobody))
        ]
