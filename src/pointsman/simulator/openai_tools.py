"""Tools, tool choices and answer formats of OpenAI's chat format, every field known."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from pointsman.simulator import asked
from pointsman.simulator.asked import JsonObject, ToolChoice
from pointsman.simulator.openai_messages import CacheControl

ToolName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class Function(Struct, forbid_unknown_fields=True):
    """What a tool is called and takes; `parameters` is a JSON Schema."""

    name: ToolName
    description: str = ""
    parameters: JsonObject | None = None
    strict: bool | None = None


class Tool(Struct, forbid_unknown_fields=True, tag_field="type", tag="function"):
    """A function the model may call."""

    function: Function
    cache_control: CacheControl | None = None

    def show(self) -> asked.Function:
        """The tool without its dialect."""
        function, cache = self.function, self.cache_control.ttl if self.cache_control else ""
        return asked.Function(function.name, function.description, function.parameters, function.strict, cache)


class Grammar(Struct, forbid_unknown_fields=True):
    """A grammar that the input of a custom tool obeys."""

    definition: str
    syntax: Literal["lark", "regex"]


class GrammarFormat(Struct, forbid_unknown_fields=True, tag_field="type", tag="grammar"):
    """`format` of a custom tool with a grammar."""

    grammar: Grammar


class FreeFormat(Struct, forbid_unknown_fields=True, tag_field="type", tag="text"):
    """`format` of a custom tool without one."""


class Custom(Struct, forbid_unknown_fields=True):
    """What a custom tool is called and takes."""

    name: ToolName
    description: str = ""
    format: FreeFormat | GrammarFormat | None = None


class CustomTool(Struct, forbid_unknown_fields=True, tag_field="type", tag="custom"):
    """A tool that takes free text; this model never calls one by itself."""

    custom: Custom


class NamedTool(Struct, forbid_unknown_fields=True):
    """The tool a tool choice points at."""

    name: str


class AllowedTools(Struct, forbid_unknown_fields=True):
    """A subset of the tools, and whether one must be called."""

    mode: Literal["auto", "required"]
    tools: list[JsonObject]


class ForcedTool(Struct, forbid_unknown_fields=True, tag_field="type", tag="function"):
    """`tool_choice` that demands one function."""

    function: NamedTool


class ForcedCustomTool(Struct, forbid_unknown_fields=True, tag_field="type", tag="custom"):
    """`tool_choice` that demands one custom tool."""

    custom: NamedTool


class AllowedToolChoice(Struct, forbid_unknown_fields=True, tag_field="type", tag="allowed_tools"):
    """`tool_choice` that narrows the tools."""

    allowed_tools: AllowedTools


Choice = Literal["none", "auto", "required"] | ForcedTool | ForcedCustomTool | AllowedToolChoice


class JsonSchema(Struct, forbid_unknown_fields=True):
    """The schema an answer must obey."""

    name: ToolName
    schema: JsonObject = {}
    description: str = ""
    strict: bool | None = None


class TextFormat(Struct, forbid_unknown_fields=True, tag_field="type", tag="text"):
    """`response_format` of plain text."""


class JsonObjectFormat(Struct, forbid_unknown_fields=True, tag_field="type", tag="json_object"):
    """`response_format` of any JSON object."""


class JsonSchemaFormat(Struct, forbid_unknown_fields=True, tag_field="type", tag="json_schema"):
    """`response_format` of an instance of a schema."""

    json_schema: JsonSchema


AnswerFormat = TextFormat | JsonObjectFormat | JsonSchemaFormat


def show_choice(choice: Choice | None) -> ToolChoice:
    """A tool choice without its dialect."""
    match choice:
        case "none":
            return ToolChoice(names=())
        case "required":
            return ToolChoice(must_call=True)
        case ForcedTool():
            return ToolChoice((choice.function.name,), must_call=True)
        case ForcedCustomTool():
            return ToolChoice((choice.custom.name,), must_call=True)
        case AllowedToolChoice(allowed_tools=allowed):
            return ToolChoice(tuple(_name_tool(tool) for tool in allowed.tools), allowed.mode == "required")
        case _:
            return ToolChoice()


def _name_tool(tool: JsonObject) -> str:
    """What a tool of `allowed_tools` is called, whatever its kind."""
    inside = tool.get(str(tool.get("type")))
    return str(inside.get("name")) if isinstance(inside, dict) else ""


def show_schema(form: AnswerFormat | None) -> JsonObject | None:
    """What an answer must obey, or `None` for words."""
    if isinstance(form, JsonSchemaFormat):
        return form.json_schema.schema
    return asked.ANY_OBJECT if isinstance(form, JsonObjectFormat) else None
