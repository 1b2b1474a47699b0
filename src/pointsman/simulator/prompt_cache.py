"""Which marked prompts were seen before: the first time a mark's prompt is written, afterwards it is read.

There is no least length, so that short tests see it work; a mark lives as long as it asks and is renewed when read.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from pointsman.simulator.asked import Asked, Function, Turn
from pointsman.simulator.tokens import count_tokens

MOST_PROMPTS = 10_000
LIVES_S = {"5m": 300.0, "1h": 3600.0}


@dataclass(frozen=True, slots=True)
class CacheUse:
    """What of a prompt came from the cache and what went there, in tokens; both are part of the prompt.

    Attributes:
        read_tokens: seen before.
        written_tokens: marked and new.
        written_1h_tokens: the part of `written_tokens` that is kept for an hour.
    """

    read_tokens: int = 0
    written_tokens: int = 0
    written_1h_tokens: int = 0


NO_CACHE = CacheUse()


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a prompt up to which it is to be kept."""

    digest: bytes
    tokens: int
    life: str


@dataclass(slots=True)
class PromptCache:
    """The prompts in the cache, at most 10,000; the one longest unused goes first."""

    _ends_s: OrderedDict[bytes, float] = field(default_factory=OrderedDict)

    def use(self, asked: Asked, prompt_tokens: int, now_s: float) -> CacheUse:
        """Look up and keep the marked parts of a prompt.

        Args:
            asked: the request with its marks.
            prompt_tokens: what the whole prompt costs; no mark counts more.
            now_s: any clock that only goes forward.
        """
        read_tokens, reached_tokens, written_1h_tokens = 0, 0, 0
        for mark in list_marks(asked):
            tokens = max(reached_tokens, min(mark.tokens, prompt_tokens))
            if self._ends_s.get(mark.digest, now_s) > now_s:
                read_tokens, written_1h_tokens = tokens, 0
            elif mark.life == "1h":
                written_1h_tokens += tokens - reached_tokens
            reached_tokens = tokens
            self._keep(mark, now_s)
        return CacheUse(read_tokens, reached_tokens - read_tokens, written_1h_tokens)

    def _keep(self, mark: Mark, now_s: float) -> None:
        self._ends_s[mark.digest] = now_s + LIVES_S[mark.life]
        self._ends_s.move_to_end(mark.digest)
        if len(self._ends_s) > MOST_PROMPTS:
            self._ends_s.popitem(last=False)


def list_marks(asked: Asked) -> list[Mark]:
    """All marks of a request in the order of the prompt: tools, then turns."""
    seen, tokens, marks = hashlib.blake2b(asked.model.encode(), digest_size=16), 0, []
    for piece, cost_tokens, life in _walk(asked):
        seen.update(msgspec.json.encode(piece))
        tokens += cost_tokens
        if life:
            marks.append(Mark(seen.digest(), tokens, life))
    return marks


def _walk(asked: Asked) -> Iterator[tuple[object, int, str]]:
    """Every piece of the prompt, with its tokens and its mark."""
    for function in asked.functions:
        yield _name_function(function), count_tokens(msgspec.json.encode(function.parameters).decode()), function.cache
    for turn in asked.turns:
        yield from _walk_turn(turn)


def _name_function(function: Function) -> tuple[object, ...]:
    return function.name, function.description, function.parameters, function.strict


def _walk_turn(turn: Turn) -> Iterator[tuple[object, int, str]]:
    yield (turn.role, turn.name), count_tokens(turn.role), ""
    for block in turn.blocks:
        yield (block.text, block.attachment), count_tokens(block.text) + block.attachment_tokens, block.cache
    for call in turn.calls:
        yield (call.name, call.arguments), count_tokens(call.name) + count_tokens(call.arguments), call.cache
