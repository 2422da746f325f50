"""The runner, on a cloud of three lines: what it shows, what it does, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from scripts.bootstrap.calls import Call, Later, NotAllowedError, Recorder, Secret, resolved, shown
from scripts.bootstrap.evidence import Chain
from scripts.bootstrap.run import BlockedError, FailedError, Patience, Runner
from scripts.bootstrap.steps import (
    Cloud,
    Context,
    Failure,
    FailureKind,
    Finding,
    Identity,
    Problem,
    Settings,
    Step,
)
from stacks.text import Text

T = Text("文", "text")
MANIFEST: dict[str, Any] = {"clouds": {"aws": {"unit": "1"}}, "code": "131041", "environment": "production"}


class CloudError(Exception):
    """What the vendor's SDK raises."""

    def __init__(self, kind: FailureKind) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass
class Little:
    """A cloud with things in it. `failures` are raised one by one; `late` looks miss the newest thing."""

    recorder: Recorder
    things: dict[str, str] = field(default_factory=dict[str, str])
    failures: list[FailureKind] = field(default_factory=list[FailureKind])
    lost: bool = False
    late: int = 0
    lacking: tuple[str, ...] = ()
    retired: bool = False

    def identity(self) -> Identity:
        return Identity("me", "1", "user")

    def perform(self, call: Call, arguments: Mapping[str, Any]) -> Any:
        self.recorder.before(call.service, call.operation, changes=True)
        if self.failures and not self.lost:
            raise CloudError(self.failures.pop(0))
        self.things[str(arguments["name"])] = str(arguments.get("value", ""))
        self.retired = self.retired or call.operation == "Retire"
        self.recorder.after(call.service, call.operation, changes=True, status=200, request_id="r1")
        if self.failures:
            raise CloudError(self.failures.pop(0))
        return {"id": f"id-of-{arguments['name']}"}

    def judge(self, error: Exception) -> Failure | None:
        return Failure(error.kind, T) if isinstance(error, CloudError) else None

    def missing(self, permissions: Sequence[str]) -> list[str]:
        return [p for p in permissions if p in self.lacking]

    def names(self) -> list[str]:
        if self.retired:
            raise CloudError("invalid")
        if self.late > 0 and self.things:
            self.late -= 1
            return list(self.things)[:-1]
        return list(self.things)


def making(name: str, **more: Any) -> Step[Little]:
    """A step that wants a thing of that name."""

    def look(c: Context[Little]) -> Finding:
        if name in c.session.names():
            return Finding(facts={"name": name})
        return Finding(facts={"name": None}, calls=(Call("s", "Make", {"name": name}, T, id="made"),))

    return Step(id=name, title=T, why=T, look=look, permissions=(f"make-{name}",), **more)


