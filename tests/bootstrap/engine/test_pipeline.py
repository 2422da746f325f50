"""Who may deploy: the manifest's word, the command line's, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.bootstrap.pipeline import pipeline_of
from scripts.bootstrap.steps import Pipeline

SUBJECT = "repo:a/b:environment:production"
MANIFEST: dict[str, Any] = {"pipeline": {"issuer": "github", "subjects": [SUBJECT]}}


def test_the_manifest_says_it_and_the_command_line_goes_first() -> None:
    github = "https://token.actions.githubusercontent.com"
    assert pipeline_of(MANIFEST, None, [], None) == (Pipeline(github, (SUBJECT,)), [])
    gitlab = pipeline_of(MANIFEST, "gitlab", ["project_path:a/b:ref_type:branch:ref:main"], "x")[0]
    assert gitlab == Pipeline("https://gitlab.com", ("project_path:a/b:ref_type:branch:ref:main",), "x")
    assert pipeline_of({}, None, [], None) == (None, [])


@pytest.mark.parametrize(
    ("issuer", "subjects", "rule"),
    [
        ("http://ci.example", [SUBJECT], "pipeline-issuer"),
        ("somewhere", [SUBJECT], "pipeline-issuer"),
        ("https://ci.example?x=1", [SUBJECT], "pipeline-issuer"),
        ("github", [], "pipeline-subjects"),
        ("github", ["repo:a/b:*"], "pipeline-subject-exact"),
        ("github", ["repo:a/b:environment:prod?"], "pipeline-subject-exact"),
        ("github", [" repo:a/b:environment:x"], "pipeline-subject-exact"),
        ("github", [""], "pipeline-subject-exact"),
        ("github", ["repo:a/b:pull_request"], "pipeline-subject-pull-request"),
        ("gitlab", ["project_path:a/b:ref_type:merge_request:ref:x"], "pipeline-subject-pull-request"),
        ("github", ["a/b"], "pipeline-subject-form"),
    ],
)
def test_what_is_refused(issuer: str, subjects: list[str], rule: str) -> None:
    _, problems = pipeline_of({}, issuer, subjects, None)
    assert rule in [p.rule for p in problems]
    for problem in problems:
        assert problem.lines("ja")
        assert problem.lines("en")
