"""Tools and tool choices of Anthropic's Messages API: the caller's own, and those that Anthropic runs."""

from typing import Annotated, Literal

from msgspec import Meta

from pointsman.simulator import asked
from pointsman.simulator.anthropic_blocks import CacheControl, Citations, Strict
from pointsman.simulator.asked import JsonObject, ToolChoice
from pointsman.simulator.refusal import Refusal
from pointsman.simulator.strict_json import convert_strictly

AllowedCaller = Literal["direct", "code_execution_20250825", "code_execution_20260120", "code_execution_20260521"]
ServerToolType = Literal[
    "bash_20250124",
    "code_execution_20250522",
    "code_execution_20250825",
    "code_execution_20260120",
    "code_execution_20260521",
    "memory_20250818",
    "text_editor_20250124",
    "text_editor_20250429",
    "text_editor_20250728",
    "tool_search_tool_bm25_20251119",
    "tool_search_tool_regex_20251119",
    "web_fetch_20250910",
    "web_fetch_20260209",
    "web_fetch_20260309",
    "web_fetch_20260318",
    "web_search_20250305",
    "web_search_20260209",
    "web_search_20260318",
]


class Tool(Strict):
    """A tool of the caller's own."""

    name: Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,128}$")]
    input_schema: JsonObject
    type: Literal["custom"] | None = None
    description: str = ""
    strict: bool | None = None
    cache_control: CacheControl | None = None
    allowed_callers: list[AllowedCaller] | None = None
    defer_loading: bool | None = None
    eager_input_streaming: bool | None = None
    input_examples: list[JsonObject] | None = None

    def show(self) -> asked.Function:
        """The tool without its dialect."""
        cache = self.cache_control.ttl if self.cache_control else ""
        return asked.Function(self.name, self.description, self.input_schema, self.strict, cache)


class UserLocation(Strict):
    """Where a web search is made from."""

    type: Literal["approximate"]
    city: str | None = None
    country: str | None = None
    region: str | None = None
    timezone: str | None = None


class ServerTool(Strict):
    """A tool that Anthropic runs or defines; this model never uses one by itself."""

    type: ServerToolType
    name: str
    cache_control: CacheControl | None = None
    allowed_callers: list[AllowedCaller] | None = None
    defer_loading: bool | None = None
    strict: bool | None = None
    allowed_domains: list[str] | None = None
    blocked_domains: list[str] | None = None
    max_uses: Annotated[int, Meta(ge=1)] | None = None
    user_location: UserLocation | None = None
    citations: Citations | None = None
    max_content_tokens: Annotated[int, Meta(ge=1)] | None = None
    use_cache: bool | None = None
    max_characters: Annotated[int, Meta(ge=1)] | None = None
    input_examples: list[JsonObject] | None = None


class AutoChoice(Strict, tag_field="type", tag="auto"):
    """The model decides."""

    disable_parallel_tool_use: bool = False


class AnyChoice(Strict, tag_field="type", tag="any"):
    """Some tool must be used."""

    disable_parallel_tool_use: bool = False


class NamedChoice(Strict, tag_field="type", tag="tool"):
    """This tool must be used."""

    name: str
    disable_parallel_tool_use: bool = False


class NoChoice(Strict, tag_field="type", tag="none"):
    """No tool may be used."""


Choice = AutoChoice | AnyChoice | NamedChoice | NoChoice


def read_tools(tools: list[JsonObject]) -> list[Tool | ServerTool]:
    """The tools of a request, each of its own kind.

    Raises:
        Refusal: 400 that names the field at fault.
    """
    read: list[Tool | ServerTool] = []
    for place, tool in enumerate(tools):
        path = f"tools[{place}]"
        if tool.get("type") not in (None, "custom"):
            read.append(convert_strictly(tool, ServerTool, path))
            continue
        read.append(convert_strictly(tool, Tool, path))
        if tool["input_schema"].get("type") != "object":
            param = f"{path}.input_schema.type"
            raise Refusal(400, "Input should be 'object'", code="invalid_value", param=param)
    names = [tool.name for tool in read]
    if len(set(names)) != len(names):
        raise Refusal(400, "Tool names must be unique.", code="invalid_value", param="tools")
    return read


def show_choice(choice: Choice | None) -> ToolChoice:
    """A tool choice without its dialect."""
    match choice:
        case AnyChoice():
            return ToolChoice(must_call=True)
        case NamedChoice():
            return ToolChoice((choice.name,), must_call=True)
        case NoChoice():
            return ToolChoice(names=())
        case _:
            return ToolChoice()


def may_call_in_parallel(choice: Choice | None) -> bool:
    """Whether several tools may be used at once."""
    return isinstance(choice, NoChoice | None) or not choice.disable_parallel_tool_use
