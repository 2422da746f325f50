"""VPC routers: eight interfaces in arrays by number, a firewall of eight entries, settings that must be
applied."""

# ruff: noqa: ARG002 - every step of a flow takes the same, whether it needs it or not
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from providers.sakura import convert
from providers.sakura.diff import Change
from providers.sakura.job import Job
from providers.sakura.model import Json
from stacks.text import Text

from . import power
from .appliance import ApplianceFlow

_DIRECTIONS: Final = {"receive": "Receive", "send": "Send"}
_FIREWALLS: Final = 8
"""The official client cannot read fewer entries, so a document always has them all."""


class VpcRouterFlow(ApplianceFlow):
    """VPC routers: interfaces are connected one by one, settings come after, power last."""

    needs_power = True

    def notice(self, changes: Iterable[Change]) -> Text | None:
        """Interfaces can only change while it is off."""
        if any(change.path.startswith("privateInterfaces") and not change.replace for change in changes):
            return Text(
                ja="インターフェースを変えるため、VPCルーターを停止して起動し直します。",
                en="The VPC router is stopped and started again, because its interfaces change.",
            )
        return None

    def prepare(self, job: Job) -> None:
        """Connect the private interfaces, give the settings, apply them."""
        current = self.load(job)
        wanted = {int(i["index"]): str(i["switchId"]) for i in job.inputs.get("privateInterfaces") or []}
        connected = _connected(current)
        if wanted != connected:
            power.shut_down(job, lambda: self.load(job), force=False)
            for index in sorted({*wanted, *connected}):
                to = f"{job.item_path}/interface/{index}/to/switch"
                if index in connected and connected[index] != wanted.get(index):
                    job.call("DELETE", to)
                if index in wanted and connected.get(index) != wanted[index]:
                    job.call("PUT", f"{to}/{wanted[index]}")
            # Settings that follow too soon are lost: the official client sleeps here as well.
            job.api.sleep(job.api.settings.settle_time)
        self.update(job)

    def change(self, job: Job) -> None:
        """`finish` does everything, in the order that the API wants."""
        self.finish(job)

    def take_up(self, job: Job) -> None:
        """`finish` writes everything."""

    def body(self, job: Job, when: str, onto: Json = None) -> dict[str, Json]:
        """With interfaces and firewalls, whose places in their arrays are their numbers."""
        body = super().body(job, when, onto)
        public = job.inputs.get("publicInterface") or {}
        if when == "create":
            if public.get("switchId"):
                convert.put(body, "Remark.Switch", {"ID": str(public["switchId"])})
                convert.put(
                    body, "Remark.Servers", [{"IPAddress": a} for a in public.get("ipAddresses") or []]
                )
            else:
                convert.put(body, "Remark.Switch", {"Scope": "shared"})
                convert.put(body, "Remark.Servers", [{}])
            convert.put(body, "Remark.Router", {"VPCRouterVersion": int(job.inputs.get("version") or 2)})
        router = body.setdefault("Settings", {}).setdefault("Router", {})
        interfaces: list[Json] = [_public(public)] + [None] * 7
        for each in job.inputs.get("privateInterfaces") or []:
            interfaces[int(each["index"])] = _private(each)
        router["Interfaces"] = interfaces
        if public.get("vrid") is not None:
            router["VRID"] = int(public["vrid"])
        router["Firewall"] = _firewall(job.inputs.get("firewalls") or [])
        _enable(router)
        return body

    def carried(self, job: Job, document: Json) -> dict[str, Json]:
        """Interfaces and firewalls, out of their arrays."""
        router = convert.get(document, "Settings.Router")
        router = router if isinstance(router, Mapping) else {}
        settings = router.get("Interfaces") or []
        found: dict[str, Json] = {"publicInterface": _read_public(document, settings, router)}
        connected = _connected(document)
        private = [
            _read_interface(index, connected[index], settings[index] if index < len(settings) else None)
            for index in sorted(connected)
        ]
        found["privateInterfaces"] = private or None
        found["firewalls"] = _read_firewall(router) or None
        return found

    def computed(self, job: Job, document: Json) -> dict[str, Json]:
        """The public address; a router without a switch of its own gets one from the shared segment."""
        public = (job.inputs or job.state).get("publicInterface") or {}
        address = public.get("vip") or convert.get(document, "Interfaces.0.IPAddress")
        return {"publicIp": address} if isinstance(address, str) and address else {}


