"""What the bootstrap makes in a Google Cloud project, by name; what the deployer may; facts of the cloud."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

from scripts.bootstrap.steps import Pipeline, Settings

SERVICES: tuple[str, ...] = tuple(
    f"{name}.googleapis.com"
    for name in (
        "cloudkms",
        "cloudresourcemanager",
        "essentialcontacts",
        "iam",
        "iamcredentials",
        "monitoring",
        "orgpolicy",
        "serviceusage",
        "storage",
        "sts",
    )
)
"""What has to be on for the bootstrap itself; `up` switches on what the tenant uses."""

RING = "jichitai-bootstrap"
STATE_KEY, SECRETS_KEY = "state", "pulumi-secrets"
ROTATION_DAYS = 90
"""Google's recommendation for symmetric keys (Cloud KMS documentation, "Key rotation")."""
DESTROY_DAYS = 30
"""Days between asking for a key version's destruction and its end; it can never be changed."""
SOFT_DELETE_DAYS = 90
"""The longest that Cloud Storage takes ("Soft delete": 7 to 90 days)."""
POOL = "jichitai"
DEPLOYER, BREAK_GLASS = "jichitai-deployer", "jichitai-breakglass"
SEAL_ROLE = "jichitaiBreakGlassSeal"
SEAL_PERMISSIONS = ("iam.serviceAccounts.disable", "iam.serviceAccounts.enable", "iam.serviceAccounts.get")
"""What breaking the seal takes, on that one service account, beside the minting of its tokens."""
ENCRYPT = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
OBJECTS = "roles/storage.objectUser"
CATEGORIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "operations": ("SUSPENSION", "TECHNICAL", "TECHNICAL_INCIDENTS"),
        "security": ("SECURITY",),
        "billing": ("BILLING",),
    }
)
"""What Google itself writes to whom (Essential Contacts, "Notification categories"); as `up` has it."""

FENCE = "gcp.resourceLocations"
NO_KEYS = "iam.disableServiceAccountKeyCreation"

DEPLOYER_ROLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "alloydb": ("roles/alloydb.admin",),
        "artifactregistry": ("roles/artifactregistry.admin",),
        "backupdisasterrecovery": ("roles/backupdr.admin",),
        "certificateauthority": ("roles/privateca.admin",),
        "certificatemanager": ("roles/certificatemanager.owner",),
        "cloudasset": ("roles/cloudasset.owner",),
        "cloudrunv2": ("roles/run.admin",),
        "cloudscheduler": ("roles/cloudscheduler.admin",),
        "compute": ("roles/compute.admin",),
        "dns": ("roles/dns.admin",),
        "essentialcontacts": ("roles/essentialcontacts.admin",),
        "filestore": ("roles/file.editor",),
        "kms": ("roles/cloudkms.admin",),
        "logging": ("roles/logging.configWriter",),
        "monitoring": ("roles/monitoring.editor",),
        "networkconnectivity": ("roles/networkconnectivity.hubAdmin",),
        "networksecurity": ("roles/networksecurity.gatewaySecurityPolicyAdmin",),
        "networkservices": ("roles/networkservices.gatewayAdmin",),
        "osconfig": ("roles/osconfig.patchDeploymentAdmin", "roles/osconfig.osPolicyAssignmentAdmin"),
        "projects": ("roles/serviceusage.serviceUsageAdmin", "roles/iam.roleAdmin"),
        "pubsub": ("roles/pubsub.admin",),
        "secretmanager": ("roles/secretmanager.admin",),
        "securitycenter": ("roles/securitycenter.notificationConfigEditor",),
        "serviceaccount": ("roles/iam.serviceAccountAdmin", "roles/iam.serviceAccountUser"),
        "sql": ("roles/cloudsql.admin",),
        "storage": ("roles/storage.admin",),
    }
)
"""Part of the Pulumi SDK that the components use → the predefined roles that making it takes (IAM reference,
"IAM basic and predefined roles"). Budgets and organisation policies are granted above the project only."""

GRANTABLE: tuple[str, ...] = (
    "roles/artifactregistry.reader",
    "roles/cloudsql.client",
    "roles/cloudsql.instanceUser",
    "roles/alloydb.client",
    "roles/alloydb.databaseUser",
    "roles/logging.logWriter",
    "roles/monitoring.metricWriter",
    "roles/run.invoker",
    "roles/serviceusage.serviceUsageConsumer",
)
"""The roles that the deployer may grant on the project: what workloads need to run, nothing that grants."""

IAM_ADMIN = "roles/resourcemanager.projectIamAdmin"
READER = "roles/viewer"


def fence_values(settings: Settings) -> list[str]:
    """The places where resources may be, in the organisation policy's words; as `up` has it."""
    return [f"in:{region}-locations" for region in sorted(settings.regions)]


def boundary() -> Mapping[str, str]:
    """The IAM condition that keeps the deployer from granting anything but `GRANTABLE`.

    ("Set limits on granting roles", IAM documentation: `hasOnly` over the roles that a call changes.)
    """
    roles = ", ".join(f"'{role}'" for role in GRANTABLE)
    attribute = "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', [])"
    return {
        "title": "jichitai-boundary",
        "description": "grants only what workloads need to run",
        "expression": f"{attribute}.hasOnly([{roles}])",
    }


def deployer_roles() -> tuple[str, ...]:
    """All roles of the deployer without condition, sorted."""
    return tuple(sorted({READER, *(role for roles in DEPLOYER_ROLES.values() for role in roles)}))


def account(settings: Settings, name: str) -> str:
    """The e-mail address of one of our service accounts."""
    return f"{name}@{settings.unit}.iam.gserviceaccount.com"


def state_bucket(settings: Settings) -> str:
    """The bucket with Pulumi's state."""
    return f"{settings.unit}-jichitai-state"


def evidence_bucket(settings: Settings) -> str:
    """The bucket with the evidence, whose retention is locked in production."""
    return f"{settings.unit}-jichitai-evidence"


def ring(settings: Settings) -> str:
    """The key ring, full name."""
    return f"projects/{settings.unit}/locations/{settings.region}/keyRings/{RING}"


def key(settings: Settings, name: str) -> str:
    """A key, full name. `gcpkms://` before it is Pulumi's secrets provider."""
    return f"{ring(settings)}/cryptoKeys/{name}"


def provider_id(pipeline: Pipeline) -> str:
    """The id of the workload identity provider of an issuer: one an issuer."""
    known = {
        "https://token.actions.githubusercontent.com": "github",
        "https://gitlab.com": "gitlab",
    }
    return known.get(pipeline.issuer) or f"oidc-{hashlib.sha256(pipeline.issuer.encode()).hexdigest()[:8]}"


def condition(pipeline: Pipeline) -> str:
    """The provider's condition: exactly these subjects, whatever else the issuer signs."""
    quoted = ", ".join(
        "'" + subject.replace("\\", "\\\\").replace("'", "\\'") + "'" for subject in pipeline.subjects
    )
    return f"assertion.sub in [{quoted}]"


def mark(settings: Settings) -> str:
    """What stands in the description of what carries no labels, so that it is known as ours."""
    return ", ".join(f"{key}={value}" for key, value in settings.owner.items())
