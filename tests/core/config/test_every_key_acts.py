"""No key of the document does nothing: each has a pair of documents and an observation that differs, or is pending."""

from collections.abc import Iterator
from typing import get_args

import pytest
from key_pairs import Pair
from observed_keys import PAIRS

from pointsman.core.config.fields import list_fields
from pointsman.core.config.nodes import MappingNode
from pointsman.core.config.pending import (
    PENDING,
    PENDING_VALUES,
    PendingKey,
    find_pending_values,
    find_topic,
    list_pending,
)
from pointsman.core.config.problems import Findings
from pointsman.core.config.source import Source, read_source

VALUES = {field.path for field in list_fields() if field.below is None} | {"environments"}
MAPPINGS = {field.path for field in list_fields() if field.below is not None}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_a_key_changes_what_can_be_observed(pair: Pair) -> None:
    first, second = pair.observe(pair.build(pair.first)), pair.observe(pair.build(pair.second))
    assert first == pair.observe(pair.build(pair.first)), "an observation that changes by itself proves nothing"
    assert first != second


def test_every_key_is_observed_or_pending() -> None:
    assert len(VALUES) > 200
    assert sorted(path for path in VALUES if path not in PAIRS and find_topic(path) is None) == []


def test_nothing_is_observed_that_is_no_key_or_pending() -> None:
    assert sorted(PAIRS.keys() - VALUES) == []
    assert [path for path in PAIRS if find_topic(path) is not None] == []


def test_every_pending_path_is_one_of_the_document() -> None:
    sections = {path.partition(".")[0].partition("[")[0] for path in VALUES}
    assert sorted(PENDING.keys() - VALUES - MAPPINGS - sections) == []


def test_no_pending_path_stands_below_another() -> None:
    assert [path for path in PENDING if find_topic(path.rpartition(".")[0]) is not None] == []


def test_every_value_that_does_not_act_is_one_that_may_be_written() -> None:
    values = {
        field.path: set(find_values(field.info.annotation))
        for field in list_fields()
        if find_pending_values(field.path)
    }
    assert values.keys() == {path.removesuffix("[]") for path in PENDING_VALUES}
    for path, written in values.items():
        assert find_pending_values(path).keys() < written


def find_values(annotation: object) -> Iterator[str]:
    """The texts that an annotation allows, however deep they stand."""
    for part in get_args(annotation):
        if isinstance(part, str):
            yield part
        yield from find_values(part)


def test_a_document_tells_which_of_its_keys_are_pending() -> None:
    text = """
providers: {own: {base_url: "https://x.example/v1", display_name: Ours}}
agents:
  a: {model: m, rules: [{when: task.critical, use: m}], policy: {privacy: high, stream_guard: true}}
  b: {model: m}
routing: {savings: [use_cheaper_models_for_simple_tasks, cache_similar_requests]}
budgets:
  - {scope: total, window: day, limit: "5"}
  - {scope: cloud, window: day, limit: "5", on_exceed: local_only}
alerts: {on: [budget_threshold_warnings, quality_score_drops]}
"""
    root = read_source(Source("pointsman.yaml", text.encode()), Findings())
    assert isinstance(root, MappingNode)
    found = list_pending(root)
    assert found == (
        PendingKey("providers.own.display_name", "console"),
        PendingKey("agents.a.policy.stream_guard", PENDING["agents.NAME.policy.stream_guard"]),
        PendingKey("routing.savings[1]", "cache", "cache_similar_requests"),
        PendingKey("alerts.on[1]", "alerts", "quality_score_drops"),
    )
    assert str(found[0]) == "providers.own.display_name (console)"
    assert str(found[-1]) == "alerts.on[1]: quality_score_drops (alerts)"
