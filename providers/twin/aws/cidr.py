"""Address arithmetic of VPCs, subnets and pools, with EC2's refusals."""

from __future__ import annotations

import ipaddress

from providers.twin.behaviour import Refusal
from providers.twin.scope import Scope
from providers.twin.store import Row


def network(cidr: str, code: str) -> ipaddress.IPv4Network:
    """The range `cidr`; Refusal with `code` when it is none or has host bits."""
    try:
        return ipaddress.IPv4Network(cidr, strict=True)
    except ValueError:
        raise Refusal(code, f"The CIDR '{cidr}' is invalid.") from None


def claim_vpc_range(scope: Scope, vpc: int, cidr: str) -> None:
    """Gives a range to a VPC: /16 to /28, and not overlapping what it has already."""
    found = network(cidr, "InvalidVpc.Range")
    if not 16 <= found.prefixlen <= 28:
        raise Refusal("InvalidVpc.Range", f"The CIDR '{cidr}' is invalid.")
    low, high = int(found.network_address), int(found.broadcast_address)
    where = f"vpc:{vpc}"
    if scope.store.overlapping(where, low, high):
        raise Refusal(
            "InvalidVpc.Conflict", f"The CIDR '{cidr}' conflicts with another CIDR block of the VPC."
        )
    scope.store.add_span(where, low, high, scope.rid)


def claim_subnet_range(scope: Scope, vpc: Row, cidr: str) -> None:
    """Gives a range in a VPC to a subnet: inside one of the VPC's, and not overlapping another subnet's."""
    found = network(cidr, "InvalidSubnet.Range")
    if not 16 <= found.prefixlen <= 28:
        raise Refusal("InvalidSubnet.Range", f"The CIDR '{cidr}' is invalid.")
    low, high = int(found.network_address), int(found.broadcast_address)
    inside = scope.store.overlapping(f"vpc:{vpc.rid}", low, high)
    if not any(start <= low and high <= end for _, start, end in inside):
        raise Refusal("InvalidSubnet.Range", f"The CIDR '{cidr}' is invalid.")
    where = f"subnet:{vpc.rid}"
    if scope.store.overlapping(where, low, high):
        raise Refusal("InvalidSubnet.Conflict", f"The CIDR '{cidr}' conflicts with another subnet")
    scope.store.add_span(where, low, high, scope.rid)


def free_address(cidr: str, seed: str) -> str:
    """An address in a subnet's range: EC2 keeps the first four and the last for itself."""
    found = ipaddress.IPv4Network(cidr)
    usable = max(found.num_addresses - 5, 1)
    return str(found.network_address + 4 + int(seed, 16) % usable)
