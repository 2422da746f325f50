"""What the project refuses from now on, whoever asks; who finds what is wrong; who pays and is called."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pulumi
import pulumi_gcp as gcp

from components.google.baseline import signals
from components.google.baseline.watch import Watch
from components.google.project import Project
from components.room import Room
from stacks.plan import CloudPlan, ContactPlan
from stacks.text import Text, language_of

BUDGET_STEPS: tuple[float, ...] = (0.5, 0.8, 1.0)
"""Shares of the month's budget that are told: spent, not forecast."""

ENFORCED: tuple[str, ...] = (
    "compute.disableSerialPortAccess",
    "compute.requireOsLogin",
    "compute.requireShieldedVm",
    "compute.skipDefaultNetworkCreation",
    "iam.automaticIamGrantsForDefaultServiceAccounts",
    "iam.disableServiceAccountKeyCreation",
    "iam.disableServiceAccountKeyUpload",
    "sql.restrictPublicIp",
    "storage.publicAccessPrevention",
    "storage.uniformBucketLevelAccess",
)
"""Constraints that are simply on (organisation policy documentation, "Organization policy constraints";
docs/published-names.md tells where Google's own landing zone sets each)."""
LISTED: tuple[str, ...] = ("compute.vmExternalIpAccess", "gcp.resourceLocations", "run.allowedIngress")
"""Constraints that allow or deny values: see `rules`."""

CATEGORIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "operations": ("SUSPENSION", "TECHNICAL", "TECHNICAL_INCIDENTS"),
        "security": ("SECURITY",),
        "billing": ("BILLING",),
    }
)
"""What Google itself writes to whom (Essential Contacts documentation, "Notification categories")."""

NO_ANSWER = Text(
    ja="既定のVPCネットワークの有無を確かめられません。認証情報と compute.networks.list の権限を"
    "確かめてから、もう一度実行してください",
    en="Cannot tell whether there is a default VPC network; check the credentials and the permission "
    "compute.networks.list, then run again",
)


def locations(plan: CloudPlan) -> list[str]:
    """Where resources may be: the two domestic regions, and nothing else that has a place."""
    return [f"in:{region}-locations" for region in sorted((plan.region, plan.recovery_region))]


def by_mail(contacts: Mapping[str, ContactPlan]) -> Mapping[str, tuple[str, ...]]:
    """The categories that each address gets: an address can be a project's contact only once."""
    found: dict[str, tuple[str, ...]] = {}
    for role, categories in CATEGORIES.items():
        email = contacts[role].email
        found[email] = tuple(sorted({*found.get(email, ()), *categories}))
    return found


def guards(room: Room, project: Project, watch: Watch) -> None:
    """The parts that no later layer uses: each only where it does not exist yet."""
    if room.creates("account_guards"):
        _constraints(room)
    if room.creates("threat_detection"):
        _threats(room, watch)
    if room.creates("posture_management"):
        _posture(room)
    if room.creates("budget"):
        _budget(room, project, watch)
    if room.creates("contacts"):
        _contacts(room)
    if room.creates("default_network"):
        _default_network(room)


def rules(plan: CloudPlan) -> Mapping[str, list[gcp.orgpolicy.PolicySpecRuleArgsDict]]:
    """What each constraint says."""
    addresses, places, ingress = LISTED
    return {
        **{constraint: [{"enforce": "TRUE"}] for constraint in ENFORCED},
        addresses: [{"deny_all": "TRUE"}],
        places: [{"values": {"allowed_values": locations(plan)}}],
        ingress: [{"values": {"allowed_values": ["internal", "internal-and-cloud-load-balancing"]}}],
    }


def _constraints(room: Room) -> None:
    """Organisation policies of the project, and default service accounts that may do nothing."""
    plan = room.plan
    for constraint, rule in sorted(rules(plan).items()):
        gcp.orgpolicy.Policy(
            room.child(f"guard-{constraint}"),
            name=f"projects/{plan.unit}/policies/{constraint}",
            parent=f"projects/{plan.unit}",
            spec={"rules": rule},
            opts=room.opts(),
        )
    gcp.projects.DefaultServiceAccounts(
        room.child("default-accounts"),
        project=plan.unit,
        action="DEPRIVILEGE",
        # They get back what they had when the tenant goes: they are not ours.
        restore_policy="REVERT_AND_IGNORE_FAILURE",
        opts=room.opts(),
    )


