"""Who may do what: evaluated, not compared with text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from components.aws import grants
from stacks.plan import HandoverPlan

BUCKET = "jt131041p-handover-111122223333"
KEY = "arn:aws:kms:ap-northeast-1:111122223333:key/data"
ROLES = {"a": ["arn:role/a"], "b": ["arn:role/b"], "c": ["arn:role/c", "arn:role/c-server"], "vendor": []}


def _pair(sender: str, receiver: str, number: int) -> HandoverPlan:
    key = f"{number:03}-{number + 1:03}"
    return HandoverPlan(key, sender, receiver, "x", "y", f"{number:03}/{number + 1:03}/")


def _holds(condition: Mapping[str, Mapping[str, Any]], facts: Mapping[str, str]) -> bool:
    """Whether a condition block holds, for the operators that the policy uses."""
    for operator, tests in condition.items():
        for key, wanted in tests.items():
            values = wanted if isinstance(wanted, list) else [wanted]
            found = facts.get(key)
            if operator == "Bool":
                good = found in values
            elif operator == "StringNotEquals":
                good = found not in values
            elif operator == "Null":
                good = (found is None) == (values[0] == "true")
            elif operator == "NumericLessThan":
                good = found is not None and float(found) < float(values[0])
            else:
                raise AssertionError(f"unknown operator {operator}")
            if not good:
                return False
    return True


def _denied(policy: str, action: str, resource: str, facts: Mapping[str, str]) -> Sequence[str]:
    return [
        s["Sid"]
        for s in json.loads(policy)["Statement"]
        if s["Effect"] == "Deny"
        and any(fnmatchcase(action, a) for a in s["Action"])
        and any(fnmatchcase(resource, r) for r in s["Resource"])
        and _holds(s.get("Condition", {}), facts)
    ]


def _asks(role: str, **other: str) -> Mapping[str, str]:
    return {
        "aws:PrincipalArn": role,
        "aws:SourceVpce": "vpce-1",
        "aws:SecureTransport": "true",
        "s3:TlsVersion": "1.3",
    } | {key.replace("_", ":", 1): value for key, value in other.items()}


pairs = st.lists(
    st.tuples(st.sampled_from(sorted(ROLES)), st.sampled_from(sorted(ROLES))).filter(lambda p: p[0] != p[1]),
    min_size=1,
    max_size=40,
).map(lambda found: [_pair(sender, receiver, n) for n, (sender, receiver) in enumerate(found)])


@given(pairs)
def test_each_prefix_has_its_sender_its_receiver_and_nobody_else(handovers: list[HandoverPlan]) -> None:
    policy = grants.handover_bucket(BUCKET, handovers, ROLES, "vpce-1", KEY)
    everybody = ["arn:role/admin", *(role for roles in ROLES.values() for role in roles)]
    for pair in handovers:
        file = f"arn:aws:s3:::{BUCKET}/{pair.prefix}2026/file.csv"
        puts = [r for r in everybody if not _denied(policy, "s3:PutObject", file, _asks(r))]
        gets = [r for r in everybody if not _denied(policy, "s3:GetObject", file, _asks(r))]
        assert puts == ROLES[pair.sender]
        assert gets == ROLES[pair.receiver]


def test_the_bucket_is_closed_but_for_the_network_tls_and_the_key() -> None:
    policy = grants.handover_bucket(BUCKET, [_pair("a", "b", 1)], ROLES, "vpce-1", KEY)
    file = f"arn:aws:s3:::{BUCKET}/001/002/file"
    sender = "arn:role/a"
    header = "s3_x-amz-server-side-encryption-aws-kms-key-id"
    assert not _denied(policy, "s3:PutObject", file, _asks(sender))
    assert not _denied(policy, "s3:PutObject", file, _asks(sender, **{header: KEY}))
    assert _denied(policy, "s3:PutObject", file, _asks(sender, **{header: "another"})) == ["OwnKeyOnly"]
    plain = {"s3_x-amz-server-side-encryption": "AES256"}
    assert _denied(policy, "s3:PutObject", file, _asks(sender, **plain)) == ["KeysOnly"]
    assert _denied(policy, "s3:PutObject", file, _asks(sender, aws_SourceVpce="vpce-2")) == ["OwnNetworkOnly"]
    outside = {k: v for k, v in _asks(sender).items() if k != "aws:SourceVpce"}
    assert _denied(policy, "s3:PutObject", file, outside) == ["OwnNetworkOnly"]
    assert _denied(policy, "s3:PutObject", file, _asks(sender, aws_SecureTransport="false")) == ["TlsOnly"]
    assert _denied(policy, "s3:PutObject", file, _asks(sender, s3_TlsVersion="1.1")) == ["Tls12"]
    # Whoever runs the toolkit, outside the network, can still see and change the bucket's settings.
    arn = f"arn:aws:s3:::{BUCKET}"
    assert not _denied(policy, "s3:GetBucketPolicy", arn, _asks("arn:role/admin", aws_SourceVpce="none"))


def test_a_policy_of_140_pairs_fits_into_what_s3_takes() -> None:
    names = [f"package-{n}" for n in range(4)]
    roles = {name: [f"arn:aws:iam::111122223333:role/jt131041p-{name}-task"] for name in names}
    handovers = [_pair(names[n % 4], names[(n + 1) % 4], n) for n in range(140)]
    assert len(grants.handover_bucket(BUCKET, handovers, roles, "vpce-0a1b2c3d4e5f60718", KEY)) <= 20_480
