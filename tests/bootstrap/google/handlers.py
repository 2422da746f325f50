"""What the methods do. Every handler is given the request, who asks, and the name of what it is about."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from email import message_from_bytes
from typing import Any

from tests.bootstrap.fakes.server import Answer, Refused, Request
from tests.bootstrap.google.fake import NUMBER, PROJECT, Google, etag
from tests.bootstrap.google.permissions import SERVICE_OF

JAPAN = ("asia-northeast1", "asia-northeast2")
AGENT = f"service-{NUMBER}@gs-project-accounts.iam.gserviceaccount.com"
POOLS = "iam.projects.locations.workloadIdentityPools"
KEYS = "cloudkms.projects.locations.keyRings"


def numbered(name: str) -> str:
    """The name as services give it back: with the project's number."""
    return name.replace(f"projects/{PROJECT}", f"projects/{NUMBER}", 1)


def merged(now: Any, change: Any) -> Any:
    """A JSON merge patch (RFC 7396), as Cloud Storage and field masks of whole fields do it."""
    if not isinstance(now, dict) or not isinstance(change, dict):
        return change
    result = {k: v for k, v in now.items() if not (k in change and change[k] is None)}
    return {**result, **{k: merged(now.get(k), v) for k, v in change.items() if v is not None}}


def register(google: Google) -> None:
    """Registers everything."""
    for part in (_project, _contacts, _organisation, _accounts, _account_keys, _pools):
        part(google)
    for part in (_roles, _keys, _buckets, _objects, _alarms):
        part(google)


def _policies(google: Google, prefix: str, *, read: str = "") -> None:
    def get(request: Request, who: str, name: str) -> Answer:
        google.existing(name)
        body = request.json or {}
        asked = body.get("options", {}).get("requestedPolicyVersion") or request.one(
            "options.requestedPolicyVersion", request.one("optionsRequestedPolicyVersion", "1")
        )
        return Answer(200, google.policy(name, int(asked)))

    def set_(request: Request, who: str, name: str) -> Answer:
        google.existing(name)
        return Answer(200, google.set_policy(name, request.json.get("policy", request.json)))

    google.serve(f"{prefix}.getIamPolicy", get)
    google.serve(f"{prefix}.setIamPolicy", set_)


def _project(google: Google) -> None:
    def get(request: Request, who: str, name: str) -> Answer:
        return Answer(200, google.existing(name))

    def test(request: Request, who: str, name: str) -> Answer:
        asked = request.json["permissions"]
        return Answer(200, {"permissions": [p for p in asked if google.may(who, p, name)]})

    def services(request: Request, who: str, name: str) -> Answer:
        names = request.query.get("names", [])
        states = ["ENABLED" if n.rpartition("/")[2] in google.world.services else "DISABLED" for n in names]
        found = [{"name": numbered(n), "state": s} for n, s in zip(names, states, strict=True)]
        return Answer(200, {"services": found})

    def enable(request: Request, who: str, name: str) -> Answer:
        unknown = set(request.json["serviceIds"]) - {*SERVICE_OF.values(), "sts.googleapis.com"}
        if unknown:
            raise Refused(403, "SERVICE_NOT_FOUND", f"not found: {', '.join(sorted(unknown))}")
        google.world.services |= set(request.json["serviceIds"])
        return Answer(200, {"name": f"operations/acf.p2-{google.world.next()}", "done": True})

    def me(request: Request, who: str, name: str) -> Answer:
        kind, _, email = who.partition(":")
        if kind == "principal":
            raise Refused(401, "UNAUTHENTICATED", "a federated identity has no profile")
        return Answer(200, {"email": email, "id": "1", "verified_email": True})

    google.serve("cloudresourcemanager.projects.get", get)
    google.serve("cloudresourcemanager.projects.testIamPermissions", test)
    google.serve("serviceusage.services.batchGet", services)
    google.serve("serviceusage.services.batchEnable", enable)
    google.serve("oauth2.userinfo.get", me)
    _policies(google, "cloudresourcemanager.projects")


def _listed(google: Google, kind: str, key: str) -> Any:
    def handler(request: Request, who: str, name: str) -> Answer:
        prefix = f"{name}/" if name.endswith(f"/{kind}") else f"{name}/{kind}/"
        found = [v for k, v in sorted(google.world.things.items()) if k.startswith(prefix)]
        # Pages of two, so that nobody forgets to turn them.
        start = int(request.one("pageToken", "0"))
        more = {"nextPageToken": str(start + 2)} if start + 2 < len(found) else {}
        return Answer(200, {key: found[start : start + 2], **more})

    return handler


