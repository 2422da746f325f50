"""What the provider weighs with 200 resources, and that it starts and ends.

The weight has a limit. Times are measured by `./jichitai bench sakura` and never judged here: a machine of
CI is anybody's.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from scripts.bench import sakura
from scripts.bench.measure import Figure


def test_two_hundred_resources_at_once(tmp_path: Path) -> None:
    found = sakura.measured(tmp_path)
    assert found.resources == 200
    assert 0 < found.megabytes <= sakura.MEGABYTES
    assert found.seconds > 0


def test_the_benchmark_says_what_is_too_much(monkeypatch) -> None:
    runs = iter([sakura.Measured(200, 41.0, 80.0), sakura.Measured(200, 39.0, 121.0)])
    monkeypatch.setattr(sakura, "measured", lambda _: next(runs))
    seconds, megabytes = sakura.figures(2)
    assert isinstance(seconds, Figure)
    assert (seconds.value, seconds.good) == (39.0, True)
    assert (megabytes.value, megabytes.good) == (121.0, False)


def test_the_provider_starts_and_ends() -> None:
    program = Path(__file__).parents[2] / "providers" / "sakura" / "pulumi-resource-sakura"
    process = subprocess.Popen([str(program)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().strip().isdigit()
    process.terminate()
    assert process.wait(timeout=10) == 0
