"""`python -m scripts.engine prefetch|ensure`: for the launcher; progress as JSON lines on stdout."""

from __future__ import annotations

import json
import signal
import sys
from types import FrameType

from scripts.engine.install import ensure, prefetch
from scripts.engine.model import EngineError, Progress
from stacks.text import language_of


def _print(progress: Progress) -> None:
    line = {
        "ja": progress.step.ja,
        "en": progress.step.en,
        "fraction": progress.fraction,
        "detail": progress.detail,
    }
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    """End the build's processes and leave; a second signal must not cut that short."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main(arguments: list[str]) -> int:
    """0 when there is an engine or the official installer is to be used later, 1 when there is no way."""
    if arguments not in (["prefetch"], ["ensure"]):
        sys.stderr.write("usage: python -m scripts.engine prefetch|ensure\n")
        return 2
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupted)
    try:
        (prefetch if arguments == ["prefetch"] else ensure)(_print)
    except EngineError as error:
        sys.stderr.write(error.text.say(language_of()) + "\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
