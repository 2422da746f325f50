"""The language host's service and its life.

The engine starts the host with its own address as the last argument, reads a port from the first
line of our output, and ends us with SIGINT. When the engine dies without that, the pipe on our
standard input closes. Either way every program is ended and the process leaves at once.
"""

# ruff: noqa: N802, ARG002, D102 - the protocol (pulumi/language.proto) names and documents the methods
from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

import grpc

from scripts.engine.host import lean
from scripts.engine.host.environment import HostError, Package, Python, python_for, required_packages
from scripts.engine.host.processes import Child, Children
from scripts.engine.host.protocol import messages, plugins, service
from stacks.text import Text, language_of

VERSION = "1.0.0"
"""This host's own version, shown by `pulumi plugin ls` and `pulumi about`."""

SHOWN_ALREADY = 32
"""The executor's exit code for "the error is on the screen already" (pulumi-language-python-exec)."""

_LIST_PACKAGES = """
import importlib.metadata as m, json, re
d = {re.sub(r"[-_.]+", "-", x.name).lower(): x for x in m.distributions() if x.name}
needed = {re.sub(r"[-_.]+", "-", re.match(r"[A-Za-z0-9._-]+", r)[0]).lower()
          for x in d.values() for r in x.requires or []}
print(json.dumps([[x.name, x.version, k not in needed] for k, x in sorted(d.items())]))
"""


def _arguments(request: Any, engine: str) -> list[str]:
    """The executor's arguments for a Run request."""
    named = {
        "monitor": request.monitor_address,
        "engine": engine,
        "project": request.project,
        "stack": request.stack,
        "pwd": request.pwd,
        "root_directory": request.info.root_directory,
        "parallel": str(request.parallel),
        "dry_run": "true" if request.dryRun else "false",
        "organization": request.organization,
    }
    flags = [part for key, value in named.items() if value for part in (f"--{key}", value)]
    return [*flags, request.program or request.info.entry_point or ".", *request.args]


def _ended(code: int) -> str:
    if code < 0:
        return Text(
            ja=f"プログラムがシグナル {-code} で終了しました。",
            en=f"the program was ended by signal {-code}",
        ).say(language_of())
    return Text(
        ja=f"プログラムが終了コード {code} で終わりました。", en=f"the program exited with code {code}"
    ).say(language_of())


