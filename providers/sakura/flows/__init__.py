"""How each kind of resource behaves, by the name that its record gives."""

from __future__ import annotations

from typing import Final

from providers.sakura.flow import Flow
from providers.sakura.model import Resource

from . import (
    appliance,
    common,
    compute,
    dns,
    document,
    gateway,
    network,
    objectstorage,
    platform,
    security,
    vpcrouter,
    webaccel,
)

_FLOWS: Final[dict[str, Flow]] = {
    "plain": Flow(),
    "document": document.DocumentFlow(),
    "appliance": appliance.ApplianceFlow(),
    "nfs": appliance.NfsFlow(),
    "database": appliance.DatabaseFlow(),
    "replica": appliance.ReplicaFlow(),
    "nosql": appliance.NosqlFlow(),
    "vpcrouter": vpcrouter.VpcRouterFlow(),
    "seg": appliance.GatewayFlow(),
    "server": compute.ServerFlow(),
    "disk": compute.DiskFlow(),
    "archive": compute.ArchiveFlow(),
    "autobackup": compute.AutoBackupFlow(),
    "switch": network.SwitchFlow(),
    "internet": network.InternetFlow(),
    "subnet": network.SubnetFlow(),
    "ipv4ptr": network.PtrFlow(),
    "packetfilter": network.PacketFilterFlow(),
    "twophase": common.TwoPhaseFlow(),
    "localrouter": common.LocalRouterFlow(),
    "enhancedlb": common.EnhancedLbFlow(),
    "registry": common.RegistryFlow(),
    "enhanceddb": common.EnhancedDbFlow(),
    "eventprocess": common.EventProcessFlow(),
    "dnsrecord": dns.DnsRecordFlow(),
    "dns": dns.DnsFlow(),
    "monitor": dns.MonitorFlow(),
    "kms": security.KmsFlow(),
    "secret": security.SecretFlow(),
    "bucket": objectstorage.BucketFlow(),
    "bucketplan": objectstorage.BucketSettingFlow(),
    "versioning": objectstorage.VersioningFlow(),
    "accesskey": platform.KeyFlow(),
    "storage": platform.StorageFlow(),
    "apprun": platform.AppRunFlow(),
    "iamgroup": platform.GroupFlow(),
    "sso": platform.SsoFlow(),
    "policy": platform.PolicyFlow(),
    "member": document.MemberFlow(),
    "iamuser": platform.UserFlow(),
    "moved": platform.MovedFlow(),
    "activation": platform.ActivationFlow(),
    "rule": platform.RuleFlow(),
    "principalkey": platform.PrincipalKeyFlow(),
    "webaccelsite": webaccel.SiteFlow(),
    "webaccelpart": webaccel.PartFlow(),
    "webaccelactivation": webaccel.SiteActivationFlow(),
    "gateway": gateway.GatewayFlow(),
    "gatewaylisted": gateway.ListedFlow(),
    "gatewayroute": gateway.RouteFlow(),
    "gatewayuser": gateway.UserFlow(),
}


def of(resource: Resource) -> Flow:
    """The behaviour of `resource`."""
    return _FLOWS[resource.flow]
