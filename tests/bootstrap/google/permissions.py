"""Who may do what: the permission that each method asks for, and what the roles in use contain.

From Google's IAM reference ("IAM basic and predefined roles", "IAM permissions"). A method that is not
here is not served: the fake never pretends.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping

METHODS: Mapping[str, str] = {
    "oauth2.userinfo.get": "",
    "sts.token": "",
    "cloudresourcemanager.projects.get": "resourcemanager.projects.get",
    "cloudresourcemanager.projects.getIamPolicy": "resourcemanager.projects.getIamPolicy",
    "cloudresourcemanager.projects.setIamPolicy": "resourcemanager.projects.setIamPolicy",
    "cloudresourcemanager.projects.testIamPermissions": "",
    "serviceusage.services.batchGet": "serviceusage.services.get",
    "serviceusage.services.batchEnable": "serviceusage.services.enable",
    "essentialcontacts.projects.contacts.list": "essentialcontacts.contacts.list",
    "essentialcontacts.projects.contacts.create": "essentialcontacts.contacts.create",
    "essentialcontacts.projects.contacts.patch": "essentialcontacts.contacts.update",
    "essentialcontacts.projects.contacts.delete": "essentialcontacts.contacts.delete",
    "orgpolicy.projects.policies.get": "orgpolicy.policy.get",
    "orgpolicy.projects.policies.getEffectivePolicy": "orgpolicy.policy.get",
    "orgpolicy.projects.policies.create": "orgpolicy.policies.create",
    "orgpolicy.projects.policies.patch": "orgpolicy.policies.update",
    "orgpolicy.projects.policies.delete": "orgpolicy.policies.delete",
    "iam.projects.serviceAccounts.get": "iam.serviceAccounts.get",
    "iam.projects.serviceAccounts.create": "iam.serviceAccounts.create",
    "iam.projects.serviceAccounts.delete": "iam.serviceAccounts.delete",
    "iam.projects.serviceAccounts.disable": "iam.serviceAccounts.disable",
    "iam.projects.serviceAccounts.getIamPolicy": "iam.serviceAccounts.getIamPolicy",
    "iam.projects.serviceAccounts.setIamPolicy": "iam.serviceAccounts.setIamPolicy",
    "iam.projects.serviceAccounts.keys.list": "iam.serviceAccountKeys.list",
    "iam.projects.serviceAccounts.keys.disable": "iam.serviceAccountKeys.disable",
    "iam.projects.serviceAccounts.keys.delete": "iam.serviceAccountKeys.delete",
    "iam.projects.locations.workloadIdentityPools.get": "iam.workloadIdentityPools.get",
    "iam.projects.locations.workloadIdentityPools.create": "iam.workloadIdentityPools.create",
    "iam.projects.locations.workloadIdentityPools.patch": "iam.workloadIdentityPools.update",
    "iam.projects.locations.workloadIdentityPools.delete": "iam.workloadIdentityPools.delete",
    "iam.projects.locations.workloadIdentityPools.undelete": "iam.workloadIdentityPools.undelete",
    "iam.projects.locations.workloadIdentityPools.providers.get": "iam.workloadIdentityPoolProviders.get",
    "iam.projects.locations.workloadIdentityPools.providers.create": (
        "iam.workloadIdentityPoolProviders.create"
    ),
    "iam.projects.locations.workloadIdentityPools.providers.patch": (
        "iam.workloadIdentityPoolProviders.update"
    ),
    "iam.projects.roles.get": "iam.roles.get",
    "iam.projects.roles.create": "iam.roles.create",
    "iam.projects.roles.patch": "iam.roles.update",
    "iam.projects.roles.undelete": "iam.roles.undelete",
    "iamcredentials.projects.serviceAccounts.generateAccessToken": "iam.serviceAccounts.getAccessToken",
    "cloudkms.projects.locations.keyRings.get": "cloudkms.keyRings.get",
    "cloudkms.projects.locations.keyRings.create": "cloudkms.keyRings.create",
    "cloudkms.projects.locations.keyRings.cryptoKeys.get": "cloudkms.cryptoKeys.get",
    "cloudkms.projects.locations.keyRings.cryptoKeys.create": "cloudkms.cryptoKeys.create",
    "cloudkms.projects.locations.keyRings.cryptoKeys.patch": "cloudkms.cryptoKeys.update",
    "cloudkms.projects.locations.keyRings.cryptoKeys.getIamPolicy": "cloudkms.cryptoKeys.getIamPolicy",
    "cloudkms.projects.locations.keyRings.cryptoKeys.setIamPolicy": "cloudkms.cryptoKeys.setIamPolicy",
    "cloudkms.projects.locations.keyRings.cryptoKeys.encrypt": "cloudkms.cryptoKeyVersions.useToEncrypt",
    "cloudkms.projects.locations.keyRings.cryptoKeys.decrypt": "cloudkms.cryptoKeyVersions.useToDecrypt",
    "storage.projects.serviceAccount.get": "resourcemanager.projects.get",
    "storage.buckets.get": "storage.buckets.get",
    "storage.buckets.insert": "storage.buckets.create",
    "storage.buckets.patch": "storage.buckets.update",
    "storage.buckets.delete": "storage.buckets.delete",
    "storage.buckets.lockRetentionPolicy": "storage.buckets.update",
    "storage.buckets.getIamPolicy": "storage.buckets.getIamPolicy",
    "storage.buckets.setIamPolicy": "storage.buckets.setIamPolicy",
    "storage.objects.list": "storage.objects.list",
    "storage.objects.get": "storage.objects.get",
    "storage.objects.insert": "storage.objects.create",
    "monitoring.projects.notificationChannels.list": "monitoring.notificationChannels.list",
    "monitoring.projects.notificationChannels.create": "monitoring.notificationChannels.create",
    "monitoring.projects.notificationChannels.delete": "monitoring.notificationChannels.delete",
    "monitoring.projects.alertPolicies.list": "monitoring.alertPolicies.list",
    "monitoring.projects.alertPolicies.create": "monitoring.alertPolicies.create",
    "monitoring.projects.alertPolicies.patch": "monitoring.alertPolicies.update",
    "monitoring.projects.alertPolicies.delete": "monitoring.alertPolicies.delete",
}
"""Method → the permission it asks for on the project; "" asks for none."""

SERVICE_OF: Mapping[str, str] = {
    "cloudresourcemanager": "cloudresourcemanager.googleapis.com",
    "essentialcontacts": "essentialcontacts.googleapis.com",
    "orgpolicy": "orgpolicy.googleapis.com",
    "iam": "iam.googleapis.com",
    "iamcredentials": "iamcredentials.googleapis.com",
    "cloudkms": "cloudkms.googleapis.com",
    "storage": "storage.googleapis.com",
    "monitoring": "monitoring.googleapis.com",
}
"""The service that has to be on before its methods answer."""

_OWNER = (
    "resourcemanager.projects.*",
    "serviceusage.*",
    "essentialcontacts.*",
    "orgpolicy.policy.get",
    "iam.serviceAccounts.get",
    "iam.serviceAccounts.getIamPolicy",
    "iam.serviceAccounts.create",
    "iam.serviceAccounts.delete",
    "iam.serviceAccounts.disable",
    "iam.serviceAccounts.setIamPolicy",
    "iam.serviceAccountKeys.*",
    "iam.workloadIdentityPools.*",
    "iam.workloadIdentityPoolProviders.*",
    "iam.roles.*",
    "cloudkms.keyRings.*",
    "cloudkms.cryptoKeys.*",
    "cloudkms.cryptoKeyVersions.*",
    "storage.buckets.*",
    "storage.objects.*",
    "monitoring.*",
)
ROLES: Mapping[str, tuple[str, ...]] = {
    # An owner may neither mint tokens of service accounts nor set the organisation's policies.
    "roles/owner": _OWNER,
    "roles/viewer": ("resourcemanager.projects.get", "serviceusage.services.get", "storage.buckets.get"),
    "roles/orgpolicy.policyAdmin": ("orgpolicy.*",),
    "roles/iam.workloadIdentityUser": ("iam.serviceAccounts.get", "iam.serviceAccounts.getAccessToken"),
    "roles/iam.serviceAccountTokenCreator": (
        "iam.serviceAccounts.get",
        "iam.serviceAccounts.getAccessToken",
    ),
    "roles/storage.objectAdmin": ("storage.objects.*", "resourcemanager.projects.get"),
    "roles/storage.objectUser": ("storage.objects.*", "resourcemanager.projects.get"),
    "roles/storage.objectViewer": ("storage.objects.get", "storage.objects.list"),
    "roles/storage.objectCreator": ("storage.objects.create",),
    "roles/cloudkms.cryptoKeyEncrypterDecrypter": (
        "cloudkms.cryptoKeyVersions.useToEncrypt",
        "cloudkms.cryptoKeyVersions.useToDecrypt",
    ),
}
"""Role → what it contains, as far as the methods above ask for it; unknown predefined roles hold nothing."""


def holds(granted: tuple[str, ...], permission: str) -> bool:
    """Whether one of the granted permissions (maybe with *) is this one."""
    return any(fnmatch.fnmatchcase(permission, pattern) for pattern in granted)
