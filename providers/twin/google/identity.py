"""Services of a project, service accounts, permissions, keys and secrets."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping

from providers.twin.behaviour import Behaviour, Hook, Ref, Refusal
from providers.twin.google.facts import GLOBAL
from providers.twin.google.words import EXISTS, ON, bad, hold, item, name, part, protected, token
from providers.twin.scope import Scope
from providers.wire import Value

RING_GONE = "gcp:kms/keyRing:Gone"
KEY_GONE = "gcp:kms/cryptoKey:Gone"
"""Types under which the twin remembers rings and keys that are gone: their names are never free again."""

_MEMBER = re.compile(
    r"(serviceAccount|user|group|domain):[^\s@:]+(@[a-z0-9.-]+)?|allUsers|allAuthenticatedUsers|principal(Set)?://\S+"
)
_ACCOUNT = re.compile(r"[a-z]([-a-z0-9]{4,28}[a-z0-9])")
_ROLE = re.compile(r"(roles|projects/[a-z0-9-]+/roles|organizations/\d+/roles)/[A-Za-z0-9_.]+")


def members_of(scope: Scope) -> Iterator[str]:
    """Everybody that a permission names."""
    if scope.inputs.get("member"):
        yield str(scope.inputs["member"])
    for value in scope.inputs.get("members") or []:
        yield str(value)
    if isinstance(scope.inputs.get("policyData"), str):
        try:
            policy = json.loads(scope.inputs["policyData"])
        except json.JSONDecodeError:
            raise bad("policyData is not JSON") from None
        for binding in policy.get("bindings") or []:
            yield from (str(value) for value in binding.get("members") or [])


def granted(scope: Scope) -> None:
    """A rule: whoever is named exists (as far as this project knows), and the role has a role's form."""
    role = scope.inputs.get("role")
    if role is not None and not _ROLE.fullmatch(str(role)):
        raise bad(f"role '{role}' is not supported for this resource")
    for value in members_of(scope):
        if not _MEMBER.fullmatch(value):
            raise bad(f"'{value}' is not a member: type:address is expected")
        kind, _, address = value.partition(":")
        ours = kind == "serviceAccount" and address.endswith(f"@{scope.unit}.iam.gserviceaccount.com")
        if ours and scope.find(token("serviceaccount.Account"), address, GLOBAL) is None:
            raise bad(f"Service account {address} does not exist.")


def permission(target: str, *refs: Ref, service: str, one: bool = True, regional: bool = False) -> Behaviour:
    """Who has a role on the thing that `target` names: `one` member, or all of them."""
    return Behaviour(
        id=lambda s: "/".join(
            part_
            for part_ in (str(s.get(target)), str(s.get("role") or ""), str(s.get("member") or ""))
            if part_
        ),
        service=service,
        autoname="",
        everywhere=not regional,
        computed={"etag": "BwX{alnum9}="},
        fresh=frozenset({"etag"}),
        fixed=frozenset({target, "role", *(("member",) if one else ())}),
        refs=refs,
        put=True,
        rules=(granted,),
        exists=EXISTS,
    )


def _stays_on(scope: Scope) -> None:
    """A service that is not to be switched off with its record stays on."""
    remembered = scope.store.get(scope.cloud, scope.unit, ON, scope.id, GLOBAL) is not None
    if scope.inputs.get("disableOnDestroy") is not True and not remembered:
        scope.make(ON, scope.id, {"service": scope.get("service")}, owned=False)


def _was_on(scope: Scope) -> None:
    there = scope.store.get(scope.cloud, scope.unit, ON, scope.id, GLOBAL)
    if there is not None:
        scope.store.remove(there.rid)


def _agent(scope: Scope) -> str:
    service = str(scope.get("service")).removesuffix(".googleapis.com")
    special = {
        "sqladmin": "cloud-sql",
        "file": "cloud-filer",
        "run": "serverless-robot-prod",
    }
    number = project_number(scope.unit)
    if service in ("file", "run"):
        return f"service-{number}@{special[service]}.iam.gserviceaccount.com"
    return f"service-{number}@gcp-sa-{special.get(service, service)}.iam.gserviceaccount.com"


def project_number(project: str) -> str:
    """The number of a project: the same after every reset."""
    digest = int(hashlib.blake2b(project.encode(), digest_size=8).hexdigest(), 16)
    return str(100_000_000_000 + digest % 900_000_000_000)


def _account(scope: Scope) -> None:
    if not _ACCOUNT.fullmatch(str(scope.get("accountId"))):
        raise bad(f"'{scope.get('accountId')}' for 'accountId': 6 to 30 lower-case letters, digits, hyphens")


def _role_id(scope: Scope) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_.]{3,64}", str(scope.get("roleId"))):
        raise bad(f"role id '{scope.get('roleId')}': 3 to 64 letters, digits, underscores and dots")


def _not_gone(kind: str) -> Hook:
    def rule(scope: Scope) -> None:
        if (
            scope.store.get(scope.cloud, scope.unit, kind, scope.id, scope.region) is not None
            and scope.old is None
        ):
            raise Refusal("alreadyExists", f"{scope.type.split(':')[-1]} {scope.id} already exists.", 409)

    return rule


