"""Steps for the two keys of KMS: the state's, and Pulumi's secrets'."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from scripts.bootstrap.aws import policies
from scripts.bootstrap.aws.session import AwsSession
from scripts.bootstrap.aws.strangers import foreign
from scripts.bootstrap.calls import Call, Later
from scripts.bootstrap.steps import Context, Finding, Problem
from stacks.text import Text

KeyLook = Callable[[Context[AwsSession]], Finding]


def look_key(alias: Callable[[Context[AwsSession]], str], purpose: Text, *, alarms: bool) -> KeyLook:
    """The `look` of a key that goes by `alias`."""

    def look(c: Context[AwsSession]) -> Finding:
        name = alias(c)
        policy = policies.key(c.session.names, alarms=alarms)
        said = c.session.read("kms", "DescribeKey", KeyId=name, absent=("NotFoundException",))
        if said is None:
            return _key_without_alias(c, name, purpose, policy)
        meta: Mapping[str, Any] = said["KeyMetadata"]
        key_id = str(meta["KeyId"])
        facts = {"alias": name, "key": meta["Arn"], "state": meta["KeyState"]}
        if not alarms:
            facts["secrets_provider"] = c.session.names.secrets_provider(name)
        if _tags(c, key_id) != _wanted_tags(c, name):
            return Finding(facts=facts, problem=foreign(name, filled=True))
        if meta["KeyState"] != "Enabled":
            return Finding(facts=facts, problem=_not_enabled(name, str(meta["KeyState"])))
        calls: list[Call] = []
        rotation = (c.session.read("kms", "GetKeyRotationStatus", KeyId=key_id) or {})["KeyRotationEnabled"]
        if not rotation:
            calls.append(_rotate(key_id))
        there = (c.session.read("kms", "GetKeyPolicy", KeyId=key_id, PolicyName="default") or {})["Policy"]
        if not policies.same(parsed(there), policy):
            calls.append(
                Call(
                    "kms",
                    "PutKeyPolicy",
                    {"KeyId": key_id, "PolicyName": "default", "Policy": policies.written(policy)},
                    Text("鍵のポリシー", "the key's policy"),
                )
            )
        return Finding(facts=facts | {"rotation": rotation}, calls=tuple(calls))

    return look


def _key_without_alias(
    c: Context[AwsSession], alias: str, purpose: Text, policy: policies.Document
) -> Finding:
    """Make the key, or give its name to the one that an attempt before this has made."""
    orphan = _orphan(c, alias)
    key_id: str | Later = orphan or Later("KeyId", "create", ("KeyMetadata", "KeyId"))
    calls: list[Call] = []
    if orphan is None:
        calls.append(
            Call(
                "kms",
                "CreateKey",
                {
                    "Description": purpose.en,
                    "KeyUsage": "ENCRYPT_DECRYPT",
                    "KeySpec": "SYMMETRIC_DEFAULT",
                    "Policy": policies.written(policy),
                    "Tags": [{"TagKey": k, "TagValue": v} for k, v in _wanted_tags(c, alias).items()],
                },
                purpose,
                id="create",
            )
        )
    calls.append(_rotate(key_id))
    calls.append(
        Call(
            "kms",
            "CreateAlias",
            {"AliasName": alias, "TargetKeyId": key_id},
            Text("鍵の名前", "the key's name"),
        )
    )
    return Finding(facts={"alias": alias, "key": orphan}, calls=tuple(calls))


def _orphan(c: Context[AwsSession], alias: str) -> str | None:
    """Our key without a name: CreateKey takes effect even where its answer is lost, and has no token by
    which AWS would know a repetition."""
    named = {a.get("TargetKeyId") for a in _pages(c, "ListAliases", "Aliases")}
    for key in _pages(c, "ListKeys", "Keys"):
        if key["KeyId"] not in named and _tags(c, key["KeyId"]) == _wanted_tags(c, alias):
            return str(key["KeyId"])
    return None


def _pages(c: Context[AwsSession], operation: str, field: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    marker: dict[str, str] = {}
    while True:
        said = c.session.read("kms", operation, **marker) or {}
        found += said.get(field, [])
        if not said.get("Truncated"):
            return found
        marker = {"Marker": said["NextMarker"]}


def _rotate(key_id: str | Later) -> Call:
    return Call(
        "kms", "EnableKeyRotation", {"KeyId": key_id}, Text("鍵を毎年更新", "a new key material each year")
    )


def _wanted_tags(c: Context[AwsSession], alias: str) -> dict[str, str]:
    return c.settings.owner | {"jichitai-key": alias.removeprefix("alias/")}


def _tags(c: Context[AwsSession], key_id: str) -> dict[str, str]:
    said = c.session.read("kms", "ListResourceTags", KeyId=key_id, absent=("AccessDeniedException",)) or {}
    return {t["TagKey"]: t["TagValue"] for t in said.get("Tags", []) if t["TagKey"].startswith("jichitai-")}


def parsed(text: str) -> Any:
    """A policy as JSON."""
    return json.loads(text)


def _not_enabled(name: str, state: str) -> Problem:
    return Problem(
        "unsafe",
        Text(f"鍵 {name} は使えない状態です（{state}）。", f"the key {name} cannot be used ({state})"),
        Text(
            "削除の予定や無効化を、誰がなぜ行ったか確かめ、取り消してから実行してください。",
            "Find out who disabled it or scheduled its deletion; take that back, then run this again.",
        ),
    )
