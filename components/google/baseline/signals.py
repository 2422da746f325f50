"""What is recorded and what people are told of: filters of Cloud Logging. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from stacks.text import Text

AUDIT_FILTER = 'logName:"cloudaudit.googleapis.com" OR logName:"externalaudit.googleapis.com"'
"""Audit logs of every kind, and those that services keep under names of their own."""

ASSET_TYPES: tuple[str, ...] = (
    "cloudkms.googleapis.com/CryptoKey",
    "cloudresourcemanager.googleapis.com/Project",
    "compute.googleapis.com/Firewall",
    "compute.googleapis.com/FirewallPolicy",
    "compute.googleapis.com/ForwardingRule",
    "compute.googleapis.com/Instance",
    "compute.googleapis.com/InterconnectAttachment",
    "compute.googleapis.com/Network",
    "compute.googleapis.com/Route",
    "compute.googleapis.com/Router",
    "compute.googleapis.com/Subnetwork",
    "dns.googleapis.com/ManagedZone",
    "iam.googleapis.com/Role",
    "iam.googleapis.com/ServiceAccount",
    "iam.googleapis.com/ServiceAccountKey",
    "logging.googleapis.com/LogBucket",
    "logging.googleapis.com/LogSink",
    "orgpolicy.googleapis.com/Policy",
    "pubsub.googleapis.com/Topic",
    "run.googleapis.com/Service",
    "secretmanager.googleapis.com/Secret",
    "sqladmin.googleapis.com/Instance",
    "storage.googleapis.com/Bucket",
)
"""What the configuration history covers (Cloud Asset Inventory documentation, "Supported asset types")."""


@dataclass(frozen=True, slots=True)
class Signal:
    """Log entries that people are told of: the filter, and what it means."""

    filter: str
    meaning: Text


def _calls(*methods: str) -> str:
    """Admin calls whose name ends so. Services write the version and the type before it."""
    names = " OR ".join(f'"{method}"' for method in methods)
    return f"protoPayload.methodName=~({names})"


_ADMIN = 'log_id("cloudaudit.googleapis.com/activity") AND '

SIGNALS: Mapping[str, Signal] = MappingProxyType(
    {
        # CIS Google Cloud Platform Foundation 3.0, 2.4 to 2.11, by what they have in common.
        "ownership": Signal(
            _ADMIN + "protoPayload.serviceData.policyDelta.bindingDeltas.action=ADD AND "
            'protoPayload.serviceData.policyDelta.bindingDeltas.role=("roles/owner" OR "roles/editor")',
            Text("所有者または編集者の権限が与えられました", "Somebody was made an owner or an editor"),
        ),
        "record": Signal(
            _ADMIN
            + "("
            + _calls("UpdateSink$", "DeleteSink$", "DeleteBucket$", "UpdateBucket$", "DeleteFeed$")
            + " OR protoPayload.serviceData.policyDelta.auditConfigDeltas:*)",
            Text("監査ログの設定が変えられました", "What is recorded was changed"),
        ),
        "keys": Signal(
            _ADMIN
            + 'protoPayload.serviceName="cloudkms.googleapis.com" AND '
            + _calls(
                "DestroyCryptoKeyVersion$", "UpdateCryptoKey$", "UpdateCryptoKeyVersion$", "SetIamPolicy$"
            ),
            Text("暗号鍵が変更または破棄されました", "A key was changed or destroyed"),
        ),
        "network": Signal(
            _ADMIN
            + 'protoPayload.serviceName="compute.googleapis.com" AND '
            + _calls(
                r"[.]firewalls[.](insert|patch|update|delete)$",
                r"[.]networkFirewallPolicies[.]",
                r"[.]networks[.](addPeering|patch|insert|delete)",
                r"[.]routers[.](insert|patch|update|delete)$",
                r"[.]routes[.](insert|delete)$",
            ),
            Text("ネットワークの構成が変えられました", "The network was changed"),
        ),
        "guards": Signal(
            _ADMIN
            + _calls(
                "OrgPolicy", "CreatePolicy$", "UpdatePolicy$", "DeletePolicy$", "CreateServiceAccountKey$"
            ),
            Text(
                "組織ポリシーの変更、またはサービスアカウントの鍵の作成がありました",
                "An organisation policy was changed, or a service-account key made",
            ),
        ),
        "denied": Signal(
            'logName:"cloudaudit.googleapis.com" AND protoPayload.status.code=7 AND '
            'NOT protoPayload.authenticationInfo.principalEmail=~"gserviceaccount.com$"',
            Text("権限のない操作が拒否されました", "Somebody was denied what they tried"),
        ),
    }
)

FINDINGS = 'state="ACTIVE" AND (severity="HIGH" OR severity="CRITICAL")'
"""Findings of Security Command Center that are told (its filter language, notifications v2)."""
