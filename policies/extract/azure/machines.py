"""Virtual machines, disks, containers, web apps, Kubernetes."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from policies.extract.azure.data import cores, generation, tls
from policies.extract.common import moving, secret_in_names, secret_in_script, written
from policies.facts import (
    UNKNOWN,
    Access,
    Availability,
    Compute,
    Credential,
    Encryption,
    Exposure,
    Facts,
    Kind,
    Logging,
    Maybe,
    Patching,
)
from policies.props import Answer, Props, either, every, known, matched, opposite


def _block(p: Props, *path: str) -> Props:
    found = p.block(*path)
    return found if isinstance(found, Props) else Props({})


def _machine(p: Props, size: Any, **more: Any) -> Facts:
    """A machine, alone or of a scale set: `p` has the profiles."""
    system = _block(p, "osProfile")
    linux, windows = _block(system, "linuxConfiguration"), _block(system, "windowsConfiguration")
    disk = _block(p, "storageProfile", "osDisk", "managedDisk")
    mode = linux.text_at(
        "patchSettings",
        "patchMode",
        default=windows.text_at("patchSettings", "patchMode", default="ImageDefault"),
    )
    security = _block(p, "securityProfile", "uefiSettings")
    keys = _block(linux, "ssh").blocks("publicKeys")
    return Facts(
        "azure",
        Kind.SERVER,
        exposure=Exposure(public_address=_public(p)),
        encryption=Encryption(customer_key=disk.has("diskEncryptionSet")),
        credential=Credential(
            literal=written(system.raw.get("adminPassword")),
            in_start_script=secret_in_script(system.raw.get("customData"), p.raw.get("userData")),
            password_login=opposite(linux.flag("disablePasswordAuthentication", False))
            if linux.raw
            else None,
            ssh_key=UNKNOWN if keys is UNKNOWN else bool(keys),
        ),
        patching=Patching(automatic=UNKNOWN if mode is UNKNOWN else mode == "AutomaticByPlatform"),
        compute=Compute(
            vcpus=cores(size),
            current=generation(size),
            verified_boot=every(
                security.flag("secureBootEnabled", False), security.flag("vTpmEnabled", False)
            ),
        ),
        **more,
    )


def _public(p: Props) -> Maybe[bool]:
    profile = _block(p, "networkProfile")
    interfaces = profile.blocks("networkInterfaceConfigurations")
    if interfaces is UNKNOWN:
        return UNKNOWN
    answers: list[Any] = []
    for one in interfaces:
        configs = one.blocks("ipConfigurations")
        answers += (
            [UNKNOWN]
            if configs is UNKNOWN
            else [either(c.has("publicIPAddressConfiguration"), c.has("publicIPAddress")) for c in configs]
        )
    return either(*answers, False)


def machine(p: Props) -> Facts:
    """A virtual machine."""
    return _machine(p, p.text_at("hardwareProfile", "vmSize"))


def scale_set(p: Props) -> Facts:
    """A scale set."""
    return _machine(_block(p, "virtualMachineProfile"), p.text_at("sku", "name"), purpose="template")


def interface(p: Props) -> Facts:
    """A network interface: what reaches its machine."""
    configs = p.blocks("ipConfigurations")
    reached: Maybe[bool] = UNKNOWN
    if configs is not UNKNOWN:
        reached = either(*(c.has("publicIPAddress") for c in configs), False)
    return Facts(
        "azure",
        Kind.SERVER,
        purpose="template",
        exposure=Exposure(public_address=reached),
        compute=Compute(forwards=p.flag("enableIPForwarding", False)),
    )


def disk(p: Props) -> Facts:
    """A managed disk."""
    kind = p.text_at("sku", "name")
    return Facts(
        "azure",
        Kind.DISK,
        encryption=Encryption(customer_key=_block(p, "encryption").has("diskEncryptionSetId")),
        compute=Compute(
            current=None if kind is None else UNKNOWN if kind is UNKNOWN else kind != "Standard_LRS"
        ),
    )


def cluster(p: Props) -> Facts:
    """An AKS cluster."""
    version = matched(r"^1\.(\d+)", p.get("kubernetesVersion"))
    channel = p.text_at("autoUpgradeProfile", "upgradeChannel", default="none")
    monitor = p.get("addonProfiles")
    watched: Maybe[bool] = UNKNOWN
    if monitor is None or isinstance(monitor, dict):
        agent = (monitor or {}).get("omsagent") or (monitor or {}).get("omsAgent")
        watched = isinstance(agent, dict) and Props(agent).flag("enabled", False) is True
    return Facts(
        "azure",
        Kind.CLUSTER,
        exposure=Exposure(
            public_access=opposite(p.flag_at("apiServerAccessProfile", "enablePrivateCluster", default=False))
        ),
        encryption=Encryption(
            customer_key=p.flag_at("securityProfile", "azureKeyVaultKms", "enabled", default=False)
        ),
        access=Access(local_accounts=opposite(p.flag("disableLocalAccounts", False))),
        patching=Patching(
            automatic=UNKNOWN if channel is UNKNOWN else channel not in ("none", None),
            supported=version if version is None or version is UNKNOWN else int(version[1]) >= 30,
        ),
        logging=Logging(enabled=watched),
    )


def _open(ingress: Props) -> Maybe[bool]:
    """Whether anybody may come: outside the environment, and not from named private ranges only."""
    allowed = ingress.blocks("ipSecurityRestrictions")
    ranges = (
        []
        if allowed is UNKNOWN
        else [a.text("ipAddressRange") for a in allowed if a.text("action") == "Allow"]
    )
    named = [ip_network(str(r), strict=False) for r in ranges if r is not None and r is not UNKNOWN]
    if named and len(named) == len(ranges) and all(n.is_private for n in named):
        return False
    return ingress.flag("external", False)


def container_app(p: Props) -> Facts:
    """A container app. Nothing said about ingress: nobody reaches it."""
    ingress = _block(p, "configuration", "ingress")
    template = _block(p, "template")
    containers = template.blocks("containers")
    listed = [] if containers is UNKNOWN else containers
    unsure: tuple[Answer, ...] = (UNKNOWN,) if containers is UNKNOWN else ()
    return Facts(
        "azure",
        Kind.CONTAINERS,
        exposure=Exposure(public_address=_open(ingress), anonymous=False),
        encryption=Encryption(in_transit=opposite(ingress.flag("allowInsecure", False))),
        credential=Credential(
            in_environment=either(*unsure, *(secret_in_names(c.raw.get("env")) for c in listed), False)
        ),
        patching=Patching(pinned=every(*unsure, *(moving(c.get("image")) for c in listed))),
        availability=Availability(
            replicas=template.number_at("scale", "minReplicas", default=0) if ingress.raw else None
        ),
    )


def container_group(p: Props) -> Facts:
    """A container group."""
    kind = p.text_at("ipAddress", "type", default="Private")
    containers = p.blocks("containers")
    listed = [] if containers is UNKNOWN else containers
    return Facts(
        "azure",
        Kind.CONTAINERS,
        exposure=Exposure(public_address=UNKNOWN if kind is UNKNOWN else kind == "Public"),
        credential=Credential(
            in_environment=either(*(secret_in_names(c.raw.get("environmentVariables")) for c in listed))
        ),
        patching=Patching(pinned=every(*(moving(c.get("image")) for c in listed))),
        compute=Compute(
            privileged=either(*(c.flag_at("securityContext", "privileged", default=False) for c in listed))
        ),
    )


def web_app(p: Props) -> Facts:
    """A web or function app."""
    site = _block(p, "siteConfig")
    access = p.text("publicNetworkAccess", site.text("publicNetworkAccess", "Enabled"))
    return Facts(
        "azure",
        Kind.CONTAINERS,
        handles=known(p.get("name")),
        exposure=Exposure(
            public_address=UNKNOWN if access is UNKNOWN else access != "Disabled",
            anonymous=UNKNOWN
            if access is UNKNOWN
            else access != "Disabled" and not p.raw.get("clientCertEnabled"),
        ),
        encryption=Encryption(
            in_transit=p.flag("httpsOnly", False), tls=tls(site.text("minTlsVersion"), 1.2)
        ),
        credential=Credential(in_environment=secret_in_names(site.raw.get("appSettings"))),
    )


TABLE = {
    "compute:virtualmachine": machine,
    "compute:virtualmachinescaleset": scale_set,
    "network:networkinterface": interface,
    "compute:disk": disk,
    "compute:sshpublickey": lambda _: Facts("azure", Kind.KEY_PAIR),
    "containerservice:managedcluster": cluster,
    "app:containerapp": container_app,
    "containerinstance:containergroup": container_group,
    "web:webapp": web_app,
}
