"""What the five approved clouds are: domestic regions, zones, units, engines.

Data, not behaviour: each number or list names its source. A region that is not
listed here does not exist for this toolkit, which is how "domestic only" is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from stacks.text import Text

IdKind = Literal["circuit", "location", "endpoint", "certificate", "server_image", "certificate_authority"]
CloudName = Literal["aws", "azure", "google", "oci", "sakura"]
Currency = Literal["USD", "JPY"]
Engine = Literal["postgresql", "mysql", "oracle"]
WorkloadKind = Literal["container", "server"]

BUDGETS: Mapping[Currency, int] = MappingProxyType({"USD": 10_000, "JPY": 1_500_000})
"""A month's budget where the manifest says none, by currency: our choice, at 150 yen to the dollar."""


@dataclass(frozen=True, slots=True)
class Region:
    """A domestic region; `zones` in a fixed order, because a zone's place in it decides its subnets."""

    name: str
    zones: tuple[str, ...]
    recovery: str


@dataclass(frozen=True, slots=True)
class IdForm:
    """What an id of the cloud looks like: a regular expression (`{region}` and `{unit}` stand for
    the tenant's own), what people call it, and an example of it."""

    pattern: str
    title: Text
    example: str

    def in_unit(self, unit: str, region: str) -> IdForm:
        """The form with the tenant's own unit and region in it."""

        def fill(text: str) -> str:
            return text.replace("{unit}", unit).replace("{region}", region)

        return IdForm(fill(self.pattern), self.title, fill(self.example))


@dataclass(frozen=True, slots=True)
class Cloud:
    """One approved cloud.

    `unit` is a regular expression of the unit that the agency hands over (account, project,
    subscription, child tenancy, project id); `engines` are the databases that the cloud
    manages itself; `zonal_subnets` says whether a subnet lives in one zone (AWS, さくら) or in
    the region. `ids` are the forms of ids that a manifest gives, where they are known.
    `adoptable` are the ids that an adopted part of the baseline takes, by part; each is optional.
    `least_zones` is how many zones the cloud wants before it balances load or runs a database.
    `largest_database_gb` is the largest storage of a managed database, where the cloud is the limit;
    `longest_log_days` how long logs can be searched at most; `most_networks` how many networks a
    unit may have; `most_circuits` how many dedicated circuits its gateway takes;
    `most_statements` how many IAM statements a unit takes; `largest_container` the vCPUs and GiB of a
    container; `longest_host` the characters of a name that a certificate is issued for. `without` names
    the ids that a manifest must not give, since there is nothing that they could name. `asp` says whether a
    vendor's service can be reached by a private endpoint, `joins` whether a private line may lead to
    another cloud; `plans_addresses` whether we say where every host lies (`stacks.hosts`), because the
    cloud does not.
    `currencies` are those that a unit's budget may be counted in, the usual one in Japan first: AWS shows
    costs in US dollars whatever the bill is paid in (Billing user guide); a budget of Google's must have the
    currency of its billing account (Cloud Billing Budget API, `specifiedAmount`), which in Japan is the yen;
    Azure's and OCI's have no currency of their own and count in the billing account's and the rate card's
    (Consumption API; OCI API, `CreateBudgetDetails`).
    `ready` says whether this version of the toolkit can build a tenant there.
    """

    name: CloudName
    title: Text
    unit: str
    unit_title: Text
    unit_example: str
    gateway: str
    gateway_title: Text
    gateway_example: str
    regions: Mapping[str, Region]
    engines: frozenset[Engine]
    workloads: frozenset[WorkloadKind]
    zonal_subnets: bool
    ids: Mapping[IdKind, IdForm] = field(default_factory=dict)
    adoptable: Mapping[str, Mapping[str, IdForm]] = field(default_factory=dict)
    least_zones: int = 1
    largest_database_gb: int | None = None
    longest_log_days: int | None = None
    most_networks: int | None = None
    most_circuits: int | None = None
    most_statements: int | None = None
    largest_container: tuple[int, int] | None = None
    longest_host: int | None = None
    asp: bool = True
    joins: bool = True
    without: frozenset[IdKind] = frozenset()
    plans_addresses: bool = False
    currencies: tuple[Currency, ...] = ("JPY", "USD")
    ready: bool = False


