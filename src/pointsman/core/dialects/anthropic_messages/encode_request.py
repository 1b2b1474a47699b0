"""Hub -> Anthropic request; whatever the format cannot say is told as a loss."""

from pointsman.core.chat.conversation import Conversation, JsonObject, Sampling, Tool, ToolChoice, demands_call
from pointsman.core.dialects.anthropic_messages.choose_thinking import (
    LEAST_TOP_P,
    ThinkingPlan,
    plan_thinking,
    takes_system_turns,
)
from pointsman.core.dialects.anthropic_messages.close_schema import CHANGE, close_schema
from pointsman.core.dialects.anthropic_messages.limit_marks import limit_marks
from pointsman.core.dialects.anthropic_messages.put_back import find_paths, put_back
from pointsman.core.dialects.anthropic_messages.terms import NAME, TIERS_ASKED, write_cache_mark
from pointsman.core.dialects.anthropic_messages.write_turns import lacks_thought, write_turns
from pointsman.core.dialects.dialect import Draft, Target

USUAL_LIMIT = 4_096
MOST_USUAL_LIMIT = 32_000
"""What an answer may have where the caller says nothing: a small model's all, a large one's not quite."""

_WITHOUT_A_WORD = (
    ("choices", "n"),
    ("seed", "seed"),
    ("presence_penalty", "presence_penalty"),
    ("frequency_penalty", "frequency_penalty"),
    ("logit_bias", "logit_bias"),
    ("logprobs", "logprobs"),
    ("top_logprobs", "top_logprobs"),
)
"""Members of `Sampling` for which the format has no word, and how they are told."""

_SAY_NOTHING: tuple[object, ...] = (0, False, {})


def encode_request(conversation: Conversation, stream: bool, target: Target) -> Draft:
    """A request as a provider gets it."""
    losses: list[str] = []
    own = conversation.extra if conversation.extra_dialect == NAME else {}
    paths = find_paths(own) if own else {}
    sampling = conversation.sampling
    limit = sampling.max_output_tokens
    said = min(target.max_output_tokens or USUAL_LIMIT, MOST_USUAL_LIMIT) if limit is None else limit
    takes_system = takes_system_turns(target.model)
    system, messages = write_turns(conversation.messages, losses, takes_system=takes_system, shortens=not paths)
    plan = plan_thinking(conversation.thinking, target.model, said, target.max_output_tokens, losses)
    if plan.has_budget and lacks_thought(messages):
        plan = ThinkingPlan(None, "", said)
        if "thinking" not in losses:
            losses.append("thinking")
    if limit is not None and plan.limit != limit:
        losses.append("max_tokens")
    fields: JsonObject = {"model": target.model, "max_tokens": plan.limit}
    if system:
        is_plain = len(system) == 1 and len(system[0]) == 2 and not paths
        fields["system"] = system[0]["text"] if is_plain else system
    fields["messages"] = messages
    if stream:
        fields["stream"] = True
    _write_sampling(sampling, plan, fields, losses)
    if plan.config is not None:
        fields["thinking"] = plan.config
    _write_tools(conversation, plan, fields, losses)
    _write_output_config(conversation, plan, fields, losses)
    _write_notes(conversation, fields, losses)
    if own:
        fields.update({name: value for name, value in own.items() if name not in paths})
        losses += [path for path, value in paths.items() if not put_back(fields, path, value)]
    limit_marks(fields, losses)
    form = conversation.answer_format
    is_closed = form is not None and form.schema is not None and close_schema(form.schema) is not form.schema
    return Draft(fields, losses, changes=(CHANGE,) if is_closed else ())


