"""Instances, disks, images, Cloud Run, functions, GKE."""

from __future__ import annotations

from typing import Any

from policies.extract.common import moving, secret_in_names, secret_in_script
from policies.extract.google.data import anybody, cores, part
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
    Protection,
)
from policies.props import Props, either, every, known, matched, opposite


def _default(account: Any) -> Maybe[bool]:
    """Whether an identity is the project's default one."""
    if account is UNKNOWN:
        return UNKNOWN
    return account is None or "-compute@developer" in str(account) or "@appspot" in str(account)


def server(p: Props) -> Facts:
    """An instance or an instance template."""
    interfaces = p.blocks("networkInterfaces")
    reached: Maybe[bool] = UNKNOWN
    if interfaces is not UNKNOWN:
        reached = either(
            *(either(i.has("accessConfigs"), i.has("ipv6AccessConfigs")) for i in interfaces), False
        )
    boot = p.block("bootDisk")
    disk = boot if isinstance(boot, Props) else Props({})
    sealed = either(disk.has("kmsKeySelfLink"), disk.has("diskEncryptionKeyRaw"))
    metadata = p.get("metadata")
    said = metadata if isinstance(metadata, dict) else {}
    account = p.block("serviceAccount")
    email = account.get("email") if isinstance(account, Props) else account
    kind = p.text("machineType")
    family = matched(r"^(?:.*/)?([a-z]+)(\d)[^/]*$", kind)
    shield = p.block("shieldedInstanceConfig")
    q = shield if isinstance(shield, Props) else Props({})
    return Facts(
        "google",
        Kind.SERVER,
        exposure=Exposure(public_address=reached),
        encryption=Encryption(customer_key=sealed),
        credential=Credential(
            in_start_script=secret_in_script(
                p.raw.get("metadataStartupScript"), said.get("startup-script"), said.get("user-data")
            ),
            ssh_key="ssh-keys" in said and said.get("enable-oslogin", "").upper() != "TRUE",
        ),
        access=Access(default_identity=None if account is None else _default(email)),
        compute=Compute(
            forwards=p.flag("canIpForward", False),
            vcpus=cores(kind),
            current=family
            if family is None or family is UNKNOWN
            else not (family[1] in ("n", "f", "g") and family[2] == "1"),
            verified_boot=every(q.flag("enableSecureBoot", False), q.flag("enableVtpm", True)),
        ),
        protection=Protection(deletion=p.flag("deletionProtection", False)),
    )


def template(p: Props) -> Facts:
    """An instance template."""
    from dataclasses import replace

    return replace(server(p), purpose="template", protection=None, encryption=None)


def disk(p: Props) -> Facts:
    """A persistent disk."""
    kind = p.text("type")
    return Facts(
        "google",
        Kind.DISK,
        encryption=Encryption(customer_key=p.has("diskEncryptionKey")),
        compute=Compute(
            current=None
            if kind is None
            else UNKNOWN
            if kind is UNKNOWN
            else not str(kind).endswith("pd-standard")
        ),
    )


def run(p: Props) -> Facts:
    """A Cloud Run service (the newer form)."""
    ingress = p.text("ingress", "INGRESS_TRAFFIC_ALL")
    template_ = p.block("template")
    t = template_ if isinstance(template_, Props) else Props({})
    containers = t.blocks("containers")
    listed = [] if containers is UNKNOWN else containers
    # Only a load balancer of the same project reaches it: that one decides who may enter.
    behind = ingress == "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
    manual = p.number_at("scaling", "manualInstanceCount")
    least = p.number_at(
        "scaling", "minInstanceCount", default=t.number_at("scaling", "minInstanceCount", default=0)
    )
    return Facts(
        "google",
        Kind.CONTAINERS,
        handles=known(p.get("name")),
        exposure=Exposure(
            public_address=UNKNOWN if ingress is UNKNOWN else ingress == "INGRESS_TRAFFIC_ALL",
            anonymous=False if behind else p.flag("invokerIamDisabled", False),
        ),
        credential=Credential(
            in_environment=either(*(secret_in_names(c.raw.get("envs")) for c in listed), False)
        ),
        patching=Patching(pinned=every(*(moving(c.get("image")) for c in listed))),
        availability=Availability(replicas=least if manual is None else manual),
        access=Access(default_identity=_default(t.get("serviceAccount"))),
    )


