"""The language host under the real engine: programs, policy packs, interruptions."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts.engine.host.lean import VARIABLE
from scripts.engine.locate import LAUNCHER
from scripts.engine.places import REPO

if TYPE_CHECKING:
    from tests.engine.conftest import Project

OURS = ("scripts/engine", "scripts.engine", "grpc/", "pulumi-language-python-exec")
"""What a user's error must not show: frames of the host or of the executor."""


def until(condition: Callable[[], bool], seconds: float) -> float:
    """Wait for `condition`; the seconds it took. Fails when it does not come true in time."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"not within {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - began


def test_program_gets_its_config_and_its_output_is_shown(project: Project) -> None:
    project.program(
        "import pulumi, sys\n"
        "config = pulumi.Config()\n"
        "print('到着 ' + config.require('plain'))\n"
        "print('on stderr', file=sys.stderr)\n"
        "pulumi.export('plain', config.require('plain'))\n"
        "pulumi.export('secret', config.require_secret('secret'))\n"
        "pulumi.export('nested', config.require_object('nested')['a'])\n"
        "pulumi.export('dry', pulumi.runtime.is_dry_run())\n"
        "pulumi.export('stack', pulumi.get_stack())\n"
    )
    for arguments in (["plain", "値"], ["--secret", "secret", "ひみつ"], ["--path", "nested.a", "7"]):
        assert project.run("config", "set", *arguments, "--stack", "dev").returncode == 0
    done = project.run("up", "--yes", "--stack", "dev")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "到着 値" in done.stdout
    assert "on stderr" in done.stdout
    assert "ひみつ" not in done.stdout
    assert "$PATH" not in done.stdout + done.stderr
    shown = project.run("stack", "output", "--json", "--show-secrets", "--stack", "dev")
    assert json.loads(shown.stdout) == {
        "plain": "値",
        "secret": "ひみつ",
        "nested": 7,
        "dry": False,
        "stack": "dev",
    }
    state = project.run("stack", "export", "--stack", "dev").stdout
    assert "ひみつ" not in state


def test_output_is_streamed_while_the_program_runs(project: Project) -> None:
    project.program("import time\nprint('first')\ntime.sleep(1.5)\nprint('second')\n")
    began, seen = time.monotonic(), {}
    with project.start("preview", "--stack", "dev") as process:
        for line in process.stdout or ():
            for word in ("first", "second"):
                if word in line:
                    seen.setdefault(word, time.monotonic() - began)
    assert seen["second"] - seen["first"] > 1


def test_exception_is_shown_from_the_program_on(project: Project) -> None:
    project.program("def inner():\n    raise ValueError('悪い値')\n\ninner()\n")
    done = project.run("preview", "--stack", "dev")
    assert done.returncode != 0
    assert "ValueError: 悪い値" in done.stdout
    assert "in inner" in done.stdout
    assert not [text for text in OURS if text in done.stdout + done.stderr]


def test_exit_code_of_a_program_is_named(project: Project) -> None:
    project.program("import sys\nsys.exit(3)\n")
    done = project.run("preview", "--stack", "dev")
    assert done.returncode != 0
    assert "exit" in done.stdout + done.stderr
    assert "3" in done.stdout + done.stderr


def test_missing_virtualenv_is_explained(project: Project) -> None:
    yaml = project.folder / "Pulumi.yaml"
    yaml.write_text(yaml.read_text().replace(sys.prefix, "no-such-venv"), encoding="utf-8")
    project.program("")
    done = project.run("preview", "--stack", "dev")
    assert done.returncode != 0
    assert "no-such-venv" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_the_environment_cannot_slow_the_program_down(project: Project) -> None:
    project.program(
        "import pulumi, sys, os\n"
        "pulumi.export('bytecode', not sys.dont_write_bytecode)\n"
        "pulumi.export('prefix', sys.prefix)\n"
    )
    project.environment["PYTHONDONTWRITEBYTECODE"] = "1"
    done = project.run("up", "--yes", "--skip-preview", "--stack", "dev")
    assert done.returncode == 0, done.stdout
    shown = json.loads(project.run("stack", "output", "--json", "--stack", "dev").stdout)
    assert shown == {"bytecode": True, "prefix": sys.prefix}


SOURCED = """
import pulumi, sys

