"""What is true of AWS for a ガバメントクラウド unit, beside the resources in it.

Regions: storage is limited to Tokyo and Osaka (AWS's FAQ for local governments); the unit's organisation
policy is modelled as a region lock, with us-east-1 open for the services that live only there. Zone ids
differ between accounts only in which letter they hide behind; the common mapping is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

TOKYO: Final = "ap-northeast-1"
OSAKA: Final = "ap-northeast-3"
GLOBAL: Final = "global"
DEFAULT_ACCOUNT: Final = "123456789012"
"""The account of AWS's own documentation: used when a provider names none."""
NETWORK_ACCOUNT: Final = "210987654321"
"""The network operator's account (ネットワーク構築運用補助者), which shares the hub's gateway."""
CARRIER: Final = "Equinix"
ADMINISTRATOR: Final = "AWSReservedSSO_AdministratorAccess_0123456789abcdef"
"""The role that GCAS single sign-on hands to the unit's administrator."""

ZONES: Final[Mapping[str, Mapping[str, str]]] = {
    TOKYO: {"ap-northeast-1a": "apne1-az4", "ap-northeast-1c": "apne1-az1", "ap-northeast-1d": "apne1-az2"},
    OSAKA: {"ap-northeast-3a": "apne3-az3", "ap-northeast-3b": "apne3-az1", "ap-northeast-3c": "apne3-az2"},
    "us-east-1": {f"us-east-1{letter}": f"use1-az{number}" for number, letter in enumerate("abcdef", 1)},
}
DESCRIPTIONS: Final[Mapping[str, str]] = {
    TOKYO: "Asia Pacific (Tokyo)",
    OSAKA: "Asia Pacific (Osaka)",
    "us-east-1": "US East (N. Virginia)",
}
DOMESTIC: Final = (TOKYO, OSAKA)
OPEN_IN_US_EAST_1: Final = frozenset(
    {
        "acm",
        "budgets",
        "ce",
        "cloudfront",
        "cur",
        "iam",
        "index",
        "organizations",
        "route53",
        "shield",
        "sts",
        "support",
        "wafv2",
    }
)
"""Services whose control plane is only, or must be used, in us-east-1."""

LOAD_BALANCER_ZONES: Final[Mapping[str, tuple[str, str]]] = {
    # region: hosted zone of application and of network load balancers ("Elastic Load Balancing endpoints and
    # quotas", AWS General Reference).
    TOKYO: ("Z14GRHDCWA56QT", "Z31USIVHYNEOWT"),
    OSAKA: ("Z5LXEXXYW11ES", "Z1GWIQ4HH19I5X"),
    "us-east-1": ("Z35SXDOTRQ7X7K", "Z26RNL4JYFTOTI"),
}
S3_ZONES: Final[Mapping[str, str]] = {
    TOKYO: "Z2M4EHUR26P7ZW",
    OSAKA: "Z2YQB5RD63NC85",
    "us-east-1": "Z3AQBSTGFYJSTF",
}

LOCATIONS: Final[Mapping[str, str]] = {
    # Direct Connect locations in Japan: code, name ("AWS Direct Connect Locations").
    "EqTY2": "Equinix TY2, Tokyo",
    "EqOS1": "Equinix OS1, Osaka",
    "ATTKY": "AT TOKYO Chuo Data Center, Tokyo",
    "TLOS1": "Telehouse OSAKA2, Osaka",
}


@dataclass(frozen=True, slots=True)
class Image:
    """A public machine image."""

    name: str
    owner: str
    owner_alias: str
    architecture: str
    description: str
    parameter: str
    """The public SSM parameter that names it, "" when there is none."""
    platform: str = ""
    root: str = "/dev/xvda"


