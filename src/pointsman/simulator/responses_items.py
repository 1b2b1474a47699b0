"""Input items of OpenAI's Responses API, every field of the common ones known; items of built-in tools pass."""

from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta, Struct, field

from pointsman.simulator.asked import ATTACHMENT_TOKENS, IMAGE_TOKENS, LOW_DETAIL_IMAGE_TOKENS, Block, JsonObject
from pointsman.simulator.openai_messages import CacheBreakpoint
from pointsman.simulator.refusal import Refusal
from pointsman.simulator.strict_json import convert_strictly

Status = Literal["in_progress", "completed", "incomplete"]
CallId = Annotated[str, Meta(min_length=1, max_length=64)]


class Strict(Struct, forbid_unknown_fields=True, kw_only=True):
    """An object of the API: no unknown fields."""


class _InputPart(Strict, tag_field="type"):
    prompt_cache_breakpoint: CacheBreakpoint | None = None

    @property
    def cache(self) -> str:
        """How long the prompt up to here is kept; empty for no mark."""
        return "1h" if self.prompt_cache_breakpoint else ""


class InputText(_InputPart, tag="input_text", kw_only=True):
    """Words."""

    text: str

    def show(self) -> Block:
        """The part without its dialect."""
        return Block(self.text, cache=self.cache)


class InputImage(_InputPart, tag="input_image", kw_only=True):
    """An image; it costs a flat number of tokens."""

    detail: Literal["low", "high", "auto", "original"] = "auto"
    file_id: str | None = None
    image_url: str | None = None

    def show(self) -> Block:
        """The part without its dialect."""
        tokens = LOW_DETAIL_IMAGE_TOKENS if self.detail == "low" else IMAGE_TOKENS
        return Block(attachment=self.image_url or self.file_id or "", attachment_tokens=tokens, cache=self.cache)


class InputFile(_InputPart, tag="input_file", kw_only=True):
    """A file; it costs a flat number of tokens."""

    detail: Literal["auto", "low", "high"] | None = None
    file_data: str | None = None
    file_id: str | None = None
    file_url: str | None = None
    filename: str | None = None

    def show(self) -> Block:
        """The part without its dialect."""
        attachment = self.file_data or self.file_url or self.file_id or ""
        return Block(attachment=attachment, attachment_tokens=ATTACHMENT_TOKENS, cache=self.cache)


class OutputText(Strict, tag_field="type", tag="output_text"):
    """Words of an earlier answer, given back."""

    text: str
    annotations: list[JsonObject] = []
    logprobs: list[JsonObject] | None = None

    def show(self) -> Block:
        """The part without its dialect."""
        return Block(self.text)


class OutputRefusal(Strict, tag_field="type", tag="refusal"):
    """An earlier refusal, given back."""

    refusal: str

    def show(self) -> Block:
        """The part without its dialect."""
        return Block(self.refusal)


InputContent = str | list[InputText | InputImage | InputFile]
OutputContent = str | list[OutputText | OutputRefusal]


class InputMessage(Strict):
    """What the user, the developer or the system says."""

    role: Literal["user", "system", "developer"]
    content: InputContent
    type: Literal["message"] = "message"
    id: str | None = None
    status: Status | None = None


class OutputMessage(Strict):
    """What the assistant said before, given back."""

    role: Literal["assistant"]
    content: OutputContent
    type: Literal["message"] = "message"
    id: str | None = None
    status: Status | None = None
    phase: Literal["commentary", "final_answer"] | None = None


class Caller(Strict):
    """What called a tool: the model itself or a program that it wrote."""

    type: Literal["direct", "program"]
    caller_id: str | None = None


class FunctionCall(Strict):
    """A function call that the assistant made before, given back."""

    type: Literal["function_call"]
    call_id: CallId
    name: str
    arguments: str
    id: str | None = None
    status: Status | None = None
    caller: Caller | None = None
    namespace: str | None = None
    is_async: bool | None = field(default=None, name="async")


