"""For each key that acts: two documents that differ in it alone, and the observation that differs with them."""

from collections.abc import Iterator
from typing import Any

from key_pairs import ABSENT, AGENT, CALLERS, LOCAL_SPARE, MODEL, OWN, SPARE, Pair
from observations import (
    call,
    decision,
    explanation,
    gathered,
    in_development,
    listing,
    problems,
    settings,
)
from observed_alerts import ALERTS
from observed_caching import CACHE, list_caching_pairs
from observed_losses import list_loss_pairs
from observed_prices import list_price_pairs
from observed_quirks import QUIRKS
from observed_routing import ROUTING
from observed_terms import TERMS, list_term_pairs

CALL = call("m")
SEEING_FALLBACK = {f"{AGENT}.fallback": ["n"], "models.n.capabilities": ["vision"]}
LOCAL_AND_CLOUD = {f"{OWN}.base_url": "https://10.0.0.5/v1", f"{OWN}.allow_private": ["10.0.0.5:443"]}
TRUSTED = {f"{OWN}.base_url": "https://8.8.8.8/v1", f"{OWN}.location": "local"}

SKILLED = {"models.n.capabilities": ["vision"], f"{AGENT}.fallback": ["n"]}
ON_A_LOCAL_MACHINE = {f"{OWN}.base_url": "http://10.0.0.5/v1", f"{OWN}.location": "local"}

HEAD = (
    Pair("version", 1, 2, problems),
    Pair("include", ABSENT, ["parts/more.yaml"], gathered),
    Pair("source", "stored", "file", settings),
    Pair("environments", ABSENT, {"development": {"agents": {"a": {"model": "n"}}}}, in_development),
)

PROVIDERS = (
    Pair(f"{OWN}.enabled", True, False, decision("m"), SPARE),
    Pair(f"{OWN}.dialect", "openai_chat", "another", problems),
    Pair(f"{OWN}.auth", "bearer", "x-api-key", CALL, {f"{OWN}.api_key.env": "POINTSMAN_HOUSE_KEY"}),
    Pair(f"{OWN}.base_url", ABSENT, "https://elsewhere.example/v2", CALL),
    Pair(f"{OWN}.api_key.env", "POINTSMAN_HOUSE_KEY", "OPENAI_API_KEY", CALL),
    Pair(f"{OWN}.api_key.file", "/run/secrets/one", "/run/secrets/other", CALL),
    Pair(f"{OWN}.headers", ABSENT, {"x-organisation": "ours"}, CALL),
    Pair(f"{OWN}.location", "local", "cloud", CALL, LOCAL_AND_CLOUD),
    Pair(f"{OWN}.trust", "local", ABSENT, problems, TRUSTED | {f"{OWN}.trusted_networks": ["8.8.8.0/24"]}),
    Pair(f"{OWN}.trusted_networks", ["8.8.8.0/24"], ["9.9.9.0/24"], CALL, TRUSTED | {f"{OWN}.trust": "local"}),
    Pair(f"{OWN}.allow_private", ABSENT, ["127.0.0.1:443"], CALL),
    *(Pair(f"{OWN}.timeouts.{name}", ABSENT, "3s", CALL) for name in ("connect", "first_byte", "idle")),
    Pair(f"{OWN}.timeouts.total", ABSENT, "120s", CALL),
    Pair(f"{OWN}.timeouts.stream_total", ABSENT, "120s", CALL),
)

MODELS = (
    Pair(f"{MODEL}.provider", "own", "other", CALL),
    Pair(f"{MODEL}.model_id", ABSENT, "m-2026", CALL),
    Pair(f"{MODEL}.enabled", True, False, decision("agent:a"), SPARE),
    Pair(f"{MODEL}.description", ABSENT, "Writes well", listing),
    Pair(f"{MODEL}.context_window", 1_000, 9_000, problems, {f"{AGENT}.parameters.max_tokens": 5_000}),
    Pair(f"{MODEL}.max_output_tokens", 1_000, 9_000, problems, {f"{AGENT}.parameters.max_tokens": 5_000}),
    Pair(f"{MODEL}.capabilities", ABSENT, ["vision"], explanation("m")),
    Pair(f"{MODEL}.tier", ABSENT, 2, listing),
)

RESOURCES = tuple(
    pair
    for name in ("gpu_memory_gb", "cpu_cores", "memory_gb")
    for needed, had in [(f"{MODEL}.resources.{name}", f"server.local_resources.{name}")]
    for pair in (
        Pair(needed, 8, 80, problems, ON_A_LOCAL_MACHINE | {had: 48}),
        Pair(had, 48, 96, problems, ON_A_LOCAL_MACHINE | {needed: 80}),
    )
)

