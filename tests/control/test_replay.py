"""Whatever was decided replays bit for bit from what is stored, and what does not says honestly why."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import msgspec
import pytest

from pointsman.control.configuration import build_surroundings
from pointsman.control.replay import (
    NOT_KEPT,
    UNREADABLE,
    PastDecisions,
    Replay,
    follow_configuration,
    put_down,
    replay_under,
)
from pointsman.core.routing.decide import decide
from pointsman.core.routing.facts import Facts, LiveTarget
from pointsman.core.routing.record import DecisionRow, Settled, build_record
from pointsman.storage.database import open_database
from pointsman.storage.decisions_configurations import MOST_FOLLOWED
from pointsman.storage.decisions_store import DecisionsStore
from storage.settled_examples import AT_MS, ENVIRON, draw_loaded, draw_settled, settle

Work = Callable[[DecisionsStore], Awaitable[None]]

REVISIONS = 24
PER_REVISION = 100


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pointsman.db"


async def use(path: Path, work: Work) -> None:
    """Work with the store of a file, as one run of a gateway does."""
    database = await open_database(f"sqlite:///{path}")
    store = DecisionsStore(database)
    store.start()
    try:
        await work(store)
        await store.drain()
    finally:
        await database.close()


def look_back(store: DecisionsStore, kept_s: int = 60) -> PastDecisions:
    return PastDecisions(store, lambda: kept_s, lambda: AT_MS + 1_000)


async def replay(past: PastDecisions, request_id: str) -> Replay:
    row = await past.find(request_id)
    assert row is not None, request_id
    return await past.replay(row)


def test_thousands_of_decisions_over_many_configurations_and_restarts_replay_bit_for_bit(path: Path) -> None:
    dice = Random(2_026)
    made: dict[str, Settled] = {}

    async def decide_much(store: DecisionsStore) -> None:
        for revision in range(REVISIONS // 2):
            loaded = draw_loaded(dice, len(made))
            assert loaded.snapshot is not None
            follow_configuration(store.follow, loaded, ENVIRON)
            first = len(made)
            for settled in draw_settled(dice, loaded.snapshot, range(first, first + PER_REVISION)):
                made[settled.outcome.request_id] = settled
                store.add(settled)
            if revision % 3 == 0:
                await asyncio.sleep(0)

    async def replay_all(store: DecisionsStore) -> None:
        found = await _list_all(look_back(store))
        assert {row.request_id for row in found} == set(made)
        rebuilt: dict[bytes, object] = {}
        past = look_back(store)
        for row in found:
            assert row.configuration is not None and row.recorded is not None
            snapshot = rebuilt.get(row.configuration)
            if snapshot is None:
                snapshot = rebuilt[row.configuration] = await past._compile(row)
            settled = made[row.request_id]
            assert snapshot == settled.snapshot
            again = decide(snapshot, row.recorded.facts, row.recorded.live)
            assert msgspec.msgpack.encode(again) == msgspec.msgpack.encode(settled.answer)
        assert len(rebuilt) == REVISIONS

    async def replay_some(store: DecisionsStore) -> None:
        past = look_back(store)
        for request_id in dice.sample(sorted(made), 60):
            told = await replay(past, request_id)
            assert (told.identical, told.reason) == (True, ""), request_id

    for _ in range(2):
        asyncio.run(use(path, decide_much))
    asyncio.run(use(path, replay_all))
    asyncio.run(use(path, replay_some))
    assert len(made) == REVISIONS * PER_REVISION


async def _list_all(past: PastDecisions) -> list[DecisionRow]:
    found: list[DecisionRow] = []
    before = None
    while page := await past.list_decisions(200, before, None):
        found += page
        before = page[-1].seq
    return found


def _record_one(path: Path, *, follows: int = 0) -> Settled:
    """Record one call, after which so many other configurations come into force before it is written."""
    loaded = draw_loaded(Random(1), 0)
    assert loaded.snapshot is not None
    settled = settle(loaded.snapshot, Facts("agent:writer"), {}, 0)

    async def work(store: DecisionsStore) -> None:
        follow_configuration(store.follow, loaded, ENVIRON)
        for _ in range(follows):
            other = replace(loaded, snapshot=replace(settled.snapshot))
            follow_configuration(store.follow, other, ENVIRON)
        store.add(settled)

    asyncio.run(use(path, work))
    return settled


def _replay_one(path: Path) -> Replay:
    told: list[Replay] = []

    async def work(store: DecisionsStore) -> None:
        told.append(await replay(look_back(store), "req_0"))

    asyncio.run(use(path, work))
    return told[0]


def _change(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


def test_a_decision_that_comes_out_otherwise_says_in_what() -> None:
    loaded = draw_loaded(Random(4), 0)
    assert loaded.snapshot is not None
    settled = next(
        each
        for each in draw_settled(Random(5), loaded.snapshot, range(500))
        if len(getattr(each.answer, "attempts", ())) > 1
    )
    recorded = build_record(settled)
    assert replay_under(loaded.snapshot, recorded).identical
    decided = msgspec.structs.replace(recorded.decided, digest=b"other", attempts=("x",), name="y")
    told = replay_under(loaded.snapshot, msgspec.structs.replace(recorded, decided=decided))
    assert not told.identical
    assert told.reason == "it comes to something else now: attempts, name"
    assert [(each.part, each.recorded) for each in told.differences] == [("attempts", ("x",)), ("name", "y")]
    assert told.explanation.model == recorded.decided.attempts[0]
    sentence = msgspec.structs.replace(recorded.decided, digest=b"other")
    assert (
        "sentence or score" in replay_under(loaded.snapshot, msgspec.structs.replace(recorded, decided=sentence)).reason
    )


def test_a_configuration_that_is_gone_leaves_what_was_recorded(path: Path) -> None:
    settled = _record_one(path)
    assert _replay_one(path).identical
    _change(path, "DELETE FROM decision_configurations")
    # Without its row the decision has no configuration any more, and what is recorded still tells.
    told = _replay_one(path)
    assert (told.identical, told.reason) == (False, NOT_KEPT)
    assert told.explanation.model == settled.answer.attempts[0].model.name
    assert told.explanation.decided_by is not None and told.explanation.decided_by.kind == settled.answer.decided_by


def test_what_another_version_wrote_is_said_to_be_unreadable(path: Path) -> None:
    _record_one(path)
    _change(path, "UPDATE decision_configurations SET content = ?", b"nothing")
    assert _replay_one(path).reason == UNREADABLE
    _change(path, "UPDATE decisions SET content = ?", b"nothing")
    told = _replay_one(path)
    assert told.reason == UNREADABLE
    assert told.explanation.refused is not None


def test_a_configuration_that_was_replaced_long_ago_is_said_to_be_missing(path: Path) -> None:
    _record_one(path, follows=MOST_FOLLOWED)
    assert _replay_one(path).reason == NOT_KEPT


def test_a_configuration_is_stored_once_however_often_it_comes_into_force(path: Path) -> None:
    _record_one(path, follows=3)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM decision_configurations").fetchall() == [(1,)]


def test_what_it_is_put_down_from_is_asked_for_once_and_only_if_needed(path: Path) -> None:
    first, second = draw_loaded(Random(1), 0), draw_loaded(Random(2), 1)
    assert first.snapshot is not None and second.snapshot is not None
    asked: list[str] = []

    async def work(store: DecisionsStore) -> None:
        def tell(name: str, loaded: object) -> Callable[[], object]:
            def put() -> object:
                asked.append(name)
                return put_down(loaded, build_surroundings(ENVIRON, "production"))

            return put

        store.follow(first.snapshot, tell("first", first))
        store.follow(second.snapshot, tell("second", second))
        for number in range(3):
            store.add(settle(first.snapshot, Facts("agent:writer"), {"x": LiveTarget()}, number))
            await store.find(f"req_{number}", 0)

    asyncio.run(use(path, work))
    assert asked == ["first"]