class FunctionCallOutput(Strict):
    """What a function answered."""

    type: Literal["function_call_output"]
    call_id: CallId
    output: InputContent
    id: str | None = None
    status: Status | None = None
    caller: Caller | None = None
    name: str | None = None
    namespace: str | None = None


class CustomCall(Strict):
    """A call of a custom tool, given back."""

    type: Literal["custom_tool_call"]
    call_id: CallId
    name: str
    input: str
    id: str | None = None
    caller: Caller | None = None
    namespace: str | None = None


class CustomCallOutput(Strict):
    """What a custom tool answered."""

    type: Literal["custom_tool_call_output"]
    call_id: CallId
    output: InputContent
    id: str | None = None
    caller: Caller | None = None


class SummaryText(Strict):
    """A part of the summary of a thought."""

    type: Literal["summary_text"]
    text: str


class ReasoningText(Strict):
    """A part of a thought."""

    type: Literal["reasoning_text"]
    text: str


class ReasoningItem(Strict):
    """A thought, given back."""

    type: Literal["reasoning"]
    id: str
    summary: list[SummaryText]
    content: list[ReasoningText] | None = None
    encrypted_content: str | None = None
    status: Status | None = None


class ItemReference(Strict):
    """An item of a stored response, by its id."""

    id: str
    type: Literal["item_reference"] | None = None


class BuiltInItem(Struct):
    """A call or a result of a tool that OpenAI runs; only its type is looked at."""

    type: Literal[
        "apply_patch_call",
        "apply_patch_call_output",
        "code_interpreter_call",
        "compaction",
        "computer_call",
        "computer_call_output",
        "file_search_call",
        "image_generation_call",
        "local_shell_call",
        "local_shell_call_output",
        "mcp_approval_request",
        "mcp_approval_response",
        "mcp_call",
        "mcp_list_tools",
        "shell_call",
        "shell_call_output",
        "tool_search_call",
        "tool_search_output",
        "web_search_call",
    ]


Item = (
    InputMessage
    | OutputMessage
    | FunctionCall
    | FunctionCallOutput
    | CustomCall
    | CustomCallOutput
    | ReasoningItem
    | ItemReference
    | BuiltInItem
)

_KINDS: dict[object, type[Item]] = {
    "function_call": FunctionCall,
    "function_call_output": FunctionCallOutput,
    "custom_tool_call": CustomCall,
    "custom_tool_call_output": CustomCallOutput,
    "reasoning": ReasoningItem,
    "item_reference": ItemReference,
}
_PREFIXES: dict[type[Item], str] = {OutputMessage: "msg", FunctionCall: "fc", ReasoningItem: "rs", CustomCall: "ctc"}


def read_item(item: JsonObject, path: str) -> Item:
    """One item of the input as what it is.

    Raises:
        Refusal: 400 that names the field at fault below `path`.
    """
    kind = item.get("type")
    if kind in (None, "message"):
        structure: type[Item] = OutputMessage if item.get("role") == "assistant" else InputMessage
        if kind is None and set(item) == {"id"}:
            structure = ItemReference
    else:
        structure = _KINDS.get(kind, BuiltInItem) if isinstance(kind, str) else BuiltInItem
    prefix, given = _PREFIXES.get(structure), item.get("id")
    read = cast(Item, convert_strictly(item, structure, path))
    if prefix is not None and given is not None and not str(given).startswith(prefix):
        message = f"Invalid '{path}.id': '{given}'. Expected an ID that begins with '{prefix}'."
        raise Refusal(400, message, code="invalid_value", param=f"{path}.id")
    return read


def show_content(content: InputContent | OutputContent) -> tuple[Block, ...]:
    """The content of a message or of a result without its dialect."""
    return (Block(content),) if isinstance(content, str) else tuple(part.show() for part in content)


def show_built_in(item: JsonObject) -> Block:
    """An item of a tool that OpenAI runs, as the text it costs."""
    return Block(msgspec.json.encode(item).decode())
