"""One PostgreSQL server for all tests of the fleet that share a worker, a database of its own for each."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from tests.fleet.drills import Postgres, found_postgres

GROUP = pytest.mark.xdist_group("fleet-postgres")
"""Marks what uses `postgres`, so that one server is started and not two."""


@pytest.fixture(scope="session")
def _server() -> Iterator[Callable[[], str]]:
    try:
        found_postgres()
    except FileNotFoundError as error:
        pytest.skip(f"needs {error}")
    server = Postgres()
    numbers = itertools.count()
    admin = sa.create_engine(server.url, isolation_level="AUTOCOMMIT")

    def new() -> str:
        name = f"test{next(numbers)}"
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        return f"{server.url.rpartition('/')[0]}/{name}"

    try:
        yield new
    finally:
        admin.dispose()
        server.remove()


@pytest.fixture
def postgres(_server: Callable[[], str]) -> str:
    """The URL of an empty database."""
    return _server()
