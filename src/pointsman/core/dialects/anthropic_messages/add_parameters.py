"""An agent's parameters under Anthropic's names, where the caller says nothing; what would be refused is left out.

It was never the caller's, so leaving it out is no loss.
"""

from collections.abc import Callable

import msgspec

from pointsman.core.chat.conversation import Effort, JsonObject, Thinking
from pointsman.core.chat.request import ParameterValue
from pointsman.core.dialects.anthropic_messages.choose_thinking import plan_thinking
from pointsman.core.dialects.anthropic_messages.terms import TIERS_ASKED
from pointsman.core.dialects.dialect import Target

_FIRST = "reasoning_effort"
"""Goes before the others: a model that thinks takes no temperature."""

_SAMPLING = ("temperature", "top_p", "top_k")
_encode = msgspec.json.Encoder().encode


def add_parameters(fields: JsonObject, target: Target, members: JsonObject) -> list[str]:
    """Add to `members` what the caller left unsaid; each parameter that was added, as `temperature=0.3`."""
    changes: list[str] = []
    for name, value in sorted(target.parameters, key=lambda parameter: parameter[0] != _FIRST):
        add = _ADDERS.get(name)
        added = add(fields, target, members, value) if add is not None else {}
        members.update(added)
        changes += [f"{member}={_encode(said).decode()}" for member, said in added.items()]
    return changes


def _add_sampling(name: str, fields: JsonObject, members: JsonObject, value: ParameterValue) -> JsonObject:
    if fields.get(name) is not None or _thinks(fields) or _thinks(members):
        return {}
    return {name: min(value, 1) if type(value) in (int, float) else value}


def _add_stop(fields: JsonObject, target: Target, members: JsonObject, value: ParameterValue) -> JsonObject:
    if fields.get("stop_sequences"):
        return {}
    return {"stop_sequences": list(value) if isinstance(value, tuple) else [value]}


def _add_tier(fields: JsonObject, target: Target, members: JsonObject, value: ParameterValue) -> JsonObject:
    tier = TIERS_ASKED.get(str(value))
    return {} if tier is None or fields.get("service_tier") is not None else {"service_tier": tier}


def _add_parallel(fields: JsonObject, target: Target, members: JsonObject, value: ParameterValue) -> JsonObject:
    choice = fields.get("tool_choice")
    choice = choice if type(choice) is dict else {"type": "auto"}
    is_said = choice.get("disable_parallel_tool_use") is not None
    if value is not False or is_said or choice["type"] == "none" or not fields.get("tools"):
        return {}
    return {"tool_choice": {**choice, "disable_parallel_tool_use": True}}


def _add_effort(fields: JsonObject, target: Target, members: JsonObject, value: ParameterValue) -> JsonObject:
    """Let the model think, unless something that the caller says would then be refused, or the limit is too small."""
    config = fields.get("output_config")
    config = config if type(config) is dict else {}
    choice = fields.get("tool_choice")
    is_forced = type(choice) is dict and choice.get("type") in ("any", "tool")
    is_sampled = any(fields.get(name) is not None for name in _SAMPLING)
    if fields.get("thinking") is not None or config.get("effort") is not None:
        return {}
    limit = fields["max_tokens"]
    assert type(limit) is int, "a decoded request has one"
    effort: Effort = value  # type: ignore[assignment]
    plan = plan_thinking(Thinking(effort), target.model, limit, None, [])
    if plan.limit != limit or (plan.is_on and (is_forced or is_sampled)):
        return {}
    added: JsonObject = {"thinking": plan.config}
    if plan.effort:
        added["output_config"] = {**config, "effort": plan.effort}
    return added


def _thinks(fields: JsonObject) -> bool:
    thinking = fields.get("thinking")
    return type(thinking) is dict and thinking.get("type") != "disabled"


_ADDERS: dict[str, Callable[[JsonObject, Target, JsonObject, ParameterValue], JsonObject]] = {
    "temperature": lambda fields, target, members, value: _add_sampling("temperature", fields, members, value),
    "top_p": lambda fields, target, members, value: _add_sampling("top_p", fields, members, value),
    "stop": _add_stop,
    "service_tier": _add_tier,
    "parallel_tool_calls": _add_parallel,
    "reasoning_effort": _add_effort,
}