def _deleted(google: Google) -> Any:
    def handler(request: Request, who: str, name: str) -> Answer:
        google.existing(name)
        del google.world.things[name]
        return Answer(200, {})

    return handler


def _patched(google: Google) -> Any:
    """PATCH with `updateMask`: only the fields that the mask names are taken."""

    def handler(request: Request, who: str, name: str) -> Answer:
        now = google.existing(name)
        for path in request.one("updateMask").split(","):
            if path.split(".")[0] not in request.json:
                raise Refused(400, "INVALID", f"Invalid field in update mask: {path!r}")
            now[path.split(".")[0]] = request.json[path.split(".")[0]]
        return Answer(200, now)

    return handler


def _contacts(google: Google) -> None:
    def create(request: Request, who: str, name: str) -> Answer:
        parent = name.removesuffix("/contacts")
        same = [v for k, v in google.world.things.items() if k.startswith(f"{parent}/contacts/")]
        if any(c["email"] == request.json["email"] for c in same):
            raise Refused(409, "ALREADY_EXISTS", f"a contact {request.json['email']} exists already")
        new = f"{parent}/contacts/{google.world.next()}"
        google.world.things[new] = {
            **request.json,
            "name": numbered(new),
            "validationState": "VALID",
        }
        return Answer(200, google.world.things[new])

    google.serve("essentialcontacts.projects.contacts.list", _listed(google, "contacts", "contacts"))
    google.serve("essentialcontacts.projects.contacts.create", create)
    google.serve("essentialcontacts.projects.contacts.patch", _patched(google))
    google.serve("essentialcontacts.projects.contacts.delete", _deleted(google))


def _organisation(google: Google) -> None:
    def effective(request: Request, who: str, name: str) -> Answer:
        own = google.thing(name)
        above = google.thing(name.replace(f"projects/{PROJECT}", "folders/42"))
        spec = (own or above or {}).get("spec", {"rules": [{"allowAll": True}]})
        return Answer(200, {"name": numbered(name), "spec": spec})

    def get(request: Request, who: str, name: str) -> Answer:
        return Answer(200, google.existing(name))

    def create(request: Request, who: str, name: str) -> Answer:
        new = request.json["name"].replace(f"projects/{NUMBER}", f"projects/{PROJECT}")
        if google.thing(new):
            raise Refused(409, "ALREADY_EXISTS", f"{new} exists already")
        google.world.things[new] = {**request.json, "name": numbered(new), "etag": etag(request.json)}
        return Answer(200, google.world.things[new])

    google.serve("orgpolicy.projects.policies.getEffectivePolicy", effective)
    google.serve("orgpolicy.projects.policies.get", get)
    google.serve("orgpolicy.projects.policies.create", create)
    google.serve("orgpolicy.projects.policies.delete", _deleted(google))


def _accounts(google: Google) -> None:
    base = "iam.projects.serviceAccounts"

    def get(request: Request, who: str, name: str) -> Answer:
        return Answer(200, google.existing(name))

    def create(request: Request, who: str, name: str) -> Answer:
        short = request.json["accountId"]
        if not re.fullmatch(r"[a-z]([-a-z0-9]{4,28}[a-z0-9])", short):
            raise Refused(400, "INVALID", f"Invalid service account id {short!r}")
        email = f"{short}@{PROJECT}.iam.gserviceaccount.com"
        if google.thing(f"projects/{PROJECT}/serviceAccounts/{email}"):
            raise Refused(409, "ALREADY_EXISTS", f"Service account {short} already exists within project.")
        made = google.add_account(email)
        made.update(request.json.get("serviceAccount", {}))
        return Answer(200, made)

    def disable(request: Request, who: str, name: str) -> Answer:
        google.existing(name)["disabled"] = True
        return Answer(200, {})

    google.serve(f"{base}.get", get)
    google.serve(f"{base}.create", create)
    google.serve(f"{base}.delete", _deleted(google))
    google.serve(f"{base}.disable", disable)
    _policies(google, base)


