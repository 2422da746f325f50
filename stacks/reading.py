"""YAML as Pulumi reads it, with the place of every value.

Pulumi parses stack files with go-yaml v3 and hands the program JSON. What that makes of a plain
scalar differs from PyYAML (see `stacks.scalars`). A value is therefore made here exactly as the
program will get it, so that what passes here passes there.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, cast

import yaml

from stacks.composing import (
    KNOWN_TAGS,
    MAX_DEPTH,
    MAX_NODES,
    PLAIN,
    TAG,
    Refused,
    compose,
    decode,
    empty,
    refusal,
)
from stacks.problems import Path, Problem
from stacks.scalars import plain_scalar
from stacks.text import Text


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
    return key.tag == PLAIN and key.value == "<<"


def _key_text(key: yaml.Node) -> str | None:
    """A key as the program gets it: JSON has text only."""
    if not isinstance(key, yaml.ScalarNode):
        return None
    value = _value(key)
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else str(value)


def _value(node: yaml.ScalarNode) -> Any:
    return cast(str, node.value) if node.tag == f"{TAG}str" else plain_scalar(node.value)


class _Builder:
    """Makes the JSON value of a tree of nodes and notes every duplicate key."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.count = 0

    def build(self, node: yaml.Node, path: Path) -> Any:
        self.count += 1
        if self.count > MAX_NODES or len(path) > MAX_DEPTH:
            raise Refused(
                refusal(
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
                        refusal(
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
                        refusal(
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
        if node.tag in KNOWN_TAGS:
            return
        self.problems.append(
            replace(
                refusal(
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
    text, problem = decode(data)
    if text is None:
        return None, [replace(problem, file=file)] if problem else []
    try:
        root = compose(text)
        if root is None:
            raise Refused(empty())
        builder = _Builder()
        value = builder.build(root, ())
    except Refused as refused:
        return None, [replace(refused.problem, file=file)]
    return Document(file, text, value, root), [replace(p, file=file) for p in builder.problems]


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
