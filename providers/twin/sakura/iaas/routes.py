"""Method and path → handler, for the IaaS API."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from providers.twin.sakura.faults import Refused, missing
from providers.twin.sakura.iaas import appliance, common, machine, net, plain, router, status
from providers.twin.sakura.place import REGIONS, ZONES, Handler, Place
from providers.twin.sakura.query import select
from providers.twin.sakura.store import Doc

_LISTS: Final = {
    "server": ("Servers", "Server", machine.show_server),
    "disk": ("Disks", "Disk", None),
    "archive": ("Archives", "Archive", None),
    "cdrom": ("CDROMs", "CDROM", None),
    "switch": ("Switches", "Switch", net.show_switch),
    "internet": ("Internet", "Internet", router.show_internet),
    "interface": ("Interfaces", "Interface", None),
    "packetfilter": ("PacketFilters", "PacketFilter", None),
    "bridge": ("Bridges", "Bridge", None),
    "subnet": ("Subnets", "Subnet", router.show_subnet),
    "ipaddress": ("IPAddress", "IPAddress", None),
    "note": ("Notes", "Note", None),
    "sshkey": ("SSHKeys", "SSHKey", None),
    "icon": ("Icons", "Icon", None),
    "privatehost": ("PrivateHosts", "PrivateHost", None),
    "appliance": ("Appliances", "Appliance", appliance.show),
    "commonserviceitem": ("CommonServiceItems", "CommonServiceItem", lambda _place, doc: common.show(doc)),
}
_PRODUCTS: Final = {
    "server": ("ServerPlans", "ServerPlan"),
    "disk": ("DiskPlans", "DiskPlan"),
    "internet": ("InternetPlans", "InternetPlan"),
    "privatehost": ("PrivateHostPlans", "PrivateHostPlan"),
    "license": ("LicenseInfo", "LicenseInfo"),
}


def _list(place: Place, kind: str) -> Any:
    collection, _, show = _LISTS[kind]
    docs = [d for d in place.all(kind, plain.zone_of(place, kind)) if not d.get("_hidden")]
    docs = [show(place, d) for d in docs] if show else docs
    found, start, total = select(docs, place.query)
    return {"From": start, "Count": len(found), "Total": total, collection: found}


def _read(place: Place, kind: str, id_: str) -> Any:
    _, envelope, show = _LISTS[kind]
    doc = place.find(kind, id_, plain.zone_of(place, kind))
    if doc.get("_hidden"):
        raise missing()
    return {envelope: show(place, doc) if show else doc}


def _products(place: Place, kind: str) -> Any:
    if kind not in _PRODUCTS:
        raise missing()
    found, start, total = select(place.all(f"product/{kind}"), place.query)
    return {"From": start, "Count": len(found), "Total": total, _PRODUCTS[kind][0]: found}


def _product(place: Place, kind: str, id_: str) -> Any:
    return {_PRODUCTS[kind][1]: place.find(f"product/{kind}", id_)}


def _zones(place: Place) -> Any:
    docs: list[Doc] = []
    for name, (number, description, region) in ZONES.items():
        docs.append(
            {
                "ID": str(number),
                "Name": name,
                "Description": description,
                "DisplayOrder": number,
                "IsDummy": name == "tk1v",
                "Region": {
                    "ID": str(region),
                    "Name": REGIONS[region],
                    "NameServers": ["133.242.0.3", "133.242.0.4"],
                },
                "VNCProxy": {"HostName": f"{name}-vnc.cloud.sakura.ad.jp", "IPAddress": "203.0.113.9"},
                "FTPServer": {"HostName": f"{name}-ftp.cloud.sakura.ad.jp"},
            }
        )
    found, start, total = select(docs, place.query)
    return {"From": start, "Count": len(found), "Total": total, "Zones": found}


def _regions(place: Place) -> Any:
    docs = [
        {"ID": str(k), "Name": v, "Description": v, "NameServers": ["133.242.0.3", "133.242.0.4"]}
        for k, v in REGIONS.items()
    ]
    found, start, total = select(docs, place.query)
    return {"From": start, "Count": len(found), "Total": total, "Regions": found}


_PRICES: Final = (
    ("cloud/plan/1core-1gb", "サーバー 1Core 1GB", 8, 66, 1320),
    ("cloud/plan/2core-4gb", "サーバー 2Core 4GB", 27, 209, 4180),
    ("cloud/disk/ssd/20g", "SSD 20GB", 1, 22, 440),
    ("cloud/switch/default", "スイッチ", 4, 110, 2200),
    ("cloud/internet/router/100m", "ルータ 100Mbps", 18, 242, 4840),
    ("cloud/appliance/vpcrouter/1", "VPCルータ スタンダード", 6, 148, 2970),
    ("cloud/appliance/database/10", "データベース 10GB", 16, 330, 6600),
)
"""A few of the public prices, in yen with tax; for the form of the answer, not for quotations."""


def _price_list(place: Place) -> Any:
    docs: list[Doc] = [
        {
            "ID": at,
            "ServiceClassPath": path,
            "DisplayName": name,
            "IsPublic": True,
            "Price": {"Base": 0, "Hourly": hourly, "Daily": daily, "Monthly": monthly, "Zone": place.zone},
        }
        for at, (path, name, hourly, daily, monthly) in enumerate(_PRICES, 1)
    ]
    docs.append(
        {
            "ID": 99,
            "ServiceClassPath": "cloud/iso-image/free",
            "DisplayName": "無料",
            "IsPublic": True,
            "Price": [],
        }
    )
    found, start, total = select(docs, place.query)
    return {"From": start, "Count": len(found), "Total": total, "ServiceClasses": found}


def _auth_status(place: Place) -> Any:
    return {
        "Account": {"ID": place.account, "Class": "account", "Code": "twin", "Name": "デジタルツイン"},
        "Member": {"Class": "member", "Code": "twin00001"},
        "AuthClass": "account",
        "AuthMethod": "apikey",
        "ExternalPermission": "bill+eventlog",
        "OperationPenalty": "none",
        "Permission": "create",
        "IsAPIKey": True,
        "RESTFilter": [],
    }


def _shared_delete(kind: str) -> Callable[[Place, str], Any]:
    return lambda place, id_: plain.delete(place, kind, id_)


def _shared_update(kind: str) -> Callable[[Place, str], Any]:
    return lambda place, id_: plain.update(place, kind, id_)


def _monitor(place: Place, kind: str, id_: str, *_rest: str) -> Any:
    place.find(kind, id_, plain.zone_of(place, kind))
    return {"Data": {}}


_I: Final = r"(\d+)"
_TABLE: Final[tuple[tuple[str, str, Handler], ...]] = (
    ("GET", "/zone", _zones),
    ("GET", "/region", _regions),
    ("GET", "/public/price", _price_list),
    ("GET", "/auth-status", _auth_status),
    ("GET", r"/product/(\w+)", _products),
    ("GET", rf"/product/(\w+)/{_I}", _product),
    ("POST", "/server", machine.create_server),
    ("PUT", f"/server/{_I}", machine.update_server),
    ("DELETE", f"/server/{_I}", machine.delete_server),
    ("PUT", f"/server/{_I}/plan", machine.change_plan),
    ("GET", f"/server/{_I}/power", lambda p, i: machine.power_of(p, "server", i)),
    ("PUT", f"/server/{_I}/power", machine.boot_server),
    ("DELETE", f"/server/{_I}/power", machine.stop_server),
    ("PUT", f"/server/{_I}/reset", lambda p, i: {"Success": bool(p.find("server", i))}),
    ("PUT", f"/server/{_I}/cdrom", machine.insert_cdrom),
    ("DELETE", f"/server/{_I}/cdrom", machine.eject_cdrom),
    ("POST", "/disk", machine.create_disk),
    ("PUT", f"/disk/{_I}", machine.update_disk),
    ("DELETE", f"/disk/{_I}", machine.delete_disk),
    ("PUT", f"/disk/{_I}/config", machine.config_disk),
    ("PUT", f"/disk/{_I}/to/server/{_I}", machine.disk_to_server),
    ("DELETE", f"/disk/{_I}/to/server", machine.disk_from_server),
    ("PUT", f"/disk/{_I}/resize-partition", lambda p, i: {"Success": bool(p.find("disk", i))}),
    ("POST", "/archive", machine.create_archive),
    ("POST", f"/archive/{_I}/to/zone/{_I}", machine.copy_archive),
    ("PUT", f"/archive/{_I}", machine.update_archive),
    ("DELETE", f"/archive/{_I}", machine.delete_archive),
    ("DELETE", f"/(archive|cdrom)/{_I}/ftp", machine.close_ftp),
    ("POST", "/switch", net.create_switch),
    ("PUT", f"/switch/{_I}", net.update_switch),
    ("DELETE", f"/switch/{_I}", net.delete_switch),
    ("PUT", f"/switch/{_I}/to/bridge/{_I}", net.to_bridge),
    ("DELETE", f"/switch/{_I}/to/bridge", net.from_bridge),
    ("GET", f"/switch/{_I}/server", net.servers_on),
    ("POST", "/interface", net.create_interface),
    ("PUT", f"/interface/{_I}", net.update_interface),
    ("DELETE", f"/interface/{_I}", net.delete_interface),
    ("PUT", rf"/interface/{_I}/to/switch/(\d+|shared)", net.interface_to_switch),
    ("DELETE", f"/interface/{_I}/to/switch", net.interface_from_switch),
    ("PUT", f"/interface/{_I}/to/packetfilter/{_I}", net.interface_to_filter),
    ("DELETE", f"/interface/{_I}/to/packetfilter", net.interface_from_filter),
    ("POST", "/packetfilter", net.create_packetfilter),
    ("PUT", f"/packetfilter/{_I}", net.update_packetfilter),
    ("DELETE", f"/packetfilter/{_I}", net.delete_packetfilter),
    ("POST", "/internet", router.create_internet),
    ("PUT", f"/internet/{_I}", router.update_internet),
    ("DELETE", f"/internet/{_I}", router.delete_internet),
    ("PUT", f"/internet/{_I}/bandwidth", router.change_bandwidth),
    ("POST", f"/internet/{_I}/subnet", router.add_subnet),
    ("PUT", f"/internet/{_I}/subnet/{_I}", router.update_subnet),
    ("DELETE", f"/internet/{_I}/subnet/{_I}", router.remove_subnet),
    ("POST", f"/internet/{_I}/ipv6net", router.add_ipv6),
    ("DELETE", f"/internet/{_I}/ipv6net/{_I}", router.remove_ipv6),
    ("PUT", r"/ipaddress/([\d.]+)", router.set_hostname),
    ("POST", "/bridge", plain.create_bridge),
    ("DELETE", f"/bridge/{_I}", plain.delete_bridge),
    ("POST", "/sshkey", plain.create_sshkey),
    ("POST", "/note", plain.create_note),
    ("POST", "/icon", plain.create_icon),
    ("POST", "/privatehost", plain.create_privatehost),
    ("DELETE", f"/privatehost/{_I}", plain.delete_privatehost),
    *(
        ("PUT", f"/{k}/{_I}", _shared_update(k))
        for k in ("bridge", "sshkey", "note", "icon", "privatehost", "cdrom")
    ),
    *(("DELETE", f"/{k}/{_I}", _shared_delete(k)) for k in ("sshkey", "note", "icon", "cdrom")),
    ("POST", "/appliance", appliance.create),
    ("PUT", f"/appliance/{_I}", appliance.update),
    ("DELETE", f"/appliance/{_I}", appliance.delete),
    ("PUT", f"/appliance/{_I}/config", appliance.apply),
    ("PUT", rf"/appliance/{_I}/interface/([1-7])/to/switch/{_I}", appliance.connect),
    ("DELETE", rf"/appliance/{_I}/interface/([1-7])/to/switch", appliance.disconnect),
    ("GET", f"/appliance/{_I}/power", appliance.power),
    ("PUT", f"/appliance/{_I}/power", appliance.boot),
    ("DELETE", f"/appliance/{_I}/power", appliance.stop),
    ("PUT", f"/appliance/{_I}/reset", lambda p, i: {"Success": bool(p.find("appliance", i))}),
    ("GET", f"/appliance/{_I}/status", status.status),
    ("GET", f"/appliance/{_I}/database/parameter", status.parameters),
    ("PUT", f"/appliance/{_I}/database/parameter", status.set_parameters),
    ("POST", "/commonserviceitem", common.create),
    ("PUT", f"/commonserviceitem/{_I}", common.update),
    ("DELETE", f"/commonserviceitem/{_I}", common.delete),
    ("PUT", f"/commonserviceitem/{_I}/plan", common.change_plan),
    ("GET", f"/commonserviceitem/{_I}/health", common.health),
    ("GET", f"/commonserviceitem/{_I}/proxylb/sslcertificate", common.certificates),
    ("PUT", f"/commonserviceitem/{_I}/proxylb/sslcertificate", common.set_certificates),
    ("DELETE", f"/commonserviceitem/{_I}/proxylb/sslcertificate", common.drop_certificates),
    ("GET", f"/commonserviceitem/{_I}/containerregistry/users", common.users),
    ("POST", f"/commonserviceitem/{_I}/containerregistry/users", common.add_user),
    ("PUT", rf"/commonserviceitem/{_I}/containerregistry/users/([\w.-]+)", common.change_user),
    ("DELETE", rf"/commonserviceitem/{_I}/containerregistry/users/([\w.-]+)", common.drop_user),
    ("GET", f"/commonserviceitem/{_I}/enhanceddb/config", common.db_config),
    ("PUT", f"/commonserviceitem/{_I}/enhanceddb/config", common.set_db_config),
    ("PUT", f"/commonserviceitem/{_I}/enhanceddb/set-password", common.set_db_password),
    ("PUT", f"/commonserviceitem/{_I}/eventbus/processconfiguration/set-secret", common.set_event_secret),
    ("PUT", f"/commonserviceitem/{_I}/simplemq/rotate-apikey", common.rotate_queue_key),
    ("GET", f"/commonserviceitem/{_I}/simplemq/message-count", common.queue_count),
    ("GET", rf"/(\w+)/{_I}/(?:\w+/)*monitor", _monitor),
    *(("GET", f"/({k})", _list) for k in _LISTS),
    *(("GET", rf"/({k})/([\w.:-]+)", _read) for k in _LISTS),
)
ROUTES: Final = tuple((method, re.compile(pattern), handler) for method, pattern, handler in _TABLE)
_BY_HEAD: Final[dict[tuple[str, str], list[tuple[re.Pattern[str], Handler]]]] = {}
for _method, _pattern, _handler in ROUTES:
    _heads = re.match(r"/\(?([\w|\\-]+)", _pattern.pattern)
    for _head in (_heads[1] if _heads else "").split("|"):
        _BY_HEAD.setdefault((_method, _head), []).append((_pattern, _handler))


def handle(place: Place) -> Any:
    """Answer a request. Refused (404, resource_path_not_found) when nothing is there, (405) for a wrong
    method."""
    head = place.path.split("/", 2)[1]
    for pattern, handler in (
        *_BY_HEAD.get((place.method, head), ()),
        *_BY_HEAD.get((place.method, "\\w"), ()),
    ):
        match = pattern.fullmatch(place.path)
        if match:
            return handler(place, *match.groups())
    if any(p.fullmatch(place.path) for _, p, _ in ROUTES):
        raise Refused(405, "method_not_allowed", "この操作はできません。")
    raise Refused(404, "resource_path_not_found", "リソースのパスが見つかりません。")
