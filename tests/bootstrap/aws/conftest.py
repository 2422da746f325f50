"""An AWS account that was just handed over, on this machine, and whole runs in it."""

from __future__ import annotations

import base64
import itertools
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from moto.iam.models import AWSManagedPolicy, iam_backends
from moto.s3.models import s3_backends
from moto.sts.models import sts_backends

from scripts.bootstrap.aws import CLOUD, STEPS
from scripts.bootstrap.aws.session import AwsSession, Clients, Names
from scripts.bootstrap.evidence import Chain
from scripts.bootstrap.run import BlockedError, FailedError, Outcome, Patience, Runner
from scripts.bootstrap.steps import Pipeline, Settings, Step
from scripts.engine.places import REPO
from tests.bootstrap.aws.amazon import Amazon
from tests.bootstrap.fakes.server import Server

REGION = "ap-northeast-1"
STACK = "131041-shinjuku"
ISSUER = "https://token.actions.githubusercontent.com"
SUBJECT = "repo:shinjuku/infra:environment:production"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}

_accounts = itertools.count(111122220000)


def token(subject: str = SUBJECT, audience: str = "sts.amazonaws.com", issuer: str = ISSUER) -> str:
    """What a pipeline's issuer would sign."""

    def part(content: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    claims = {"iss": issuer, "sub": subject, "aud": audience}
    return f"{part({'alg': 'RS256'})}.{part(claims)}.c2lnbmF0dXJl"


@dataclass
class Quiet:
    """Remembers what a listener is told."""

    called: list[str] = field(default_factory=list[str])
    waited: list[str] = field(default_factory=list[str])

    def looking(self, step: Any, number: int, of: int) -> None: ...
    def looked(self, step: Any, finding: Any) -> None: ...
    def finished(self, step: Any, changed: int) -> None: ...

    def calling(self, step: Any, call: Any) -> None:
        self.called.append(f"{call.service}:{call.operation}")

    def waiting(self, step: Any, failure: Any, seconds: float) -> None:
        self.waited.append(failure.kind if failure else "")


@dataclass
class Account:
    """One account with its administrator, the evidence of its bootstrap, and the pipeline's token."""

    cloud: Amazon
    server: Server
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    user: str = "handed-over"
    stack: str = STACK
    listener: Quiet = field(default_factory=Quiet)
    clients: dict[str, Clients] = field(default_factory=dict[str, Clients])
    """Clients by access key: making them is half of a run."""

    def __post_init__(self) -> None:
        self.manifest: dict[str, Any] = yaml.safe_load(
            (REPO / "stacks" / "tenants" / f"Pulumi.{self.stack}.yaml").read_text(encoding="utf-8")
        )["config"]["jichitai:tenant"]
        self.manifest["clouds"]["aws"]["unit"] = self.cloud.account
        self.folder.mkdir(parents=True, exist_ok=True)
        self.token_file = self.folder / "token"
        self.token_file.write_text(token(), encoding="utf-8")
        self.chain = Chain(self.folder / "evidence.jsonl", f"aws {self.cloud.account}")
        self.key, self.secret = self.hand_over(self.user)
        self.become(self.key, self.secret)

    @property
    def account(self) -> str:
        return self.cloud.account

    def hand_over(self, user: str, policy: Any = EVERYTHING) -> tuple[str, str]:
        """An IAM user with a key, made as the Digital Agency would; its key and secret."""
        iam = iam_backends[self.account]["aws"]
        if ADMINISTRATOR not in iam.managed_policies:
            detail = {
                "Path": "/",
                "Document": EVERYTHING,
                "CreateDate": "2015-02-06T18:39:46+00:00",
                "DefaultVersionId": "v1",
                "UpdateDate": "2015-02-06T18:39:46+00:00",
            }
            policy_there = AWSManagedPolicy.from_data(
                "AdministratorAccess", self.account, "ap-northeast-1", detail
            )
            iam.managed_policies[ADMINISTRATOR] = policy_there
        iam.create_user(REGION, user)
        iam.put_user_policy(user, "everything", json.dumps(policy))
        made = iam.create_access_key(user)
        return made.access_key_id, made.secret_access_key

    def become(self, key: str, secret: str, session: str = "") -> None:
        """Use these credentials from now on, as boto3's standard chain finds them."""
        self.monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
        self.monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
        if session:
            self.monkeypatch.setenv("AWS_SESSION_TOKEN", session)
        else:
            self.monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)

    def break_glass(self) -> None:
        """Come as the break-glass role, from a session with a second factor."""
        sts = sts_backends[self.account]["aws"]
        role = self.names.role_arn(self.names.break_glass)
        held = sts.assume_role(REGION, "drill", role, None, 3600, None)
        self.become(held.access_key_id, held.secret_access_key, held.session_token)

    def settings(self, *, proving: bool = True, pipeline: Pipeline | None = None) -> Settings:
        said = pipeline or Pipeline(ISSUER, (SUBJECT,))
        file = str(self.token_file) if proving else ""
        return Settings("aws", self.stack, self.manifest, said, token_file=file)

    @property
    def names(self) -> Names:
        return Names(self.settings())

    def runner(self, settings: Settings | None = None) -> Runner[AwsSession]:
        self.listener = Quiet()
        key = os.environ["AWS_ACCESS_KEY_ID"]
        clients = self.clients.setdefault(key, Clients(REGION))
        return Runner(
            replace(CLOUD, open=lambda said, recorder: AwsSession(said, recorder, clients)),
            settings or self.settings(),
            self.chain,
            self.listener,
            Patience(first=0, longest=0),
            sleep=lambda _: None,
        )

    def run(
        self, settings: Settings | None = None, steps: Sequence[Step[AwsSession]] = STEPS
    ) -> Outcome[AwsSession]:
        """A whole run: look at everything, then do what is to be done."""
        runner = self.runner(settings)
        return runner.apply(runner.survey(steps), lambda step: None)

    def look(self) -> Outcome[AwsSession]:
        """Look at every step; nothing is changed."""
        return self.runner().survey(STEPS)

    def client(self, service: str, region: str = REGION, **keys: str) -> Any:
        """A client of the test's own."""
        return boto3.Session().client(service, region_name=region, **keys)  # pyright: ignore

    def blocked(self, settings: Settings | None = None) -> BlockedError:
        """The refusal of a run that must not change anything."""
        before = self.state()
        with pytest.raises(BlockedError) as refused:
            self.run(settings)
        assert self.state() == before, "something was changed"
        return refused.value

    def failed(self) -> FailedError:
        """The failure of a run that must not change anything."""
        before = self.state()
        with pytest.raises(FailedError) as failed:
            self.run()
        assert self.state() == before, "something was changed"
        return failed.value

    def state(self) -> dict[str, Any]:
        """All that a bootstrap makes in the account, as it is now; ids that AWS draws are left out."""
        return state_of(self.account)