def _write_sampling(sampling: Sampling, plan: ThinkingPlan, fields: JsonObject, losses: list[str]) -> None:
    temperature, top_p, top_k = sampling.temperature, sampling.top_p, sampling.top_k
    if temperature is not None:
        if temperature > 1 or (plan.is_on and temperature != 1):
            losses.append("temperature")
        if not plan.is_on:
            fields["temperature"] = min(temperature, 1)
    if top_p is not None:
        if plan.is_on and top_p < LEAST_TOP_P:
            losses.append("top_p")
        else:
            fields["top_p"] = top_p
    if top_k is not None:
        if plan.is_on:
            losses.append("top_k")
        else:
            fields["top_k"] = top_k
    if sampling.stop:
        stop = [text for text in sampling.stop if not text.isspace()]
        if stop:
            fields["stop_sequences"] = stop
        if len(stop) < len(sampling.stop):
            losses.append("stop")
    for name, told in _WITHOUT_A_WORD:
        value = getattr(sampling, name)
        if value is not None and value not in _SAY_NOTHING and (name, value) != ("choices", 1):
            losses.append(told)


def _write_tools(conversation: Conversation, plan: ThinkingPlan, fields: JsonObject, losses: list[str]) -> None:
    choice = conversation.tool_choice
    narrowed = choice.names if choice is not None and choice.mode in ("auto", "required") else ()
    tools: list[JsonObject] = []
    for place, tool in enumerate(conversation.tools):
        if isinstance(tool, Tool):
            if not narrowed or tool.name in narrowed:
                tools.append(_write_tool(tool))
        elif tool.dialect == NAME and type(tool.value) is dict:
            tools.append(tool.value)
        else:
            losses.append(f"tools[{place}]")
    if tools:
        fields["tools"] = tools
        written = _write_tool_choice(choice, conversation.parallel_tool_calls, plan, losses)
        if written is not None:
            fields["tool_choice"] = written
    elif demands_call(choice):
        losses.append("tool_choice")


def _write_tool(tool: Tool) -> JsonObject:
    schema: JsonObject = tool.parameters or {"properties": {}}
    written: JsonObject = {"name": tool.name}
    if tool.description:
        written["description"] = tool.description
    written["input_schema"] = schema if "type" in schema else {"type": "object", **schema}
    if tool.strict is not None:
        written["strict"] = tool.strict
    if tool.cache:
        written["cache_control"] = write_cache_mark(tool.cache)
    return written


def _write_tool_choice(
    choice: ToolChoice | None, parallel: bool | None, plan: ThinkingPlan, losses: list[str]
) -> JsonObject | None:
    """Which tools are called; a model that thinks cannot be made to call one."""
    if choice is None:
        return {"type": "auto", "disable_parallel_tool_use": True} if parallel is False else None
    written: JsonObject = {"type": "auto"}
    if choice.mode == "none":
        return {"type": "none"}
    if choice.mode != "auto":
        if plan.is_on:
            losses.append("tool_choice")
        elif len(choice.names) == 1:
            written = {"type": "tool", "name": choice.names[0]}
        else:
            written = {"type": "any"}
    if parallel is not None:
        written["disable_parallel_tool_use"] = not parallel
    return written


def _write_output_config(conversation: Conversation, plan: ThinkingPlan, fields: JsonObject, losses: list[str]) -> None:
    config: JsonObject = {}
    form = conversation.answer_format
    if form is not None:
        if form.schema is None:
            losses.append("response_format")
        else:
            config["format"] = {"type": "json_schema", "schema": close_schema(form.schema)}
            if form.description:
                losses.append("response_format.description")
    if plan.effort:
        config["effort"] = plan.effort
    if config:
        fields["output_config"] = config


def _write_notes(conversation: Conversation, fields: JsonObject, losses: list[str]) -> None:
    if conversation.user:
        fields["metadata"] = {"user_id": conversation.user}
    if conversation.metadata:
        losses.append("metadata")
    if conversation.service_tier:
        tier = TIERS_ASKED.get(conversation.service_tier)
        if tier is None:
            losses.append("service_tier")
        else:
            fields["service_tier"] = tier
    if conversation.verbosity:
        losses.append("verbosity")
    if conversation.cache_key:
        losses.append("prompt_cache_key")
    if conversation.extra and conversation.extra_dialect != NAME:
        losses += conversation.extra
