"""The keys by which models are chosen: what models are said to be, agents' and global rules, strategies, tiers."""

from key_pairs import ABSENT, AGENT, LOCAL_SPARE, MODEL, OWN, Pair
from observations import problems
from routing_observations import (
    Surroundings,
    asked,
    chosen,
    hedges,
    limited,
    told,
    traced,
    waits,
)

SPARED = {f"{AGENT}.fallback": ["n"]}
"""A second model of the agent."""

HARD = {"task.complexity": 9}
CRITICAL = {"task.critical": True}
PLAIN = chosen("agent:a", given={"task.complexity": 5})

THRESHOLD = SPARED | {"routing.quality_threshold": 0.8, "models.n.quality": 0.9}

MODELS = (
    Pair(f"{OWN}.data_policy", "may_train", "zero_retention", chosen("m", label="medium")),
    Pair(f"{MODEL}.quality", 0.5, 0.9, chosen("agent:a"), THRESHOLD),
    Pair(f"{MODEL}.speed.tokens_per_second", 1, 900, chosen("agent:a", timeout_ms=5_000), SPARED),
    Pair(f"{MODEL}.speed.first_token", "9s", "90ms", chosen("agent:a", timeout_ms=5_000), SPARED),
    *(
        Pair(f"{MODEL}.supports.{ability}", True, False, chosen("agent:a", needs=(ability,)), SPARED)
        for ability in ("tools", "vision", "structured_output")
    ),
    *(
        Pair(f"{holder}.rate_limits.{name}", least, 1_000_000, limited, SPARED | {"models.n.provider": "other"})
        for holder in (OWN, MODEL)
        for name, least in (("requests_per_minute", 4), ("tokens_per_minute", 6_000))
    ),
)

RULE = f"{AGENT}.rules[]"
AGENTS = (
    Pair(f"{AGENT}.budget_mode", "n", "o", chosen("agent:a", given={"budget_mode": True})),
    Pair(
        f"{AGENT}.task_type",
        "review",
        "prose",
        asked("agent:a"),
        {f"{RULE}.when": "task.type == 'review'", f"{RULE}.use": "n"},
    ),
    Pair(f"{RULE}.when", "task.critical", "not task.critical", chosen("agent:a", given=CRITICAL), {f"{RULE}.use": "n"}),
    Pair(f"{RULE}.use", "n", "o", chosen("agent:a", given=CRITICAL), {f"{RULE}.when": "task.critical"}),
    Pair(f"{RULE}.deny", True, False, chosen("agent:a", given=CRITICAL), {f"{RULE}.when": "task.critical"}),
    *(
        Pair(
            f"{RULE}.{words}",
            ABSENT,
            "the answer counts",
            told("agent:a", given=CRITICAL),
            {f"{RULE}.when": "task.critical", f"{RULE}.use": "n"},
        )
        for words in ("name", "because")
    ),
    Pair(
        "tasks.NAME.capabilities_required",
        ABSENT,
        ["vision"],
        chosen("task:t"),
        {"tasks.NAME.fallback": ["n"], "models.n.capabilities": ["vision"]},
    ),
)

GLOBAL = "routing.rules[]"
RULES = (
    Pair(
        f"{GLOBAL}.when",
        "task.critical",
        "not task.critical",
        chosen("agent:a", given=CRITICAL),
        {f"{GLOBAL}.action": "deny"},
    ),
    Pair(
        f"{GLOBAL}.action",
        "deny",
        "switch_to_fallback",
        chosen("agent:a", given=CRITICAL),
        SPARED | {f"{GLOBAL}.when": "task.critical"},
    ),
    Pair(
        f"{GLOBAL}.use",
        "n",
        "o",
        chosen("agent:a", given=CRITICAL),
        {f"{GLOBAL}.when": "task.critical", f"{GLOBAL}.action": "use"},
    ),
    *(
        Pair(
            f"{GLOBAL}.{words}",
            ABSENT,
            "it must be right",
            told("agent:a", given=CRITICAL),
            {f"{GLOBAL}.when": "task.critical", f"{GLOBAL}.action": "deny"},
        )
        for words in ("name", "because")
    ),
)

STRATEGY = "routing.strategies.NAME"
SET = {"routing.strategy": "s", f"{STRATEGY}.weights": {"model_availability": 1}}
"""A strategy that finds all candidates equally good, so that only its switches count."""

CLOUD_FIRST = SET | LOCAL_SPARE
LOCAL_FIRST = CLOUD_FIRST | {f"{AGENT}.model": "n", f"{AGENT}.fallback": ["m"]}
MIDDLING = {"task.complexity": 6}
SIMPLE = {"task.complexity": 2}
DEAR_AND_GOOD = {
    f"{MODEL}.price_per_1m_tokens": {"input": "9", "output": "9"},
    f"{MODEL}.quality": 0.9,
    "models.n.quality": 0.2,
} | SPARED

