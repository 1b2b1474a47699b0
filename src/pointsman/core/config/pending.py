"""Keys that are read and checked and do not act yet, each with the topic that it waits for: a list to become empty."""

from collections.abc import Iterator
from dataclasses import dataclass

from pointsman.core.config.fields import ITEM, NAME
from pointsman.core.config.nodes import ListNode, MappingNode, Node

_POLICY = {
    "strict": "dialects",
    "on_loss": "dialects",
    "cache": "cache",
    "stream_guard": "privacy",
    "hedging": "routing",
    "retry_after_send": "routing",
    "quality_threshold": "routing",
}
_WITH_POLICY = ("agents.NAME.policy", "interactions.NAME.policy", "tasks.NAME.policy", "policy")

PENDING: dict[str, str] = {
    "providers.NAME.display_name": "console",
    "providers.NAME.rate_limits": "limits",
    "providers.NAME.api_key.secret": "secrets",
    "providers.NAME.api_key.aws": "secrets",
    "models.NAME.quality": "routing",
    "models.NAME.rate_limits": "limits",
    "models.NAME.speed": "routing",
    "agents.NAME.budget_mode": "routing",
    "agents.NAME.rules": "routing",
    "agents.NAME.task_type": "routing",
    "tasks.NAME.capabilities_required": "routing",
    "routing.strategy": "routing",
    "routing.strategies": "routing",
    "routing.rules": "routing",
    "routing.factors": "routing",
    "routing.tiers": "routing",
    "routing.task_attributes": "routing",
    "routing.require_local_for_pii": "privacy",
    "routing.verbose_logs": "routing",
    "routing.quality_threshold": "routing",
    "routing.fallback_strategy": "routing",
    "routing.savings": "routing",
    "routing.back_off": "routing",
    "budgets": "money",
    "experiments": "experiments",
    **{f"{holder}.{name}": topic for holder in _WITH_POLICY for name, topic in _POLICY.items()},
    "cache": "cache",
    "alerts": "alerts",
    "retention.usage": "retention",
    "retention.decisions": "retention",
    "retention.audit": "retention",
    "security.secret_store": "secrets",
    "security.key_rotation": "secrets",
    "security.access_control": "access",
    "security.compliance": "compliance",
    "telemetry.level": "telemetry",
    "telemetry.series": "telemetry",
    "telemetry.panels": "console",
    "server.admin_listen": "access",
    "storage.redis": "money",
}
"""A key's path, or that of the mapping that it stands in, and its topic."""


@dataclass(frozen=True, slots=True)
class PendingKey:
    """A key that a document holds and that does not act yet."""

    path: str
    topic: str


def find_topic(path: str) -> str | None:
    """The topic that a field such as `budgets[].limit` waits for, or `None` when it acts."""
    return next((topic for prefix, topic in PENDING.items() if _is_at_or_below(path, prefix)), None)


def list_pending(root: MappingNode) -> tuple[PendingKey, ...]:
    """The keys of a document, with all its layers, that do not act yet, in the order of the list."""
    return tuple(
        PendingKey(path, topic)
        for prefix, topic in PENDING.items()
        for path in _find_written(root, prefix.replace(ITEM, f".{ITEM}").split("."), "")
    )


def _is_at_or_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith((f"{prefix}.", f"{prefix}{ITEM}"))


def _find_written(node: Node, steps: list[str], path: str) -> Iterator[str]:
    """Each path of the document that the steps lead to."""
    if not steps:
        yield path
    elif isinstance(node, ListNode) and steps[0] == ITEM:
        for index, item in enumerate(node.items):
            yield from _find_written(item, steps[1:], f"{path}[{index}]")
    elif isinstance(node, MappingNode):
        for name, entry in node.entries.items():
            if steps[0] in (name, NAME):
                yield from _find_written(entry.value, steps[1:], f"{path}.{name}" if path else name)
