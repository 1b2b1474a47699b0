"""Limits do what a reference of a hundred lines does, whatever order calls, ends, changes and the clock come in."""

import asyncio
from collections.abc import Mapping, Sequence

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from limits_reference import HARD, SOFT, Account, Reference, Request
from msgspec.structs import replace
from spending_books import put_charge

from pointsman.control.spending import Spending
from pointsman.core.config.snapshot import Budget, Snapshot
from pointsman.core.limits.claims import Claim, Place, Shortage
from pointsman.core.limits.held import Held
from pointsman.core.limits.payers import Payer
from pointsman.core.limits.scopes import CostQuestion
from pointsman.core.limits.tally import Tally
from pointsman.core.limits.windows import find_length
from pointsman.core.routing.outcome import Outcome
from storage.usage_examples import EXAMPLE

MINUTE_MS = 60_000
BASE = 20_000 * 86_400_000 - 75 * MINUTE_MS
"""A quarter past an hour, and then an hour before midnight."""

PAYERS = [Payer(team="red", user="ada"), Payer(team="red", user="bob"), Payer(team="blue"), Payer()]
PLACES = [Place("gpt", "openai", "cloud"), Place("other", "openai", "cloud"), Place("small", "house", "local")]
LIMITS = st.fixed_dictionaries(dict.fromkeys((*HARD, *SOFT), st.integers(1, 60) | st.just(500)))
amounts = st.integers(0, 25)


class NothingBefore:
    """A ledger that is empty, which is what these gateways begin with."""

    async def is_written(self, request_id: str) -> bool:
        return True

    async def sum_costs(
        self, questions: Sequence[CostQuestion], last_request_id: str | None
    ) -> list[Mapping[str, int]]:
        return [{} for _ in questions]


