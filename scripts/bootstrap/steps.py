"""What a step of the bootstrap is, and what a cloud's module has to bring.

A cloud's module (`scripts/bootstrap/aws.py`, …) exports one `Cloud`:

    CLOUD = Cloud(name="aws", open=open_session, steps=STEPS)

`open(settings, recorder)` builds the SDK's clients from the cloud's standard credential chain, connects
them to the recorder, and gives a `Session`. It sends nothing yet. Imports of SDKs stand inside functions.

A step has one function of its own, `look`. It only reads (the recorder refuses anything else) and gives a
`Finding`: what is there (`facts`, for the evidence) and the calls that lead from there to what is wanted.
No calls means: done. Everything else follows from it:

* check   = `look` gives no calls;
* plan    = the calls;
* apply   = the runner makes them, one by one, in order, through `session.perform`;
* verify  = `look` again gives no calls;
* resume  = `look` again: the state is the cloud itself, never a file of ours;
* retry   = after an answer that leaves it open whether a call took effect (a timeout, a 5xx), `look` again
  before anything is repeated. So switch the SDK's own retries off, and let a creation be found again
  by its name or its tags (`context.owner`), or it will be there twice.

    def look_bucket(c: Context[Aws]) -> Finding:
        name = bucket_name(c)
        head = c.session.head_bucket(name)                      # reads only
        if head is None:
            return Finding(facts={"bucket": None}, calls=(
                Call("s3", "CreateBucket", {"Bucket": name, …}, why=Text("…", "…")),
                Call("s3", "PutBucketVersioning", {"Bucket": name, …}, why=Text("…", "…")),
            ))
        if not ours(head):
            problem = Problem("foreign", Text("…", "…"), do=Text("…", "…"))
            return Finding(facts={"bucket": name}, problem=problem)
        calls = () if head.versioned else (Call("s3", "PutBucketVersioning", …),)
        return Finding(facts={"bucket": name, "versioning": head.versioned}, calls=calls)

    STEPS = (Step(id="state", title=Text("…", "…"), why=Text("…", "…"), look=look_bucket,
                  permissions=("s3:CreateBucket", …), undo=Text("…消せません", "cannot be undone: …")), …)

`look` is run for *all* steps before anything is changed, so it must cope with what earlier steps have
not made yet: names are derived from the manifest, and an id that the cloud will assign is a
`Later("key id", "key/create", ("KeyMetadata", "KeyId"))`, which a plan shows as `<key id>`. When the
step's turn comes, `look` is run again, and then finds the real one.

Problems found while looking at any step stop everything before the first change, all listed at once. So
do missing permissions: the runner collects `permissions` of the steps that have something to do and
asks `session.missing(…)`.

The libraries that only `bootstrap azure|google|oci` needs are in the dependency group `bootstrap`
with a lock of its own, `requirements-bootstrap.lock`; the command (and `./jichitai test`) installs it on
demand. A module imports them inside functions and does not care.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar

from scripts.bootstrap.calls import Call, Recorder
from stacks.registry.clouds import CLOUDS, CloudName
from stacks.text import Text

if TYPE_CHECKING:
    from scripts.bootstrap.evidence import Chain

State = Literal["done", "to do", "waiting", "problem"]

ProblemKind = Literal["foreign", "wrong_unit", "impossible", "unsafe", "by_hand"]
"""`foreign`: something of that name belongs to somebody else. `wrong_unit`: not the manifest's.
`impossible`: the unit does not allow it. `unsafe`: going on would do damage. `by_hand`: somebody has to
do something that no call can."""

FailureKind = Literal[
    "transient", "throttled", "denied", "expired", "invalid", "skew", "unreachable", "conflict", "other"
]
"""`transient`: may be repeated, after looking (timeouts, 5xx). `throttled`: surely without effect.
`denied`: 403. `expired`, `invalid`: the credential. `skew`: this machine's clock. `conflict`: exists
already, was changed meanwhile: look again."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a step cannot go on, and what a person can do about it."""

    kind: ProblemKind
    what: Text
    do: Text


@dataclass(frozen=True, slots=True)
class Finding:
    """What a step found.

    `facts` are JSON values without secrets: the evidence's before and after; `backend` and
    `secrets_provider` among them, Pulumi's URLs, are told to the user in the end. `problem` stops the run
    before anything is changed. `waiting` says what has to happen elsewhere first (the proof in the
    pipeline): what was done so far is kept, later steps are not begun; its `calls` are shown, and not
    made while it waits. `note` is for people: what
    could not be seen, what is the agency's own.
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    calls: tuple[Call, ...] = ()
    problem: Problem | None = None
    waiting: Text | None = None
    note: Text | None = None

    @property
    def state(self) -> State:
        """What it amounts to."""
        if self.problem is not None:
            return "problem"
        if self.waiting is not None:
            return "waiting"
        return "to do" if self.calls else "done"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are: `id` as the cloud writes it in its audit log, `unit` where that is, `kind` for the
    step that retires it (`user`, `role`, `root`, … the module's own words)."""

    id: str
    unit: str
    kind: str