def _account_keys(google: Google) -> None:
    base = "iam.projects.serviceAccounts"

    def keys(request: Request, who: str, name: str) -> Answer:
        account = google.existing(name.removesuffix("/keys"))
        found = [
            {"name": f"{account['name']}/keys/{k}", "keyType": v["keyType"], "disabled": v["disabled"]}
            for k, v in google.world.keys.items()
            if v["email"] == account["email"]
        ]
        return Answer(200, {"keys": found} if found else {})

    def key(name: str) -> str:
        found = name.rpartition("/")[2]
        if found not in google.world.keys:
            raise Refused(404, "NOT_FOUND", f"{name} was not found.")
        return found

    def disable_key(request: Request, who: str, name: str) -> Answer:
        google.world.keys[key(name)]["disabled"] = True
        return Answer(200, {})

    def delete_key(request: Request, who: str, name: str) -> Answer:
        del google.world.keys[key(name)]
        return Answer(200, {})

    def token(request: Request, who: str, name: str) -> Answer:
        account = google.existing(name)
        if account["disabled"]:
            raise Refused(400, "FAILED_PRECONDITION", "The service account is disabled.")
        value = google.bearers.issue(f"serviceAccount:{account['email']}")
        return Answer(200, {"accessToken": value, "expireTime": "2099-01-01T00:00:00Z"})

    google.serve(f"{base}.keys.list", keys)
    google.serve(f"{base}.keys.disable", disable_key)
    google.serve(f"{base}.keys.delete", delete_key)
    google.serve("iamcredentials.projects.serviceAccounts.generateAccessToken", token)


def _pools(google: Google) -> None:
    def get(request: Request, who: str, name: str) -> Answer:
        found = google.existing(name)
        if found["state"] == "CREATING":  # the operation takes until the second look
            found["state"] = "ACTIVE"
            raise Refused(404, "NOT_FOUND", f"{name} was not found.")
        return Answer(200, found)

    def create(request: Request, who: str, name: str) -> Answer:
        kind = "workloadIdentityPoolProviderId" if name.endswith("/providers") else "workloadIdentityPoolId"
        id_ = request.one(kind)
        if not re.fullmatch(r"[a-z0-9-]{4,32}", id_) or id_.startswith("gcp-"):
            raise Refused(400, "INVALID", f"{kind}: {id_!r} is no id")
        if kind.endswith("ProviderId"):
            google.existing(name.removesuffix("/providers"))
            _provider(request.json)
        new = f"{name}/{id_}"
        if google.thing(new):
            raise Refused(409, "ALREADY_EXISTS", f"Requested entity already exists: {new}")
        google.world.things[new] = {**request.json, "name": numbered(new), "state": "CREATING"}
        return Answer(200, {"name": f"{numbered(new)}/operations/o{google.world.next()}"})

    def patch(request: Request, who: str, name: str) -> Answer:
        _patched(google)(request, who, name)
        if "/providers/" in name:
            _provider(google.existing(name))
        return Answer(200, {"name": f"{numbered(name)}/operations/o{google.world.next()}"})

    def delete(request: Request, who: str, name: str) -> Answer:
        google.existing(name)["state"] = "DELETED"
        return Answer(200, {"name": f"{numbered(name)}/operations/o{google.world.next()}"})

    def undelete(request: Request, who: str, name: str) -> Answer:
        found = google.existing(name)
        if found["state"] != "DELETED":
            raise Refused(400, "FAILED_PRECONDITION", f"{name} is not deleted")
        found["state"] = "ACTIVE"
        return Answer(200, {"name": f"{numbered(name)}/operations/o{google.world.next()}"})

    google.serve(f"{POOLS}.get", get)
    google.serve(f"{POOLS}.create", create)
    google.serve(f"{POOLS}.patch", patch)
    google.serve(f"{POOLS}.delete", delete)
    google.serve(f"{POOLS}.undelete", undelete)
    google.serve(f"{POOLS}.providers.get", get)
    google.serve(f"{POOLS}.providers.create", create)
    google.serve(f"{POOLS}.providers.patch", patch)


def _provider(body: Any) -> None:
    uri = body.get("oidc", {}).get("issuerUri", "")
    if not uri.startswith("https://"):
        raise Refused(400, "INVALID", f"oidc.issuerUri: {uri!r} is no https URL")
    if "google.subject" not in body.get("attributeMapping", {}):
        raise Refused(400, "INVALID", "attributeMapping must include google.subject")
    if "githubusercontent" in uri and "assertion." not in body.get("attributeCondition", ""):
        text = "The attribute condition must reference one of the provider's claims."
        raise Refused(400, "INVALID", text)


def _roles(google: Google) -> None:
    def create(request: Request, who: str, name: str) -> Answer:
        id_ = request.json.get("roleId", "")
        if not re.fullmatch(r"[a-zA-Z0-9_.]{3,64}", id_):
            raise Refused(400, "INVALID", f"roleId: {id_!r} is no id")
        new = f"{name}/{id_}"
        if google.thing(new):
            raise Refused(409, "ALREADY_EXISTS", f"A role named {id_} in {name} already exists.")
        google.world.things[new] = {**request.json["role"], "name": new, "etag": etag(request.json)}
        return Answer(200, google.world.things[new])

    google.serve("iam.projects.roles.get", lambda r, w, name: Answer(200, google.existing(name)))
    google.serve("iam.projects.roles.create", create)
    google.serve("iam.projects.roles.patch", _patched(google))


