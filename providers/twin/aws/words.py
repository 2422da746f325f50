"""Short words for writing AWS tables: resource tokens, references and the answers EC2 and others give."""

from __future__ import annotations

from providers.twin.behaviour import Answer, Ref, belongs, holds, mentions


def token(short: str) -> str:
    """`ec2.Vpc` → `aws:ec2/vpc:Vpc`."""
    module, name = short.rsplit(".", 1)
    return f"aws:{module}/{name[0].lower()}{name[1:]}:{name}"


def _tokens(kinds: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(token(kind) for kind in kinds)


def hold(path: str, *kinds: str, anywhere: bool = False, missing: Answer | None = None) -> Ref:
    """`behaviour.holds` with short tokens."""
    return holds(path, *_tokens(kinds), anywhere=anywhere, missing=missing)


def name(path: str, *kinds: str, anywhere: bool = False, missing: Answer | None = None) -> Ref:
    """`behaviour.mentions` with short tokens."""
    return mentions(path, *_tokens(kinds), anywhere=anywhere, missing=missing)


def part(path: str, *kinds: str, anywhere: bool = False, missing: Answer | None = None) -> Ref:
    """`behaviour.belongs` with short tokens."""
    return belongs(path, *_tokens(kinds), anywhere=anywhere, missing=missing)


def props(names: str) -> frozenset[str]:
    """Property names, written as words."""
    return frozenset(names.split())


def not_found(code: str, what: str) -> Answer:
    """EC2's way: `The subnet ID 'subnet-…' does not exist`."""
    return Answer(code, f"The {what} '{{value}}' does not exist")


def dependency(what: str) -> Answer:
    """EC2's way of refusing to delete what is in use."""
    return Answer("DependencyViolation", f"The {what} '{{id}}' has dependencies and cannot be deleted.")