def _regions(*regions: Region) -> Mapping[str, Region]:
    return MappingProxyType({region.name: region for region in regions})


_UUID = r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"

_AWS_KEY = IdForm(
    rf"(arn:aws:kms:[a-z0-9-]+:[0-9]{{12}}:key/)?(mrk-[0-9a-f]{{32}}|{_UUID})",
    Text("KMSキーのIDまたはARN", "id or ARN of a KMS key"),
    "arn:aws:kms:{region}:{unit}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
)

_AWS_IDS: Mapping[IdKind, IdForm] = MappingProxyType(
    {
        "circuit": IdForm(
            r"dxcon-[0-9a-z]{8}",
            Text("Direct Connect 接続のID", "id of a Direct Connect connection"),
            "dxcon-ffabc123",
        ),
        "endpoint": IdForm(
            r"com\.amazonaws\.vpce\.{region}\.vpce-svc-([0-9a-f]{8}|[0-9a-f]{17})",
            Text(
                "同じリージョンのエンドポイントサービス名", "name of an endpoint service in the same region"
            ),
            "com.amazonaws.vpce.{region}.vpce-svc-0a1b2c3d4e5f60718",
        ),
        "certificate": IdForm(
            rf"arn:aws:acm:{{region}}:{{unit}}:certificate/{_UUID}",
            Text(
                "同じアカウント・リージョンのACM証明書のARN",
                "ARN of an ACM certificate in this account and region",
            ),
            "arn:aws:acm:{region}:{unit}:certificate/12345678-1234-1234-1234-123456789012",
        ),
        "server_image": IdForm(
            r"ami-([0-9a-f]{8}|[0-9a-f]{17})", Text("AMI のID", "id of an AMI"), "ami-0a1b2c3d4e5f60718"
        ),
        "certificate_authority": IdForm(
            rf"arn:aws:acm-pca:{{region}}:[0-9]{{12}}:certificate-authority/{_UUID}",
            Text("同じリージョンのプライベートCAのARN", "ARN of a private CA in the same region"),
            "arn:aws:acm-pca:{region}:{unit}:certificate-authority/12345678-1234-1234-1234-123456789012",
        ),
    }
)

# What components/aws looks for in an adopted part.
_AWS_ADOPTABLE: Mapping[str, Mapping[str, IdForm]] = MappingProxyType(
    {
        "audit_log": {
            "bucket": IdForm(
                r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
                Text("S3バケット名", "name of an S3 bucket"),
                "central-logs-{unit}",
            ),
            "log_group": IdForm(
                r"[A-Za-z0-9_/.#-]{1,512}",
                Text("ロググループ名", "name of a log group"),
                "/central/cloudtrail",
            ),
        },
        "keys": dict.fromkeys(("logs", "data", "backup", "messages", "recovery"), _AWS_KEY),
        "alarms": {
            "topic": IdForm(
                r"arn:aws:sns:{region}:[0-9]{12}:[A-Za-z0-9_-]{1,256}",
                Text("同じリージョンのSNSトピックのARN", "ARN of an SNS topic in the same region"),
                "arn:aws:sns:{region}:{unit}:alarms",
            )
        },
        "backup": {
            "vault": IdForm(
                r"[A-Za-z0-9_-]{2,50}",
                Text("バックアップボールト名", "name of a backup vault"),
                "central-vault",
            )
        },
    }
)


def _arm(path: str, title: Text, example: str, *, anywhere: bool = False) -> IdForm:
    """The form of a resource id below the tenant's own subscription, or (`anywhere`) any."""
    unit = _UUID if anywhere else "{unit}"
    pattern = f"/subscriptions/{unit}/resourceGroups/[^/]+/providers/{path}"
    return IdForm(pattern, title, f"/subscriptions/{{unit}}/resourceGroups/central/providers/{example}")


_AZURE_KEY = _arm(
    r"Microsoft\.KeyVault/vaults/[A-Za-z0-9-]{3,24}/keys/[A-Za-z0-9-]{1,127}",
    Text("Key Vault の鍵のリソースID", "resource id of a key in Key Vault"),
    "Microsoft.KeyVault/vaults/central/keys/data",
)