def _keys(google: Google) -> None:
    def get(request: Request, who: str, name: str) -> Answer:
        return Answer(200, google.existing(name))

    def create(request: Request, who: str, name: str) -> Answer:
        ring = name.endswith("/keyRings")
        id_ = request.one("keyRingId" if ring else "cryptoKeyId")
        if not re.fullmatch(r"[a-zA-Z0-9_-]{1,63}", id_):
            raise Refused(400, "INVALID", f"{id_!r} is no id")
        if not ring:
            google.existing(name.removesuffix("/cryptoKeys"))
            if request.json.get("rotationPeriod") and not request.json.get("nextRotationTime"):
                raise Refused(400, "INVALID", "next_rotation_time must be set with rotation_period")
        new = f"{name}/{id_}"
        if google.thing(new):
            raise Refused(409, "ALREADY_EXISTS", f"{new} already exists.")
        google.world.things[new] = {**request.json, "name": new, "createTime": "2026-01-01T00:00:00Z"}
        if not ring:
            google.world.things[new]["primary"] = {"name": f"{new}/cryptoKeyVersions/1", "state": "ENABLED"}
        return Answer(200, google.world.things[new])

    def encrypt(request: Request, who: str, name: str) -> Answer:
        google.existing(name)
        plain = base64.b64decode(request.json["plaintext"])
        return Answer(
            200, {"name": name, "ciphertext": base64.b64encode(name.encode() + b"\0" + plain).decode()}
        )

    def decrypt(request: Request, who: str, name: str) -> Answer:
        found, _, plain = base64.b64decode(request.json["ciphertext"]).partition(b"\0")
        if found.decode() != name:
            raise Refused(400, "INVALID", "Decryption failed: the ciphertext is invalid.")
        return Answer(200, {"plaintext": base64.b64encode(plain).decode()})

    google.serve(f"{KEYS}.get", get)
    google.serve(f"{KEYS}.create", create)
    google.serve(f"{KEYS}.cryptoKeys.get", get)
    google.serve(f"{KEYS}.cryptoKeys.create", create)
    google.serve(f"{KEYS}.cryptoKeys.patch", _patched(google))
    google.serve(f"{KEYS}.cryptoKeys.encrypt", encrypt)
    google.serve(f"{KEYS}.cryptoKeys.decrypt", decrypt)
    _policies(google, f"{KEYS}.cryptoKeys")


def _buckets(google: Google) -> None:
    def get(request: Request, who: str, name: str) -> Answer:
        return Answer(200, google.existing(name))

    def insert(request: Request, who: str, name: str) -> Answer:
        body, new = request.json, f"b/{request.json['name']}"
        if not re.fullmatch(r"[a-z0-9][-_.a-z0-9]{1,61}[a-z0-9]", body["name"]) or "google" in body["name"]:
            raise Refused(400, "INVALID", f"Invalid bucket name: {body['name']!r}")
        _lawful(google, body)
        if google.thing(new):
            text = "The requested bucket name is not available. The bucket namespace is shared by all users."
            raise Refused(409, "conflict", text)
        google.world.things[new] = {**body, "projectNumber": NUMBER, "metageneration": "1"}
        google.world.policies[new] = {"version": 1, "bindings": []}
        return Answer(200, google.world.things[new])

    def patch(request: Request, who: str, name: str) -> Answer:
        now = google.existing(name)
        new = merged(now, request.json)
        held = now.get("retentionPolicy", {})
        kept = new.get("retentionPolicy", {})
        if held.get("isLocked") and int(kept.get("retentionPeriod", 0)) < int(held["retentionPeriod"]):
            raise Refused(403, "forbidden", "Cannot reduce retention duration of a locked Retention Policy")
        _lawful(google, new)
        new["metageneration"] = str(int(now["metageneration"]) + 1)
        google.world.things[name] = new
        return Answer(200, new)

    def lock(request: Request, who: str, name: str) -> Answer:
        now = google.existing(name)
        if request.one("ifMetagenerationMatch") != now["metageneration"]:
            raise Refused(412, "conditionNotMet", "At least one of the pre-conditions did not hold.")
        if "retentionPolicy" not in now:
            raise Refused(400, "INVALID", "the bucket has no retention policy")
        now["retentionPolicy"]["isLocked"] = True
        now["metageneration"] = str(int(now["metageneration"]) + 1)
        return Answer(200, now)

    google.serve("storage.buckets.get", get)
    google.serve("storage.buckets.insert", insert)
    google.serve("storage.buckets.patch", patch)
    google.serve("storage.buckets.delete", _deleted(google))
    google.serve("storage.buckets.lockRetentionPolicy", lock)
    google.serve("storage.projects.serviceAccount.get", lambda r, w, n: Answer(200, {"email_address": AGENT}))
    _policies(google, "storage.buckets")