def _connected(document: Json) -> dict[int, str]:
    """Interface number → switch id, of the private interfaces."""
    found: dict[int, str] = {}
    listed = convert.get(document, "Interfaces")
    for at, interface in enumerate(convert.items(listed)):
        if at and isinstance(interface, Mapping):
            switch = convert.get(interface, "Switch.ID")
            if switch not in (convert.ABSENT, None):
                index = interface.get("Index")
                found[int(index) if isinstance(index, int) else at] = str(switch)
    return found


def _public(public: Mapping[str, Json]) -> Json:
    if not public.get("switchId"):
        return None
    settings: dict[str, Json] = {"IPAddress": list(public.get("ipAddresses") or [])}
    if public.get("vip"):
        settings["VirtualIPAddress"] = public["vip"]
    if public.get("aliases"):
        settings["IPAliases"] = list(public["aliases"])
    return settings


def _private(interface: Mapping[str, Json]) -> Json:
    settings: dict[str, Json] = {
        "IPAddress": list(interface["ipAddresses"]),
        "NetworkMaskLen": int(interface["netmask"]),
    }
    if interface.get("vip"):
        settings["VirtualIPAddress"] = interface["vip"]
    return settings


def _read_public(document: Json, settings: list[Json], router: Mapping[str, Json]) -> Json:
    if convert.get(document, "Remark.Switch.Scope") == "shared":
        return None
    switch = convert.get(document, "Remark.Switch.ID")
    if switch in (convert.ABSENT, None):
        return None
    first = settings[0] if settings and isinstance(settings[0], Mapping) else {}
    values = {
        "switchId": str(switch),
        "ipAddresses": list(first.get("IPAddress") or []),
        "vip": first.get("VirtualIPAddress"),
        "aliases": list(first.get("IPAliases") or []),
        "vrid": router.get("VRID"),
    }
    return {key: value for key, value in values.items() if value}


def _read_interface(index: int, switch: str, settings: Json) -> Json:
    found: dict[str, Json] = {"index": index, "switchId": switch}
    if isinstance(settings, Mapping):
        found["ipAddresses"] = list(settings.get("IPAddress") or [])
        if settings.get("NetworkMaskLen"):
            found["netmask"] = int(settings["NetworkMaskLen"])
        if settings.get("VirtualIPAddress"):
            found["vip"] = settings["VirtualIPAddress"]
    return found


_RULE: Final = {
    "protocol": "Protocol",
    "sourceNetwork": "SourceNetwork",
    "sourcePort": "SourcePort",
    "destinationNetwork": "DestinationNetwork",
    "destinationPort": "DestinationPort",
    "description": "Description",
}


def _firewall(firewalls: Iterable[Mapping[str, Json]]) -> Json:
    config: list[dict[str, Json]] = [{"Receive": [], "Send": []} for _ in range(_FIREWALLS)]
    for each in firewalls:
        rules = [
            {
                **{
                    wire: rule.get(name) or ""
                    for name, wire in _RULE.items()
                    if name != "description" or rule.get(name)
                },
                "Action": "allow" if rule.get("allow") else "deny",
                "Logging": "True" if rule.get("logging") else "False",
            }
            for rule in each["rules"]
        ]
        config[int(each["interfaceIndex"])][_DIRECTIONS[each["direction"]]] = rules
    used = any(entry["Receive"] or entry["Send"] for entry in config)
    return {"Config": config, "Enabled": "True" if used else "False"}


def _read_firewall(router: Mapping[str, Json]) -> list[Json]:
    found: list[Json] = []
    config = convert.get(router, "Firewall.Config")
    for at, entry in enumerate(convert.items(config)):
        for direction, wire in _DIRECTIONS.items():
            rules = entry.get(wire) if isinstance(entry, Mapping) else None
            if not rules:
                continue
            read = [
                {
                    **{name: rule[key] for name, key in _RULE.items() if rule.get(key)},
                    "allow": rule.get("Action") == "allow",
                    **({"logging": True} if str(rule.get("Logging")).lower() == "true" else {}),
                }
                for rule in rules
            ]
            found.append({"interfaceIndex": at, "direction": direction, "rules": read})
    return found


_SWITCHED: Final = (
    "StaticNAT",
    "PortForwarding",
    "DHCPServer",
    "DHCPStaticMapping",
    "DNSForwarding",
    "PPTPServer",
    "L2TPIPsecServer",
    "WireGuardServer",
    "RemoteAccessUsers",
    "SiteToSiteIPsecVPN",
    "StaticRoutes",
)


def _enable(router: dict[str, Json]) -> None:
    """Each part has a switch of its own beside its content; it is on exactly when there is content."""
    for part in _SWITCHED:
        content = router.get(part)
        if isinstance(content, dict) and (content.get("Config") or content.get("Interface")):
            content["Enabled"] = "True"
        elif part in router:
            router[part] = {"Enabled": "False"}
