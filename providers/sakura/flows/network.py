"""Networks: switches, routers, subnets, reverse DNS, packet filters."""

# ruff: noqa: ARG002 - every step of a flow takes the same, whether it needs it or not
from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from providers.sakura import convert
from providers.sakura.errors import ApiError
from providers.sakura.flow import Flow, keep_hidden_tags
from providers.sakura.job import Job
from providers.sakura.model import Json
from stacks.text import Text

from .document import DocumentFlow

_THERE = Text(ja="作成済み", en="created")


class SwitchFlow(Flow):
    """Switches: the bridge is connected by a request of its own."""

    def finish(self, job: Job) -> None:
        """Connect to, or let go of, the bridge."""
        wanted = job.inputs.get("bridgeId")
        now = convert.get(self.load(job), "Bridge.ID")
        now = None if now in (convert.ABSENT, None) else str(now)
        if wanted == now:
            return
        if now is not None:
            job.call("DELETE", f"{job.item_path}/to/bridge")
        if wanted is not None:
            job.call("PUT", f"{job.item_path}/to/bridge/{wanted}")

    def delete(self, job: Job) -> None:
        """Let go of the bridge, then delete; servers and local routers that still hold it are waited for."""
        if convert.get(self.load(job), "Bridge.ID") not in (convert.ABSENT, None):
            job.call("DELETE", f"{job.item_path}/to/bridge")
        super().delete(job)

    def computed(self, job: Job, document: Json) -> dict[str, Json]:
        """Is a hybrid connection or a local router on it?"""
        hybrid = convert.get(document, "HybridConnection.ID")
        return {"hybridConnected": hybrid not in (convert.ABSENT, None, "")}


class InternetFlow(Flow):
    """Routers with their switch: listed only some time after creation; the bandwidth renumbers them."""

    partial_updates = True
    appears_later = True

    def finish(self, job: Job) -> None:
        """Wait until it can be read; switch IPv6."""

        def there() -> bool:
            try:
                return convert.get(self.load(job), "Switch.ID") not in (convert.ABSENT, None)
            except ApiError as error:
                if error.missing:
                    return False
                raise

        job.wait(_THERE, there)
        nets = convert.get(self.load(job), "Switch.IPv6Nets")
        first = nets[0] if isinstance(nets, list) and nets and isinstance(nets[0], Mapping) else None
        if job.inputs.get("enableIpv6") and first is None:
            job.call("POST", f"{job.item_path}/ipv6net")
        elif not job.inputs.get("enableIpv6") and first is not None:
            job.call("DELETE", f"{job.item_path}/ipv6net/{first['ID']}")

    def update(self, job: Job) -> None:
        """Change name and tags; change the bandwidth, after which it has another id."""
        super().update(job)
        wanted = job.inputs.get("bandwidth") or 100
        if convert.get(self.load(job), "BandWidthMbps") != wanted:
            change = {"Internet": {"BandWidthMbps": wanted}}
            renumber(self, job, lambda: job.call("PUT", f"{job.item_path}/bandwidth", change))

    def delete(self, job: Job) -> None:
        """IPv6 must be switched off first."""
        nets = convert.get(self.load(job), "Switch.IPv6Nets")
        for net in convert.items(nets):
            job.call("DELETE", f"{job.item_path}/ipv6net/{net['ID']}")
        super().delete(job)

    def carried(self, job: Job, document: Json) -> dict[str, Json]:
        """Is IPv6 on?"""
        nets = convert.get(document, "Switch.IPv6Nets")
        return {"enableIpv6": True if isinstance(nets, list) and any(nets) else None}

    def computed(self, job: Job, document: Json) -> dict[str, Json]:
        """The addresses, out of the switch's first subnet."""
        found: dict[str, Json] = {}
        subnets = convert.get(document, "Switch.Subnets")
        first = (
            subnets[0] if isinstance(subnets, list) and subnets and isinstance(subnets[0], Mapping) else None
        )
        if first is not None:
            found["networkAddress"] = first.get("NetworkAddress")
            found["gateway"] = first.get("NextHop") or first.get("DefaultRoute")
            low, high = convert.get(first, "IPAddresses.Min"), convert.get(first, "IPAddresses.Max")
            if isinstance(low, str) and isinstance(high, str):
                found["ipAddresses"] = addresses(low, high)
        return {key: value for key, value in found.items() if value}


