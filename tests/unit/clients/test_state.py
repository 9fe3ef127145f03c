"""Leases with fences: one holder, a dead one is replaced at once, the one that lost its lease is told."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pipelines.clients.state import Hold, State
from pipelines.core.waivers import Waiver
from pipelines.errors import LeaseLost, TransientError


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(f"sqlite:///{tmp_path / 'state.db'}")


def test_a_second_holder_waits_and_gives_up(state: State) -> None:
    with (
        state.lease("corpus"),
        pytest.raises(TransientError, match="another run holds"),
        state.lease("corpus", wait_seconds=0.2),
    ):
        raise AssertionError("two held the lease")


def test_the_fence_rises_and_the_old_holder_is_told(state: State) -> None:
    with state.lease("corpus") as first:
        first.check()
    with state.lease("corpus") as second:
        assert second.fence == first.fence + 1
        with pytest.raises(LeaseLost):
            first.check()


def test_a_dead_holder_does_not_stop_the_next_night(state: State, tmp_path: Path) -> None:
    code = (
        "import os, signal\nfrom pipelines.clients.state import State\n"
        f"lease = State('sqlite:///{tmp_path / 'state.db'}').lease('corpus')\nlease.__enter__()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    with state.lease("corpus", wait_seconds=1.0) as lease:
        assert lease.fence == 2


def test_only_one_of_many_threads_holds_it(state: State) -> None:
    inside, most = [0], [0]

    def work() -> None:
        with state.lease("corpus", wait_seconds=60):
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == 1
    assert state.fence_of("corpus") == 4


def test_watermarks_and_holds(state: State) -> None:
    assert state.watermark("x") is None
    state.set_watermark("x", "1")
    state.set_watermark("x", "2")
    assert state.watermark("x") == "2"
    state.set_hold(Hold("model:ner", "me", "worse in production", None, "abc"))
    assert [h.name for h in state.holds()] == ["model:ner"]
    assert state.release_hold("model:ner")
    assert not state.release_hold("model:ner")


def test_a_waiver_is_replaced_and_lifted(state: State) -> None:
    state.set_waiver(Waiver("b", "ada", "first thought", "2026-01-02"))
    state.set_waiver(Waiver("b", "bo", "second thought", "2026-01-03"))
    state.set_waiver(Waiver("a", "ada", "fine", "2026-01-02"))
    assert [(w.issue_id, w.who, w.why) for w in state.waivers()] == [
        ("a", "ada", "fine"),
        ("b", "bo", "second thought"),
    ]
    assert state.lift_waiver("b")
    assert not state.lift_waiver("b")
