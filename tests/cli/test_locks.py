"""One writer a stack."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scripts.engine.locks import BusyError, Holder, alive, engines_lock, only_one
from scripts.engine.places import REPO

HOLD = """
import sys, time
from pathlib import Path
from scripts.engine.locks import only_one
with only_one(Path(sys.argv[1]), "./jichitai up x"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_second_is_told_who_has_it_and_a_dead_holder_has_nothing(tmp_path: Path) -> None:
    file = tmp_path / "locks" / "x.lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, file], cwd=REPO, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(BusyError) as caught, only_one(file, "second"):
            pass
        said = caught.value.holder
        assert said is not None
        assert (said.pid, said.doing, said.host) == (holder.pid, "./jichitai up x", socket.gethostname())
        assert abs((datetime.now(UTC) - said.since).total_seconds()) < 60
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.communicate()
    with only_one(file, "third"):
        pass


SAID = (
    "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or"
    " delete the lock file with `pulumi cancel`.\n"
    "  file:///x/locks/organization/jichitai/t/dd10.json?no_tmp_dir=true: created by root@vm (pid 18431)"
    " at 2026-11-24T10:51:52Z\n"
)


def test_the_engines_lock_is_read_from_what_it_says() -> None:
    assert engines_lock(SAID) == (Holder(18431, "vm", datetime(2026, 11, 24, 10, 51, 52, tzinfo=UTC)),)
    assert engines_lock("error: incorrect passphrase") == ()


def test_who_may_be_alive() -> None:
    now = datetime.now(UTC)
    here = socket.gethostname()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert not alive(Holder(ended.pid, here, now))
    assert alive(Holder(ended.pid, f"not-{here}", now)), "another machine's process cannot be seen"
    assert not alive(Holder(os.getpid(), here, now)) or not Path("/proc").exists(), "the number is used again"


@pytest.mark.skipif(not Path("/proc").exists(), reason="numbers can only be told apart by /proc")
def test_a_number_used_again_by_a_younger_engine_is_not_the_holder(tmp_path: Path) -> None:
    program = tmp_path / "pulumi"
    program.symlink_to(shutil.which("sleep") or "/bin/sleep")
    engine = subprocess.Popen([program, "30"])
    try:
        here, now = socket.gethostname(), datetime.now(UTC)
        assert alive(Holder(engine.pid, here, now)), "it took the lock after it began"
        assert not alive(Holder(engine.pid, here, now - timedelta(minutes=5))), "it began long after that"
    finally:
        engine.kill()
        engine.wait()
