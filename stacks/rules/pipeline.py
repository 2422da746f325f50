"""The pipeline that may deploy: who exactly, and nobody who may not write.

Sources: GitHub "OpenID Connect reference" (`sub` is `repo:OWNER/NAME:environment:NAME`, `…:ref:REF` or
`…:pull_request`), GitLab "ID token authentication" (`project_path:GROUP/NAME:ref_type:…:ref:…`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stacks.problems import Path, Problem
from stacks.rules.context import Context, rule
from stacks.text import Text

ISSUERS: Mapping[str, str] = {
    "github": "https://token.actions.githubusercontent.com",
    "gitlab": "https://gitlab.com",
}
"""Issuers by the names that people use; any other is written as a URL."""

EXACT = Text(
    "完全な sub を一つずつ書いてください(例: repo:団体/リポジトリ:environment:production)。",
    "Write complete subjects, one by one (say repo:owner/name:environment:production).",
)


EXAMPLES = (
    "repo:owner/name:environment:production",
    "repo:owner/name:ref:refs/heads/main",
    "project_path:group/name:ref_type:branch:ref:main",
)


@rule("pipeline")
def pipeline(context: Context) -> Iterator[Problem]:
    """Each subject is one that only people who may write can have."""
    named = context.tenant.pipeline
    if named is not None:
        yield from subjects(named.subjects, ISSUERS.get(named.issuer, named.issuer))


def subjects(named: tuple[str, ...], url: str) -> Iterator[Problem]:
    """Everything that is wrong with the subjects of the issuer at `url`."""
    for index, subject in enumerate(named):
        path: Path = ("pipeline", "subjects", index)
        if subject.endswith(":pull_request") or ":ref_type:merge_request:" in subject:
            what = Text(
                "プルリクエストは、書き込み権限のない人も出せます。",
                "A pull request can be opened by people who may not write.",
            )
            yield Problem("pipeline-subject-pull-request", path, what, EXACT, found=subject, allowed=EXAMPLES)
        elif url == ISSUERS["github"] and subject.count(":") < 2:
            what = Text("GitHub の sub の形ではありません。", "This is not how GitHub writes a subject.")
            yield Problem("pipeline-subject-form", path, what, EXACT, found=subject, allowed=EXAMPLES)


RULES = (pipeline,)
