"""What the model says to a request, as tokens, before any wire format: the same request and seed, the same answer."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

import msgspec

from pointsman.simulator.models import find_model
from pointsman.simulator.refusal import Refusal
from pointsman.simulator.request import (
    AllowedToolChoice,
    ChatRequest,
    ForcedTool,
    Function,
    JsonObjectFormat,
    JsonSchemaFormat,
    Message,
)
from pointsman.simulator.schema_instance import build_instance
from pointsman.simulator.text import FALLBACK_TOPICS, compose_answer, compose_report, find_topics
from pointsman.simulator.tokens import count_tokens, split_tokens

TOKENS_PER_MESSAGE = 3
TOKENS_PER_PROMPT = 3
TOKENS_PER_CALL = 4
"""What a tool call costs beside its name and arguments."""

REASONING_TOKENS = {"none": 0, "minimal": 16, "low": 64, "medium": 192, "high": 512, "xhigh": 1024}
"""About how long the model thinks, by `reasoning_effort`."""

_JSON_OBJECT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "topic": {"type": "string"},
        "points": {"type": "array", "items": {"type": "string"}, "minItems": 2},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
    },
}
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
    """One of the `n` answers: thought, then text or tool calls."""

    reasoning_tokens: int
    content: tuple[str, ...]
    calls: tuple[ToolCall, ...]
    finish_reason: Literal["stop", "length", "tool_calls"]

    @property
    def tokens(self) -> int:
        """All that the model generated for this choice."""
        calls = sum(call.name_tokens + len(call.arguments) for call in self.calls)
        return self.reasoning_tokens + len(self.content) + calls


@dataclass(frozen=True, slots=True)
class Answer:
    """All choices, and what the prompt cost."""

    prompt_tokens: int
    choices: tuple[Choice, ...]

    @property
    def completion_tokens(self) -> int:
        """All that the model generated, reasoning included."""
        return sum(choice.tokens for choice in self.choices)

    @property
    def reasoning_tokens(self) -> int:
        """The part of the completion that nobody sees."""
        return sum(choice.reasoning_tokens for choice in self.choices)


def plan_answer(request: ChatRequest, seed: int, reply: str | None = None) -> Answer:
    """Think up the whole answer.

    Args:
        request: what was asked; its own `seed` counts beside the simulator's.
        seed: the simulator's seed.
        reply: what each choice says, or `None` to make something up.

    Raises:
        Refusal: 404 for a model that does not exist, 400 for a prompt larger than its window.
    """
    model = find_model(request.model)
    prompt_tokens = count_prompt_tokens(request)
    if prompt_tokens > model.context_tokens:
        message = (
            f"This model's maximum context length is {model.context_tokens} tokens. "
            f"However, your messages resulted in {prompt_tokens} tokens."
        )
        raise Refusal(400, message, code="context_length_exceeded", param="messages")
    fingerprint = _fingerprint(request, seed)
    choices = (_plan_choice(request, Random(fingerprint + index), reply) for index in range(request.choices))
    return Answer(prompt_tokens, tuple(choices))


def count_prompt_tokens(request: ChatRequest) -> int:
    """Tokens of all messages and tools, with the small overhead of each message."""
    tools = msgspec.json.encode(request.tools).decode() if request.tools else ""
    return TOKENS_PER_PROMPT + count_tokens(tools) + sum(_count_message_tokens(message) for message in request.messages)


def _count_message_tokens(message: Message) -> int:
    texts = [message.role, message.text, message.name or ""]
    for call in message.tool_calls or []:
        texts += [call.function.name, call.function.arguments]
    return TOKENS_PER_MESSAGE + message.attachment_tokens + sum(count_tokens(text) for text in texts)


def _fingerprint(request: ChatRequest, seed: int) -> int:
    """A number made of everything that changes what is said; how it is sent does not."""
    asked = (seed, request.seed, request.model, request.messages, request.tools, request.response_format)
    return int.from_bytes(hashlib.blake2b(msgspec.json.encode(asked), digest_size=8).digest())


def _plan_choice(request: ChatRequest, dice: Random, reply: str | None) -> Choice:
    limit = request.max_completion_tokens or request.max_tokens
    usual = REASONING_TOKENS[request.reasoning_effort or "none"]
    reasoning_tokens = dice.randint(usual * 3 // 4, usual * 5 // 4)
    functions = _choose_functions(request) if reply is None else []
    if functions:
        choice = Choice(
            reasoning_tokens, (), tuple(_plan_call(function, request, dice) for function in functions), "tool_calls"
        )
    else:
        text = _cut_at_stop(_compose_text(request, dice) if reply is None else reply, request.stop_sequences)
        choice = Choice(reasoning_tokens, tuple(split_tokens(text)), (), "stop")
    return choice if limit is None or choice.tokens <= limit else _cut_at_limit(choice, limit)


def _choose_functions(request: ChatRequest) -> list[Function]:
    """The functions to call now: those the request forces, else those the last user message speaks of."""
    functions = [tool.function for tool in request.tools or []]
    choice = request.tool_choice
    if choice == "none" or not functions:
        return []
    if isinstance(choice, ForcedTool):
        return [function for function in functions if function.name == choice.function.name]
    must_call = choice == "required"
    if isinstance(choice, AllowedToolChoice):
        allowed = {tool.get("function", {}).get("name") for tool in choice.allowed_tools.tools}
        functions = [function for function in functions if function.name in allowed]
        must_call = choice.allowed_tools.mode == "required"
    last = request.messages[-1]
    named = [function for function in functions if last.role == "user" and _speaks_of(last.text, function)]
    wanted = named or (functions[:1] if must_call else [])
    return wanted[:1] if request.parallel_tool_calls is False else wanted


def _speaks_of(prompt: str, function: Function) -> bool:
    """Whether the prompt holds the function's name or a telling word of it: `get_weather` and "weather"."""
    words = set(split_words(prompt))
    telling = [word for word in split_words(function.name) if len(word) > 3 and word not in _COMMON_VERBS]
    return function.name.lower() in prompt.lower() or any(word in words for word in telling)


