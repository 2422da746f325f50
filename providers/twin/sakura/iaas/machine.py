"""Servers, disks and archives."""

from __future__ import annotations

from typing import Any

from providers.twin.sakura.faults import Refused, bad, conflict
from providers.twin.sakura.iaas import net
from providers.twin.sakura.place import ZONES, Place, base, merge_common
from providers.twin.sakura.store import Doc

# --- servers
# ----------------------------------------------------------------------------------------------------------


def _plan(place: Place, given: Any) -> Doc:
    given = given if isinstance(given, dict) else {}
    for plan in place.all("product/server"):
        if given.get("ID") not in (None, 0, "") and str(plan["ID"]) == str(given["ID"]):
            return {k: v for k, v in plan.items() if not k.startswith("_")}
        if (
            plan["CPU"] == given.get("CPU")
            and plan["MemoryMB"] == given.get("MemoryMB")
            and plan["Commitment"] == (given.get("Commitment") or "standard")
        ):
            return {k: v for k, v in plan.items() if not k.startswith("_")}
    raise Refused(
        400, "param_res_not_found", "指定されたサーバープランはこのゾーンにありません。(ServerPlan)"
    )


def create_server(place: Place) -> tuple[int, Any]:
    """POST /server."""
    place.limit("server", len(place.all("server")))
    given = place.part("Server")
    plan = _plan(place, given.get("ServerPlan"))
    doc = base(place, given)
    host = given.get("PrivateHost")
    if isinstance(host, dict) and host.get("ID"):
        host = {"ID": place.reference("privatehost", host["ID"])["ID"]}
    doc |= {
        "HostName": doc["Name"],
        "InterfaceDriver": given.get("InterfaceDriver") or "virtio",
        "ServerPlan": plan,
        "ServiceClass": plan["ServiceClass"],
        "Zone": place.zone_info(),
        "Instance": {
            "Status": "down",
            "BeforeStatus": None,
            "StatusChangedAt": None,
            "Host": None,
            "CDROM": None,
        },
        "PrivateHost": host if isinstance(host, dict) else None,
        "Availability": "available",
        "WaitDiskMigration": bool(given.get("WaitDiskMigration")),
    }
    place.save("server", doc)
    for switch in given.get("ConnectedSwitches") or []:
        net.new_interface(place, doc, switch)
    return 201, {"Server": show_server(place, doc)}


def show_server(place: Place, doc: Doc) -> Doc:
    """A server with its disks and interfaces."""
    disks = [d for d in place.all("disk") if (d.get("Server") or {}).get("ID") == doc["ID"]]
    disks.sort(key=lambda d: d.get("ConnectionOrder") or 0)
    interfaces = [i for i in place.all("interface") if (i.get("Server") or {}).get("ID") == doc["ID"]]
    return {**doc, "Disks": disks, "Interfaces": interfaces}


def update_server(place: Place, id_: str) -> Any:
    """PUT /server/:id."""
    doc = place.find("server", id_)
    given = place.part("Server")
    merge_common(place, doc, given)
    if given.get("InterfaceDriver"):
        doc["InterfaceDriver"] = given["InterfaceDriver"]
    place.save("server", doc)
    return {"Server": show_server(place, doc)}


def _must_be_down(doc: Doc) -> None:
    if doc["Instance"]["Status"] != "down":
        raise conflict("server_power_must_be_down", "サーバーの電源を切ってから操作してください。")


def change_plan(place: Place, id_: str) -> tuple[int, Any]:
    """PUT /server/:id/plan: a new id."""
    doc = place.find("server", id_)
    _must_be_down(doc)
    plan = _plan(place, place.body)
    place.delete("server", doc)
    doc |= {"ID": place.store.new_id(), "ServerPlan": plan, "ServiceClass": plan["ServiceClass"]}
    place.save("server", doc)
    for kind in ("disk", "interface"):
        for part in place.all(kind):
            if (part.get("Server") or {}).get("ID") == id_:
                part["Server"] = {"ID": doc["ID"], "Name": doc["Name"]}
                place.save(kind, part)
    return 201, {"Server": show_server(place, doc)}