def state_of(account: str) -> dict[str, Any]:
    """What there is in an account, without what differs from run to run."""
    from moto.account.models import account_backends
    from moto.events.models import events_backends
    from moto.kms.models import kms_backends
    from moto.sns.models import sns_backends

    iam = iam_backends[account]["aws"]
    kms = kms_backends[account][REGION]
    buckets = s3_backends[account]["aws"].buckets
    topics = sns_backends[account][REGION].topics
    contacts = account_backends[account]["aws"]._alternate_contacts  # pyright: ignore[reportPrivateUsage]
    return {
        "contacts": sorted((k, v.email_address) for k, v in contacts.items()),
        "password": vars(iam.account_password_policy) if iam.account_password_policy else None,
        "keys": sorted(
            (
                sorted(k.aliases),
                k.key_rotation_status,
                json.dumps(json.loads(k.policy), sort_keys=True),
            )
            for k in kms.keys.values()
        ),
        "buckets": {
            b.name: {
                "versioning": b.versioning_status,
                "encryption": str(b.encryption),
                "lock": b.object_lock_enabled,
                "policy": str(b.policy),
                "public": str(vars(b.public_access_block)) if b.public_access_block else None,
                "ownership": str(b.ownership_rule),
                "rules": len(b.rules),
                "objects": sorted(b.keys),
            }
            for b in buckets.values()
        },
        "roles": {
            r.name: {
                "trust": r.assume_role_policy_document,
                "inline": r.policies,
                "managed": sorted(r.managed_policies),
                "boundary": r.permissions_boundary_arn,
            }
            for r in iam.roles.values()
        },
        "policies": {
            p.name: [v.document for v in p.versions]
            for p in iam.managed_policies.values()
            if p.arn != ADMINISTRATOR
        },
        "providers": {arn: sorted(p.client_id_list) for arn, p in iam.open_id_providers.items()},
        "users": {
            u.name: {
                "keys": [k.status for k in u.access_keys],
                "password": u.password is not None,
                "inline": sorted(u.policies),
            }
            for u in iam.users.values()
        },
        "topics": sorted(topics),
        "told": sorted(s.endpoint for s in sns_backends[account][REGION].subscriptions.values()),
        "rules": {
            f"{region}/{r.name}": [
                r.event_pattern.get_pattern(),
                sorted(t["Arn"] for t in r.targets),
                r.state,
            ]
            for region in (REGION, "us-east-1")
            for bus in events_backends[account][region].event_buses.values()
            for r in bus.rules.values()
        },
    }


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """A fresh account; moto's accounts share nothing, so that nothing has to be reset."""
    yield from opened(tmp_path, monkeypatch)


def opened(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: str = "", stack: str = STACK
) -> Iterator[Account]:
    """An account that was just handed over, served until the test is over."""
    number = number or str(next(_accounts))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    cloud = Amazon(number)
    server = cloud.served()
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    try:
        yield Account(cloud, server, folder, monkeypatch, stack=stack)
    finally:
        server.close()
    assert server.broken == []
