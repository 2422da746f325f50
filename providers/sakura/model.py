"""The form in which a resource of さくらのクラウド is described: once.

One `Resource` record holds what a resource is called here and on the wire, its properties, which of them
cannot change, which are never read back, where it lives, how it is found again and how it is imported. The
Pulumi schema, the validation, the conversion to and from the API's JSON, the diff, the reference
documentation and the typed SDK are all made from these records; nothing of that is written twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from stacks.text import Text

Json = Any
"""A JSON value, as the API or the engine gives it; its shape is checked against records, not by Python."""

ZONES: Final = ("tk1a", "tk1b", "is1a", "is1b", "is1c", "tk1v")
"""The zones of the IaaS API; is1c is outside the ISMAP scope and tk1v is the sandbox (facts: sakura-api.md
§2.1)."""

Codec = Literal[
    "plain",
    "id",
    "int_id",
    "text_bool",
    "text_bit",
    "text_number",
    "bool_int",
    "named",
    "named_text",
    "joined",
]
"""How a scalar is written on the wire.

plain: as it is. id: text here, text or number there. int_id: text here, a number there (IAM, monitoring
suite). text_bool: "True"/"False". text_bit: "1"/"0". text_number: "80". bool_int: 0 or 1. named: a word here,
a number there (plans). named_text: the same, and the number is a text. joined (lists): one text with commas.
Reading accepts every form of each: the API mixes them (issues usacloud#374, terraform#988, libsacloud#483).
"""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text, number, truth value or (`any`) whatever JSON."""

    kind: Literal["string", "integer", "number", "boolean", "any"]
    codec: Codec = "plain"
    names: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list; `unordered` where the API gives back another order than it was sent (tags, firewall rules)."""

    item: Type
    unordered: bool = False
    codec: Codec = "plain"


@dataclass(frozen=True, slots=True)
class MapOf:
    """Text keys to values of one type."""

    item: Type


@dataclass(frozen=True, slots=True)
class Record:
    """An object of known fields; `name` is its type's name in the SDK."""

    name: str
    fields: tuple[Field, ...]


Type = Scalar | ListOf | MapOf | Record

STR: Final = Scalar("string")
INT: Final = Scalar("integer")
NUM: Final = Scalar("number")
BOOL: Final = Scalar("boolean")
ANY: Final = Scalar("any")
ID: Final = Scalar("string", "id")
INT_ID: Final = Scalar("string", "int_id")
TEXT_BOOL: Final = Scalar("boolean", "text_bool")
TEXT_BIT: Final = Scalar("boolean", "text_bit")
TEXT_INT: Final = Scalar("integer", "text_number")
STRINGS: Final = ListOf(STR)
STRING_SET: Final = ListOf(STR, unordered=True)
IDS: Final = ListOf(ID)
ID_SET: Final = ListOf(ID, unordered=True)


def named(**numbers: int) -> Scalar:
    """A word for each of the API's numbers."""
    return Scalar("string", "named", tuple(numbers.items()))


DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

When = Literal["always", "create", "update", "never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One property: `name` here, `wire` (a dotted path from the resource's own object) on the API.

    An empty `wire` means that the resource's flow carries it; `read` is where it is read when that is
    elsewhere. `send` says with which requests it goes; a computed field never does. `write_only` values are
    sealed: neither inputs nor outputs of the state hold them. `elements` bounds the texts or numbers inside a
    list; `low` and `high` bound a number's value, a text's length or a list's length. `default` is what the
    API does when the property is absent.
    """

    name: str
    type: Type
    wire: str
    doc: Text
    required: bool = False
    computed: bool = False
    immutable: bool = False
    secret: bool = False
    write_only: bool = False
    default: Json = None
    choices: tuple[str | int | float, ...] = ()
    low: float | None = None
    high: float | None = None
    pattern: str = ""
    send: When = "always"
    refers_to: str = ""
    elements: tuple[str | int, ...] = ()
    # "" and [] and {} from the API mean that nothing was set, unless a field says that they are values.
    empty_is_value: bool = False
    read: str = ""
    # Does the API choose a value when the program gives none? Then that value is no drift.
    api_chooses: bool = False
    # A secret that can be read again at any time: the lookup shows it, the state never holds it.
    unkept: bool = False

    @property
    def source(self) -> str:
        """Where it is read."""
        return self.read or self.wire


def f(name: str, type_: Type, wire: str, ja: str, en: str, **rest: Any) -> Field:
    """A `Field`, written on one line."""
    return Field(name=name, type=type_, wire=wire, doc=Text(ja=ja, en=en), **rest)


def out(name: str, type_: Type, wire: str, ja: str, en: str, **rest: Any) -> Field:
    """A computed `Field`: the API decides it."""
    return Field(
        name=name, type=type_, wire=wire, doc=Text(ja=ja, en=en), computed=True, send="never", **rest
    )


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one property, for Check."""

    property: str
    text: Text


Rule = Callable[[Mapping[str, Json]], Iterator[Problem]]
"""A check over several properties; in a preview any value in it may be unknown (see `records`)."""


def records(value: Json) -> Iterator[tuple[int, Mapping[str, Json]]]:
    """Place and content of the objects in a list, as far as they are known."""
    listed: list[Json] = value if isinstance(value, list) else []
    for at, each in enumerate(listed):
        if isinstance(each, Mapping):
            yield at, each


Marker = Literal["tags", "description", "natural"]
"""How an interrupted create is found again: by a tag, by the end of the description, or by `natural_key`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One kind of resource.

    path: of the collection, `{name}` standing for properties. item: of one resource, when it is not
    `path/{id}`. envelope, collection: the keys under which one or many come ("" when they come bare); under a
    dotted one only answers come, requests are bare. fixed:
    wire values that every create sends and by which lists are filtered. marker, natural_key: see `Marker`.
    import_parts: the properties before the id in an import id, joined by "/" ("zone" for zonal ones). flow:
    the name of the behaviour in `flows`. document: the property naming the shared document that is read,
    merged and written under a lock. plan_changes: properties whose change gives the resource a new id.
    """

    module: str
    name: str
    doc: Text
    service: str
    path: str
    envelope: str
    collection: str
    fields: tuple[Field, ...]
    zoned: bool = False
    item: str = ""
    flow: str = "plain"
    fixed: tuple[tuple[str, Json], ...] = ()
    marker: Marker = "natural"
    natural_key: tuple[str, ...] = ()
    id_wire: str = "ID"
    import_parts: tuple[str, ...] = ()
    update: Literal["PUT", "PATCH", "none"] = "PUT"
    settings: str = ""
    plan_changes: tuple[str, ...] = ()
    delete_before_replace: bool = False
    # What deleting a `document` writes; None: it can be deleted.
    reset: Json = None
    terraform: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    # Rules for what is about to be created only: one that exists may have what cannot be read any more.
    creation_rules: tuple[Rule, ...] = ()
    notes: tuple[Text, ...] = ()

    @property
    def token(self) -> str:
        """The Pulumi type token."""
        return f"sakura:{self.module}:{self.name}"

    @property
    def inputs(self) -> tuple[Field, ...]:
        """The properties that a program may give."""
        return tuple(f for f in self.fields if not f.computed)

    def field(self, name: str) -> Field:
        """The property called `name`. KeyError when there is none."""
        for found in self.fields:
            if found.name == name:
                return found
        raise KeyError(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A lookup: `answer` names the method of `functions` that carries it out."""

    module: str
    name: str
    doc: Text
    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    answer: str
    terraform: tuple[str, ...] = ()
    about: Mapping[str, Json] = field(default_factory=dict)

    @property
    def token(self) -> str:
        """The Pulumi function token."""
        return f"sakura:{self.module}:{self.name}"


# Fields that many resources share.

NAME: Final = f(
    "name", STR, "Name", "名前（1〜64文字）。", "Name, 1 to 64 characters.", required=True, low=1, high=64
)
DESCRIPTION: Final = f(
    "description", STR, "Description", "説明（512文字まで）。", "Description, up to 512 characters.", high=512
)
TAGS: Final = f(
    "tags",
    STRING_SET,
    "Tags",
    "タグ（9個まで。10個目はプロバイダーが作成中断の復旧に使います）。",
    "Tags, at most 9: the provider needs the tenth to find its own unfinished creations.",
    high=9,
)
ICON: Final = f("iconId", ID, "Icon.ID", "アイコンのID。", "Id of the icon.")
SECRET_VAULT: Final = (
    f(
        "secretVaultId",
        ID,
        "",
        "シークレットを入れるシークレットマネージャーのVault。指定すると、状態には残りません。",
        "Vault of the secret manager for the secret; with it, the state never holds the secret.",
        immutable=True,
        send="never",
        refers_to="security:SecretVault",
    ),
    f(
        "secretName",
        STR,
        "",
        "Vaultでの名前。省略時はリソースの名前。",
        "Name in the vault; the resource's own when absent.",
        immutable=True,
        send="never",
        low=1,
    ),
)
"""Where a secret goes that is shown once, at the creation."""
ZONE: Final = f(
    "zone",
    STR,
    "",
    "ゾーン。省略時はプロバイダーの設定に従います。",
    "Zone; the provider's own when absent.",
    choices=ZONES,
    immutable=True,
    send="never",
)
RESOURCE_ID: Final = out(
    "resourceId",
    ID,
    "",
    "APIでの現在のID。プラン変更で新しい番号になっても、このプロパティが最新です。",
    "The id that the API knows now: plan changes renumber a resource, and this property follows.",
)
COMMON: Final = (NAME, DESCRIPTION, TAGS, ICON, RESOURCE_ID)
