"""What a cloud's folder gives is the same whichever of its modules was imported first."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

import pytest

from components.rooms import MODULES
from stacks.registry.clouds import CloudName

ROOT = Path(__file__).parents[2]
CLOUDS: tuple[CloudName, ...] = get_args(CloudName)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_name_is_also_a_modules(cloud: CloudName) -> None:
    for name, module in MODULES.items():
        assert find_spec(f"components.{cloud}.{module}") is not None
        assert find_spec(f"components.{cloud}.{name}") is None


def test_a_module_that_comes_first_hides_nothing() -> None:
    """In a process of its own, where nothing of the folder is loaded yet."""
    program = (
        "import components.sakura.access, components.sakura, importlib\n"
        "from components.sakura import facts, provider\n"
        "assert callable(provider) and provider is components.sakura.access.provider\n"
        "try: components.sakura.nothing\n"
        "except AttributeError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("module 'components.sakura' has no attribute 'nothing'\n", "")


@pytest.mark.parametrize("cloud", CLOUDS)
def test_facts_do_not_load_the_sdk(cloud: CloudName) -> None:
    program = (
        f"import sys, components.{cloud}.facts\nprint(*(m for m in sys.modules if m.startswith('pulumi')))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("\n", "")
