"""`python -m scripts.setup COMMAND…`: make `.venv`, and the engine at the same time if COMMAND needs one."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

from scripts.engine.places import REPO, locked, private
from scripts.setup.display import Display
from scripts.setup.venv import SetupError, is_ready, make
from stacks.text import Text, language_of

ENGINE_COMMANDS = frozenset(
    {"up", "preview", "refresh", "drift", "destroy", "outputs", "export", "fleet", "test", "env"}
)
"""Commands that run the engine: on a machine without one, it is made while `.venv` is."""
MENDING = frozenset({"doctor", "--fix"})
"""The command that only makes it."""


def needs_engine(command: Sequence[str]) -> bool:
    """Whether this command line is going to run the engine, or to make it."""
    words = set(command)
    return not {"--help", "-h"} & words and bool(ENGINE_COMMANDS & words or words >= MENDING)


class _Engine:
    """`python -m scripts.engine prefetch` in a process of its own, its progress on the display."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scripts.engine", "prefetch"],
            cwd=REPO,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            report = json.loads(line)
            self._display.step("engine", Text(report["ja"], report["en"]), report["fraction"])
        self._display.done("engine")

    def finish(self) -> str:
        """Wait; the error to show, empty when all is well."""
        self._reader.join()
        said = self._process.stderr.read() if self._process.stderr is not None else ""
        return said.strip() if self._process.wait() != 0 else ""

    def stop(self) -> None:
        """End it; what is built so far is kept for the next time."""
        self._process.terminate()
        self._process.wait()


def main(command: Sequence[str]) -> int:
    """0 when the environment is ready; 1 with an explanation; 130 when interrupted."""
    language = language_of()
    began = time.monotonic()
    engine: _Engine | None = None
    try:
        with Display(language) as display:
            display.say(
                Text(
                    ja="初回の準備をします（数分。次回からは要りません）。",
                    en="Setting up for the first time (a few minutes; not needed again).",
                )
            )
            if needs_engine(command):
                engine = _Engine(display)

            def waiting() -> None:
                display.step(
                    "venv", Text(ja="別の jichitai の準備を待っています", en="waiting for another jichitai")
                )

            with locked(private(REPO) / "setup.lock", waiting=waiting) as lock:
                if not is_ready(REPO):
                    make(REPO, lambda step, fraction: display.step("venv", step, fraction), lock)
            display.done("venv")
            error = engine.finish() if engine is not None else ""
            if error:
                raise SetupError(Text(error, error))
            seconds = time.monotonic() - began
            display.say(Text(ja=f"準備ができました（{seconds:.0f} 秒）。", en=f"Ready ({seconds:.0f} s)."))
    except SetupError as error:
        _stop(engine)
        sys.stderr.write(f"jichitai: {error.text.say(language)}\n")
        return 1
    except KeyboardInterrupt:
        _stop(engine)
        stopped = Text(
            ja="中断しました。もう一度実行すると続きから始めます。", en="Interrupted. Run it again to go on."
        )
        sys.stderr.write(f"jichitai: {stopped.say(language)}\n")
        return 130
    return 0


def _stop(engine: _Engine | None) -> None:
    if engine is not None:
        engine.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