_AZURE_IDS: Mapping[IdKind, IdForm] = MappingProxyType(
    {
        # The key that Azure gave the circuit which we ordered: that it is here says that it is provisioned.
        "circuit": IdForm(
            _UUID,
            Text("ExpressRoute 回線のサービスキー(UUID)", "service key of an ExpressRoute circuit (UUID)"),
            "3e4f5a6b-0c1d-4e2f-8a9b-1c2d3e4f5a6b",
        ),
        # Peering locations of Japan (ExpressRoute documentation, "locations and connectivity providers").
        "location": IdForm(
            r"(Tokyo|Tokyo2|Tokyo3|Osaka)/[A-Za-z0-9][A-Za-z0-9 ().&-]{0,52}",
            Text(
                "ピアリングの場所と接続プロバイダー(場所/プロバイダー)",
                "peering location and connectivity provider (location/provider)",
            ),
            "Tokyo2/Equinix",
        ),
        "endpoint": IdForm(
            rf"/subscriptions/{_UUID}/resourceGroups/[^/]+/providers/Microsoft\.Network/privateLinkServices/[^/]+"
            rf"|[A-Za-z0-9-]+\.{_UUID}\.[a-z0-9]+\.azure\.privatelinkservice",
            Text(
                "プライベートリンクサービスのリソースIDまたはエイリアス",
                "resource id or alias of a private link service",
            ),
            "welfare.1a2b3c4d-0000-4000-8000-1a2b3c4d5e6f.{region}.azure.privatelinkservice",
        ),
        "certificate": _arm(
            r"Microsoft\.KeyVault/vaults/[A-Za-z0-9-]{3,24}/secrets/[A-Za-z0-9-]{1,127}",
            Text(
                "同じサブスクリプションの Key Vault にある証明書(シークレット)のリソースID",
                "resource id of a certificate's secret in a Key Vault of this subscription",
            ),
            "Microsoft.KeyVault/vaults/central/secrets/residents-tls",
        ),
        "server_image": _arm(
            r"Microsoft\.Compute/(images/[^/]+|galleries/[^/]+/images/[^/]+(/versions/[^/]+)?)",
            Text("VMイメージのリソースID", "resource id of a server image"),
            "Microsoft.Compute/galleries/hardened/images/ubuntu/versions/1.0.0",
            anywhere=True,
        ),
    }
)

# What components/azure looks for in an adopted part.
_AZURE_ADOPTABLE: Mapping[str, Mapping[str, IdForm]] = MappingProxyType(
    {
        "audit_log": {
            "workspace": _arm(
                r"Microsoft\.OperationalInsights/workspaces/[A-Za-z0-9-]{4,63}",
                Text("Log Analytics ワークスペースのリソースID", "resource id of a Log Analytics workspace"),
                "Microsoft.OperationalInsights/workspaces/central",
            ),
            "storage": _arm(
                r"Microsoft\.Storage/storageAccounts/[a-z0-9]{3,24}",
                Text("ストレージアカウントのリソースID", "resource id of a storage account"),
                "Microsoft.Storage/storageAccounts/centralarchive",
            ),
        },
        "keys": dict.fromkeys(("logs", "data", "backup", "messages", "recovery"), _AZURE_KEY),
        "alarms": {
            "action_group": _arm(
                r"[Mm]icrosoft\.[Ii]nsights/actionGroups/[^/]+",
                Text("アクショングループのリソースID", "resource id of an action group"),
                "Microsoft.Insights/actionGroups/central",
            )
        },
        "backup": {
            "vault": _arm(
                r"Microsoft\.RecoveryServices/vaults/[A-Za-z0-9-]{2,50}",
                Text("Recovery Services コンテナーのリソースID", "resource id of a Recovery Services vault"),
                "Microsoft.RecoveryServices/vaults/central",
            )
        },
    }
)