_AL = "/aws/service/ami-amazon-linux-latest"
_WIN = "/aws/service/ami-windows-latest"
IMAGES: Final = (
    Image(
        "al2023-ami-2023.9.20261110.0-kernel-6.1-x86_64",
        "137112412989",
        "amazon",
        "x86_64",
        "Amazon Linux 2023 AMI x86_64 HVM kernel-6.1",
        f"{_AL}/al2023-ami-kernel-default-x86_64",
    ),
    Image(
        "al2023-ami-2023.9.20261110.0-kernel-6.1-arm64",
        "137112412989",
        "amazon",
        "arm64",
        "Amazon Linux 2023 AMI arm64 HVM kernel-6.1",
        f"{_AL}/al2023-ami-kernel-default-arm64",
    ),
    Image(
        "amzn2-ami-hvm-2.0.20261103.0-x86_64-gp2",
        "137112412989",
        "amazon",
        "x86_64",
        "Amazon Linux 2 AMI 2.0 x86_64 HVM gp2",
        f"{_AL}/amzn2-ami-hvm-x86_64-gp2",
    ),
    Image(
        "Windows_Server-2022-Japanese-Full-Base-2026.11.11",
        "801119661308",
        "amazon",
        "x86_64",
        "Microsoft Windows Server 2022 Full Locale Japanese AMI provided by Amazon",
        f"{_WIN}/Windows_Server-2022-Japanese-Full-Base",
        "windows",
        "/dev/sda1",
    ),
    Image(
        "Windows_Server-2025-Japanese-Full-Base-2026.11.11",
        "801119661308",
        "amazon",
        "x86_64",
        "Microsoft Windows Server 2025 Full Locale Japanese AMI provided by Amazon",
        f"{_WIN}/Windows_Server-2025-Japanese-Full-Base",
        "windows",
        "/dev/sda1",
    ),
    Image(
        "RHEL-9.6.0_HVM-20261001-x86_64-0-Hourly2-GP3",
        "309956199498",
        "",
        "x86_64",
        "Provided by Red Hat, Inc.",
        "",
        "",
        "/dev/sda1",
    ),
    Image(
        "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20261015",
        "099720109477",
        "",
        "x86_64",
        "Canonical, Ubuntu, 24.04, amd64 noble image",
        "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id",
        "",
        "/dev/sda1",
    ),
)

PREFIX_LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    # Gateway endpoint prefix lists; ranges as in ip-ranges.json, shortened to one or two each.
    "s3": ("3.5.152.0/21", "52.219.0.0/20"),
    "dynamodb": ("52.94.8.0/24", "52.119.224.0/21"),
}
PREFIX_LIST_IDS: Final[Mapping[tuple[str, str], str]] = {
    (TOKYO, "s3"): "pl-61a54008",
    (TOKYO, "dynamodb"): "pl-78a54011",
    (OSAKA, "s3"): "pl-a4a540cd",
    (OSAKA, "dynamodb"): "pl-a5a540cc",
    ("us-east-1", "s3"): "pl-63a5400a",
    ("us-east-1", "dynamodb"): "pl-02cd2c6b",
}

GATEWAY_SERVICES: Final = ("s3", "dynamodb")
INTERFACE_SERVICES: Final = frozenset(
    [
        "access-analyzer",
        "acm-pca",
        "airflow.api",
        "application-autoscaling",
        "athena",
        "autoscaling",
        "backup",
        "backup-gateway",
        "batch",
        "bedrock-runtime",
        "cloudformation",
        "cloudtrail",
        "codebuild",
        "codecommit",
        "codedeploy",
        "codepipeline",
        "config",
        "databrew",
        "datasync",
        "dms",
        "dynamodb",
        "ebs",
        "ec2",
        "ec2messages",
        "ecr.api",
        "ecr.dkr",
        "ecs",
        "ecs-agent",
        "ecs-telemetry",
        "eks",
        "elasticache",
        "elasticbeanstalk",
        "elasticfilesystem",
        "elasticloadbalancing",
        "elasticmapreduce",
        "email-smtp",
        "events",
        "execute-api",
        "fsx",
        "git-codecommit",
        "glue",
        "guardduty",
        "guardduty-data",
        "inspector2",
        "kinesis-firehose",
        "kinesis-streams",
        "kms",
        "lambda",
        "license-manager",
        "logs",
        "macie2",
        "monitoring",
        "network-firewall",
        "rds",
        "rds-data",
        "redshift",
        "resource-groups",
        "rolesanywhere",
        "s3",
        "sagemaker.api",
        "scheduler",
        "secretsmanager",
        "securityhub",
        "servicediscovery",
        "sns",
        "sqs",
        "ssm",
        "ssm-contacts",
        "ssm-incidents",
        "ssmmessages",
        "states",
        "storagegateway",
        "sts",
        "synthetics",
        "tagging",
        "textract",
        "transfer",
        "transfer.server",
        "workspaces",
        "xray",
    ]
)
"""Services with an interface endpoint (`com.amazonaws.REGION.NAME`); those a municipal system meets."""
