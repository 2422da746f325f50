"""The tenant's program and the policies, served to the engine from this very process.

The engine asks a language host to run a program and starts a policy pack beside it: two Python
processes that import everything anew for each stack. A fleet worker has it all in memory already, so
here both services stand in the process itself: the engine is told where (`--client`, and a pack that
only prints the port). One process runs one stack: a program's settings are the process's own.
"""

# ruff: noqa: N802, ARG002, D102 - the protocol (pulumi/language.proto) names and documents the methods
from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import os
import runpy
import traceback
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pulumi  # before the protocol modules of the host and of the policies, which take it as they find it
import pulumi.runtime

from scripts.engine.host.lean import lean
from scripts.engine.host.server import SHOWN_ALREADY, VERSION

PACK = """#!/bin/sh
# The policy pack of a fleet worker: the rules are in the worker's own process, which listens there.
echo "$JICHITAI_FLEET_POLICIES"
exec cat >/dev/null
"""
PACK_NAME = "pulumi-analyzer-jichitai"
"""What the engine takes for an executable pack (CLI 3.259 and later)."""

_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


@dataclass(frozen=True, slots=True)
class Served:
    """Where the services listen on 127.0.0.1."""

    language: int
    policies: int

    @property
    def options(self) -> list[str]:
        """The engine's options that lead to the program."""
        return [f"--client=127.0.0.1:{self.language}", "--exec-kind", "auto.inline"]

    @property
    def variables(self) -> dict[str, str]:
        """The engine's environment that leads to the policies."""
        return {"JICHITAI_FLEET_POLICIES": str(self.policies)}


def write_pack(folder: Path) -> Path:
    """Put the pack's executable into `folder` and give its path. Any number at once may do so."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / PACK_NAME
    if not file.exists() or file.read_text(encoding="utf-8") != PACK:
        draft = folder / f".{PACK_NAME}.{os.getpid()}"
        draft.write_text(PACK, encoding="utf-8")
        draft.chmod(0o700)
        draft.replace(file)
    return file


@contextlib.contextmanager
def served(program: Callable[[Path], None]) -> Generator[Served]:
    """Serve `program` (called with the program's folder, in the engine's monitor) and the policies."""
    from pulumi.runtime.proto import language_pb2_grpc

    from policies.live.protocol import service as analyzers
    from policies.live.server import Pack

    language = grpc.server(ThreadPoolExecutor(8, thread_name_prefix="language"), options=_UNLIMITED)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(Language(program), language)
    pack = grpc.server(ThreadPoolExecutor(1, thread_name_prefix="policies"), options=_UNLIMITED)
    analyzers.add_AnalyzerServicer_to_server(Pack(), pack)
    ports = [server.add_insecure_port("127.0.0.1:0") for server in (language, pack)]
    for server in (language, pack):
        server.start()
    try:
        yield Served(*ports)
    finally:
        for server in (language, pack):
            server.stop(grace=0)


def run_main(folder: Path) -> None:
    """Run the program in `folder` as Python would: its `__main__.py`."""
    runpy.run_path(str(folder / "__main__.py"), run_name="__main__")


def _language_base() -> Any:
    from pulumi.runtime.proto import language_pb2_grpc

    return language_pb2_grpc.LanguageRuntimeServicer


class Language(_language_base()):
    """LanguageRuntime for one run of one program, in this process.

    Does what the CLI's own executor (pulumi-language-python-exec) does, without a process of its own.
    """

    def __init__(self, program: Callable[[Path], None]) -> None:
        self._program = program

    def Handshake(self, request: Any, context: Any) -> Any:
        return _messages().LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        from pulumi.runtime.proto import plugin_pb2

        return plugin_pb2.PluginInfo(version=VERSION)

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        return _messages().GetRequiredPackagesResponse()

    def GetRequiredPlugins(self, request: Any, context: Any) -> Any:
        return _messages().GetRequiredPluginsResponse()

    def About(self, request: Any, context: Any) -> Any:
        return _messages().AboutResponse()

    def Cancel(self, request: Any, context: Any) -> Any:
        from google.protobuf import empty_pb2

        return empty_pb2.Empty()

    def Run(self, request: Any, context: Any) -> Any:
        return contextvars.copy_context().run(self._run, request)

    def _run(self, request: Any) -> Any:
        lean()
        # Tasks that fail after the program has ended are the program's failure already told.
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        pulumi.runtime.reset_options(
            project=request.project,
            monitor_address=request.monitor_address,
            engine_address=request.args[0] if request.args else "",
            stack=request.stack,
            parallel=request.parallel,
            preview=request.dryRun,
            organization=request.organization or "organization",
        )
        config: Mapping[str, str] = request.config
        pulumi.runtime.set_all_config(dict(config), list(request.configSecretKeys))
        folder = Path(request.pwd or request.info.program_directory)
        return self._ended(folder, max(request.parallel, 1))

    def _ended(self, folder: Path, parallel: int) -> Any:
        """Run the program on an event loop of its own and say how it ended."""
        loop = asyncio.new_event_loop()
        loop.set_default_executor(ThreadPoolExecutor(min(parallel * 4, 64), thread_name_prefix="program"))
        loop.set_exception_handler(_quiet)
        try:
            loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: self._program(folder)))
        except SystemExit as left:
            shown = left.code == SHOWN_ALREADY
            return _messages().RunResponse(bail=True) if shown else _messages().RunResponse(error=str(left))
        except pulumi.RunError as error:
            pulumi.log.error(str(error))
            return _messages().RunResponse(bail=True)
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.UNAVAILABLE:  # the engine has gone: nobody to tell
                return _messages().RunResponse()
            pulumi.log.error(f"RPC error: {error.details()}")
            return _messages().RunResponse(bail=True)
        except BaseException:  # whatever a program does must reach the user, not end the worker
            pulumi.log.error(traceback.format_exc())
            return _messages().RunResponse(bail=True)
        finally:
            _close(loop)
        return _messages().RunResponse()


def _messages() -> Any:
    from pulumi.runtime.proto import language_pb2

    return language_pb2


def _quiet(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A task's failed call to the engine ends the loop; anything else is asyncio's to tell."""
    if isinstance(context.get("exception"), grpc.RpcError):
        loop.stop()
    else:
        loop.default_exception_handler(context)


def _close(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            loop.run_until_complete(task)
    loop.close()
