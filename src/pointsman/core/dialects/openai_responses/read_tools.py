"""Tools, their choice and the answer's form in the Responses format -> hub."""

from pointsman.core.chat.conversation import AnswerFormat, JsonObject, Native, Tool, ToolChoice
from pointsman.core.dialects.openai_responses.read_parts import NAME, note_rest

_KNOWN = frozenset({"type", "name", "description", "parameters", "strict"})


def read_tools(tools: object, notes: JsonObject) -> tuple[Tool | Native, ...]:
    """Checked tools; those that the provider runs itself stay as they are."""
    if type(tools) is not list:
        return ()
    read: list[Tool | Native] = []
    for place, tool in enumerate(tools):
        if tool["type"] != "function":
            read.append(Native(NAME, tool["type"], tool))
            continue
        description = tool.get("description") or ""
        read.append(Tool(tool["name"], description, tool.get("parameters"), tool.get("strict")))
        if not tool.keys() <= _KNOWN:
            note_rest(tool, _KNOWN, f"tools[{place}]", notes)
    return tuple(read)


def read_tool_choice(choice: object, notes: JsonObject) -> ToolChoice | None:
    """A checked choice; one of a tool that the provider runs itself is noted and not read."""
    if type(choice) is str:
        return ToolChoice(choice)  # type: ignore[arg-type]
    if type(choice) is not dict:
        return None
    if choice["type"] == "function":
        return ToolChoice("named", (choice["name"],))
    if choice["type"] == "allowed_tools" and all(tool.get("type") == "function" for tool in choice["tools"]):
        return ToolChoice(choice["mode"], tuple([tool["name"] for tool in choice["tools"]]))
    notes["tool_choice"] = choice
    return None


def read_format(given: object) -> AnswerFormat | None:
    """The checked member `text.format`."""
    kind = given.get("type") if type(given) is dict else "text"
    if type(given) is not dict or kind == "text":
        return None
    if kind == "json_object":
        return AnswerFormat()
    return AnswerFormat(given["schema"], given["name"], given.get("description") or "", given.get("strict"))
