"""Customer keys by purpose, and which of Google's service agents may use each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count

import pulumi
import pulumi_gcp as gcp

from components.google import facts
from components.google.project import Agents, Project
from components.room import Room
from stacks.plan import KEY_PURPOSES, CloudPlan, KeyPurpose
from stacks.text import Text, language_of

ROTATION_DAYS = 90
"""CIS Google Cloud Platform Foundation 3.0, 1.10: keys are rotated within 90 days."""
DESTROYED_DAYS = 30
"""Days in which a destroyed key can be had back: Cloud KMS's own default; 1 to 120 are allowed."""
NO_ANSWER = Text(
    ja="鍵リングを確かめられません。cloudkms.googleapis.com が有効なことと、認証情報、権限 "
    "cloudkms.keyRings.list・cloudkms.cryptoKeys.list を確かめてから、もう一度実行してください",
    en="Cannot look up the key rings; check that cloudkms.googleapis.com is on, the credentials, and the "
    "permissions cloudkms.keyRings.list and cloudkms.cryptoKeys.list, then run again",
)
ROLE = "roles/cloudkms.cryptoKeyEncrypterDecrypter"


def encrypting(plan: CloudPlan) -> Mapping[KeyPurpose, tuple[str, ...]]:
    """The services whose agents encrypt with the key of each purpose; only those that the tenant uses.

    `compute`, `storage` and `logging` are not in it: their agents are found otherwise.
    """
    used = set(facts.services(plan))
    data = ("alloydb", "artifactregistry", "file", "run", "secretmanager", "sqladmin")
    return {
        "logs": (),
        "data": tuple(service for service in data if service in used),
        "backup": ("backupdr",) if "backupdr" in used else (),
        "messages": ("pubsub",),
    }


def ring_name(base: str, rings: Mapping[str, Sequence[str]]) -> str:
    """`base`, or `base-2` and so on where every key of the rings before is destroyed.

    Neither a ring nor a key ever frees its name, so a tenant that comes up again after it was
    destroyed needs another ring. `rings` are those that exist, with the states of their keys; a ring
    that has none yet, or one that lives, is the tenant's own.
    """
    names = (base if number == 1 else f"{base}-{number}" for number in count(1))
    return next(name for name in names if not rings.get(name) or "ENABLED" in rings[name])


class Keys:
    """Builds the keys. `gives` are their ids by purpose, each known only once its users may use it."""

    def __init__(self, room: Room, project: Project, agents: Agents) -> None:
        """Make them under `room`, for the agents of `project`."""
        self._room, self._project, self._agents = room, project, agents
        self._ring: pulumi.Output[str] | None = None
        users = encrypting(room.plan)
        self.gives: Mapping[KeyPurpose, pulumi.Output[str]] = {
            purpose: self._key(purpose, users[purpose]) for purpose in KEY_PURPOSES
        }

    def _key(self, purpose: KeyPurpose, users: tuple[str, ...]) -> pulumi.Output[str]:
        """The key for `purpose`: the adopted one, whose permissions are its owner's, or a new one."""
        adopted = self._room.adopted("keys", purpose)
        if adopted is not None:
            return gcp.kms.CryptoKey.get(
                self._room.child(f"key-{purpose}"), adopted, opts=self._room.opts()
            ).id
        key = gcp.kms.CryptoKey(
            self._room.child(f"key-{purpose}"),
            name=purpose,
            key_ring=self._key_ring(),
            purpose="ENCRYPT_DECRYPT",
            rotation_period=facts.seconds(ROTATION_DAYS),
            # In hardware (FIPS 140-2 level 3).
            version_template={"algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION", "protection_level": "HSM"},
            # Always the same, protected or not: it cannot be changed, and another would replace the key.
            destroy_scheduled_duration=facts.seconds(DESTROYED_DAYS),
            opts=self._room.opts(keep=True),
        )
        members = [*self._own(purpose), *(self._agents.member(service) for service in users)]
        if not members:
            return key.id
        may = gcp.kms.CryptoKeyIAMBinding(
            self._room.child(f"key-{purpose}-users"),
            crypto_key_id=key.id,
            role=ROLE,
            members=members,
            opts=self._room.opts(),
        )
        return pulumi.Output.all(key.id, may.etag).apply(lambda known: str(known[0]))

    def _key_ring(self) -> pulumi.Output[str]:
        """The ring of all keys, made for the first that is not adopted."""
        if self._ring is None:
            plan = self._room.plan
            self._ring = gcp.kms.KeyRing(
                self._room.child("key-ring"),
                name=ring_name(plan.name("keys"), self._rings()),
                location=plan.region,
                opts=self._room.opts(keep=True),
            ).id
        return self._ring

    def _rings(self) -> Mapping[str, tuple[str, ...]]:
        """The rings in the region that are there, each with the states of its keys.

        Raises RunError, which the engine shows without a traceback, if Google does not tell.
        """
        plan, invoke = self._room.plan, pulumi.InvokeOptions(parent=self._room.parent)
        try:
            rings = gcp.kms.get_key_rings(location=plan.region, project=plan.unit, opts=invoke).key_rings
            ours = [ring.id for ring in rings if ring.id.rsplit("/", 1)[-1].startswith(plan.name("keys"))]
            return {
                ring.rsplit("/", 1)[-1]: tuple(
                    primary.state
                    for key in gcp.kms.get_crypto_keys(key_ring=ring, opts=invoke).keys
                    for primary in key.primaries
                )
                for ring in ours
            }
        except Exception as error:
            raise pulumi.RunError(f"{NO_ANSWER.say(language_of())}: {error}") from error

    def _own(self, purpose: KeyPurpose) -> list[pulumi.Output[str]]:
        """The agents that a project has without being asked: disks, buckets, log buckets."""
        invoke = pulumi.InvokeOutputOptions(parent=self._room.parent)
        disks = self._project.agent("compute-system")
        if purpose == "data":
            return [disks, self._storage(invoke)]
        if purpose == "backup":
            return [disks]
        if purpose == "logs":
            found = gcp.logging.get_project_cmek_settings_output(project=self._room.plan.unit, opts=invoke)
            return [pulumi.Output.concat("serviceAccount:", found.service_account_id), self._storage(invoke)]
        return []

    def _storage(self, invoke: pulumi.InvokeOutputOptions) -> pulumi.Output[str]:
        return gcp.storage.get_project_service_account_output(
            project=self._room.plan.unit, opts=invoke
        ).member
