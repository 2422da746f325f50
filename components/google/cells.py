"""What each cell of DESIGN §4 is on Google Cloud: the service, and the types that make it. Data for docs.

A cell without types says why (`note`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from stacks.text import Text


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: what it is, and the Pulumi types (`compute.Network`) that make it."""

    title: Text
    types: tuple[str, ...]
    note: Text | None = None


def _cell(ja: str, en: str, types: str, note: Text | None = None) -> Cell:
    return Cell(Text(ja, en), tuple(types.split()), note)


CELLS: Mapping[str, Mapping[str, Cell]] = MappingProxyType(
    {
        "baseline": {
            "audit_log": _cell(
                "Cloud Audit Logs → ログバケットとロック付きバケット",
                "Cloud Audit Logs to a log bucket and a locked bucket",
                "projects.IAMAuditConfig logging.ProjectBucketConfig logging.ProjectSink storage.Bucket",
            ),
            "configuration_recording": _cell(
                "Cloud Asset Inventory フィード → バケット",
                "Cloud Asset Inventory feeds to the archive",
                "cloudasset.ProjectFeed pubsub.Topic pubsub.Subscription",
            ),
            "threat_detection": _cell(
                "Security Command Center の検出結果の通知",
                "Security Command Center: findings are told",
                "securitycenter.V2ProjectNotificationConfig",
                Text(
                    "有効化は組織が行う(プロジェクトからはできない)",
                    "switched on by the organisation; a project cannot",
                ),
            ),
            "posture_management": _cell(
                "Security Health Analytics カスタムモジュールと組織ポリシー",
                "a Security Health Analytics module, and organisation policies of the project",
                "securitycenter.ManagementProjectSecurityHealthAnalyticsCustomModule orgpolicy.Policy"
                " projects.DefaultServiceAccounts",
            ),
            "keys": _cell(
                "Cloud KMS(HSM、90日で交代)",
                "Cloud KMS in hardware, rotated every 90 days",
                "kms.KeyRing kms.CryptoKey kms.CryptoKeyIAMBinding projects.ServiceIdentity",
            ),
            "budget": _cell("予算アラート", "a budget with mails", "billing.Budget"),
            "contacts": _cell("エッセンシャル コンタクト", "Essential Contacts", "essentialcontacts.Contact"),
            "alarms": _cell(
                "ログベースのアラート",
                "alerts on log entries",
                "monitoring.AlertPolicy monitoring.NotificationChannel",
            ),
            "tags": _cell(
                "プロバイダーの既定ラベル",
                "the provider's default labels",
                "",
                Text("リソースではなくプロバイダーの設定", "a setting of the provider, not a resource"),
            ),
            "backup": _cell(
                "Backup and DR ボールト。スナップショットとDBのバックアップは第2国内リージョンに置く",
                "a Backup and DR vault; snapshots and database backups lie in the second domestic region",
                "backupdisasterrecovery.BackupVault backupdisasterrecovery.BackupPlan"
                " backupdisasterrecovery.BackupPlanAssociation compute.ResourcePolicy",
            ),
            "default_network": _cell(
                "既定のVPCを閉じる規則", "rules that close the default network", "compute.Firewall"
            ),
        },
        "lgwan": {
            "own": _cell(
                "Dedicated / Partner Interconnect ×2(2つの可用性ドメイン)",
                "Dedicated or Partner Interconnect × 2 in two edge availability domains",
                "compute.Router compute.InterconnectAttachment compute.RouterInterface compute.RouterPeer",
            ),
            "hub": _cell(
                "共有 NCC ハブへのスポーク",
                "a spoke of a shared Network Connectivity Center hub",
                "networkconnectivity.Spoke",
            ),
            "filters": _cell(
                "BGPルートポリシーと広報範囲の限定",
                "BGP route policies and custom advertisements",
                "compute.RouterRoutePolicy compute.Router",
            ),
            "segments": _cell(
                "系統ごとのサブネットとファイアウォール(許可リスト)",
                "subnets by segment, firewall rules from the allow list",
                "compute.Subnetwork compute.Firewall compute.NetworkFirewallPolicyWithRules"
                " compute.NetworkFirewallPolicyAssociation",
            ),
            "names": _cell(
                "Cloud DNS の受信・転送", "Cloud DNS, inbound and forwarding", "dns.Policy dns.ManagedZone"
            ),
            "circuit_alarms": _cell("回線断のアラート", "an alert a circuit", "monitoring.AlertPolicy"),
        },
        "iaas": {
            "network": _cell(
                "既定経路のないVPC", "a VPC without a default route", "compute.Network compute.Subnetwork"
            ),
            "private_endpoints": _cell(
                "Google API への Private Service Connect",
                "Private Service Connect to Google's own services",
                "compute.GlobalAddress compute.GlobalForwardingRule dns.ManagedZone dns.RecordSet",
            ),
            "servers": _cell(
                "Shielded VM、OS Login と IAP",
                "Shielded VMs, OS Login through IAP",
                "compute.Instance serviceaccount.Account",
            ),
            "block_storage": _cell(
                "暗号化した永続ディスクとスナップショット",
                "encrypted disks and snapshots",
                "compute.Instance compute.ResourcePolicy",
            ),
            "file_storage": _cell(
                "Filestore", "Filestore", "filestore.Instance networkconnectivity.ServiceConnectionPolicy"
            ),
            "patching": _cell(
                "VM Manager とパッケージのミラー",
                "VM Manager, and mirrors of the OS's packages",
                "osconfig.PatchDeployment osconfig.OsPolicyAssignment artifactregistry.Repository",
            ),
            "exceptions": _cell(
                "Secure Web Proxy(承認された例外のみ)",
                "Secure Web Proxy, for approved exceptions only",
                "networkservices.Gateway networksecurity.GatewaySecurityPolicy"
                " networksecurity.GatewaySecurityPolicyRule compute.Route",
            ),
        },
        "paas": {
            "postgresql": _cell(
                "Cloud SQL / AlloyDB(16 vCPU以上)",
                "Cloud SQL, or AlloyDB from 16 vCPU",
                "sql.DatabaseInstance sql.Database sql.User alloydb.Cluster alloydb.Instance alloydb.User",
            ),
            "mysql": _cell("Cloud SQL", "Cloud SQL", "sql.DatabaseInstance sql.Database sql.User"),
            "oracle": _cell(
                "なし",
                "none",
                "",
                Text(
                    "マネージドな Oracle を運用対象としない。検証で拒否し、使えるクラウドを示す",
                    "no managed Oracle: refused at validation, which names the clouds that have one",
                ),
            ),
            "containers": _cell("Cloud Run", "Cloud Run", "cloudrunv2.Service cloudrunv2.WorkerPool"),
            "object_storage": _cell("Cloud Storage", "Cloud Storage", "storage.Bucket"),
            "secrets": _cell(
                "Secret Manager", "Secret Manager", "secretmanager.Secret secretmanager.SecretIamMember"
            ),
            "registry": _cell("Artifact Registry", "Artifact Registry", "artifactregistry.Repository"),
            "messaging": _cell(
                "Pub/Sub", "Pub/Sub", "pubsub.Topic pubsub.Subscription pubsub.TopicIAMBinding"
            ),
            "handover": _cell(
                "マネージドフォルダ(組ごとの権限)",
                "managed folders with a policy for each pair",
                "storage.ManagedFolder storage.ManagedFolderIamPolicy",
            ),
        },
        "saas": {
            "entrance": _cell(
                "リージョン内部アプリケーション ロードバランサ",
                "regional internal application load balancer",
                "compute.ForwardingRule compute.RegionTargetHttpsProxy compute.RegionUrlMap"
                " compute.RegionBackendService compute.RegionNetworkEndpointGroup"
                " compute.RegionSecurityPolicy compute.RegionSslPolicy",
            ),
            "certificate": _cell(
                "Certificate Manager とプライベートCA",
                "Certificate Manager and a private CA",
                "certificatemanager.Certificate certificatemanager.CertificateIssuanceConfig"
                " certificateauthority.CaPool certificateauthority.Authority",
            ),
            "alarms": _cell("Cloud Monitoring", "Cloud Monitoring", "monitoring.AlertPolicy"),
            "schedule": _cell(
                "Cloud Scheduler とインスタンス スケジュール",
                "Cloud Scheduler and instance schedules",
                "cloudscheduler.Job compute.ResourcePolicy",
            ),
            "asp": _cell(
                "Private Service Connect", "Private Service Connect", "compute.ForwardingRule compute.Address"
            ),
        },
    }
)
