"""What a program may wish of an answer, as seed 004 words it, said in the terms of the relay; each wish acts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypedDict

from pointsman.core.config.suggest import suggest_name

AUTO = "auto"


class PerformanceRequirements(TypedDict, total=False):
    """How fast and how good.

    Attributes:
        max_latency: seconds until the answer must be whole; models that usually take longer are tried last, and the
            call is ended when the time is over.
        min_quality: from 0 to 1, as `quality_threshold`; the higher of the two counts.
    """

    max_latency: float
    min_quality: float


class GenerateOptions(TypedDict, total=False):
    """Wishes of one request.

    Attributes:
        messages: in place of a prompt, as OpenAI's chat completions have them.
        system: what the model is told before it all.
        task_type: which kind of task; its models are those of `tasks`, and rules may read it as `task.type`.
        quality_threshold: from 0 to 1; models that are declared to be worse, or whose tier stands for less, drop out.
        max_cost_per_request: dollars; models that may cost more, or whose price nobody knows, drop out.
        preferred_model: the model that is tried first, by our name of it or its provider's id.
        fallback_models: those that are tried next, in order.
        agent_context: the agent who asks; its rules, parameters and terms hold, and its models where none is preferred.
        performance_requirements: how fast and how good.
        temperature, max_tokens: sent where stated, else left to agent and provider.
        user: on whose behalf.
        tags: labels for its usage.
        privacy: `low`, `medium` or `high`; it only raises what the configuration says.
    """

    messages: Sequence[Mapping[str, object]]
    system: str
    task_type: str | None
    quality_threshold: float | None
    max_cost_per_request: Decimal | float | str | None
    preferred_model: str | None
    fallback_models: Sequence[str] | None
    agent_context: str | None
    performance_requirements: PerformanceRequirements | None
    temperature: float | None
    max_tokens: int | None
    user: str | None
    tags: Sequence[str]
    privacy: Literal["low", "medium", "high"] | None


_PLAIN = {
    "agent_context": "agent",
    "temperature": "temperature",
    "max_tokens": "max_tokens",
    "user": "user",
    "privacy": "privacy",
}
"""Wishes that the relay knows by another name, or by the same one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request in the terms of `Pointsman.chat`."""

    messages: list[Mapping[str, object]]
    model: str
    options: dict[str, Any]

    @property
    def request(self) -> dict[str, Any]:
        """As one of a batch."""
        return {"messages": self.messages, "model": self.model, **self.options}


def read_wishes(prompt: object, wishes: Mapping[str, object], names: Mapping[str, str]) -> Asked:
    """A request from its wishes.

    Args:
        prompt: its text, or `None` where `messages` are among the wishes.
        wishes: see `GenerateOptions`.
        names: provider's id of a model -> our name of it.

    Raises:
        TypeError: for a wish that is not known, or of the wrong type.
        ValueError: for one that cannot be so.
    """
    _refuse_unknown(wishes, GenerateOptions.__annotations__, "generate")
    required = wishes.get("performance_requirements") or {}
    if not isinstance(required, Mapping):
        raise TypeError('performance_requirements is a mapping such as {"max_latency": 30, "min_quality": 0.85}')
    _refuse_unknown(required, PerformanceRequirements.__annotations__, "performance_requirements")
    options = {name: wishes[wish] for wish, name in _PLAIN.items() if wishes.get(wish) not in (None, "")}
    if tags := _list_texts(wishes, "tags"):
        options["tags"] = tags
    if fallbacks := _list_texts(wishes, "fallback_models"):
        options["fallback_models"] = [names.get(name, name) for name in fallbacks]
    if task_type := wishes.get("task_type"):
        options["task"] = {"type": str(task_type)}
    if (quality := _read_quality(wishes.get("quality_threshold"), required.get("min_quality"))) is not None:
        options["min_quality"] = quality
    if (most := wishes.get("max_cost_per_request")) is not None:
        options["max_cost_usd"] = _read_number("max_cost_per_request", most)
    if (latency := required.get("max_latency")) is not None:
        options["timeout_s"] = _read_latency(latency)
    preferred = wishes.get("preferred_model")
    model = names.get(str(preferred), str(preferred)) if preferred else AUTO
    return Asked(_write_messages(prompt, wishes), model, options)


def _write_messages(prompt: object, wishes: Mapping[str, object]) -> list[Mapping[str, object]]:
    messages, system = wishes.get("messages"), wishes.get("system")
    if (prompt is None) == (messages is None):
        raise TypeError("say either prompt, a text, or messages, a list")
    if prompt is not None and not isinstance(prompt, str):
        raise TypeError("prompt is a text; parts and images stand in messages")
    if messages is not None and (isinstance(messages, str) or not isinstance(messages, Sequence)):
        raise TypeError('messages is a list such as [{"role": "user", "content": "..."}]')
    said = [{"role": "user", "content": prompt}] if messages is None else list(messages)
    return [{"role": "system", "content": system}, *said] if system else said


def _list_texts(wishes: Mapping[str, object], name: str) -> list[str]:
    listed = wishes.get(name)
    if listed is None:
        return []
    if isinstance(listed, str) or not isinstance(listed, Sequence):
        raise TypeError(f"{name} is a list of texts")
    return [str(each) for each in listed]


def _read_quality(*wanted: object) -> Decimal | None:
    stated = [_read_number("quality", each) for each in wanted if each is not None]
    if any(not 0 <= each <= 1 for each in stated):
        raise ValueError("quality_threshold and min_quality are numbers from 0 to 1, such as 0.85")
    return max(stated).quantize(Decimal("0.000001")) if stated else None


def _read_latency(latency: object) -> float:
    seconds = float(_read_number("max_latency", latency))
    if not 0 < seconds <= 3_600:
        raise ValueError("max_latency is a number of seconds above 0 and up to 3600")
    return seconds


def _read_number(name: str, value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise TypeError(f"{name} is a number")
    try:
        # A float is meant as it prints: 0.1 is ten cents.
        number = Decimal(str(value))
    except ArithmeticError:
        raise ValueError(f"{name} is a number, such as 0.5") from None
    if not number.is_finite() or number < 0:
        raise ValueError(f"{name} is a number from 0 up, such as 0.5")
    return number


def _refuse_unknown(words: Mapping[str, object], known: Mapping[str, object], where: str) -> None:
    for word in words:
        if word not in known:
            guess = suggest_name(str(word), known)
            hint = f"did you mean {guess}?" if guess else f"there are {', '.join(known)}"
            raise TypeError(f"{where} knows no {str(word)[:64]!r}; {hint}")
