"""What the tables of keys are made of: a base document, and pairs of it that differ in one key."""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from observations import Document, Observation

ABSENT = object()
"""Stands for a key that is not written."""

ENTRIES = {
    "providers": "own",
    "models": "m",
    "agents": "a",
    "interactions": "i",
    "tasks": "t",
    "strategies": "s",
    "factors": "cost_efficiency",
    "experiments": "e",
}
"""What NAME is in the documents of these tables, by the mapping that it stands in."""

CALLERS = {"agents": "agent:a", "interactions": "interaction:i", "tasks": "task:t"}


@dataclass(frozen=True)
class Pair:
    """One key, two values of it, and where the difference shows.

    Attributes:
        path: as in the reference.
        first: the one value.
        second: the other one.
        observe: what differs.
        beside: further keys, the same in both documents.
    """

    path: str
    first: Any
    second: Any
    observe: Observation
    beside: dict[str, Any] = field(default_factory=dict)

    def build(self, value: object) -> Document:
        document = build_base()
        for path, other in {**self.beside, self.path: value}.items():
            if other is not ABSENT:
                put(document, path, deepcopy(other))
        return document


def build_base() -> Document:
    price = {"input": "1", "output": "1"}
    return {
        "providers": {name: {"base_url": f"https://{name}.example/v1"} for name in ("own", "other")},
        "models": {name: {"provider": "own", "price_per_1m_tokens": dict(price)} for name in ("m", "n", "o", "p")},
        "agents": {"a": {"model": "m"}},
        "interactions": {"i": {"model": "m"}},
        "tasks": {"t": {"model": "m"}},
    }


def put(document: Document, path: str, value: object) -> None:
    """Write a value at a path of the reference; `[]` is the first item of a list."""
    *parents, name = path.split(".")
    holder: Any = document
    inside = ""
    for step in parents:
        parent = ENTRIES[inside] if step == "NAME" else step
        inside = parent.removesuffix("[]")
        holder = holder.setdefault(inside, [{}])[0] if parent.endswith("[]") else holder.setdefault(parent, {})
    holder[ENTRIES[inside] if name == "NAME" else name] = value


OWN, MODEL, AGENT = "providers.NAME", "models.NAME", "agents.NAME"

SPARE = {"models.n.provider": "other"} | {f"{section}.NAME.fallback": ["n"] for section in CALLERS}
"""A second model elsewhere, for callers that lose their first."""

NEAR = {"providers.near": {"base_url": "http://127.0.0.1:9/v1"}}
LOCAL_SPARE = NEAR | {"models.n.provider": "near"} | {f"{section}.NAME.fallback": ["n"] for section in CALLERS}
"""A second model on this machine."""
