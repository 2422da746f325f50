"""The LanguageRuntime protocol's messages, imported at a tenth of the usual price.

`import pulumi.runtime.proto` runs `pulumi/__init__.py` first, that is the whole SDK, and then
every protocol that Pulumi has. The engine waits for this process at each command, and all that
is needed here is three generated modules, so the packages above them are entered without being
run. A process that has the SDK already (the tests, a fleet worker) uses it as it is.
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

from pulumi.runtime.proto import language_pb2 as messages  # noqa: E402
from pulumi.runtime.proto import language_pb2_grpc as service  # noqa: E402
from pulumi.runtime.proto import plugin_pb2 as plugins  # noqa: E402

__all__ = ["messages", "plugins", "service"]
