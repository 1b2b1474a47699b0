"""An override of the strategy lifts no daily cap on the cloud that the strategy below it keeps."""

from pathlib import Path

import pytest

from pointsman.control.ingredients import Ingredients, compile_ingredients
from pointsman.control.sources import gather
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.ports import OverrideRecord
from pointsman.core.routing.decide import decide
from pointsman.core.routing.decision import Decision
from pointsman.core.routing.facts import Facts

USD = 1_000_000_000
DOCUMENT = """\
version: 1
providers:
  openai: {}
  house: {base_url: "http://127.0.0.1:9/v1"}
models:
  small: {provider: house}
agents:
  writer: {model: gpt-4o, fallback: [small]}
routing:
  strategy: thrifty
  strategies:
    thrifty: {prefer_cloud_models: true, cloud_budget_per_day: 0.30}
    thriftier: {prefer_cloud_models: true, cloud_budget_per_day: 0.10}
    lavish: {prefer_cloud_models: true, cloud_budget_per_day: 90, description: spends}
    free: {prefer_cloud_models: true}
"""


def override(folder: Path, strategy: str, text: str = DOCUMENT) -> Snapshot:
    """The configuration while another strategy is set for a while."""
    path = folder / "pointsman.yaml"
    path.write_text(text)
    made = OverrideRecord("ov_1", "strategy", "routing", {"strategy": strategy}, "anna", "a test", 1_000)
    _, loaded = compile_ingredients(Ingredients(gather(path), overrides=(made,)), {}, "production")
    assert loaded.snapshot is not None, loaded.problems
    return loaded.snapshot


@pytest.mark.parametrize("strategy", ["thrifty", "lavish", "free", "performance_optimized", "balanced"])
def test_a_spent_cap_is_not_lifted(tmp_path: Path, strategy: str) -> None:
    snapshot = override(tmp_path, strategy)
    assert snapshot.routing.strategy == strategy
    for spent_nusd, models in ((USD * 3 // 10 - 1, {"gpt-4o", "small"}), (USD * 3 // 10, {"small"})):
        decision = decide(snapshot, Facts("agent:writer", cloud_today_nusd=spent_nusd))
        assert isinstance(decision, Decision)
        assert {attempt.model.name for attempt in decision.attempts} == models


def test_a_lower_cap_of_its_own_stays(tmp_path: Path) -> None:
    plan = override(tmp_path, "thriftier").routing
    assert plan.strategies["thriftier"].cloud_budget_nusd == USD // 10
    assert plan.strategies["lavish"].cloud_budget_nusd == 90 * USD, "only the one that is set changes"


def test_without_a_cap_below_nothing_changes(tmp_path: Path) -> None:
    plan = override(tmp_path, "free", DOCUMENT.replace("strategy: thrifty", "strategy: balanced")).routing
    assert plan.strategies["free"].cloud_budget_nusd is None
    capped = override(tmp_path, "performance_optimized").routing.strategies["performance_optimized"]
    assert (capped.cloud_budget_nusd, capped.hedges, capped.first) == (USD * 3 // 10, True, "cloud")
