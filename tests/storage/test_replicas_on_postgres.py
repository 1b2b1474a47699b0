"""Gateways on one PostgreSQL: what all of them store is there once, also when the server was away in between."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from random import Random

import pytest

from both_databases import read_stored
from pointsman.control.replay import follow_configuration
from pointsman.core.routing.facts import Facts
from pointsman.storage.database import Database, open_database
from pointsman.storage.decisions_store import DecisionsStore
from pointsman.storage.usage_writer import UsageWriter, WriterLimits
from real_postgres import PostgresServer, start_server
from running import RunningGateway, await_value, run_gateway
from storage.settled_examples import AT_MS, ENVIRON, draw_loaded, settle
from storage.usage_examples import book, fold, make_outcomes, read_rows

QUICK = WriterLimits(batch_rows=20, interval_ms=1, first_retry_ms=5, longest_retry_ms=50)

DOCUMENT = """
providers: {{house: {{base_url: "http://127.0.0.1:9/v1", dialect: openai_chat, auth: none, location: local}}}}
models: {{small: {{provider: house}}}}
agents: {{orchestrator: {{model: small}}}}
storage: {{url: "{url}"}}
"""


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server that a test may stop."""
    with start_server() as server:
        server.execute("postgres", "CREATE DATABASE own")
        yield server


def test_gateways_with_homes_of_their_own_share_one_database(server: PostgresServer, tmp_path: Path) -> None:
    url = server.url("own")
    with ExitStack() as stack:
        gateways = [stack.enter_context(_start(tmp_path / name, url)) for name in ("first", "second")]
        for gateway in gateways:
            # Nobody serves the model: the request ends with an error, and has a row all the same.
            assert gateway.chat()[0] in (502, 503)
        _await_requests(url, 2)
        server.stop()
        for gateway in gateways:
            assert gateway.chat()[0] in (502, 503)
        server.start()
        _await_requests(url, 4)
        assert gateways[0].get("/health") == {"status": "ok"}
    assert read_stored(url, "SELECT agent, requests FROM usage_endings") == [("orchestrator", 4)]
    assert not list(tmp_path.rglob("*.db"))


def test_writers_of_replicas_add_up_and_what_two_send_is_there_once(postgres_url: str) -> None:
    """Requests of their own, in all orders, and some that both were told to book."""
    shared = [book(outcome) for outcome in make_outcomes(60, "shared")]
    dice = Random(7)

    async def write(database: Database, name: str) -> int:
        writer = UsageWriter(database, QUICK)
        writer.start()
        outcomes = [*map(book, make_outcomes(200, name)), *shared]
        dice.shuffle(outcomes)
        for outcome in outcomes:
            writer.add(outcome)
            await asyncio.sleep(0)
        await writer.drain()
        return writer.written_rows

    assert asyncio.run(_run_replicas(postgres_url, write)) == [260] * 3
    rows = read_rows(postgres_url)
    assert len(rows) == len(read_rows(postgres_url, "ledger")) == 3 * 200 + 60
    ((calls, cost_nusd),) = read_stored(
        postgres_url, "SELECT sum(calls) AS calls, sum(cost_nusd) AS cost FROM usage_totals"
    )
    assert (calls, cost_nusd) == (sum(each.calls for each in fold(rows)), sum(each.cost_nusd for each in fold(rows)))


def test_a_configuration_that_replicas_saw_is_kept_once_while_one_of_them_prunes(postgres_url: str) -> None:
    loaded = draw_loaded(Random(1), 1)
    assert loaded.snapshot is not None
    snapshot = loaded.snapshot
    names = iter(range(3))

    async def decide(database: Database, name: str) -> int:
        first = next(names) * 1_000
        store = DecisionsStore(database)
        follow_configuration(store.follow, loaded, ENVIRON)
        store.start()
        for number in range(first, first + 40):
            store.add(settle(snapshot, Facts("agent:writer"), {}, number, AT_MS + number))
            if number % 10 == 0:
                await store.find(f"req_{number}", 0)
                await store.prune(AT_MS)
        await store.drain()
        return len(await store.list_decisions(200, 0))

    asyncio.run(_run_replicas(postgres_url, decide))
    ((kept,),) = read_stored(postgres_url, "SELECT count(*) FROM decisions")
    seen = read_stored(postgres_url, "SELECT DISTINCT configuration FROM decisions")
    assert (kept, seen) == (120, read_stored(postgres_url, "SELECT id FROM decision_configurations"))


async def _run_replicas(url: str, work: Callable[[Database, str], Awaitable[int]]) -> Sequence[int]:
    """The same work in three replicas, each with connections of its own."""
    databases = [await open_database(url) for _ in range(3)]
    try:
        return await asyncio.gather(*(work(each, f"replica {place}") for place, each in enumerate(databases)))
    finally:
        for database in databases:
            await database.close()


def _start(folder: Path, url: str) -> AbstractContextManager[RunningGateway]:
    folder.mkdir()
    return run_gateway(folder, DOCUMENT.format(url=url))


def _await_requests(url: str, count: int) -> None:
    await_value(lambda: read_stored(url, "SELECT count(*) FROM usage") == [(count,)] or None, 30)
