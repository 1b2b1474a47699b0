"""Paths lead to values whatever their keys look like, and a path that leads nowhere is answered with one that does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.config.find_path import LONGEST_PATH, Steps, find_path, find_value, suggest_paths, write_path
from pointsman.core.config.layers import build_mapping
from pointsman.core.config.nodes import MappingNode, Node, Plain, ScalarNode

ROOT = build_mapping(
    {
        "models": {
            "gpt-4.1": {"provider": "openai"},
            "gpt-4": {"1": {"tier": 1}},
            "team/a:b@c": {"provider": "house"},
            "a b": {"tier": 2},
            'say "x"': {"tier": 3},
        },
        "agents": {"cto_agent": {"model": "gpt-4o", "fallback": ["a", "b"], "rules": [{"when": "x"}]}},
    },
    "test",
)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("", ()),
        ("agents.cto_agent.model", ("agents", "cto_agent", "model")),
        ("agents.cto_agent.fallback[1]", ("agents", "cto_agent", "fallback", 1)),
        ("agents.cto_agent.rules[0].when", ("agents", "cto_agent", "rules", 0, "when")),
        ("models.gpt-4.1.provider", ("models", "gpt-4.1", "provider")),
        ("models.gpt-4.1.tier", ("models", "gpt-4", "1", "tier")),
        ("models.gpt-4.1", ("models", "gpt-4.1")),
        ("models.team/a:b@c.provider", ("models", "team/a:b@c", "provider")),
        ('models["a b"].tier', ("models", "a b", "tier")),
        ('models.["a b"].tier', ("models", "a b", "tier")),
        ("models['a b'].tier", ("models", "a b", "tier")),
        ("models.a b.tier", ("models", "a b", "tier")),
        ('models["say \\"x\\""].tier', ("models", 'say "x"', "tier")),
        ('models["a\\x20b"]', ("models", "a b")),
    ],
)
def test_a_path_leads_to_its_value(text: str, steps: Steps) -> None:
    assert find_path(ROOT, text) == steps


@pytest.mark.parametrize(
    "text",
    [
        "agents.",
        ".agents",
        "agents..cto_agent",
        "agents.cto_agent.fallback[2]",
        "agents.cto_agent.fallback[-1]",
        "agents.cto_agent.fallback.0",
        "agents.cto_agent.model[0]",
        "agents[0]",
        'models["\\Uffffffff"]',
        'models["a b',
        "x" * (LONGEST_PATH + 1),
    ],
)
def test_anything_else_leads_nowhere(text: str) -> None:
    assert find_path(ROOT, text) is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("agents.cto_agnet.model", "agents.cto_agent.model"),
        ("agent.cto_agent.model", "agents.cto_agent.model"),
        ("agents.cto-agent.fallback[0]", "agents.cto_agent.fallback[0]"),
        ("agents.cto_agent.modle", "agents.cto_agent.model"),
        ("models.gpt-4.2.provider", "models.gpt-4.1.provider"),
        ("agents.cto_agent.fallback[7]", "agents.cto_agent.fallback"),
    ],
)
def test_what_was_meant_is_suggested(text: str, meant: str) -> None:
    assert find_path(ROOT, text) is None
    assert suggest_paths(ROOT, text)[0] == meant


def test_nothing_is_suggested_for_what_is_like_nothing() -> None:
    assert suggest_paths(ROOT, "zzz") == ()
    assert suggest_paths(ROOT, "x" * (LONGEST_PATH + 1)) == ()


def test_a_key_that_looks_like_a_secret_is_never_written() -> None:
    key = "sk-proj-" + "a1B2" * 12
    assert key not in write_path(("models", key, "tier"))


KEYS = st.text("ab.[]\"'\\ \n\t0é", min_size=1, max_size=4)
DOCUMENTS: st.SearchStrategy[dict[str, Plain]] = st.dictionaries(
    KEYS,
    st.recursive(
        st.just(1), lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=4), max_leaves=8
    ),
    max_size=4,
)


def list_nodes(node: Node, steps: Steps = ()) -> list[tuple[Steps, Node]]:
    if isinstance(node, ScalarNode):
        return [(steps, node)]
    below = (
        ((name, entry.value) for name, entry in node.entries.items())
        if isinstance(node, MappingNode)
        else enumerate(node.items)
    )
    return [(steps, node), *(found for step, child in below for found in list_nodes(child, (*steps, step)))]


@given(DOCUMENTS)
def test_the_path_of_any_value_leads_to_a_value_of_the_document(document: dict[str, Plain]) -> None:
    root = build_mapping(document, "test")
    for steps, node in list_nodes(root):
        found = find_path(root, write_path(steps))
        assert found is not None
        if not any("." in step for step in steps if isinstance(step, str)):
            assert found == steps
            assert find_value(root, found) is node


@given(DOCUMENTS, st.text("ab.[]\"'\\ 0é", max_size=12))
def test_no_text_makes_it_raise(document: dict[str, Plain], text: str) -> None:
    root = build_mapping(document, "test")
    found = find_path(root, text)
    assert found is None or find_value(root, found) is not None
    for path in suggest_paths(root, text):
        assert find_path(root, path) is not None
