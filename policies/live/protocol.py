"""The Analyzer protocol's messages, without the rest of the SDK where it is not loaded yet.

`import pulumi.runtime.proto` runs the whole SDK first; the engine waits for this process at each
preview, and all that is needed are three generated modules. Run by `python -m pulumi.policy` the SDK
is there already and is used as it is.
"""

from __future__ import annotations

import importlib.util
import sys
import types
from pathlib import Path

_PACKAGES = ("pulumi", "pulumi.runtime", "pulumi.runtime.proto")


def _enter_without_running() -> None:
    found = importlib.util.find_spec("pulumi")
    if found is None or not found.submodule_search_locations:
        return
    home = Path(found.submodule_search_locations[0]).parent
    for name in _PACKAGES:
        package = types.ModuleType(name)
        package.__path__ = [str(home.joinpath(*name.split(".")))]
        sys.modules[name] = package


if "pulumi" not in sys.modules:
    _enter_without_running()

from pulumi.runtime.proto import analyzer_pb2 as messages  # noqa: E402
from pulumi.runtime.proto import analyzer_pb2_grpc as service  # noqa: E402
from pulumi.runtime.proto import plugin_pb2 as plugins  # noqa: E402

__all__ = ["messages", "plugins", "service"]