STRATEGIES = (
    Pair("routing.strategy", "cost_optimized", "performance_optimized", PLAIN, LOCAL_SPARE),
    Pair(f"{STRATEGY}.prefer_local_models", False, True, PLAIN, CLOUD_FIRST),
    Pair(f"{STRATEGY}.prefer_cloud_models", False, True, PLAIN, LOCAL_FIRST),
    Pair(f"{STRATEGY}.allow_cloud_models", True, False, PLAIN, CLOUD_FIRST),
    Pair(f"{STRATEGY}.required_model_type", "cloud", "local", PLAIN, CLOUD_FIRST),
    Pair(f"{STRATEGY}.cloud_budget_per_day", "5", "50", chosen("agent:a", cloud_today_nusd=10**10), CLOUD_FIRST),
    Pair(
        f"{STRATEGY}.fallback_to_cloud_threshold.complexity",
        5,
        7,
        chosen("agent:a", given=MIDDLING),
        LOCAL_FIRST,
    ),
    Pair(f"{STRATEGY}.fallback_to_cloud_threshold.confidence", 0.5, 0.7, chosen("agent:a", given=SIMPLE), LOCAL_FIRST),
    Pair(f"{STRATEGY}.cloud_for_complex_tasks", False, True, chosen("agent:a", given=HARD), LOCAL_FIRST),
    Pair(f"{STRATEGY}.local_for_routine_tasks", False, True, chosen("agent:a", given=SIMPLE), CLOUD_FIRST),
    Pair(
        f"{STRATEGY}.complex_from",
        6,
        7,
        chosen("agent:a", given=MIDDLING),
        LOCAL_FIRST | {f"{STRATEGY}.cloud_for_complex_tasks": True},
    ),
    Pair(
        f"{STRATEGY}.routine_up_to",
        5,
        6,
        chosen("agent:a", given=MIDDLING),
        CLOUD_FIRST | {f"{STRATEGY}.local_for_routine_tasks": True},
    ),
    Pair(
        f"{STRATEGY}.dynamic_routing",
        False,
        True,
        PLAIN,
        SET
        | DEAR_AND_GOOD
        | {f"{STRATEGY}.cloud_for_complex_tasks": True, f"{STRATEGY}.weights": {"cost_efficiency": 1}},
    ),
    Pair(f"{STRATEGY}.parallel_requests", False, True, hedges("agent:a"), SET | SPARED),
    Pair(f"{STRATEGY}.weights", {"cost_efficiency": 1}, {"quality_expectations": 1}, PLAIN, SET | DEAR_AND_GOOD),
)

FACTOR = "routing.factors.NAME"
FACTORS = (
    Pair(
        f"{FACTOR}.weight",
        0.1,
        10,
        PLAIN,
        DEAR_AND_GOOD | {"routing.strategy": "balanced", "routing.factors.quality_expectations": {"weight": 1}},
    ),
    Pair(
        f"{FACTOR}.measures",
        ["request_cost"],
        ["output_quality"],
        PLAIN,
        DEAR_AND_GOOD | {"routing.strategy": "balanced", f"{FACTOR}.weight": 1},
    ),
    Pair(
        f"{FACTOR}.calculation",
        "cost_per_token * estimated_tokens",
        "data_sensitivity_score",
        problems,
        {f"{FACTOR}.weight": 1},
    ),
)

ORDER = (
    Pair("routing.tiers", [["m"], ["o"]], [["m"], ["p"]], chosen("agent:a")),
    Pair(
        "routing.fallback_strategy",
        "quick_degradation",
        "graceful_degradation",
        chosen("agent:a"),
        {"routing.tiers": [["m", "n"], ["o"]]},
    ),
    Pair(
        "routing.task_attributes",
        ABSENT,
        {"component": "text"},
        asked("agent:a", Surroundings(words=((b"x-pointsman-task", b'{"component": "login"}'),))),
    ),
    Pair(
        "routing.require_local_for_pii",
        False,
        True,
        chosen("agent:a", given={"data.contains_pii": True}),
        LOCAL_SPARE,
    ),
    Pair("routing.verbose_logs", False, True, traced),
    Pair("routing.quality_threshold", 0.4, 0.8, chosen("agent:a"), SPARED | {f"{MODEL}.quality": 0.6}),
    Pair(
        "routing.savings",
        ABSENT,
        ["use_cheaper_models_for_simple_tasks"],
        chosen("agent:a", given=SIMPLE),
        DEAR_AND_GOOD,
    ),
    Pair("routing.back_off.initial", "10ms", "20ms", waits),
    Pair("routing.back_off.max", "300ms", "400ms", waits),
)

ROUTING = (*MODELS, *AGENTS, *RULES, *STRATEGIES, *FACTORS, *ORDER)
