"""Each share is noted once and told at least once, whatever fails; what cannot be told waits, and not for ever."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from spending_books import NOW, Books, run_gateway, spend, write_snapshot

from pointsman.control.alerts import LEASE_MS, TOLD_WITHIN_MS, AlertTeller, AlertWatch
from pointsman.control.budget_rows import find_warnings, list_budget_rows
from pointsman.control.spending import Spending
from pointsman.core.limits.alerts import Alert, NewAlert
from pointsman.storage.alerts_store import AlertsStore, AlertsWanted
from pointsman.storage.database import open_database

ALL = AlertsWanted(200)
DAY_MS = 86_400_000


def watch(store: AlertsStore, spending: Spending, noticed: list[int] | None = None) -> AlertWatch:
    def find(at_ms: int) -> list[NewAlert]:
        return list(find_warnings(spending.list_warned(at_ms)))

    return AlertWatch(store, find, lambda: (noticed if noticed is not None else []).append(1))


def use(path: Path, work: Callable[[Books, AlertsStore], Awaitable[None]]) -> None:
    async def run(books: Books) -> None:
        database = await open_database(f"sqlite:///{path / 'pointsman.db'}")
        try:
            await work(books, AlertsStore(database))
        finally:
            await database.close()

    run_gateway(path / "pointsman.db", run)


async def list_shares(store: AlertsStore) -> list[tuple[str, int]]:
    return sorted((one.what.scope, one.what.share) for one in await store.list_newest(ALL))


def test_each_share_is_noted_once_as_spending_passes_it(tmp_path: Path) -> None:
    async def work(books: Books, store: AlertsStore) -> None:
        noticed: list[int] = []
        watching = watch(store, books.spending, noticed)
        await books.spending.follow(write_snapshot("scope: total, window: day, limit: 10, on_exceed: alert"), NOW)
        for usd, count in ((4.9, 0), (0.1, 1), (1, 1), (2.5, 2), (1.5, 4), (5, 4)):
            books.record(spend(usd))
            await watching.look(NOW)
            await watching.look(NOW)
            assert len(await store.list_newest(ALL)) == count
        assert len(noticed) == 3
        # A process that was started anew finds what is there already.
        await watch(store, books.spending, noticed).look(NOW)
        assert len(noticed) == 3
        assert await list_shares(store) == [("total", share) for share in (500_000, 800_000, 950_000, 1_000_000)]

    use(tmp_path, work)


def test_each_user_is_warned_of_alone_and_the_next_window_begins_anew(tmp_path: Path) -> None:
    async def work(books: Books, store: AlertsStore) -> None:
        snapshot = write_snapshot(
            "scope: 'user:*', window: day, limit: 10, alert_at: [50%]",
            "scope: cloud, window: week, limit: 1, alert_at: []",
        )
        watching = watch(store, books.spending)
        await books.spending.follow(snapshot, NOW)
        books.record(spend(6, user="ada"), spend(4, user="bob"))
        await watching.look(NOW)
        assert await list_shares(store) == [("user:ada", 500_000)]
        books.record(spend(6, user="ada", at_ms=NOW + DAY_MS))
        await watching.look(NOW + DAY_MS)
        assert await list_shares(store) == [("user:ada", 500_000)] * 2

    use(tmp_path, work)


def test_a_call_that_ends_after_its_window_is_warned_of_by_looking_back(tmp_path: Path) -> None:
    async def work(books: Books, store: AlertsStore) -> None:
        watching = watch(store, books.spending)
        await books.spending.follow(write_snapshot("scope: total, window: hour, limit: 10, alert_at: [100%]"), NOW)
        books.record(spend(11, at_ms=NOW - 1))
        await watching.look(NOW)
        assert await store.list_newest(ALL) == []
        await watching.look_back(NOW)
        (alert,) = await store.list_newest(ALL)
        assert (alert.what.end_ms, alert.raised_at_ms) == (NOW, NOW)

    use(tmp_path, work)


def test_a_rolling_window_is_warned_of_once_per_length(tmp_path: Path) -> None:
    async def work(books: Books, store: AlertsStore) -> None:
        watching = watch(store, books.spending)
        await books.spending.follow(
            write_snapshot("scope: total, window: rolling_day, limit: 10, alert_at: [50%]"), NOW
        )
        books.record(spend(6))
        for minute in range(0, 600, 20):
            await watching.look(NOW + minute * 60_000)
        assert len(await store.list_newest(ALL)) == 1

    use(tmp_path, work)


def test_what_could_not_be_noted_is_found_again(tmp_path: Path) -> None:
    class Failing(AlertsStore):
        fails = True

        async def add(self, new: object, now_ms: int) -> int:
            if self.fails:
                raise OSError("the database is away")
            return await super().add(new, now_ms)  # type: ignore[arg-type]

    async def work(books: Books, store: AlertsStore) -> None:
        failing = Failing(store._database)
        watching = watch(failing, books.spending)
        await books.spending.follow(write_snapshot("scope: total, window: day, limit: 1, alert_at: [100%]"), NOW)
        books.record(spend(2))
        for _ in range(2):
            try:
                await watching.look(NOW)
            except OSError as error:
                assert str(error) == "the database is away"
        failing.fails = False
        await watching.look(NOW)
        assert await list_shares(store) == [("total", 1_000_000)]

    use(tmp_path, work)


class Listener:
    """Someone who is told, and takes nothing as long as there are faults."""

    def __init__(self, *faults: str) -> None:
        self.faults = list(faults)
        self.lines: list[int] = []
        self.told: list[int] = []

    def write_line(self, alert: Alert) -> None:
        self.lines.append(alert.what.share)

    async def call(self, alert: Alert) -> str:
        fault = self.faults.pop(0) if self.faults else ""
        if not fault:
            self.told.append(alert.what.share)
        return fault


async def note_one(store: AlertsStore) -> None:
    new = NewAlert("budget_threshold_warnings", "b", "total", "day", "UTC", "deny", 0, DAY_MS, 500_000, 10, 5)
    assert await store.add([new], NOW) == 1


def test_telling_is_tried_again_with_longer_waits_until_it_is_taken(tmp_path: Path) -> None:
    async def work(books: Books, store: AlertsStore) -> None:
        await note_one(store)
        listener = Listener("no answer", "it answered 500")
        teller = AlertTeller(store, "a", listener.write_line, listener.call)
        tried = []
        for second in range(60):
            before = len(listener.faults)
            await teller.tell_due(NOW + second * 1_000)
            if len(listener.faults) != before or listener.told:
                tried.append(second)
            if listener.told:
                break
        assert tried == [0, 5, 15]
        (alert,) = await store.list_newest(ALL)
        assert (alert.told_at_ms, alert.tries) == (NOW + 15_000, 3)
        # The log was told at once, and once.
        assert listener.lines == [500_000]

    use(tmp_path, work)


def test_after_a_day_it_is_given_up(tmp_path: Path) -> None:
    async def work(books: Books, store: AlertsStore) -> None:
        await note_one(store)
        listener = Listener(*["no answer"] * 1_000)
        teller = AlertTeller(store, "a", listener.write_line, listener.call)
        for minute in range(0, 24 * 60 + 60, 5):
            await teller.tell_due(NOW + minute * 60_000)
        (alert,) = await store.list_newest(ALL)
        assert alert.told_at_ms is None
        assert alert.given_up_at_ms is not None and alert.given_up_at_ms <= NOW + TOLD_WITHIN_MS
        assert 90 < alert.tries < 120

    use(tmp_path, work)


def test_what_a_dead_replica_held_is_told_by_another_one(tmp_path: Path) -> None:
    async def work(books: Books, store: AlertsStore) -> None:
        await note_one(store)
        # It died between claiming and telling.
        assert len(await store.claim("dead", NOW, LEASE_MS, 10)) == 1
        listener = Listener()
        teller = AlertTeller(store, "b", listener.write_line, listener.call)
        await teller.tell_due(NOW + LEASE_MS - 1)
        assert listener.told == []
        await teller.tell_due(NOW + LEASE_MS)
        assert (listener.told, listener.lines) == ([500_000], [500_000])

    use(tmp_path, work)


def test_two_replicas_tell_one_alert_once(tmp_path: Path) -> None:
    async def work(books: Books, store: AlertsStore) -> None:
        await note_one(store)
        listener = Listener()
        tellers = [AlertTeller(store, name, listener.write_line, listener.call) for name in "abcd"]
        await asyncio.gather(*(teller.tell_due(NOW) for teller in tellers))
        assert listener.told == [500_000]

    use(tmp_path, work)


def test_rows_say_where_a_budget_stands_and_what_it_will_come_to(tmp_path: Path) -> None:
    async def work(books: Books, store: AlertsStore) -> None:
        snapshot = write_snapshot("scope: total, window: day, limit: 10", "scope: 'user:*', window: month, limit: 5")
        await books.spending.follow(snapshot, NOW)
        (total, each) = list_budget_rows(books.spending.list_windows(NOW), snapshot, NOW)
        assert (total.stands_in, each.stands_in, each.scope) == ("budgets[0]", "budgets[1]", "user:*")
        books.record(spend(2, user="ada"), spend(6, user="bob"))
        rows = {row.scope: row for row in list_budget_rows(books.spending.list_windows(NOW), snapshot, NOW)}
        assert rows.keys() == {"total", "user:ada", "user:bob"}
        assert rows["user:bob"].state == "over" and rows["user:bob"].left_nusd == 0
        # At noon half of the day is over.
        assert rows["total"].forecast_nusd == 16_000_000_000 and rows["total"].share == 800_000

    use(tmp_path, work)
