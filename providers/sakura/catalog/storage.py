"""Disks, archives, their backups."""

from __future__ import annotations

from typing import Final

from providers.sakura.model import (
    COMMON,
    DAYS,
    ID,
    IDS,
    INT,
    INT_ID,
    STR,
    STRING_SET,
    ZONE,
    Resource,
    f,
    named,
    out,
)
from stacks.text import Text

ENCRYPTION: Final = f(
    "encryptionAlgorithm",
    STR,
    "EncryptionAlgorithm",
    "暗号化の方式。",
    "Encryption.",
    choices=("none", "aes256_xts"),
    default="none",
    immutable=True,
    send="create",
)


_SIZES: Final = (20, 40, 60, 80, 100, 250, 500, 750, 1024, 2048, 4096, 8192, 12288)


"""GiB on sale (Terraform's documentation of `disk` and `archive`)."""


DISK: Final = Resource(
    module="compute",
    name="Disk",
    service="iaas",
    path="/disk",
    envelope="Disk",
    collection="Disks",
    doc=Text(ja="ディスク。", en="A disk."),
    zoned=True,
    flow="disk",
    marker="tags",
    import_parts=("zone",),
    terraform=("sakura_disk", "sakuracloud_disk"),
    notes=(
        Text(
            ja="大きさは変えられません。変えると、新しいディスクにつなぎ替えられます。",
            en="Its size is fixed: a change replaces the disk, and servers are connected to the new one.",
        ),
    ),
    fields=(
        *COMMON,
        ZONE,
        f(
            "plan",
            named(ssd=4, hdd=2),
            "Plan.ID",
            "種類。",
            "Kind.",
            choices=("ssd", "hdd"),
            default="ssd",
            immutable=True,
        ),
        f(
            "size",
            INT,
            "",
            "大きさ（GiB）。",
            "Size, GiB.",
            choices=_SIZES,
            default=20,
            immutable=True,
            send="never",
        ),
        f(
            "connector",
            STR,
            "Connection",
            "接続の方式。",
            "Connection.",
            choices=("virtio", "ide"),
            default="virtio",
            immutable=True,
        ),
        ENCRYPTION,
        f(
            "kmsKeyId",
            ID,
            "",
            "暗号化に使うKMSの鍵。",
            "KMS key of the encryption.",
            immutable=True,
            send="never",
            read="EncryptionKey.KMSKeyID",
        ),
        f(
            "sourceArchiveId",
            ID,
            "SourceArchive.ID",
            "元にするアーカイブ。",
            "Archive to copy.",
            immutable=True,
            send="create",
            refers_to="compute:Archive",
        ),
        f(
            "sourceDiskId",
            ID,
            "SourceDisk.ID",
            "元にするディスク。",
            "Disk to copy.",
            immutable=True,
            send="create",
            refers_to="compute:Disk",
        ),
        f(
            "distantFrom",
            IDS,
            "",
            "別のストレージに置きたい相手のディスク。",
            "Disks to be kept away from.",
            immutable=True,
            send="never",
        ),
        f(
            "dedicatedStorageId",
            INT_ID,
            "TargetDedicatedStorageContract.ID",
            "専有ストレージ。",
            "Dedicated storage.",
            immutable=True,
            send="create",
        ),
        out("serverId", ID, "Server.ID", "つながっているサーバー。", "Server that has it."),
        out("availability", STR, "Availability", "状態。", "State."),
    ),
)


ARCHIVE: Final = Resource(
    module="compute",
    name="Archive",
    service="iaas",
    path="/archive",
    envelope="Archive",
    collection="Archives",
    doc=Text(
        ja="アーカイブ。ディスクや、別のゾーンのアーカイブから作ります。",
        en="An archive, made of a disk or of an archive, also of another zone.",
    ),
    zoned=True,
    flow="archive",
    marker="tags",
    import_parts=("zone",),
    terraform=("sakura_archive", "sakuracloud_archive"),
    fields=(
        *COMMON,
        ZONE,
        f(
            "sourceDiskId",
            ID,
            "SourceDisk.ID",
            "元にするディスク。",
            "Disk to copy.",
            immutable=True,
            send="create",
            refers_to="compute:Disk",
        ),
        f(
            "sourceArchiveId",
            ID,
            "SourceArchive.ID",
            "元にするアーカイブ。",
            "Archive to copy.",
            immutable=True,
            send="create",
            refers_to="compute:Archive",
        ),
        f(
            "sourceArchiveZone",
            STR,
            "",
            "元のアーカイブのゾーン。",
            "Zone of that archive.",
            immutable=True,
            send="never",
        ),
        out("size", INT, "", "大きさ（GiB）。", "Size, GiB."),
        out("availability", STR, "Availability", "状態。", "State."),
    ),
)


AUTO_BACKUP: Final = Resource(
    module="compute",
    name="AutoBackup",
    service="iaas",
    path="/commonserviceitem",
    envelope="CommonServiceItem",
    collection="CommonServiceItems",
    fixed=(("Provider.Class", "autobackup"),),
    zoned=True,
    flow="autobackup",
    doc=Text(ja="ディスクの自動バックアップ。", en="Automatic backups of a disk."),
    marker="tags",
    settings="Settings",
    import_parts=("zone",),
    delete_before_replace=True,
    terraform=("sakura_auto_backup", "sakuracloud_auto_backup"),
    fields=(
        *COMMON,
        ZONE,
        f(
            "diskId",
            ID,
            "Status.DiskId",
            "ディスク。",
            "The disk.",
            required=True,
            immutable=True,
            refers_to="compute:Disk",
        ),
        f(
            "daysOfWeek",
            STRING_SET,
            "Settings.Autobackup.BackupSpanWeekdays",
            "曜日。",
            "Days of the week.",
            required=True,
            elements=DAYS,
            low=1,
        ),
        f(
            "maxBackups",
            INT,
            "Settings.Autobackup.MaximumNumberOfArchives",
            "残す数。",
            "How many are kept.",
            default=1,
            low=1,
            high=10,
        ),
    ),
)


DEDICATED_STORAGE: Final = Resource(
    module="compute",
    name="DedicatedStorage",
    service="dedicatedstorage",
    path="/dedicatedstoragecontract",
    envelope="DedicatedStorageContract",
    collection="DedicatedStorageContracts",
    marker="tags",
    doc=Text(ja="専有ストレージ。", en="A dedicated storage."),
    terraform=("sakura_dedicated_storage",),
    fields=(
        *COMMON,
        f("planId", INT_ID, "Plan.ID", "プランのID。", "Id of the plan.", required=True, immutable=True),
        out("createdAt", STR, "CreatedAt", "作成日時。", "When it was made."),
    ),
)

RESOURCES: Final = (DISK, ARCHIVE, AUTO_BACKUP, DEDICATED_STORAGE)
