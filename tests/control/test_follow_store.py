"""Replicas look where a counter says that something changed; a store that fails is asked again, and told of once."""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path

import pytest

from pointsman.control.follow_store import FRESH_S, SharedCounters, StoreFollower
from pointsman.control.keys import UnusablePepper
from pointsman.control.nodes import Node, compare_nodes, load_or_create_node_id
from pointsman.control.pepper import VARIABLE, load_pepper
from pointsman.core.ports import StorageUnavailable


class Counters:
    """What a store counts, or that it does not answer."""

    def __init__(self) -> None:
        self.counted = {"configuration": 1, "overrides": 1, "keys": 1}
        self.is_away = False
        self.asked = 0

    async def read_counters(self) -> Mapping[str, int]:
        """How often each was changed."""
        self.asked += 1
        await asyncio.sleep(0)
        if self.is_away:
            raise StorageUnavailable("start the server")
        return dict(self.counted)


class Taking:
    """Who takes up what was changed."""

    def __init__(self) -> None:
        self.taken = self.returned = 0
        self.fails = self.owes = False

    async def take(self) -> None:
        """Count, or fail."""
        if self.fails:
            raise StorageUnavailable("start the server")
        self.taken += 1

    def note_return(self) -> None:
        """Count."""
        self.returned += 1


def test_a_look_takes_up_what_has_changed_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        counters, taking, now_s = Counters(), Taking(), [0.0]
        follower = StoreFollower(counters, taking.take, lambda: taking.owes, taking.note_return, lambda: now_s[0])
        assert await follower.look() and await follower.look() and taking.taken == 1
        counters.counted["keys"] += 1
        assert await follower.look() and taking.taken == 1
        counters.counted["overrides"] += 1
        taking.fails = True
        assert not await follower.look() and taking.returned == 0
        taking.fails = False
        # What failed is tried again, although no counter has changed since.
        assert await follower.look() and (taking.taken, taking.returned) == (2, 1)
        taking.owes = True
        assert await follower.look() and (taking.taken, taking.returned) == (3, 1)
        taking.owes, counters.is_away = False, True
        for at_s in (100.0, 159.9, 160.0):
            now_s[0] = at_s
            assert not await follower.look()
        counters.is_away = False
        assert await follower.look() and (taking.taken, taking.returned) == (3, 2)

    with caplog.at_level(logging.ERROR):
        asyncio.run(run())
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 3 and all(each.endswith("stays: start the server") for each in told)


def test_all_who_ask_at_about_the_same_time_share_a_question() -> None:
    async def run() -> None:
        counters, now_s = Counters(), [0.0]
        shared = SharedCounters(counters, lambda: now_s[0])
        answers = await asyncio.gather(shared.read_counters(), shared.read_counters())
        assert answers[0] == answers[1] == counters.counted and counters.asked == 1
        now_s[0] = FRESH_S
        await shared.read_counters()
        assert counters.asked == 2
        counters.is_away, now_s[0] = True, 2 * FRESH_S
        for _ in range(2):
            with pytest.raises(StorageUnavailable):
                await shared.read_counters()
        assert counters.asked == 3

    asyncio.run(run())


def test_a_shared_pepper_is_read_and_never_made(tmp_path: Path) -> None:
    own = load_pepper(tmp_path, {})
    assert load_pepper(tmp_path, {}) == own and len(own) == 32
    shared = tmp_path / "shared"
    with pytest.raises(UnusablePepper, match="is not there: make it with openssl rand 32"):
        load_pepper(tmp_path, {VARIABLE: str(shared)})
    assert not shared.exists()
    shared.touch(mode=0o600)
    shared.write_bytes(bytes(32))
    assert load_pepper(tmp_path, {VARIABLE: str(shared)}) == bytes(32)
    shared.chmod(0o640)
    with pytest.raises(UnusablePepper, match="others may read"):
        load_pepper(tmp_path, {VARIABLE: str(shared)})


def test_a_node_keeps_its_id_and_live_ones_that_differ_are_told(tmp_path: Path) -> None:
    node_id = load_or_create_node_id(tmp_path)
    assert load_or_create_node_id(tmp_path) == node_id
    (tmp_path / "node").write_text("not\nan id")
    assert load_or_create_node_id(tmp_path) not in (node_id, "not\nan id")
    nodes = [
        Node("a", "one", "r1", 0, 1_000, is_self=True),
        Node("b", "two", "r2", 0, 1_000),
        Node("c", "three", "r3", 0, 0),
        Node("d", "four", "r1", 0, 1_000),
    ]
    told = compare_nodes(nodes, "pointsman.yaml", "r1")
    assert [problem.code for problem in told] == ["nodes_differ"] and '"two" runs revision r2' in told[0].message
