"""How a run rolls out, decided by pure functions: waves, who may begin now, when to stop, what to try again.

The canary goes first: a stack of each cloud, the smallest bodies. Waves follow by share or by list. A wave
must be over, and its gate passed, before the next begins.
"""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from scripts.fleet.model import Cause, Outcome, StackRef
from scripts.fleet.options import Options
from stacks.text import Text

State = Literal["waiting", "queued", "running", "ended"]
"""Where a stack of a run is: not begun, given to the queue, in a worker, over."""

LONGEST = 60.0
"""Seconds that the wait before another attempt never exceeds."""
AGAIN = frozenset({"transient", "provider", "busy", "died", "database"})
"""Causes that may be gone the next time; every other one stays until a person does something."""
SMALL = frozenset({"town", "village"})
"""Kinds of body that a canary is taken from where there are any: the fewest people are affected."""


@dataclass(frozen=True, slots=True)
class Row:
    """A stack of a run, as the rollout sees it."""

    stack: str
    wave: int
    state: State
    outcome: Outcome | Literal[""] = ""
    clouds: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()


def waves(stacks: Sequence[StackRef], canary: int, shares: Sequence[float]) -> dict[str, int]:
    """The wave of each stack: 0 the canary, then by cumulative shares of all (0.1, 1.0, say).

    The canary covers the clouds in turn, smallest bodies first. Every stack is in exactly one wave; a
    share that leaves none out ends the list, and the last wave takes whatever is left.
    """
    chosen: dict[str, int] = {}
    by_cloud: dict[str, deque[StackRef]] = {}
    for ref in sorted(stacks, key=lambda r: (r.kind not in SMALL, r.stack)):
        by_cloud.setdefault(ref.clouds[0] if ref.clouds else "", deque()).append(ref)
    clouds = deque(sorted(by_cloud))
    while clouds and len(chosen) < canary:
        cloud = clouds.popleft()
        chosen[by_cloud[cloud].popleft().stack] = 0
        if by_cloud[cloud]:
            clouds.append(cloud)
    rest = [ref.stack for ref in stacks if ref.stack not in chosen]
    first = 1 if chosen else 0
    begun = 0
    for number, share in enumerate(shares or (1.0,)):
        until = len(rest) if number == len(shares or (1.0,)) - 1 else round(len(rest) * min(share, 1.0))
        chosen |= dict.fromkeys(rest[begun:until], first + number)
        begun = max(begun, until)
    return chosen


def listed(stacks: Sequence[StackRef], lists: Sequence[Collection[str]]) -> dict[str, int]:
    """The wave of each stack by lists of stack names or codes; what no list names comes last."""
    chosen: dict[str, int] = {}
    for ref in stacks:
        named = (n for n, names in enumerate(lists) if ref.stack in names or ref.code in names)
        chosen[ref.stack] = next(named, len(lists))
    return chosen


@dataclass(slots=True)
class Rates:
    """When stacks began on each cloud, for the limits per time. All times are of one and the same clock."""

    begun: dict[str, deque[float]] = field(default_factory=dict[str, "deque[float]"])

    def allows(self, clouds: Iterable[str], options: Options, now: float) -> bool:
        """Whether a stack on these clouds may begin now."""
        for cloud in clouds:
            rate = options.rates.get(cloud)
            times = self.begun.setdefault(cloud, deque())
            while rate is not None and times and times[0] <= now - rate.seconds:
                times.popleft()
            if rate is not None and len(times) >= rate.number:
                return False
        return True

    def note(self, clouds: Iterable[str], now: float) -> None:
        """A stack on these clouds begins."""
        for cloud in clouds:
            self.begun.setdefault(cloud, deque()).append(now)


