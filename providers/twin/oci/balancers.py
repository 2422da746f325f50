"""What answers: load balancers, network load balancers, names, firewalls."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from providers.twin.behaviour import Answer, Behaviour, Guard, Refusal
from providers.twin.oci.compute import free_address, in_subnet
from providers.twin.oci.network import RESOLVER
from providers.twin.oci.words import hold, one, part, thing, token
from providers.twin.scope import Scope
from providers.wire import Value


def _set_of(path: str, balancer: str) -> Value:
    """A rule: the backend set that `path` names is one of the balancer's."""

    def rule(scope: Scope) -> None:
        wanted = f"{scope.get(balancer)}/{scope.get(path)}"
        kind = f"{scope.type.split('/')[0].removeprefix('oci:')}.BackendSet"
        if scope.find(token(kind), wanted) is None:
            raise Refusal("InvalidParameter", f"{path}: there is no backend set {scope.get(path)}")

    return rule


def _address(path: str) -> Value:
    def rule(scope: Scope) -> None:
        if scope.get(path) is None:
            return
        try:
            ipaddress.IPv4Address(str(scope.get(path)))
        except ValueError:
            raise Refusal("InvalidParameter", f"{path} '{scope.get(path)}' is not an IPv4 address") from None

    return rule


def _balancer_made(scope: Scope) -> None:
    subnets = [scope.find(token("Core.Subnet"), value) for value in scope.get("subnetIds") or []]
    details = [
        {
            "ipAddress": free_address(str(row.state["cidrBlock"]), scope.hex(12, f"lb{at}")),
            "isPublic": not scope.get("isPrivate"),
        }
        for at, row in enumerate(subnets[:1])
        if row is not None
    ]
    scope.state["ipAddressDetails"] = details
    scope.state["ipAddresses"] = [one_["ipAddress"] for one_ in details]


def _flexible(scope: Scope) -> None:
    if scope.get("shape") == "flexible" and not scope.get("shapeDetails"):
        raise Refusal("InvalidParameter", "shapeDetails are required for the shape flexible")
    details = scope.get("shapeDetails") or {}
    low, high = (
        int(details.get("minimumBandwidthInMbps") or 10),
        int(details.get("maximumBandwidthInMbps") or 10),
    )
    if not 10 <= low <= high <= 8000:
        raise Refusal("InvalidParameter", "shapeDetails: bandwidths must be between 10 and 8000")


def _tls(scope: Scope) -> None:
    """Either certificates of the Certificates service or the balancer's own, never both or neither."""
    found = scope.get("sslConfiguration")
    if found and not found.get("certificateIds") and not found.get("certificateName"):
        raise Refusal("InvalidParameter", "sslConfiguration needs certificateIds or certificateName")


def _network_made(scope: Scope) -> None:
    scope.state["ipAddresses"] = [
        {
            "ipAddress": in_subnet("subnetId", "nlb")(scope),
            "ipVersion": "IPV4",
            "isPublic": not scope.get("isPrivate"),
        }
    ]


def _in_zone(scope: Scope) -> None:
    zone = scope.target("zoneNameOrId")
    apex = str(zone.state.get("name")) if zone is not None else ""
    domain = str(scope.get("domain")).rstrip(".")
    if apex and domain != apex and not domain.endswith(f".{apex}"):
        raise Refusal("InvalidParameter", f"The domain {domain} is not in the zone {apex}")
    for item in scope.inputs.get("items") or []:
        if item.get("rtype") == "A":
            try:
                ipaddress.IPv4Address(str(item.get("rdata")))
            except ValueError:
                raise Refusal("InvalidParameter", f"rdata '{item.get('rdata')}' is no IPv4 address") from None


def _resolving(scope: Scope) -> None:
    """Rules forward by an endpoint of this resolver, to one address each."""
    names = {
        row.state.get("name")
        for row in scope.rows(token("Dns.ResolverEndpoint"))
        if row.state.get("resolverId") == scope.get("resolverId") and row.state.get("isForwarding")
    }
    for rule in scope.inputs.get("rules") or []:
        if rule.get("sourceEndpointName") not in names:
            raise Refusal(
                "InvalidParameter", f"There is no forwarding endpoint {rule.get('sourceEndpointName')}"
            )
        if len(rule.get("destinationAddresses") or []) != 1:
            raise Refusal("InvalidParameter", "destinationAddresses must have exactly one address")


