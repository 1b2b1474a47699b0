"""How well documents answer a query, judged by the words they share: the same texts, the same scores."""

import hashlib
from collections.abc import Sequence

from pointsman.simulator.answer import split_words

MOST_WORDS = 4_096
"""Of one document; what stands behind them is not read."""

_TIE_BREAK = 0.001


def rank_documents(query: str, documents: Sequence[str], seed: int) -> list[tuple[int, float]]:
    """Places of all documents with their scores from 0 to 1, the best first; ties are broken by a hash of the text."""
    asked = set(split_words(query))
    scored = [(place, _score(asked, document, seed)) for place, document in enumerate(documents)]
    return sorted(scored, key=lambda pair: (-pair[1], pair[0]))


def _score(asked: set[str], document: str, seed: int) -> float:
    """Mostly how much of the query the document covers, a little how much of the document speaks of the query."""
    words = split_words(document)[:MOST_WORDS]
    shared = asked.intersection(words)
    covered = len(shared) / len(asked) if asked else 0.0
    density = sum(word in shared for word in words) / len(words) if words else 0.0
    digest = hashlib.blake2b(f"{seed} {document}".encode(), digest_size=2).digest()
    tie_break = int.from_bytes(digest) / 65_536 * _TIE_BREAK
    return round(0.02 + 0.8 * covered + 0.15 * density + tie_break, 7)
