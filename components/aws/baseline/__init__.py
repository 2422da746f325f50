"""The baseline of one AWS account: what must hold before anything is built in it.

A part that is `adopted` exists already (the official templates made it) and is left alone. What
later layers need of it is taken by the ids that the manifest gives, and made where it gives none:

| part | ids |
|---|---|
| keys | `logs` `data` `backup` `messages` `recovery`: key ids or ARNs |
| audit_log | `bucket`: an immutable bucket for logs; `log_group`: the trail's log group in this account |
| alarms | `topic`: the ARN of a topic |
| backup | `vault`: the name of a vault |
"""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from components.aws.baseline import documents
from components.aws.baseline.audit import Audit
from components.aws.baseline.backup import Backup
from components.aws.baseline.watch import Watch
from components.contract import BaselineGives
from components.room import Room
from stacks.plan import KEY_PURPOSES, CloudPlan, ContactPlan, KeyPurpose
from stacks.text import Text, language_of

TYPE = "jichitai:aws:Baseline"

BUDGET_STEPS: tuple[tuple[int, str], ...] = ((50, "ACTUAL"), (80, "ACTUAL"), (100, "ACTUAL"))
"""Percent of the month's budget, and of what: spent, not forecast."""

THREAT_FEATURES: Mapping[str, str] = {
    "objects": "S3_DATA_EVENTS",
    "volumes": "EBS_MALWARE_PROTECTION",
    "logins": "RDS_LOGIN_EVENTS",
}
"""GuardDuty features that need no agent. Runtime monitoring is left out: GuardDuty makes endpoints
of its own for it in the network, which keep the network from ever being deleted."""

STANDARDS: Mapping[str, str] = {
    "fsbp": "aws-foundational-security-best-practices/v/1.0.0",
    "cis": "cis-aws-foundations-benchmark/v/3.0.0",
}

NO_ANSWER = Text(
    ja="既定のVPCの有無を確かめられません。認証情報と ec2:DescribeVpcs の権限を確かめてから、"
    "もう一度実行してください",
    en="Cannot tell whether there is a default VPC; check the credentials and the permission "
    "ec2:DescribeVpcs, then run again",
)


def reachable(contacts: Mapping[str, ContactPlan]) -> Mapping[str, tuple[ContactPlan, str]]:
    """The contacts that AWS takes, with their telephone number: it asks for one.

    A role without a number borrows that of operations; without either it is left out.
    """
    fallback = contacts["operations"].phone
    return {
        role: (contact, phone)
        for role, contact in contacts.items()
        if (phone := contact.phone or fallback) is not None
    }


