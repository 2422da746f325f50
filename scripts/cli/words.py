"""The words of the command line parser, in Japanese: typer says them in English only."""

from __future__ import annotations

import re

_HELP: tuple[tuple[str, str], ...] = (
    (r"(?m)^Usage: ", "使い方: "),
    (r"(?m)^Options:$", "オプション:"),
    (r"(?m)^Commands:$", "コマンド:"),
    (r"(?m)^Arguments:$", "引数:"),
    (r"Show this message and exit\.", "この説明を表示する"),
    (r"\[required\]", "[必須]"),
    (r"\[default: ", "[既定: "),
)

_MISTAKES: tuple[tuple[str, str], ...] = (
    (
        r"No such option: (\S+?)(?: \(Possible options: (.+)\))?$",
        r"\1 というオプションはありません。候補: \2",
    ),
    (r"No such command '([^']*)'\.(?: Did you mean (.+)\?)?", r"\1 というコマンドはありません。候補: \2"),
    (r"Missing argument '([^']*)'\.?", r"\1 を指定してください。"),
    (r"Missing option '([^']*)'\.?", r"オプション \1 を指定してください。"),
    (r"Missing command\.", "コマンドを指定してください。"),
    (r"Option '([^']*)' requires an argument\.", r"\1 には値が要ります。"),
    (r"Option '([^']*)' does not take a value\.", r"\1 に値は付きません。"),
    (r"Got unexpected extra argument(?:s|\(s\))? \((.*)\)", r"余分な引数があります: \1"),
    (r"Invalid value for '([^']*)': (.*)", r"\1 の値が正しくありません: \2"),
)


def help_in_japanese(text: str) -> str:
    """The parser's own words in a help page; ours are Japanese already."""
    for pattern, japanese in _HELP:
        text = re.sub(pattern, japanese, text)
    return text


def mistake_in_japanese(said: str) -> str:
    """What the parser says about a wrong command line; unknown words stay as they are."""
    for pattern, japanese in _MISTAKES:
        if match := re.fullmatch(pattern, said, re.DOTALL):
            return match.expand(japanese).removesuffix("候補: ")
    return said
