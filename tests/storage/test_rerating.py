"""A correction is booked once, whoever asks how often: on SQLite and on PostgreSQL."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import pytest

from both_databases import read_named, read_stored
from pointsman.control.rerating import Rerated, Rerating, Stretch
from pointsman.core.chat.usage import FurtherCounts, Usage
from pointsman.core.config.snapshot import Deployment, Model
from pointsman.core.pricing.prices import PriceTable
from pointsman.core.routing.ledger_entry import LedgerEntry
from pointsman.core.tenant_ports import ChangeNote
from pointsman.storage import rerating as pages
from pointsman.storage.database import Database, open_database
from pointsman.storage.rerating import ChargeReader
from pointsman.storage.usage_writer import UsageWriter

NOTE = ChangeNote("ada", 5_000, "the list was wrong")
ALL = Stretch(0, 10_000)
DEPLOYMENT = Deployment("openai/gpt-x", "openai", "fast", "gpt-x", "openai_chat", "https://api.example/v1", "cloud")
FORMER = PriceTable(1_000_000, 2_000_000, 1_000_000, "catalogue 2026-10-12")
CORRECTED = PriceTable(3_000_000, 2_000_000, 1_000_000, "pointsman.yaml")


def _charge(number: int, **changes: object) -> LedgerEntry:
    usual: dict[str, object] = {
        "request_id": f"req_{number}", "attempt": 1, "kind": "charge", "at_ms": 1_000 + number, "booked_at_ms": 2_000,
        "agent": "writer", "interaction": "", "task": "", "team": "", "user": "", "key_id": "key", "experiment": "",
        "session": "", "tags": ("a", "b"), "model": "fast", "provider": "openai", "upstream_model": "gpt-x",
        "location": "cloud", "operation": "chat", "part": "answer", "failure": "", "usage": Usage(100, 10),
        "cost_nusd": 120, "status": "actual", "prices": FORMER.source,
    }  # fmt: skip
    return LedgerEntry(**(usual | changes))  # type: ignore[arg-type]


@dataclass
class World:
    """A ledger and whoever is told of what is booked."""

    database: Database
    writer: UsageWriter
    prices: PriceTable | None = CORRECTED
    dated: tuple[tuple[int, PriceTable], ...] = ()
    counted: list[LedgerEntry] = field(default_factory=list)
    folded: list[LedgerEntry] = field(default_factory=list)

    def build(self) -> Rerating:
        model = Model("fast", DEPLOYMENT, self.prices, dated_prices=self.dated)
        models = MappingProxyType({"fast": model})
        return Rerating(ChargeReader(self.database), self.writer, self.counted.extend, lambda: models)


def _run(url: str, work: Callable[[World], Awaitable[None]]) -> None:
    async def run() -> None:
        database = await open_database(url)
        try:
            folded: list[LedgerEntry] = []
            writer = UsageWriter(database, correcting=(lambda _connection, entries: folded.extend(entries),))
            world = World(database, writer)
            world.folded = folded
            await work(world)
        finally:
            await database.close()

    asyncio.run(run())


async def _book(world: World, entries: Sequence[LedgerEntry]) -> None:
    assert await world.writer.book_entries(entries) == len(entries)
    world.folded.clear()


def test_the_difference_is_shown_then_booked_once(database_url: str) -> None:
    async def work(world: World) -> None:
        unknown = _charge(2, cost_nusd=None, status="unknown", prices="")
        await _book(world, [_charge(0), _charge(1, cost_nusd=320), unknown])
        rerating = world.build()
        shown = (await rerating.preview(ALL)).models["fast"]
        assert (shown.entries, shown.changed, shown.unknown, shown.still_unknown) == (3, 2, 1, 0)
        assert (shown.booked_nusd, shown.would_be_nusd, shown.difference_nusd) == (440, 960, 520)
        assert world.folded == world.counted == []

        first, second = await rerating.apply(ALL, NOTE), await rerating.apply(ALL, NOTE)
        assert first.booked == 2 and second.booked == 0
        assert second.models["fast"].difference_nusd == second.models["fast"].changed == 0
        assert world.folded == world.counted
        assert [(entry.kind, entry.cost_nusd, entry.status, entry.prices) for entry in world.counted] == [
            ("adjust:1", 200, "actual", "pointsman.yaml"),
            ("adjust:1", 320, "estimated", "pointsman.yaml"),
        ]

    _run(database_url, work)
    assert read_stored(database_url, "SELECT sum(cost_nusd), count(*) FROM ledger") == [(960, 5)]
    (row,) = read_named(database_url, "SELECT author, action, subject, reason, details FROM audit")
    assert (row["author"], row["action"], row["subject"]) == ("ada", "usage.rerate", "all models")
    assert json.loads(row["details"])["difference_nusd"] == 520 and row["reason"] == "the list was wrong"


def test_a_second_correction_has_the_next_number_and_may_give_back(database_url: str) -> None:
    async def work(world: World) -> None:
        await _book(world, [_charge(0)])
        await world.build().apply(ALL, NOTE)
        world.prices = FORMER
        assert (await world.build().apply(ALL, NOTE)).booked == 1
        assert [(entry.kind, entry.cost_nusd) for entry in world.counted] == [("adjust:1", 200), ("adjust:2", -200)]

    _run(database_url, work)
    assert read_stored(database_url, "SELECT sum(cost_nusd) FROM ledger") == [(120,)]


def test_prices_are_those_of_the_day_of_the_request(database_url: str) -> None:
    async def work(world: World) -> None:
        world.dated = ((0, FORMER), (1_001, CORRECTED))
        await _book(world, [_charge(0), _charge(1)])
        await world.build().apply(ALL, NOTE)
        assert [(entry.request_id, entry.cost_nusd) for entry in world.counted] == [("req_1", 200)]

    _run(database_url, work)


def test_what_cannot_be_computed_stays_as_it_is(database_url: str) -> None:
    async def work(world: World) -> None:
        searched = Usage(0, 0, further=FurtherCounts(searches=2))
        await _book(
            world,
            [
                _charge(0, usage=None, cost_nusd=None, status="unknown"),
                _charge(1, usage=searched, cost_nusd=None, status="unknown"),
                _charge(2, model="gone", upstream_model="gone"),
                _charge(3, usage=None, cost_nusd=0, status="none"),
                _charge(4, kind="possibly_billed"),
                _charge(5, kind="refund:1", cost_nusd=-100),
            ],
        )
        step = await world.build().apply(ALL, NOTE)
        assert step.booked == 0 and world.counted == []
        assert (step.models["fast"].unknown, step.models["fast"].still_unknown) == (2, 2)
        assert step.models["gone"].booked_nusd == step.models["gone"].would_be_nusd == 120

    _run(database_url, work)
    assert read_stored(database_url, "SELECT count(*) FROM audit") == [(0,)]


def test_further_counts_are_priced_from_the_ledger(database_url: str) -> None:
    async def work(world: World) -> None:
        written = Usage(100, 0, cache_write_tokens=100, further=FurtherCounts(cache_write_1h_tokens=40))
        await _book(world, [_charge(0, usage=written)])
        await world.build().apply(ALL, NOTE)
        assert world.counted[0].usage == written
        assert world.counted[0].cost_nusd == 60 * 3 + 40 * 6 - 120

    _run(database_url, work)


def test_the_usage_that_the_last_correction_knew_counts(database_url: str) -> None:
    async def work(world: World) -> None:
        orphan = _charge(0, status="orphan_estimated")
        late = _charge(0, kind="adjust:1", usage=Usage(200, 10), cost_nusd=100)
        await _book(world, [orphan, late])
        await world.build().apply(ALL, NOTE)
        assert [(entry.kind, entry.cost_nusd, entry.status) for entry in world.counted] == [("adjust:2", 400, "actual")]

    _run(database_url, work)


def test_a_model_that_has_another_name_now_is_found_by_what_its_provider_calls_it(database_url: str) -> None:
    async def work(world: World) -> None:
        await _book(world, [_charge(0, model="former name")])
        step = await world.build().apply(Stretch(0, 10_000, "former name"), NOTE)
        assert step.booked == 1 and world.counted[0].model == "former name"

    _run(database_url, work)


def test_steps_go_on_where_the_last_one_ended(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MOST_CHARGES", 2)
    monkeypatch.setattr("pointsman.control.rerating.PAGES_PER_STEP", 2)

    async def work(world: World) -> None:
        await _book(world, [_charge(number) for number in range(9)])
        rerating, after, steps = world.build(), 0, list[Rerated]()
        while not steps or steps[-1].next_seq is not None:
            steps.append(await rerating.apply(Stretch(1_001, 1_008, None, after), NOTE))
            after = steps[-1].next_seq or 0
        assert [step.booked for step in steps] == [4, 3, 0]
        assert (await rerating.preview(Stretch(1_001, 1_008))).models["fast"].changed == 0

    _run(database_url, work)
    assert read_stored(database_url, "SELECT count(*) FROM ledger WHERE kind = 'adjust:1'") == [(7,)]


def test_two_at_the_same_time_book_it_once(database_url: str) -> None:
    async def work(world: World) -> None:
        await _book(world, [_charge(number) for number in range(20)])
        one, other = world.build(), world.build()
        steps = await asyncio.gather(one.apply(ALL, NOTE), other.apply(ALL, ChangeNote("bob", 5_001, "too")))
        assert sum(step.booked for step in steps) == 20 == len(world.counted)
        assert {entry.request_id for entry in world.counted} == {f"req_{number}" for number in range(20)}

    _run(database_url, work)
    assert read_stored(database_url, "SELECT sum(cost_nusd) FROM ledger") == [(20 * 320,)]