def _endpoint(scope: Scope) -> None:
    """An endpoint either listens or forwards, at a free address of its subnet."""
    listening, forwarding = bool(scope.get("isListening")), bool(scope.get("isForwarding"))
    if listening == forwarding:
        raise Refusal("InvalidParameter", "exactly one of isListening and isForwarding must be true")
    subnet = scope.target("subnetId")
    address = scope.get("listeningAddress" if listening else "forwardingAddress")
    if subnet is None or address is None:
        return
    cidr = ipaddress.IPv4Network(str(subnet.state["cidrBlock"]))
    if ipaddress.IPv4Address(str(address)) not in list(cidr)[2:-1]:
        raise Refusal("InvalidParameter", f"The address {address} is not free in the subnet {cidr}")


def _firewall_made(scope: Scope) -> None:
    """The firewall's address is a thing of its own, which routes name."""
    scope.make(
        token("Core.PrivateIp"),
        scope.fill("ocid1.privateip.oc1.{region}.aaaaaaaa{alnum52ip}"),
        {"ipAddress": scope.get("ipv4address"), "subnetId": scope.get("subnetId"), "state": "AVAILABLE"},
    )


def _policy_child(key: str) -> Behaviour:
    return thing(
        key,
        id=f"networkFirewallPolicies/{{networkFirewallPolicyId}}/{key}/{{name}}",
        refs=(part("networkFirewallPolicyId", "NetworkFirewall.NetworkFirewallPolicy"),),
        computed={"parentResourceId": "{networkFirewallPolicyId}"},
    )


def _lists(scope: Scope) -> None:
    """What a rule names is in its policy."""
    kinds = {
        "sourceAddresses": "NetworkFirewallPolicyAddressList",
        "destinationAddresses": "NetworkFirewallPolicyAddressList",
        "services": "NetworkFirewallPolicyServiceList",
        "urls": "NetworkFirewallPolicyUrlList",
    }
    policy = scope.get("networkFirewallPolicyId")
    for key, kind in kinds.items():
        for wanted in (scope.get("condition") or {}).get(key) or []:
            rows = scope.rows(token(f"NetworkFirewall.{kind}"))
            if not any(
                r.state.get("name") == wanted and r.state.get("networkFirewallPolicyId") == policy
                for r in rows
            ):
                raise Refusal("InvalidParameter", f"condition.{key}: there is no {wanted} in the policy")


_KEEP = Guard(
    "isDeleteProtectionEnabled", Answer("IncorrectState", "The load balancer {id} is protected", 409)
)
_CERTIFICATE = "CertificatesManagement.Certificate"
_AUTHORITY = "CertificatesManagement.CertificateAuthority"

