"""Random configurations and questions about them, for what must hold of every explanation."""

import json
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

from pointsman.control.configuration import Loaded, compile_gathered
from pointsman.control.sources import Gathered
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.config.source import Source
from pointsman.core.routing.ask import Question

Document = dict[str, Any]

PROVIDERS = {
    "near": {"base_url": "http://127.0.0.1:8080/v1", "location": "local"},
    "far": {"base_url": "https://far.example/v1"},
    "farther": {"base_url": "https://farther.example/v1"},
}
MODELS = ("large", "small", "other", "own", "owned")
CONDITIONS = (
    "task.complexity > 8",
    "task.complexity <= 3",
    "4 <= task.complexity < 6",
    "task.type == 'review'",
    "task.type in ['code', 'test']",
    "starts_with(task.type, 'co')",
    "task.critical",
    "task.critical and task.complexity > 6",
    "not task.requires_reasoning",
    "task.privacy_level == 'high'",
    "task.privacy_level != 'low'",
    "data.contains_pii",
    "daily_cost > budget * 0.8",
    "daily_cost >= 12.5",
    "daily_cost / budget > 0.5",
    "cost_limit_reached",
    "budget_mode == true",
    "'urgent' in tags",
    "'urgent' in tags or 'slow' in tags",
    "team == 'red'",
    "user != 'ada' and user != ''",
    "request.tokens_estimated > 20000",
    "request.tokens_estimated * 2 + 100 > 5000",
    "request.stream",
    "request.has_tools",
    "time.hour >= 22 or time.hour < 6",
    "time.weekday in ['saturday', 'sunday']",
    "model.rate_limit_approaching",
    "model.type == 'cloud' and task.critical",
    "model.tier == 1",
    "primary_unavailable",
    "all_premium_models_unavailable",
    "task.effort > 2.75",
    "task.country == 'ch'",
)
ACTIONS = (
    "use",
    "deny",
    "prefer",
    "switch_to_fallback",
    "switch_to_local_only",
    "force_local_model",
    "require_cloud_verification",
)
STRATEGIES = ("cost_optimized", "performance_optimized", "privacy_first", "balanced")
VALUES: Mapping[str, tuple[object, ...]] = {
    "task.type": ("review", "code", "test", "poem"),
    "task.complexity": tuple(range(1, 11)),
    "task.privacy_level": ("low", "medium", "high"),
    "task.critical": (True, False),
    "task.requires_reasoning": (True, False),
    "task.involves_ui_design": (True, False),
    "task.effort": (0, 1.5, 3),
    "task.country": ("ch", "fr"),
    "data.contains_pii": (True, False),
    "daily_cost": (0, 9.99, 12.5, 79.5, 100),
    "budget": (10, 99.95, 100),
    "cost_limit_reached": (True, False),
    "budget_mode": (True, False),
    "tags": (["urgent"], ["slow", "urgent"], ["else"]),
    "team": ("red", "blue"),
    "user": ("ada", "bob"),
    "request.tokens_estimated": (10, 3_000, 25_000, 190_000),
    "request.stream": (True, False),
    "request.has_tools": (True, False),
    "request.has_images": (True, False),
    "time.hour": (0, 5, 12, 22),
    "time.weekday": ("monday", "sunday"),
    "model.rate_limit_approaching": (True, False),
    "primary_unavailable": (True, False),
    "all_premium_models_unavailable": (True, False),
}
TARGETS = ("agent:writer", "agent:writer", "agent:writer", "task:review", "interaction:chat", "large", "auto")


def compile_document(document: Document) -> Snapshot:
    loaded = load_document(document)
    assert loaded.snapshot is not None, "\n".join(map(str, loaded.problems))
    return loaded.snapshot


def load_document(document: Document) -> Loaded:
    source = Source("pointsman.yaml", json.dumps(document).encode())
    return compile_gathered(Gathered(Path(), (source,)), {}, "production")


def draw_snapshot(dice: Random) -> Snapshot:
    """A random configuration; those that `check` refuses, such as one without a way to serve a caller, are redrawn."""
    drawn = (load_document(draw_document(dice)).snapshot for _ in range(100))
    return next(snapshot for snapshot in drawn if snapshot is not None)


def draw_document(dice: Random) -> Document:
    """A configuration of five models, an agent with rules, a task, an interaction, and whatever else the dice say."""
    own, *others = dice.sample(MODELS, 4)
    agent: Document = {"model": own, "fallback": others[: dice.randint(0, 2)], "tags": dice.choice(([], ["slow"]))}
    agent["rules"] = [_draw_own_rule(dice) for _ in range(dice.randint(0, 3))]
    if dice.random() < 0.3:
        agent |= {"budget_mode": dice.choice(MODELS), "local_alternative": "own"}
    if dice.random() < 0.2:
        agent["policy"] = {"privacy": "medium"}
    routing: Document = {
        "rules": [_draw_rule(dice) for _ in range(dice.randint(0, 3))],
        "attempts": dice.randint(1, 4),
        "task_attributes": {"effort": "number", "country": "text"},
        "require_local_for_pii": dice.random() < 0.2,
    }
    if dice.random() < 0.5:
        routing["strategy"] = dice.choice(STRATEGIES)
    if dice.random() < 0.3:
        routing["tiers"] = [["large"], ["small", "own"]]
    if dice.random() < 0.3:
        routing["savings"] = ["use_cheaper_models_for_simple_tasks"]
    return {
        "version": 1,
        "providers": PROVIDERS,
        "models": {name: _draw_model(dice, name) for name in MODELS},
        "agents": {"writer": agent, "reader": {"model": "small", "fallback": ["own"]}},
        "tasks": {"review": {"model": own, "fallback": others, "tags": ["urgent"]}, "code": {"model": "owned"}},
        "interactions": {"chat": {"model": others[0], "fallback": [own]}},
        "privacy": {"detect": dice.choice(("off", "rules", "always"))},
        "routing": routing,
    }


def _draw_model(dice: Random, name: str) -> Document:
    provider = "near" if name.startswith("own") else dice.choice(("far", "farther"))
    price = {"input": f"0.{dice.randint(1, 99):02d}", "output": f"{dice.randint(1, 40)}"}
    return {
        "provider": provider,
        "context_window": dice.choice((4_000, 32_000, 200_000)),
        "price_per_1m_tokens": price,
        "quality": dice.choice((0.5, 0.7, 0.9)),
        "supports": {"tools": dice.random() < 0.7, "vision": dice.random() < 0.5},
        "enabled": dice.random() < 0.9,
    }


def _draw_own_rule(dice: Random) -> Document:
    condition = dice.choice([each for each in CONDITIONS if "all_premium" not in each])
    return {"when": condition} | ({"deny": True} if dice.random() < 0.15 else {"use": dice.choice(MODELS)})


def _draw_rule(dice: Random) -> Document:
    action = dice.choice(ACTIONS)
    rule = {"name": f"rule-{dice.randint(0, 10**9)}", "when": dice.choice(CONDITIONS), "action": action}
    return rule | ({"use": dice.choice(MODELS)} if action in ("use", "prefer") else {})


def draw_question(dice: Random) -> Question:
    """A request of which some facts are known."""
    target = dice.choice(TARGETS)
    names = dice.sample(list(VALUES), dice.randint(0, 7))
    if target == "auto":
        # Of whom these speak depends on who the caller is, which the type of task settles there.
        of_caller = ("model.rate_limit_approaching", "primary_unavailable")
        names = [name for name in names if name not in of_caller]
    return Question(target, given={name: dice.choice(VALUES[name]) for name in names})