class Silent:
    """Nobody watches."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def looking(self, step: Any, number: int, of: int) -> None: ...
    def looked(self, step: Any, finding: Any) -> None: ...
    def calling(self, step: Any, call: Any) -> None: ...
    def finished(self, step: Any, changed: int) -> None: ...

    def waiting(self, step: Any, failure: Any, seconds: float) -> None:
        self.waits.append(seconds)


class World:
    """A runner of these steps."""

    def __init__(self, folder: Path, *steps: Step[Little]) -> None:
        self.cloud: Little | None = None
        self.steps = steps
        self.chain = Chain(folder / "chain.jsonl", "aws 1")
        self.runner = Runner(
            Cloud("aws", self._open, steps),
            Settings("aws", "131041-x", MANIFEST, None),
            self.chain,
            Silent(),
            Patience(attempts=4, first=1, longest=5, settle=100),
            sleep=lambda _: None,
        )

    def _open(self, settings: Settings, recorder: Recorder) -> Little:
        self.cloud = Little(recorder)
        return self.cloud

    @property
    def little(self) -> Little:
        assert self.cloud is not None
        return self.cloud

    def go(self) -> Any:
        return self.runner.apply(self.runner.survey(self.steps), lambda step: None)


def test_a_run_and_a_second_one(tmp_path: Path) -> None:
    world = World(tmp_path, making("a"), making("b"))
    assert world.go().changed == 2
    assert world.go().changed == 0
    assert [r["event"] for r in world.chain.read()] == ["begin", "done"] * 2
    assert world.chain.read()[1]["requests"][0]["request_id"] == "r1"


@pytest.mark.parametrize("kind", ["transient", "throttled", "unreachable", "conflict"])
@pytest.mark.parametrize("lost", [False, True])
def test_what_may_pass_is_tried_again_after_looking(tmp_path: Path, kind: FailureKind, lost: bool) -> None:
    """An answer that was lost is not asked for twice: looking shows that the thing is there."""
    world = World(tmp_path, making("a"))
    world.little.failures, world.little.lost = [kind], lost
    world.go()
    assert list(world.little.things) == ["a"]
    made = [m for m in world.runner.recorder.made if m.operation == "Make"]
    assert len(made) == 1


def test_what_does_not_pass_stops_and_is_told(tmp_path: Path) -> None:
    world = World(tmp_path, making("a"), making("b"))
    world.little.failures = ["denied"]
    with pytest.raises(FailedError) as failed:
        world.go()
    assert failed.value.step is world.steps[0]
    assert world.little.things == {}
    assert [r["event"] for r in world.chain.read()] == ["begin", "failed"]
    assert world.go().changed == 2


def test_it_does_not_try_for_ever(tmp_path: Path) -> None:
    world = World(tmp_path, making("a"))
    world.little.failures = ["throttled"] * 50
    with pytest.raises(FailedError):
        world.go()
    waits = world.runner.listener.waits  # type: ignore[attr-defined]
    assert waits == [1, 2, 4]


def test_what_was_made_may_be_seen_late(tmp_path: Path) -> None:
    """And is not made again for that."""
    world = World(tmp_path, making("a"))
    world.little.late = 3
    outcome = world.runner.survey(world.steps)
    world.runner.apply(outcome, lambda step: None)
    assert len([m for m in world.runner.recorder.made if m.operation == "Make"]) == 1


def test_what_is_never_seen_is_said(tmp_path: Path) -> None:
    world = World(tmp_path, making("a"))
    outcome = world.runner.survey(world.steps)
    world.little.late = 10_000
    with pytest.raises(FailedError, match="not seen yet"):
        world.runner.apply(outcome, lambda step: None)


def test_problems_and_permissions_are_told_before_anything_is_done(tmp_path: Path) -> None:
    broken = Finding(problem=Problem("foreign", T, T))
    bad = [Step(id=n, title=T, why=T, look=lambda _: broken) for n in ("x", "y")]
    world = World(tmp_path, making("a"), *bad, making("b"))
    world.little.lacking = ("make-b",)
    with pytest.raises(BlockedError) as blocked:
        world.go()
    assert [step for step, _ in blocked.value.problems] == ["x", "y"]
    assert blocked.value.missing == ("make-b",)
    assert world.little.things == {}
    assert not world.chain.file.exists()


def test_permissions_of_what_is_done_are_not_asked_for(tmp_path: Path) -> None:
    world = World(tmp_path, making("a"))
    world.little.things["a"] = ""
    world.little.lacking = ("make-a",)
    assert world.go().changed == 0


def test_waiting_stops_there_and_keeps_the_rest(tmp_path: Path) -> None:
    waits: Step[Little] = Step(id="w", title=T, why=T, look=lambda _: Finding(waiting=T))
    world = World(tmp_path, making("a"), waits, making("b"))
    outcome = world.go()
    assert outcome.waiting is not None
    assert outcome.waiting.step is waits
    assert list(world.little.things) == ["a"]


def test_another_unit_is_refused_before_any_step_looks(tmp_path: Path) -> None:
    world = World(tmp_path, making("a"))
    object.__setattr__(world.runner.settings, "manifest", {**MANIFEST, "clouds": {"aws": {"unit": "2"}}})
    with pytest.raises(BlockedError) as blocked:
        world.go()
    assert blocked.value.problems[0][1].kind == "wrong_unit"


def test_a_look_that_would_change_something_is_a_mistake(tmp_path: Path) -> None:
    def look(c: Context[Little]) -> Finding:
        c.session.perform(Call("s", "Make", {}, T), {"name": "x"})
        return Finding()

    world = World(tmp_path, Step(id="x", title=T, why=T, look=look))
    with pytest.raises(NotAllowedError):
        world.go()
    assert world.little.things == {}


def test_a_final_step_is_proven_by_the_refusal(tmp_path: Path) -> None:
    """The credential that was retired can no longer look: that is what was wanted."""

    def look(c: Context[Little]) -> Finding:
        c.session.names()
        return Finding(calls=(Call("s", "Retire", {"name": "key"}, T),))

    world = World(tmp_path, Step(id="retire", title=T, why=T, look=look, final=True))
    asked: list[str] = []
    outcome = world.runner.survey(world.steps)
    world.runner.apply(outcome, lambda step: asked.append(step.id))
    assert asked == ["retire"]
    assert world.chain.read()[-1]["after"] == {"credential": "refused", "by": "invalid"}


def test_refusing_the_final_question_changes_nothing_more(tmp_path: Path) -> None:
    def refuse(step: Step[Any]) -> None:
        raise LookupError(step.id)

    world = World(tmp_path, making("a"), making("key", final=True))
    outcome = world.runner.survey(world.steps)
    with pytest.raises(LookupError):
        world.runner.apply(outcome, refuse)
    assert list(world.little.things) == ["a"]


def test_undo(tmp_path: Path) -> None:
    back = Call("s", "Make", {"name": "undone"}, T)
    world = World(tmp_path, making("a", undo=lambda _: (back,)), making("b"))
    assert world.runner.undo(world.steps[0]) == 1
    assert [r["event"] for r in world.chain.read()] == ["begin", "undone"]
    with pytest.raises(BlockedError):
        world.runner.undo(world.steps[1])


def test_values_of_answers_are_filled_in_and_secrets_never_shown() -> None:
    arguments = {"key": Later("key id", "create", ("a", 0)), "deep": [{"token": Secret("hush")}], "b": b"12"}
    assert shown(arguments) == {"key": "<key id>", "deep": [{"token": "***"}], "b": "<2 bytes>"}
    sent = resolved(arguments, {"step/create": {"a": ["K"]}}, "step")
    assert sent == {"key": "K", "deep": [{"token": "hush"}], "b": b"12"}
    assert "hush" not in repr(arguments)
    with pytest.raises(KeyError):
        resolved(arguments, {}, "step")


def test_a_step_whose_answer_is_not_there_says_what_comes_first(tmp_path: Path) -> None:
    needs: Step[Little] = Step(
        id="needs",
        title=T,
        why=T,
        look=lambda _: Finding(calls=(Call("s", "Make", {"name": Later("x", "a/made", ("id",))}, T),)),
    )
    world = World(tmp_path, needs)
    with pytest.raises(BlockedError) as blocked:
        world.go()
    assert "a/made" in blocked.value.problems[0][1].what.en
