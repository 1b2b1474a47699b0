"""How harmful a text is, judged by a few words of each category: the same text, the same scores."""

import hashlib

from pointsman.simulator.answer import split_words

CATEGORIES: dict[str, frozenset[str]] = {
    "harassment": frozenset({"idiot", "loser", "harass"}),
    "harassment/threatening": frozenset({"threaten"}),
    "hate": frozenset({"hate", "inferior"}),
    "hate/threatening": frozenset({"exterminate"}),
    "illicit": frozenset({"steal", "counterfeit", "shoplift"}),
    "illicit/violent": frozenset({"bomb", "explosive"}),
    "self-harm": frozenset({"suicide", "selfharm"}),
    "self-harm/intent": frozenset({"suicidal"}),
    "self-harm/instructions": frozenset({"overdose"}),
    "sexual": frozenset({"porn", "erotic"}),
    "sexual/minors": frozenset({"underage"}),
    "violence": frozenset({"kill", "murder", "attack"}),
    "violence/graphic": frozenset({"gore", "dismember"}),
}
"""The categories of OpenAI's moderation, and the words that flag each."""

IMAGE_CATEGORIES = frozenset(
    {"self-harm", "self-harm/intent", "self-harm/instructions", "sexual", "violence", "violence/graphic"}
)
"""Those for which images are looked at too."""

FLAGGED_SCORE = 0.9
MOST_HARMLESS_SCORE = 0.05


def rate_harms(text: str, seed: int) -> dict[str, float]:
    """The score of each category from 0 to 1; 0.5 and more is flagged."""
    words = set(split_words(text))
    digest = hashlib.blake2b(f"{seed} {text}".encode(), digest_size=len(CATEGORIES)).digest()
    scores = {}
    for (name, flagging), byte in zip(CATEGORIES.items(), digest, strict=True):
        least = FLAGGED_SCORE if words & flagging else 0.0
        scores[name] = round(least + byte / 255 * MOST_HARMLESS_SCORE, 6)
    return scores
