"""What Azure is: resource ids, names, sizes, built-in roles and policies.

Pure data and pure functions, no SDK. Each number or rule names its source.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2s
from typing import Literal

from stacks.plan import CloudPlan, KeyPurpose, PackagePlan

# --- names --------------------------------------------------------------------------------------

_NAMESPACE = uuid.UUID("6f1f5a0e-4f0a-5f6b-9a51-6a6963686974")
"""Of the GUIDs that we choose ourselves: names of role assignments and role definitions."""


def guid(*parts: str) -> str:
    """A GUID that is always the same for `parts`: Azure names role assignments by GUIDs."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(parts)))


def _digest(*parts: str) -> str:
    return blake2s("/".join(parts).encode(), digest_size=3).hexdigest()


def storage_name(plan: CloudPlan, purpose: str, *more: str) -> str:
    """A globally unique name of a storage account or registry: letters and digits, 24 at most.

    `purpose` has nine letters at the most; six digits of a hash of the subscription and `more` follow.
    """
    return f"{plan.prefix}{purpose}{_digest(plan.unit, purpose, *more)}"


def vault_name(plan: CloudPlan, purpose: str) -> str:
    """A globally unique name of a key vault: letters, digits and hyphens, 24 at most.

    Names of deleted vaults stay taken for as long as purge protection keeps them.
    """
    return f"{plan.name(purpose, limit=17)}-{_digest(plan.unit, purpose)}"


def server_name(plan: CloudPlan, package: str) -> str:
    """A globally unique name of a database server: 63 characters at most."""
    return f"{plan.name(package, limit=50)}-{_digest(plan.unit, package)}"


# --- resource ids -------------------------------------------------------------------------------

Group = Literal["baseline", "lgwan", "servers", "platform", "packages"]


def group_name(plan: CloudPlan, group: Group) -> str:
    """The resource group of a layer."""
    return plan.name(group, limit=90)


def network_group(plan: CloudPlan, network: str) -> str:
    """The resource group of one network: zones of the same name need groups of their own."""
    return plan.name("network", "" if network == "main" else network, limit=90)


def subscription(plan: CloudPlan) -> str:
    """The subscription as a scope."""
    return f"/subscriptions/{plan.unit}"


def resource_id(plan: CloudPlan, group: str, kind: str, *names: str) -> str:
    """The id of a resource of `kind` (`Microsoft.Network/virtualNetworks/subnets`) by its `names`."""
    namespace, *types = kind.split("/")
    path = "/".join(f"{t}/{n}" for t, n in zip(types, names, strict=True))
    return f"{subscription(plan)}/resourceGroups/{group}/providers/{namespace}/{path}"


def storage_id(plan: CloudPlan, group: str, purpose: str, *more: str) -> str:
    """The id of one of our storage accounts, known before it is made."""
    return resource_id(plan, group, "Microsoft.Storage/storageAccounts", storage_name(plan, purpose, *more))


def last(resource: str, steps: int = 1) -> str:
    """The name in an id, or that of its parent `steps` up."""
    return resource.split("/")[-1 - 2 * (steps - 1)]


def group_of(resource: str) -> str:
    """The resource group in an id."""
    return resource.split("/")[4]


def subscription_of(resource: str) -> str:
    """The subscription in an id."""
    return resource.split("/")[2]


# --- keys ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Key:
    """A key in a vault, from its resource id `…/vaults/<vault>/keys/<key>`."""

    vault: str
    name: str
    group: str
    vault_id: str

    @classmethod
    def of(cls, resource: str) -> Key:
        """The parts of a key's resource id."""
        return cls(last(resource, 2), last(resource), group_of(resource), resource.rsplit("/keys/", 1)[0])

    @property
    def vault_uri(self) -> str:
        """Address of the vault. Private endpoints answer for the same name."""
        return f"https://{self.vault}.vault.azure.net"

    @property
    def uri(self) -> str:
        """Address of the key, without a version: whoever is given it follows its rotation."""
        return f"{self.vault_uri}/keys/{self.name}"


def key_identity(plan: CloudPlan, purpose: KeyPurpose | Literal["recovery"]) -> str:
    """Id of the identity with which Azure's services use the key of `purpose`."""
    kind, name = "Microsoft.ManagedIdentity/userAssignedIdentities", plan.name("key", purpose, limit=128)
    return resource_id(plan, group_name(plan, "baseline"), kind, name)


# --- sizes --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Size:
    """A virtual machine size: its name, virtual CPUs, memory in GiB."""

    name: str
    vcpu: int
    memory_gb: int


def _sizes(families: tuple[tuple[str, int], ...], steps: tuple[int, ...], form: str) -> tuple[Size, ...]:
    found = (Size(form.format(f=f, n=n), n, n * memory) for f, memory in families for n in steps)
    return tuple(sorted(found, key=lambda s: (s.vcpu, s.memory_gb)))


