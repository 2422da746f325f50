"""Addresses of subnets: which are free, which Azure keeps, and whose they are."""

from __future__ import annotations

import ipaddress

from providers.twin.behaviour import Refusal
from providers.twin.scope import Scope
from providers.twin.store import Row
from providers.wire import Value


def network_of(cidr: str) -> ipaddress.IPv4Network:
    """The range `cidr`; Refusal when it is none or has host bits."""
    try:
        return ipaddress.IPv4Network(cidr, strict=True)
    except ValueError:
        raise Refusal(
            "InvalidCIDRNotation", f"The address prefix {cidr} has an invalid CIDR notation."
        ) from None


def free_address(scope: Scope, subnet: Row | None, label: str) -> str:
    """An address of a subnet: Azure keeps the first four and the last for itself."""
    found = network_of(str(subnet.state.get("addressPrefix")) if subnet is not None else "10.0.0.0/24")
    usable = max(found.num_addresses - 5, 1)
    start = int(scope.hex(12, label), 16)
    where = _taken_in(subnet) if subnet is not None else ""
    for step in range(usable):
        number = int(found.network_address) + 4 + (start + step) % usable
        if not where or not scope.store.overlapping(where, number, number):
            return str(ipaddress.IPv4Address(number))
    raise Refusal("SubnetIsFull", f"Subnet {where} with address prefix {found} has no free addresses.")


def _taken_in(subnet: Row) -> str:
    return f"azure-addresses:{subnet.rid}"


def take(scope: Scope, subnet: Row, address: str, rid: int) -> None:
    """Takes `address` for the resource `rid`: of the subnet, not one that Azure keeps, and nobody else's."""
    found, number = network_of(str(subnet.state.get("addressPrefix"))), int(ipaddress.IPv4Address(address))
    low, high = int(found.network_address), int(found.broadcast_address)
    if not low <= number <= high:
        raise Refusal(
            "PrivateIPAddressNotInSubnet", f"Private static IP address {address} is not in {subnet.id}."
        )
    if number < low + 4 or number == high:
        raise Refusal(
            "PrivateIPAddressInReservedRange", f"{address} is in the range that Azure keeps in {subnet.id}."
        )
    if scope.store.overlapping(_taken_in(subnet), number, number):
        raise Refusal(
            "PrivateIPAddressIsAllocated", f"IP configuration cannot use {address}: it is already allocated."
        )
    scope.store.add_span(_taken_in(subnet), number, number, rid)


def addresses(prop: str) -> Value:
    """A hook that gives each of the configurations in `prop` its id and private address."""

    def made(scope: Scope) -> None:
        filled = []
        subnets = [scope.target(f"{prop}[{at}].subnet.id") for at in range(len(scope.get(prop) or []))]
        for subnet in subnets:
            if subnet is not None:
                scope.store.drop_spans(_taken_in(subnet), scope.rid)
        for at, (item, target) in enumerate(zip(scope.get(prop) or [], subnets, strict=True)):
            address = item.get("privateIPAddress") or free_address(scope, target, f"{prop}{at}")
            if target is not None:
                take(scope, target, str(address), scope.rid)
            filled.append(
                {**item, "id": f"{scope.id}/{prop}/{item.get('name')}", "privateIPAddress": address}
            )
        scope.state[prop] = filled

    return made
