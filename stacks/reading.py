"""YAML as Pulumi reads it, with the place of every value.

Pulumi parses stack files with go-yaml v3 and hands the program JSON. What that makes of a plain
scalar differs from PyYAML (see `stacks.scalars`). A value is therefore made here exactly as the
program will get it, so that what passes here passes there.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, cast

import yaml
from yaml._yaml import CParser  # PyYAML's libyaml parser; the stubs do not name it

from stacks.problems import Path, Problem
from stacks.scalars import plain_scalar
from stacks.text import Text

MAX_BYTES = 256 * 1024
"""A manifest has a few kilobytes. A quarter of a megabyte leaves room and bounds the work."""
MAX_NODES = 20_000
"""Values in one file after aliases are expanded: what stops a "billion laughs"."""
MAX_DEPTH = 24
"""Nesting. The deepest field of a manifest is at eight."""

_OPENERS = re.compile(r"[\[{]|[-?:]\s")
SAFE_OPENERS = 2_000
"""Below this many marks that may open a level, the depth is harmless; above, it is measured first."""
_TAG = "tag:yaml.org,2002:"
_PLAIN = "plain"
_KNOWN_TAGS = frozenset(
    (_PLAIN, *(_TAG + kind for kind in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")))
)


class _Loader(CParser):
    """libyaml's parser without PyYAML's resolution of plain scalars: that is done here."""

    def resolve(self, kind: type[yaml.Node], value: str, implicit: Any) -> str:  # noqa: ARG002
        if kind is yaml.ScalarNode:
            return _PLAIN if implicit[0] else f"{_TAG}str"
        return f"{_TAG}map" if kind is yaml.MappingNode else f"{_TAG}seq"

    def descend_resolver(self, parent: Any, index: Any) -> None:
        """Nothing: no path resolvers."""

    def ascend_resolver(self) -> None:
        """Nothing: no path resolvers."""


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML file: its JSON value, its text, and where each value stands."""

    file: str
    text: str
    value: Any
    root: yaml.Node | None = field(repr=False, default=None)

    def place(self, path: Path, *, key: bool = False) -> tuple[int, int]:
        """Line and column (from 1) of what is at `path`, or of the nearest part of it that exists.

        A scalar's place is its own; that of a map or list is its key's, as is every place with `key`.
        """
        label, node = None, self.root
        for part in path:
            found = _child(node, part)
            if found is None:
                break
            label, node = found
        by_label = label is not None and (key or not isinstance(node, yaml.ScalarNode))
        chosen = label if by_label else node
        if chosen is None:
            return 1, 1
        return chosen.start_mark.line + 1, chosen.start_mark.column + 1

    def raw(self, path: Path, *, key: bool = False) -> str | None:
        """The scalar (or, with `key`, the key) at `path` as it is written, or None where there is none."""
        label, node = None, self.root
        for part in path:
            found = _child(node, part)
            if found is None:
                return None
            label, node = found
        chosen = label if key else node
        return cast(str, chosen.value) if isinstance(chosen, yaml.ScalarNode) else None