class Host(service.LanguageRuntimeServicer):
    """LanguageRuntime for Python programs and policy packs.

    `engine` is the engine's address; `executor` the engine's own `pulumi-language-python-exec`.
    """

    def __init__(self, engine: str, executor: Path, children: Children) -> None:
        self._engine = engine
        self._executor = executor
        self._children = children

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        return messages.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugins.PluginInfo(version=VERSION)

    def GetRequiredPackages(self, request: Any, context: grpc.ServicerContext) -> Any:
        found = []
        for package in self._required(request.info, context):
            entry = plugins.PackageDependency(
                name=package.name, kind="resource", version=f"v{package.version}", server=package.server
            )
            if package.parameterization is not None:
                entry.parameterization.name = package.parameterization.name
                entry.parameterization.version = package.parameterization.version
                entry.parameterization.value = package.parameterization.value
            found.append(entry)
        return messages.GetRequiredPackagesResponse(packages=found)

    def GetRequiredPlugins(self, request: Any, context: grpc.ServicerContext) -> Any:
        found = [
            plugins.PluginDependency(name=p.name, kind="resource", version=f"v{p.version}", server=p.server)
            for p in self._required(request.info, context)
        ]
        return messages.GetRequiredPluginsResponse(plugins=found)

    def _required(self, info: Any, context: grpc.ServicerContext) -> Iterator[Package]:
        # A plugin names the packages it uses in its own file; the SDKs beside it are other programs'.
        if (Path(info.program_directory) / "PulumiPlugin.yaml").is_file():
            return iter(())
        return required_packages(self._python(info, context).site_packages())

    def Run(self, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            python = _python_of(request.info)
        except HostError as error:
            return messages.RunResponse(error=error.text.say(language_of()))
        environment = python.environment(os.environ) | {
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        first = [lean.__file__] if os.environ.get(lean.VARIABLE) else []
        executor = [*first, str(self._executor)]
        command = [str(python.executable), "-u", *executor, *_arguments(request, self._engine)]
        pwd = Path(request.pwd or request.info.program_directory)
        with self._children.running(command, pwd, environment, piped=False) as child:
            _end_with(context, child)
            code = child.wait()
        if code == SHOWN_ALREADY:
            return messages.RunResponse(bail=True)
        return messages.RunResponse(error="" if code == 0 else _ended(code))

    def RunPlugin(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        python = self._python(request.info, context)
        program = request.info.program_directory or request.program
        # A policy pack is loaded by the SDK, which takes the engine's address and the pack's folder;
        # any other plugin is a Python program that takes the arguments itself.
        wanted = (
            ["-m", "pulumi.policy", *request.args, program]
            if request.kind == "analyzer"
            else [program, *request.args]
        )
        environment = python.environment(dict(entry.split("=", 1) for entry in request.env if "=" in entry))
        command = [str(python.executable), "-u", *wanted]
        with self._children.running(command, Path(request.pwd or program), environment, piped=True) as child:
            _end_with(context, child)
            for stream, data in child.chunks():
                if stream == "stdout":
                    yield messages.RunPluginResponse(stdout=data)
                else:
                    yield messages.RunPluginResponse(stderr=data)
            yield messages.RunPluginResponse(exitcode=child.wait())

    def InstallDependencies(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        folder = Path(request.info.program_directory or request.directory)
        root = Path(request.info.root_directory or folder)
        name = dict(request.info.options).get("virtualenv")
        target = Path(os.path.normpath(root / str(name))) if name else folder / ".venv"
        python = target / "bin" / "python"
        listed = next((f for d in (folder, root) if (f := d / "requirements.txt").is_file()), None)
        if not name and listed is None and not (folder / "pyproject.toml").is_file():
            return
        steps: list[list[str]] = [] if python.exists() else [[sys.executable, "-m", "venv", str(target)]]
        if listed is not None:
            steps.append([str(python), "-m", "pip", "install", "-r", str(listed)])
        elif (folder / "pyproject.toml").is_file():
            steps.append([str(python), "-m", "pip", "install", "-e", str(folder)])
        for step in steps:
            with self._children.running(step, folder, os.environ, piped=True) as child:
                _end_with(context, child)
                for stream, data in child.chunks():
                    if stream == "stdout":
                        yield messages.InstallDependenciesResponse(stdout=data)
                    else:
                        yield messages.InstallDependenciesResponse(stderr=data)
                code = child.wait()
            if code != 0:
                context.abort(grpc.StatusCode.INTERNAL, f"{' '.join(step)}: {_ended(code)}")

    def RuntimeOptionsPrompts(self, request: Any, context: grpc.ServicerContext) -> Any:
        return messages.RuntimeOptionsResponse()

    def About(self, request: Any, context: grpc.ServicerContext) -> Any:
        python = self._python(request.info, context)
        shown = subprocess.run([python.executable, "--version"], capture_output=True, text=True, check=False)
        return messages.AboutResponse(
            executable=str(python.executable),
            version=shown.stdout.strip().removeprefix("Python "),
            metadata={"host": f"jichitai {VERSION}", "virtualenv": str(python.virtualenv or "")},
        )

    def GetProgramDependencies(self, request: Any, context: grpc.ServicerContext) -> Any:
        python = self._python(request.info, context)
        listed = subprocess.run(
            [python.executable, "-I", "-c", _LIST_PACKAGES], capture_output=True, text=True, check=False
        )
        if listed.returncode != 0:
            context.abort(grpc.StatusCode.INTERNAL, listed.stderr.strip()[-2000:])
        wanted: list[tuple[str, str, bool]] = json.loads(listed.stdout)
        return messages.GetProgramDependenciesResponse(
            dependencies=[
                messages.DependencyInfo(name=name, version=version)
                for name, version, direct in wanted
                if direct or request.transitiveDependencies
            ]
        )

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        from google.protobuf import empty_pb2

        self._children.terminate()
        return empty_pb2.Empty()

    def GenerateProgram(self, request: Any, context: grpc.ServicerContext) -> Any:
        """What `pulumi import` writes, as Python."""
        from pulumi.runtime.proto import language_pb2

        from scripts.codegen.golang import CannotGenerateError
        from scripts.codegen.programs import program

        try:
            files, problems = program(dict(request.source), request.loader_target)
        except CannotGenerateError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, error.text.say(language_of()))
        if not files:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "; ".join(problems))
        return language_pb2.GenerateProgramResponse(source={k: v.encode() for k, v in files.items()})

    def _python(self, info: Any, context: grpc.ServicerContext) -> Python:
        try:
            return _python_of(info)
        except HostError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, error.text.say(language_of()))


def _out_of_scope(name: str) -> Callable[[Host, Any, grpc.ServicerContext], NoReturn]:
    def answer(_host: Host, _request: Any, context: grpc.ServicerContext) -> NoReturn:
        context.abort(
            grpc.StatusCode.UNIMPLEMENTED,
            Text(
                ja=f"{name} はコード生成のための呼び出しで、Jichitai の言語ホストの範囲外です。"
                "公式の Pulumi CLI を使ってください。",
                en=f"{name} generates code, which is outside the scope of Jichitai's language host. "
                "Use the official Pulumi CLI for it.",
            ).say(language_of()),
        )

    return answer


for _name in ("Template", "GenerateProject", "GeneratePackage", "Pack", "Link"):
    setattr(Host, _name, _out_of_scope(_name))


def _python_of(info: Any) -> Python:
    return python_for(dict(info.options), Path(info.root_directory or info.program_directory or "."))


def _end_with(context: grpc.ServicerContext, child: Child) -> None:
    """End `child` when the call ends first; a call that is over already counts as ended."""
    if not context.add_callback(child.terminate):
        child.terminate()


def serve(engine: str, executor: Path) -> None:
    """Serve the engine until it says stop or goes away. Does not return: the process ends with 0."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    children = Children()
    server = grpc.server(
        ThreadPoolExecutor(max_workers=32, thread_name_prefix="call"),
        options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)],
    )
    service.add_LanguageRuntimeServicer_to_server(Host(engine, executor, children), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        threading.Thread(target=_stop_at_end_of_input, args=(stop,), daemon=True).start()
    stop.wait()
    children.close()
    server.stop(grace=0)
    # The interpreter's own farewell (joining threads, tearing gRPC down) costs a tenth of a second
    # of every command and has nothing left to save.
    os._exit(0)


def _stop_at_end_of_input(stop: threading.Event) -> None:
    while os.read(0, 4096):
        pass
    stop.set()
