"""Two replicas over one store keep hard budgets together, whatever order calls, answers, rows and limits come in."""

import asyncio
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from limits_reference import HARD, SOFT
from msgspec.structs import replace
from shared_memory import MemoryAllowances, SharedMemory
from spending_books import put_charge
from test_limits_model import BASE, LIMITS, MINUTE_MS, PAYERS, PLACES, NothingBefore, amounts

from pointsman.control.spending import Spending
from pointsman.core.config.snapshot import Budget, Snapshot
from pointsman.core.limits.claims import Claim, Place, Shortage
from pointsman.core.limits.held import Held
from pointsman.core.limits.payers import Payer
from pointsman.core.limits.shared_tally import SharedWindow
from pointsman.core.limits.windows import find_length
from pointsman.core.money_ports import AccountId
from pointsman.core.routing.outcome import Outcome
from storage.usage_examples import EXAMPLE


@dataclass(eq=False)
class Call:
    """One that is under way."""

    claim: Claim
    held: Held


@dataclass(eq=False)
class Node:
    """A replica: its calls, and what it has recorded and not yet written."""

    name: str
    shared: SharedMemory
    now_ns: int = 1
    calls: list[Call] = field(default_factory=list)
    waiting: list[Outcome] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = MemoryAllowances(self.shared, self.name)
        self.spending = Spending(NothingBefore(), clock_ns=lambda: self.now_ns, shared=self.store)

    def write(self) -> None:
        """All rows that wait are committed, and the loop hears of it."""
        rows, self.waiting = self.waiting, []
        self.shared.book_outcomes(self.name, rows)
        self.spending.note_written(rows)

    @property
    def windows(self) -> list[SharedWindow]:
        return list(self.spending._shared.money.sums.windows.values())


