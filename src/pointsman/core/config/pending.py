"""What a document may hold that is read, checked and does not act yet, each with its topic: lists to become empty."""

from collections.abc import Iterator
from dataclasses import dataclass

from pointsman.core.config.fields import ITEM, NAME
from pointsman.core.config.nodes import ListNode, MappingNode, Node, ScalarNode

_POLICY = {
    "stream_guard": "privacy",
}
_WITH_POLICY = ("agents.NAME.policy", "interactions.NAME.policy", "tasks.NAME.policy", "policy")

PENDING: dict[str, str] = {
    "providers.NAME.display_name": "console",
    "providers.NAME.api_key.secret": "secrets",
    "providers.NAME.api_key.aws": "secrets",
    "routing.strategies.NAME.description": "console",
    "experiments.NAME.description": "console",
    **{f"{holder}.{name}": topic for holder in _WITH_POLICY for name, topic in _POLICY.items()},
    "cache.similarity": "cache",
    "alerts.webhook.secret": "secrets",
    "alerts.webhook.aws": "secrets",
    "retention.usage": "retention",
    "retention.audit": "retention",
    "security.secret_store": "secrets",
    "security.key_rotation": "secrets",
    "security.access_control": "access",
    "security.compliance": "compliance",
    "telemetry.level": "telemetry",
    "telemetry.series": "telemetry",
    "telemetry.panels": "console",
    "server.admin_listen": "access",
    "storage.redis.secret": "secrets",
    "storage.redis.aws": "secrets",
}
"""A key's path, or that of the mapping that it stands in, and its topic."""

PENDING_VALUES: dict[str, dict[str, str]] = {
    "routing.savings[]": {
        "cache_similar_requests": "cache",
        "batch_processing_when_possible": "batches",
        "implement_request_deduplication": "cache",
    },
    "alerts.on[]": {
        "performance_degradation_alerts": "alerts",
        "provider_outage_notifications": "alerts",
        "quality_score_drops": "alerts",
    },
    **{f"{holder}.cache": {"similar": "cache"} for holder in _WITH_POLICY},
    "cache.mode": {"similar": "cache"},
}
"""Keys of which only some values act: the path, and the topic of each value that does not."""


@dataclass(frozen=True, slots=True)
class PendingKey:
    """A key that a document holds and that does not act yet.

    Attributes:
        path: of the key in the document.
        topic: what it waits for.
        value: the value of it that does not act; `""` where none of its values does.
    """

    path: str
    topic: str
    value: str = ""

    def __str__(self) -> str:
        """As people read it, such as `budgets[0].on_exceed: alert (alerts)`."""
        return f"{self.path}{f': {self.value}' if self.value else ''} ({self.topic})"


def find_topic(path: str) -> str | None:
    """The topic that a field such as `cache.ttl` waits for, or `None` when it acts, be it in some of its values."""
    return next((topic for prefix, topic in PENDING.items() if _is_at_or_below(path, prefix)), None)


def find_pending_values(path: str) -> dict[str, str]:
    """The values of a field that do not act yet, and the topic of each."""
    return PENDING_VALUES.get(path) or PENDING_VALUES.get(f"{path}{ITEM}") or {}


def list_pending(root: MappingNode) -> tuple[PendingKey, ...]:
    """What a document, with all its layers, holds that does not act yet: keys first, then values, as the lists go."""
    keys = [
        PendingKey(path, topic)
        for prefix, topic in PENDING.items()
        for path, _ in _find_written(root, _split(prefix), "")
    ]
    values = [pending for prefix, topics in PENDING_VALUES.items() for pending in _find_values(root, prefix, topics)]
    return (*keys, *values)


def _is_at_or_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith((f"{prefix}.", f"{prefix}{ITEM}"))


def _split(prefix: str) -> list[str]:
    return prefix.replace(ITEM, f".{ITEM}").split(".")


def _find_values(root: MappingNode, prefix: str, topics: dict[str, str]) -> Iterator[PendingKey]:
    """Each place that holds one of the values."""
    for path, node in _find_written(root, _split(prefix), ""):
        if isinstance(node, ScalarNode) and node.text in topics:
            yield PendingKey(path, topics[node.text], node.text)


def _find_written(node: Node, steps: list[str], path: str) -> Iterator[tuple[str, Node]]:
    """Each path of the document that the steps lead to, and what stands there."""
    if not steps:
        yield path, node
    elif isinstance(node, ListNode) and steps[0] == ITEM:
        for index, item in enumerate(node.items):
            yield from _find_written(item, steps[1:], f"{path}[{index}]")
    elif isinstance(node, MappingNode):
        for name, entry in node.entries.items():
            if steps[0] in (name, NAME):
                yield from _find_written(entry.value, steps[1:], f"{path}.{name}" if path else name)