PARAMETERS: dict[str, tuple[Any, Any]] = {
    "temperature": (0.5, 0.6),
    "top_p": (0.5, 0.6),
    "max_tokens": (5, 6),
    "max_completion_tokens": (5, 6),
    "presence_penalty": (0.5, 0.6),
    "frequency_penalty": (0.5, 0.6),
    "seed": (5, 6),
    "stop": ("END", ["STOP", "END"]),
    "reasoning_effort": ("low", "high"),
    "verbosity": ("low", "high"),
    "parallel_tool_calls": (True, False),
    "logprobs": (True, False),
    "top_logprobs": (5, 6),
    "service_tier": ("flex", "default"),
}

AGENTS = (
    Pair(f"{AGENT}.display_name", ABSENT, "Agent A", listing),
    Pair(f"{AGENT}.langsmith_project", ABSENT, "project-a", listing),
    Pair(
        f"{AGENT}.strict_capabilities",
        False,
        True,
        decision("agent:a"),
        SKILLED | {f"{AGENT}.capabilities_required": ["vision"], **SEEING_FALLBACK},
    ),
    Pair(
        f"{AGENT}.capabilities_required",
        ABSENT,
        ["vision"],
        decision("agent:a"),
        SKILLED | {f"{AGENT}.strict_capabilities": True, **SEEING_FALLBACK},
    ),
)

TASKS = (Pair("tasks.NAME.criteria", ABSENT, "Security expertise", explanation("task:t")),)

OPERATIONS = (
    Pair("routing.attempts", 1, 2, call("agent:a", 500), {f"{AGENT}.fallback": ["n", "o"]}),
    Pair("routing.force_local_models", False, True, decision("agent:a"), LOCAL_SPARE),
    Pair("policy.privacy", "low", "high", decision("agent:a"), LOCAL_SPARE),
    Pair(
        f"{AGENT}.local_alternative",
        ABSENT,
        "n",
        decision("agent:a"),
        LOCAL_SPARE | {"models.o.provider": "near", f"{AGENT}.fallback": ["o"], f"{AGENT}.policy.privacy": "high"},
    ),
    Pair("routing.aliases", ABSENT, {"quick": "agent:a"}, call("quick")),
    Pair("retention.decisions", ABSENT, "3d", settings),
    Pair("retention.revisions", ABSENT, 50, settings),
    Pair(
        "security.environment_variables",
        ABSENT,
        ["HOUSE_KEY"],
        problems,
        {f"{OWN}.api_key.env": "HOUSE_KEY"},
    ),
    Pair("telemetry.metrics_access", "loopback", "key", settings),
    Pair("telemetry.request_logging", "metadata_only", "off", settings),
    Pair("server.listen", ABSENT, "127.0.0.1:4200", settings),
    Pair("storage.url", ABSENT, "sqlite:////var/lib/pointsman.db", settings),
    Pair("storage.redis.env", "POINTSMAN_REDIS_URL", "POINTSMAN_OTHER_URL", settings),
    Pair("storage.redis.file", "/run/secrets/redis", "/run/secrets/other", settings),
    Pair("storage.hard_budgets", ABSENT, "redis", settings, {"storage.redis.env": "POINTSMAN_REDIS_URL"}),
    Pair("storage.lease", ABSENT, "60s", settings),
)


def list_caller_pairs() -> Iterator[Pair]:
    """What agents, interactions and types of task have in common."""
    for section, target in CALLERS.items():
        yield Pair(f"{section}.NAME.model", "m", "n", decision(target))
        yield Pair(f"{section}.NAME.fallback", ABSENT, ["n"], decision(target))
        yield Pair(f"{section}.NAME.description", ABSENT, "Does it", listing)
        yield Pair(f"{section}.NAME.reasoning", ABSENT, "It does it well", explanation(target))
        yield Pair(f"{section}.NAME.tags", ABSENT, ["t"], call(target))
        yield Pair(f"{section}.NAME.policy.privacy", "low", "high", decision(target), LOCAL_SPARE)
        for name, (first, second) in PARAMETERS.items():
            yield Pair(f"{section}.NAME.parameters.{name}", first, second, call(target))


PAIRS = {
    pair.path: pair
    for pair in (
        *HEAD,
        *PROVIDERS,
        *QUIRKS,
        *MODELS,
        *list_price_pairs(),
        *RESOURCES,
        *list_caller_pairs(),
        *list_term_pairs(),
        *list_caching_pairs(),
        *list_loss_pairs(),
        *AGENTS,
        *TASKS,
        *ROUTING,
        *TERMS,
        *ALERTS,
        *OPERATIONS,
        *CACHE,
    )
}
