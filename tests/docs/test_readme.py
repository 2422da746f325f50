"""What the documents say is true: commands run, links lead somewhere, both languages say the same."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from scripts.cli.app import COMMANDS
from scripts.cli.exits import Exit
from scripts.engine.places import REPO
from tests.conftest import Cloning

READMES = ("README.md", "README.ja.md")
PAGES = sorted(
    REPO / name
    for name in subprocess.run(
        ["git", "ls-files", "*.md"], cwd=REPO, capture_output=True, text=True, check=True
    ).stdout.split()
    if "/sdk/" not in name
)
_IN_LINE = re.compile(r"`(\./jichitai [^`]+)`")
_IN_BLOCK = re.compile(r"(?m)^(?:eval \"\$\()?(\./jichitai [^#\n)]+?)\)?\"? *(?:#.*)?$")
_LINK = re.compile(r"\]\(([^)\s]+)\)")

ENDS: dict[str, int] = {
    "bootstrap": Exit.REFUSED,  # there are no credentials here
    "destroy": Exit.REFUSED,  # the example is protected: the README says what comes first
    "up --cloud": Exit.REFUSED,  # nobody is there to be asked
}
"""Commands that do not end with 0 when they are run as they stand."""


def commands(page: Path) -> list[str]:
    """The commands of a page, in order; `<…>` stands for the reader's own."""
    text = page.read_text(encoding="utf-8")
    found = [m for pattern in (_IN_LINE, _IN_BLOCK) for m in pattern.finditer(text)]
    ordered = [m[1].strip() for m in sorted(found, key=lambda m: m.start())]
    return [c for c in dict.fromkeys(ordered) if "<" not in c]


def test_both_readmes_have_the_same_commands_and_pages() -> None:
    english, japanese = (REPO / name for name in READMES)
    assert commands(english) == commands(japanese)
    assert len(commands(english)) > 10
    headings = [len(re.findall(r"(?m)^#+ ", p.read_text(encoding="utf-8"))) for p in (english, japanese)]
    assert headings[0] == headings[1]
    links = [
        {link.replace(".ja.", ".").replace(".en.", ".") for link in _LINK.findall(p.read_text("utf-8"))}
        for p in (english, japanese)
    ]
    assert links[0] == links[1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPO)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:|#", link):
            target = page.parent / link.partition("#")[0]
            assert target.exists(), f"{page.relative_to(REPO)} links to {link}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPO)))
def test_every_command_that_is_named_exists(page: Path) -> None:
    for command in commands(page):
        word = next((w for w in command.split()[1:] if not w.startswith("-")), "")
        assert word in COMMANDS or not re.fullmatch(r"[a-z]+", word), command


@pytest.mark.xdist_group("readme")
def test_the_commands_of_the_readme_run(cloning: Cloning) -> None:
    clone = cloning()
    for command in commands(REPO / READMES[0]):
        words = shlex.split(command)[1:]
        # This very suite; and where the text only names a command.
        if words in (["test"], ["up"]):
            continue
        kind = f"{words[0]} --cloud" if words[0] == "up" and "--cloud" in words else words[0]
        ended = clone.run(*words)
        assert ended.code == ENDS.get(kind, Exit.OK), f"{command}: {ended.err}"
    clone.close()
