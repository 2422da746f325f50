"""Where Pulumi's state and the evidence are kept, and the keys that seal them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from scripts.bootstrap.calls import Call
from scripts.bootstrap.google import errors, names
from scripts.bootstrap.google.policy import Grant, lacking, setting, with_grants
from scripts.bootstrap.google.session import Google
from scripts.bootstrap.steps import Context, Finding, Problem, Settings
from stacks.text import Text

C = Context[Google]
KEYS = "projects.locations.keyRings"
DAY = 86_400


def look_keys(c: C) -> Finding:
    """The key ring and both keys; Cloud Storage may use the one of the state."""
    s = c.settings
    calls: list[Call] = []
    facts: dict[str, Any] = {}
    ring = c.session.read("cloudkms", f"{KEYS}.get", name=names.ring(s))
    if ring is None:
        arguments: dict[str, Any] = {
            "parent": f"projects/{s.unit}/locations/{s.region}",
            "keyRingId": names.RING,
            "body": {},
        }
        calls.append(
            Call("cloudkms", f"{KEYS}.create", arguments, Text("鍵の入れ物を作る", "make the key ring"))
        )
    for short in (names.STATE_KEY, names.SECRETS_KEY):
        full = names.key(s, short)
        found = c.session.read("cloudkms", f"{KEYS}.cryptoKeys.get", name=full)
        facts[short] = _key_facts(found)
        if found is None:
            calls.append(_new_key(s, short))
            continue
        if problem := _wrong_key(s, short, found):
            return Finding(facts=facts, problem=problem)
        calls += _key_changes(full, found)
    agent = c.session.read("storage", "projects.serviceAccount.get", projectId=s.unit)
    email = (agent or {}).get("email_address", "")
    policy = c.session.read(
        "cloudkms",
        f"{KEYS}.cryptoKeys.getIamPolicy",
        resource=names.key(s, names.STATE_KEY),
        options_requestedPolicyVersion=3,
    )
    grant = Grant(names.ENCRYPT, f"serviceAccount:{email}")
    if lacking(policy, [grant]):
        why = Text("Cloud Storage に状態の鍵を使わせる", "let Cloud Storage use the state's key")
        resource = names.key(s, names.STATE_KEY)
        wanted = with_grants(policy, [grant])
        calls.append(setting("cloudkms", f"{KEYS}.cryptoKeys.setIamPolicy", resource, wanted, why))
    return Finding(facts=facts, calls=tuple(calls))


def _key_facts(found: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"rotation": found.get("rotationPeriod"), "state": found.get("primary", {}).get("state")}


def _new_key(settings: Settings, short: str) -> Call:
    arguments = {
        "parent": names.ring(settings),
        "cryptoKeyId": short,
        "body": {
            "purpose": "ENCRYPT_DECRYPT",
            "labels": settings.owner,
            "destroyScheduledDuration": f"{names.DESTROY_DAYS * DAY}s",
            **_rotation(),
        },
    }
    why = Text(f"鍵 {short} を作る", f"make the key {short}")
    return Call("cloudkms", f"{KEYS}.cryptoKeys.create", arguments, why)


def _rotation() -> dict[str, str]:
    next_ = (datetime.now(UTC) + timedelta(days=names.ROTATION_DAYS)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    return {
        "rotationPeriod": f"{names.ROTATION_DAYS * DAY}s",
        "nextRotationTime": next_.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _wrong_key(settings: Settings, short: str, found: Mapping[str, Any]) -> Problem | None:
    if not ours(settings, found.get("labels", {})):
        return foreign(f"Cloud KMS の鍵 {short}", f"the Cloud KMS key {short}", settings)
    if found.get("purpose") != "ENCRYPT_DECRYPT":
        what = Text(
            f"鍵 {short} は暗号化用ではありません（{found.get('purpose')}）。",
            f"the key {short} is not for encryption ({found.get('purpose')})",
        )
        return Problem("impossible", what, _NAMES_STAY)
    if found.get("primary", {}).get("state") != "ENABLED":
        what = Text(
            f"鍵 {short} の主バージョンが有効ではありません。",
            f"the primary version of the key {short} is not enabled",
        )
        return Problem(
            "unsafe", what, Text("バージョンを復元または有効化してください。", "Restore or enable it.")
        )
    return None


def _key_changes(full: str, found: Mapping[str, Any]) -> list[Call]:
    period = str(found.get("rotationPeriod", "")).removesuffix("s")
    if period.isdigit() and int(period) <= names.ROTATION_DAYS * DAY:
        return []
    arguments = {"name": full, "updateMask": "rotationPeriod,nextRotationTime", "body": _rotation()}
    why = Text("鍵を自動で更新する", "have the key rotated")
    return [Call("cloudkms", f"{KEYS}.cryptoKeys.patch", arguments, why)]


_NAMES_STAY = Text(
    "鍵の名前は消せません。払い出し元に相談するか、マニフェストで別の国内リージョンを使ってください。",
    "Names of keys stay for ever: ask for another project, or use another region in the manifest.",
)


def ours(settings: Settings, labels: Mapping[str, str]) -> bool:
    """Whether labels say that something is this stack's bootstrap's."""
    return all(labels.get(key) == value for key, value in settings.owner.items())


def foreign(ja: str, en: str, settings: Settings) -> Problem:
    """Something of that name exists and does not carry our mark."""
    mark = names.mark(settings)
    return Problem(
        "foreign",
        Text(
            f"{ja} はすでにあり、このスタックのものという印がありません。",
            f"{en} exists, and nothing says that it is this stack's",
        ),
        Text(
            f"別の用途なら、名前を変えるか消してください。手で作ったものなら、{mark} を付けてください。",
            f"If it serves something else, rename or delete it; if you made it earlier, mark it: {mark}",
        ),
    )


def state_body(settings: Settings) -> dict[str, Any]:
    """The bucket of the state. A retention policy would keep Pulumi from writing: versions and soft
    deletion keep what was overwritten or deleted instead, whoever did it."""
    return {
        **_private(settings),
        "name": names.state_bucket(settings),
        "versioning": {"enabled": True},
        "lifecycle": {
            "rule": [
                {
                    "action": {"type": "Delete"},
                    "condition": {"daysSinceNoncurrentTime": settings.archive_years * 365, "isLive": False},
                }
            ]
        },
    }


def evidence_body(settings: Settings) -> dict[str, Any]:
    """The bucket of the evidence: nothing in it can be changed for the archive's years."""
    return {
        **_private(settings),
        "name": names.evidence_bucket(settings),
        "retentionPolicy": {"retentionPeriod": str(settings.archive_years * 365 * DAY)},
    }


