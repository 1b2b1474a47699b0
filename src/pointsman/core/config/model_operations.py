"""What a model can be asked for: of what its provider serves, as far as its capabilities, or else its id, say more."""

from collections.abc import Iterable, Mapping

from pointsman.core.catalog.catalog import KnownProvider
from pointsman.core.catalog.known_model import KnownModel
from pointsman.core.chat.request import Operation
from pointsman.core.dialects.served import SERVED

Operations = frozenset[Operation]

_BY_CAPABILITY: Mapping[str, Operation] = {
    "embedding": "embeddings",
    "embeddings": "embeddings",
    "rerank": "rerank",
    "reranking": "rerank",
    "moderation": "moderations",
    "moderations": "moderations",
}
"""Capabilities that are no skill of a chat model; a model that has none but these cannot chat."""

_BY_ID: Mapping[str, Operation] = {"embed": "embeddings", "rerank": "rerank", "moderation": "moderations"}
"""What providers put into the ids of models that do nothing else."""

_BESIDE_CHAT = frozenset(_BY_CAPABILITY.values())


def list_provider_operations(known: KnownProvider | None, dialect: str) -> Operations:
    """What a provider can be asked for: what its format can say, of a known one as far as it is known to serve it."""
    served = SERVED[dialect]
    return served & frozenset(known.operations) if known is not None and known.speaks(dialect) else served


def list_model_operations(
    model_id: str, capabilities: Iterable[str], facts: KnownModel | None, served: Operations
) -> Operations:
    """What a model can be asked for.

    Args:
        model_id: as the provider knows it.
        capabilities: as written or listed; where there are any, they are all.
        facts: what the catalogue knows of it, or `None`.
        served: what its provider can be asked for.
    """
    stated = frozenset(capabilities)
    words = stated | frozenset(facts.abilities if facts is not None else ())
    special = frozenset(_BY_CAPABILITY[word] for word in words if word in _BY_CAPABILITY)
    if special and all(word in _BY_CAPABILITY for word in words):
        return served & special
    if special or stated:
        return served - (_BESIDE_CHAT - special)
    if facts is not None and "embeddings" in facts.lacks:
        served -= {"embeddings"}
    name = model_id.lower()
    named = frozenset(operation for part, operation in _BY_ID.items() if part in name)
    return served & named if named else served
