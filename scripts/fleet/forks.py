"""The fork server: has every SDK of the fleet imported once, and forks a process for each stack.

`python -m scripts.fleet.forks MODULE:FUNCTION CLOUD…`, started by `scripts.fleet.worker` with a socket as
its standard input. A request is one JSON message with a pipe beside it (SCM_RIGHTS); the fork writes its
number and its result to that pipe, whose end of file is the end of the fork, however that came. A
message without a pipe says what to have ready (`scripts.fleet.learning`).

Rules that a fork server lives by: no thread and no gRPC object before a fork; the garbage collector's
generations are frozen, so that a collection in the child does not copy every page; a child leaves by
`os._exit`. It dies with us, and we leave when the socket closes: nothing outlives its coordinator.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import gc
import importlib
import json
import os
import signal
import socket
import sys
import time
import traceback

from scripts.fleet import learning

LONGEST = 1 << 20
"""Bytes of a request."""
LEAVING = 20.0
"""Seconds that the stacks under way have to save their state when the coordinator has gone."""
_PR_SET_PDEATHSIG = 1


def serve(requests: socket.socket) -> None:
    """Fork for each request until the other side closes; then let what is under way save its state."""
    running: set[int] = set()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is the coordinator's to judge
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    requests.settimeout(0.5)
    while True:
        _reap(running)
        try:
            message, descriptors = _receive(requests)
        except TimeoutError:
            continue
        except OSError:
            break
        if not message:
            break
        if not descriptors:
            learning.have(json.loads(message)["have"])
            _freeze()
            continue
        pid = os.fork()
        if pid == 0:
            requests.close()
            _child(message, descriptors[0])
        running.add(pid)
        for descriptor in descriptors:
            os.close(descriptor)
    _leave(running)


def _freeze() -> None:
    """Take what is there out of the garbage collector's sight: a collection in a fork would copy it all."""
    gc.collect()
    gc.freeze()


def _receive(requests: socket.socket) -> tuple[bytes, list[int]]:
    descriptors = array.array("i")
    message, ancillary, _, _ = requests.recvmsg(LONGEST, socket.CMSG_SPACE(descriptors.itemsize))
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    return message, list(descriptors)


def _reap(running: set[int]) -> None:
    with contextlib.suppress(ChildProcessError):
        while (pid := os.waitpid(-1, os.WNOHANG)[0]) != 0:
            running.discard(pid)


def _leave(running: set[int]) -> None:
    # Asked once, an engine ends what it is at; asked again it is cut off soon. None may live on: others
    # will take our stacks over.
    for _ in range(2):
        for pid in running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + LEAVING / 2
        while running and time.monotonic() < until:
            _reap(running)
            time.sleep(0.05)
    for pid in running:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _child(message: bytes, answer: int) -> None:
    """Do the work of one request; never returns."""
    code = 1
    try:
        _die_with_parent()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        _own_output()
        request = json.loads(message)
        with os.fdopen(answer, "w", encoding="utf-8") as pipe:
            pipe.write(json.dumps({"pid": os.getpid()}) + "\n")
            pipe.flush()
            before = learning.begin()
            work = getattr(importlib.import_module(request["module"]), request["function"])
            said = {"answer": work(request["work"]), "learnt": learning.learnt(before)}
            pipe.write(json.dumps(said, ensure_ascii=False) + "\n")
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stderr.flush()
        os._exit(code)


def _die_with_parent() -> None:
    """Have the kernel end us when the fork server dies, which its end of the socket could not tell us."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == 1:
        raise SystemExit("the fork server has gone")


def _own_output() -> None:
    """A group of our own, and nothing on the coordinator's screen."""
    os.setpgid(0, 0)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)


def main(arguments: list[str]) -> int:
    """Serve the socket that is our standard input: `MODULE:FUNCTION ARGUMENT…` is what to call first."""
    # We fork before any gRPC object is there; its own fork handlers would only wait for its threads.
    os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"
    requests = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    module, _, function = arguments[0].partition(":")
    getattr(importlib.import_module(module), function)(arguments[1:])
    learning.have(())
    _freeze()
    requests.send(b"ready")
    serve(requests)
    return 0


if __name__ == "__main__":
    # As a module of its name: a fork must not import this file a second time.
    from scripts.fleet.forks import main as run

    sys.exit(run(sys.argv[1:]))