SERVER_SIZES = _sizes((("D", 4), ("E", 8)), (2, 4, 8, 16, 32, 48, 64), "Standard_{f}{n}s_v5")
"""General purpose and memory optimised sizes of version 5, in both domestic regions (Azure VM sizes)."""

DATABASE_SIZES = _sizes((("D", 4), ("E", 8)), (2, 4, 8, 16, 32, 48, 64), "Standard_{f}{n}ds_v4")
"""General purpose and memory optimised compute of the flexible servers (their service limits)."""


def size(sizes: tuple[Size, ...], vcpu: float, memory_gb: float) -> Size:
    """The smallest of `sizes` with at least `vcpu` and `memory_gb` (GiB).

    Raises ValueError if none is large enough.
    """
    chosen = next((s for s in sizes if s.vcpu >= vcpu and s.memory_gb >= memory_gb), None)
    if chosen is None:
        raise ValueError(f"no Azure size has {vcpu:g} vCPU and {memory_gb:g} GiB")
    return chosen


CONSUMPTION = "Consumption"
_CONSUMPTION_MOST = 4.0
PROFILES: tuple[Size, ...] = _sizes((("D", 4), ("E", 8)), (4, 8, 16, 32), "{f}{n}")
"""Dedicated workload profiles: the virtual CPUs and GiB of a node (Container Apps, "Workload profiles")."""


@dataclass(frozen=True, slots=True)
class ContainerSize:
    """What a container is given, and the workload profile of its environment that it runs on."""

    cpu: float
    memory: str
    profile: str


def container_size(vcpu: float, memory_gb: float) -> ContainerSize:
    """What a container with at least `vcpu` and `memory_gb` (GiB) is given.

    The Consumption profile takes 0.25 to 4 vCPU, two GiB each (Container Apps, "containers: allocations");
    what is larger runs on nodes of a dedicated profile. Raises ValueError above the largest.
    """
    cpu = max(0.25, vcpu, memory_gb / 2)
    if cpu > _CONSUMPTION_MOST:
        return ContainerSize(vcpu, f"{memory_gb:g}Gi", size(PROFILES, vcpu, memory_gb).name)
    cpu = -(-cpu // 0.25) * 0.25
    return ContainerSize(cpu, f"{cpu * 2:g}Gi", CONSUMPTION)


def profiles(packages: Iterable[PackagePlan]) -> Mapping[str, int]:
    """The workload profiles that containers of `packages` need, each with its containers."""
    found: dict[str, int] = {CONSUMPTION: 0}
    for package in packages:
        for workload in package.workloads.values():
            if workload.kind == "container":
                profile = container_size(workload.vcpu, workload.memory_gb).profile
                found[profile] = found.get(profile, 0) + workload.replicas
    return found


BACKUP_POLICY = "daily"
"""Name of the policy for servers in the backup vault, made or adopted."""

# --- logs ---------------------------------------------------------------------------------------


def log_retention(days: int) -> int:
    """Days that a workspace keeps logs searchable: 30 to 730 (Log Analytics, "data retention").

    Raises ValueError above; the archive keeps them longer.
    """
    if days > 730:
        raise ValueError(f"Log Analytics keeps no log searchable for {days} days; the most is 730")
    return max(30, days)


# --- servers ------------------------------------------------------------------------------------


def nobody_ssh_key() -> str:
    """A public key for which nobody has the private one.

    Azure makes no Linux server without a password or a key; we want neither. The key's 32 bytes are
    hashed from a sentence until they are a point of the curve (RFC 8032, 5.1.3), so that whoever wants
    can check that nobody ever chose a secret for it.
    """
    from base64 import b64encode
    from hashlib import sha256

    prime = 2**255 - 19
    d = -121665 * pow(121666, prime - 2, prime) % prime
    counter = 0
    while True:
        body = sha256(f"jichitai: nobody signs in with this key {counter}".encode()).digest()
        y = int.from_bytes(body, "little") & (2**255 - 1)
        ratio = (y * y - 1) * pow(d * y * y + 1, prime - 2, prime) % prime
        if y < prime and pow(ratio, (prime - 1) // 2, prime) == 1:
            break
        counter += 1
    text = b"ssh-ed25519"
    blob = len(text).to_bytes(4, "big") + text + len(body).to_bytes(4, "big") + body
    return f"ssh-ed25519 {b64encode(blob).decode()} nobody"


@dataclass(frozen=True, slots=True)
class Circuit:
    """Where a circuit enters and by whom: `Tokyo2/Equinix` in the manifest."""

    place: str
    carrier: str


def circuit_place(location: str) -> Circuit:
    """The peering location and the connectivity provider of a circuit's `location`."""
    place, _, carrier = location.partition("/")
    return Circuit(place, carrier)