def delete_server(place: Place, id_: str) -> Any:
    """DELETE /server/:id, with the disks that the request names."""
    doc = place.find("server", id_)
    _must_be_down(doc)
    with_disks = {str(d) for d in (place.body or {}).get("WithDisk") or []}
    for disk in place.all("disk"):
        if (disk.get("Server") or {}).get("ID") == id_:
            if disk["ID"] in with_disks:
                place.delete("disk", disk)
            else:
                disk["Server"] = None
                place.save("disk", disk)
    for interface in place.all("interface"):
        if (interface.get("Server") or {}).get("ID") == id_:
            place.delete("interface", interface)
    place.delete("server", doc)
    return {"Server": doc}


def boot_server(place: Place, id_: str) -> Any:
    """PUT /server/:id/power."""
    doc = place.find("server", id_)
    status = doc["Instance"]["Status"]
    if status == "up":
        raise conflict("server_power_must_be_down", "サーバーは既に起動しています。")
    if status == "cleaning" or doc.get("_booting"):
        raise conflict(
            "server_is_cleaning" if status == "cleaning" else "conflict",
            "処理中です。しばらくお待ちください。",
        )
    for disk in place.all("disk"):
        if (disk.get("Server") or {}).get("ID") == id_ and disk["Availability"] != "available":
            raise conflict("still_creating", "ディスクを作成中です。")
    doc["_booting"] = True
    wait = place.seconds("server_boot")
    host = f"sac-{place.zone}-sv{int(id_) % 900 + 100}"
    place.later(
        doc,
        wait,
        ("Instance.Status", "up"),
        ("Instance.Host", {"Name": host}),
        ("Instance.StatusChangedAt", place.now()),
        ("_booting", None),
    )
    place.save("server", doc)
    return {"Success": True}


def stop_server(place: Place, id_: str) -> Any:
    """DELETE /server/:id/power: orderly, or at once with Force. `@twin-hangs` in the tags: ACPI is
    ignored."""
    doc = place.find("server", id_)
    if doc["Instance"]["Status"] == "down":
        raise conflict("server_power_must_be_up", "サーバーは起動していません。")
    force = bool((place.body or {}).get("Force"))
    if "@twin-hangs" in doc.get("Tags", []) and not force:
        return {"Success": True}
    if doc.get("_stopping") and not force:
        raise conflict("conflict", "シャットダウン中です。")
    doc["_stopping"] = True
    wait = 0.5 / place.speed if force else place.seconds("server_stop")
    place.later(doc, wait, ("Instance.Status", "down"), ("Instance.Host", None), ("_stopping", None))
    place.save("server", doc)
    return {"Success": True}


def power_of(place: Place, kind: str, id_: str) -> Any:
    """GET …/power."""
    return {"Instance": place.find(kind, id_)["Instance"]}


def insert_cdrom(place: Place, id_: str) -> Any:
    """PUT /server/:id/cdrom."""
    doc = place.find("server", id_)
    image = place.reference("cdrom", place.part("CDROM").get("ID"))
    doc["Instance"]["CDROM"] = {"ID": image["ID"], "Name": image["Name"]}
    place.save("server", doc)
    return {"Success": True}


def eject_cdrom(place: Place, id_: str) -> Any:
    """DELETE /server/:id/cdrom."""
    doc = place.find("server", id_)
    doc["Instance"]["CDROM"] = None
    place.save("server", doc)
    return {"Success": True}


# --- disks
# ------------------------------------------------------------------------------------------------------------


def _copy_source(place: Place, given: Doc) -> tuple[Doc | None, Doc | None]:
    archive, disk = given.get("SourceArchive"), given.get("SourceDisk")
    found_archive = (
        place.reference("archive", archive["ID"]) if isinstance(archive, dict) and archive.get("ID") else None
    )
    found_disk = place.reference("disk", disk["ID"]) if isinstance(disk, dict) and disk.get("ID") else None
    if found_archive is not None and found_disk is not None:
        raise bad("コピー元は1つだけ指定してください。", "invalid_param_comb")
    for source in (found_archive, found_disk):
        if source is not None and source["Availability"] != "available":
            raise conflict("archive_is_incomplete", "コピー元がまだ利用できません。")
    return found_archive, found_disk


