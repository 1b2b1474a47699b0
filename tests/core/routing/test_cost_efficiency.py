"""The model that is worth its money: by class of task, by quality asked for, and never one that may not serve."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.control.configuration import compile_gathered
from pointsman.control.sources import Gathered
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.config.source import Source
from pointsman.core.config.write_document import write_document
from pointsman.core.routing.ask import InvalidQuestion
from pointsman.core.routing.cost_efficiency import Selection, TaskComplexity, select_by_cost_efficiency
from pointsman.core.routing.decision import Refusal

PROVIDERS = {
    "far": {"base_url": "https://far.example/v1"},
    "near": {"base_url": "http://127.0.0.1:8080/v1", "location": "local"},
}


def build(models: Mapping[str, Mapping[str, Any]], **sections: Any) -> Snapshot:
    """A configuration of models at `far`, unless they say otherwise."""
    document = {
        "version": 1,
        "providers": PROVIDERS,
        "models": {name: {"provider": "far", **model} for name, model in models.items()},
        **sections,
    }
    source = Source("pointsman.yaml", write_document(document).encode())
    loaded = compile_gathered(Gathered(Path("pointsman.yaml"), (source,)), {})
    assert loaded.snapshot is not None, "\n".join(map(str, loaded.problems))
    return loaded.snapshot


def price(dollars: str) -> dict[str, Any]:
    return {"price_per_1m_tokens": {"input": dollars, "output": dollars}}


def select(snapshot: Snapshot, complexity: Any, threshold: Any) -> str:
    selected = select_by_cost_efficiency(snapshot, complexity, threshold)
    assert isinstance(selected, Selection), selected
    return selected.model.name


def refused(snapshot: Snapshot) -> Refusal:
    answer = select_by_cost_efficiency(snapshot, "simple", 0.5)
    assert isinstance(answer, Refusal)
    return answer


TIERED = build(
    {
        "grand": {**price("60"), "tier": 1, "quality": 0.97},
        "fair": {**price("10"), "tier": 1, "quality": 0.9},
        "solid": {**price("4"), "tier": 2},
        "plain": {**price("2"), "tier": 3},
        "tiny": {**price("0.5"), "tier": 4},
        "odd": price("0.1"),
    }
)


@pytest.mark.parametrize(
    ("complexity", "threshold", "model"),
    [
        ("simple", 0.8, "odd"),
        ("simple", 0.81, "fair"),
        ("moderate", 0.9, "plain"),
        ("moderate", 0.91, "fair"),
        ("complex", 0, "fair"),
        ("complex", 1, "fair"),
        (1, 0.8, "odd"),
        (3, 0.8, "odd"),
        (4, 0.8, "plain"),
        (6, 0.9, "plain"),
        (7, 0.1, "fair"),
        (10, 0.1, "fair"),
    ],
)
def test_class_and_quality_say_which_tier(complexity: object, threshold: float, model: str) -> None:
    assert select(TIERED, complexity, threshold) == model


def test_the_reason_says_what_is_not_known_and_what_is_below_the_wanted() -> None:
    reasons = [select_by_cost_efficiency(TIERED, *asked) for asked in (("simple", 0.5), ("complex", 0.95))]
    told = [selected.reason for selected in reasons if isinstance(selected, Selection)]
    assert told == [
        "the cheapest of all: $0.00015 for a call of usual length; its quality is neither measured nor declared",
        "the best quality for its cost of the top of the tiers: $0.015 for a call of usual length; "
        "its declared quality, 0.9, is below 0.95",
    ]


def test_tiers_of_the_document_count_before_those_of_the_models() -> None:
    models = {"a": {**price("9"), "tier": 3}, "b": {**price("5"), "tier": 1}, "c": price("1")}
    routing = {"tiers": [["a"], ["b"], ["c"]]}
    snapshot = build(models, routing=routing)
    assert [select(snapshot, kind, 0.5) for kind in ("simple", "moderate", "complex")] == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("prices", "chosen"),
    [
        (["5"], "000"),
        (["5", "1"], "110"),
        (["5", "3", "1"], "210"),
        (["9", "5", "3", "2", "1"], "420"),
        (["0", "0", "0", "40", "90"], "034"),
        (["7", "7", "7"], "000"),
    ],
)
def test_without_tiers_the_prices_are_split_in_thirds(prices: list[str], chosen: str) -> None:
    snapshot = build({f"m{place}": price(dollars) for place, dollars in enumerate(prices)})
    assert [select(snapshot, kind, 0.8) for kind in ("simple", "moderate", "complex")] == [f"m{at}" for at in chosen]
    top = select_by_cost_efficiency(snapshot, "complex", 0.8)
    assert isinstance(top, Selection) and "thirds by price, for no model has a tier" in top.reason


def test_what_costs_nothing_is_the_best_value_and_of_that_the_best() -> None:
    free = {"provider": "near", "tier": 1}
    models = {"dear": {**price("9"), "tier": 1, "quality": 1}, "home": {**free, "quality": 0.5}, "den": free}
    snapshot = build(models)
    assert (select(snapshot, "complex", 0.9), select(snapshot, "simple", 0.1)) == ("den", "den")
    priced = build({**models, "den": {**free, **price("1")}, "home": {**free, **price("2")}})
    assert select(priced, "simple", 0.1) == "den"


def test_what_is_off_unpriced_or_makes_no_answers_is_left_out() -> None:
    snapshot = build(
        {
            "off": {**price("0.1"), "enabled": False},
            "unpriced": {},
            "vectors": {**price("0.1"), "capabilities": ["embeddings"]},
            "small": {**price("0.1"), "model_id": "text-embedding-9"},
            "fit": price("9"),
        }
    )
    assert {select(snapshot, kind, 0.5) for kind in ("simple", "moderate", "complex")} == {"fit"}


def test_nothing_left_is_told_with_every_reason() -> None:
    answer = refused(build({"unpriced": {}, "off": {**price("1"), "enabled": False}}))
    assert (answer.code, [drop.code for drop in answer.dropped]) == (
        "no_model_available",
        ["price_unknown", "model_disabled"],
    )
    assert "write price_per_1m_tokens" in answer.message
    assert "pointsman check" in refused(build({})).message


@pytest.mark.parametrize(
    "sections",
    [{"routing": {"force_local_models": True}}, {"routing": {"strategy": "privacy_first"}}],
    ids=["forced", "strategy"],
)
def test_what_must_stay_local_is_never_sold_to_the_cheapest_cloud(sections: dict[str, Any]) -> None:
    models = {"cloud": price("0.1"), "home": {"provider": "near", **price("50")}}
    assert {select(build(models, **sections), kind, 0.5) for kind in ("simple", "moderate", "complex")} == {"home"}
    del models["home"]
    assert refused(build(models, **sections)).code == "privacy_unavailable"


@pytest.mark.parametrize("complexity", [0, 11, True, 2.0, None, "Simple", "hard", [], "x" * 1_000])
def test_a_complexity_that_cannot_be_is_refused(complexity: Any) -> None:
    with pytest.raises(InvalidQuestion, match="simple, moderate, complex or a whole number from 1 to 10") as caught:
        select_by_cost_efficiency(TIERED, complexity, 0.5)
    assert caught.value.about == "task_complexity"
    assert ("did you mean simple?" in str(caught.value)) == (complexity == "Simple")


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan"), True, None, "0.8"])
def test_a_threshold_that_cannot_be_is_refused(threshold: Any) -> None:
    with pytest.raises(InvalidQuestion, match="a number from 0 to 1") as caught:
        select_by_cost_efficiency(TIERED, "simple", threshold)
    assert caught.value.about == "quality_threshold"


TIERS = st.none() | st.integers(1, 4)
MODELS = st.lists(st.tuples(st.integers(0, 9), TIERS, st.booleans()), max_size=6)


@given(MODELS, st.sampled_from(["simple", "moderate", "complex"]), st.floats(0, 1))
def test_whatever_there_is_what_is_chosen_may_serve(
    written: list[tuple[int, int | None, bool]], complexity: TaskComplexity, threshold: float
) -> None:
    models: dict[str, dict[str, Any]] = {}
    for place, (dollars, tier, enabled) in enumerate(written):
        models[f"m{place}"] = {**price(str(dollars)), "enabled": enabled} | ({"tier": tier} if tier else {})
    snapshot = build(models)
    usable = [model for model in snapshot.models.values() if model.enabled]
    answer = select_by_cost_efficiency(snapshot, complexity, threshold)
    assert isinstance(answer, Selection) == bool(usable)
    if isinstance(answer, Selection):
        assert answer.model in usable
        assert answer == select_by_cost_efficiency(snapshot, complexity, threshold)
        if complexity == "simple" and threshold <= 0.8:
            assert answer.model.prices is not None
            assert all(answer.model.prices.input_nusd <= model.prices.input_nusd for model in usable if model.prices)
