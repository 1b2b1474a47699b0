"""What the model thinks before it speaks, as many tokens of it as it is asked to think."""

from random import Random

from pointsman.simulator.text import FALLBACK_TOPICS, find_topics
from pointsman.simulator.tokens import split_tokens

_SENTENCES = (
    "The user asks about {a}.",
    "Let me look at {a} before {b}.",
    "I should check whether {b} changes anything.",
    "If {a} holds, then {b} follows.",
    "Another way to see {a} would be through {b}.",
    "That seems right for {a}.",
    "I must not forget {b}.",
    "So far {a} and {b} agree.",
    "Wait, {b} might depend on {a}.",
    "Now I can put it together.",
)


def think(prompt: str, dice: Random, tokens: int) -> tuple[str, ...]:
    """Exactly `tokens` tokens of thought about `prompt`."""
    words = [*find_topics(prompt), *FALLBACK_TOPICS]
    thought: list[str] = []
    while len(thought) < tokens:
        first, second = dice.sample(words, 2)
        sentence = dice.choice(_SENTENCES).format(a=first, b=second)
        thought += split_tokens(f" {sentence}" if thought else sentence)
    return tuple(thought[:tokens])
