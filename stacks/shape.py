"""A value against a model: every structural problem at once, in words of people.

pydantic finds them; here each becomes a `Problem`. Values are judged as JSON, strictly, because
JSON is what the engine hands to the program: text is no number and a number is no text.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from stacks.forms import FORMS
from stacks.problems import Path, Problem, nearest
from stacks.reading import QUOTE_IT
from stacks.text import Text

M = TypeVar("M", bound=BaseModel)

_KINDS: Mapping[str, Text] = {
    "string_type": Text("文字列", "text"),
    "int_type": Text("整数", "a whole number"),
    "int_from_float": Text("整数", "a whole number"),
    "float_type": Text("数値", "a number"),
    "bool_type": Text("true または false", "true or false"),
    "dict_type": Text("「キー: 値」の並び", "a map of `key: value` lines"),
    "model_type": Text("「キー: 値」の並び", "a map of `key: value` lines"),
    "tuple_type": Text("「- 値」の並び(リスト)", "a list of `- value` lines"),
    "date_type": Text("日付(例: 2027-03-31)", "a date, like 2027-03-31"),
}
_SAME: Mapping[str, str] = {
    "mapping_type": "dict_type",
    "is_instance_of": "string_type",
    "list_type": "tuple_type",
}


def shape(model: type[M], value: object) -> tuple[M | None, list[Problem]]:
    """`value` as a `model`, or None and what is wrong with it. Never raises for a JSON value."""
    try:
        return model.model_validate_json(json.dumps(value), strict=True), []
    except ValidationError as error:
        # Errors of input are echoed nowhere by pydantic itself: we choose what is shown.
        found = [_problem(model, value, e) for e in error.errors(include_url=False, include_input=False)]
        return None, _tidy(found)


def _problem(model: type[BaseModel], value: object, error: ErrorDetails) -> Problem:
    kind = _SAME.get(error["type"], error["type"])
    context = error.get("ctx", {})
    path, is_key = _path(error["loc"], value)
    if kind == "missing":
        return _missing(path)
    found = path[-1] if is_key else _at(value, path)
    if kind == "extra_forbidden":
        return _extra(model, path)
    if kind == "literal_error":
        allowed = tuple(re.findall(r"'([^']*)'", context["expected"]))
        return _literal("unknown-key" if is_key else "not-a-choice", path, shown(found), allowed)
    if kind in _KINDS:
        return _wrong_kind(kind, path, found)
    return _wrong_value(kind, context, path, found, is_key)


def _missing(path: Path) -> Problem:
    name = str(path[-1])
    return Problem(
        "missing",
        path,
        Text(f"必須の項目「{name}」がありません。", f"The required field `{name}` is missing."),
        Text(
            f"「{name}:」を書き加えてください(docs/manifest.ja.md)。",
            f"Add `{name}:` (see docs/manifest.md).",
        ),
        allowed=(name,),
    )


def _extra(model: type[BaseModel], path: Path) -> Problem:
    name = str(path[-1])
    fields = tuple(fields_at(model, path[:-1]))
    near = nearest(name, fields)
    return Problem(
        "unknown-field",
        path,
        Text(f"「{name}」という項目はありません。", f"There is no field `{name}`."),
        Text(f"「{near}」に直すか、この行を削除してください。", f"Rename it to `{near}`, or delete the line.")
        if near
        else Text("この行を削除してください。", "Delete the line."),
        found=name,
        allowed=fields,
        nearest=near,
    )


def _literal(rule: str, path: Path, found: str, allowed: tuple[str, ...]) -> Problem:
    near = nearest(found, allowed)
    return Problem(
        rule,
        path,
        Text(f"「{found}」は選べません。", f"`{found}` is not one of the choices."),
        Text("許容値のいずれかに直してください。", "Use one of the allowed values."),
        found=found,
        allowed=allowed,
        nearest=near,
    )


def _wrong_kind(kind: str, path: Path, found: object) -> Problem:
    wanted = _KINDS[kind]
    name = str(path[-1]) if path else ""
    subject = Text(f"「{name}」は" if name else "", f"`{name}` " if name else "This ")
    if kind == "string_type" and isinstance(found, int | float):
        return Problem(
            "quote-it",
            path,
            subject
            + Text(
                "文字列ですが、数値や真偽値と解釈されました。",
                "must be text, but YAML reads this as a number.",
            ),
            QUOTE_IT,
            found=shown(found),
            allowed=(wanted,),
            nearest=f'"{found}"',
        )
    return Problem(
        "wrong-kind",
        path,
        subject + Text(f"{wanted.ja}で書いてください。", f"must be {wanted.en}."),
        Text(
            "値の書き方を直してください(docs/manifest.ja.md)。",
            "Write the value that way (see docs/manifest.md).",
        ),
        found=shown(found),
        allowed=(wanted,),
        nearest=_converted(kind, found),
    )


def _converted(kind: str, found: object) -> str | None:
    """The same value in the right kind, where that is certain."""
    if kind == "int_type" and isinstance(found, str) and re.fullmatch("[0-9]+", found, re.ASCII):
        return found
    if kind == "bool_type" and isinstance(found, str):
        word = found.lower()
        return (
            "true" if word in {"yes", "on", "true"} else "false" if word in {"no", "off", "false"} else None
        )
    if kind == "tuple_type" and isinstance(found, str | int | float) and found != "":
        return f"[{found}]"
    return None


def _wrong_value(kind: str, context: Mapping[str, Any], path: Path, found: object, is_key: bool) -> Problem:
    wanted = _wanted(kind, context)
    what = Text("キー" if is_key else "値", "key" if is_key else "value")
    near = context.get("ge", context.get("le", context.get("network")))
    if kind == "string_pattern_mismatch":
        near = _simple(str(found), context["pattern"])
    return Problem(
        "wrong-key" if is_key else "wrong-value",
        path,
        Text(
            f"{what.ja}「{shown(found)}」は使えません。使えるのは、{wanted.ja}です。",
            f"The {what.en} `{shown(found)}` is not allowed: it must be {wanted.en}.",
        ),
        Text("許容される値に直してください。", "Use a value that is allowed."),
        found=shown(found),
        allowed=(wanted,),
        nearest=None if near is None else str(near),
    )


def _wanted(kind: str, context: Mapping[str, Any]) -> Text:
    """What the kind of error says is allowed."""
    if kind == "string_pattern_mismatch":
        return FORMS[context["pattern"]]
    if kind in _LIMITS:
        key, (ja, en) = _LIMITS[kind]
        return Text(f"{context[key]}{ja}", f"{context[key]} {en}")
    return _WANTED.get(kind, Text("この項目の形式に合う値", "a value of this field's form"))


_LIMITS: Mapping[str, tuple[str, tuple[str, str]]] = {
    "string_too_short": ("min_length", ("文字以上", "characters or more")),
    "string_too_long": ("max_length", ("文字以下", "characters at most")),
    "too_short": ("min_length", ("個以上", "or more of them")),
    "too_long": ("max_length", ("個以下", "of them at most")),
    "greater_than_equal": ("ge", ("以上", "or more")),
    "less_than_equal": ("le", ("以下", "or less")),
    "greater_than": ("gt", ("より大きい値", "exceeded")),
}
_WANTED: Mapping[str, Text] = {
    "range_form": Text(
        "プレフィックス長まで書いたIPv4の範囲(例: 10.64.0.0/20)",
        "an IPv4 range with its prefix length, like 10.64.0.0/20",
    ),
    "range_host_bits": Text("ネットワークアドレスで始まる範囲", "a range that starts at its network address"),
    "address_form": Text("IPv4アドレス(例: 10.1.0.53)", "an IPv4 address, like 10.1.0.53"),
    "day_form": Text("実在する日付(例: 2027-03-31)", "a date that exists, like 2027-03-31"),
    "asn_private": Text(
        "64512〜65534 または 4200000000〜4294967294", "64512 to 65534 or 4200000000 to 4294967294"
    ),
}


def _simple(found: str, pattern: str) -> str | None:
    """`found` in lower case, trimmed, with hyphens for what a name cannot hold, if that is right."""
    plain = unicodedata.normalize("NFKC", found).strip()
    for tried in (plain, plain.lower(), re.sub("[^a-z0-9]+", "-", plain.lower()).strip("-")):
        if tried and tried != found and re.search(pattern, tried):
            return tried
    return None


def shown(value: object) -> str:
    """A value for a message: short, on one line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split()) if text.strip() else text
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _path(loc: tuple[int | str, ...], value: object) -> tuple[Path, bool]:
    """pydantic's place as a path in the value: without the names of union branches, keys marked."""
    is_key = bool(loc) and loc[-1] == "[key]"
    path: list[str | int] = []
    here: object = value
    parts = loc[:-1] if is_key else loc
    for number, part in enumerate(parts):
        if isinstance(here, Mapping) and part in here:
            path.append(part)
            here = cast(Mapping[object, object], here)[part]
        elif isinstance(here, list) and isinstance(part, int) and part < len(cast(list[object], here)):
            path.append(part)
            here = cast(list[object], here)[part]
        elif isinstance(here, Mapping) and number == len(parts) - 1 and not _branch(part):
            path.append(part)
    return tuple(path), is_key


