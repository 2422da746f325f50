"""Servers: from a hardened image, reached by recorded sessions only, patched in a window.

No key pair, no SSH, no address of the internet: an administrator opens a session through Systems
Manager, and what is typed there is in the log. Patches come from AWS's own buckets through the S3
endpoint.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.aws import facts
from components.aws.iaas.patching import PATCH_TAG, patching
from components.aws.iaas.site import Site
from components.derive import app_role, replicas, runs
from stacks.plan import CloudPlan, NetworkPlan, PackagePlan, SubnetPlan, WorkloadPlan

SYSTEM_GB = 30
"""What the system takes of a server's disk, GiB: AL2023 with logs and two kernels has ample room."""


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """One server: its key `<package>-<workload>-<n>`, class, and the subnet it lives in."""

    key: str
    package: PackagePlan
    workload: WorkloadPlan
    instance_class: str
    subnet: SubnetPlan


def servers(network: NetworkPlan, packages: Iterable[PackagePlan]) -> Iterator[ServerPlan]:
    """The servers of `packages` in `network`, spread over its zones in turn."""
    for one in replicas(packages, "server"):
        places = network.of_role(app_role(one.package))
        yield ServerPlan(
            key=one.key,
            package=one.package,
            workload=one.workload,
            instance_class=facts.instance_class(one.workload.vcpu, one.workload.memory_gb).name,
            subnet=places[one.number % len(places)],
        )


def server_log_group(prefix: str) -> str:
    """The log group of sessions and of patch runs."""
    return f"/{prefix}/servers"