class SharedMachine(RuleBasedStateMachine):
    """Two replicas; requests make one call each."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = SharedMemory()
        self.nodes = [Node("a", self.shared), Node("b", self.shared)]
        self.at_ms = BASE
        self.number = 0
        self.highest = dict.fromkeys(HARD, 0)
        self.set_limits(dict.fromkeys((*HARD, *SOFT), 100))

    @rule(limits=LIMITS)
    def set_limits(self, limits: dict[tuple[str, str, str], int]) -> None:
        self.highest = {one: max(limit, limits[one]) for one, limit in self.highest.items()}
        budgets = [
            Budget(f"{kind} {name}", kind, name, window, limits[kind, name, window], on_exceed=end)
            for (kind, name, window), end in {**HARD, **SOFT}.items()
        ]
        snapshot = Snapshot("", "", {}, {}, budgets=tuple(budgets))
        for node in self.nodes:
            asyncio.run(node.spending.follow(snapshot, self.at_ms))

    @rule(minutes=st.sampled_from([0, 1, 2, 30, 59, 60, 62, 119]))
    def set_clock(self, minutes: int) -> None:
        self.at_ms = BASE + minutes * MINUTE_MS

    @rule(seconds=st.sampled_from([1, 100]))
    def pass_time(self, seconds: int) -> None:
        for node in self.nodes:
            node.now_ns += seconds * 10**9

    @rule(
        node=st.sampled_from([0, 1]),
        payer=st.sampled_from(PAYERS),
        place=st.sampled_from(PLACES),
        most=amounts,
        meanwhile=st.sampled_from(["", "before", "after"]),
    )
    def admit(self, node: int, payer: Payer, place: Place, most: int, meanwhile: str) -> None:
        mine = self.nodes[node]
        if meanwhile:
            setattr(mine.store, meanwhile, mine.write)
        claim = Claim(payer, place, self.at_ms, 0, most, 0)
        answer = asyncio.run(ask(mine.spending, claim))
        mine.store.before = mine.store.after = None
        if isinstance(answer, Held):
            assert answer.most_nusd == most
            mine.calls.append(Call(claim, answer))

    @precondition(lambda self: any(node.calls for node in self.nodes))
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        node = data.draw(st.sampled_from([node for node in self.nodes if node.calls]))
        call = data.draw(st.sampled_from(node.calls))
        self.finish(node, call, data.draw(st.none() | st.integers(0, call.claim.most_nusd or 0)))

    @precondition(lambda self: any(node.calls for node in self.nodes))
    @rule(data=st.data(), most=amounts)
    def raise_hold(self, data: st.DataObject, most: int) -> None:
        node = data.draw(st.sampled_from([node for node in self.nodes if node.calls]))
        call = data.draw(st.sampled_from(node.calls))
        claim = replace(call.claim, most_nusd=(call.claim.most_nusd or 0) + most)
        if isinstance(asyncio.run(ask(node.spending, claim, call.held)), Held):
            call.claim = claim

    def finish(self, node: Node, call: Call, cost: int | None) -> None:
        claim, self.number = call.claim, self.number + 1
        node.calls.remove(call)
        place, payer = claim.place, claim.payer
        charge = put_charge(cost, 1, model=place.model, provider=place.provider, location=place.location)
        outcome = replace(
            EXAMPLE,
            request_id=f"request {self.number}",
            at_ms=claim.at_ms,
            team=payer.team or "",
            user=payer.user or "",
            charges=(charge,),
            cost_nusd=cost,
        )
        node.spending.record(outcome)
        node.spending.release(call.held, cost, 0)
        node.waiting.append(outcome)

    @rule(node=st.sampled_from([0, 1]))
    def write(self, node: int) -> None:
        self.nodes[node].write()

    @rule(node=st.sampled_from([0, 1]))
    def look(self, node: int) -> None:
        asyncio.run(self.nodes[node].spending._shared.look(self.at_ms))

    @rule(node=st.sampled_from([0, 1]))
    def fill_up(self, node: int) -> None:
        asyncio.run(self.nodes[node].spending._shared.money.fill_up())

    @rule(is_away=st.booleans())
    def lose_the_store(self, is_away: bool) -> None:
        self.shared.is_away = is_away

    @invariant()
    def nobody_believes_to_have_more_than_the_store_says(self) -> None:
        for node in self.nodes:
            for window in node.windows:
                assert window.part <= self.shared.slices[window.id, node.name]
                assert window.part >= 0 and window.held >= 0 and window.unflushed >= 0

    @invariant()
    def no_hard_budget_is_exceeded(self) -> None:
        used: dict[AccountId, dict[int, int]] = {}
        for window in self.shared.ends:
            used.setdefault(window[0], {})[window[1]] = self.shared.spent(window)
        for node in self.nodes:
            for window in node.windows:
                account, start_ms = window.id
                steps = used.setdefault(account, {})
                steps[start_ms] = steps.get(start_ms, 0) + window.unflushed + window.held + window.unknown
        for (kind, name, window, _), steps in used.items():
            limit = self.highest.get((kind, name, window), self.highest.get((kind, "*", window)))
            for last in steps if limit is not None else ():
                since_ms = last - find_length(window)
                assert sum(n for start_ms, n in steps.items() if since_ms <= start_ms <= last) <= limit

    def teardown(self) -> None:
        """At the end nothing is held but what nobody knows the cost of, and the rest is there for whoever asks."""
        self.shared.is_away = False
        for node in self.nodes:
            for call in list(node.calls):
                self.finish(node, call, 0)
            node.write()
            asyncio.run(node.spending.leave_shared(self.at_ms))
            asyncio.run(node.store.renew())
        unknown: dict[object, int] = {}
        for node in self.nodes:
            for window in node.windows:
                assert (window.held, window.unflushed, window.part) == (0, 0, window.unknown)
                unknown[window.id] = unknown.get(window.id, 0) + window.unknown
        for window in self.shared.ends:
            assert self.shared.shared_out(window) == unknown.get(window, 0)


async def ask(spending: Spending, claim: Claim, former: Held | None = None) -> Held | Shortage | None:
    """As the relay does."""
    answer = spending.hold(claim, former)
    for _ in range(3):
        if not isinstance(answer, Shortage) or not answer.can_wait or not await spending.fetch(claim, answer):
            break
        answer = spending.hold(claim, former)
    assert not (isinstance(answer, Shortage) and answer.can_wait)
    return answer


SharedMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestReplicasKeepBudgetsTogether = SharedMachine.TestCase