class LimitsMachine(RuleBasedStateMachine):
    """One replica beside the reference."""

    def __init__(self) -> None:
        super().__init__()
        self.spending = Spending(NothingBefore())
        self.at_ms = BASE
        self.held: dict[Request, Held] = {}
        self.highest = dict.fromkeys((*HARD, *SOFT), 0)
        self.reference = Reference({})
        self.set_limits(dict.fromkeys((*HARD, *SOFT), 500) | {("user", "*", "rolling_hour"): 40})

    @rule(limits=LIMITS)
    def set_limits(self, limits: dict[Account, int]) -> None:
        before = self.read()
        self.reference.limits = limits
        self.highest = {one: max(limit, limits[one]) for one, limit in self.highest.items()}
        budgets = [
            Budget(f"{kind} {name}", kind, name, window, limits[kind, name, window], on_exceed=end)
            for (kind, name, window), end in {**HARD, **SOFT}.items()
        ]
        asyncio.run(self.spending.follow(Snapshot("", "", {}, {}, budgets=tuple(budgets)), self.at_ms))
        assert not before or self.read() == before

    @rule(minutes=st.sampled_from([0, 1, 2, 30, 59, 60, 62, 119]))
    def set_clock(self, minutes: int) -> None:
        self.at_ms = BASE + minutes * MINUTE_MS

    @rule(payer=st.sampled_from(PAYERS), place=st.sampled_from(PLACES), most=st.none() | amounts)
    def admit(self, payer: Payer, place: Place, most: int | None) -> None:
        self.hold(Claim(payer, place, self.at_ms, 0, most, 0), None)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), place=st.sampled_from(PLACES), most=amounts)
    def call_again(self, data: st.DataObject, place: Place, most: int) -> None:
        request = self.end_call(data)
        claim = replace(request.claim, place=place, spent_nusd=request.may_have_cost, most_nusd=most)
        if not self.hold(claim, request):
            self.finish(request)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def ask_again_for_the_same(self, data: st.DataObject) -> None:
        request = data.draw(st.sampled_from(list(self.held)))
        before = self.read()
        if isinstance(self.spending.hold(request.claim, self.held[request]), Held):
            assert self.read() == before
        self.reference.hold(request.claim, request)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        self.finish(self.end_call(data))

    def hold(self, claim: Claim, request: Request | None) -> bool:
        """Ask both for a call; whether it may be made."""
        before = self.read()
        answer = self.spending.hold(claim, self.held[request] if request else None)
        admitted = self.reference.hold(claim, request)
        assert isinstance(answer, Held) == (admitted is not None)
        if admitted is None:
            assert isinstance(answer, Shortage) and self.read() == before
            return False
        assert answer.most_nusd == claim.spent_nusd + claim.most_nusd
        self.held[admitted] = answer
        return True

    def end_call(self, data: st.DataObject) -> Request:
        """A call of some request ends; it cost no more than was held for it."""
        request = data.draw(st.sampled_from(list(self.held)))
        most = request.claim.most_nusd or 0
        request.calls.append((request.claim.place, most, data.draw(st.none() | st.integers(0, most))))
        return request

    def finish(self, request: Request) -> None:
        self.reference.finish(request)
        costs = [cost for _, _, cost in request.calls]
        known, payer = sum(cost or 0 for cost in costs), request.claim.payer
        charges = [
            put_charge(cost, number, model=place.model, provider=place.provider, location=place.location)
            for number, (place, _, cost) in enumerate(request.calls, 1)
        ]
        outcome: Outcome = replace(
            EXAMPLE,
            at_ms=request.claim.at_ms,
            team=payer.team or "",
            user=payer.user or "",
            charges=tuple(charges),
            cost_nusd=None if None in costs else known,
        )
        self.spending.record(outcome)
        held = self.held.pop(request)
        for _ in range(2):
            self.spending.release(held, outcome.cost_nusd, 0, known)

    def list_tallies(self) -> list[tuple[Account, Tally]]:
        tallies = self.spending._index.tallies
        single = [((kind, name, window), tally) for (kind, name, window, _), tally in tallies.by_id.items()]
        each = [((kind, name, window), one) for (kind, _, window, _), all in tallies.each.items() for name, one in all]
        return [(account, tally) for account, tally in single + each if find_limit(account, self.highest) is not None]

    def read(self) -> dict[tuple[Account, int], tuple[int, int, int]]:
        """Every window that holds anything."""
        found = {
            (account, window.start_ms): (window.spent, window.held, window.unknown)
            for account, tally in self.list_tallies()
            for window in tally
        }
        return {key: sums for key, sums in found.items() if any(sums)}

    @invariant()
    def every_window_is_as_in_the_reference(self) -> None:
        found = self.read()
        keys = {key for key, _ in (*self.reference.spent, *self.reference.unknown)}
        keys |= {key for request in self.reference.open for key in request.holds}
        expected = {key: self.reference.read(key) for key in keys}
        assert found == {key: sums for key, sums in expected.items() if any(sums)}
        assert all(number >= 0 for sums in found.values() for number in sums)

    @invariant()
    def no_hard_budget_is_exceeded(self) -> None:
        for account, tally in self.list_tallies():
            limit = find_limit(account, self.highest)
            if find_limit(account, HARD) is not None:
                length_ms = find_length(account[2])
                for last in tally:
                    together = [one for one in tally if last.start_ms - length_ms <= one.start_ms <= last.start_ms]
                    # Of a place that only an earlier call went to, what its unknown cost may have been is no sum.
                    unknown = 0 if account[0] in ("model", "cloud") else sum(one.unknown for one in together)
                    assert sum(one.spent + one.held for one in together) + unknown <= limit

    def teardown(self) -> None:
        for request in list(self.held):
            request.calls.append((request.claim.place, request.claim.most_nusd or 0, 0))
            self.finish(request)
        assert all(held == 0 for _, held, _ in self.read().values())


def find_limit(account: Account, limits: Mapping[Account, object]) -> object:
    """What is said of an account, by itself or as one of all of its kind."""
    kind, _, window = account
    return limits.get(account, limits.get((kind, "*", window)))


LimitsMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestLimitsAreAsInTheReference = LimitsMachine.TestCase
