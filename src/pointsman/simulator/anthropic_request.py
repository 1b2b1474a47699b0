"""The body of Anthropic's Messages API, read as strictly as the real one reads it."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pointsman.simulator.anthropic_blocks import AssistantBlock, CacheControl, Strict, Text, UserBlock
from pointsman.simulator.anthropic_tools import Choice
from pointsman.simulator.asked import REASONING_TOKENS, JsonObject, think_within
from pointsman.simulator.refusal import Refusal
from pointsman.simulator.strict_json import decode_strictly

Effort = Literal["low", "medium", "high", "xhigh", "max"]
Count = Annotated[int, Meta(ge=1)]
LEAST_BUDGET_TOKENS = 1024


class UserMessage(Strict, tag_field="role", tag="user"):
    """What the user says, and what tools answered."""

    content: str | list[UserBlock]


class AssistantMessage(Strict, tag_field="role", tag="assistant"):
    """What the assistant said, given back; the last one may be the beginning of the answer."""

    content: str | list[AssistantBlock]


class SystemMessage(Strict, tag_field="role", tag="system"):
    """What the operator says later in the conversation."""

    content: str | list[Text]


Message = UserMessage | AssistantMessage | SystemMessage


class EnabledThinking(Strict, tag_field="type", tag="enabled"):
    """Think, within a budget."""

    budget_tokens: Annotated[int, Meta(ge=LEAST_BUDGET_TOKENS)]
    display: Literal["summarized", "omitted"] | None = None


class AdaptiveThinking(Strict, tag_field="type", tag="adaptive"):
    """Think as much as it needs."""

    display: Literal["summarized", "omitted"] | None = None


class DisabledThinking(Strict, tag_field="type", tag="disabled"):
    """Do not think."""


class BetweenTools(Strict, tag_field="type", tag="between_tools"):
    """Do not think, but report between tool calls."""


Thinking = EnabledThinking | AdaptiveThinking | DisabledThinking | BetweenTools


class JsonFormat(Strict, tag_field="type", tag="json_schema"):
    """The schema an answer must obey."""

    schema: JsonObject


class OutputConfig(Strict):
    """How the answer looks, and how much effort goes into it."""

    effort: Effort | None = None
    format: JsonFormat | None = None


class Metadata(Strict):
    """Who asks, for Anthropic's watch over misuse."""

    user_id: Annotated[str, Meta(max_length=256)] | None = None


class Skill(Strict):
    """A skill to load into the container."""

    skill_id: str
    type: Literal["anthropic", "custom"]
    version: str | None = None


class Container(Strict):
    """The container to use again, or what to load into a new one."""

    id: str | None = None
    skills: list[Skill] | None = None


class Diagnostics(Strict):
    """Which answer to explain a missed cache against."""

    previous_message_id: str | None = None


class Prompt(Strict):
    """What counting tokens and answering have in common."""

    model: Annotated[str, Meta(min_length=1, max_length=256)]
    messages: Annotated[list[Message], Meta(min_length=1)]
    cache_control: CacheControl | None = None
    context_management: JsonObject | None = None
    mcp_servers: list[JsonObject] | None = None
    output_config: OutputConfig | None = None
    output_format: JsonFormat | None = None
    speed: Literal["standard", "fast"] | None = None
    system: str | list[Text] | None = None
    thinking: Thinking | None = None
    tool_choice: Choice | None = None
    tools: list[JsonObject] | None = None
    user_profile_id: str | None = None
    workspace_id: str | None = None

    @property
    def thinking_tokens(self) -> int:
        """About how long to think."""
        if isinstance(self.thinking, EnabledThinking):
            return think_within(self.thinking.budget_tokens)
        if isinstance(self.thinking, AdaptiveThinking):
            effort = self.output_config.effort if self.output_config else None
            return REASONING_TOKENS[effort or "high"]
        return 0

    @property
    def hides_thoughts(self) -> bool:
        """Whether thoughts come back without their words."""
        return isinstance(self.thinking, EnabledThinking | AdaptiveThinking) and self.thinking.display == "omitted"

    @property
    def schema(self) -> JsonObject | None:
        """What the answer must obey, or `None` for words."""
        form = (self.output_config.format if self.output_config else None) or self.output_format
        return form.schema if form else None


class MessagesRequest(Prompt, kw_only=True):
    """The body of `POST /v1/messages`."""

    max_tokens: Count
    container: str | Container | None = None
    diagnostics: Diagnostics | None = None
    inference_geo: str | None = None
    metadata: Metadata | None = None
    service_tier: Literal["auto", "standard_only"] | None = None
    stop_sequences: list[str] | None = None
    stream: bool | None = None
    temperature: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: Annotated[int, Meta(ge=0)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None


BETA_FIELDS = ("context_management", "mcp_servers", "output_format")
"""Only with an `anthropic-beta` header."""

_MESSAGES = msgspec.json.Decoder(MessagesRequest)
_PROMPT = msgspec.json.Decoder(Prompt)


def read_messages_request(body: bytes, *, is_beta: bool) -> MessagesRequest:
    """Decode and check a request for an answer.

    Raises:
        Refusal: 400 that names the field at fault.
    """
    request = decode_strictly(body, _MESSAGES)
    _refuse_beta_fields(request, is_beta=is_beta)
    _refuse_thinking_conflicts(request)
    for place, sequence in enumerate(request.stop_sequences or []):
        if not sequence.strip():
            param = f"stop_sequences[{place}]"
            raise Refusal(400, "each stop sequence must contain non-whitespace", code="invalid_value", param=param)
    return request


def read_count_request(body: bytes, *, is_beta: bool) -> Prompt:
    """Decode and check a request to count tokens.

    Raises:
        Refusal: 400 that names the field at fault.
    """
    request = decode_strictly(body, _PROMPT)
    _refuse_beta_fields(request, is_beta=is_beta)
    return request


def _refuse_beta_fields(request: Prompt, *, is_beta: bool) -> None:
    for name in BETA_FIELDS:
        if getattr(request, name) is not None and not is_beta:
            raise Refusal(400, f"Unknown parameter: '{name}'.", code="unknown_parameter", param=name)


def _refuse_thinking_conflicts(request: MessagesRequest) -> None:
    """What does not go together with thinking, each with its own sentence."""
    thinking = request.thinking
    if not isinstance(thinking, EnabledThinking | AdaptiveThinking):
        return
    if isinstance(thinking, EnabledThinking) and thinking.budget_tokens >= request.max_tokens:
        raise Refusal(400, "`max_tokens` must be greater than `thinking.budget_tokens`.", param="max_tokens")
    if request.temperature not in (None, 1):
        raise Refusal(400, "`temperature` may only be set to 1 when thinking is enabled.", param="temperature")
    if request.top_k is not None:
        raise Refusal(400, "`top_k` must be unset when thinking is enabled.", param="top_k")
    if request.top_p is not None and request.top_p < 0.95:
        raise Refusal(400, "`top_p` must be at least 0.95 or unset when thinking is enabled.", param="top_p")
    if request.tool_choice is not None and request.tool_choice.__struct_config__.tag in ("any", "tool"):
        raise Refusal(400, "Thinking may not be enabled when tool_choice forces tool use.", param="tool_choice")
