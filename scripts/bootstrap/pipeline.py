"""Who may deploy: the manifest's `pipeline`, or what the command line says instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from scripts.bootstrap.steps import Pipeline
from stacks.problems import Problem
from stacks.rules.pipeline import EXACT, ISSUERS
from stacks.rules.pipeline import subjects as subject_problems
from stacks.text import Text


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
    problems = [*_issuer(url), *_whole(named), *subject_problems(named, url)]
    return Pipeline(url, named, audience or told.get("audience") or ""), problems


def _issuer(url: str) -> list[Problem]:
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.netloc and not parts.query and not parts.fragment:
        return []
    return [
        Problem(
            "pipeline-issuer",
            ("pipeline", "issuer"),
            Text("OIDC の発行者が https の URL ではありません。", "The OIDC issuer is not an https URL."),
            Text("github、gitlab、または URL を書いてください。", "Write github, gitlab, or its URL."),
            found=url or None,
            allowed=("github", "gitlab", "https://…"),
        )
    ]


def _whole(subjects: tuple[str, ...]) -> Iterator[Problem]:
    """What the manifest's model sees to: at least one subject, and no patterns."""
    if not subjects:
        nobody = Text("どのパイプラインか(sub)がありません。", "No subject says which pipeline.")
        yield Problem("pipeline-subjects", ("pipeline", "subjects"), nobody, EXACT)
    for index, subject in enumerate(subjects):
        if not subject or any(c in subject for c in "*?") or subject != subject.strip():
            what = Text("sub は完全に一致するものだけです。", "A subject matches as a whole, or not at all.")
            yield Problem(
                "pipeline-subject-exact", ("pipeline", "subjects", index), what, EXACT, found=subject
            )
