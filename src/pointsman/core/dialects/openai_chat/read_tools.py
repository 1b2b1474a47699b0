"""What a client lets the model call, and which form it wants the answer in -> hub."""

from pointsman.core.chat.conversation import AnswerFormat, JsonObject, Native, Tool, ToolChoice
from pointsman.core.dialects.client_checks import check_flag, check_object, check_text, refuse
from pointsman.core.dialects.openai_chat.read_content import read_cache
from pointsman.core.dialects.openai_chat.reasoning import NAME

_MODES = {"auto": ToolChoice("auto"), "none": ToolChoice("none"), "required": ToolChoice("required")}
_KNOWN = frozenset({"type", "function", "cache_control"})
_KNOWN_OF_FUNCTION = frozenset({"name", "description", "parameters", "strict", "cache_control"})


def read_tools(fields: JsonObject, extra: JsonObject) -> tuple[Tool | Native, ...]:
    """Read `tools`, and `functions`, their older form; members that nobody knows go to `extra` under their path."""
    tools: list[Tool | Native] = []
    for place, tool in enumerate(_list_of(fields, "tools")):
        path = f"tools[{place}]"
        if type(tool) is not dict or type(tool.get("type")) is not str:
            refuse("invalid_tools", f"A tool must be an object with a type ({path}).", path)
        if tool["type"] != "function":
            tools.append(Native(NAME, str(tool["type"]), tool))
            continue
        function = tool.get("function")
        if len(tool) > 2:
            _keep_unknown(tool, _KNOWN, path, extra)
        tools.append(_read_function(function, f"{path}.function", read_cache(tool, path), extra))
    for place, function in enumerate(_list_of(fields, "functions")):
        tools.append(_read_function(function, f"functions[{place}]", "", extra))
    return tuple(tools)


def read_tool_choice(fields: JsonObject, extra: JsonObject) -> ToolChoice | None:
    """Read `tool_choice`, and `function_call`, its older form; what only this format says goes to `extra`."""
    name = "tool_choice" if fields.get("tool_choice") is not None else "function_call"
    choice = fields.get(name)
    if choice is None:
        return None
    if type(choice) is str and choice in _MODES:
        return _MODES[choice]
    if type(choice) is not dict:
        refuse("invalid_tools", f"{name} must be auto, none, required or an object that names a tool.", name)
    kind = choice.get("type")
    if name == "function_call":
        return ToolChoice("named", (_read_name(choice, name),))
    if kind == "function":
        return ToolChoice("named", (_read_name(choice.get("function"), "tool_choice.function"),))
    if kind == "allowed_tools":
        return _read_allowed(choice.get("allowed_tools"), choice, extra)
    extra[name] = choice
    return None


def read_answer_format(fields: JsonObject, extra: JsonObject) -> AnswerFormat | None:
    """Read `response_format`; what only this format says goes to `extra`."""
    wanted = fields.get("response_format")
    if wanted is None:
        return None
    kind = wanted.get("type") if type(wanted) is dict else None
    if type(kind) is not str or type(wanted) is not dict:
        refuse("invalid_response_format", "response_format must be an object with a type.", "response_format")
    if kind == "text":
        return None
    if kind == "json_object":
        return AnswerFormat()
    if kind != "json_schema":
        extra["response_format"] = wanted
        return None
    holder, path = wanted.get("json_schema"), "response_format.json_schema"
    if type(holder) is not dict:
        refuse("invalid_response_format", f"{path} must be an object with a name and a schema.", path)
    schema = holder.get("schema", {})
    if type(schema) is not dict:
        refuse("invalid_response_format", f"{path}.schema must be an object.", f"{path}.schema")
    return AnswerFormat(
        schema, _read_text(holder, "name", path), _read_text(holder, "description", path), _read_strict(holder, path)
    )


def _read_function(function: object, path: str, cache: str, extra: JsonObject) -> Tool:
    name = _read_name(function, path)
    assert type(function) is dict, "what has a name is an object"
    parameters = function.get("parameters")
    if parameters is not None:
        check_object(parameters, f"{path}.parameters")
    if not function.keys() <= _KNOWN_OF_FUNCTION:
        _keep_unknown(function, _KNOWN_OF_FUNCTION, path, extra)
    return Tool(
        name,
        _read_text(function, "description", path),
        parameters,
        _read_strict(function, path),
        cache or read_cache(function, path),
    )


def _read_allowed(allowed: object, choice: JsonObject, extra: JsonObject) -> ToolChoice | None:
    path = "tool_choice.allowed_tools"
    if type(allowed) is not dict or allowed.get("mode") not in ("auto", "required"):
        refuse("invalid_tools", f"{path} must be an object whose mode is auto or required.", path)
    tools = _list_of(allowed, "tools")
    if any(type(tool) is not dict or tool.get("type") != "function" for tool in tools):
        extra["tool_choice"] = choice
        return None
    names = [
        _read_name(tool.get("function"), f"{path}.tools[{place}].function")
        for place, tool in enumerate(tools)
        if type(tool) is dict
    ]
    return ToolChoice("required" if allowed["mode"] == "required" else "auto", tuple(names))


def _read_name(holder: object, path: str) -> str:
    name = holder.get("name") if type(holder) is dict else None
    if type(name) is not str or not name:
        refuse("invalid_tools", f"This must be an object with the name of a function ({path}).", path)
    return name


def _read_text(holder: JsonObject, name: str, path: str) -> str:
    value = holder.get(name)
    if value is None:
        return ""
    check_text(value, f"{path}.{name}")
    return str(value)


def _read_strict(holder: JsonObject, path: str) -> bool | None:
    strict = holder.get("strict")
    if strict is None:
        return None
    check_flag(strict, f"{path}.strict")
    return strict is True


def _keep_unknown(holder: JsonObject, known: frozenset[str], path: str, extra: JsonObject) -> None:
    extra.update({f"{path}.{name}": holder[name] for name in holder.keys() - known})


def _list_of(holder: JsonObject, name: str) -> list[object]:
    found = holder.get(name)
    if found is None:
        return []
    if type(found) is not list:
        refuse("invalid_tools", f"{name} must be a list.", name)
    return found