def _threats(room: Room, watch: Watch) -> None:
    """Grave findings of Security Command Center go to the topic. It is switched on by its organisation."""
    plan = room.plan
    notice = gcp.securitycenter.V2ProjectNotificationConfig(
        room.child("findings"),
        config_id=plan.name("findings"),
        project=plan.unit,
        location="global",
        description="Grave findings",
        pubsub_topic=watch.topic().id,
        streaming_config={"filter": signals.FINDINGS},
        opts=room.opts(),
    )
    gcp.pubsub.TopicIAMMember(
        room.child("findings-writer"),
        topic=watch.topic().id,
        role="roles/pubsub.publisher",
        member=pulumi.Output.concat("serviceAccount:", notice.service_account),
        opts=room.opts(),
    )


def _posture(room: Room) -> None:
    """One check of our own beside Google's: keys that are not rotated."""
    plan = room.plan
    gcp.securitycenter.ManagementProjectSecurityHealthAnalyticsCustomModule(
        room.child("posture"),
        # Letters, digits and underscores only (its API).
        display_name=plan.name("key_rotation").replace("-", "_"),
        project=plan.unit,
        location="global",
        enablement_state="ENABLED",
        custom_config={
            "predicate": {"expression": "resource.rotationPeriod > duration('7776000s')"},
            "resource_selector": {"resource_types": ["cloudkms.googleapis.com/CryptoKey"]},
            "severity": "MEDIUM",
            "description": "A key is rotated less often than every 90 days",
            "recommendation": "Set a rotation period of 90 days or less",
        },
        opts=room.opts(),
    )


def _budget(room: Room, project: Project, watch: Watch) -> None:
    """The month's budget: mails at each step.

    The currency might be left out and would be the billing account's. It is said, so that Google refuses a
    figure that was meant in another.
    """
    plan, budget = room.plan, room.plan.baseline.budget
    gcp.billing.Budget(
        room.child("budget"),
        billing_account=project.billing,
        display_name=plan.name("budget"),
        amount={"specified_amount": {"currency_code": budget.currency, "units": str(budget.amount)}},
        budget_filter={
            "projects": [pulumi.Output.concat("projects/", project.number)],
            "calendar_period": "MONTH",
            "credit_types_treatment": "INCLUDE_ALL_CREDITS",
        },
        threshold_rules=[
            {"threshold_percent": share, "spend_basis": "CURRENT_SPEND"} for share in BUDGET_STEPS
        ],
        all_updates_rule={
            "monitoring_notification_channels": watch.channels,
            "disable_default_iam_recipients": True,
        },
        opts=room.opts(),
    )


def _contacts(room: Room) -> None:
    """Whom Google itself writes to."""
    for number, (email, categories) in enumerate(by_mail(room.plan.baseline.contacts).items()):
        gcp.essentialcontacts.Contact(
            room.child(f"contact-{number + 1}"),
            parent=f"projects/{room.plan.unit}",
            email=email,
            language_tag="ja",
            notification_category_subscriptions=list(categories),
            opts=room.opts(),
        )


def _default_network(room: Room) -> None:
    """Closes the network that Google puts into new projects, where it still exists.

    It is not deleted: it is not ours, and closed it costs nothing.
    """
    try:
        found = gcp.compute.get_networks(
            project=room.plan.unit, opts=pulumi.InvokeOptions(parent=room.parent)
        ).networks
    except Exception as error:
        raise pulumi.RunError(f"{NO_ANSWER.say(language_of())}: {error}") from error
    if "default" not in found:
        return
    for direction in ("INGRESS", "EGRESS"):
        way = direction.lower()
        gcp.compute.Firewall(
            room.child(f"default-{way}"),
            name=room.plan.name("default", way),
            network="default",
            direction=direction,
            priority=0,
            denies=[{"protocol": "all"}],
            source_ranges=["0.0.0.0/0"] if direction == "INGRESS" else None,
            destination_ranges=["0.0.0.0/0"] if direction == "EGRESS" else None,
            opts=room.opts(),
        )
