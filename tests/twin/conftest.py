"""A twin of its own for the tests, over real gRPC; every test gets a unit that nobody else uses."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from providers.twin import client
from providers.twin.caller import Caller
from providers.twin.scope import Session
from providers.twin.store import Store
from providers.wire import Value

_UNITS = itertools.count(100_000_000_000)
Connect = Callable[..., Caller]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[client.Running]:
    """A twin in a process of its own."""
    folder = tmp_path_factory.mktemp("twin")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JICHITAI_LANG", "en")
        found = client.ensure(folder, idle=300)
    yield found
    client.stop(folder)


@pytest.fixture
def unit() -> str:
    """An account that no other test uses."""
    return str(next(_UNITS))


@pytest.fixture
def connect(running: client.Running, unit: str) -> Iterator[Connect]:
    """Makes configured connections to the twin."""
    made: list[Caller] = []

    def make(**config: Value) -> Caller:
        settings = {"region": "ap-northeast-1", "allowedAccountIds": json.dumps([unit]), **config}
        made.append(Caller(running.ports["aws"], settings))
        return made[-1]

    yield make
    for caller in made:
        caller.close()


@pytest.fixture
def caller(connect: Connect) -> Caller:
    """A provider instance for Tokyo."""
    return connect()


@pytest.fixture
def store(running: client.Running) -> Iterator[Store]:
    """The running twin's store, opened from outside as `./jichitai twin` does."""
    opened = Store(running.folder / "store.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def session(unit: str) -> Session:
    """A session in Tokyo."""
    return Session(unit, "ap-northeast-1")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder for a twin of the test's own, stopped afterwards."""
    return tmp_path / "own"
