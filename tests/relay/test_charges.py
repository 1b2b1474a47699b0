"""Charges add up in any order, and a sum is never surer than its least sure part."""

from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.chat.usage import Usage
from pointsman.relay.charges import Charge, add_charges, charge_model, estimate_usage
from relay.scripted import model

COUNTS = st.integers(0, 10**6)
USAGES = st.none() | st.builds(Usage, COUNTS, COUNTS, COUNTS, COUNTS)
CHARGES = st.builds(
    charge_model,
    st.sampled_from([model("one"), model("unpriced", None)]),
    USAGES,
    USAGES,
    maybe_billed=st.booleans(),
)


@given(CHARGES, CHARGES, CHARGES)
def test_charges_add_up_in_any_order(one: Charge, two: Charge, three: Charge) -> None:
    total = add_charges(add_charges(one, two), three)
    assert total == add_charges(three, add_charges(two, one))
    costs = [charge.cost_nusd for charge in (one, two, three)]
    assert total.cost_nusd == (None if None in costs else sum(cost or 0 for cost in costs))
    assert (total.cost_nusd is None) == (total.status == "unknown")


@given(CHARGES)
def test_what_cost_nothing_changes_nothing(charge: Charge) -> None:
    assert add_charges(charge, Charge(None, 0, "none")) == charge


@given(COUNTS, COUNTS)
def test_an_estimate_is_rounded_up(prompt_bytes: int, content_bytes: int) -> None:
    usage = estimate_usage(prompt_bytes, content_bytes)
    assert 0 <= usage.input_tokens * 4 - prompt_bytes < 4 and 0 <= usage.output_tokens * 4 - content_bytes < 4