_SAKURA_KEY = IdForm(r"[0-9]{12}", Text("KMSの鍵のID(12桁)", "id of a KMS key (12 digits)"), "113703260001")
_SAKURA_BUCKET = IdForm(
    r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
    Text("オブジェクトストレージのバケット名", "name of an object storage bucket"),
    "central-logs",
)

_SAKURA_IDS: Mapping[IdKind, IdForm] = MappingProxyType(
    {
        "circuit": IdForm(
            r"[0-9]{12}",
            Text("ハイブリッド接続の契約コード(12桁)", "contract code of a hybrid connection (12 digits)"),
            "113703264321",
        ),
        "certificate": IdForm(
            r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
            Text(
                "パッケージの保管庫に入れたシークレットの名前", "name of a secret in the package's own vault"
            ),
            "lgpki-2027",
        ),
        "server_image": IdForm(
            r"\S(.{0,62}\S)?",
            Text(
                "アーカイブの名前(使う各ゾーンに同じ名前で置く)",
                "name of an archive (the same in each zone that is used)",
            ),
            "hardened-2027-01",
        ),
    }
)

# What components/sakura looks for in an adopted part.
_SAKURA_ADOPTABLE: Mapping[str, Mapping[str, IdForm]] = MappingProxyType(
    {
        "audit_log": {
            "log_storage": IdForm(
                r"[0-9]{12}",
                Text("ログストレージのID(12桁)", "id of a log storage (12 digits)"),
                "113703260101",
            ),
            "bucket": _SAKURA_BUCKET,
        },
        "keys": dict.fromkeys(("logs", "data", "backup", "messages"), _SAKURA_KEY),
        "alarms": {
            "group": IdForm(
                r"[0-9]{12}",
                Text("シンプル通知のグループのID(12桁)", "id of a notification group (12 digits)"),
                "113703260201",
            )
        },
        "backup": {"bucket": _SAKURA_BUCKET},
    }
)


def _ocid(kind: str, title: Text, example: str) -> IdForm:
    """The form of an OCID of `kind` in the tenant's region (OCI documentation, "Resource Identifiers")."""
    return IdForm(
        rf"ocid1\.{kind}\.oc[0-9]+\.{{region}}\.[a-z0-9]{{8,80}}",
        title,
        f"ocid1.{example}.oc1.{{region}}.aaaaaaaa{'b' * 52}",
    )


_OCI_IDS: Mapping[IdKind, IdForm] = MappingProxyType(
    {
        "circuit": _ocid(
            "crossconnect(group)?",
            Text(
                "同じリージョンのクロスコネクト(グループ)のOCID",
                "OCID of a cross-connect (group) in this region",
            ),
            "crossconnect",
        ),
        "endpoint": IdForm(
            r"ocid1\.localpeeringgateway\.oc[0-9]+\.{region}\.[a-z0-9]{8,80}/"
            r"(10|172|192)(\.(25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})){3}",
            Text(
                "事業者のローカル・ピアリング・ゲートウェイのOCIDとサービスのアドレス(OCID/アドレス)",
                "OCID of the vendor's local peering gateway, a slash, and the address of the service",
            ),
            f"ocid1.localpeeringgateway.oc1.{{region}}.aaaaaaaa{'b' * 52}/10.200.0.10",
        ),
        "certificate": _ocid(
            "certificate",
            Text("同じリージョンの証明書のOCID", "OCID of a certificate in this region"),
            "certificate",
        ),
        "server_image": _ocid(
            "image", Text("同じリージョンのイメージのOCID", "OCID of an image in this region"), "image"
        ),
        "certificate_authority": _ocid(
            "certificateauthority",
            Text("同じリージョンの認証局のOCID", "OCID of a certificate authority in this region"),
            "certificateauthority",
        ),
    }
)

