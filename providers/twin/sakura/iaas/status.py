"""What appliances say of themselves, and the parameters of databases."""

from __future__ import annotations

from typing import Any, Final

from providers.twin.sakura.faults import bad
from providers.twin.sakura.place import Place


def status(place: Place, id_: str) -> Any:
    """GET /appliance/:id/status."""
    doc = place.find("appliance", id_)
    if doc["Class"] == "loadbalancer":
        return {
            "LoadBalancer": [
                {
                    "VirtualIPAddress": v["VirtualIPAddress"],
                    "Port": v["Port"],
                    "CPS": "0",
                    "Servers": [
                        {
                            "IPAddress": s["IPAddress"],
                            "Port": s["Port"],
                            "Status": "UP",
                            "ActiveConn": "0",
                            "CPS": "0",
                        }
                        for s in v.get("Servers") or []
                    ],
                }
                for v in doc["Settings"].get("LoadBalancer") or []
            ]
        }
    if doc["Class"] == "database":
        return {
            "Appliance": {
                "SettingsResponse": {
                    "status": doc["Instance"]["Status"],
                    "is_fatal": False,
                    "DBConf": {
                        "version": {
                            "lastmodified": "",
                            "commithash": "",
                            "status": "latest",
                            "tag": "1.1",
                            "expire": "",
                        },
                        "log": [],
                        "backup": {"history": []},
                    },
                }
            }
        }
    return {
        "Router": {
            "FirewallReceiveLogs": [],
            "FirewallSendLogs": [],
            "VPNLogs": [],
            "SessionCount": 0,
            "DHCPServerLeases": [],
        }
    }


def parameters(place: Place, id_: str) -> Any:
    """GET /appliance/:id/database/parameter."""
    doc = place.find("appliance", id_)
    return {
        "Database": {
            "Parameter": {"NoteID": "1", "Attr": doc.get("_parameters") or []},
            "Remark": {"Settings": [], "Form": _FORM},
        }
    }


def set_parameters(place: Place, id_: str) -> Any:
    """PUT /appliance/:id/database/parameter. Refused (400) for names that there are not."""
    doc = place.find("appliance", id_)
    given = dict(place.part("Parameter").get("Attr") or {})
    known = {str(form["name"]) for form in _FORM}
    unknown = sorted(given.keys() - known)
    if unknown:
        raise bad(f"パラメータがありません。({', '.join(unknown)})", "invalid_format")
    merged = {**(doc.get("_parameters") or {}), **given}
    doc["_parameters"] = {k: v for k, v in merged.items() if v is not None and (k in given)}
    place.save("appliance", doc)
    return {"Success": True}


_FORM: Final = [
    {
        "type": "text",
        "name": "max_connections",
        "label": "max_connections",
        "options": {
            "validator": "number",
            "ex": "100",
            "min": 10,
            "max": 1000,
            "maxlen": 4,
            "text": "",
            "reboot": "dynamic",
            "type": "number",
        },
    },
    {
        "type": "text",
        "name": "work_mem",
        "label": "work_mem",
        "options": {
            "validator": "number",
            "ex": "4096",
            "min": 64,
            "max": 2147483647,
            "maxlen": 10,
            "text": "",
            "reboot": "dynamic",
            "type": "number",
        },
    },
]