def _child(node: yaml.Node | None, part: str | int) -> tuple[yaml.Node | None, yaml.Node] | None:
    """The key node and value node of `part` in `node`."""
    if isinstance(node, yaml.MappingNode):
        pairs = _pairs(node)
        return next(((k, v) for k, v in reversed(pairs) if _key_text(k) == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return None, node.value[part]
    return None


def _pairs(node: yaml.MappingNode) -> list[tuple[yaml.Node, yaml.Node]]:
    """The pairs of a mapping, those merged in by `<<` first, so that own ones win."""
    merged: list[tuple[yaml.Node, yaml.Node]] = []
    own: list[tuple[yaml.Node, yaml.Node]] = []
    for key, value in node.value:
        if not _is_merge(key):
            own.append((key, value))
        elif isinstance(value, yaml.MappingNode) and value is not node:
            merged.extend(value.value)
        elif isinstance(value, yaml.SequenceNode):
            for item in reversed(value.value):
                merged.extend(item.value if isinstance(item, yaml.MappingNode) else ())
    return merged + own


def _is_merge(key: yaml.Node) -> bool:
    return key.tag == _PLAIN and key.value == "<<"


def _key_text(key: yaml.Node) -> str | None:
    """A key as the program gets it: JSON has text only."""
    if not isinstance(key, yaml.ScalarNode):
        return None
    value = _value(key)
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else str(value)


def _value(node: yaml.ScalarNode) -> Any:
    return cast(str, node.value) if node.tag == f"{_TAG}str" else plain_scalar(node.value)


class _Refused(Exception):  # noqa: N818 - a verdict on the input, not an error of ours
    """A YAML text that cannot become a value; carries the problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.rule)
        self.problem = problem


def _refusal(rule: str, node: yaml.Node | None, message: Text, remedy: Text, **more: Any) -> Problem:
    line = node.start_mark.line + 1 if node else 1
    column = node.start_mark.column + 1 if node else 1
    return Problem(rule, (), message, remedy, line=line, column=column, **more)


class _Builder:
    """Makes the JSON value of a tree of nodes and notes every duplicate key."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.count = 0

    def build(self, node: yaml.Node, path: Path) -> Any:
        self.count += 1
        if self.count > MAX_NODES or len(path) > MAX_DEPTH:
            raise _Refused(
                _refusal(
                    "yaml-too-large",
                    node,
                    Text(
                        f"値が{MAX_NODES:,}個を超えるか、入れ子が{MAX_DEPTH}段を超えています。",
                        f"There are more than {MAX_NODES:,} values, or {MAX_DEPTH} levels of nesting.",
                    ),
                    Text(
                        "エイリアス(*)の多用や循環をやめ、マニフェストを簡潔にしてください。",
                        "Take out repeated or circular aliases (*) and keep the manifest plain.",
                    ),
                )
            )
        self._check_tag(node, path)
        if isinstance(node, yaml.ScalarNode):
            return _value(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, number)) for number, item in enumerate(node.value)]
        return self._mapping(cast(yaml.MappingNode, node), path)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        self._check_duplicates(node, path)
        made: dict[str, Any] = {}
        for key, value in _pairs(node):
            text = _key_text(key)
            if text is None:
                self.problems.append(
                    replace(
                        _refusal(
                            "yaml-key",
                            key,
                            Text("キーが文字列ではありません。", "A key is not text."),
                            Text(
                                "キーは1行の文字列で書いてください。", "Write keys as plain text on one line."
                            ),
                        ),
                        path=path,
                    )
                )
                continue
            made[text] = self.build(value, (*path, text))
        return made

    def _check_duplicates(self, node: yaml.MappingNode, path: Path) -> None:
        first: dict[Hashable, yaml.Node] = {}
        for key, _ in node.value:
            text = _key_text(key)
            if text is None:
                continue
            if text in first:
                line = first[text].start_mark.line + 1
                self.problems.append(
                    replace(
                        _refusal(
                            "yaml-duplicate-key",
                            key,
                            Text(
                                f"キー「{text}」が2回書かれています(最初は{line}行目)。",
                                f"The key `{text}` is written twice (first on line {line}).",
                            ),
                            Text("どちらか一方を削除してください。", "Delete one of the two."),
                            found=text,
                        ),
                        path=(*path, text),
                    )
                )
            first.setdefault(text, key)

    def _check_tag(self, node: yaml.Node, path: Path) -> None:
        if node.tag in _KNOWN_TAGS:
            return
        self.problems.append(
            replace(
                _refusal(
                    "yaml-tag",
                    node,
                    Text(
                        f"YAMLタグ「{node.tag}」は使えません。",
                        f"The YAML tag `{node.tag}` has no meaning here.",
                    ),
                    Text(
                        "タグを削除し、値だけを書いてください。", "Delete the tag and write the value alone."
                    ),
                    found=node.tag,
                ),
                path=path,
            )
        )


def read(file: str, data: bytes) -> tuple[Document | None, list[Problem]]:
    """The document in `data`, and what is wrong with it as YAML.

    The document is None where nothing can be made of the text. Never raises for any input.
    """
    text, problem = _decode(data)
    if text is None:
        return None, [replace(problem, file=file)] if problem else []
    try:
        root = _compose(text)
        if root is None:
            raise _Refused(_empty())
        builder = _Builder()
        value = builder.build(root, ())
    except _Refused as refused:
        return None, [replace(refused.problem, file=file)]
    return Document(file, text, value, root), [replace(p, file=file) for p in builder.problems]


def _empty() -> Problem:
    return _refusal(
        "yaml-empty",
        None,
        Text("ファイルが空です。", "The file is empty."),
        Text(
            "`./jichitai new 団体コード --cloud aws` で雛形を作れます。",
            "`./jichitai new CODE --cloud aws` writes one to start from.",
        ),
    )


