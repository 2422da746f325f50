"""What a run shows people: a line a step, and in a plan every call below it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from scripts.bootstrap.calls import Call, shown
from scripts.bootstrap.run import Looked, Outcome
from scripts.bootstrap.steps import Failure, Finding, State, Step
from scripts.cli.console import Console
from stacks.text import Text

LONG = 88
"""Characters of an argument that a plan for people shows; `--json` has them all."""

STATES: Mapping[State, tuple[Text, str]] = {
    "done": (Text("済み", "as it should be"), "good"),
    "to do": (Text("これから", "to do"), "note"),
    "waiting": (Text("待ち", "waiting"), "warning"),
    "problem": (Text("問題あり", "problem"), "bad"),
}


class Progress:
    """The listener of a run, on a console."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def looking(self, step: Step[Any], number: int, of: int) -> None:
        """A step is being looked at."""
        title = self._console.t(step.title)
        self._console.say(Text(f"[{number}/{of}] 確認: {title}", f"[{number}/{of}] looking: {title}"))

    def looked(self, step: Step[Any], finding: Finding) -> None:
        """It was: only what is not well is worth a line on the way."""
        if finding.problem is not None:
            self._console.say(Text(f"{step.id}: ", f"{step.id}: ") + finding.problem.what, "bad")

    def calling(self, step: Step[Any], call: Call) -> None:
        """A call is being made."""
        self._console.say(f"  {step.id}: {self._line(call)}")

    def waiting(self, step: Step[Any] | None, failure: Failure | None, seconds: float) -> None:
        """Something is tried, or looked at, again."""
        why = failure.text if failure else Text("反映を待っています", "waiting until it is in force")
        again = Text(f"（{seconds:.0f} 秒後にもう一度）", f" (again in {seconds:.0f} s)")
        where = f"{step.id}: " if step is not None else ""
        self._console.say(Text(where, where) + why + again, "warning")

    def finished(self, step: Step[Any], changed: int) -> None:
        """A step is done."""
        title = self._console.t(step.title)
        said = (
            Text(f"{title}: 完了（{changed} 件の呼び出し）", f"{title}: done ({changed} calls)")
            if changed
            else Text(f"{title}: 変更なし", f"{title}: nothing to change")
        )
        self._console.say(said, "good")

    def _line(self, call: Call) -> str:
        return f"{call.service}:{call.operation} — {self._console.t(call.why)}"


def plan(console: Console, outcome: Outcome[Any]) -> None:
    """Every step with its state, and every call that would be made."""
    for looked in outcome.steps:
        word, _ = STATES[looked.before.state]
        title = f"{looked.step.id}  {console.t(looked.step.title)}: {console.t(word)}"
        console.line(title)
        for call in looked.before.calls:
            by = f" ({call.by})" if call.by else ""
            console.line(f"    {call.service}:{call.operation}{by} — {console.t(call.why)}")
            for name, value in call.arguments.items():
                console.line(f"        {name}: {_short(value)}")
        if looked.before.waiting is not None:
            console.line(f"    {console.t(looked.before.waiting)}")


def notes(console: Console, outcome: Outcome[Any]) -> None:
    """What no call can mend, and somebody has to know."""
    for looked in outcome.steps:
        finding = looked.after or looked.before
        if finding.note is not None:
            console.say(
                Text(f"{looked.step.title.ja}: ", f"{looked.step.title.en}: ") + finding.note, "warning"
            )


def records(outcome: Outcome[Any]) -> list[dict[str, Any]]:
    """The steps for `--json`."""
    return [_record(looked) for looked in outcome.steps]


def _record(looked: Looked[Any]) -> dict[str, Any]:
    after = looked.after
    finding = after or looked.before
    return {
        "id": looked.step.id,
        "title": {"ja": looked.step.title.ja, "en": looked.step.title.en},
        "state": looked.before.state,
        "changed": looked.changed,
        "before": shown(looked.before.facts),
        "after": shown(after.facts) if after is not None else None,
        "calls": [call.record() for call in looked.before.calls],
        "waiting": _both(finding.waiting),
        "note": _both(finding.note),
    }


def _both(text: Text | None) -> dict[str, str] | None:
    return {"ja": text.ja, "en": text.en} if text is not None else None


def _short(value: Any) -> str:
    said = shown(value)
    text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    return text if len(text) <= LONG else f"{text[:LONG]}… ({len(text)})"