def _branch(part: int | str) -> bool:
    """Whether a part of pydantic's place names a branch of a union: a class, or `literal[…]`."""
    return isinstance(part, str) and (part[:1].isupper() or "[" in part)


def _at(value: object, path: Path) -> object:
    here = value
    for part in path:
        here = cast(Any, here)[part]
    return here


def _tidy(problems: list[Problem]) -> list[Problem]:
    """Say each thing once.

    A union reports every branch: of those at one value, the branch that is of the value's kind
    stays. A required field that is only misspelt is reported as the misspelling.
    """
    misspelt = {(*p.path[:-1], p.nearest) for p in problems if p.rule == "unknown-field" and p.nearest}
    choices = {p.path for p in problems if p.rule == "not-a-choice"}
    strangers = {p.path for p in problems if p.rule == "unknown-key"}
    above = {p.path[:depth] for p in problems for depth in range(len(p.path))}
    kept: dict[tuple[Path, str], Problem] = {}
    for problem in problems:
        path, rule = problem.path, problem.rule
        if rule == "missing" and path in misspelt:
            continue
        if rule in {"not-a-choice", "wrong-value"} and path in above:
            # Another branch of the union, or a count, is wrong only because something inside is.
            continue
        if rule == "wrong-kind" and path in choices:
            continue
        if any(path[:depth] in strangers for depth in range(1, len(path))):
            continue
        kept.setdefault((path, rule), problem)
    return list(kept.values())


def fields_at(model: type[BaseModel], path: Path) -> tuple[str, ...]:
    """The field names (or keys) that may stand in the map at `path` of `model`."""
    here: Any = model
    for part in path:
        here = _inside(here, part)
        if here is None:
            return ()
    for branch in _branches(here):
        if isinstance(branch, type) and issubclass(branch, BaseModel):
            return tuple(branch.model_fields)
    return ()


def _inside(annotation: Any, part: str | int) -> Any:
    for branch in _branches(annotation):
        if isinstance(branch, type) and issubclass(branch, BaseModel):
            field = branch.model_fields.get(str(part))
            if field is not None:
                return field.annotation
        origin = get_origin(branch)
        arguments = get_args(branch)
        if origin is tuple:
            return arguments[0]
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return arguments[1]
    return None


def _branches(annotation: Any) -> tuple[Any, ...]:
    """The types that an annotation allows: a union's, without None and without what Annotated adds."""
    if get_origin(annotation) is Annotated:
        return _branches(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return tuple(b for a in get_args(annotation) if a is not NoneType for b in _branches(a))
    return (annotation,)
