"""The proof of the whole where the store speaks S3 and is not AWS's: what was lent is what `up` works with.

The bootstrap makes store and passphrase; the pipeline, by its own credential and nobody else's, borrows
them for one command, `./jichitai up`, which keeps its state there and seals it with that passphrase.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.conftest import Clone

SCRIPT = """
set -e
pulumi login "$PULUMI_BACKEND_URL" --non-interactive
{cli} up {stack} --yes --json --backend "$PULUMI_BACKEND_URL" > "{folder}/up.json"
{cli} outputs {stack} --json --backend "$PULUMI_BACKEND_URL" > "{folder}/outputs.json"
"""


def pipeline(
    clone: Clone,
    cloud: str,
    stack: str,
    arguments: tuple[str, ...],
    variables: Mapping[str, str],
    folder: Path,
    engine: str,
) -> dict[str, Any]:
    """`lend CLOUD STACK -- …` in the clone; what `up` has said."""
    cli = f"{sys.executable} -P -m scripts.cli"
    script = SCRIPT.format(cli=cli, stack=stack, folder=folder)
    path = f"{Path(engine).parent}:/usr/bin:/bin"
    # What is written between the first state and the last is AWS's and Azure's proof (test_aws, test_azure).
    sparing = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
    more = {**variables, **sparing, "PATH": path, "PULUMI_HOME": str(folder / "pulumi")}
    done = clone.run("bootstrap", "lend", cloud, stack, *arguments, "--", "/bin/sh", "-c", script, **more)
    assert done.code == 0, done.err + done.out
    assert json.loads((folder / "outputs.json").read_text())
    return json.loads((folder / "up.json").read_text())


def must_be_there(up: Mapping[str, Any], clone: Clone, stack: str, read: Callable[[str], bytes]) -> None:
    """That the state is in the store, sealed by the lent passphrase, and nowhere else."""
    state = json.loads(read(f".pulumi/stacks/jichitai/{stack}.json"))["checkpoint"]["latest"]
    assert up["resources"] > 100
    assert len(state["resources"]) >= up["resources"]
    assert state["secrets_providers"]["type"] == "passphrase"
    local = clone.folder / ".jichitai" / "state" / "twin" / ".pulumi" / "stacks"
    assert not list(local.rglob(f"{stack}.json"))
    assert not (clone.folder / ".jichitai" / "passphrase").exists(), "the lent one was used"
