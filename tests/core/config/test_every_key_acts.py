"""No key of the document does nothing: each has a pair of documents and an observation that differs, or is pending."""

import pytest
from observed_keys import PAIRS, Pair

from pointsman.core.config.fields import list_fields
from pointsman.core.config.nodes import MappingNode
from pointsman.core.config.pending import PENDING, PendingKey, find_topic, list_pending
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


def test_a_document_tells_which_of_its_keys_are_pending() -> None:
    text = """
providers: {own: {base_url: "https://x.example/v1", rate_limits: {requests_per_minute: 5}}}
agents:
  a: {model: m, rules: [{when: task.critical, use: m}], policy: {privacy: high, strict: true}}
  b: {model: m}
budgets: [{scope: total, window: day, limit: "5"}]
"""
    root = read_source(Source("pointsman.yaml", text.encode()), Findings())
    assert isinstance(root, MappingNode)
    assert list_pending(root) == (
        PendingKey("providers.own.rate_limits", PENDING["providers.NAME.rate_limits"]),
        PendingKey("agents.a.rules", PENDING["agents.NAME.rules"]),
        PendingKey("budgets", PENDING["budgets"]),
        PendingKey("agents.a.policy.strict", PENDING["agents.NAME.policy.strict"]),
    )
