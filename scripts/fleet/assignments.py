"""The two tables that a team may give `fleet init`: what each body has, and the prefectures' hubs.

Both are CSV with a header, UTF-8 (with or without a byte order mark), columns in any order. Every
problem of a file is reported at once, with its line.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from stacks.country import Assignment
from stacks.problems import Problem, Problems, unknown
from stacks.registry import Registry
from stacks.registry.clouds import CLOUDS, CloudName
from stacks.rules.body import code_problem
from stacks.text import Text, language_of

COLUMNS = ("code", "cloud", "unit", "gateway", "population", "packages")
"""Of the assignments; all but `code` may be left out or empty. `packages` are separated by spaces."""

HUB_COLUMNS = ("prefecture", "cloud", "gateway")
"""Of the hubs; `prefecture` is its name or its two digits."""


MOST_PEOPLE = 20_000_000
"""The manifest's own limit of `population`."""


@dataclass(frozen=True, slots=True)
class _Row:
    file: str
    line: int
    values: Mapping[str, str]

    def problem(self, rule: str, column: str, message: Text, remedy: Text, **more: Any) -> Problem:
        found = self.values.get(column) or None
        return Problem(rule, (column,), message, remedy, found=found, file=self.file, line=self.line, **more)


def assignments(file: str, data: bytes, known: Registry) -> dict[str, Assignment]:
    """The assignments in `data`, by code. Raises `Problems`."""
    problems: list[Problem] = []
    found: dict[str, Assignment] = {}
    for row in _rows(file, data, COLUMNS, ("code",), problems):
        code = row.values["code"]
        wrong = list(_row_problems(row, known))
        if code in found:
            wrong.append(
                row.problem(
                    "code-twice",
                    "code",
                    Text(f"団体コード {code} が2行あります。", f"The code {code} is there twice."),
                    Text("片方の行を消してください。", "Delete one of the lines."),
                )
            )
        problems += wrong
        if not wrong:
            found[code] = _assignment(row.values)
    if problems:
        raise Problems(problems, language_of())
    return found


def _assignment(values: Mapping[str, str]) -> Assignment:
    population = values.get("population", "").replace(",", "")
    packages = tuple(values.get("packages", "").split())
    return Assignment(
        cloud=cast(CloudName, values.get("cloud")) if values.get("cloud") else None,
        unit=values.get("unit") or None,
        gateway=values.get("gateway") or None,
        population=int(population) if population else None,
        packages=packages or None,
    )


def _row_problems(row: _Row, known: Registry) -> Iterator[Problem]:
    values = row.values
    code = values["code"]
    if not re.fullmatch(r"[0-9]{6}", code, re.ASCII):
        yield row.problem(
            "wrong-code",
            "code",
            Text(f"「{code}」は6桁の団体コードではありません。", f"`{code}` is no code of six digits."),
            Text(
                "6桁で書いてください。表計算ソフトは先頭の0を落とします。",
                "Write six digits: spreadsheets drop a leading 0.",
            ),
            nearest=f"0{code}" if f"0{code}" in known.governments else None,
        )
    elif code not in known.governments:
        yield _placed(code_problem(("code",), code, known.governments), row)
    cloud = values.get("cloud", "")
    if cloud and cloud not in CLOUDS:
        yield _placed(unknown("unknown-cloud", ("cloud",), cloud, CLOUDS, Text("クラウド", "cloud")), row)
    elif cloud:
        yield from _forms(row, CLOUDS[cast(CloudName, cloud)])
    else:
        for column in ("unit", "gateway"):
            if values.get(column):
                yield row.problem(
                    "cloud-missing",
                    column,
                    Text(
                        f"{column} がありますが、cloud がありません。",
                        f"There is a `{column}` and no `cloud`.",
                    ),
                    Text("cloud 列を書いてください。", "Fill in the column `cloud`."),
                )
    for package in values.get("packages", "").split():
        if package not in known.catalogue:
            what = Text("カタログの製品", "catalogue entry")
            yield _placed(unknown("unknown-package", ("packages",), package, known.catalogue, what), row)
    population = values.get("population", "").replace(",", "")
    digits = population.isascii() and population.isdigit()
    if population and not (digits and 0 < int(population) <= MOST_PEOPLE):
        yield row.problem(
            "wrong-value",
            "population",
            Text("人口は1以上の整数です。", "A population is a whole number, 1 or more."),
            Text("値を直してください。", "Correct the value."),
        )


