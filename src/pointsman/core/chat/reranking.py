"""Documents to be put in the order in which they answer a query, and that order, in no provider's format."""

import msgspec

from pointsman.core.chat.usage import Usage


class RerankRequest(msgspec.Struct, frozen=True):
    """What is to be ranked.

    Attributes:
        query: what is looked for.
        documents: their texts.
        top_n: how many of them are wanted at most, or `None` for all.
        most_tokens_per_document: where a document is cut, or `None` when nobody said.
        unsaid: members of the client's request that no other format has.
    """

    query: str
    documents: tuple[str, ...]
    top_n: int | None = None
    most_tokens_per_document: int | None = None
    unsaid: tuple[str, ...] = ()


class Rank(msgspec.Struct, frozen=True):
    """One document: its place among those that were sent, and how well it answers the query."""

    index: int
    score: float


class RerankAnswer(msgspec.Struct, frozen=True):
    """The order.

    Attributes:
        ranks: the best first.
        id: of the answer, as the provider gave it, or `""`.
        usage: as the provider reported it, or `None`; some bill searches in place of tokens.
        search_units: the searches that are billed, or `None`.
        model: as the provider calls it, or `""`.
    """

    ranks: tuple[Rank, ...]
    id: str = ""
    usage: Usage | None = None
    search_units: float | None = None
    model: str = ""