def _bury(kind: str) -> Hook:
    """What is destroyed keeps its name for ever (Cloud KMS documentation, "Destroy and restore keys")."""

    def hook(scope: Scope) -> None:
        scope.make(
            kind,
            scope.id,
            {"keyRing": scope.get("keyRing"), "name": scope.get("name"), "location": scope.get("location")},
            owned=False,
        )

    return hook


def _key_home(scope: Scope) -> str:
    ring = scope.target("keyRing")
    return f"{ring.id if ring is not None else scope.get('keyRing')}/cryptoKeys/{scope.get('name')}"


def _rotation(scope: Scope) -> None:
    period = scope.get("rotationPeriod")
    if period is not None and int(str(period).rstrip("s").split(".")[0]) < 86_400:
        raise bad(f"rotation period {period} is shorter than a day")
    ring = scope.target("keyRing")
    if ring is not None and ring.region != scope.region:
        scope.region = ring.region


def _primary(scope: Scope) -> Value:
    return [{"name": f"{scope.id}/cryptoKeyVersions/1", "state": "ENABLED"}]


TABLE: Mapping[str, Behaviour] = {
    "projects.Service": Behaviour(
        id="{unit}/{service}",
        service="serviceusage",
        autoname="",
        everywhere=True,
        put=True,
        computed={"project": "{unit}"},
        fixed=frozenset({"service", "project"}),
        made=(_was_on,),
        gone=(_stays_on,),
    ),
    "projects.ServiceIdentity": Behaviour(
        id="projects/{unit}/services/{service}",
        service="serviceusage",
        autoname="",
        everywhere=True,
        put=True,
        computed={"project": "{unit}", "email": _agent, "member": lambda s: f"serviceAccount:{_agent(s)}"},
        fixed=frozenset({"service", "project"}),
    ),
    "projects.DefaultServiceAccounts": Behaviour(
        id="projects/{unit}",
        service="iam",
        autoname="",
        everywhere=True,
        put=True,
        computed={
            "serviceAccounts": lambda s: {
                f"{project_number(s.unit)}-compute@developer.gserviceaccount.com": "Compute Engine default"
            }
        },
        fixed=frozenset({"project", "action"}),
    ),
    "projects.IAMAuditConfig": Behaviour(
        id="{project}/audit_config/{service}",
        service="cloudresourcemanager",
        autoname="",
        everywhere=True,
        put=True,
        computed={"etag": "BwX{alnum9}="},
        fresh=frozenset({"etag"}),
        fixed=frozenset({"project", "service"}),
    ),
    "projects.IAMMember": permission("project", service="cloudresourcemanager"),
    "projects.IAMCustomRole": item(
        "projects/{unit}/roles/{roleId}",
        "iam",
        "iam:v1:Role",
        "roleId",
        everywhere=True,
        autoname="",
        defaults={"stage": "GA"},
        computed={"name": "projects/{unit}/roles/{roleId}", "deleted": lambda _: False},
        rules=(_role_id,),
    ),
    "serviceaccount.Account": item(
        "projects/{unit}/serviceAccounts/{accountId}@{unit}.iam.gserviceaccount.com",
        "iam",
        "iam:v1:ServiceAccount",
        "accountId",
        everywhere=True,
        autoname="",
        computed={
            "email": "{accountId}@{unit}.iam.gserviceaccount.com",
            "member": "serviceAccount:{accountId}@{unit}.iam.gserviceaccount.com",
            "name": "projects/{unit}/serviceAccounts/{accountId}@{unit}.iam.gserviceaccount.com",
            "uniqueId": "{digits19}",
        },
        rules=(_account,),
        handles=("{accountId}@{unit}.iam.gserviceaccount.com",),
        used=False,
    ),
    "kms.KeyRing": item(
        "projects/{unit}/locations/{location}/keyRings/{name}",
        "cloudkms",
        "",
        "name location",
        rules=(_not_gone(RING_GONE),),
        gone=(_bury(RING_GONE),),
    ),
    "kms.CryptoKey": item(
        _key_home,
        "cloudkms",
        "cloudkms:v1:CryptoKey",
        "name keyRing purpose destroyScheduledDuration importOnly cryptoKeyBackend"
        " versionTemplate.protectionLevel",
        project=False,
        refs=(hold("keyRing", "kms.KeyRing"),),
        defaults={"purpose": "ENCRYPT_DECRYPT", "destroyScheduledDuration": "2592000s"},
        computed={"primaries": _primary},
        rules=(_not_gone(KEY_GONE), _rotation),
        gone=(_bury(KEY_GONE),),
    ),
    "kms.CryptoKeyIAMBinding": permission(
        "cryptoKeyId", hold("cryptoKeyId", "kms.CryptoKey"), service="cloudkms", one=False, regional=True
    ),
    "secretmanager.Secret": item(
        "projects/{unit}/secrets/{secretId}",
        "secretmanager",
        "secretmanager:v1:Secret",
        "secretId replication",
        everywhere=True,
        autoname="",
        refs=(
            name(
                "replication.userManaged.replicas[].customerManagedEncryption.kmsKeyName",
                "kms.CryptoKey",
                anywhere=True,
            ),
        ),
        computed={"name": "projects/{unit}/secrets/{secretId}", "createTime": "{now}"},
        guards=protected(),
    ),
    "secretmanager.SecretIamMember": permission(
        "secretId", part("secretId", "secretmanager.Secret"), service="secretmanager"
    ),
}
