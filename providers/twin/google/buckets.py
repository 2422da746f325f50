"""Cloud Storage: buckets, managed folders and their permissions."""

from __future__ import annotations

import re
from collections.abc import Mapping

from providers.twin.behaviour import Answer, Behaviour, Refusal, Unique
from providers.twin.google.identity import permission, project_number
from providers.twin.google.words import bad, item, key, part
from providers.twin.scope import Scope

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]")


def _bucket(scope: Scope) -> None:
    text = str(scope.get("name"))
    if not _NAME.fullmatch(text) or "google" in text or text.startswith("goog"):
        raise bad(f"Bucket names: '{text}' is not allowed")


def _locked(scope: Scope) -> None:
    """A locked retention is never unlocked, shortened or taken away."""
    before = (scope.old.state.get("retentionPolicy") or {}) if scope.old is not None else {}
    if not before.get("isLocked"):
        return
    now = scope.get("retentionPolicy") or {}
    if not now.get("isLocked") or int(now.get("retentionPeriod") or 0) < int(
        before.get("retentionPeriod") or 0
    ):
        raise Refusal("forbidden", f"bucket '{scope.id}' has a locked retention policy", 403)


def _folder(scope: Scope) -> None:
    text = str(scope.get("name"))
    if not text.endswith("/") or text.startswith("/") or "//" in text:
        raise bad(f"managed folder '{text}': it must end with '/' and have no empty part")
    bucket = scope.target("bucket")
    if bucket is not None and not bucket.state.get("uniformBucketLevelAccess"):
        raise bad("managed folders need uniform bucket-level access")


TABLE: Mapping[str, Behaviour] = {
    "storage.Bucket": item(
        "{name}",
        "storage",
        "storage:v1:Bucket",
        "name location",
        refs=(key("encryption.defaultKmsKeyName"),),
        defaults={"storageClass": "STANDARD", "publicAccessPrevention": "inherited"},
        computed={
            "selfLink": "https://www.googleapis.com/storage/v1/b/{name}",
            "url": "gs://{name}",
            "projectNumber": lambda s: int(project_number(s.unit)),
            "timeCreated": "{now}",
            "updated": "{now}",
        },
        rules=(_bucket, _locked),
        unique=(
            Unique(
                "bucket",
                "{name}",
                Answer(
                    "conflict", "Your previous request to create the named bucket succeeded: {value}", 409
                ),
                theirs=Answer(
                    "conflict",
                    "The requested bucket name is not available: {value}. Bucket names are global",
                    409,
                ),
                across=True,
            ),
        ),
        used=False,
    ),
    "storage.BucketIAMMember": permission(
        "bucket", part("bucket", "storage.Bucket", anywhere=True), service="storage"
    ),
    "storage.ManagedFolder": item(
        "{bucket}/{name}",
        "storage",
        "storage:v1:ManagedFolder",
        "bucket name",
        project=False,
        everywhere=True,
        refs=(part("bucket", "storage.Bucket", anywhere=True),),
        computed={"createTime": "{now}", "updateTime": "{now}", "metageneration": "1", "selfLink": "{id}"},
        rules=(_folder,),
    ),
    "storage.ManagedFolderIamPolicy": Behaviour(
        id="b/{bucket}/managedFolders/{managedFolder}",
        service="storage",
        autoname="",
        everywhere=True,
        put=True,
        computed={"etag": "CA{alnum6}="},
        fresh=frozenset({"etag"}),
        fixed=frozenset({"bucket", "managedFolder"}),
        refs=(
            part("bucket", "storage.Bucket", anywhere=True),
            part("managedFolder", "storage.ManagedFolder", anywhere=True),
        ),
        rules=permission("bucket", service="storage").rules,
    ),
}
