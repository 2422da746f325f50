"""OCI: `pulumi login` to the store that the bootstrap made, and `./jichitai up` on it, as the pipeline."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scripts.bootstrap.lend import CLIENT, CLIENT_SECRET, DOMAIN_URL
from scripts.engine.install import ensure
from scripts.engine.places import REPO
from scripts.setup.venv import MORE_LOCK
from tests.bootstrap.fakes.lent import must_be_there, pipeline
from tests.bootstrap.oci.conftest import STACK, World
from tests.conftest import Cloning

pytestmark = pytest.mark.xdist_group("bootstrap-lent-oci")


def test_up_on_what_the_bootstrap_made(world: World, cloning: Cloning, tmp_path: Path) -> None:
    world.run()
    clone = cloning()
    shutil.copy2(REPO / MORE_LOCK, clone.folder)  # by it the command sees that the SDKs are there
    app = world.tenancy.all("apps")[0]
    variables = {
        DOMAIN_URL: world.server.url,
        CLIENT: app["name"],
        CLIENT_SECRET: app["clientSecret"],
        "OCI_CONFIG_FILE": str(world.folder / "none"),
    }
    arguments = ("--token-file", str(world.token()), "--set", f"endpoint={world.server.url}")
    up = pipeline(clone, "oci", STACK, arguments, variables, tmp_path, str(ensure(lambda _: None).path))
    (bucket,) = (b for b in world.tenancy.all("buckets") if b["name"].endswith("-state"))
    must_be_there(up, clone, STACK, lambda name: bucket["_objects"][name][-1][0])
    history = [o[-1][0] for name, o in bucket["_objects"].items() if name.startswith(".pulumi/history/")]
    assert history
    assert all(history), "the copies in the history are whole"
    assert not world.tenancy.all("secretkeys"), "what was lent is taken back"