def worker_pool(p: Props) -> Facts:
    """A worker pool of Cloud Run: nothing reaches it."""
    template_ = p.block("template")
    t = template_ if isinstance(template_, Props) else Props({})
    containers = t.blocks("containers")
    listed = [] if containers is UNKNOWN else containers
    return Facts(
        "google",
        Kind.CONTAINERS,
        handles=known(p.get("name")),
        exposure=Exposure(public_address=False, anonymous=False),
        credential=Credential(
            in_environment=either(*(secret_in_names(c.raw.get("envs")) for c in listed), False)
        ),
        patching=Patching(pinned=every(*(moving(c.get("image")) for c in listed))),
        access=Access(default_identity=_default(t.get("serviceAccount"))),
    )


def function(p: Props) -> Facts:
    """A function of Cloud Functions, first or second generation."""
    runtime = p.text("runtime", p.text_at("buildConfig", "runtime"))
    service = p.block("serviceConfig")
    s = service if isinstance(service, Props) else p
    old = matched(r"^(?:python3[78]$|nodejs(?:[68]|1[0-8])$|go11\d$|java11$|ruby2)", runtime)
    return Facts(
        "google",
        Kind.FUNCTION,
        handles=known(p.get("name")),
        exposure=Exposure(anonymous=False),
        credential=Credential(in_environment=secret_in_names(s.raw.get("environmentVariables"))),
        patching=Patching(
            supported=None if runtime is None else UNKNOWN if runtime is UNKNOWN else old is None
        ),
        access=Access(default_identity=_default(s.get("serviceAccountEmail"))),
    )


def cluster(p: Props) -> Facts:
    """A GKE cluster."""
    version = matched(r"^1\.(\d+)", p.get("minMasterVersion"))
    channel = p.text_at("releaseChannel", "channel", default="UNSPECIFIED")
    state = p.text_at("databaseEncryption", "state", default="DECRYPTED")
    logs = p.text("loggingService", "logging.googleapis.com/kubernetes")
    return Facts(
        "google",
        Kind.CLUSTER,
        exposure=Exposure(
            public_access=opposite(p.flag_at("privateClusterConfig", "enablePrivateEndpoint", default=False))
        ),
        encryption=Encryption(customer_key=UNKNOWN if state is UNKNOWN else state == "ENCRYPTED"),
        patching=Patching(
            automatic=UNKNOWN if channel is UNKNOWN else channel != "UNSPECIFIED",
            supported=version if version is None or version is UNKNOWN else int(version[1]) >= 30,
        ),
        logging=Logging(enabled=UNKNOWN if logs is UNKNOWN else logs != "none"),
        protection=Protection(deletion=p.flag("deletionProtection", True)),
        access=Access(
            default_identity=_default(p.at("nodeConfig", "serviceAccount"))
            if p.get("nodeConfig") is not None
            else None
        ),
    )


def image_member(p: Props) -> Facts:
    """Who may use an image."""
    return Facts("google", Kind.IMAGE, exposure=Exposure(anonymous=anybody(p)), tags={})


TABLE: dict[str, Any] = {
    "compute:instance": server,
    "compute:instancetemplate": template,
    "compute:regioninstancetemplate": template,
    "compute:disk": disk,
    "compute:regiondisk": disk,
    "compute:imageiammember": image_member,
    "compute:imageiambinding": image_member,
    "compute:snapshotiammember": image_member,
    "compute:image": lambda _: Facts("google", Kind.IMAGE, exposure=Exposure(anonymous=False)),
    "cloudrunv2:service": run,
    "cloudrunv2:workerpool": worker_pool,
    "cloudrunv2:serviceiammember": part(Kind.CONTAINERS, "name"),
    "cloudrun:iammember": part(Kind.CONTAINERS, "service"),
    "cloudfunctions:function": function,
    "cloudfunctionsv2:function": function,
    "cloudfunctions:functioniammember": part(Kind.FUNCTION, "cloudFunction"),
    "cloudfunctionsv2:functioniammember": part(Kind.FUNCTION, "cloudFunction"),
    "container:cluster": cluster,
}