def addresses(low: str, high: str) -> list[str]:
    """Every address from `low` to `high`."""
    start, end = int(ipaddress.ip_address(low)), int(ipaddress.ip_address(high))
    return [str(ipaddress.ip_address(each)) for each in range(start, end + 1)]


def renumber(flow: Flow, job: Job, change: Any) -> None:
    """Carry out a plan change: name the old id in a tag, change, take the new id.

    If the answer is lost, the next run finds the resource by that tag.
    """
    current = flow.load(job)
    tagged: dict[str, Json] = {"Tags": convert.renumbered_tags(current.get("Tags") or [], job.id)[:10]}
    for key in ("Name", "Description"):
        if current.get(key) is not None:
            tagged[key] = current[key]
    job.call("PUT", job.item_path, job.wrap(tagged))
    answer = change()
    new = flow.id_of(job, job.unwrap(answer))
    if new:
        job.id = new


class SubnetFlow(Flow):
    """More addresses on a router: made under the router, read by itself."""

    def send(self, job: Job, body: dict[str, Json]) -> Json:
        """The request carries no envelope."""
        job.inputs["internetId"] = self.current_ids(job)["internetId"]
        return job.call("POST", job.collection_path, body)

    def fetch_all(self, job: Job, query: Mapping[str, Any] | None = None) -> list[Json]:
        """All subnets of the zone."""
        found = job.call("GET", "/subnet", query={"From": 0, "Count": 500}).get("Subnets")
        return found if isinstance(found, list) else []

    def load(self, job: Job) -> dict[str, Json]:
        """From its own address."""
        return job.unwrap(job.call("GET", f"/subnet/{job.id}"))

    def update(self, job: Job) -> None:
        """Only the next hop can change."""
        job.call("PUT", job.item_path, {"NextHop": job.inputs["nextHop"]})

    def carried(self, job: Job, document: Json) -> dict[str, Json]:
        """The router it belongs to."""
        owner = convert.get(document, "Switch.Internet.ID")
        return {"internetId": None if owner in (convert.ABSENT, None) else str(owner)} if owner else {}

    def computed(self, job: Job, document: Json) -> dict[str, Json]:
        """Its addresses."""
        listed = convert.get(document, "IPAddresses")
        if isinstance(listed, list):
            return {"ipAddresses": [a["IPAddress"] if isinstance(a, Mapping) else a for a in listed]}
        return {}


class PtrFlow(DocumentFlow):
    """A reverse DNS name: a property of an address, never created."""

    def update(self, job: Job) -> None:
        """Set the name; the DNS side may not know the forward record yet, which passes."""
        body = {"IPAddress": {"HostName": job.inputs["hostname"]}}
        job.call(
            "PUT",
            job.item_path,
            body,
            patience=frozenset({"dns_ptr_update_failure", "dns_a_record_not_found"}),
        )

    def read(self, job: Job) -> dict[str, Json] | None:
        """None when the address is gone or has no name."""
        found = super().read(job)
        return found if found and found.get("HostName") else None

    def delete(self, job: Job) -> None:
        """Take the name away."""
        job.call("PUT", job.item_path, {"IPAddress": {"HostName": ""}})


class PacketFilterFlow(Flow):
    """Packet filters: one document, guarded by a hash of its rules."""

    def update(self, job: Job) -> None:
        """Write it whole, saying which version of the rules we have seen."""
        with job.shared.document(job.document_key):
            for last in (False, False, True):
                current = self.load(job)
                body = self.body(job, "update", current)
                keep_hidden_tags(current, body)
                asked = {"PacketFilter": body, "OriginalExpressionHash": current.get("ExpressionHash") or ""}
                try:
                    job.call("PUT", job.item_path, asked)
                except ApiError as error:
                    if last or error.code not in ("original_hash_mismatch", "packetfilter_version_mismatch"):
                        raise
                    continue
                return
