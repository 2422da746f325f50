"""Resources that are stored as they are given: keys, scripts, icons, bridges, hosts, images."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from providers.twin.sakura.faults import Refused, bad, conflict
from providers.twin.sakura.iaas import net
from providers.twin.sakura.place import ZONES, Place, base, merge_common
from providers.twin.sakura.store import Doc

# Kinds that belong to the account, not to a zone.
GLOBAL = frozenset({"sshkey", "note", "icon", "commonserviceitem"})


def zone_of(place: Place, kind: str) -> str:
    """Where documents of `kind` are kept."""
    return "" if kind in GLOBAL else place.zone


def create_sshkey(place: Place) -> tuple[int, Any]:
    """POST /sshkey."""
    given = place.part("SSHKey")
    doc = base(place, given, tagged=False)
    key = str(given.get("PublicKey") or "")
    if not key.startswith(("ssh-", "ecdsa-")):
        raise bad("公開鍵の形式が正しくありません。(PublicKey)", "invalid_format")
    body = key.split()[1] if len(key.split()) > 1 else ""
    try:
        digest = hashlib.md5(base64.b64decode(body + "=="), usedforsecurity=False).hexdigest()
    except ValueError as error:
        raise bad("公開鍵の形式が正しくありません。(PublicKey)", "invalid_format") from error
    doc["PublicKey"] = key
    doc["Fingerprint"] = ":".join(digest[i : i + 2] for i in range(0, 32, 2))
    return 201, {"SSHKey": place.save("sshkey", doc, "")}


def create_note(place: Place) -> tuple[int, Any]:
    """POST /note."""
    given = place.part("Note")
    doc = base(place, given)
    doc |= {"Class": given.get("Class") or "shell", "Content": given.get("Content") or "", "Scope": "user"}
    doc["Availability"] = "available"
    if doc["Class"] not in ("shell", "yaml_cloud_config", "json"):
        raise bad("スクリプトの種類が正しくありません。(Class)", "invalid_format")
    return 201, {"Note": place.save("note", doc, "")}


def create_icon(place: Place) -> tuple[int, Any]:
    """POST /icon."""
    given = place.part("Icon")
    if not given.get("Image"):
        raise bad("画像がありません。(Image)", "missing_param")
    doc = base(place, given)
    doc |= {"Scope": "user", "Availability": "available", "URL": f"https://twin.invalid/icon/{doc['ID']}.png"}
    doc.pop("Icon")
    return 201, {"Icon": place.save("icon", doc, "")}


def create_bridge(place: Place) -> tuple[int, Any]:
    """POST /bridge."""
    place.limit("bridge", len(place.all("bridge")))
    doc = base(place, place.part("Bridge"), tagged=False)
    doc |= {"Info": None, "SwitchInZone": None, "Region": place.zone_info()["Region"]}
    return 201, {"Bridge": place.save("bridge", doc)}


def delete_bridge(place: Place, id_: str) -> Any:
    """DELETE /bridge/:id."""
    doc = place.find("bridge", id_)
    if any(net.bridge_of(s) == id_ for _, s in place.store.everywhere("switch")):
        raise conflict("disconnect_b4_delete", "スイッチが接続されているため削除できません。")
    place.delete("bridge", doc)
    return {"Bridge": doc}


def create_privatehost(place: Place) -> tuple[int, Any]:
    """POST /privatehost."""
    given = place.part("PrivateHost")
    plan = place.reference("product/privatehost", (given.get("Plan") or {}).get("ID"))
    doc = base(place, given)
    doc |= {
        "Plan": plan,
        "AssignedCPU": 0,
        "AssignedMemoryMB": 0,
        "Host": {"Name": f"sac-{place.zone}-svph001"},
        "Zone": place.zone_info(),
    }
    return 201, {"PrivateHost": place.save("privatehost", doc)}


def delete_privatehost(place: Place, id_: str) -> Any:
    """DELETE /privatehost/:id."""
    doc = place.find("privatehost", id_)
    if any(((s.get("PrivateHost") or {}).get("ID")) == id_ for s in place.all("server")):
        raise conflict("disconnect_b4_delete", "サーバーが割り当てられているため削除できません。")
    place.delete("privatehost", doc)
    return {"PrivateHost": doc}


_UPDATABLE = {"note": ("Content",), "sshkey": (), "icon": (), "bridge": (), "privatehost": (), "cdrom": ()}
_ENVELOPE = {
    "note": "Note",
    "sshkey": "SSHKey",
    "icon": "Icon",
    "bridge": "Bridge",
    "privatehost": "PrivateHost",
    "cdrom": "CDROM",
}


def update(place: Place, kind: str, id_: str) -> Any:
    """PUT of those that only take over what is given."""
    envelope = _ENVELOPE[kind]
    zone = zone_of(place, kind)
    doc = place.find(kind, id_, zone)
    if doc.get("_platform"):
        raise Refused(403, "forbidden", "公開リソースは変更できません。")
    given = place.part(envelope)
    merge_common(place, doc, given)
    for key in _UPDATABLE[kind]:
        if given.get(key) is not None:
            doc[key] = given[key]
    return {envelope: place.save(kind, doc, zone)}


def delete(place: Place, kind: str, id_: str) -> Any:
    """DELETE of those that nothing holds."""
    zone = zone_of(place, kind)
    doc = place.find(kind, id_, zone)
    if doc.get("_platform"):
        raise Refused(403, "forbidden", "公開リソースは削除できません。")
    place.delete(kind, doc, zone)
    return {_ENVELOPE[kind]: doc}


def seed(place: Place) -> None:
    """What the platform offers in a zone: archives, ISO images, plans, public notes."""
    number = int(place.zone_info()["ID"])
    for at, (name, size, tags) in enumerate(_ARCHIVES):
        doc = _platform(f"{number}{1000000 + at}"[-12:].rjust(12, "1"), name, tags)
        doc |= {
            "SizeMB": size * 1024,
            "Scope": "shared",
            "Availability": "available",
            "Plan": {"ID": 2, "StorageClass": "iscsi9999"},
        }
        doc |= {
            "Zone": place.zone_info(),
            "Storage": {"ID": "3100297001", "Class": "iscsi9999", "Name": "sac"},
        }
        doc |= {"SourceDisk": None, "SourceArchive": None, "BundleInfo": None}
        place.save("archive", doc)
    cdrom = _platform(
        f"{number}2000000"[-12:].rjust(12, "1"),
        "Ubuntu Server 24.04 LTS 64bit",
        ["arch-64bit", "distro-ubuntu", "os-linux"],
    )
    cdrom |= {
        "SizeMB": 5120,
        "Scope": "shared",
        "Availability": "available",
        "Storage": {"ID": "3100297001", "Name": "sac"},
    }
    place.save("cdrom", cdrom)
    for kind, plans in _plans(number).items():
        for plan in plans:
            place.store.put(f"product/{kind}", place.zone, str(plan["ID"]), {**plan, "_platform": True})


def seed_global(place: Place) -> None:
    """What the platform offers everywhere: the table of NFS plans, a public note for each zone."""
    table = {
        "plans": {
            kind: [
                {"size": size, "availability": "available", "planId": start + at}
                for at, size in enumerate(sizes)
            ]
            for kind, start, sizes in (
                ("HDD", 2001000, (100, 500, 1024, 2048, 4096, 8192, 12288)),
                ("SSD", 4001000, (20, 100, 500, 1024, 2048, 4096)),
            )
        }
    }
    for at, zone in enumerate(ZONES):
        doc = _platform(f"11310070{at:04d}", "sys-nfs", [f"@zone={zone}"])
        doc |= {"Class": "json", "Scope": "shared", "Content": json.dumps(table), "Availability": "available"}
        place.save("note", doc, "")


def _platform(id_: str, name: str, tags: list[str]) -> Doc:
    stamp = "2025-04-01T00:00:00+09:00"
    return {
        "ID": id_,
        "Name": name,
        "Description": "",
        "Tags": tags,
        "Icon": None,
        "CreatedAt": stamp,
        "ModifiedAt": stamp,
        "_platform": True,
    }


_ARCHIVES = (
    ("AlmaLinux 9.4", 20, ["arch-64bit", "current-stable", "distro-alma", "distro-ver-9", "os-linux"]),
    ("Rocky Linux 9.4", 20, ["arch-64bit", "current-stable", "distro-rocky", "distro-ver-9", "os-linux"]),
    ("MIRACLE LINUX 9.4", 20, ["arch-64bit", "current-stable", "distro-miracle", "distro-ver-9", "os-linux"]),
    (
        "Ubuntu Server 24.04.1 LTS 64bit",
        20,
        ["arch-64bit", "current-stable", "distro-ubuntu", "distro-ver-24.04", "os-linux"],
    ),
    (
        "Debian GNU/Linux 12.6.0 64bit",
        20,
        ["arch-64bit", "current-stable", "distro-debian", "distro-ver-12", "os-linux"],
    ),
    (
        "Windows Server 2022 Datacenter Edition",
        100,
        ["arch-64bit", "distro-ver-2022", "os-windows", "windows-server"],
    ),
)


def _plans(number: int) -> dict[str, list[Doc]]:
    servers = [
        {
            "ID": f"{100000000 + 200 * 1000000 + memory * 1000 + cpu}"
            if not dedicated
            else f"{500000000 + memory * 1000 + cpu}",
            "Name": f"プラン/{cpu}Core-{memory}GB",
            "CPU": cpu,
            "MemoryMB": memory * 1024,
            "GPU": 0,
            "GPUModel": None,
            "CPUModel": "uncategorized",
            "Commitment": "dedicatedcpu" if dedicated else "standard",
            "Generation": 200,
            "ConfidentialVM": False,
            "ServiceClass": f"cloud/plan/{cpu}core-{memory}gb",
            "Availability": "available",
        }
        for dedicated in (False, True)
        for cpu in (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32)
        for memory in (1, 2, 3, 4, 5, 6, 8, 12, 16, 20, 24, 32, 48, 64, 96, 128, 224)
    ]
    return {
        "server": servers,
        "disk": [
            {
                "ID": str(id_),
                "Name": name,
                "StorageClass": "iscsi9999",
                "Availability": "available",
                "Size": [
                    {
                        "SizeMB": size * 1024,
                        "DisplaySize": size,
                        "DisplaySuffix": "GB",
                        "Availability": "available",
                        "ServiceClass": f"cloud/disk/{kind}/{size}g",
                    }
                    for size in (20, 40, 60, 80, 100, 250, 500, 750, 1024, 2048, 4096, 8192, 12288)
                ],
            }
            for id_, name, kind in ((4, "SSDプラン", "ssd"), (2, "標準プラン", "hdd"))
        ],
        "internet": [
            {
                "ID": str(mbps),
                "Name": f"{mbps}Mbps共有",
                "BandWidthMbps": mbps,
                "ServiceClass": f"cloud/internet/router/{mbps}m",
                "Availability": "available",
            }
            for mbps in (100, 250, 500, *range(1000, 10001, 500))
        ],
        "privatehost": [
            {
                "ID": f"1129007925{at:02d}",
                "Name": name,
                "Class": kind,
                "CPU": cpu,
                "MemoryMB": memory * 1024,
                "ServiceClass": f"cloud/plan/ph/{kind}",
                "Availability": "available",
                "Zone": {"ID": str(number)},
            }
            for at, (name, kind, cpu, memory) in enumerate(
                (
                    ("200Core 224GB 標準", "dynamic", 200, 224),
                    ("200Core 224GB Windows", "ms_windows", 200, 224),
                )
            )
        ],
    }