def _objects(google: Google) -> None:
    def list_(request: Request, who: str, name: str) -> Answer:
        bucket = name.removesuffix("/o")
        google.existing(bucket)
        found = [v[-1] for k, v in sorted(google.world.objects.items()) if k.startswith(f"{bucket}/o/")]
        wanted = [o for o in found if o["name"].startswith(request.one("prefix"))]
        return Answer(200, {"kind": "storage#objects", "items": [_metadata(o) for o in wanted]})

    def object_(request: Request, who: str, name: str) -> Answer:
        versions = google.world.objects.get(name)
        if not versions:
            raise Refused(404, "notFound", f"No such object: {name}")
        if request.one("alt") == "media":
            return Answer(200, versions[-1]["data"], {"Content-Type": "application/octet-stream"})
        return Answer(200, _metadata(versions[-1]))

    def put(request: Request, who: str, name: str) -> Answer:
        bucket = google.existing(name.removesuffix("/o"))
        about, data = _upload(request)
        path = f"b/{bucket['name']}/o/{about['name']}"
        versions = google.world.objects.setdefault(path, [])
        if "ifGenerationMatch" in request.query:
            now = versions[-1]["generation"] if versions else "0"
            if request.one("ifGenerationMatch") != now:
                raise Refused(412, "conditionNotMet", "At least one of the pre-conditions did not hold.")
        if versions and bucket.get("retentionPolicy"):
            raise Refused(403, "retentionPolicyNotMet", f"{path} is subject to the bucket's retention policy")
        md5 = base64.b64encode(hashlib.md5(data).digest()).decode()
        generation = str(google.world.next())
        versions.append({**about, "generation": generation, "md5Hash": md5, "data": data, "by": who})
        return Answer(200, _metadata(versions[-1]))

    google.serve("storage.objects.list", list_)
    google.serve("storage.objects.get", object_)
    google.serve("storage.objects.insert", put)


def _lawful(google: Google, bucket: Any) -> None:
    """What a bucket may be: in Japan, with a key that exists, is near and that the service may use."""
    if bucket["location"].lower() not in JAPAN:
        text = f"'{bucket['location']}' violates constraint 'constraints/gcp.resourceLocations'"
        raise Refused(412, "conditionNotMet", text)
    if bucket.get("retentionPolicy") and bucket.get("versioning", {}).get("enabled"):
        text = "Versioning cannot be enabled on a bucket with a retention policy."
        raise Refused(400, "INVALID", text)
    key = bucket.get("encryption", {}).get("defaultKmsKeyName")
    if key:
        google.existing(key)
        if f"/locations/{bucket['location'].lower()}/" not in key:
            raise Refused(400, "INVALID", "the key is not in the bucket's location")
        if not google.may(f"serviceAccount:{AGENT}", "cloudkms.cryptoKeyVersions.useToEncrypt", key):
            text = f"Permission denied on Cloud KMS key. Grant {AGENT} cryptoKeyEncrypterDecrypter."
            raise Refused(403, "forbidden", text)


def _metadata(version: Any) -> dict[str, Any]:
    return {k: v for k, v in version.items() if k not in ("data", "by")}


def _upload(request: Request) -> tuple[dict[str, Any], bytes]:
    """The metadata and the bytes of an upload, simple or multipart."""
    kind = request.headers["content-type"]
    if not kind.startswith("multipart/related"):
        return {"name": request.one("name")}, request.body
    whole = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + request.body)
    parts: list[Any] = list(whole.walk())[1:]
    about, data = (bytes(part.get_payload(decode=True)) for part in parts)
    return json.loads(about), data


def _alarms(google: Google) -> None:
    def create(request: Request, who: str, name: str) -> Answer:
        new = f"{name}/{google.world.next()}"
        google.world.things[new] = {**request.json, "name": new}
        for channel in request.json.get("notificationChannels", []):
            google.existing(channel)
        return Answer(200, google.world.things[new])

    base = "monitoring.projects"
    for kind in ("notificationChannels", "alertPolicies"):
        google.serve(f"{base}.{kind}.list", _listed(google, kind, kind))
        google.serve(f"{base}.{kind}.create", create)
        google.serve(f"{base}.{kind}.delete", _deleted(google))
    google.serve(f"{base}.alertPolicies.patch", _patched(google))
