"""The catalogue of vendor packages: one YAML file an entry, no code needed to add one.

An entry says what a vendor delivers: which of the 20 businesses it serves, what it runs on and
how large that is for each size class. It never says how a cloud builds it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from stacks.manifest import BusinessId, Model, Name, Segment, Size
from stacks.problems import Problem, Problems, unknown
from stacks.reading import locate, read
from stacks.registry.businesses import Business
from stacks.registry.clouds import Engine, WorkloadKind
from stacks.shape import shape
from stacks.text import Text, language_of

PACKAGES = Path(__file__).parent / "packages"
"""Where the entries are."""

Delivery = Literal["hosted", "asp"]


class Title(Model):
    """A name for people, in both languages."""

    ja: str = Field(min_length=1, max_length=100)
    en: str = Field(min_length=1, max_length=100)


class WorkloadSize(Model):
    """How large one workload is in a size class."""

    vcpu: float = Field(gt=0, le=96)
    memory_gb: float = Field(gt=0, le=768)
    replicas: int = Field(ge=1, le=50)


class Workload(Model):
    """One process of the application: a container or a server."""

    kind: WorkloadKind
    port: int = Field(default=8443, ge=1, le=65535)
    """Where it listens, with TLS."""
    health: str = Field(default="/healthz", pattern=r"^/[A-Za-z0-9/_.-]*$")
    """Path of the health check."""
    exposed: bool = False
    """Whether town hall terminals reach it through the internal load balancer."""
    disk_gb: int = Field(default=50, ge=20, le=16_000)
    """Servers only: data disk, GiB."""
    sizes: Mapping[Size, WorkloadSize]


class DatabaseSize(Model):
    """How large the database is in a size class."""

    vcpu: int = Field(ge=1, le=96)
    memory_gb: int = Field(ge=1, le=768)
    storage_gb: int = Field(ge=20, le=64_000)


class Database(Model):
    """The database that the application needs."""

    engine: Engine
    version: str = Field(pattern=r"^[0-9]+(\.[0-9]+)*$")
    """Major version (`16`, `8.4`, `19`)."""
    sizes: Mapping[Size, DatabaseSize]


class Entry(Model):
    """One catalogue entry: what a vendor delivers."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,40}$")]
    title: Title
    vendor: Title
    delivery: Delivery
    """`hosted`: runs in the tenant. `asp`: runs at the vendor's, reached over a private endpoint."""
    segment: Segment = "mynumber"
    """マイナンバー利用事務系 or LGWAN接続系."""
    version: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    businesses: tuple[BusinessId, ...] = Field(min_length=1)
    workloads: Mapping[Name, Workload] = Field(default_factory=dict)
    database: Database | None = None
    files: bool = False
    """Whether the workloads share a file system."""
    queue: bool = False
    """Whether the workloads pass messages."""
    asp_port: int = Field(default=443, ge=1, le=65535)
    """`asp` only: the port of the vendor's service."""
    receives: Mapping[BusinessId, tuple[BusinessId, ...]] = Field(default_factory=dict)
    """庁内データ連携: for each business here, the businesses whose data it takes over."""


def load_catalogue(businesses: Mapping[str, Business], folder: Path | None = None) -> Mapping[str, Entry]:
    """Every entry of `folder` (default: `packages` here) by id, in order of id.

    Raises `Problems` with everything that is wrong in any of them.
    """
    problems: list[Problem] = []
    entries: dict[str, Entry] = {}
    for file in sorted((folder or PACKAGES).glob("*.yaml")):
        entry, found = read_entry(file.name, file.read_bytes(), businesses)
        problems.extend(found)
        if entry is not None:
            entries[entry.id] = entry
    if problems:
        raise Problems(problems, language_of())
    return MappingProxyType(entries)