def admitted(
    rows: Sequence[Row],
    wave: int,
    room: int,
    options: Options,
    rates: Rates,
    now: float,
    elsewhere: Sequence[Row] = (),
) -> list[str]:
    """The stacks of `wave` that may be given to the queue now, in order; `rates` takes note of them.

    `room` is how many may be under way in all. `elsewhere` are stacks under way of other runs, which
    count against the limits of clouds and accounts. A stack that must wait does not hold up one behind it.
    """
    under_way = [row for row in rows if row.state in ("queued", "running")]
    clouds = Counter(c for row in (*under_way, *elsewhere) for c in row.clouds)
    accounts = Counter(a for row in (*under_way, *elsewhere) for a in row.accounts)
    free = room - len(under_way)
    found: list[str] = []
    for row in rows:
        if free <= 0:
            break
        if row.wave != wave or row.state != "waiting":
            continue
        if any(clouds[c] >= options.clouds.get(c, free + clouds[c] + 1) for c in row.clouds):
            continue
        if options.account is not None and any(accounts[a] >= options.account for a in row.accounts):
            continue
        if not rates.allows(row.clouds, options, now):
            continue
        rates.note(row.clouds, now)
        clouds.update(row.clouds)
        accounts.update(row.accounts)
        found.append(row.stack)
        free -= 1
    return found


def over(rows: Sequence[Row], wave: int) -> bool:
    """Whether nothing of a wave is left to do."""
    return all(row.state == "ended" for row in rows if row.wave <= wave)


def spent(rows: Sequence[Row], options: Options) -> Text | None:
    """Why no new work may begin: the failure budget is spent. None while it is not."""
    failed = sum(row.outcome == "failed" for row in rows)
    if options.budget is None or failed <= options.budget:
        return None
    return Text(
        ja=f"失敗が {failed} 件になり、上限（{options.budget} 件）を超えました。新しい作業は始めません。",
        en=f"{failed} stacks failed, more than the {options.budget} allowed; no new work is begun",
    )


def gate(
    rows: Sequence[Row], wave: int, last: int, options: Options, policies: Collection[str] = ()
) -> Text | None:
    """Why the wave after `wave` may not begin. None where it may, and after the last one.

    `policies` are the stacks of the wave that a policy stopped: one is enough. Otherwise the share that
    failed must be within the tolerance.
    """
    if wave >= last:
        return None
    mine = [row for row in rows if row.wave == wave]
    failed = [row.stack for row in mine if row.outcome in ("failed", "cancelled")]
    named = ", ".join(sorted(failed)[:5])
    if broken := sorted(set(policies) & {row.stack for row in mine}):
        named = ", ".join(broken[:5])
        return Text(
            ja=f"第 {wave} 波でポリシー違反が {len(broken)} 件あります（{named}）。次の波へ進みません。",
            en=f"policies stopped {len(broken)} stacks of wave {wave} ({named}); the next does not begin",
        )
    if mine and len(failed) / len(mine) > options.tolerance:
        return Text(
            ja=f"第 {wave} 波で {len(mine)} 件中 {len(failed)} 件が失敗しました（{named}）。"
            "次の波へ進みません。",
            en=f"{len(failed)} of {len(mine)} stacks of wave {wave} failed ({named});"
            " the next does not begin",
        )
    return None


def approval(wave: int, approved: int, last: int, options: Options) -> Text | None:
    """Why the wave after `wave` waits for a person: None where it need not, or one has said yes."""
    if not options.approve or wave >= last or approved > wave:
        return None
    return Text(
        ja=f"第 {wave} 波が済み、次の波の承認を待っています。",
        en=f"wave {wave} is done; the next waits for approval",
    )


def worth_another(causes: Sequence[Cause], attempt: int, options: Options) -> bool:
    """Whether to try again: only what may be gone by itself, and not more often than said."""
    return attempt <= options.retries and bool(causes) and all(c.cause in AGAIN for c in causes)


def wait(stack: str, attempt: int, options: Options) -> float:
    """Seconds before the next attempt: doubling, and spread so that not all come back at once.

    The spread (0.5 to 1.5) is by the stack's name, so that the same run waits the same again.
    """
    digest = hashlib.sha256(f"{stack}/{attempt}".encode()).digest()
    spread = 0.5 + int.from_bytes(digest[:4], "big") / 2**32
    return min(options.backoff * 2 ** (attempt - 1) * spread, LONGEST)
