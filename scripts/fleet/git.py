"""What has changed in the repository since a reference."""

from __future__ import annotations

import subprocess
from pathlib import Path

from stacks.problems import Problem, Problems
from stacks.text import Text, language_of


def changed_paths(repo: Path, reference: str) -> frozenset[str]:
    """The paths that differ between `reference` and what lies in the folder now, new files included.

    Raises `Problems` where git does not know the reference, or there is no git.
    """
    differing = _git(repo, reference, "diff", "--name-only", "-z", "--no-renames", reference, "--")
    untracked = _git(repo, reference, "ls-files", "--others", "--exclude-standard", "-z")
    return frozenset(path for said in (differing, untracked) for path in said.split("\0") if path)


def _git(repo: Path, reference: str, *arguments: str) -> str:
    if reference.startswith("-"):
        raise Problems([_unknown(reference, "")], language_of())
    try:
        done = subprocess.run(
            ["git", "-C", str(repo), *arguments], capture_output=True, text=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Problems([_unknown(reference, str(error))], language_of()) from None
    if done.returncode != 0:
        raise Problems([_unknown(reference, done.stderr.strip().splitlines()[0])], language_of())
    return done.stdout


def _unknown(reference: str, said: str) -> Problem:
    detail = f" ({said})" if said else ""
    return Problem(
        "unknown-reference",
        ("--changed-since",),
        Text(
            f"git の「{reference}」と比べられません{detail}。",
            f"git cannot compare with `{reference}`{detail}.",
        ),
        Text(
            "ブランチ、タグ、コミットのどれかを指定してください(例: main)。",
            "Name a branch, a tag or a commit: main, say.",
        ),
        found=reference,
    )
