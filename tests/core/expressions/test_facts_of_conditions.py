"""The table of facts: what may be declared, what fits a fact, and what counts where nothing is stated."""

import pytest

from pointsman.core.expressions.facts import (
    FACTS,
    GREATEST,
    MOST_ATTRIBUTES,
    MOST_CHARACTERS,
    MOST_TEXTS,
    AttributeKind,
    InvalidFact,
    check_value,
    declare_facts,
    describe_kind,
    judge_attribute,
)

TABLE = declare_facts({"component": "text", "files": "number", "urgent": "bool"})


def test_every_default_is_a_value_of_its_fact() -> None:
    for fact in TABLE.facts.values():
        assert fact.default is None or check_value(fact, fact.default) == fact.default


def test_only_facts_about_models_differ_between_candidates() -> None:
    assert {fact.name for fact in FACTS if fact.is_per_candidate} == {
        fact.name for fact in FACTS if fact.name.startswith("model.")
    }


def test_declared_attributes_are_facts_of_the_task() -> None:
    assert [(TABLE.facts[f"task.{name}"].kind, TABLE.defaults[f"task.{name}"]) for name in ("component", "files")] == [
        ("text", ""),
        ("number", 0),
    ]
    assert TABLE.facts["task.urgent"].source == "task"
    assert "task.urgent" not in declare_facts({}).facts


@pytest.mark.parametrize(
    "name", ["", "Files", "1st", "task.files", "a-b", "_x", "x" * 64, "größe", "complexity", "type"]
)
def test_an_attribute_has_a_name_of_its_own(name: str) -> None:
    complaint = judge_attribute(name)
    assert complaint is not None
    with pytest.raises(InvalidFact) as raised:
        declare_facts({name: "text"})
    assert str(raised.value) == complaint


def test_attributes_are_bounded() -> None:
    kinds: dict[str, AttributeKind] = {f"a{number}": "text" for number in range(MOST_ATTRIBUTES)}
    assert len(declare_facts(kinds).facts) == len(FACTS) + MOST_ATTRIBUTES
    with pytest.raises(InvalidFact):
        declare_facts({**kinds, "more": "text"})


def test_a_task_may_be_a_plain_mapping() -> None:
    values = TABLE.fill({"task": {"complexity": 9, "type": "code_generation"}, "tags": ["a", "a"], "daily_cost": 0.25})
    assert values["task.complexity"] == 9
    assert values["task.type"] == "code_generation"
    assert values["tags"] == frozenset(("a",))
    assert values["daily_cost"] == 0.25
    assert values["task.privacy_level"] == "low"
    assert values["budget"] is None
    assert values.keys() == TABLE.facts.keys()
    assert TABLE.fill({"task": {}}) == TABLE.fill({}) == dict(TABLE.defaults)


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("task.complexity", 7.0, 7),
        ("budget", None, None),
        ("budget", 0.1 + 0.2, 0.3),
        ("daily_cost", 5e-324, 0.0),
        ("daily_cost", GREATEST, GREATEST),
        ("tags", {"x"}, frozenset(("x",))),
        ("user", "x" * MOST_CHARACTERS, "x" * MOST_CHARACTERS),
    ],
)
def test_values_are_kept_as_their_facts_have_them(name: str, value: object, kept: object) -> None:
    found = TABLE.fill({name: value})[name]
    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("task.complexity", 0),
        ("task.complexity", 11),
        ("task.complexity", 4.5),
        ("task.complexity", True),
        ("task.complexity", "9"),
        ("task.complexity", None),
        ("task.critical", 1),
        ("task.critical", "true"),
        ("task.privacy_level", "High"),
        ("task.type", 3),
        ("user", "x" * (MOST_CHARACTERS + 1)),
        ("tags", "a"),
        ("tags", ["a", 1]),
        ("tags", [str(number) for number in range(MOST_TEXTS + 1)]),
        ("daily_cost", -1),
        ("daily_cost", float("nan")),
        ("daily_cost", float("inf")),
        ("daily_cost", 10**400),
        ("task", {"complexity": 11}),
        ("task", {"colour": "red"}),
        ("task", 5),
        ("colour", "red"),
    ],
)
def test_other_values_are_refused_and_not_repeated(name: str, value: object) -> None:
    with pytest.raises(InvalidFact) as raised:
        TABLE.fill({name: value})
    assert len(str(raised.value)) < 120


def test_a_misspelt_fact_is_guessed() -> None:
    with pytest.raises(InvalidFact, match=r"did you mean task\.complexity"):
        TABLE.fill({"task": {"complexty": 3}})


def test_types_are_described_for_people() -> None:
    described = {fact.name: describe_kind(fact) for fact in TABLE.facts.values()}
    assert described["task.complexity"] == "a whole number from 1 to 10"
    assert described["daily_cost"] == "a number from 0 up"
    assert described["task.files"] == "a number"
    assert described["model.type"] == "one of local, cloud"