# What components/oci looks for in an adopted part.
_OCI_ADOPTABLE: Mapping[str, Mapping[str, IdForm]] = MappingProxyType(
    {
        "audit_log": {
            "bucket": IdForm(
                r"[A-Za-z0-9_.-]{1,256}",
                Text("オブジェクト・ストレージのバケット名", "name of an Object Storage bucket"),
                "central-logs",
            )
        },
        "keys": {
            "vault": IdForm(
                r"ocid1\.vault\.oc[0-9]+\.{region}\.[a-z0-9]+\.[a-z0-9]{8,80}",
                Text("同じリージョンのボールトのOCID", "OCID of a vault in this region"),
                f"ocid1.vault.oc1.{{region}}.abcdefgh.aaaaaaaa{'b' * 52}",
            ),
            **dict.fromkeys(
                ("logs", "data", "backup", "messages", "recovery"),
                IdForm(
                    r"ocid1\.key\.oc[0-9]+\.[a-z0-9-]+\.[a-z0-9]+\.[a-z0-9]{8,80}",
                    Text("マスター暗号化キーのOCID", "OCID of a master encryption key"),
                    f"ocid1.key.oc1.{{region}}.abcdefgh.aaaaaaaa{'b' * 52}",
                ),
            ),
        },
        "alarms": {
            "topic": _ocid(
                "onstopic",
                Text("同じリージョンの通知トピックのOCID", "OCID of a topic in this region"),
                "onstopic",
            )
        },
        "backup": {
            "policy": _ocid(
                "volumebackuppolicy",
                Text("ボリューム・バックアップ・ポリシーのOCID", "OCID of a volume backup policy"),
                "volumebackuppolicy",
            )
        },
    }
)

_GOOGLE_PROJECT = r"[a-z][a-z0-9-]{4,28}[a-z0-9]"
_GOOGLE_NAME = r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?"

_GOOGLE_KEY = IdForm(
    rf"projects/{_GOOGLE_PROJECT}/locations/{{region}}/keyRings/[A-Za-z0-9_-]{{1,63}}/cryptoKeys/[A-Za-z0-9_-]{{1,63}}",
    Text("同じリージョンのCloud KMS鍵の名前", "name of a Cloud KMS key in the same region"),
    "projects/{unit}/locations/{region}/keyRings/central/cryptoKeys/data",
)

_GOOGLE_IDS: Mapping[IdKind, IdForm] = MappingProxyType(
    {
        "circuit": IdForm(
            rf"projects/{_GOOGLE_PROJECT}/global/interconnects/{_GOOGLE_NAME}|partner/[A-Za-z0-9._-]{{1,64}}",
            Text(
                "Dedicated Interconnect の名前(通信事業者の Partner Interconnect は partner/注文番号)",
                "name of a Dedicated Interconnect (a carrier's Partner Interconnect: partner/<order number>)",
            ),
            "projects/{unit}/global/interconnects/tokyo-1",
        ),
        "endpoint": IdForm(
            rf"projects/{_GOOGLE_PROJECT}/regions/{{region}}/serviceAttachments/{_GOOGLE_NAME}",
            Text(
                "同じリージョンのサービスアタッチメントの名前",
                "name of a service attachment in the same region",
            ),
            "projects/vendor-asp/regions/{region}/serviceAttachments/welfare",
        ),
        "certificate": IdForm(
            rf"projects/{{unit}}/locations/{{region}}/certificates/{_GOOGLE_NAME}",
            Text(
                "同じプロジェクト・リージョンの Certificate Manager 証明書の名前",
                "name of a Certificate Manager certificate in this project and region",
            ),
            "projects/{unit}/locations/{region}/certificates/residents",
        ),
        "server_image": IdForm(
            rf"projects/{_GOOGLE_PROJECT}/global/images/(family/)?{_GOOGLE_NAME}",
            Text("イメージ(またはファミリー)の名前", "name of an image (or of a family)"),
            "projects/{unit}/global/images/family/hardened-debian",
        ),
        "certificate_authority": IdForm(
            rf"projects/{_GOOGLE_PROJECT}/locations/{{region}}/caPools/[A-Za-z0-9-]{{1,63}}",
            Text("同じリージョンのCAプールの名前", "name of a CA pool in the same region"),
            "projects/{unit}/locations/{region}/caPools/central",
        ),
    }
)

