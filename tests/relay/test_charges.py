"""Charges add up in any order, and a sum is never surer than its least sure part."""

from collections.abc import Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.chat.usage import Usage
from pointsman.core.routing.outcome import AttemptCharge, ChargeKind
from pointsman.relay.charges import Charge, charge_model, estimate_usage, sum_charges
from relay.scripted import model

COUNTS = st.integers(0, 10**6)
USAGES = st.none() | st.builds(Usage, COUNTS, COUNTS, COUNTS, COUNTS)
CHARGES = st.builds(charge_model, st.sampled_from([model("one").prices, None]), USAGES, USAGES)


def book(charge: Charge, kind: ChargeKind = "charge") -> AttemptCharge:
    status = charge.status
    return AttemptCharge(1, "one", "p", "one", "cloud", "answer", charge.usage, charge.cost_nusd, status, kind=kind)


def add(*charges: Charge) -> Charge:
    return sum_charges([book(charge) for charge in charges])


@given(st.lists(CHARGES, max_size=4), st.randoms(use_true_random=False))
def test_charges_add_up_in_any_order(charges: Sequence[Charge], dice: Random) -> None:
    total, shuffled = add(*charges), list(charges)
    dice.shuffle(shuffled)
    assert total == add(*shuffled)
    costs = [charge.cost_nusd for charge in charges]
    assert total.cost_nusd == (None if None in costs else sum(cost or 0 for cost in costs))
    assert (total.cost_nusd is None) == (total.status == "unknown")


@given(CHARGES)
def test_what_cost_nothing_changes_nothing(charge: Charge) -> None:
    assert add(charge, Charge(None, 0, "none")) == charge == add(charge)


@given(CHARGES)
def test_what_may_be_billed_counts_nowhere_and_makes_what_is_otherwise_nothing_unknown(charge: Charge) -> None:
    billed = book(Charge(Usage(9, 0), 9, "estimated"), "possibly_billed")
    total = sum_charges([billed, book(charge)])
    assert total == (charge if charge.status != "none" else Charge(None, None, "unknown"))


@given(COUNTS, COUNTS)
def test_an_estimate_is_rounded_up(prompt_bytes: int, content_bytes: int) -> None:
    usage = estimate_usage(prompt_bytes, content_bytes)
    assert 0 <= usage.input_tokens * 4 - prompt_bytes < 4 and 0 <= usage.output_tokens * 4 - content_bytes < 4
