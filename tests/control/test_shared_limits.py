"""What one replica does with limits that it shares: it uses what it was given, asks for what it lacks, gives back."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace
from shared_memory import MemoryAllowances, SharedMemory
from spending_books import put_charge, spend
from test_limits import ADA, GPT, NOW, SMALL, Ledger, claim

from pointsman.control.spending import Spending
from pointsman.core.config.snapshot import Budget, RateLimit, Snapshot
from pointsman.core.limits.claims import Claim, Shortage
from pointsman.core.limits.held import Held
from pointsman.core.money_ports import Granted, Share
from pointsman.core.routing.ledger_entry import list_entries
from pointsman.core.routing.outcome import Outcome

SECOND_NS = 10**9
DAY = ("total", "", "day", "UTC")


@dataclass
class Replica:
    """One, with a clock that stands still until it is told otherwise."""

    shared: SharedMemory = field(default_factory=SharedMemory)
    node: str = "a"
    now_ns: int = 1

    def __post_init__(self) -> None:
        self.store = MemoryAllowances(self.shared, self.node)
        self.spending = Spending(Ledger(), clock_ns=lambda: self.now_ns, shared=self.store)

    def follow(self, *budgets: Budget, limits: Sequence[RateLimit] = ()) -> "Replica":
        snapshot = Snapshot("", "", {}, {}, budgets=budgets, limits=tuple(limits))
        asyncio.run(self.spending.follow(snapshot, NOW))
        return self

    def ask(self, wanted: Claim, former: Held | None = None) -> Held | Shortage:
        answer = asyncio.run(ask(self.spending, wanted, former))
        assert answer is not None
        return answer

    def take(self, wanted: Claim, former: Held | None = None) -> Held:
        answer = self.ask(wanted, former)
        assert isinstance(answer, Held), answer
        return answer

    def refuse(self, wanted: Claim) -> Shortage:
        answer = self.ask(wanted)
        assert isinstance(answer, Shortage), answer
        return answer

    def end(self, held: Held, nusd: int) -> Outcome:
        """A request ends and cost so much; its row waits."""
        outcome = replace(spend(0), charges=(put_charge(nusd),), cost_nusd=nusd)
        self.spending.record(outcome)
        self.spending.release(held, nusd, 0)
        return outcome

    def write(self, *outcomes: Outcome) -> None:
        self.shared.book_outcomes(self.node, outcomes)
        self.spending.note_written(outcomes)

    def look(self) -> None:
        asyncio.run(self.spending._shared.look(NOW))

    def slice(self) -> int:
        return self.shared.slices[(DAY, NOW - NOW % 86_400_000), self.node]


async def ask(spending: Spending, wanted: Claim, former: Held | None = None) -> Held | Shortage | None:
    """As the relay does."""
    answer = spending.hold(wanted, former)
    for _ in range(3):
        if not isinstance(answer, Shortage) or not answer.can_wait or not await spending.fetch(wanted, answer):
            break
        answer = spending.hold(wanted, former)
    return answer


def budget(limit: int, **fields: object) -> Budget:
    values: dict[str, object] = {"name": "all", "scope_kind": "total", "scope_name": "", "window": "day"}
    return Budget(**{**values, "limit_nusd": limit, **fields})  # type: ignore[arg-type]


def nusd(amount: int, **fields: object) -> Claim:
    return replace(claim(0, **fields), most_nusd=amount)  # type: ignore[arg-type]


def two(*budgets: Budget, **more: object) -> tuple[Replica, Replica]:
    shared = SharedMemory()
    return (
        Replica(shared, "a").follow(*budgets, **more),  # type: ignore[arg-type]
        Replica(shared, "b").follow(*budgets, **more),  # type: ignore[arg-type]
    )


def test_near_a_limit_each_gets_exactly_what_it_needs() -> None:
    a, b = two(budget(10))
    held = a.take(nusd(6))
    assert a.slice() == 6
    shortage = b.refuse(nusd(5))
    assert (shortage.of, shortage.left, shortage.limit, shortage.retry_after_s) == ("money", 4, 10, 1)
    assert not shortage.can_wait
    b.take(nusd(4))
    outcome = a.end(held, 5)
    assert isinstance(a.take(nusd(1)), Held), "what was not used is free at once"
    a.write(outcome)
    assert a.slice() == 1 and a.shared.spent((DAY, NOW - NOW % 86_400_000)) == 5


def test_far_from_the_limit_the_store_is_asked_once_for_many_calls() -> None:
    a, _ = two(budget(10**9))
    for _ in range(2):
        a.take(nusd(100))
    asked = a.shared.asked
    for _ in range(15):
        a.take(nusd(100))
    assert a.shared.asked == asked and a.slice() > 17 * 100


def test_what_runs_low_is_filled_up_beside_the_requests() -> None:
    a, _ = two(budget(10**6))
    for _ in range(2):
        a.take(nusd(100))
    asyncio.run(a.spending._shared.money.fill_up())
    while not a.spending._shared.standing.low:
        assert isinstance(a.spending.hold(nusd(100)), Held)
    before = a.slice()
    asyncio.run(a.spending._shared.money.fill_up())
    assert a.slice() >= before + 2_000


def test_a_raise_asks_for_what_is_missing_alone() -> None:
    a, _ = two(budget(10))
    held = a.take(nusd(6))
    assert a.take(nusd(9), held) is held
    assert a.slice() == 9
    assert isinstance(a.ask(nusd(11), held), Shortage) and held.most_nusd == 9


def test_many_at_once_wait_for_one_answer() -> None:
    a, _ = two(budget(10**6))

    async def run() -> list[Held | Shortage | None]:
        await ask(a.spending, nusd(1))
        before = a.shared.asked
        answers = await asyncio.gather(*(ask(a.spending, nusd(50_000)) for _ in range(16)))
        assert a.shared.asked - before == 1
        return answers

    assert all(isinstance(answer, Held) for answer in asyncio.run(run()))


def test_what_others_spend_shows_within_a_look() -> None:
    a, b = two(budget(100), budget(8, name="soft", on_exceed="cheaper"))
    a.write(a.end(a.take(nusd(9)), 9))
    assert b.spending.look(NOW, ADA).cheaper is None
    b.look()
    assert b.spending.look(NOW, ADA).cheaper == "soft"
    assert {(use.name, use.spent_nusd, use.granted_nusd) for use in b.spending.list_windows(NOW)} == {
        ("all", 9, 0),
        ("soft", 9, 0),
    }


def test_without_the_store_what_was_given_is_used_and_no_more() -> None:
    a, _ = two(budget(10**6))
    for _ in range(2):
        a.take(nusd(100))
    a.shared.is_away = True
    free = a.spending.list_windows(NOW)[0].granted_nusd - 200
    for _ in range(free // 100):
        assert isinstance(a.spending.hold(nusd(100)), Held)
    shortage = a.refuse(nusd(100))
    assert (shortage.of, shortage.can_wait, shortage.name) == ("store", False, "all")
    asked = a.shared.asked
    assert a.refuse(nusd(100)).of == "store" and a.shared.asked == asked, "it is left alone for a second"
    a.shared.is_away = False
    a.now_ns += SECOND_NS
    a.take(nusd(100))


def test_nothing_is_used_after_the_lease_and_all_of_it_once_it_is_renewed() -> None:
    a, _ = two(budget(10**6))
    for _ in range(2):
        a.take(nusd(100))
    a.shared.is_away = True
    a.now_ns += 120 * SECOND_NS
    assert a.refuse(nusd(100)).of == "store"
    a.shared.is_away = False
    a.now_ns += SECOND_NS
    before = a.slice()
    a.take(nusd(100))
    assert a.slice() == before


def test_a_replica_that_was_forgotten_asks_for_everything_anew() -> None:
    a, b = two(budget(10))
    a.take(nusd(6))
    a.shared.slices.clear()
    a.store.is_known = False
    a.now_ns += 120 * SECOND_NS
    assert a.refuse(nusd(1)).of == "store"
    a.store.is_known = True
    a.now_ns += SECOND_NS
    a.take(nusd(1))
    assert a.slice() == 7, "what calls under way hold is asked for again"
    assert b.refuse(nusd(4)).left == 3


def test_what_nobody_uses_goes_back_after_ten_looks() -> None:
    a, b = two(budget(10**6))
    for _ in range(2):
        a.spending.release(a.take(nusd(100)), 0, 0)
    for _ in range(10):
        a.look()
        assert a.slice() > 0
    a.look()
    assert a.slice() == 0
    b.take(nusd(10**6))


def test_a_lower_limit_takes_away_what_was_given_under_the_higher_one() -> None:
    a, b = two(budget(10**6))
    for _ in range(2):
        a.spending.release(a.take(nusd(100)), 0, 0)
    for one in (a, b):
        one.follow(budget(150))
    assert a.spending.list_windows(NOW)[0].granted_nusd == 0
    a.look()
    b.take(nusd(100))
    assert a.refuse(nusd(51)).left == 50


def test_answers_that_cross_with_rows_never_leave_more_than_the_store_gave() -> None:
    for when in ("before", "after"):
        a = Replica().follow(budget(1_000))
        held = a.take(nusd(10))
        outcome = a.end(held, 40)
        setattr(a.store, when, lambda a=a, outcome=outcome: a.write(outcome))
        last = a.take(nusd(20))
        a.store.before = a.store.after = None
        assert a.spending.list_windows(NOW)[0].granted_nusd <= a.slice()
        assert a.shared.spent((DAY, NOW - NOW % 86_400_000)) == 40
        a.write(a.end(last, 5))
        asyncio.run(a.spending.leave_shared(NOW))
        assert a.slice() == 0, "and what the store has on top goes back, too"


def test_a_row_of_before_a_budget_lowers_the_part_that_the_store_took_it_from() -> None:
    a = Replica().follow()
    outcome = replace(spend(0), team="red", charges=(put_charge(30),), cost_nusd=30)
    a.spending.record(outcome)
    team = budget(100, name="team", scope_kind="team", scope_name="red")
    a.follow(team)
    a.take(nusd(60))
    a.write(outcome)
    assert a.spending.list_windows(NOW)[0].granted_nusd == 30
    a.take(nusd(10))
    assert a.refuse(nusd(1)).of == "money", "30 are spent and 70 held"


def test_a_budget_of_one_name_and_one_of_all_names_count_in_one_window() -> None:
    each = budget(50, name="each", scope_kind="user", scope_name="*")
    ada = budget(40, name="ada", scope_kind="user", scope_name="ada")
    a, b = two(each, ada)
    held = a.take(nusd(30))
    assert b.refuse(nusd(11)).name == "ada"
    outcome = replace(a.end(held, 0), request_id="again", user="ada", charges=(put_charge(25),), cost_nusd=25)
    a.spending.record(outcome)
    a.write(outcome)
    assert {use.name: use.spent_nusd for use in a.spending.list_windows(NOW)} == {"ada": 25, "each": 25}
    for one in (a, b):
        one.look()
        one.follow(each)
    b.take(nusd(25))
    assert b.refuse(nusd(1)).name == "each"


def test_where_a_lower_limit_holds_elsewhere_it_holds_for_the_part() -> None:
    a, _ = two(budget(100, name="deny"), budget(40, name="local", on_exceed="local_only"))
    a.take(nusd(40))
    assert a.refuse(nusd(1, place=GPT)).name == "local"
    assert a.refuse(nusd(1, place=SMALL)).name == "local"
    assert isinstance(a.take(nusd(0, place=SMALL)), Held), "what costs nothing needs no part"


def test_a_correction_counts_at_once_and_lowers_no_spending_that_waits() -> None:
    a, _ = two(budget(100))
    outcome = a.end(a.take(nusd(10)), 10)
    entry = next(list_entries(replace(outcome, request_id="old")))
    corrections = [replace(entry, kind="adjust:1", cost_nusd=60), replace(entry, kind="adjust:2", cost_nusd=-20)]
    a.shared.book("a", corrections)
    a.spending.count_entries(corrections)
    assert a.spending.list_windows(NOW)[0].spent_nusd == 50
    a.write(outcome)
    a.look()
    assert a.spending.list_windows(NOW)[0].spent_nusd == 50
    a.take(nusd(50))
    assert a.refuse(nusd(1)).of == "money"


def test_a_request_whose_cost_nobody_knows_keeps_its_part() -> None:
    a, b = two(budget(10))
    held = a.take(nusd(6))
    a.spending.release(held, None, 0)
    asyncio.run(a.spending.leave_shared(NOW))
    assert a.slice() == 6 and b.refuse(nusd(5)).of == "money"


def test_places_among_calls_are_shared() -> None:
    limit = RateLimit("few", "total", "", concurrent=3)
    a, b = two(limits=[limit])
    held = [a.take(nusd(0)) for _ in range(2)]
    b.take(nusd(0))
    shortage = b.refuse(nusd(0))
    assert (shortage.of, shortage.limit, shortage.can_wait) == ("concurrency", 3, False)
    for one in held:
        a.spending.release(one, 0, 0)
    a.look()
    assert sum(a.shared.places.values()) == 3, "they have only just been used"
    a.look()
    b.now_ns += SECOND_NS
    b.take(nusd(0))
    assert a.spending.limits_in_use()[0].places == 0


def test_permits_are_shared_and_lapse() -> None:
    limit = RateLimit("slow", "total", "", requests_per_minute=12)
    a, b = two(limits=[limit])
    a.take(nusd(0))
    b.take(nusd(0))
    shortage = a.refuse(nusd(0))
    assert (shortage.of, shortage.retry_after_s, shortage.can_wait) == ("requests", 2, False)
    a.now_ns += 3 * SECOND_NS
    assert a.refuse(nusd(0)).of == "requests", "the store has none either"


def test_tokens_that_were_not_used_go_back_to_where_they_came_from() -> None:
    limit = RateLimit("words", "total", "", tokens_per_minute=1_000)
    a, b = two(limits=[limit])
    held = a.take(replace(nusd(0), tokens=800))
    assert b.refuse(replace(nusd(0), tokens=300)).of == "tokens"
    a.spending.release(held, 0, 100)
    assert isinstance(a.spending.hold(replace(nusd(0), tokens=700)), Held), "they are still of use here"
    a.now_ns += 2 * SECOND_NS
    late = a.take(replace(nusd(0), tokens=200))
    a.now_ns += 2 * SECOND_NS
    a.spending.release(late, 0, 50)
    a.look()
    assert a.shared.permits["total:|words", "tokens"] == 150, "too late for here, so the store has them"


def test_rates_without_the_store_are_refused_for_a_second() -> None:
    a, _ = two(limits=[RateLimit("slow", "total", "", requests_per_minute=12)])
    a.shared.is_away = True
    assert a.refuse(nusd(0)).of == "store"


class Slow(MemoryAllowances):
    """A store that answers when it is told to."""

    def __init__(self, shared: SharedMemory) -> None:
        super().__init__(shared, "slow")
        self.answers = asyncio.Event()

    async def acquire(self, wishes: Sequence[Share]) -> Sequence[Granted]:
        await self.answers.wait()
        return await super().acquire(wishes)


def test_who_gives_up_waiting_leaves_what_comes_for_others() -> None:
    async def run() -> None:
        store = Slow(SharedMemory())
        spending = Spending(Ledger(), shared=store)
        await spending.follow(Snapshot("", "", {}, {}, budgets=(budget(10),)), NOW)
        asking = asyncio.create_task(ask(spending, nusd(4)))
        while not spending._shared.money.flights._under_way:
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking])
        store.answers.set()
        await spending._shared.money.flights.close()
        assert isinstance(spending.hold(nusd(4)), Held)

    asyncio.run(run())
