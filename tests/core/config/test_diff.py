"""What differs between two documents is told value by value, and nothing else is."""

import pytest
from hypothesis import given
from written_documents import SECTIONS

from pointsman.core.config.diff import diff_documents, format_changes, is_same
from pointsman.core.config.find_path import find_path
from pointsman.core.config.layers import build_mapping
from pointsman.core.config.nodes import Plain

CASES: dict[str, tuple[dict[str, Plain], dict[str, Plain], str]] = {
    "a value": ({"a": {"model": "x"}}, {"a": {"model": "z"}}, "- a.model: x\n+ a.model: z\n"),
    "a type": (
        {"a": 1, "b": True, "c": 0},
        {"a": 1.0, "b": 1, "c": "0"},
        '- a: 1\n+ a: 1.0\n- b: true\n+ b: 1\n- c: 0\n+ c: "0"\n',
    ),
    "an entry that came": (
        {"agents": {}},
        {"agents": {"w": {"model": "x", "tags": ["a"], "policy": {}}}},
        "+ agents.w.model: x\n+ agents.w.tags: [a]\n+ agents.w.policy: {}\n",
    ),
    "an entry that went": ({"agents": {"w": {"model": "x"}}}, {"agents": {}}, "- agents.w.model: x\n"),
    "a list as a whole": ({"fallback": ["a", "b"]}, {"fallback": ["b"]}, "- fallback: [a, b]\n+ fallback: [b]\n"),
    "an item of a list of mappings": (
        {"rules": [{"when": "a", "use": "x"}, {"when": "b", "use": "v"}]},
        {"rules": [{"when": "a", "use": "x"}, {"when": "b", "use": "z"}]},
        "- rules[1].use: v\n+ rules[1].use: z\n",
    ),
    "an item in the middle": (
        {"rules": [{"when": "a"}, {"when": "c"}]},
        {"rules": [{"when": "a"}, {"when": "b"}, {"when": "c"}]},
        "+ rules[1].when: b\n",
    ),
    "an item that went": (
        {"rules": [{"when": "a"}, {"when": "b"}, {"when": "b"}]},
        {"rules": [{"when": "b"}, {"when": "b"}]},
        "- rules[0].when: a\n",
    ),
    "all rules at once": ({"rules": [{"when": "a"}]}, {"rules": []}, "- rules: [{when: a}]\n+ rules: []\n"),
    "a mapping that became a list": ({"a": {"b": 1}}, {"a": [1]}, "- a: {b: 1}\n+ a: [1]\n"),
    "a key with a blank": ({"a b": 1}, {"a b": 2}, '- ["a b"]: 1\n+ ["a b"]: 2\n'),
    "a number without a text": ({"a": 1}, {"a": float("inf")}, "- a: 1\n+ a: inf\n"),
}


@pytest.mark.parametrize(("old", "new", "expected"), CASES.values(), ids=CASES)
def test_a_difference_reads_well(old: dict[str, Plain], new: dict[str, Plain], expected: str) -> None:
    assert format_changes(diff_documents(old, new)) == expected


@given(SECTIONS, SECTIONS)
def test_there_are_changes_exactly_where_documents_differ(old: dict[str, Plain], new: dict[str, Plain]) -> None:
    changes = diff_documents(old, new)
    assert diff_documents(old, old) == ()
    assert bool(changes) != is_same(old, new)
    before, after = build_mapping(old, "old"), build_mapping(new, "new")
    for change in changes:
        assert change.kind == "added" or find_path(before, change.path) is not None
        assert change.kind == "removed" or find_path(after, change.path) is not None
        assert not is_same(change.old, change.new) or change.kind != "changed"
    back = diff_documents(new, old)
    assert sorted(change.path for change in changes if change.kind == "changed") == sorted(
        change.path for change in back if change.kind == "changed"
    )
