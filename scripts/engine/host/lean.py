"""A program without what the SDK does for a person who debugs it: a quarter of the program's time.

Also a script, `lean.py EXECUTOR [ARGUMENTS]`: the executor (pulumi-language-python-exec), so run. It
imports nothing of ours: the program's Python may be one that does not know this repository.
"""

from __future__ import annotations

import asyncio
import runpy
import sys
from pathlib import Path
from typing import Any

VARIABLE = "JICHITAI_LEAN"
"""Set (to anything) in the engine's environment, it makes our language host run programs lean."""


KEPT = "registering resource: "
"""How the SDK's debug line of a resource that has been declared begins: by it progress knows its total."""


def lean(keep: str | None = None) -> None:
    """Leave out, in this process, what only a debug log and a state's source positions show.

    `keep`: debug lines that begin so are said all the same.

    That is a call to the engine for each line of a debug log, and the whole Python stack of each
    resource. The commands of `./jichitai` on the twin want neither. A plain `pulumi`, which may have been
    given `--debug`, and every run on a real cloud, where a state's positions tell somebody years later
    which line made a resource, keep both. The SDK itself does without where it finds none.

    And at the end of a program the SDK waits for the first of all outstanding outputs, then for the first
    of the others, and so on, each time asking every one: N² for N outputs, a third of the time of a program
    of 200 resources. Here it waits for all of them, or the first that fails, which it comes to anyway.
    """
    import pulumi
    from pulumi.runtime import resource, stack
    from pulumi.runtime.proto import source_pb2

    said = pulumi.log.debug

    def debug(msg: str, *arguments: Any, **named: Any) -> None:
        if keep is not None and msg.startswith(keep):
            said(msg, *arguments, **named)

    pulumi.log.debug = debug
    if hasattr(resource, "_get_stack_trace"):
        setattr(resource, "_get_stack_trace", source_pb2.StackTrace)  # noqa: B010 - private, so looked for
    if getattr(stack, "asyncio", None) is asyncio:
        setattr(stack, "asyncio", _ForAll())  # noqa: B010 - its own name for the module, not a public one


class _ForAll:
    """asyncio, but who waits for the first of several tasks gets all of them, or the first that fails."""

    FIRST_COMPLETED = asyncio.FIRST_EXCEPTION

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)


def _run(arguments: list[str]) -> None:
    """Run the executor `arguments[0]` as Python would have, had it been given these arguments."""
    sys.argv = arguments
    sys.path[0] = str(Path(arguments[0]).parent)
    lean(KEPT)
    runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    _run(sys.argv[1:])
