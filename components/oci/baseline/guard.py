"""Guards: Cloud Guard with recipes of our own, a security zone, quotas.

The three parts that other clouds have apart (recording of configuration, detection of threats, posture)
are recipes on one target here, and the target belongs to whoever manages posture: where that is adopted,
its owner's recipes hold, and only what hangs on our own compartment is ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_oci as oci

from components.oci import facts
from components.oci.place import Spot
from stacks.plan import Part
from stacks.text import Text, language_of

DETECTORS: Mapping[str, Part] = {
    "IAAS_CONFIGURATION_DETECTOR": "configuration_recording",
    "IAAS_ACTIVITY_DETECTOR": "threat_detection",
    "IAAS_THREAT_DETECTOR": "threat_detection",
}
"""Cloud Guard's detectors, and the part of the baseline that each serves."""

NOT_OFFERED = Text(
    ja="テナンシのセキュリティ・ゾーンに次の名前のポリシーがありません: {names}。Oracleが名称を"
    "変えた可能性があります。「Security Zone Policies」の一覧と照らし、"
    "components/oci/facts.py の ZONE_POLICIES を直してください",
    en="The tenancy offers no security zone policy of these names: {names}. Oracle may have renamed them; "
    'check the list "Security Zone Policies" and correct ZONE_POLICIES in components/oci/facts.py',
)


class Guard:
    """Builds them in the tenancy and over the tenant's own compartment."""

    def __init__(self, spot: Spot, tenant: pulumi.Output[str], home: pulumi.ProviderResource | None) -> None:
        """Make them in `spot`; `tenant` is the compartment that the zone closes, quotas need `home`."""
        self._spot = spot
        self._tenant = tenant
        enabled: list[pulumi.CustomResource] = []
        if spot.creates("posture_management"):
            enabled = [self._posture()]
        if spot.creates("account_guards"):
            self._zone(enabled)
            self._quota(home)

    def _after(self, enabled: Sequence[pulumi.CustomResource]) -> pulumi.Output[str]:
        """The tenancy, once Cloud Guard is on: before, it lists no recipes."""
        unit = self._spot.plan.unit
        return pulumi.Output.all(*[one.id for one in enabled]).apply(lambda _: unit)

    def _posture(self) -> pulumi.CustomResource:
        spot, plan = self._spot, self._spot.plan
        enabled = oci.cloudguard.CloudGuardConfiguration(
            spot.child("cloud-guard"),
            compartment_id=plan.unit,
            reporting_region=plan.region,
            status="ENABLED",
            opts=spot.opts(),
        )
        unit, options = self._after([enabled]), pulumi.InvokeOutputOptions(parent=spot.parent)
        managed = oci.cloudguard.get_detector_recipes_output(compartment_id=unit, opts=options)
        recipes: list[dict[str, Any]] = []
        for detector, part in DETECTORS.items():
            source = managed.detector_recipe_collections.apply(
                lambda found, detector=detector: _managed(found, detector)
            )
            if spot.creates(part):
                key = detector.removeprefix("IAAS_").removesuffix("_DETECTOR").lower()
                source = oci.cloudguard.DetectorRecipe(
                    spot.child("recipe", key),
                    compartment_id=plan.unit,
                    display_name=plan.name(key),
                    source_detector_recipe_id=source,
                    freeform_tags=spot.labels(),
                    opts=spot.opts(),
                ).id
            recipes.append({"detector_recipe_id": source})
        responders = oci.cloudguard.get_responder_recipes_output(compartment_id=unit, opts=options)
        responder = oci.cloudguard.ResponderRecipe(
            spot.child("recipe", "responder"),
            compartment_id=plan.unit,
            display_name=plan.name("responder"),
            source_responder_recipe_id=responders.responder_recipe_collections.apply(
                lambda c: c[0].items[0].id
            ),
            freeform_tags=spot.labels(),
            opts=spot.opts(),
        )
        oci.cloudguard.Target(
            spot.child("guarded"),
            compartment_id=plan.unit,
            display_name=plan.name("tenancy"),
            description="The whole tenancy",
            target_resource_id=plan.unit,
            target_resource_type="COMPARTMENT",
            target_detector_recipes=recipes,  # type: ignore[arg-type]
            target_responder_recipes=[{"responder_recipe_id": responder.id}],
            freeform_tags=spot.labels(),
            opts=spot.opts(),
        )
        return enabled

    def _zone(self, enabled: Sequence[pulumi.CustomResource]) -> None:
        """The security zone: OCI itself refuses what would open the tenant's compartment."""
        spot, plan = self._spot, self._spot.plan
        policies = oci.cloudguard.get_security_policies_output(
            compartment_id=self._after(enabled), opts=pulumi.InvokeOutputOptions(parent=spot.parent)
        ).security_policy_collections.apply(_zone_policies)
        recipe = oci.cloudguard.SecurityRecipe(
            spot.child("zone-recipe"),
            compartment_id=plan.unit,
            display_name=plan.name("closed"),
            description="Nothing public, nothing without a key of ours",
            security_policies=policies,
            freeform_tags=spot.labels(),
            opts=spot.opts(*enabled),
        )
        oci.cloudguard.SecurityZone(
            spot.child("zone"),
            compartment_id=self._tenant,
            display_name=plan.name("closed"),
            description="The tenant's own compartment",
            security_zone_recipe_id=recipe.id,
            freeform_tags=spot.labels(),
            opts=spot.opts(),
        )

    def _quota(self, home: pulumi.ProviderResource | None) -> None:
        """No reserved public addresses in the tenant's compartment."""
        spot, plan = self._spot, self._spot.plan
        oci.limits.Quota(
            spot.child("quota"),
            compartment_id=plan.unit,
            name=plan.name("closed"),
            description="No public addresses",
            # A statement names the compartment: not before it is there.
            statements=self._tenant.apply(
                lambda _: [f"zero vcn quota reserved-public-ip-count in compartment {plan.prefix}"]
            ),
            freeform_tags=spot.labels(),
            opts=spot.opts(provider=home),
        )


def _zone_policies(collections: Sequence[Any]) -> list[str]:
    """The ids of the zone's policies. Raises RunError where one is not offered."""
    offered = {str(item.friendly_name): str(item.id) for one in collections for item in one.items}
    if missing := facts.not_offered(offered):
        raise pulumi.RunError(NOT_OFFERED.say(language_of()).format(names=", ".join(missing)))
    return [offered[name] for name in facts.ZONE_POLICIES]


def _managed(collections: Sequence[Any], detector: str) -> str:
    """The id of Oracle's own recipe for `detector`."""
    items = [item for collection in collections for item in collection.items]
    return next(str(i.id) for i in items if i.detector == detector and i.owner == "ORACLE")
