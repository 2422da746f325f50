"""How long a bootstrap of AWS takes on moto, and a second run: over HTTP, with boto3's own clients."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from scripts.bench.measure import Figure, seconds

FIRST_SECONDS, AGAIN_SECONDS = 25.0, 8.0
"""Limits by the clock, on a machine that does nothing else."""


def figures() -> Iterator[Figure]:
    """The first run and the second, each with new clients, as a command has them."""
    # The account is the tests' own: moto is a dependency of development.
    import pytest

    from tests.bootstrap.aws.conftest import opened

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as monkeypatch:
        for account in opened(Path(folder), monkeypatch):
            first = seconds(account.run)
            requests = account.server.count
            yield Figure(
                "bootstrap aws, first run on moto", first, "s", FIRST_SECONDS, f"{requests} requests"
            )
            account.break_glass()
            account.clients.clear()
            again = seconds(account.look)
            requests = account.server.count - requests
            yield Figure("bootstrap aws, second run", again, "s", AGAIN_SECONDS, f"{requests} requests")
