"""`python -m scripts.engine prefetch|ensure`: for the launcher; progress as JSON lines on stdout."""

from __future__ import annotations

import json
import sys

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


def main(arguments: list[str]) -> int:
    """0 when there is an engine or the official installer is to be used later, 1 when there is no way."""
    if arguments not in (["prefetch"], ["ensure"]):
        sys.stderr.write("usage: python -m scripts.engine prefetch|ensure\n")
        return 2
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
