"""Tools and schemas of a Gemini request, read strictly; a schema of Google's kind becomes plain JSON Schema."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, field

from pointsman.simulator.gemini_contents import JsonObject, Strict

TypeName = Literal[
    "TYPE_UNSPECIFIED", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL",
    "string", "number", "integer", "boolean", "array", "object", "null",
]  # fmt: skip
Int64 = int | Annotated[str, Meta(pattern=r"^\d{1,18}$")]
"""Google's JSON writes 64-bit numbers as text and reads both."""


class Schema(Strict):
    """The subset of OpenAPI's schema that Google documents."""

    type: TypeName | None = None
    format: str | None = None
    title: str | None = None
    description: str | None = None
    nullable: bool | None = None
    enum: list[str] | None = None
    max_items: Int64 | None = None
    min_items: Int64 | None = None
    properties: dict[str, "Schema"] | None = None
    required: list[str] | None = None
    min_properties: Int64 | None = None
    max_properties: Int64 | None = None
    min_length: Int64 | None = None
    max_length: Int64 | None = None
    pattern: str | None = None
    example: Any = None
    any_of: list["Schema"] | None = None
    property_ordering: list[str] | None = None
    default: Any = None
    items: "Schema | None" = None
    minimum: float | None = None
    maximum: float | None = None
    additional_properties: Any = None
    ref: str | None = field(default=None, name="$ref")
    defs: dict[str, "Schema"] | None = field(default=None, name="$defs")


_WORDS = ("title", "description", "format", "pattern", "minimum", "maximum", "required", "default")
_COUNTS = {
    "max_items": "maxItems", "min_items": "minItems", "min_length": "minLength", "max_length": "maxLength",
    "min_properties": "minProperties", "max_properties": "maxProperties",
}  # fmt: skip


def write_json_schema(schema: Schema) -> JsonObject:
    """The same as JSON Schema: types in lower case, `nullable` as a second type, counts as numbers."""
    written: JsonObject = {name: value for name in _WORDS if (value := getattr(schema, name)) is not None}
    for name, key in _COUNTS.items():
        if (count := getattr(schema, name)) is not None:
            written[key] = int(count)
    if schema.type not in (None, "TYPE_UNSPECIFIED"):
        kind = str(schema.type).lower()
        written["type"] = [kind, "null"] if schema.nullable else kind
    if schema.enum:
        written["enum"] = schema.enum
    if schema.properties is not None:
        written["properties"] = {name: write_json_schema(inner) for name, inner in schema.properties.items()}
    if schema.items is not None:
        written["items"] = write_json_schema(schema.items)
    if schema.any_of:
        written["anyOf"] = [write_json_schema(inner) for inner in schema.any_of]
    if schema.ref is not None:
        written["$ref"] = schema.ref
    if schema.defs is not None:
        written["$defs"] = {name: write_json_schema(inner) for name, inner in schema.defs.items()}
    return written


class FunctionDeclaration(Strict):
    """A function the model may call; its parameters are of one kind of schema or of the other."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$")]
    description: str | None = None
    parameters: Schema | None = None
    parameters_json_schema: JsonObject | None = None
    response: Schema | None = None
    response_json_schema: JsonObject | None = None
    behavior: Literal["UNSPECIFIED", "BLOCKING", "NON_BLOCKING"] | None = None

    @property
    def json_schema(self) -> JsonObject | None:
        """The parameters as JSON Schema, or `None` for a function without any."""
        return self.parameters_json_schema if self.parameters is None else write_json_schema(self.parameters)


class Tool(Strict):
    """Functions, or one of Google's own tools, whose settings are not looked into."""

    function_declarations: list[FunctionDeclaration] | None = None
    google_search: JsonObject | None = None
    google_search_retrieval: JsonObject | None = None
    google_maps: JsonObject | None = None
    enterprise_web_search: JsonObject | None = None
    code_execution: JsonObject | None = None
    url_context: JsonObject | None = None
    file_search: JsonObject | None = None
    computer_use: JsonObject | None = None
    retrieval: JsonObject | None = None
    mcp_servers: list[JsonObject] | None = None


class FunctionCallingConfig(Strict):
    """Whether functions may or must be called, and which."""

    mode: Literal["MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"] | None = None
    allowed_function_names: list[str] | None = None
    stream_function_call_arguments: bool | None = None


class ToolConfig(Strict):
    """Settings of all tools."""

    function_calling_config: FunctionCallingConfig | None = None
    retrieval_config: JsonObject | None = None
    include_server_side_tool_invocations: bool | None = None


def list_functions(tools: list[Tool] | None) -> list[FunctionDeclaration]:
    """All functions of all tools, in order."""
    return [function for tool in tools or [] for function in tool.function_declarations or []]


def encode_declarations(functions: list[FunctionDeclaration]) -> str:
    """All declarations as text, to be counted."""
    return msgspec.json.encode(functions).decode() if functions else ""
