"""A note on disk of every creation that we have begun and that the engine may not have recorded.

Most resources carry a mark of ours in a tag or the description, and are found again by it. Some have neither,
such as a bucket or an access key: for those a note is written before the request goes out, saying what was
there already. If the process or the engine is killed, the next `up` finds the note, looks, and takes up what
it finds. A note goes when the engine next speaks of the resource: then it is in the state.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path


class Intents:
    """The notes under one folder. Safe for threads and for several providers at once: one file a resource."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._known: set[str] | None = None

    def begin(self, mark: str, before: list[str]) -> None:
        """Note that the resource with `mark` is about to be created, and which ids were there `before`."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._folder / mark
        new = path.with_suffix(".new")
        with new.open("w", encoding="utf-8") as file:
            json.dump(before, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        with self._lock:
            self._marks().add(mark)

    def before(self, mark: str) -> list[str] | None:
        """The ids that were there when the creation began; None when none was begun."""
        with self._lock:
            if mark not in self._marks():
                return None
        try:
            return [str(each) for each in json.loads((self._folder / mark).read_text(encoding="utf-8"))]
        except (OSError, ValueError):
            return None

    def end(self, mark: str) -> None:
        """The engine knows the resource."""
        with self._lock:
            if mark not in self._marks():
                return
            self._marks().discard(mark)
        (self._folder / mark).unlink(missing_ok=True)

    def _marks(self) -> set[str]:
        if self._known is None:
            self._known = {p.name for p in self._folder.iterdir()} if self._folder.is_dir() else set()
        return self._known


def folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where notes are kept: in the engine's own home, which is as durable as its logins."""
    home = environment.get("PULUMI_HOME") or str(Path(environment.get("HOME", "~")).expanduser() / ".pulumi")
    return Path(home) / "sakura" / "intents"
