"""What the model says to a request, as tokens, before any wire format: the same request and seed, the same answer."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

import msgspec

from pointsman.simulator.asked import Asked, Function, JsonObject, Turn
from pointsman.simulator.models import find_model
from pointsman.simulator.prompt_cache import NO_CACHE, CacheUse
from pointsman.simulator.refusal import Refusal
from pointsman.simulator.schema_instance import build_instance
from pointsman.simulator.text import FALLBACK_TOPICS, compose_answer, compose_report, find_topics
from pointsman.simulator.thought import think
from pointsman.simulator.tokens import count_tokens, split_tokens

TOKENS_PER_MESSAGE = 3
TOKENS_PER_PROMPT = 3
TOKENS_PER_CALL = 4
"""What a tool call costs beside its name and arguments."""

REFUSE_WORDS = "please refuse"
"""In what the user said last: the answer is a refusal."""
REDACT_WORDS = "please redact"
"""In what the user said last: thoughts come hidden where the dialect can hide them."""

REFUSAL_TEXT = "I'm sorry, but I can't help with that."

_COMMON_VERBS = frozenset({"get", "set", "find", "fetch", "list", "make", "call", "with", "from", "tool", "look"})


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a function with arguments, JSON cut into tokens."""

    id: str
    name: str
    arguments: tuple[str, ...]

    @property
    def name_tokens(self) -> int:
        """What the call costs before its first argument."""
        return count_tokens(self.name) + TOKENS_PER_CALL


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers: thought, then text or tool calls.

    Attributes:
        thoughts: what the model thought, as tokens; most dialects show it only when asked to.
        content: the text, as tokens; of a refusal, its text.
        calls: the tool calls, after the text.
        finish_reason: why it ends.
        stop_sequence: which of the stop sequences ended it, or `None`.
        is_refused: whether `content` is a refusal.
        is_redacted: whether the thoughts are to be hidden.
    """

    thoughts: tuple[str, ...]
    content: tuple[str, ...]
    calls: tuple[ToolCall, ...]
    finish_reason: Literal["stop", "length", "tool_calls"]
    stop_sequence: str | None = None
    is_refused: bool = False
    is_redacted: bool = False

    @property
    def text(self) -> str:
        """All it says."""
        return "".join(self.content)

    @property
    def thought(self) -> str:
        """All it thought."""
        return "".join(self.thoughts)

    @property
    def reasoning_tokens(self) -> int:
        """What thinking cost."""
        return len(self.thoughts)

    @property
    def tokens(self) -> int:
        """All that the model generated for this choice."""
        calls = sum(call.name_tokens + len(call.arguments) for call in self.calls)
        return len(self.thoughts) + len(self.content) + calls


@dataclass(frozen=True, slots=True)
class Answer:
    """All choices, and what the prompt cost.

    Attributes:
        prompt_tokens: all of the prompt, what came from the cache included.
        choices: at least one.
        cache: the parts of the prompt that came from the cache or went there.
    """

    prompt_tokens: int
    choices: tuple[Choice, ...]
    cache: CacheUse = NO_CACHE

    @property
    def completion_tokens(self) -> int:
        """All that the model generated, reasoning included."""
        return sum(choice.tokens for choice in self.choices)

    @property
    def reasoning_tokens(self) -> int:
        """The part of the completion that is thought."""
        return sum(choice.reasoning_tokens for choice in self.choices)


def plan_answer(asked: Asked, seed: int, reply: str | None = None) -> Answer:
    """Think up the whole answer.

    Args:
        asked: what was asked; its own `seed` counts beside the simulator's.
        seed: the simulator's seed.
        reply: what each choice says, or `None` to make something up.

    Raises:
        Refusal: 404 for a model that does not exist, 400 for a prompt larger than its window.
    """
    model = find_model(asked.model)
    prompt_tokens = count_prompt_tokens(asked)
    if prompt_tokens > model.context_tokens:
        message = (
            f"This model's maximum context length is {model.context_tokens} tokens. "
            f"However, your messages resulted in {prompt_tokens} tokens."
        )
        raise Refusal(400, message, code="context_length_exceeded", param="messages")
    fingerprint = _fingerprint(asked, seed)
    choices = (_plan_choice(asked, Random(fingerprint + index), reply) for index in range(asked.choices))
    return Answer(prompt_tokens, tuple(choices))


def count_prompt_tokens(asked: Asked) -> int:
    """Tokens of all turns and tools, with the small overhead of each turn."""
    tools = [{"type": "function", "function": _show_function(function)} for function in asked.functions]
    text = msgspec.json.encode(tools).decode() if tools else ""
    return TOKENS_PER_PROMPT + count_tokens(text) + sum(_count_turn_tokens(turn) for turn in asked.turns)


def _show_function(function: Function) -> JsonObject:
    return {
        "name": function.name,
        "description": function.description,
        "parameters": function.parameters,
        "strict": function.strict,
    }


def _count_turn_tokens(turn: Turn) -> int:
    texts = [turn.role, turn.text, turn.name]
    for call in turn.calls:
        texts += [call.name, call.arguments]
    return TOKENS_PER_MESSAGE + turn.attachment_tokens + sum(count_tokens(text) for text in texts)


def _fingerprint(asked: Asked, seed: int) -> int:
    """A number made of everything that changes what is said; how it is sent, and what is cached, does not."""
    turns = [
        (turn.role, turn.name, turn.text, [block.attachment for block in turn.blocks if block.attachment_tokens],
         [(call.name, call.arguments) for call in turn.calls])
        for turn in asked.turns
    ]  # fmt: skip
    functions = [_show_function(function) for function in asked.functions]
    made_of = (seed, asked.seed, asked.model, turns, functions, asked.schema)
    return int.from_bytes(hashlib.blake2b(msgspec.json.encode(made_of), digest_size=8).digest())


def _plan_choice(asked: Asked, dice: Random, reply: str | None) -> Choice:
    usual, prompt = asked.thinking_tokens, asked.last_prompt.lower()
    thinking_dice = Random(dice.random())
    thoughts = think(asked.last_prompt, thinking_dice, thinking_dice.randint(usual * 3 // 4, usual * 5 // 4))
    is_refused = reply is None and REFUSE_WORDS in prompt
    functions = [] if is_refused or reply is not None else _choose_functions(asked)
    if functions:
        calls = tuple(_plan_call(function, asked, dice) for function in functions)
        choice = Choice(thoughts, (), calls, "tool_calls", is_redacted=REDACT_WORDS in prompt)
    else:
        text = reply if reply is not None else REFUSAL_TEXT if is_refused else _compose_text(asked, dice)
        text, stop = (text, None) if is_refused else _cut_at_stop(text, asked.stop_sequences)
        content = tuple(split_tokens(text))
        choice = Choice(thoughts, content, (), "stop", stop, is_refused, is_redacted=REDACT_WORDS in prompt)
    limit = asked.most_tokens
    return choice if limit is None or choice.tokens <= limit else _cut_at_limit(choice, limit)


def _choose_functions(asked: Asked) -> list[Function]:
    """The functions to call now: those the request forces, else those the last user message speaks of."""
    names, last = asked.choice.names, asked.turns[-1]
    functions = [function for function in asked.functions if names is None or function.name in names]
    named = [function for function in functions if last.role == "user" and _speaks_of(last.text, function)]
    wanted = named or (functions[:1] if asked.choice.must_call else [])
    return wanted if asked.parallel else wanted[:1]


def _speaks_of(prompt: str, function: Function) -> bool:
    """Whether the prompt holds the function's name or a telling word of it: `get_weather` and "weather"."""
    words = set(split_words(prompt))
    telling = [word for word in split_words(function.name) if len(word) > 3 and word not in _COMMON_VERBS]
    return function.name.lower() in prompt.lower() or any(word in words for word in telling)


