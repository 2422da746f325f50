"""What was acknowledged is there, whatever happens to the process."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import grpc
import pytest

from providers.twin import client
from providers.twin.aws.words import token
from providers.twin.caller import Caller, CallError
from providers.twin.process import AlreadyRunningError, hold
from providers.twin.store import Store, StoreError

TOPIC = token("sns.Topic")


def test_kill_9_loses_nothing_that_was_acknowledged(place: Path) -> None:
    running = client.ensure(place, idle=300)
    acknowledged: list[str] = []
    enough = threading.Event()

    def create(worker: int) -> None:
        caller = Caller(running.ports["aws"], {"region": "ap-northeast-1"})
        for number in range(10_000):
            try:
                made = caller.create(TOPIC, f"t{worker}-{number}", {"name": f"topic-{worker}-{number}"})
            except (CallError, grpc.RpcError):
                return
            acknowledged.append(made.id)
            if len(acknowledged) > 120:
                enough.set()

    workers = [threading.Thread(target=create, args=(worker,)) for worker in range(3)]
    for worker in workers:
        worker.start()
    assert enough.wait(60)
    os.kill(running.pid, signal.SIGKILL)
    for worker in workers:
        worker.join()
    while client.status(place) is not None:
        time.sleep(0.01)
    again = client.ensure(place, idle=300)
    assert again.pid != running.pid
    store = Store(place / "store.sqlite")
    there = {row.id for row in store.rows(type_=TOPIC)}
    store.close()
    client.stop(place)
    assert set(acknowledged) <= there
    assert len(there) - len(acknowledged) <= len(workers), "at most the calls in flight were not acknowledged"


def test_a_change_is_whole_or_not_at_all(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite")
    store.add("aws", "1", "r", "kind", "kept", {}, {})

    def half() -> None:
        with store.change():
            store.add("aws", "1", "r", "other", "lost", {}, {})
            raise KeyError

    with pytest.raises(KeyError):
        half()
    assert [row.id for row in store.rows()] == ["kept"]
    store.add("aws", "1", "r", "other", "later", {}, {})
    assert [row.type for row in store.rows()] == ["kind", "other"]
    store.close()


def test_reset_forgets_one_unit_only(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite")
    for unit in ("1", "2"):
        rid = store.add("aws", unit, "r", "kind", "x", {"a": unit}, {})
        store.set_handles(rid, {f"arn{unit}"})
        store.mark_seeded("aws", unit)
    assert store.reset(unit="1") == 1
    assert [row.unit for row in store.rows()] == ["2"]
    assert store.units() == [("aws", "2")]
    assert list(store.with_value("aws", "arn1")) == []
    store.close()


def test_only_its_owner_can_read_the_store(tmp_path: Path) -> None:
    Store(tmp_path / "store.sqlite").close()
    assert (tmp_path / "store.sqlite").stat().st_mode & 0o077 == 0


def test_a_store_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="file"):
        Store(tmp_path / "file" / "store.sqlite")
    (tmp_path / "bad").write_bytes(b"this is not a database" * 500)
    with pytest.raises(StoreError, match="not a database"):
        Store(tmp_path / "bad")


def test_one_twin_a_directory(place: Path) -> None:
    first = client.ensure(place, idle=300)
    assert client.ensure(place, idle=300) == first
    with pytest.raises(AlreadyRunningError):
        hold(place)
    assert client.stop(place)
    assert not client.stop(place)
    assert client.status(place) is None


def test_many_callers_at_once_start_one_twin(place: Path) -> None:
    found: list[client.Running] = []
    threads = [
        threading.Thread(target=lambda: found.append(client.ensure(place, idle=300))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.stop(place)
    assert len({running.pid for running in found}) == 1
    assert len(found) == 4


def test_a_file_left_by_kill_9_is_not_believed(place: Path) -> None:
    running = client.ensure(place, idle=300)
    os.kill(running.pid, signal.SIGKILL)
    while client.status(place) is not None:
        time.sleep(0.01)
    assert (place / "twin.json").exists()
    assert client.ensure(place, idle=300).pid != running.pid
    client.stop(place)
    assert not (place / "twin.json").exists()


def test_an_idle_twin_ends_by_itself(place: Path) -> None:
    running = client.ensure(place, idle=0.5)
    ended = threading.Event()
    for _ in range(200):
        if client.status(place) is None:
            ended.set()
            break
        ended.wait(0.05)
    assert ended.is_set(), f"process {running.pid} still runs"


def test_it_listens_on_loopback_only(running: client.Running) -> None:
    ports = {f"{port:04X}" for port in running.ports.values()}
    listening = [
        line.split()[1]
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text("ascii").splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].rsplit(":", 1)[1] in ports
    ]
    assert listening
    # 127.0.0.1, also where the kernel writes it as an IPv6-mapped address.
    assert {address.rsplit(":", 1)[0][-8:] for address in listening} == {"0100007F"}