def read_entry(
    file: str, data: bytes, businesses: Mapping[str, Business]
) -> tuple[Entry | None, list[Problem]]:
    """One entry, and every problem of it. `file` is its name: `<id>.yaml`."""
    document, problems = read(file, data)
    if document is None:
        return None, problems
    entry, found = shape(Entry, document.value)
    if entry is not None:
        found = list(_entry_problems(entry, Path(file).stem, businesses))
    problems.extend(locate(document, problem) for problem in found)
    return (entry if not problems else None), problems


def _entry_problems(entry: Entry, stem: str, businesses: Mapping[str, Business]) -> Iterator[Problem]:
    if entry.id != stem:
        yield Problem(
            "entry-file",
            ("id",),
            Text("IDがファイル名と異なります。", "The id is not the file's name."),
            Text("IDかファイル名を揃えてください。", "Make the id and the file's name the same."),
            found=entry.id,
            allowed=(stem,),
            nearest=stem,
        )
    named = [(("businesses", n), b) for n, b in enumerate(entry.businesses)]
    named += [
        (("receives", to, n), b) for to, senders in entry.receives.items() for n, b in enumerate(senders)
    ]
    for path, business in named:
        if business not in businesses:
            yield unknown("unknown-business", path, business, businesses, Text("業務", "business"))
    for number, business in enumerate(entry.businesses):
        if business in entry.businesses[:number]:
            yield Problem(
                "entry-business-twice",
                ("businesses", number),
                Text(f"業務「{business}」が2回あります。", f"The business `{business}` is there twice."),
                Text("片方を削除してください。", "Delete one of them."),
                found=business,
            )
    for business in entry.receives:
        if business not in entry.businesses:
            yield unknown(
                "entry-receives",
                ("receives", business),
                business,
                entry.businesses,
                Text("この製品の業務", "business of this entry"),
            )
    yield from _delivery_problems(entry)


def _delivery_problems(entry: Entry) -> Iterator[Problem]:
    if entry.delivery == "asp":
        parts = {
            "workloads": entry.workloads,
            "database": entry.database,
            "files": entry.files,
            "queue": entry.queue,
        }
        for name, part in parts.items():
            if part:
                yield Problem(
                    "entry-asp",
                    (name,),
                    Text(
                        f"ASPの製品はテナント内に「{name}」を持ちません。",
                        f"An ASP entry has no `{name}` in the tenant.",
                    ),
                    Text(
                        "項目を削除するか、delivery を hosted にしてください。",
                        "Delete it, or make `delivery` hosted.",
                    ),
                    allowed=("hosted",),
                )
        return
    if not entry.workloads:
        yield Problem(
            "entry-workloads",
            ("delivery",),
            Text(
                "テナント内で動かすもの(workloads)がありません。",
                "Nothing runs in the tenant: no `workloads`.",
            ),
            Text(
                "workloads を書くか、delivery を asp にしてください。",
                "Give `workloads`, or make `delivery` asp.",
            ),
            found=entry.delivery,
            allowed=("asp",),
        )
    exposed = [key for key, workload in entry.workloads.items() if workload.exposed]
    if len(exposed) > 1:
        yield Problem(
            "entry-exposed",
            ("workloads",),
            Text(
                f"端末から使うワークロード(exposed: true)は1つまでです(現在{len(exposed)}個)。",
                f"At most one workload is used by terminals (`exposed: true`); there are {len(exposed)}.",
            ),
            Text("1つだけに exposed: true を付けてください。", "Keep `exposed: true` on one of them."),
            found=", ".join(exposed),
            allowed=("0", "1"),
        )
    sized: dict[tuple[str, ...], Mapping[Size, object]] = {
        ("workloads", key, "sizes"): w.sizes for key, w in entry.workloads.items()
    }
    if entry.database:
        sized["database", "sizes"] = entry.database.sizes
    for path, sizes in sized.items():
        if not sizes:
            yield Problem(
                "entry-sizes",
                path,
                Text("規模別の大きさが1つもありません。", "No size is given."),
                Text("small などを少なくとも1つ書いてください。", "Give at least one, `small` for instance."),
                allowed=("small", "medium", "large", "xlarge"),
            )