def split_words(text: str) -> list[str]:
    """The words of a text or of an identifier, in lower case."""
    return "".join(letter.lower() if letter.isalnum() else " " for letter in text).split()


def _plan_call(function: Function, request: ChatRequest, dice: Random) -> ToolCall:
    text = _compose_json(function.parameters or {"type": "object"}, request, dice)
    return ToolCall(f"call_{dice.getrandbits(96):024x}", function.name, tuple(split_tokens(text)))


def _compose_text(request: ChatRequest, dice: Random) -> str:
    form = request.response_format
    if isinstance(form, JsonObjectFormat):
        return _compose_json(_JSON_OBJECT_SCHEMA, request, dice)
    if isinstance(form, JsonSchemaFormat):
        return _compose_json(form.json_schema.schema, request, dice)
    last = request.messages[-1]
    return compose_report(last.text, dice) if last.role == "tool" else compose_answer(_last_prompt(request), dice)


def _compose_json(schema: dict[str, Any], request: ChatRequest, dice: Random) -> str:
    words = find_topics(_last_prompt(request)) or list(FALLBACK_TOPICS)
    try:
        return msgspec.json.encode(build_instance(schema, dice, words)).decode()
    except (TypeError, AttributeError, ValueError, LookupError, ArithmeticError) as error:
        # A schema is the caller's and is walked unchecked; what trips the walk is not a schema.
        raise Refusal(400, f"Invalid schema: {error}.", code="invalid_json_schema") from None


def _last_prompt(request: ChatRequest) -> str:
    """What the user said last; without a user, the last message."""
    said = [message.text for message in request.messages if message.role == "user"]
    return said[-1] if said else request.messages[-1].text


def _cut_at_stop(text: str, sequences: Sequence[str]) -> str:
    places = [place for sequence in sequences if (place := text.find(sequence)) >= 0]
    return text[: min(places)] if places else text


def _cut_at_limit(choice: Choice, limit: int) -> Choice:
    """The first `limit` tokens of the choice, in the order they are generated."""
    left = limit - min(limit, choice.reasoning_tokens)
    reasoning_tokens, content = limit - left, choice.content[:left]
    left -= len(content)
    calls: list[ToolCall] = []
    for call in choice.calls:
        if left < call.name_tokens:
            break
        left -= call.name_tokens
        calls.append(ToolCall(call.id, call.name, call.arguments[:left]))
        left -= len(calls[-1].arguments)
    return Choice(reasoning_tokens, content, tuple(calls), "length")