# What components/google looks for in an adopted part.
_GOOGLE_ADOPTABLE: Mapping[str, Mapping[str, IdForm]] = MappingProxyType(
    {
        "audit_log": {
            "bucket": IdForm(
                r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]",
                Text("Cloud Storage バケット名", "name of a Cloud Storage bucket"),
                "central-logs-{unit}",
            )
        },
        "keys": dict.fromkeys(("logs", "data", "backup", "messages"), _GOOGLE_KEY),
        "alarms": {
            "channel": IdForm(
                r"projects/{unit}/notificationChannels/[0-9]+",
                Text("通知チャンネルの名前", "name of a notification channel"),
                "projects/{unit}/notificationChannels/12345678901234567890",
            )
        },
        "backup": {
            "vault": IdForm(
                rf"projects/{_GOOGLE_PROJECT}/locations/{{region}}/backupVaults/{_GOOGLE_NAME}",
                Text(
                    "同じリージョンのバックアップ ボールトの名前", "name of a backup vault in the same region"
                ),
                "projects/{unit}/locations/{region}/backupVaults/central",
            )
        },
    }
)

CLOUDS: Mapping[CloudName, Cloud] = MappingProxyType(
    {
        "aws": Cloud(
            name="aws",
            title=Text("AWS", "AWS"),
            unit=r"[0-9]{12}",
            unit_title=Text("AWSアカウントID(12桁)", "AWS account id (12 digits)"),
            unit_example="210987654321",
            gateway=r"tgw-([0-9a-f]{8}|[0-9a-f]{17})",
            gateway_title=Text("共有 Transit Gateway のID", "id of the shared transit gateway"),
            gateway_example="tgw-0a1b2c3d4e5f60718",
            # 1b is not offered to accounts opened in recent years, so it is not in the list.
            regions=_regions(
                Region(
                    "ap-northeast-1",
                    ("ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"),
                    "ap-northeast-3",
                ),
                Region(
                    "ap-northeast-3",
                    ("ap-northeast-3a", "ap-northeast-3b", "ap-northeast-3c"),
                    "ap-northeast-1",
                ),
            ),
            engines=frozenset({"postgresql", "mysql", "oracle"}),
            workloads=frozenset({"container", "server"}),
            zonal_subnets=True,
            ids=_AWS_IDS,
            adoptable=_AWS_ADOPTABLE,
            # Load balancers and database subnet groups both ask for two.
            least_zones=2,
            # Fargate ("Task CPU and memory"); ACM (RequestCertificate: the first name has 64 at most).
            largest_container=(16, 120),
            longest_host=64,
            currencies=("USD",),
            ready=True,
        ),
        "azure": Cloud(
            name="azure",
            title=Text("Microsoft Azure", "Microsoft Azure"),
            unit=_UUID,
            unit_title=Text("サブスクリプションID(UUID)", "subscription id (UUID)"),
            unit_example="0b1f6471-1bf0-4dda-aec3-111122223333",
            gateway=rf"/subscriptions/{_UUID}/resourceGroups/[^/]+/providers/Microsoft\.Network/virtualHubs/[^/]+",
            gateway_title=Text("仮想ハブのリソースID", "resource id of the virtual hub"),
            gateway_example="/subscriptions/0b1f6471-1bf0-4dda-aec3-111122223333/resourceGroups/hub"
            "/providers/Microsoft.Network/virtualHubs/hub",
            regions=_regions(
                Region("japaneast", ("1", "2", "3"), "japanwest"),
                Region("japanwest", ("1", "2", "3"), "japaneast"),
            ),
            engines=frozenset({"postgresql", "mysql"}),
            workloads=frozenset({"container", "server"}),
            zonal_subnets=False,
            ids=_AZURE_IDS,
            adoptable=_AZURE_ADOPTABLE,
            # ErGw1AZ ("About ExpressRoute virtual network gateways", table of SKUs).
            most_circuits=4,
            # Container Apps, the largest dedicated profile ("Workload profiles", E32).
            largest_container=(32, 256),
            ready=True,
        ),
        "google": Cloud(
            name="google",
            title=Text("Google Cloud", "Google Cloud"),
            unit=_GOOGLE_PROJECT,
            unit_title=Text("プロジェクトID", "project id"),
            unit_example="lg-131041-prod",
            gateway=r"projects/[a-z0-9-]+/locations/global/hubs/[a-z0-9-]+",
            gateway_title=Text("NCC ハブの名前", "name of the Network Connectivity Center hub"),
            gateway_example="projects/lg-hub/locations/global/hubs/lgwan",
            regions=_regions(
                Region(
                    "asia-northeast1",
                    ("asia-northeast1-a", "asia-northeast1-b", "asia-northeast1-c"),
                    "asia-northeast2",
                ),
                Region(
                    "asia-northeast2",
                    ("asia-northeast2-a", "asia-northeast2-b", "asia-northeast2-c"),
                    "asia-northeast1",
                ),
            ),
            engines=frozenset({"postgresql", "mysql"}),
            workloads=frozenset({"container", "server"}),
            zonal_subnets=False,
            ids=_GOOGLE_IDS,
            adoptable=_GOOGLE_ADOPTABLE,
            # Cloud Run ("Memory limits", "CPU limits"); the common name of a certificate (RFC 5280).
            largest_container=(8, 32),
            longest_host=64,
            ready=True,
        ),
        "oci": Cloud(
            name="oci",
            title=Text("Oracle Cloud Infrastructure", "Oracle Cloud Infrastructure"),
            unit=r"ocid1\.tenancy\.oc[0-9]+\.[a-z0-9-]*\.[a-z0-9]+",
            unit_title=Text("子テナンシのOCID", "OCID of the child tenancy"),
            unit_example="ocid1.tenancy.oc1..aaaaaaaajichitai131041",
            gateway=r"ocid1\.drg\.oc[0-9]+\.[a-z0-9-]*\.[a-z0-9]+",
            gateway_title=Text("DRG の OCID", "OCID of the dynamic routing gateway"),
            gateway_example="ocid1.drg.oc1.ap-tokyo-1.aaaaaaaahub",
            # One availability domain a region in Japan; the three fault domains stand for zones.
            regions=_regions(
                Region(
                    "ap-tokyo-1",
                    ("FAULT-DOMAIN-1", "FAULT-DOMAIN-2", "FAULT-DOMAIN-3"),
                    "ap-osaka-1",
                ),
                Region(
                    "ap-osaka-1",
                    ("FAULT-DOMAIN-1", "FAULT-DOMAIN-2", "FAULT-DOMAIN-3"),
                    "ap-tokyo-1",
                ),
            ),
            engines=frozenset({"postgresql", "mysql", "oracle"}),
            workloads=frozenset({"container", "server"}),
            zonal_subnets=False,
            ids=_OCI_IDS,
            adoptable=_OCI_ADOPTABLE,
            # "Policy Statements Limit per Compartment Hierarchy"; the common name (RFC 5280).
            most_statements=500,
            longest_host=64,
            ready=True,
        ),
        "sakura": Cloud(
            name="sakura",
            title=Text("さくらのクラウド", "Sakura Cloud"),
            unit=r"[0-9]{12}",
            unit_title=Text("プロジェクトID(12桁)", "project id (12 digits)"),
            unit_example="113703261234",
            gateway=r"[0-9]{12}",
            gateway_title=Text("ローカルルータのリソースID", "resource id of the local router"),
            gateway_example="113703265678",
            # is1c is outside the ISMAP scope (facts: govcloud §4), so it is not in the list.
            regions=_regions(
                Region("tokyo", ("tk1a", "tk1b"), "ishikari"),
                Region("ishikari", ("is1a", "is1b"), "tokyo"),
            ),
            # MySQL is MariaDB there; no Oracle.
            engines=frozenset({"postgresql", "mysql"}),
            workloads=frozenset({"container", "server"}),
            zonal_subnets=True,
            ids=_SAKURA_IDS,
            adoptable=_SAKURA_ADOPTABLE,
            # Plan 1t (facts: sakura-api §2.5); log storages (§2.8); ten local routers an account (§5).
            largest_database_gb=1000,
            longest_log_days=730,
            most_networks=10,
            asp=False,
            joins=False,
            # No API for a private authority: names are certified elsewhere (LGPKI).
            without=frozenset({"certificate_authority"}),
            plans_addresses=True,
            ready=True,
        ),
    }
)
