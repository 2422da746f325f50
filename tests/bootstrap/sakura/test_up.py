"""さくら: `pulumi login` to the store that the bootstrap made, and `./jichitai up` on it, as the pipeline."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from tests.bootstrap.fakes.lent import must_be_there, pipeline
from tests.bootstrap.sakura.conftest import STACK, World
from tests.bootstrap.sakura.test_lend import as_deployer, keys, pulumi_cli
from tests.conftest import Cloning

__all__ = ["pulumi_cli"]  # a fixture
pytestmark = pytest.mark.xdist_group("bootstrap-lent-sakura")


@pytest.fixture(scope="session")
def home() -> str:
    """The home of whoever tests; found before a test has one of its own, for the engine lies there."""
    return os.environ["HOME"]


def test_up_on_what_the_bootstrap_made(
    home: str, pulumi_cli: str, world: World, cloning: Cloning, tmp_path: Path
) -> None:
    world.run()
    as_deployer(world)
    clone = cloning()
    variables = {name: value for name, value in os.environ.items() if name.startswith("SAKURA_")}
    up = pipeline(clone, "sakura", STACK, (), variables | {"HOME": home}, tmp_path, pulumi_cli)
    objects = {d["key"]: d["versions"][-1] for kind, _, _, d in world.store.documents() if kind == "object"}
    must_be_there(up, clone, STACK, lambda name: base64.b64decode(objects[name]["body"]))
    history = f".pulumi/history/jichitai/{STACK}/"
    copies = [o["size"] for name, o in objects.items() if name.startswith(history)]
    assert copies
    assert min(copies) > 0, "the copies in the history are whole"
    assert keys(world) == [], "what was lent is taken back"
