"""Thinking on Bedrock: asked for in the fields of the model, and given back with signatures that must still hold."""

from typing import Annotated, Literal

from msgspec import Meta

from pointsman.simulator.asked import REASONING_TOKENS, think_within
from pointsman.simulator.bedrock_blocks import Reasoning, Strict, refuse
from pointsman.simulator.bedrock_request import ConverseRequest
from pointsman.simulator.strict_json import convert_strictly
from pointsman.simulator.surface import Workshop

PLACE = "additionalModelRequestFields"
LEAST_BUDGET_TOKENS = 1_024


class Thinking(Strict, rename=None):
    """How Anthropic's models are asked to think."""

    type: Literal["enabled", "adaptive", "disabled"]
    budget_tokens: Annotated[int, Meta(ge=LEAST_BUDGET_TOKENS)] | None = None
    display: Literal["summarized", "omitted"] | None = None


class NovaReasoning(Strict):
    """How Amazon's models are asked to think."""

    type: Literal["enabled", "disabled"]
    max_reasoning_effort: Literal["low", "medium", "high"] | None = None


def read_thinking(request: ConverseRequest) -> int:
    """About how long to think, in tokens.

    Raises:
        Refusal: 400 for a thinking that Anthropic refuses, naming the field.
    """
    fields = request.additional_model_request_fields or {}
    for name in ("thinking", "reasoning_config"):
        if name in fields:
            return _read_anthropic(convert_strictly(fields[name], Thinking, f"{PLACE}.{name}"), request)
    if "reasoningConfig" in fields:
        nova = convert_strictly(fields["reasoningConfig"], NovaReasoning, f"{PLACE}.reasoningConfig")
        return REASONING_TOKENS[nova.max_reasoning_effort or "medium"] if nova.type == "enabled" else 0
    effort = fields.get("reasoning_effort", "none")
    if effort not in REASONING_TOKENS:
        raise refuse(f"{PLACE}.reasoning_effort", f"reasoning_effort: must be one of {', '.join(REASONING_TOKENS)}")
    return REASONING_TOKENS[effort]


def _read_anthropic(thinking: Thinking, request: ConverseRequest) -> int:
    if thinking.type == "disabled":
        return 0
    inference = request.inference
    choice = request.tool_config.tool_choice if request.tool_config is not None else None
    if inference.temperature not in (None, 1):
        raise refuse("inferenceConfig.temperature", "`temperature` may only be set to 1 when thinking is enabled.")
    if choice is not None and choice.auto is None:
        raise refuse("toolConfig.toolChoice", "Thinking may not be enabled when tool_choice forces tool use.")
    if thinking.type == "adaptive":
        return REASONING_TOKENS["medium"]
    if thinking.budget_tokens is None:
        raise refuse(f"{PLACE}.thinking.budget_tokens", "thinking.enabled.budget_tokens: Field required")
    if inference.max_tokens is not None and thinking.budget_tokens >= inference.max_tokens:
        raise refuse("inferenceConfig.maxTokens", "`max_tokens` must be greater than `thinking.budget_tokens`.")
    return think_within(thinking.budget_tokens)


def check_thoughts(request: ConverseRequest, workshop: Workshop) -> None:
    """Refuse thoughts that do not come back exactly as they went out.

    Raises:
        Refusal: 400, naming the block.
    """
    for turn, message in enumerate(request.messages):
        for place, block in enumerate(message.content):
            if block.reasoning_content is not None:
                _check_thought(block.reasoning_content, f"messages[{turn}].content[{place}].reasoningContent", workshop)


def _check_thought(thought: Reasoning, path: str, workshop: Workshop) -> None:
    if thought.redacted_content is not None:
        workshop.open_seal(thought.redacted_content, f"{path}.redactedContent")
    elif thought.reasoning_text is not None:
        if thought.reasoning_text.signature is None:
            raise refuse(f"{path}.reasoningText.signature", f"{path}.reasoningText.signature: Field required")
        workshop.check_signature(
            thought.reasoning_text.signature, thought.reasoning_text.text, f"{path}.reasoningText.signature"
        )
