"""What was learned survives a restart, is bounded where it is stored, and never stands in anybody's way."""

import asyncio
import logging
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from both_databases import change_stored, read_stored
from pointsman.control.learning import Learning
from pointsman.core.chat.usage import Usage
from pointsman.core.routing.estimate_tokens import PromptEstimate
from pointsman.core.routing.learned_tokens import StoredHistory
from pointsman.core.routing.outcome import Outcome
from pointsman.core.routing.token_history import HistoryState
from pointsman.storage.database import open_database
from pointsman.storage.estimates_store import EstimatesStore
from storage.usage_examples import EXAMPLE, book

PROSE = PromptEstimate(1_000, "prose")


def outcome(tokens: int, agent: str = "writer") -> Outcome:
    return book(replace(EXAMPLE, agent=agent, usage=Usage(tokens, 100)))


async def restart(url: str, teach: int, most: int = 4_096) -> Learning:
    """One life of a process, in which something is learned."""
    database = await open_database(url)
    try:
        learning = Learning(EstimatesStore(database, most), lambda: 5)
        await learning.load()
        for _ in range(teach):
            learning.tokens.learn(outcome(900), PROSE)
        await learning.save()
        return learning
    finally:
        await database.close()


def test_a_restart_goes_on_from_what_was_learned(database_url: str) -> None:
    async def run() -> None:
        first = await restart(database_url, 300)
        expected = first.tokens.expect_input("gpt-4o", "writer", PROSE)
        assert expected < 1_500
        second = await restart(database_url, 0)
        assert second.tokens.expect_input("gpt-4o", "writer", PROSE) == expected
        await restart(database_url, 1)

    asyncio.run(run())
    rows = read_stored(database_url, "SELECT model, agent, kind, saved_at_ms FROM learned_tokens ORDER BY agent, kind")
    assert rows == [(("gpt-4o", agent, kind, 5)) for agent in ("", "writer") for kind in ("output", "prose long")]


def test_a_row_that_cannot_be_read_is_left_out_and_said(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    asyncio.run(restart(database_url, 300))
    change_stored(database_url, "UPDATE learned_tokens SET state = '[1, 2' WHERE kind = 'output'")
    with caplog.at_level(logging.WARNING):
        learning = asyncio.run(restart(database_url, 0))
    assert "2 rows of learned_tokens cannot be read" in caplog.text
    assert learning.tokens.expect_output("gpt-4o", "writer") is None
    assert learning.tokens.expect_input("gpt-4o", "writer", PROSE) < 1_500


def test_what_is_stored_is_bounded_and_the_latest(database_url: str) -> None:
    def history(number: int) -> StoredHistory:
        return StoredHistory("m", f"agent-{number}", "output", HistoryState(1, ((3, 1),), ()))

    async def run() -> list[StoredHistory]:
        database = await open_database(database_url)
        try:
            store = EstimatesStore(database, most=3)
            for number in range(10):
                await store.save([history(number)], now_ms=number)
            await store.save([history(8)], now_ms=20)
            return await store.load()
        finally:
            await database.close()

    assert [each.agent for each in asyncio.run(run())] == ["agent-8", "agent-9", "agent-7"]
    assert read_stored(database_url, "SELECT count(*) FROM learned_tokens") == [(3,)]


class Failing:
    """A store that does not answer."""

    def __init__(self) -> None:
        self.saved: list[StoredHistory] = []
        self.fails = True

    async def load(self) -> Sequence[StoredHistory]:
        raise OSError("no disk")

    async def save(self, histories: Sequence[StoredHistory], now_ms: int) -> None:
        if self.fails:
            raise OSError("no disk")
        self.saved += histories


def test_a_store_that_fails_costs_nothing_but_what_was_learned(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        store = Failing()
        learning = Learning(store, lambda: 0)
        await learning.load()
        learning.tokens.learn(outcome(900), PROSE)
        await learning.save()
        store.fails = False
        await learning.save()
        assert len(store.saved) == 4
        await learning.save()
        assert len(store.saved) == 4

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    assert "cannot be read (OSError)" in caplog.text
    assert "cannot be saved (OSError)" in caplog.text


def test_saving_in_time_goes_on_until_it_is_ended() -> None:
    async def run() -> None:
        store = Failing()
        store.fails = False
        learning = Learning(store, lambda: 0)
        task = asyncio.create_task(learning.save_in_time(every_s=0))
        learning.tokens.learn(outcome(900), PROSE)
        while not store.saved:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