def create_disk(place: Place) -> tuple[int, Any]:
    """POST /disk."""
    place.limit("disk", len(place.all("disk")))
    given = place.part("Disk")
    plan = place.reference("product/disk", (given.get("Plan") or {}).get("ID"))
    archive, disk = _copy_source(place, given)
    source = archive or disk
    size = int(given.get("SizeMB") or (source or {}).get("SizeMB") or 20480)
    if size not in {s["SizeMB"] for s in plan["Size"]}:
        raise bad("ディスクサイズが正しくありません。(SizeMB)", "invalid_range")
    if source is not None and size < int(source["SizeMB"]):
        raise bad("コピー元より小さいディスクは作れません。", "size_mismatch")
    key = (place.body.get("KMSKey") or {}).get("ID")
    encrypted = given.get("EncryptionAlgorithm") or "none"
    if key and encrypted == "none":
        raise bad("暗号化アルゴリズムを指定してください。", "invalid_param_comb")
    if key:
        place.reference("kms", key, "")
    doc = base(place, given)
    doc |= {
        "Plan": {"ID": plan["ID"], "Name": plan["Name"], "StorageClass": "iscsi9999"},
        "Connection": given.get("Connection") or "virtio",
        "ConnectionOrder": None,
        "EncryptionAlgorithm": encrypted,
        "EncryptionKey": {"KMSKeyID": key} if key else None,
        "SizeMB": size,
        "MigratedMB": 0,
        "ReinstallCount": 0,
        "JobStatus": None,
        "Availability": "migrating",
        "SourceArchive": _brief(archive),
        "SourceDisk": _brief(disk),
        "Server": None,
        "Storage": {"ID": "3100297001", "Class": "iscsi9999", "Name": f"sac-{place.zone}-arc-st01"},
        "Zone": place.zone_info(),
        "ServiceClass": f"cloud/disk/{'ssd' if str(plan['ID']) == '4' else 'hdd'}/{size // 1024}g",
    }
    server = given.get("Server")
    if isinstance(server, dict) and server.get("ID"):
        _connect(place, doc, str(server["ID"]))
    _copy(place, doc, place.seconds("disk_copy" if source else "disk_blank"))
    place.save("disk", doc)
    return 202, {"Disk": doc, "Success": "Accepted"}


def _brief(doc: Doc | None) -> Any:
    return (
        None
        if doc is None
        else {
            "ID": doc["ID"],
            "Name": doc["Name"],
            "SizeMB": doc.get("SizeMB"),
            "Availability": doc["Availability"],
        }
    )


def _copy(place: Place, doc: Doc, seconds: float) -> None:
    if place.copy_outcome != "stuck":
        place.later(doc, seconds, ("Availability", place.copy_outcome), ("MigratedMB", doc.get("SizeMB")))


def _connect(place: Place, disk: Doc, server_id: str) -> None:
    server = place.reference("server", server_id)
    _must_be_down(server)
    on = [d for d in place.all("disk") if (d.get("Server") or {}).get("ID") == server_id]
    if len(on) >= 3:
        raise conflict("disk_connection_limit", "1台のサーバーに接続できるディスクは3つまでです。")
    disk["Server"] = {"ID": server["ID"], "Name": server["Name"]}
    disk["ConnectionOrder"] = max([d.get("ConnectionOrder") or 0 for d in on], default=0) + 1


def update_disk(place: Place, id_: str) -> Any:
    """PUT /disk/:id."""
    doc = place.find("disk", id_)
    given = place.part("Disk")
    merge_common(place, doc, given)
    if given.get("Connection"):
        doc["Connection"] = given["Connection"]
    return {"Disk": place.save("disk", doc)}


def delete_disk(place: Place, id_: str) -> Any:
    """DELETE /disk/:id."""
    doc = place.find("disk", id_)
    if doc.get("Server"):
        raise conflict("disconnect_b4_delete", "サーバーに接続されているため削除できません。")
    if doc["Availability"] == "migrating":
        raise conflict("disk_is_copying", "ディスクをコピー中です。")
    place.delete("disk", doc)
    return {"Disk": doc}


def disk_to_server(place: Place, id_: str, server: str) -> Any:
    """PUT /disk/:id/to/server/:sid."""
    doc = place.find("disk", id_)
    if doc.get("Server"):
        raise conflict("res_already_connected", "既にサーバーに接続されています。")
    _connect(place, doc, server)
    place.save("disk", doc)
    return {"Success": True}


