"""Who may deploy: the manifest's `pipeline`, or what the command line says instead.

Sources: GitHub "OpenID Connect reference" (`sub` is `repo:OWNER/NAME:environment:NAME`, `…:ref:REF` or
`…:pull_request`), GitLab "ID token authentication" (`project_path:GROUP/NAME:ref_type:…:ref:…`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from scripts.bootstrap.steps import Pipeline
from stacks.problems import Problem
from stacks.text import Text

ISSUERS: Mapping[str, str] = {
    "github": "https://token.actions.githubusercontent.com",
    "gitlab": "https://gitlab.com",
}
"""Issuers by the names that people use; any other is written as a URL."""

_EXACT = Text(
    "完全な sub を一つずつ書いてください（例: repo:団体/リポジトリ:environment:production）。",
    "Write complete subjects, one by one (say repo:owner/name:environment:production).",
)


def pipeline_of(
    manifest: Mapping[str, Any], issuer: str | None, subjects: Sequence[str], audience: str | None
) -> tuple[Pipeline | None, list[Problem]]:
    """The pipeline and everything that is wrong with it; (None, []) where nobody has named one."""
    told: Mapping[str, Any] = manifest.get("pipeline") or {}
    said = issuer or told.get("issuer")
    named = tuple(subjects) or tuple(told.get("subjects", ()))
    if not said and not named:
        return None, []
    url = ISSUERS.get(str(said), str(said or "")).rstrip("/")
    problems = [*_issuer(url), *_subjects(named, url)]
    return Pipeline(url, named, audience or told.get("audience") or ""), problems


def _issuer(url: str) -> list[Problem]:
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.netloc and not parts.query and not parts.fragment:
        return []
    return [
        Problem(
            "pipeline_issuer",
            ("pipeline", "issuer"),
            Text("OIDC の発行者が https の URL ではありません。", "The OIDC issuer is not an https URL."),
            Text("github、gitlab、または URL を書いてください。", "Write github, gitlab, or its URL."),
            found=url or None,
            allowed=("github", "gitlab", "https://…"),
        )
    ]


def _subjects(subjects: tuple[str, ...], url: str) -> list[Problem]:
    found: list[Problem] = []
    if not subjects:
        found.append(
            Problem(
                "pipeline_subjects",
                ("pipeline", "subjects"),
                Text("どのパイプラインか（sub）がありません。", "No subject says which pipeline."),
                _EXACT,
            )
        )
    for index, subject in enumerate(subjects):
        path = ("pipeline", "subjects", index)
        if not subject or any(c in subject for c in "*?") or subject != subject.strip():
            what = Text("sub は完全に一致するものだけです。", "A subject matches as a whole, or not at all.")
            found.append(Problem("pipeline_subject_exact", path, what, _EXACT, found=subject))
        elif subject.endswith(":pull_request") or ":ref_type:merge_request:" in subject:
            what = Text(
                "プルリクエストは、書き込み権限のない人も出せます。",
                "A pull request can be opened by people who may not write.",
            )
            found.append(Problem("pipeline_subject_pull_request", path, what, _EXACT, found=subject))
        elif url == ISSUERS["github"] and subject.count(":") < 2:
            what = Text("GitHub の sub の形ではありません。", "This is not how GitHub writes a subject.")
            found.append(Problem("pipeline_subject_form", path, what, _EXACT, found=subject))
    return found