def split_words(text: str) -> list[str]:
    """The words of a text or of an identifier, in lower case."""
    return "".join(letter.lower() if letter.isalnum() else " " for letter in text).split()


def _plan_call(function: Function, asked: Asked, dice: Random) -> ToolCall:
    text = _compose_json(function.parameters or {"type": "object"}, asked, dice)
    return ToolCall(f"call_{dice.getrandbits(96):024x}", function.name, tuple(split_tokens(text)))


def _compose_text(asked: Asked, dice: Random) -> str:
    if asked.schema is not None:
        return _compose_json(asked.schema, asked, dice)
    last = asked.turns[-1]
    return compose_report(last.text, dice) if last.role == "tool" else compose_answer(asked.last_prompt, dice)


def _compose_json(schema: JsonObject, asked: Asked, dice: Random) -> str:
    words = find_topics(asked.last_prompt) or list(FALLBACK_TOPICS)
    try:
        return msgspec.json.encode(build_instance(schema, dice, words)).decode()
    except (TypeError, AttributeError, ValueError, LookupError, ArithmeticError) as error:
        # A schema is the caller's and is walked unchecked; what trips the walk is not a schema.
        raise Refusal(400, f"Invalid schema: {error}.", code="invalid_json_schema") from None


def _cut_at_stop(text: str, sequences: Sequence[str]) -> tuple[str, str | None]:
    """The text before the first stop sequence in it, and which that was."""
    found = [(place, sequence) for sequence in sequences if (place := text.find(sequence)) >= 0]
    if not found:
        return text, None
    place, sequence = min(found)
    return text[:place], sequence


def _cut_at_limit(choice: Choice, limit: int) -> Choice:
    """The first `limit` tokens of the choice, in the order they are generated."""
    thoughts = choice.thoughts[:limit]
    left = limit - len(thoughts)
    content = choice.content[:left]
    left -= len(content)
    calls: list[ToolCall] = []
    for call in choice.calls:
        if left < call.name_tokens:
            break
        left -= call.name_tokens
        calls.append(ToolCall(call.id, call.name, call.arguments[:left]))
        left -= len(calls[-1].arguments)
    return replace(
        choice, thoughts=thoughts, content=content, calls=tuple(calls), finish_reason="length", stop_sequence=None
    )