TABLE: Mapping[str, Behaviour] = {
    "LoadBalancer.LoadBalancer": thing(
        "loadbalancer",
        defaults={"isPrivate": False, "isDeleteProtectionEnabled": False},
        refs=(hold("subnetIds[]", "Core.Subnet"),),
        guards=(_KEEP,),
        rules=(_flexible,),
        made=(_balancer_made,),
    ),
    "LoadBalancer.BackendSet": thing(
        "backendset",
        id="loadBalancers/{loadBalancerId}/backendSets/{name}",
        handles=("{loadBalancerId}/{name}",),
        refs=(
            part("loadBalancerId", "LoadBalancer.LoadBalancer"),
            hold("sslConfiguration.trustedCertificateAuthorityIds[]", _AUTHORITY),
        ),
    ),
    "LoadBalancer.Backend": thing(
        "backend",
        id="loadBalancers/{loadBalancerId}/backendSets/{backendsetName}/backends/{ipAddress}:{port}",
        computed={"name": "{ipAddress}:{port}"},
        refs=(part("loadBalancerId", "LoadBalancer.LoadBalancer"),),
        rules=(_set_of("backendsetName", "loadBalancerId"), _address("ipAddress")),
    ),
    "LoadBalancer.Listener": thing(
        "listener",
        id="loadBalancers/{loadBalancerId}/listeners/{name}",
        refs=(
            part("loadBalancerId", "LoadBalancer.LoadBalancer"),
            hold("sslConfiguration.certificateIds[]", _CERTIFICATE),
        ),
        unique=one("listener:{loadBalancerId}", "{port}"),
        rules=(_set_of("defaultBackendSetName", "loadBalancerId"), _tls),
    ),
    "NetworkLoadBalancer.NetworkLoadBalancer": thing(
        "networkloadbalancer", defaults={"isPrivate": False}, made=(_network_made,)
    ),
    "NetworkLoadBalancer.BackendSet": thing(
        "backendset",
        id="networkLoadBalancers/{networkLoadBalancerId}/backendSets/{name}",
        handles=("{networkLoadBalancerId}/{name}",),
        refs=(part("networkLoadBalancerId", "NetworkLoadBalancer.NetworkLoadBalancer"),),
    ),
    "NetworkLoadBalancer.Backend": thing(
        "backend",
        id="networkLoadBalancers/{networkLoadBalancerId}/backendSets/{backendSetName}/backends/{ipAddress}:{port}",
        computed={"name": "{ipAddress}:{port}"},
        refs=(part("networkLoadBalancerId", "NetworkLoadBalancer.NetworkLoadBalancer"),),
        rules=(_set_of("backendSetName", "networkLoadBalancerId"), _address("ipAddress")),
    ),
    "NetworkLoadBalancer.Listener": thing(
        "listener",
        id="networkLoadBalancers/{networkLoadBalancerId}/listeners/{name}",
        refs=(part("networkLoadBalancerId", "NetworkLoadBalancer.NetworkLoadBalancer"),),
        unique=one("nlb-listener:{networkLoadBalancerId}", "{port}"),
        rules=(_set_of("defaultBackendSetName", "networkLoadBalancerId"),),
    ),
    "Dns.View": thing("dnsview"),
    "Dns.Zone": thing(
        "dns-zone",
        computed={"serial": lambda _: 1, "version": "1"},
        refs=(hold("viewId", "Dns.View"),),
        unique=one("zone:{viewId}", "{name}"),
    ),
    "Dns.Rrset": thing(
        "rrset",
        id="zoneNameOrId/{zoneNameOrId}/domain/{domain}/rtype/{rtype}",
        refs=(hold("zoneNameOrId", "Dns.Zone"),),
        rules=(_in_zone,),
    ),
    "Dns.Resolver": thing(
        "dnsresolver",
        id="{resolverId}",
        put=True,
        refs=(part("resolverId", RESOLVER), hold("attachedViews[].viewId", "Dns.View")),
        computed={"attachedVcnId": lambda s: (r := s.target("resolverId")) and r.state.get("attachedVcnId")},
        rules=(_resolving,),
    ),
    "Dns.ResolverEndpoint": thing(
        "resolverendpoint",
        id="dnsResolverId/{resolverId}/name/{name}",
        refs=(hold("resolverId", RESOLVER),),
        rules=(_endpoint,),
    ),
    "NetworkFirewall.NetworkFirewallPolicy": thing("networkfirewallpolicy"),
    "NetworkFirewall.NetworkFirewallPolicyAddressList": _policy_child("addressLists"),
    "NetworkFirewall.NetworkFirewallPolicyUrlList": _policy_child("urlLists"),
    "NetworkFirewall.NetworkFirewallPolicyService": _policy_child("services"),
    "NetworkFirewall.NetworkFirewallPolicyServiceList": _policy_child("serviceLists"),
    "NetworkFirewall.NetworkFirewallPolicySecurityRule": thing(
        "securityRules",
        id="networkFirewallPolicies/{networkFirewallPolicyId}/securityRules/{name}",
        refs=(part("networkFirewallPolicyId", "NetworkFirewall.NetworkFirewallPolicy"),),
        computed={"parentResourceId": "{networkFirewallPolicyId}", "priorityOrder": "1"},
        rules=(_lists,),
    ),
    "NetworkFirewall.NetworkFirewall": thing(
        "networkfirewall",
        computed={"ipv4address": in_subnet("subnetId")},
        refs=(hold("networkFirewallPolicyId", "NetworkFirewall.NetworkFirewallPolicy"),),
        made=(_firewall_made,),
    ),
}