class Baseline(pulumi.ComponentResource):
    """Record, guards, keys, alarms, backup of one account. `gives` is for the later layers."""

    gives: BaselineGives

    def __init__(self, name: str, plan: CloudPlan, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, None, opts)
        self._room = room = Room(name, plan, self)
        keys: dict[KeyPurpose, pulumi.Output[str]] = {purpose: self._key(purpose) for purpose in KEY_PURPOSES}
        audit = Audit(room, keys["logs"])
        topic = Watch(room, keys["messages"], audit.group).topic
        vault = Backup(room, keys["backup"], self._recovery_key).vault
        self._guards(keys["data"], topic)
        self.gives = BaselineGives(keys=keys, alarms=topic, vault=vault, archive=audit.archive)
        self.register_outputs({"keys": keys, "alarms": topic, "vault": vault, "archive": audit.archive})

    def _guards(self, data_key: pulumi.Output[str], topic: pulumi.Output[str]) -> None:
        """The parts that no later layer uses: each only where it does not exist yet."""
        creates = self._room.creates
        if creates("threat_detection"):
            self._threats()
        if creates("posture_management"):
            self._posture()
        if creates("account_guards"):
            self._account(data_key)
        if creates("budget"):
            self._budget(topic)
        if creates("contacts"):
            self._contacts()
        if creates("default_network"):
            self._default_network()

    def _key(self, purpose: KeyPurpose) -> pulumi.Output[str]:
        """The ARN of the customer key for `purpose`, made unless one is adopted."""
        adopted = self._room.adopted("keys", purpose)
        if adopted is not None:
            found = aws.kms.Key.get(self._room.child(f"key-{purpose}"), adopted, opts=self._room.opts())
            return found.arn
        return self._new_key(purpose, purpose, self._room.plan.region).arn

    def _recovery_key(self) -> pulumi.Output[str]:
        """The key of the backup copies in the recovery region."""
        adopted = self._room.adopted("keys", "recovery")
        if adopted is not None:
            name = self._room.child("key-recovery")
            return aws.kms.Key.get(
                name, adopted, region=self._room.plan.recovery_region, opts=self._room.opts()
            ).arn
        return self._new_key("recovery", "backup", self._room.plan.recovery_region).arn

    def _new_key(self, name: str, purpose: KeyPurpose, region: str) -> aws.kms.Key:
        room, plan = self._room, self._room.plan
        key = aws.kms.Key(
            room.child(f"key-{name}"),
            description=f"{plan.prefix} {name}",
            policy=documents.key_policy(plan, purpose, region),
            enable_key_rotation=True,
            rotation_period_in_days=365,
            # 7 and 30 days are the least and the most that KMS takes.
            deletion_window_in_days=30 if plan.protect else 7,
            region=region,
            opts=room.opts(keep=True),
        )
        aws.kms.Alias(
            room.child(f"key-{name}-alias"),
            name=f"alias/{plan.name(name)}",
            target_key_id=key.id,
            region=region,
            opts=room.opts(),
        )
        return key

    def _threats(self) -> None:
        """GuardDuty with the features that need no agent."""
        detector = aws.guardduty.Detector(
            self._room.child("detector"),
            enable=True,
            finding_publishing_frequency="FIFTEEN_MINUTES",
            opts=self._room.opts(),
        )
        for key, feature in THREAT_FEATURES.items():
            aws.guardduty.DetectorFeature(
                self._room.child(f"detector-{key}"),
                detector_id=detector.id,
                name=feature,
                status="ENABLED",
                opts=self._room.opts(),
            )

    def _posture(self) -> None:
        """Security Hub with AWS's own and the CIS standard."""
        hub = aws.securityhub.Account(
            self._room.child("security-hub"),
            # The default would be an old CIS version beside ours.
            enable_default_standards=False,
            auto_enable_controls=True,
            control_finding_generator="SECURITY_CONTROL",
            opts=self._room.opts(),
        )
        for key, standard in STANDARDS.items():
            aws.securityhub.StandardsSubscription(
                self._room.child(f"security-hub-{key}"),
                standards_arn=f"arn:aws:securityhub:{self._room.plan.region}::standards/{standard}",
                opts=self._room.opts(hub),
            )

    def _account(self, data_key: pulumi.Output[str]) -> None:
        """What the account refuses from now on, whoever asks."""
        aws.iam.AccountPasswordPolicy(
            self._room.child("password-policy"),
            # CIS AWS Foundations 3.0, 1.8 and 1.9. There are no users here: this is for those that
            # somebody makes by hand.
            minimum_password_length=14,
            password_reuse_prevention=24,
            max_password_age=90,
            require_lowercase_characters=True,
            require_uppercase_characters=True,
            require_numbers=True,
            require_symbols=True,
            allow_users_to_change_password=True,
            opts=self._room.opts(),
        )
        aws.s3.AccountPublicAccessBlock(
            self._room.child("public-access-block"),
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._room.opts(),
        )
        encryption = aws.ebs.EncryptionByDefault(
            self._room.child("ebs-encryption"), enabled=True, opts=self._room.opts()
        )
        aws.ebs.DefaultKmsKey(self._room.child("ebs-key"), key_arn=data_key, opts=self._room.opts(encryption))
        aws.ec2.InstanceMetadataDefaults(
            self._room.child("imds-defaults"),
            http_endpoint="enabled",
            http_tokens="required",
            http_put_response_hop_limit=1,
            opts=self._room.opts(),
        )
        aws.ec2.SerialConsoleAccess(self._room.child("serial-console"), enabled=False, opts=self._room.opts())
        aws.accessanalyzer.Analyzer(
            self._room.child("access-analyzer"),
            analyzer_name=self._room.plan.name("analyzer"),
            type="ACCOUNT",
            opts=self._room.opts(),
        )

    # --- alarms ---

    def _budget(self, topic: pulumi.Output[str]) -> None:
        """The month's budget: a mail to billing and a message to the topic at each step."""
        plan = self._room.plan
        aws.budgets.Budget(
            self._room.child("budget"),
            name=plan.name("budget"),
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(plan.baseline.budget.amount),
            limit_unit=plan.baseline.budget.currency,
            notifications=[
                aws.budgets.BudgetNotificationArgs(
                    comparison_operator="GREATER_THAN",
                    notification_type=kind,
                    threshold=percent,
                    threshold_type="PERCENTAGE",
                    subscriber_email_addresses=[plan.baseline.contacts["billing"].email],
                    subscriber_sns_topic_arns=[topic],
                )
                for percent, kind in BUDGET_STEPS
            ],
            opts=self._room.opts(),
        )

    def _contacts(self) -> None:
        """Whom AWS itself calls and writes to."""
        for role, (contact, phone) in reachable(self._room.plan.baseline.contacts).items():
            aws.account.AlternativeContact(
                self._room.child(f"contact-{role}"),
                alternate_contact_type=role.upper(),
                name=contact.name,
                title=contact.title,
                email_address=contact.email,
                phone_number=phone,
                opts=self._room.opts(),
            )

    # --- backup ---

    def _default_network(self) -> None:
        """Closes the network that AWS puts into every account, where it still exists.

        It is not deleted: it is not ours, and closed it costs nothing. No rule in its group, no
        route in its table: nothing in it reaches anything.
        """
        for vpc, table in self._default_vpcs():
            aws.ec2.DefaultSecurityGroup(
                self._room.child("default-group"),
                vpc_id=vpc,
                ingress=[],
                egress=[],
                opts=self._room.opts(),
            )
            aws.ec2.DefaultRouteTable(
                self._room.child("default-routes"),
                default_route_table_id=table,
                routes=[],
                opts=self._room.opts(),
            )

    def _default_vpcs(self) -> list[tuple[str, str]]:
        """The default VPC and its main route table, if the account has one: one at the most a region.

        Raises RunError, which the engine shows without a traceback, if AWS does not tell.
        """
        invoke = pulumi.InvokeOptions(parent=self)
        ours = [aws.ec2.GetVpcsFilterArgs(name="isDefault", values=["true"])]
        try:
            found = aws.ec2.get_vpcs(filters=ours, opts=invoke).ids
            return [(vpc, aws.ec2.get_vpc(id=vpc, opts=invoke).main_route_table_id) for vpc in found]
        except Exception as error:
            raise pulumi.RunError(f"{NO_ANSWER.say(language_of())}: {error}") from error
