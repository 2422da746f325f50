"""Servers, disks, archives, keys, scripts, dedicated hosts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from providers.sakura.model import (
    ANY,
    BOOL,
    COMMON,
    DESCRIPTION,
    ICON,
    ID,
    IDS,
    INT,
    NAME,
    RESOURCE_ID,
    STR,
    STRINGS,
    TAGS,
    ZONE,
    Json,
    ListOf,
    MapOf,
    Problem,
    Record,
    Resource,
    f,
    out,
    records,
)
from stacks.text import Text

_NOTE: Final = Record(
    "DiskEditScript",
    (
        f("id", ID, "ID", "スクリプトのID。", "Id of the script.", required=True),
        f("variables", MapOf(ANY), "Variables", "変数。", "Variables."),
        f("apiKeyId", ID, "APIKey.ID", "スクリプトに渡すAPIキーのID。", "Id of the API key for it."),
    ),
)
_KEY: Final = Record(
    "DiskEditKey",
    (
        f("id", ID, "ID", "公開鍵のID。", "Id of the key."),
        f("publicKey", STR, "PublicKey", "公開鍵。", "Public key."),
    ),
)
_EDIT: Final = Record(
    "DiskEdit",
    (
        f("hostname", STR, "HostName", "ホスト名。", "Host name.", low=1, high=64),
        f(
            "password",
            STR,
            "Password",
            "管理者のパスワード（12〜128文字）。",
            "Administrator's password, 12 to 128 characters.",
            write_only=True,
            low=12,
            high=128,
        ),
        f("ipAddress", STR, "UserIPAddress", "アドレス。", "Address."),
        f("gateway", STR, "UserSubnet.DefaultRoute", "ゲートウェイ。", "Gateway."),
        f(
            "netmask",
            INT,
            "UserSubnet.NetworkMaskLen",
            "プレフィックス長。",
            "Prefix length.",
            low=8,
            high=32,
        ),
        f(
            "disablePasswordAuth",
            BOOL,
            "DisablePWAuth",
            "パスワードでのログインを禁じるか。",
            "Forbid logins by password?",
            default=False,
        ),
        f("enableDhcp", BOOL, "EnableDHCP", "DHCPを使うか。", "Use DHCP?", default=False),
        f(
            "changePartitionUuid",
            BOOL,
            "ChangePartitionUUID",
            "パーティションのUUIDを変えるか。",
            "Change the partitions' UUIDs?",
            default=False,
        ),
        f("sshKeys", ListOf(_KEY), "SSHKeys", "公開鍵。", "SSH keys."),
        f("scripts", ListOf(_NOTE), "Notes", "スタートアップスクリプト。", "Start-up scripts."),
    ),
)
_INTERFACE: Final = Record(
    "ServerInterface",
    (
        f(
            "switchId",
            STR,
            "",
            "スイッチのID、shared（共有セグメント）、disconnect。",
            "A switch's id, shared, or disconnect.",
            required=True,
        ),
        f("packetFilterId", ID, "", "パケットフィルタ。", "Packet filter."),
        f(
            "userIpAddress",
            STR,
            "",
            "コントロールパネルに示すアドレス。",
            "Address to show in the control panel.",
        ),
    ),
)


def _server_rules(inputs: Mapping[str, Json]) -> Iterator[Problem]:
    """User data and disk edits exclude one another; an edit needs a disk; a packet filter needs a network."""
    if inputs.get("userData") and inputs.get("diskEdit"):
        yield Problem(
            "userData", Text(ja="diskEdit と同時には指定できません。", en="Cannot go together with diskEdit.")
        )
    if inputs.get("diskEdit") and inputs.get("disks") in (None, []):
        yield Problem("diskEdit", Text(ja="disks にディスクが必要です。", en="Needs a disk in `disks`."))
    for at, each in records(inputs.get("interfaces")):
        if each.get("switchId") == "disconnect" and each.get("packetFilterId"):
            yield Problem(
                f"interfaces[{at}].packetFilterId",
                Text(
                    ja="つながっていないインターフェースには付けられません。",
                    en="Not on an interface that is not connected.",
                ),
            )


SERVER: Final = Resource(
    module="compute",
    name="Server",
    service="iaas",
    path="/server",
    envelope="Server",
    collection="Servers",
    doc=Text(ja="サーバー。", en="A server."),
    zoned=True,
    flow="server",
    marker="tags",
    import_parts=("zone",),
    plan_changes=("core", "memory", "commitment"),
    rules=(_server_rules,),
    terraform=("sakura_server", "sakuracloud_server"),
    notes=(
        Text(
            ja="プラン（コア数、メモリ）を変えるとAPIのIDが新しくなります。リソースはそのまま残り、"
            "`resourceId` が新しいIDになります。"
            "停止が必要な変更は、プレビューに示されます。",
            en="A change of plan (core, memory) gives a new API id; the resource stays and `resourceId` "
            "follows. A preview "
            "says when the server will be restarted.",
        ),
    ),
    fields=(
        *COMMON,
        ZONE,
        f("core", INT, "", "仮想コア数。", "Virtual cores.", default=1, low=1, high=256, send="never"),
        f("memory", INT, "", "メモリ（GiB）。", "Memory, GiB.", default=1, low=1, high=2048, send="never"),
        f(
            "commitment",
            STR,
            "",
            "コアの割り当て。",
            "How cores are assigned.",
            choices=("standard", "dedicatedcpu"),
            default="standard",
            send="never",
        ),
        f(
            "generation",
            INT,
            "",
            "プランの世代。",
            "Generation of the plan.",
            choices=(100, 200),
            immutable=True,
            send="never",
        ),
        f(
            "confidentialVm",
            BOOL,
            "ServerPlan.ConfidentialVM",
            "コンフィデンシャルVMにするか。",
            "A confidential VM?",
            default=False,
            immutable=True,
            send="never",
        ),
        f(
            "interfaceDriver",
            STR,
            "InterfaceDriver",
            "インターフェースのドライバ。",
            "Driver of interfaces.",
            choices=("virtio", "e1000"),
            default="virtio",
        ),
        f(
            "interfaces",
            ListOf(_INTERFACE),
            "",
            "インターフェース（先頭がeth0）。",
            "Interfaces; the first is eth0.",
            high=10,
            send="never",
        ),
        f("disks", IDS, "", "つなぐディスク（順に）。", "Disks, in order.", send="never"),
        f("diskEdit", _EDIT, "", "先頭のディスクに行う修正。", "How the first disk is edited.", send="never"),
        f(
            "userData",
            STR,
            "",
            "cloud-initのuser-data。",
            "cloud-init's user data.",
            send="never",
            high=65536,
        ),
        f("cdromId", ID, "Instance.CDROM.ID", "入れるISOイメージ。", "ISO image in the drive.", send="never"),
        f(
            "privateHostId",
            ID,
            "PrivateHost.ID",
            "専有ホスト。",
            "Dedicated host.",
            immutable=True,
            refers_to="compute:PrivateHost",
        ),
        f("power", STR, "", "電源。", "Power.", choices=("on", "off"), default="on", send="never"),
        f(
            "forceShutdown",
            BOOL,
            "",
            "停止が要るとき、強制停止するか。",
            "Cut the power where a shutdown is needed?",
            default=False,
            send="never",
        ),
        out("hostname", STR, "HostName", "ホスト名。", "Host name."),
        out("ipAddress", STR, "", "先頭のインターフェースのアドレス。", "Address of the first interface."),
        out("macAddresses", STRINGS, "", "MACアドレス。", "MAC addresses."),
        out("status", STR, "Instance.Status", "状態（up、down）。", "State: up or down."),
    ),
)


SSH_KEY: Final = Resource(
    module="compute",
    name="SshKey",
    service="iaas",
    path="/sshkey",
    envelope="SSHKey",
    collection="SSHKeys",
    doc=Text(ja="公開鍵。", en="An SSH public key."),
    marker="description",
    terraform=("sakura_ssh_key", "sakuracloud_ssh_key"),
    fields=(
        NAME,
        DESCRIPTION,
        RESOURCE_ID,
        f("publicKey", STR, "PublicKey", "公開鍵。", "The public key.", required=True, immutable=True),
        out("fingerprint", STR, "Fingerprint", "指紋。", "Fingerprint."),
    ),
)

SCRIPT: Final = Resource(
    module="compute",
    name="Script",
    service="iaas",
    path="/note",
    envelope="Note",
    collection="Notes",
    doc=Text(ja="スタートアップスクリプト（旧称「ノート」）。", en="A start-up script (once called a note)."),
    marker="tags",
    terraform=("sakura_script", "sakuracloud_note"),
    fields=(
        NAME,
        TAGS,
        ICON,
        RESOURCE_ID,
        f("content", STR, "Content", "内容。", "Content.", required=True),
        f(
            "class",
            STR,
            "Class",
            "種類。",
            "Kind.",
            choices=("shell", "yaml_cloud_config"),
            default="shell",
            immutable=True,
        ),
        out("description", STR, "Description", "スクリプトの中の説明。", "Description found in the script."),
    ),
)


PRIVATE_HOST: Final = Resource(
    module="compute",
    name="PrivateHost",
    service="iaas",
    path="/privatehost",
    envelope="PrivateHost",
    collection="PrivateHosts",
    doc=Text(ja="専有ホスト。", en="A dedicated host."),
    zoned=True,
    marker="tags",
    import_parts=("zone",),
    terraform=("sakura_private_host", "sakuracloud_private_host"),
    fields=(
        *COMMON,
        ZONE,
        f(
            "planId",
            ID,
            "Plan.ID",
            "プランのID（getPlansで調べられます）。",
            "Id of the plan (see getPlans).",
            required=True,
            immutable=True,
        ),
        out("class", STR, "Plan.Class", "種類。", "Kind."),
        out("hostname", STR, "Host.Name", "ホスト名。", "Host name."),
        out("assignedCore", INT, "AssignedCPU", "使われているコア数。", "Cores in use."),
        out("assignedMemory", INT, "AssignedMemoryMB", "使われているメモリ（MiB）。", "Memory in use, MiB."),
    ),
)


ICON_RESOURCE: Final = Resource(
    module="compute",
    name="Icon",
    service="iaas",
    path="/icon",
    envelope="Icon",
    collection="Icons",
    doc=Text(ja="アイコン。", en="An icon."),
    marker="tags",
    terraform=("sakura_icon", "sakuracloud_icon"),
    fields=(
        NAME,
        TAGS,
        RESOURCE_ID,
        f(
            "image",
            STR,
            "Image",
            "画像（PNGなどをBase64で）。",
            "The image, Base64.",
            required=True,
            immutable=True,
            send="create",
        ),
        out("url", STR, "URL", "画像のURL。", "URL of the image."),
    ),
)

RESOURCES: Final = (SERVER, SSH_KEY, SCRIPT, PRIVATE_HOST, ICON_RESOURCE)
