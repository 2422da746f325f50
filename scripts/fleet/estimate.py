"""How long a run on the real clouds would take: plain arithmetic on published figures, all of it shown.

Nothing of this has been measured by us on a real cloud. Each figure says where it is from: `published`
by the cloud, `observed` in public logs of other people's runs, or `assumed` by us where nothing was
found. Limits of the clouds' APIs are for one unit (account, subscription, project), and each stack has
units of its own: they bound a stack, not the country. What bounds the country is how many stacks we
wait for at once, and that is memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from stacks.registry.clouds import CloudName
from stacks.text import Text

Basis = Literal["published", "observed", "assumed"]

MEMORY_MB = 345
"""A running stack at most: engine, program, provider (docs/fleet-estimate.md)."""
CALLS = 6
"""Requests a resource: create, tag, read, and three looks whether it is ready. Assumed."""
RESERVED = 0.25
"""The share of a machine's memory that is left alone."""


@dataclass(frozen=True, slots=True)
class Slow:
    """What a stack waits longest for: minutes, and where the figure is from."""

    what: Text
    minutes: float
    basis: Basis
    source: Text


@dataclass(frozen=True, slots=True)
class Pace:
    """One cloud: its slowest chain, what own circuits add beside it, requests a second of one unit."""

    chain: tuple[Slow, ...]
    circuit: Slow | None
    rate: float
    rate_basis: Basis
    rate_source: Text


_NONE = Text("公表された値は見つからない", "no figure was found")
_DATABASE = Text("マネージドデータベース", "managed database")

PACES: Mapping[CloudName, Pace] = MappingProxyType(
    {
        "aws": Pace(
            (
                Slow(
                    Text("Aurora クラスターと2インスタンス", "Aurora cluster and two instances"),
                    15,
                    "assumed",
                    Text(
                        "公開された Terraform のログでは小さな RDS 1台で3〜5分。Aurora はクラスターの後に"
                        "インスタンスを作る",
                        "a single small RDS instance took 3 to 5 minutes in public Terraform logs; an Aurora "
                        "cluster makes its instances after itself",
                    ),
                ),
            ),
            None,
            20,
            "published",
            Text(
                "EC2 API の制限、アカウント・リージョンごと: DescribeHosts はトークン100、毎秒20 "
                "(docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html)",
                "EC2 API request throttling, per account and region: DescribeHosts 100 tokens, 20 a second "
                "(docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html)",
            ),
        ),
        "azure": Pace(
            (
                Slow(
                    _DATABASE,
                    10,
                    "observed",
                    Text(
                        "PostgreSQL フレキシブルサーバー: 公開された Terraform のログで5分6秒と9分23秒",
                        "PostgreSQL flexible server: 5 min 6 s and 9 min 23 s in public Terraform logs",
                    ),
                ),
            ),
            Slow(
                Text("ExpressRoute ゲートウェイ", "ExpressRoute gateway"),
                45,
                "published",
                Text(
                    "仮想ネットワークゲートウェイは最大45分 (learn.microsoft.com/azure/vpn-gateway)",
                    "virtual network gateways take up to 45 minutes (learn.microsoft.com/azure/vpn-gateway)",
                ),
            ),
            10,
            "published",
            Text(
                "Azure Resource Manager、サブスクリプションごと: 書き込み200、毎秒10 "
                "(learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling)",
                "Azure Resource Manager, per subscription: 200 writes, 10 a second "
                "(learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling)",
            ),
        ),
        "google": Pace(
            (
                Slow(
                    _DATABASE,
                    11,
                    "observed",
                    Text(
                        "AlloyDB のプライマリ: 公開された Terraform のログで8分42秒と10分34秒",
                        "AlloyDB primary instance: 8 min 42 s and 10 min 34 s in public Terraform logs",
                    ),
                ),
            ),
            None,
            25,
            "published",
            Text(
                "Compute Engine、プロジェクトごと: 毎分1,500件 (cloud.google.com/compute/api-quota)",
                "Compute Engine, per project: 1,500 requests a minute (cloud.google.com/compute/api-quota)",
            ),
        ),
        "oci": Pace(
            (Slow(_DATABASE, 20, "assumed", _NONE),),
            None,
            10,
            "assumed",
            _NONE,
        ),
        "sakura": Pace(
            (Slow(_DATABASE, 15, "assumed", _NONE),),
            None,
            5,
            "assumed",
            Text(
                "上限は公表されていない。公式クライアントは毎秒5件 (github.com/sacloud/saclient-go)",
                "no limit is published; the official client keeps to 5 requests a second "
                "(github.com/sacloud/saclient-go)",
            ),
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Share:
    """The stacks of one cloud (and way of connection), and what each of them waits for."""

    cloud: CloudName
    own_circuits: bool
    stacks: int
    resources: int
    waiting: float
    """Minutes of the slowest chain."""
    requests: float
    """Minutes that the cloud's limit alone asks for."""

    @property
    def minutes(self) -> float:
        """Minutes of one stack: the longer of the two, since the requests go on beside the waiting."""
        return max(self.waiting, self.requests)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A run: `jobs` stacks at once, `hours` of it, and the memory that this takes."""

    shares: tuple[Share, ...]
    jobs: int
    stack_minutes: float
    hours: float
    memory_gb: float


def jobs_of(memory_gb: float) -> int:
    """How many stacks a machine can wait for at once."""
    return max(1, math.floor(memory_gb * 1024 * (1 - RESERVED) / MEMORY_MB))


def estimate(stacks: Iterable[tuple[CloudName, bool, int]], jobs: int) -> Estimate:
    """The time of a first `up` of `stacks`: each its cloud, whether it has circuits of its own, resources.

    Stacks are taken up as others end, so that the whole is the sum of all waiting over the places,
    and one more stack at the end.
    """
    counted: dict[tuple[CloudName, bool], list[int]] = {}
    for cloud, own, resources in stacks:
        counted.setdefault((cloud, own), []).append(resources)
    shares = tuple(_share(cloud, own, sizes) for (cloud, own), sizes in sorted(counted.items()))
    total = sum(share.minutes * share.stacks for share in shares)
    longest = max((share.minutes for share in shares), default=0.0)
    return Estimate(shares, jobs, total, (total / jobs + longest) / 60, jobs * MEMORY_MB / 1024)


def _share(cloud: CloudName, own: bool, sizes: list[int]) -> Share:
    pace = PACES[cloud]
    resources = round(sum(sizes) / len(sizes))
    waiting = sum(slow.minutes for slow in pace.chain)
    if own and pace.circuit is not None:
        waiting = max(waiting, pace.circuit.minutes)
    return Share(cloud, own, len(sizes), resources, waiting, resources * CALLS / pace.rate / 60)
