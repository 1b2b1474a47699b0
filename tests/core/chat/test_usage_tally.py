"""F43 to F47: what is reported twice is never added up, and what cannot be is not believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.chat.usage import (
    FurtherCounts,
    Usage,
    UsageTally,
    add_usage,
    raise_usage,
    reports_usage,
    restore_further,
    write_further,
)
from pointsman.core.pricing.judge_usage import judge_usage

COUNT = st.integers(0, 1_000)
FURTHER = st.none() | st.builds(FurtherCounts, *[COUNT] * len(FurtherCounts.__struct_fields__))
USAGE = st.builds(Usage, COUNT, COUNT, COUNT, COUNT, COUNT, FURTHER)
ESTIMATE = Usage(7, 7)


def _tally(*reports: Usage | None) -> UsageTally:
    tally = UsageTally()
    for report in reports:
        tally.take(report)
    return tally


def test_counts_that_grow_are_one_usage() -> None:
    tally = _tally(None, Usage(10, 1), Usage(10, 5), Usage(10, 9))
    assert tally.usage == Usage(10, 9) and not tally.has_conflict and not tally.is_rejected


def test_of_two_that_contradict_each_other_the_larger_counts_stand() -> None:
    tally = _tally(Usage(10, 9), Usage(12, 5))
    assert tally.usage == Usage(12, 9) and tally.has_conflict


def test_only_the_last_two_count() -> None:
    assert _tally(Usage(99, 1), Usage(10, 2), Usage(10, 3)).usage == Usage(10, 3)


def test_zero_that_is_said_is_zero() -> None:
    tally = _tally(Usage(0, 0))
    assert tally.usage == Usage(0, 0)
    assert judge_usage(tally.usage, ESTIMATE, 100).usage == Usage(0, 0)
    assert judge_usage(tally.usage, ESTIMATE, 100).is_reported


def test_what_could_not_be_read_is_noted_and_what_was_missing_is_not() -> None:
    tally = UsageTally()
    assert tally.take(None, None) is None and not tally.is_rejected
    assert tally.take(Usage(1, 1), {"prompt_tokens": 1}) == Usage(1, 1)
    assert tally.take(None, {"prompt_tokens": -1}) == Usage(1, 1) and tally.is_rejected


@given(USAGE, USAGE)
def test_the_larger_of_two_is_below_neither(one: Usage, other: Usage) -> None:
    larger, total = raise_usage(one, other), add_usage(one, other)
    assert raise_usage(larger, one) == larger == raise_usage(larger, other)
    assert total.input_tokens == one.input_tokens + other.input_tokens
    assert (total.further or FurtherCounts()).searches == sum(
        (each.further or FurtherCounts()).searches for each in (one, other)
    )


@given(USAGE)
def test_further_counts_survive_a_store(usage: Usage) -> None:
    assert restore_further(write_further(usage)) == usage.further
    assert write_further(None) is None


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"choices": [], "usage": {"prompt_tokens": -1}}', True),
        (b'{"usageMetadata" : {"promptTokenCount": "7"}}', True),
        (b'{"usage": null}', False),
        (b'{"choices": [{"message": {"content": "\\"usage\\": {"}}]}', False),
    ],
)
def test_whether_anything_was_reported(body: bytes, found: bool) -> None:
    assert reports_usage(body) is found


def test_a_prompt_longer_than_the_window_is_not_believed() -> None:
    assert judge_usage(Usage(1_100, 50), ESTIMATE, 1_000).usage == Usage(1_100, 50)
    judged = judge_usage(Usage(1_101, 50), ESTIMATE, 1_000)
    assert judged.usage == ESTIMATE and judged.is_rejected and not judged.is_reported


def test_many_texts_in_one_request_and_searches_in_between_are_believed() -> None:
    many, searched = Usage(5_000, 0), Usage(5_000, 9, further=FurtherCounts(searches=2))
    assert judge_usage(many, ESTIMATE, 1_000, operation="embeddings").usage == many
    assert judge_usage(searched, ESTIMATE, 1_000).usage == searched
    assert judge_usage(many, ESTIMATE, None).usage == many


def test_without_a_report_the_estimate_stands() -> None:
    missing, dropped = judge_usage(None, ESTIMATE, 100), judge_usage(None, ESTIMATE, 100, is_rejected=True)
    assert (missing.usage, missing.is_reported, missing.is_rejected) == (ESTIMATE, False, False)
    assert (dropped.usage, dropped.is_reported, dropped.is_rejected) == (ESTIMATE, False, True)
