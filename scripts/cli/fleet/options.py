"""The options by which fleet commands select stacks, each said once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from scripts.fleet.selection import LATEST, Selection
from stacks.registry.clouds import CLOUDS
from stacks.text import Text, language_of

_SAY = language_of()


def help_of(ja: str, en: str) -> str:
    """A line of the help in the reader's language."""
    return Text(ja, en).say(_SAY)


def _many(name: str, metavar: str, ja: str, en: str) -> Any:
    return Annotated[
        list[str] | None,
        typer.Option(f"--{name}", metavar=metavar, help=help_of(ja, en), show_default=False),
    ]


def _one(name: str, metavar: str, ja: str, en: str) -> Any:
    return Annotated[
        str | None, typer.Option(f"--{name}", metavar=metavar, help=help_of(ja, en), show_default=False)
    ]


def _flag(name: str, ja: str, en: str) -> Any:
    return Annotated[bool, typer.Option(f"--{name}", help=help_of(ja, en))]


_PARAMETERS: dict[str, tuple[Any, Any]] = {
    "who": (
        Annotated[
            list[str] | None,
            typer.Argument(
                metavar="[WHO...]",
                help=help_of(
                    "団体コード、名称、読み、スタック名、その型（'13*'）",
                    "Codes, names, readings, stacks, patterns of stacks ('13*')",
                ),
                show_default=False,
            ),
        ],
        None,
    ),
    "prefecture": (_many("prefecture", "NAME", "都道府県", "Prefecture"), None),
    "kind": (
        _many(
            "kind",
            "KIND",
            "種別: prefecture city town village special_ward（日本語も可）",
            "Kind: prefecture, city, town, village, special_ward",
        ),
        None,
    ),
    "cloud": (
        _many("on", "|".join(CLOUDS), "使っているクラウド", "Cloud that the stack is on"),
        None,
    ),
    "package": (_many("package", "ID", "使っているカタログの製品", "Catalogue entry that it has"), None),
    "environment": (
        _many("environment", "production|verification", "環境", "Environment"),
        None,
    ),
    "changed_since": (
        _one(
            "changed-since",
            "GITREF",
            "この時点から変わったものに関わるスタック",
            "Stacks that a change since this git reference concerns",
        ),
        None,
    ),
    "failed_in": (
        _one("failed-in", f"RUN|{LATEST}", "その実行で終わらなかったもの", "What that run did not finish"),
        None,
    ),
    "drifted": (_flag("drifted", "外から変えられていたもの", "What was found to have drifted"), False),
    "everything": (_flag("all", "すべて", "All of them"), False),
}


def selecting(command: Callable[..., int]) -> Callable[..., int]:
    """`command` with the options of a selection; it gets them as one argument, `selection`."""

    @wraps(command)
    def with_options(**given: Any) -> int:
        return command(selection=_selection({name: given.pop(name) for name in _PARAMETERS}), **given)

    signature = inspect.signature(command, eval_str=True)
    own = [p for p in signature.parameters.values() if p.name != "selection"]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (annotation, default) in _PARAMETERS.items()
    ]
    parameters = [*added, *(p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own)]
    changed: Any = with_options
    changed.__signature__ = signature.replace(parameters=parameters)
    changed.__annotations__ = {p.name: p.annotation for p in parameters}
    return with_options


def _selection(said: dict[str, Any]) -> Selection:
    def many(name: str) -> tuple[str, ...]:
        return tuple(said[name] or ())

    return Selection(
        who=many("who"),
        prefecture=many("prefecture"),
        kind=many("kind"),
        cloud=many("cloud"),
        package=many("package"),
        environment=many("environment"),
        changed_since=said["changed_since"],
        failed_in=said["failed_in"],
        drifted=said["drifted"],
        everything=said["everything"],
    )