@dataclass(frozen=True, slots=True)
class Failure:
    """What an SDK's error means. `text` says it for people, without secrets."""

    kind: FailureKind
    text: Text
    operation: str = ""
    request_id: str = ""
    retry_after: float = 0.0
    """Seconds that the cloud asked to wait."""


class Session(Protocol):
    """What the runner needs of a cloud, beside its steps."""

    def identity(self) -> Identity:
        """Who we are. One reading request or none."""
        ...

    def perform(self, call: Call, arguments: Mapping[str, Any]) -> Any:
        """Make `call` with `arguments` (resolved, secrets in clear); its answer as JSON values."""
        ...

    def judge(self, error: Exception) -> Failure | None:
        """What an error of the SDK means; None when it is not one of the SDK's."""
        ...

    def missing(self, permissions: Sequence[str]) -> list[str]:
        """Which of `permissions` the identity lacks. Reads only; what cannot be told is not missing."""
        ...


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Who may deploy: exactly these subjects of this OIDC issuer.

    `issuer` is a URL without a trailing slash; `subjects` are complete `sub` claims, no pattern;
    `audience` is the `aud` claim (empty: the cloud's own default).
    """

    issuer: str
    subjects: tuple[str, ...]
    audience: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the run is about, from the manifest and the command line."""

    cloud: CloudName
    stack: str
    manifest: Mapping[str, Any]
    """The tenant as it stands in its file, validated."""
    pipeline: Pipeline | None
    token_file: str = ""
    """A file with the pipeline's OIDC token, where the run happens inside the pipeline."""
    options: Mapping[str, str] = field(default_factory=dict)
    """A cloud's own options (`--set name=value`): endpoints of emulators, ids that only people know."""

    @property
    def part(self) -> Mapping[str, Any]:
        """The manifest's section of this cloud."""
        return self.manifest["clouds"][self.cloud]

    @property
    def unit(self) -> str:
        """The unit that the manifest names."""
        return self.part["unit"]

    @property
    def region(self) -> str:
        """The region in use: the manifest's, else the cloud's first domestic one."""
        return self.part.get("region") or self.regions[0]

    @property
    def regions(self) -> tuple[str, ...]:
        """All domestic regions of the cloud."""
        return tuple(CLOUDS[self.cloud].regions)

    @property
    def code(self) -> str:
        """全国地方公共団体コード."""
        return self.manifest["code"]

    @property
    def production(self) -> bool:
        """Whether it is the 本番環境."""
        return self.manifest["environment"] == "production"

    @property
    def owner(self) -> dict[str, str]:
        """The tags (labels) by which what the bootstrap made is known as ours, and as this stack's."""
        return {"jichitai-stack": self.stack, "jichitai-part": "bootstrap"}

    def contact(self, kind: Literal["operations", "security", "billing"]) -> Mapping[str, str]:
        """A contact; `operations` where the manifest has no other."""
        contacts = self.manifest["contacts"]
        return contacts.get(kind) or contacts["operations"]

    @property
    def archive_years(self) -> int:
        """How long state and evidence are kept, years."""
        return (self.manifest.get("retention") or {}).get("archive_years", 7)


ONLY_READS = Text("読むだけの手順で、取り消すものはありません。", "It only reads; there is nothing to undo.")

S = TypeVar("S", bound=Session)


@dataclass(frozen=True, slots=True)
class Context(Generic[S]):
    """What a step works with."""

    session: S
    settings: Settings
    identity: Identity
    evidence: Chain


@dataclass(frozen=True, slots=True)
class Step(Generic[S]):
    """One step. `undo` gives the calls that take it back (only what is ours), or says why nothing can."""

    id: str
    title: Text
    why: Text
    look: Callable[[Context[S]], Finding]
    permissions: tuple[str, ...] = ()
    undo: Callable[[Context[S]], tuple[Call, ...]] | Text = ONLY_READS
    final: bool = False
    """Retires the credential in use: asked for separately; that looking again is refused is its proof."""


def look_identity(context: Context[S]) -> Finding:
    """For the step `whoami`: who we are. That it is the manifest's unit, the runner checks in any case."""
    who = context.identity
    return Finding(facts={"identity": who.id, "unit": who.unit, "kind": who.kind})


def by_the_seal(settings: Settings, begun: Mapping[str, Any]) -> Text:
    """Who goes on where a cloud says nothing of its own: whoever may break the seal."""
    del begun
    command = f"./jichitai bootstrap {settings.cloud} {settings.stack}"
    return Text(
        f"封をした緊急用の身元で {command} を実行してください。", f"Run {command} as the sealed identity."
    )


@dataclass(frozen=True, slots=True)
class Cloud(Generic[S]):
    """A cloud's module, as the runner sees it."""

    name: CloudName
    open: Callable[[Settings, Recorder], S]
    steps: tuple[Step[S], ...]
    successor: Callable[[Settings, Mapping[str, Any]], Text] = by_the_seal
    """How somebody else finishes the retirement that the record (its second argument) began: the commands."""
