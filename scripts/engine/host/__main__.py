"""Started by the `pulumi-language-python` script beside the engine: EXECUTOR [FLAGS] ENGINE."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """`arguments`: the executor's path, then what the engine passed (its address comes last)."""
    if len(arguments) < 2 or arguments[-1].startswith("-"):
        sys.stderr.write("usage: pulumi-language-python [--tracing=ENDPOINT] ENGINE_ADDRESS\n")
        return 2
    # We fork only to exec at once; gRPC's own fork handlers would wait for its threads.
    os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"
    from scripts.engine.host.server import serve

    serve(arguments[-1], Path(arguments[0]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