def agent_policy(plan: CloudPlan) -> str:
    """What a server's agent may do: be managed, write its log, read AWS's buckets. No parameter, no secret.

    Narrower than AWS's `AmazonSSMManagedInstanceCore`, which lets a server read every parameter.
    """
    group = facts.log_group_arn(plan.region, plan.unit, server_log_group(plan.prefix))
    channels = [
        f"ssmmessages:{verb}{kind}Channel" for verb in ("Create", "Open") for kind in ("Control", "Data")
    ]
    # Agents before 3.3.40, which an image of one's own may have.
    channels += ["ec2messages:*"] if plan.server_image else []
    return facts.document(
        {
            "Sid": "Agent",
            "Effect": "Allow",
            "Action": sorted(
                [
                    *channels,
                    "ssm:GetDeployablePatchSnapshotForInstance",
                    "ssm:ListAssociations",
                    "ssm:ListInstanceAssociations",
                    "ssm:PutComplianceItems",
                    "ssm:PutConfigurePackageResult",
                    "ssm:PutInventory",
                    "ssm:UpdateAssociationStatus",
                    "ssm:UpdateInstanceAssociationStatus",
                    "ssm:UpdateInstanceInformation",
                ]
            ),
            # The agent's own calls: AWS has no resource for channels and snapshots, and asks for `*`
            # in its managed policy for the others.
            "Resource": "*",
        },
        {
            "Sid": "Documents",
            "Effect": "Allow",
            "Action": ["ssm:DescribeDocument", "ssm:GetDocument"],
            "Resource": [
                f"arn:aws:ssm:{plan.region}::document/AWS*",
                f"arn:aws:ssm:{plan.region}:{plan.unit}:document/{SESSION_DOCUMENT}",
            ],
        },
        {
            "Sid": "AwsBuckets",
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": [f"arn:aws:s3:::{bucket}/*" for bucket in facts.server_buckets(plan.region)],
        },
        {
            "Sid": "Log",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            "Resource": group,
        },
        {
            # The agent asks whether the session's group is encrypted; AWS lists all groups or none.
            "Sid": "LogGroups",
            "Effect": "Allow",
            "Action": "logs:DescribeLogGroups",
            "Resource": f"arn:aws:logs:{plan.region}:{plan.unit}:log-group:*",
        },
    )


SESSION_DOCUMENT = "SSM-SessionManagerRunShell"
"""The one name under which Session Manager looks for an account's preferences in a region."""


def session_preferences(log_group: str) -> str:
    """Preferences of Session Manager: every session streamed to an encrypted log; idle ones end."""
    return json.dumps(
        {
            "schemaVersion": "1.0",
            "description": "Sessions are recorded",
            "sessionType": "Standard_Stream",
            "inputs": {
                "cloudWatchEncryptionEnabled": True,
                "cloudWatchLogGroupName": log_group,
                "cloudWatchStreamingEnabled": True,
                "idleSessionTimeout": "20",
                "kmsKeyId": "",
                "maxSessionDuration": "480",
                "runAsDefaultUser": "",
                "runAsEnabled": False,
                "s3BucketName": "",
                "s3EncryptionEnabled": True,
                "s3KeyPrefix": "",
                "shellProfile": {"linux": "", "windows": ""},
            },
        },
        sort_keys=True,
    )


class Servers:
    """Builds the servers of the tenant, their identities, and what keeps them patched."""

    def __init__(
        self,
        site: Site,
        subnets: Mapping[str, Mapping[str, pulumi.Output[str]]],
        groups: Mapping[str, Mapping[str, pulumi.Output[str]]],
    ) -> None:
        """Make them; `subnets` and `groups` are the ids by network and by the plan's key."""
        self._site, self._plan = site, site.plan
        self.servers: dict[str, pulumi.Output[str]] = {}
        self.identities: dict[str, pulumi.Output[str]] = {}
        packages = [p for p in self._plan.packages.values() if runs(p, "server")]
        if not packages:
            return
        log = self._recording()
        image = self._plan.server_image or self._current_image()
        for package in packages:
            profile = self._identity(package)
            for server in servers(self._plan.networks[package.network], [package]):
                network = server.package.network
                self.servers[server.key] = self._server(
                    server,
                    image,
                    profile,
                    subnets[network][server.subnet.key],
                    groups[network][f"{package.key}-app"],
                )
        patching(self._site, list(self.servers.values()), [p.schedule for p in packages if p.schedule], log)

    def _recording(self) -> aws.cloudwatch.LogGroup:
        """The log of sessions and patch runs, and the preference that sends sessions to it."""
        log = aws.cloudwatch.LogGroup(
            self._site.child("server-log-group"),
            name=server_log_group(self._plan.prefix),
            kms_key_id=self._site.baseline.keys["logs"],
            retention_in_days=facts.log_retention(self._plan.baseline.retention.log_days),
            tags=self._site.tags("servers"),
            opts=self._site.opts(),
        )
        aws.ssm.Document(
            self._site.child("sessions"),
            name=SESSION_DOCUMENT,
            document_type="Session",
            document_format="JSON",
            content=log.name.apply(session_preferences),
            opts=self._site.opts(),
        )
        return log

    def _current_image(self) -> pulumi.Output[str]:
        """The newest AL2023 image of AWS. Servers that run keep theirs (see `_server`)."""
        return aws.ec2.get_ami_output(
            most_recent=True,
            owners=["amazon"],
            filters=[
                aws.ec2.GetAmiFilterArgs(name="name", values=["al2023-ami-2023.*-x86_64"]),
                aws.ec2.GetAmiFilterArgs(name="architecture", values=["x86_64"]),
            ],
            opts=pulumi.InvokeOutputOptions(parent=self._site.parent),
        ).id

    def _identity(self, package: PackagePlan) -> aws.iam.InstanceProfile:
        """What the servers of a package run as. Later layers add what the package itself may do."""
        name = self._plan.name(package.key, "server", limit=64)
        role = aws.iam.Role(
            self._site.child(package.key, "server-role"),
            name=name,
            assume_role_policy=facts.trust("ec2.amazonaws.com"),
            tags=package.tags,
            opts=self._site.opts(),
        )
        aws.iam.RolePolicy(
            self._site.child(package.key, "agent"),
            name="agent",
            role=role.name,
            policy=agent_policy(self._plan),
            opts=self._site.opts(),
        )
        self.identities[package.key] = role.name
        return aws.iam.InstanceProfile(
            self._site.child(package.key, "server-profile"),
            name=name,
            role=role.name,
            tags=package.tags,
            opts=self._site.opts(),
        )

    def _server(
        self,
        server: ServerPlan,
        image: pulumi.Input[str],
        profile: aws.iam.InstanceProfile,
        subnet: pulumi.Input[str],
        group: pulumi.Input[str],
    ) -> pulumi.Output[str]:
        """One server with one disk for system and data.

        One, because it then grows in place: a second disk of an instance can only grow by replacing
        the instance. The server stays where it is when a zone is added, and on its image when AWS
        publishes a newer one; an image of one's own is changed by naming another.
        """
        kept = ["subnet_id"] if self._plan.server_image else ["subnet_id", "ami"]
        instance = aws.ec2.Instance(
            self._site.child(server.key),
            ami=image,
            instance_type=server.instance_class,
            subnet_id=subnet,
            vpc_security_group_ids=[group],
            iam_instance_profile=profile.name,
            associate_public_ip_address=False,
            monitoring=True,
            ebs_optimized=True,
            disable_api_termination=self._plan.protect,
            metadata_options=aws.ec2.InstanceMetadataOptionsArgs(
                http_endpoint="enabled",
                http_tokens="required",
                http_put_response_hop_limit=1,
                instance_metadata_tags="disabled",
            ),
            root_block_device=aws.ec2.InstanceRootBlockDeviceArgs(
                volume_type="gp3",
                volume_size=SYSTEM_GB + server.workload.disk_gb,
                encrypted=True,
                kms_key_id=self._site.baseline.keys["data"],
                # Kept when the server of a protected tenant goes, whatever made it go.
                delete_on_termination=not self._plan.protect,
            ),
            tags=self._site.tags(
                server.key, more={**server.package.tags, "backup": "daily", PATCH_TAG: self._plan.prefix}
            ),
            # The engine refuses before it begins: half-way, AWS would keep the old server beside the new.
            opts=self._site.opts(keep=True, ignore=kept),
        )
        return instance.id