def _decode(data: bytes) -> tuple[str | None, Problem | None]:
    if len(data) > MAX_BYTES:
        return None, _refusal(
            "file-too-large",
            None,
            Text(
                f"ファイルが大きすぎます({len(data):,}バイト)。",
                f"The file is too large ({len(data):,} bytes).",
            ),
            Text("マニフェストだけを書いてください。", "Keep nothing but the manifest in it."),
            allowed=(f"<= {MAX_BYTES:,} bytes",),
        )
    try:
        return data.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        column = error.start - (data[: error.start].rfind(b"\n") + 1) + 1
        problem = _refusal(
            "not-utf8",
            None,
            Text("UTF-8の文字ではありません。", "This is not UTF-8 text."),
            Text(
                "エディターで文字コードをUTF-8(BOMなし)にして保存し直してください。",
                "Save the file again as UTF-8 (without a byte order mark).",
            ),
            found=f"0x{data[error.start]:02X}",
            allowed=("UTF-8",),
        )
        return None, replace(problem, line=line, column=column)


def _compose(text: str) -> yaml.Node | None:
    try:
        # libyaml's composer recurses in C without a limit: 100,000 brackets end the process.
        if len(_OPENERS.findall(text)) > SAFE_OPENERS:
            _check_depth(text)
        return _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _Refused(_syntax(error, text)) from None
    except yaml.YAMLError as error:
        position = getattr(error, "position", 0)
        # libyaml counts bytes.
        before = text.encode()[: position if isinstance(position, int) else 0].decode(errors="ignore")
        raise _Refused(
            replace(
                _refusal(
                    "yaml-character",
                    None,
                    Text(
                        "YAMLに書けない制御文字があります。",
                        "There is a control character that YAML does not allow.",
                    ),
                    Text("その文字を削除してください。", "Delete the character."),
                ),
                line=before.count("\n") + 1,
                column=len(before) - (before.rfind("\n") + 1) + 1,
            )
        ) from None


def _check_depth(text: str) -> None:
    depth, parser = 0, CParser(text)
    while (event := parser.get_event()) is not None:
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise _Refused(_too_deep(event.start_mark.line + 1, event.start_mark.column + 1))


def _too_deep(line: int, column: int) -> Problem:
    return Problem(
        "yaml-too-large",
        (),
        Text(f"入れ子が{MAX_DEPTH}段を超えています。", f"There are more than {MAX_DEPTH} levels of nesting."),
        Text("マニフェストを簡潔にしてください。", "Keep the manifest plain."),
        line=line,
        column=column,
    )


def _syntax(error: yaml.MarkedYAMLError, text: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = text.splitlines()
    written = lines[line - 1] if line <= len(lines) else ""
    what = " ".join(part for part in (error.context, error.problem) if part)
    remedy = Text(
        "この行の前後で、字下げ(半角空白2つ)、コロンの後の空白、引用符と括弧の対応を確かめてください。",
        "Around this line, check the indentation (two spaces), the space after each colon, and that "
        "quotes and brackets are closed.",
    )
    if "\t" in written[: len(written) - len(written.lstrip())] or "\\t" in (error.problem or ""):
        remedy = Text(
            "字下げにタブは使えません。半角空白2つに置き換えてください。",
            "Tabs cannot indent. Use two spaces instead.",
        )
    elif "expected a single document" in what:
        remedy = Text(
            "「---」で区切られた2つ目以降の文書を削除してください。",
            "Delete every document after the first `---`.",
        )
    return Problem(
        "yaml-syntax",
        (),
        Text(f"YAMLとして読めません({what})。", f"This is not YAML: {what}."),
        remedy,
        found=written.strip()[:80] or None,
        line=line,
        column=column,
    )


def locate(document: Document, problem: Problem, base: Path = ()) -> Problem:
    """`problem` with its place in the document, its path being under `base`.

    What was found is shown as it is written there.
    """
    path = (*base, *problem.path)
    at_key = problem.rule in KEY_RULES
    line, column = document.place(path, key=at_key)
    raw = document.raw(path, key=at_key)
    if problem.rule == "quote-it" and raw is not None:
        problem = replace(problem, found=raw, nearest=f'"{raw}"')
    elif problem.rule == "wrong-key" and raw is not None and raw != path[-1]:
        # Unquoted digits were read as a number: 010006 is 4102.
        problem = replace(problem, found=raw, nearest=f'"{raw}"', remedy=QUOTE_IT)
    return replace(problem, file=document.file, line=line, column=column)


QUOTE_IT = Text('引用符(")で囲んでください。', 'Put it in double quotes (").')
KEY_RULES = frozenset({"unknown-field", "unknown-key", "wrong-key"})
"""Rules whose problem is a key: the place is the key's, not the value's."""


def walk(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value in `value` with its path, parents first."""
    yield path, value
    if isinstance(value, dict):
        for key, inner in cast(dict[str, Any], value).items():
            yield from walk(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(cast(list[Any], value)):
            yield from walk(inner, (*path, number))
