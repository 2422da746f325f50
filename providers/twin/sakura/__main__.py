"""`python -m providers.twin.sakura serve|env|status|stop|ls|set|fault …`: the Sakura twin from a shell."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from providers.twin.sakura import client
from stacks.text import Text, language_of

if TYPE_CHECKING:
    from providers.twin.sakura.http import Twin


def _serve(arguments: argparse.Namespace) -> int:
    from providers.twin.sakura.http import Twin, server
    from providers.twin.sakura.store import Store

    folder: Path = arguments.dir
    with client.held(folder) as free:
        if not free:
            text = Text(ja=f"{folder} の twin は既に動いています。", en=f"A twin already runs in {folder}.")
            sys.stderr.write(text.say(language_of()) + "\n")
            return 1
        store = Store(folder / "sakura.sqlite")
        twin = Twin(store, arguments.speed)
        http = server(twin, arguments.port)
        client.announce(folder, int(http.server_address[1]), store.token, store.secret, arguments.speed)
        done = threading.Event()

        def stop(signum: int, frame: Any) -> None:  # noqa: ARG001
            done.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True).start()
        sys.stdout.write(f"{http.server_address[1]}\n")
        sys.stdout.flush()
        _until_idle(done, twin, arguments.idle)
        http.shutdown()
        client.withdraw(folder)
        store.close()
    return 0


def _until_idle(done: threading.Event, twin: Twin, idle: float) -> None:
    """Wait until somebody asks it to stop, or nobody has called for `idle` seconds (0: for ever)."""
    seen, since = -1, time.monotonic()
    while not done.wait(min(idle, 5) if idle else None):
        if twin.calls != seen:
            seen, since = twin.calls, time.monotonic()
        elif idle and time.monotonic() - since > idle:
            return


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m providers.twin.sakura")
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text)
        added.add_argument("--dir", type=Path, default=client.default_folder(), help="where its store is")
        return added

    serve = command("serve", "serve until stopped")
    serve.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0: a free one")
    serve.add_argument("--speed", type=float, default=60, help="how many times faster than the real platform")
    serve.add_argument(
        "--idle", type=float, default=0, help="seconds without a call after which it ends; 0: never"
    )
    command("env", "print the environment that points clients at it")
    command("status", "is it running?")
    command("stop", "stop it")
    command("ls", "count what it holds")
    change = command("set", "change a document behind everybody's back: KIND ZONE ID PATH JSON")
    change.add_argument("what", nargs=5)
    fault = command("fault", "ask for failures: NAME key=value …; without a name, take all of them back")
    fault.add_argument("what", nargs="*")
    return parser


def main(argv: list[str]) -> int:
    """Carry out a command; its exit code."""
    arguments = _parser().parse_args(argv)
    if arguments.command == "serve":
        return _serve(arguments)
    running = client.status(arguments.dir)
    if arguments.command == "stop":
        client.stop(arguments.dir)
        return 0
    if running is None:
        text = Text(ja="Sakura の twin は動いていません。", en="The Sakura twin is not running.")
        sys.stderr.write(text.say(language_of()) + "\n")
        return 1
    if arguments.command == "env":
        sys.stdout.write("".join(f"export {k}={v}\n" for k, v in running.environment().items()))
    elif arguments.command == "ls":
        sys.stdout.write(json.dumps(client.counts(arguments.dir), indent=2) + "\n")
    elif arguments.command == "set":
        kind, zone, id_, path, value = arguments.what
        client.tamper(arguments.dir, kind, "" if zone == "-" else zone, id_, path, json.loads(value))
    elif arguments.command == "fault":
        _fault(arguments.dir, arguments.what)
    return 0


def _fault(folder: Path, what: list[str]) -> None:
    if not what:
        client.clear_faults(folder)
        return
    client.add_fault(folder, what[0], dict(each.split("=", 1) for each in what[1:]))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