def _private(settings: Settings) -> dict[str, Any]:
    return {
        "location": settings.region.upper(),
        "storageClass": "STANDARD",
        "iamConfiguration": {
            "uniformBucketLevelAccess": {"enabled": True},
            "publicAccessPrevention": "enforced",
        },
        "encryption": {"defaultKmsKeyName": names.key(settings, names.STATE_KEY)},
        "softDeletePolicy": {"retentionDurationSeconds": str(names.SOFT_DELETE_DAYS * DAY)},
        "labels": settings.owner,
    }


def look_state(c: C) -> Finding:
    """The bucket of the state."""
    return _bucket(c, state_body(c.settings))


def look_archive(c: C) -> Finding:
    """The bucket of the evidence; in production its retention is locked for good."""
    finding = _bucket(c, evidence_body(c.settings))
    if finding.problem is not None or not c.settings.production:
        return finding
    found = c.session.read("storage", "buckets.get", bucket=names.evidence_bucket(c.settings))
    if (found or {}).get("retentionPolicy", {}).get("isLocked"):
        return finding
    # What is to be locked is what was seen: a change in between makes the lock fail.
    generation = (found or {}).get("metageneration", "1")
    arguments = {"bucket": names.evidence_bucket(c.settings), "ifMetagenerationMatch": generation}
    why = Text("保存期間をロックする（取り消せません）", "lock the retention (cannot be undone)")
    lock = Call("storage", "buckets.lockRetentionPolicy", arguments, why)
    # A bucket whose settings are still to be changed has another generation afterwards.
    later = bool(finding.calls) and found is not None
    return Finding(facts=finding.facts, calls=finding.calls if later else (*finding.calls, lock))


def _bucket(c: C, wanted: Mapping[str, Any]) -> Finding:
    name = str(wanted["name"])
    try:
        found = c.session.read("storage", "buckets.get", bucket=name)
    except Exception as error:
        if not errors.forbidden(error):
            raise
        return Finding(facts={"bucket": name}, problem=_taken(name))
    if found is None:
        why = Text(f"バケット {name} を作る", f"make the bucket {name}")
        call = Call("storage", "buckets.insert", {"project": c.settings.unit, "body": wanted}, why)
        return Finding(facts={"bucket": None}, calls=(call,))
    facts = {key: found.get(key) for key in wanted if key not in ("labels", "storageClass")}
    if not ours(c.settings, found.get("labels", {})):
        problem = foreign(f"バケット {name}", f"the bucket {name}", c.settings)
        return Finding(facts=facts, problem=problem)
    if found["location"].upper() != wanted["location"]:
        what = Text(
            f"バケット {name} は {found['location']} にあります。場所は変えられません。",
            f"the bucket {name} is in {found['location']}; that cannot be changed",
        )
        do = Text(
            "空なら消して、もう一度実行してください。", "Delete it if it is empty, then run this again."
        )
        return Finding(facts=facts, problem=Problem("impossible", what, do))
    change = {key: value for key, value in wanted.items() if not _holds(found.get(key), value)}
    if not change:
        return Finding(facts=facts)
    why = Text(
        f"バケット {name} を整える: {', '.join(change)}", f"set the bucket {name}: {', '.join(change)}"
    )
    call = Call("storage", "buckets.patch", {"bucket": name, "body": change}, why)
    return Finding(facts=facts, calls=(call,))


def _holds(found: Any, wanted: Any) -> bool:
    """Whether what is there contains what is wanted; longer keeping is as good."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for key, value in wanted.items():
            if key in ("retentionPeriod", "retentionDurationSeconds"):
                if int(found.get(key, 0)) < int(value):
                    return False
            elif not _holds(found.get(key), value):
                return False
        return True
    return found == wanted


def _taken(name: str) -> Problem:
    return Problem(
        "foreign",
        Text(
            f"バケット名 {name} は、ほかのプロジェクトが使っています（名前は世界で一つです）。",
            f"the bucket name {name} is taken by another project (names are global)",
        ),
        Text(
            "そのバケットの持ち主に確かめてください。プロジェクトIDから作った名前なので、偶然とは考えにくいです。",
            "Find out whose it is: the name contains this project's id, so it is hardly there by chance.",
        ),
    )
