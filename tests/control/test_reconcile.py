"""What budgets go by is what the ledger has; where it is not, that is told after a second look, and nothing changes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

from spending_books import NOW, USD, Books, put_charge, run_gateway, spend, write_snapshot

from both_databases import change_stored
from pointsman.control.budget_rows import count_windows
from pointsman.control.reconcile import Counted, Reconciler, TallyComparison
from pointsman.core.limits.alerts import NewAlert
from pointsman.core.limits.drift import Compared
from pointsman.storage.database import open_database
from pointsman.storage.spending_reader import SpendingReader
from pointsman.storage.window_sums import SharedWindowComparison
from real_postgres import postgres_url as postgres_url

BUDGETS = (
    "scope: total, window: day, limit: 100, time_zone: Europe/Berlin",
    "scope: 'user:*', window: month, limit: 100",
    "scope: 'provider:openai', window: rolling_day, limit: 100",
    "scope: 'tag:nightly', window: week, limit: 100, on_exceed: alert",
)


def use(path: Path, work: Callable[[Books, Reconciler, list[NewAlert], str], Awaitable[None]]) -> None:
    file = path / "pointsman.db"

    async def run(books: Books) -> None:
        database = await open_database(f"sqlite:///{file}")
        raised: list[NewAlert] = []

        async def raise_alert(new: NewAlert) -> None:
            raised.append(new)

        def count(at_ms: int) -> Counted:
            return count_windows(books.spending.list_windows(at_ms), books.spending.last_request_id)

        comparison = TallyComparison(count, SpendingReader(database))
        try:
            reconciler = Reconciler(comparison, raise_alert, lambda: NOW, confirm_after_s=0.0)
            await work(books, reconciler, raised, f"sqlite:///{file}")
        finally:
            await database.close()

    run_gateway(file, run)


def test_books_that_agree_say_nothing(tmp_path: Path) -> None:
    async def work(books: Books, reconciler: Reconciler, raised: list[NewAlert], url: str) -> None:
        await books.spending.follow(write_snapshot(*BUDGETS), NOW)
        assert reconciler.drift_nusd is None
        for each in range(50):
            further = (
                (put_charge(USD // 7, model="gpt-4o", provider="openai", location="cloud"),) if each % 3 == 0 else ()
            )
            books.record(spend(each / 1_000, NOW - each * 3_600_000, further, user=f"u{each % 4}", tags=("nightly",)))
        assert await reconciler.reconcile() == ()
        assert [reconciler.drift_nusd] == [0]
        assert raised == []

    use(tmp_path, work)


def test_entries_that_are_gone_are_told_and_nothing_is_corrected(tmp_path: Path) -> None:
    async def work(books: Books, reconciler: Reconciler, raised: list[NewAlert], url: str) -> None:
        await books.spending.follow(write_snapshot(*BUDGETS), NOW)
        books.record(spend(1, user="ada"), spend(2, user="bob"))
        await reconciler.reconcile()
        change_stored(url, "DELETE FROM ledger WHERE \"user\" = 'bob'")
        differing = {(one.kind, one.name): one.drift_nusd for one in await reconciler.reconcile()}
        assert differing == {("total", ""): 2 * USD, ("user", "bob"): 2 * USD}
        assert reconciler.drift_nusd == 4 * USD
        assert {(one.kind, one.scope, one.limit_nusd, one.spent_nusd) for one in raised} == {
            ("ledger_drift", "total", USD, 3 * USD),
            ("ledger_drift", "user:bob", 0, 2 * USD),
        }
        assert sum(use.spent_nusd for use in books.spending.list_windows(NOW) if use.scope == ("total", "")) == 3 * USD

    use(tmp_path, work)


class Scripted:
    """A comparison that finds one thing after the other."""

    def __init__(self, *found: Sequence[Compared] | None) -> None:
        self.found = list(found)

    async def compare(self, now_ms: int) -> Sequence[Compared] | None:
        return self.found.pop(0)


def test_only_what_two_looks_find_alike_counts() -> None:
    one = Compared("total", "", "day", "UTC", 0, 86_400_000, 5, 3)
    raised: list[NewAlert] = []

    async def raise_alert(new: NewAlert) -> None:
        raised.append(new)

    async def look(*found: Sequence[Compared] | None) -> tuple[int, int | None]:
        reconciler = Reconciler(Scripted(*found), raise_alert, lambda: NOW, confirm_after_s=0.0)
        return len(await reconciler.reconcile()), reconciler.drift_nusd

    assert asyncio.run(look([one], [])) == (0, 0)
    assert asyncio.run(look([one], [replace(one, ledger_nusd=4)])) == (0, 0)
    assert asyncio.run(look(None)) == (0, None)
    assert asyncio.run(look([one], None)) == (0, None)
    assert raised == []
    assert asyncio.run(look([one], [one])) == (1, 2)
    assert len(raised) == 1


def test_shared_windows_are_compared_with_the_ledger_in_one_statement(postgres_url: str) -> None:
    entry = (
        'INSERT INTO ledger (request_id, attempt, kind, at_ms, booked_at_ms, agent, interaction, task, team, "user",'
        " key_id, experiment, session, tags, model, provider, upstream_model, location, operation, part, failure,"
        " cost_nusd, status, prices) VALUES ('{id}', 1, '{kind}', {at}, 0, 'a', '', '', '', 'ada', '', '', '',"
        " '[\"x\"]', 'm', 'p', 'm', 'cloud', 'chat', 'answer', '', {cost}, 'actual', '')"
    )
    accounts = ["total", "cloud", "user:ada", "user:bob", "tag:x", "tag:y", "model:m", "agent:a"]
    statements = [
        entry.format(id="r1", kind="charge", at=50, cost=7),
        entry.format(id="r2", kind="possibly_billed", at=50, cost=100),
        entry.format(id="r3", kind="charge", at=100, cost=9),
    ]
    for number, account in enumerate(accounts, 1):
        kind, _, name = account.partition(":")
        spent = 0 if account in ("user:bob", "tag:y") else 7
        statements += [
            f"INSERT INTO allowance_accounts VALUES ({number}, '{kind}', '{name}', 'day', 'UTC')",
            f"INSERT INTO allowance_windows VALUES ({number}, {number}, 0, 100, {spent}, 1)",
        ]
    change_stored(postgres_url, *statements)

    async def compare() -> list[tuple[str, str, int]]:
        database = await open_database(postgres_url)
        try:
            found = await SharedWindowComparison(database).compare(60)
            return [(one.kind, one.name, one.drift_nusd) for one in found]
        finally:
            await database.close()

    assert asyncio.run(compare()) == []
    change_stored(postgres_url, "UPDATE allowance_windows SET spent = spent + 2 WHERE account_id IN (3, 5)")
    assert asyncio.run(compare()) == [("user", "ada", 2), ("tag", "x", 2)]