def disk_from_server(place: Place, id_: str) -> Any:
    """DELETE /disk/:id/to/server."""
    doc = place.find("disk", id_)
    if not doc.get("Server"):
        raise conflict("res_already_disconnected", "サーバーに接続されていません。")
    _must_be_down(place.find("server", doc["Server"]["ID"]))
    doc["Server"], doc["ConnectionOrder"] = None, None
    place.save("disk", doc)
    return {"Success": True}


def config_disk(place: Place, id_: str) -> Any:
    """PUT /disk/:id/config."""
    doc = place.find("disk", id_)
    if doc["Availability"] != "available":
        raise conflict("disk_is_copying", "ディスクをコピー中です。")
    if doc.get("Server"):
        _must_be_down(place.find("server", doc["Server"]["ID"]))
    password = str((place.body or {}).get("Password") or "")
    if password and not 12 <= len(password) <= 128:
        raise bad("パスワードは12〜128文字で指定してください。(Password)", "invalid_range")
    for note in (place.body or {}).get("Notes") or []:
        place.reference("note", note.get("ID"), "")
    for key in (place.body or {}).get("SSHKeys") or []:
        if key.get("ID"):
            place.reference("sshkey", key["ID"], "")
    # What was written into the disk cannot be read back; secrets are not kept.
    doc["_edited"] = sorted(set(place.body or {}) - {"Password"})
    place.save("disk", doc)
    return {"Success": True}


# --- archives
# ---------------------------------------------------------------------------------------------------------


def create_archive(place: Place) -> tuple[int, Any]:
    """POST /archive: from a disk or an archive of the zone."""
    given = place.part("Archive")
    archive, disk = _copy_source(place, given)
    source = archive or disk
    doc = base(place, given)
    doc |= _archive(place, int(given.get("SizeMB") or (source or {}).get("SizeMB") or 20480))
    doc |= {"SourceArchive": _brief(archive), "SourceDisk": _brief(disk)}
    if source is None:
        doc["Availability"] = "uploading"
    else:
        _copy(place, doc, place.seconds("archive_copy"))
    place.save("archive", doc)
    return 202, {"Archive": doc, "Success": "Accepted"}


def _archive(place: Place, size: int) -> Doc:
    return {
        "SizeMB": size,
        "MigratedMB": 0,
        "Scope": "user",
        "Availability": "migrating",
        "Plan": {"ID": 2, "StorageClass": "iscsi9999"},
        "Zone": place.zone_info(),
        "Storage": {"ID": "3100297001", "Class": "iscsi9999", "Name": "sac"},
        "ServiceClass": f"cloud/archive/{size // 1024}g",
        "BundleInfo": None,
        "JobStatus": None,
    }


def copy_archive(place: Place, id_: str, number: str) -> tuple[int, Any]:
    """POST /archive/:id/to/zone/:zoneid."""
    source = place.find("archive", id_)
    target = next((name for name, (n, _, _) in ZONES.items() if str(n) == number), None)
    if target is None or target == place.zone:
        raise bad("転送先のゾーンが正しくありません。", "copy_to_itself" if target else "invalid_format")
    given = place.part("Archive")
    place.zone = target
    doc = base(place, given)
    doc |= _archive(place, int(source["SizeMB"]))
    doc |= {"SourceArchive": _brief(source), "SourceDisk": None, "Availability": "transfering"}
    _copy(place, doc, place.seconds("archive_copy"))
    place.save("archive", doc)
    return 202, {"Archive": doc, "Success": "Accepted"}


def update_archive(place: Place, id_: str) -> Any:
    """PUT /archive/:id."""
    doc = place.find("archive", id_)
    if doc.get("_platform"):
        raise Refused(403, "forbidden", "公開アーカイブは変更できません。")
    merge_common(place, doc, place.part("Archive"))
    return {"Archive": place.save("archive", doc)}


def delete_archive(place: Place, id_: str) -> Any:
    """DELETE /archive/:id."""
    doc = place.find("archive", id_)
    if doc.get("_platform"):
        raise Refused(403, "forbidden", "公開アーカイブは削除できません。")
    place.delete("archive", doc)
    return {"Archive": doc}


def close_ftp(place: Place, kind: str, id_: str) -> Any:
    """DELETE /archive|cdrom/:id/ftp: the upload is done."""
    doc = place.find(kind, id_)
    doc["Availability"] = "available"
    place.save(kind, doc)
    return {"Success": True}
