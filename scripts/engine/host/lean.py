"""A program without what the SDK does for a person who debugs it: a quarter of the program's time.

Also a script, `lean.py EXECUTOR [ARGUMENTS]`: the executor (pulumi-language-python-exec), so run. It
imports nothing of ours: the program's Python may be one that does not know this repository.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

VARIABLE = "JICHITAI_LEAN"
"""Set (to anything) in the engine's environment, it makes our language host run programs lean."""


def lean() -> None:
    """Leave out, in this process, what only a debug log and a state's source positions show.

    That is a call to the engine for each line of a debug log, and the whole Python stack of each
    resource. The commands of `./jichitai` on the twin want neither. A plain `pulumi`, which may have been
    given `--debug`, and every run on a real cloud, where a state's positions tell somebody years later
    which line made a resource, keep both. The SDK itself does without where it finds none.
    """
    import pulumi
    from pulumi.runtime import resource
    from pulumi.runtime.proto import source_pb2

    pulumi.log.debug = _nothing
    if hasattr(resource, "_get_stack_trace"):
        setattr(resource, "_get_stack_trace", source_pb2.StackTrace)  # noqa: B010 - private, so looked for


def _nothing(*_arguments: object, **_named: object) -> None:
    """Says nothing."""


def _run(arguments: list[str]) -> None:
    """Run the executor `arguments[0]` as Python would have, had it been given these arguments."""
    sys.argv = arguments
    sys.path[0] = str(Path(arguments[0]).parent)
    lean()
    runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    _run(sys.argv[1:])
