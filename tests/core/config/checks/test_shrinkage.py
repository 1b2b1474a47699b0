"""A configuration that loses most of what is in force wants to be confirmed; ordinary changes do not."""

import pytest
from checking import compile_text

from pointsman.core.config.checks.shrinkage import find_shrinkage
from pointsman.core.config.snapshot import Snapshot


def build(agents: int, start: int = 0) -> Snapshot:
    """A snapshot with one model and some agents."""
    lines = "".join(f"  a{number}: {{model: m}}\n" for number in range(start, start + agents))
    document = "providers: {simulated: {}}\nmodels: {m: {provider: simulated, model_id: simulated-large}}\n"
    compiled = compile_text(document + (f"agents:\n{lines}" if agents else ""))
    assert compiled.snapshot is not None
    return compiled.snapshot


@pytest.mark.parametrize(
    ("before", "after", "is_suspicious"),
    [
        (9, 3, True),
        (9, 0, True),
        (9, 4, False),
        (9, 9, False),
        (8, 0, False),
        (2, 0, False),
        (40, 20, False),
        (40, 19, True),
    ],
)
def test_losing_more_than_half_of_ten_or_more(before: int, after: int, is_suspicious: bool) -> None:
    found = find_shrinkage(build(before), build(after), "pointsman.yaml")
    assert (found is not None) is is_suspicious
    if found is not None:
        assert (found.file, found.code, found.severity) == ("pointsman.yaml", "suspicious_shrink", "error")
        assert f"{before - after} of the {before + 1} models" in found.message


def test_new_entries_do_not_make_up_for_lost_ones_and_growth_is_fine() -> None:
    assert find_shrinkage(build(10), build(10, start=10), "pointsman.yaml") is not None
    assert find_shrinkage(build(10), build(40), "pointsman.yaml") is None
