"""What costs no engine: the plan of one tenant, the validation of a whole country's manifests."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.bench.measure import Figure, seconds
from scripts.engine.places import REPO
from stacks.reading import read
from stacks.registry import registry
from stacks.validation import File, checked, validate

TENANTS = REPO / "stacks/tenants"
MODEL = "131041-shinjuku"
COUNTRY = IPv4Network("10.0.0.0/8")
PLAN_LIMIT_MS, VALIDATION_LIMIT_S = 20, 10


def planning(rounds: int) -> Iterator[Figure]:
    """The plan of the typical tenant, from its validated manifest."""
    from stacks.planning import plan

    tenant = checked(_value(TENANTS / f"Pulumi.{MODEL}.yaml"), stack=MODEL)
    known = registry()
    plan(tenant, known)
    times = [seconds(lambda: plan(tenant, known)) * 1000 for _ in range(rounds * 20)]
    yield Figure(
        "plan of one tenant", statistics.median(times), "ms", PLAN_LIMIT_MS, f"median of {len(times)}"
    )


def _value(file: Path) -> object:
    """The manifest in a stack file, as the engine would hand it over. Raises RuntimeError if unreadable."""
    document, _ = read(str(file), file.read_bytes())
    if document is None:
        raise RuntimeError(f"{file.name} cannot be read")
    return document.value["config"]["jichitai:tenant"]


def validation() -> Iterator[Figure]:
    """The validation of a manifest for each of the 1,788 local governments, as one run over all files."""
    with TemporaryDirectory(prefix="jichitai-bench-") as folder:
        files = [File.at(path) for path in country(Path(folder))]
        problems = []
        taken = seconds(lambda: problems.extend(validate(files)))
    yield Figure(
        f"validation of {len(files)} manifests",
        taken,
        "s",
        VALIDATION_LIMIT_S,
        f"{len(problems)} problems found",
    )


def country(folder: Path) -> list[Path]:
    """A manifest a local government, after the typical tenant's, each with a range and a unit of its own.

    Heavier on purpose than what `fleet init` writes (`scripts.bench.country`), where small bodies have
    small tenants: the limit is to hold for a country of full ones.
    """
    model = (TENANTS / f"Pulumi.{MODEL}.yaml").read_text(encoding="utf-8")
    tenant = checked(_value(TENANTS / f"Pulumi.{MODEL}.yaml"), stack=MODEL)
    taken = (*tenant.network.on_premises, *tenant.network.avoid)
    spaces = (s for s in COUNTRY.subnets(new_prefix=20) if not any(s.overlaps(t) for t in taken))
    files: list[Path] = []
    for number, (code, body) in enumerate(registry().governments.items()):
        text = re.sub(r'(\bcode: )"?\d{6}"?', rf'\g<1>"{code}"', model, count=1)
        text = re.sub(r'(\bunit: )"?\d{12}"?', rf'\g<1>"{100_000_000_000 + number}"', text, count=1)
        text = re.sub(r"(\baddress_space: )\S+", rf"\g<1>{next(spaces)}", text, count=1)
        text = re.sub(r"(?m)^(\s+domain: ).*$", rf"\g<1>{body.romaji}.{code}.internal", text, count=1)
        text = text.replace("131041", code).replace("shinjuku", body.romaji)
        file = folder / f"Pulumi.{code}-{body.romaji}.yaml"
        file.write_text(text, encoding="utf-8")
        files.append(file)
    return files