class C(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("tiny:index:C", name)

pulumi.log.debug("for debuggers")
C("first")
pulumi.export("path", [p for p in sys.path if "scripts" in p])
pulumi.export("arguments", sys.argv)
pulumi.export("names", sorted(n for n in globals() if n.startswith(("lean", "runpy"))))
"""


@pytest.mark.parametrize("is_lean", [False, True])
def test_only_a_lean_program_goes_without_positions_and_debug_lines(project: Project, is_lean: bool) -> None:
    project.program(SOURCED)
    if is_lean:
        project.environment[VARIABLE] = "true"
    done = project.run("up", "--yes", "--skip-preview", "--debug", "--stack", "dev")
    assert done.returncode == 0, done.stdout
    assert ("for debuggers" in done.stdout) is not is_lean
    assert "registering resource: ty=tiny:index:C" in done.stdout, "progress counts these lines"
    state = json.loads(project.run("stack", "export", "--stack", "dev").stdout)["deployment"]
    positions = {r["type"]: "sourcePosition" in r for r in state["resources"]}
    assert positions["tiny:index:C"] is not is_lean
    # All else is the same: the program sees neither us nor another path or arguments.
    (stack,) = [r for r in state["resources"] if r["type"] == "pulumi:pulumi:Stack"]
    assert stack["outputs"] == {"path": [], "arguments": ["."], "names": []}

    project.program("def inner():\n    raise ValueError('悪い値')\n\ninner()\n")
    failed = project.run("preview", "--stack", "dev")
    assert "ValueError: 悪い値" in failed.stdout
    assert not [text for text in (*OURS, "lean.py") if text in failed.stdout + failed.stderr]


WAITED_FOR = """
import asyncio, pulumi
from pulumi.runtime import stack

seen = []

async def later(n):
    await asyncio.sleep(0.01 * n)
    seen.append(n)
    if n == 3 and pulumi.get_stack() == "bad":
        raise ValueError("third")
    # What an output makes when it is known is waited for as well.
    pulumi.Output.from_input(n).apply(lambda v: seen.append(-v))
    return n

class C(pulumi.ComponentResource):
    def __init__(self, name, n):
        super().__init__("tiny:index:C", name)
        self.register_outputs({"n": pulumi.Output.from_input(later(n))})

for n in range(1, 6):
    C(f"c{n}", n)
pulumi.export("waits", type(stack.asyncio).__name__)
"""


def test_a_lean_program_waits_for_every_output_and_fails_with_the_first_that_does(project: Project) -> None:
    project.program(WAITED_FOR)
    project.environment[VARIABLE] = "true"
    done = project.run("up", "--yes", "--skip-preview", "--stack", "dev")
    assert done.returncode == 0, done.stdout
    state = json.loads(project.run("stack", "export", "--stack", "dev").stdout)["deployment"]
    outputs = {r["urn"].rpartition(":")[2]: r.get("outputs") for r in state["resources"]}
    assert [outputs[f"c{n}"] for n in range(1, 6)] == [{"n": n} for n in range(1, 6)]
    assert outputs["tiny-dev"] == {"waits": "_ForAll"}

    project.program(WAITED_FOR.replace('pulumi.get_stack() == "bad"', "True"))
    failed = project.run("up", "--yes", "--skip-preview", "--stack", "dev")
    assert failed.returncode != 0
    assert "ValueError: third" in failed.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_ends_at_once_and_leaves_nothing(
    project: Project, commands: Callable[[str], list[str]], number: signal.Signals
) -> None:
    project.program("import time\nprint('running')\ntime.sleep(60)\n")
    mark = str(project.folder)
    process = project.start("up", "--yes", "--skip-preview", "--stack", "dev")
    until(lambda: bool(commands(mark)), 15)
    time.sleep(0.5)
    process.send_signal(number)
    # The program sleeps for a minute and the engine would wait for 5 s: neither may show here, while
    # what a loaded machine adds may.
    shown, _ = process.communicate(timeout=20)
    assert process.returncode != 0
    assert "Traceback" not in shown
    assert "KeyboardInterrupt" not in shown
    until(lambda: not commands(mark), 1)
    # The lock is gone and the state is whole: the next run works.
    project.program("import pulumi\npulumi.export('ok', 1)\n")
    assert project.run("up", "--yes", "--skip-preview", "--stack", "dev").returncode == 0


def test_nothing_outlives_a_killed_engine(project: Project, commands: Callable[[str], list[str]]) -> None:
    # A program with a child of its own: both must go.
    project.program(
        "import subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)', {str(project.folder)!r}])\n"
        "time.sleep(60)\n"
    )
    mark = str(project.folder)
    process = project.start("preview", "--stack", "dev")
    until(lambda: len(commands(mark)) >= 2, 15)
    process.kill()
    process.communicate(timeout=10)
    until(lambda: not commands(mark), 3)


def test_policy_pack_blocks_and_the_program_is_not_waited_for(
    project: Project, commands: Callable[[str], list[str]]
) -> None:
    pack = project.folder / "pack"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text(
        f"runtime: {{name: python, options: {{virtualenv: {sys.prefix!r}}}}}\n", encoding="utf-8"
    )
    (pack / "__main__.py").write_text(
        "from pulumi_policy import *\n"
        "def check(args, report):\n"
        "    if args.name == 'bad':\n"
        "        report('not this one')\n"
        "PolicyPack('tiny', enforcement_level=EnforcementLevel.MANDATORY, policies=[\n"
        "    ResourceValidationPolicy(name='no-bad', description='d', validate=check)])\n",
        encoding="utf-8",
    )
    source = (
        "import pulumi, time\n"
        "class C(pulumi.ComponentResource):\n"
        "    def __init__(self, name):\n"
        "        super().__init__('tiny:index:C', name)\n"
        "C({name!r})\n"
    )
    project.program(source.format(name="good"))
    good = project.run("preview", "--policy-pack", "pack", "--stack", "dev")
    assert good.returncode == 0, good.stdout + good.stderr
    project.program(source.format(name="bad"))
    bad = project.run("preview", "--policy-pack", "pack", "--stack", "dev")
    assert bad.returncode != 0
    assert "not this one" in bad.stdout
    assert "Traceback" not in bad.stdout + bad.stderr
    until(lambda: not commands(str(project.folder)), 10)


def test_about_names_the_python_and_its_packages(project: Project) -> None:
    project.program("")
    done = project.run("about", "--json")
    assert done.returncode == 0, done.stderr
    about = json.loads(done.stdout)
    assert about["runtime"]["language"] == "python"
    assert about["runtime"]["executable"].startswith(sys.prefix)
    assert about["runtime"]["version"].startswith(f"{sys.version_info.major}.{sys.version_info.minor}")
    assert "pulumi" in {d["name"] for d in about["dependencies"]} | {"pulumi"}


class TestAlone:
    """Our host without an engine, over its protocol."""

    @pytest.fixture
    def host(self, tmp_path: Path):
        read, write = os.pipe()
        process = subprocess.Popen(
            [LAUNCHER, "127.0.0.1:1"],
            cwd=tmp_path,
            env={**os.environ, "JICHITAI_REPO": str(REPO), "JICHITAI_LANG": "en"},
            stdin=read,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        os.close(read)
        assert process.stdout is not None
        yield process, int(process.stdout.readline()), write
        process.kill()
        process.wait()
        process.stdout.close()

    def test_answers_and_leaves_when_its_input_closes(self, host) -> None:
        import grpc
        from google.protobuf import empty_pb2, struct_pb2
        from pulumi.runtime.proto import language_pb2, language_pb2_grpc

        process, port, write = host
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = language_pb2_grpc.LanguageRuntimeStub(channel)
            stub.Handshake(language_pb2.LanguageHandshakeRequest(engine_address="127.0.0.1:1"))
            assert stub.GetPluginInfo(empty_pb2.Empty()).version
            options = struct_pb2.Struct()
            options.update({"virtualenv": sys.prefix})
            info = language_pb2.ProgramInfo(root_directory="/", program_directory="/", options=options)
            packages = stub.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest(info=info)).packages
            assert {"aws", "gcp", "oci", "azure-native"} <= {p.name for p in packages}
            assert all(p.kind == "resource" and p.version.startswith("v") for p in packages)
            dependencies = stub.GetProgramDependencies(
                language_pb2.GetProgramDependenciesRequest(info=info, transitiveDependencies=True)
            ).dependencies
            assert "pulumi" in {d.name for d in dependencies}
            for call, request in (
                (stub.GeneratePackage, language_pb2.GeneratePackageRequest()),
                (stub.GenerateProject, language_pb2.GenerateProjectRequest()),
                (stub.Link, language_pb2.LinkRequest()),
            ):
                with pytest.raises(grpc.RpcError) as refused:
                    call(request)
                assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED
                assert "official Pulumi CLI" in refused.value.details()
            options.update({"toolchain": "poetry"})
            poetry = language_pb2.ProgramInfo(root_directory="/", options=options)
            with pytest.raises(grpc.RpcError) as refused:
                stub.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest(info=poetry))
            assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION
        os.close(write)
        assert process.wait(timeout=2) == 0

    def test_leaves_at_once_when_interrupted(self, host) -> None:
        process, _, write = host
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
        os.close(write)

    def test_says_so_outside_a_clone(self, tmp_path: Path) -> None:
        environment = {k: v for k, v in os.environ.items() if k != "JICHITAI_REPO"}
        done = subprocess.run(
            [LAUNCHER, "127.0.0.1:1"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "./jichitai env" in done.stderr
