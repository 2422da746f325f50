"""What a behaviour sees while the cloud acts on one resource: its properties, its surroundings, made-up
values.
"""

from __future__ import annotations

import hashlib
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from providers.twin.behaviour import Answer, Maker, Refusal, holes
from providers.twin.schema import Schema
from providers.twin.store import Row, Store
from providers.wire import Value, pick

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_SIZED = re.compile(r"(hex|digits|alnum|upper)(\d+)([a-z]*)")


@dataclass(frozen=True, slots=True)
class Session:
    """What one engine configured on one connection: which unit, where, with which common tags."""

    unit: str
    region: str
    default_tags: Mapping[str, str] = field(default_factory=dict)
    partition: str = "aws"


@dataclass(slots=True)
class Scope:
    """One operation on one resource. `state` is what the cloud will report; hooks may change it."""

    store: Store
    session: Session
    cloud: str
    region: str
    type: str
    name: str
    schema: Schema
    inputs: dict[str, Value]
    state: dict[str, Value] = field(default_factory=dict)
    id: str = ""
    rid: int = 0
    old: Row | None = None
    targets: dict[str, Row] = field(default_factory=dict)
    """Rows found for references, by exact property path."""
    diagnostics: list[str] = field(default_factory=list)
    lost: Callable[[str], set[str]] = lambda _: set()
    """What is out of order: zones, regions or circuits (`faults.Faults.lost`)."""

    @property
    def unit(self) -> str:
        """The account, project, subscription or tenancy."""
        return self.session.unit

    def get(self, path: str, default: Value = None) -> Value:
        """The value at `path` in the state (while it is being built: in the inputs), or `default`."""
        for source in (self.state, self.inputs):
            for _, value in pick(source, path):
                return value
        return default

    def all(self, path: str) -> list[Value]:
        """Every value at `path` in the state, else in the inputs."""
        found = [value for _, value in pick(self.state, path)]
        return found or [value for _, value in pick(self.inputs, path)]

    def target(self, path: str) -> Row | None:
        """The row that the reference at `path` (or the first below it) was found to mean."""
        for at, row in self.targets.items():
            if at == path or at.startswith((f"{path}[", f"{path}.")):
                return row
        return None

    def find(self, kind: str, value: Value, region: str | None = "") -> Row | None:
        """The resource of `kind` with this id or handle in this unit; region None means any, "" this one."""
        wanted = self.region if region == "" else region
        for row in self.store.with_value(self.cloud, str(value), self.unit):
            if (row.type == kind and wanted in (None, row.region, "global")) or (
                row.type == kind and row.region == "global"
            ):
                return row
        return None

    def rows(self, kind: str, region: str = "") -> Iterator[Row]:
        """Resources of `kind` in this unit, and in `region` or this one."""
        return self.store.rows(cloud=self.cloud, unit=self.unit, region=region or self.region, type_=kind)

    def make(self, kind: str, id_: str, state: Mapping[str, Value], *, owned: bool = True) -> int:
        """Adds a resource that the cloud makes by itself, with the ARN in `state` as a handle."""
        rid = self.store.add(
            self.cloud,
            self.unit,
            self.region,
            kind,
            id_,
            state,
            {},
            name="",
            owner=self.rid if owned else None,
        )
        self.store.set_handles(rid, {state["arn"]} if state.get("arn") else set())
        return rid

    # Made-up values: the same for the same resource number and label, so that runs can be repeated.

    def digest(self, label: str = "") -> str:
        """64 hexadecimal digits that belong to this resource and label."""
        text = f"{self.cloud}/{self.unit}/{self.region}/{self.type}/{self.rid}/{label}"
        return hashlib.blake2b(text.encode(), digest_size=32).hexdigest()

    def hex(self, length: int, label: str = "") -> str:
        """That many hexadecimal digits; EC2 ids start with a zero, as today's do."""
        return self.digest(label)[:length]

    def letters(self, length: int, label: str = "") -> str:
        """That many lower-case letters and digits."""
        number = int(self.digest(label), 16)
        text = ""
        for _ in range(length):
            number, rest = divmod(number, len(_ALPHABET))
            text += _ALPHABET[rest]
        return text

    def uuid(self, label: str = "") -> str:
        """A UUID of version 4's form."""
        return str(uuid.UUID(hex=self.digest(label)[:32], version=4))

    def fill(self, template: str, extra: Mapping[str, str] | None = None) -> str:
        """`template` with its holes filled.

        Holes: hexN, digitsN, alnumN, upperN (a letter behind the number makes another one), uuid, now,
        unit, region, partition, id, resource (the program's name for it), kind (the type's last part), any
        property path, and those in `extra`.
        """
        parts = holes(template)
        text = [parts[0]]
        for at in range(1, len(parts), 2):
            hole = parts[at]
            if extra is not None and hole in extra:
                text.append(extra[hole])
            else:
                text.append(self._hole(hole))
            text.append(parts[at + 1])
        return "".join(text)

    def _hole(self, hole: str) -> str:
        if hole in {"unit", "region", "partition", "id", "resource", "kind"}:
            return {
                "unit": self.unit,
                "region": self.session.region if self.region == "global" else self.region,
                "partition": self.session.partition,
                "id": self.id,
                "resource": self.name,
                "kind": self.type.split(":")[-1],
            }[hole]
        if hole == "uuid":
            return self.uuid()
        if hole == "now":
            return now()
        if hole == "generic":
            return f"{self.type.split(':')[-1].lower()}-{self.hex(17)}"
        sized = _SIZED.fullmatch(hole)
        if sized is not None:
            kind, length, label = sized[1], int(sized[2]), sized[3]
            if kind == "hex":
                return f"0{self.hex(length - 1, label)}" if length in (8, 17) else self.hex(length, label)
            if kind == "digits":
                return str(int(self.digest(label), 16))[:length]
            letters = self.letters(length, label)
            return letters.upper() if kind == "upper" else letters
        value = self.get(hole)
        if value is None:
            return ""
        return "true" if value is True else "false" if value is False else str(value)

    def value(self, maker: Maker) -> Value:
        """The value that `maker` makes here."""
        return self.fill(maker) if isinstance(maker, str) else maker(self)

    def refuse(self, answer: Answer, value: Value = "") -> Refusal:
        """The refusal for `answer`, to be raised."""
        extra = {"value": str(value)}
        return Refusal(answer.code, self.fill(answer.message, extra), answer.status)


def now() -> str:
    """The time in UTC, as the clouds write it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
