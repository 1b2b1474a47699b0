"""Members of a body's `metadata` that are meant for us; they stay here, whatever provider the request goes to."""

OWN_WORDS = {
    "agent": "agent",
    "task": "task",
    "task_id": "task_id",
    "tags": "tags",
    "user": "user",
    "session": "session",
    "session_id": "session",
    "privacy": "privacy",
    "timeout_ms": "timeout_ms",
    "max_cost": "max_cost",
    "strategy": "strategy",
    "budget_mode": "budget_mode",
    "fallback_models": "fallback_models",
    "min_quality": "min_quality",
}
"""Each with the header that says the same, without its prefix."""
