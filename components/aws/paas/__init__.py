"""The platform on AWS: containers, databases, queues, hand-over, secrets, identities, certificates.

Backups reach the recovery region by the tag `backup=daily`: the baseline's plan copies what carries
it into the vault there, under that region's own key, for as many days as the manifest says. RDS's
own replication of backups would keep the same data there twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from components.aws import facts, grants
from components.aws.paas import handover
from components.aws.paas.databases import Databases
from components.contract import DatabaseGives, PaasGives, PaasNeeds
from components.derive import hosted, runs
from components.room import Room
from stacks.plan import CloudPlan, PackagePlan

CA_YEARS = 10
"""Validity of the private root, years (our choice: longer than the archive of what it signed)."""
MESSAGE_DAYS = 14
"""Days that an unread message is kept: SQS's maximum."""
FAILURES = 5
"""How often a message may fail before it is put aside (our choice)."""
IMAGES_KEPT = 30
"""Images kept in a repository (our choice: well over a year of monthly releases to go back to)."""


class Paas(pulumi.ComponentResource):
    """The platform services of one tenant on AWS."""

    gives: PaasGives

    def __init__(
        self, name: str, plan: CloudPlan, given: PaasNeeds, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("jichitai:aws:Paas", name, None, opts)
        self._plan = plan
        self._given = given
        self._room = Room(name, plan, self)

        packages = {p.key: p for p in hosted(plan)}
        contained = {key: p for key, p in packages.items() if runs(p, "container")}
        made = Databases(self._room, given)
        databases = {key: made.build(p) for key, p in packages.items() if p.database}
        repositories = {key: self._repository(p) for key, p in contained.items()}
        secrets = {key: self._secret(p) for key, p in packages.items() if p.workloads}
        queues = {key: self._queue(p) for key, p in packages.items() if p.queue}
        roles: dict[str, list[pulumi.Output[str]]] = {}
        identities: dict[str, pulumi.Output[str]] = {}
        for key, package in packages.items():
            has = self._belongings(package, secrets, databases, queues)
            found = self._identities(package, has, repositories)
            roles[key] = found
            identities |= {key: found[0]} if found else {}
        handovers = {key: handover.build(self._room, given, key, roles) for key in handover.networks(plan)}
        self.gives = PaasGives(
            cluster=self._cluster() if contained else None,
            registries={key: repository.repository_url for key, repository in repositories.items()},
            databases=databases,
            secrets={key: secret.arn for key, secret in secrets.items()},
            queues={key: queue.url for key, queue in queues.items()},
            handovers=handovers,
            identities=identities,
            authority=self._authority(packages),
        )
        self.register_outputs({"registries": self.gives.registries, "handovers": self.gives.handovers})

    def _tags(self, package: PackagePlan, name: str) -> Mapping[str, str]:
        return {**package.tags, "Name": name}

    # --- containers ----------------------------------------------------------------------------

    def _cluster(self) -> pulumi.Output[str]:
        """The cluster of all packages' tasks, with metrics of each container; nobody gets a shell in one."""
        cluster = aws.ecs.Cluster(
            self._room.child("cluster"),
            name=self._plan.name("packages", limit=255),
            settings=[{"name": "containerInsights", "value": "enabled"}],
            opts=self._room.opts(),
        )
        return cluster.arn

    def _repository(self, package: PackagePlan) -> aws.ecr.Repository:
        """One repository a package: what was pushed under a tag stays what it is, and is scanned."""
        repository = aws.ecr.Repository(
            self._room.child(f"{package.key}-images"),
            name=f"{self._plan.prefix}/{package.key}",
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[
                {"encryption_type": "KMS", "kms_key": self._given.baseline.keys["data"]}
            ],
            force_delete=not self._plan.protect,
            tags=self._tags(package, self._plan.name(package.key)),
            opts=self._room.opts(),
        )
        aws.ecr.LifecyclePolicy(
            self._room.child(f"{package.key}-images-kept"),
            repository=repository.name,
            policy=json.dumps(
                {
                    "rules": [
                        {
                            "rulePriority": 1,
                            "description": f"Keep the last {IMAGES_KEPT} images",
                            "selection": {
                                "tagStatus": "any",
                                "countType": "imageCountMoreThan",
                                "countNumber": IMAGES_KEPT,
                            },
                            "action": {"type": "expire"},
                        }
                    ]
                }
            ),
            opts=self._room.opts(),
        )
        return repository

    # --- secrets and queues --------------------------------------------------------------

    def _secret(self, package: PackagePlan) -> aws.secretsmanager.Secret:
        """A place for the application's own secrets. Who runs it puts the values in; none is ours."""
        return aws.secretsmanager.Secret(
            self._room.child(f"{package.key}-secret"),
            name=f"{self._plan.prefix}/{package.key}/application",
            description=f"{package.key}: secrets of the application, set by whoever operates it",
            kms_key_id=self._given.baseline.keys["data"],
            recovery_window_in_days=30 if self._plan.protect else 0,
            tags=self._tags(package, self._plan.name(package.key, "application")),
            opts=self._room.opts(),
        )

    def _queue(self, package: PackagePlan) -> aws.sqs.Queue:
        """The queue of a package and, for messages that keep failing, its dead-letter queue."""
        name = self._plan.name(package.key, limit=80)
        dead = self._plan.name(package.key, "dead", limit=80)

        def arn(queue: str) -> str:
            return f"arn:aws:sqs:{self._plan.region}:{self._plan.unit}:{queue}"

        letters = aws.sqs.Queue(
            self._room.child(f"{package.key}-dead"),
            name=dead,
            kms_master_key_id=self._given.baseline.keys["messages"],
            message_retention_seconds=MESSAGE_DAYS * 86_400,
            redrive_allow_policy=json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [arn(name)]}),
            policy=facts.document(grants.tls_only("sqs:*", [arn(dead)])),
            tags=self._tags(package, dead),
            opts=self._room.opts(),
        )
        return aws.sqs.Queue(
            self._room.child(f"{package.key}-queue"),
            name=name,
            kms_master_key_id=self._given.baseline.keys["messages"],
            message_retention_seconds=MESSAGE_DAYS * 86_400,
            visibility_timeout_seconds=300,
            receive_wait_time_seconds=20,
            redrive_policy=pulumi.Output.json_dumps(
                {"deadLetterTargetArn": letters.arn, "maxReceiveCount": 5}
            ),
            policy=facts.document(grants.tls_only("sqs:*", [arn(name)])),
            tags=self._tags(package, name),
            opts=self._room.opts(),
        )

    # --- identities ------------------------------------------------------------------------------

    def _belongings(
        self,
        package: PackagePlan,
        secrets: Mapping[str, aws.secretsmanager.Secret],
        databases: Mapping[str, DatabaseGives],
        queues: Mapping[str, aws.sqs.Queue],
    ) -> grants.Belongings:
        """What `package` has, as policies name it."""
        plan, key = self._plan, package.key
        sends, receives = grants.handover_prefixes(plan.handovers, key)
        files = self._given.iaas.files.get(key)
        return grants.Belongings(
            data_key=self._given.baseline.keys["data"],
            messages_key=self._given.baseline.keys["messages"],
            secrets=[
                *([secrets[key].arn] if key in secrets else []),
                *([databases[key].secret] if key in databases else []),
            ],
            queue=queues[key].arn if key in queues else None,
            files=None
            if files is None
            else pulumi.Output.concat(
                f"arn:aws:elasticfilesystem:{plan.region}:{plan.unit}:file-system/", files
            ),
            handover=f"arn:aws:s3:::{handover.bucket_name(plan, package.network)}"
            if sends or receives
            else None,
            sends=sends,
            receives=receives,
        )

    def _identities(
        self,
        package: PackagePlan,
        has: grants.Belongings,
        repositories: Mapping[str, aws.ecr.Repository],
    ) -> list[pulumi.Output[str]]:
        """The role ARNs that `package` runs as: its tasks' first, then its servers'.

        Each is given only once its policies are there, so that nothing starts before it may work.
        """
        statements = grants.workload(self._plan, has)
        found: list[pulumi.Output[str]] = []
        if package.key in repositories:
            found.append(self._task_role(package, has, statements, repositories[package.key].arn))
        server = self._given.iaas.identities.get(package.key)
        if server is not None:
            policy = self._role_policy(f"{package.key}-server", server, statements)
            found.append(
                pulumi.Output.all(server, policy.id).apply(
                    lambda known: f"arn:aws:iam::{self._plan.unit}:role/{known[0]}"
                )
            )
        return found

    def _task_role(
        self,
        package: PackagePlan,
        has: grants.Belongings,
        statements: Sequence[facts.Statement],
        repository: pulumi.Output[str],
    ) -> pulumi.Output[str]:
        """The role that a package's containers run as, and the one that ECS starts them with."""
        plan = self._plan
        trusted = facts.trust(
            "ecs-tasks.amazonaws.com", plan.unit, f"arn:aws:ecs:{plan.region}:{plan.unit}:*"
        )
        roles = {
            "task": (plan.name(package.key, "task", limit=64), statements),
            "execution": (
                grants.execution_role(plan, package),
                grants.execution(
                    plan, repository, grants.log_group(plan, package), has.secrets, has.data_key
                ),
            ),
        }
        arns: list[pulumi.Output[str]] = []
        for kind, (name, allowed) in roles.items():
            role = aws.iam.Role(
                self._room.child(f"{package.key}-{kind}"),
                name=name,
                assume_role_policy=trusted,
                tags=self._tags(package, name),
                opts=self._room.opts(),
            )
            policy = self._role_policy(f"{package.key}-{kind}", role.name, allowed)
            arns.append(pulumi.Output.all(role.arn, policy.id).apply(lambda known: known[0]))
        return pulumi.Output.all(*arns).apply(lambda known: known[0])

    def _role_policy(
        self, name: str, role: pulumi.Input[str], statements: Sequence[facts.Statement]
    ) -> aws.iam.RolePolicy:
        return aws.iam.RolePolicy(
            self._room.child(f"{name}-policy"),
            name="package",
            role=role,
            policy=grants.policy(statements),
            opts=self._room.opts(),
        )

    # --- certificates ----------------------------------------------------------------------------

    def _authority(self, packages: Mapping[str, PackagePlan]) -> pulumi.Output[str] | None:
        """The private authority for the packages' names: the manifest's, else a root of our own.

        A root alone, without a subordinate: each authority costs some 400 USD a month, and this one
        signs a handful of names for one body's terminals. It has no revocation list or responder,
        which terminals in a closed network could not reach: ACM renews what it issued instead.
        """
        plan = self._plan
        if plan.certificate_authority:
            return pulumi.Output.from_input(plan.certificate_authority)
        if not any(p.exposed and not p.certificate for p in packages.values()):
            return None
        authority = aws.acmpca.CertificateAuthority(
            self._room.child("authority"),
            type="ROOT",
            usage_mode="GENERAL_PURPOSE",
            certificate_authority_configuration={
                "key_algorithm": "EC_prime256v1",
                "signing_algorithm": "SHA256WITHECDSA",
                "subject": {"common_name": f"{plan.prefix} private root", "country": "JP"},
            },
            permanent_deletion_time_in_days=30 if plan.protect else 7,
            tags={"Name": plan.name("authority")},
            opts=self._room.opts(),
        )
        root = aws.acmpca.Certificate(
            self._room.child("authority-root"),
            certificate_authority_arn=authority.arn,
            certificate_signing_request=authority.certificate_signing_request,
            signing_algorithm="SHA256WITHECDSA",
            template_arn="arn:aws:acm-pca:::template/RootCACertificate/V1",
            validity={"type": "YEARS", "value": str(CA_YEARS)},
            opts=self._room.opts(),
        )
        active = aws.acmpca.CertificateAuthorityCertificate(
            self._room.child("authority-active"),
            certificate_authority_arn=authority.arn,
            certificate=root.certificate,
            opts=self._room.opts(),
        )
        # Without it ACM issues, but cannot renew.
        renewal = aws.acmpca.Permission(
            self._room.child("authority-renewal"),
            certificate_authority_arn=active.certificate_authority_arn,
            principal="acm.amazonaws.com",
            actions=["IssueCertificate", "GetCertificate", "ListPermissions"],
            opts=self._room.opts(),
        )
        return renewal.certificate_authority_arn