def _forms(row: _Row, cloud: Any) -> Iterator[Problem]:
    for column, pattern, title, example in (
        ("unit", cloud.unit, cloud.unit_title, cloud.unit_example),
        ("gateway", cloud.gateway, cloud.gateway_title, cloud.gateway_example),
    ):
        value = row.values.get(column, "")
        if value and not re.fullmatch(pattern, value, re.ASCII):
            yield row.problem(
                "wrong-id",
                column,
                Text(f"「{value}」は{title.ja}の形ではありません。", f"`{value}` is not the {title.en}."),
                Text(f"例: {example}", f"It looks like {example}."),
                allowed=(title,),
            )


def hubs(file: str, data: bytes, known: Registry) -> dict[tuple[str, CloudName], str]:
    """The hubs in `data` by prefecture (two digits) and cloud. Raises `Problems`."""
    problems: list[Problem] = []
    names = {b.name: b.code[:2] for b in known.governments.values() if b.kind == "prefecture"}
    found: dict[tuple[str, CloudName], str] = {}
    for row in _rows(file, data, HUB_COLUMNS, HUB_COLUMNS, problems):
        prefecture, cloud = row.values["prefecture"], row.values["cloud"]
        digits = names.get(prefecture, prefecture)
        wrong: list[Problem] = []
        if digits not in names.values():
            what = Text("都道府県", "prefecture")
            wrong.append(
                _placed(unknown("unknown-prefecture", ("prefecture",), prefecture, names, what), row)
            )
        if cloud not in CLOUDS:
            wrong.append(
                _placed(unknown("unknown-cloud", ("cloud",), cloud, CLOUDS, Text("クラウド", "cloud")), row)
            )
        else:
            wrong += _forms(row, CLOUDS[cast(CloudName, cloud)])
        problems += wrong
        if not wrong:
            found[digits, cast(CloudName, cloud)] = row.values["gateway"]
    if problems:
        raise Problems(problems, language_of())
    return found


def share(text: str) -> dict[CloudName, int]:
    """The weights in `aws=60,azure=40`. Raises `Problems`."""
    problems: list[Problem] = []
    found: dict[CloudName, int] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, _, weight = (word.strip() for word in part.partition("="))
        if name not in CLOUDS:
            problems.append(unknown("unknown-cloud", ("share",), name, CLOUDS, Text("クラウド", "cloud")))
        elif not (weight.isascii() and weight.isdigit() and int(weight) <= 1_000_000):
            problems.append(_bad_share(part))
        elif int(weight):
            found[cast(CloudName, name)] = int(weight)
    if not problems and not found:
        problems.append(_bad_share(text))
    if problems:
        raise Problems(problems, language_of())
    return found


def _bad_share(found: str) -> Problem:
    return Problem(
        "wrong-share",
        ("share",),
        Text(f"「{found}」は割合として読めません。", f"`{found}` is no share."),
        Text(
            "クラウド=重み をコンマで並べてください(例: aws=60,azure=40)。",
            "Write cloud=weight, separated by commas: aws=60,azure=40.",
        ),
        found=found,
    )


def _placed(problem: Problem, row: _Row) -> Problem:
    return replace(problem, file=row.file, line=row.line)


def _rows(
    file: str, data: bytes, columns: tuple[str, ...], needed: tuple[str, ...], problems: list[Problem]
) -> Iterator[_Row]:
    """The rows of a CSV file whose needed values are there; what is wrong goes to `problems`."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        problems.append(_not_utf8(file))
        return
    reader = csv.DictReader(io.StringIO(text, newline=""))
    header = [name.strip() for name in reader.fieldnames or ()]
    reader.fieldnames = header
    first = _Row(file, 1, {})
    for name in header:
        if name not in columns:
            problem = unknown("unknown-column", (name,), name, columns, Text("列", "column"))
            problems.append(_placed(problem, first))
    absent = [name for name in needed if name not in header]
    problems += [_lacking(first, name) for name in absent]
    if absent:
        return
    for raw in reader:
        values = {k: (v or "").strip() for k, v in raw.items() if k in columns}
        row = _Row(file, reader.line_num, values)
        empty = [name for name in needed if not values.get(name)]
        problems += [_lacking(row, name) for name in empty]
        if not empty:
            yield row


def _not_utf8(file: str) -> Problem:
    return Problem(
        "not-utf8",
        (),
        Text("UTF-8 のファイルではありません。", "The file is not UTF-8."),
        Text("「CSV UTF-8」で保存し直してください。", "Save it as CSV UTF-8."),
        file=file,
        line=1,
    )


def _lacking(row: _Row, column: str) -> Problem:
    if row.line == 1:
        return row.problem(
            "missing-column",
            column,
            Text(f"列「{column}」がありません。", f"There is no column `{column}`."),
            Text("1行目に列の名前を書いてください。", "The first line names the columns."),
        )
    return row.problem(
        "missing",
        column,
        Text(f"「{column}」が空です。", f"`{column}` is empty."),
        Text("値を書いてください。", "Fill it in."),
    )
