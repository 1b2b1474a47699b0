"""Checks what a Responses request says of tools and of the answer's form."""

from pointsman.core.dialects.client_checks import MOST_TOOLS, check_object, check_text, check_tool_name, refuse

_CHOICES = ("auto", "none", "required")
_FORMATS = ("text", "json_object", "json_schema")
_MODES = ("auto", "required")


def check_tools(value: object, param: str) -> None:
    """Refuse tools that have no type, and functions that could not be called."""
    if type(value) is not list:
        refuse("invalid_tools", "tools must be a list.", param)
    if len(value) > MOST_TOOLS:
        refuse("invalid_tools", f"tools holds more than {MOST_TOOLS} tools.", param)
    seen: set[str] = set()
    for place, tool in enumerate(value):
        path = f"{param}[{place}]"
        if type(tool) is not dict or type(tool.get("type")) is not str:
            refuse("invalid_tools", f"A tool must be an object with a type ({path}).", path)
        if tool["type"] != "function":
            continue
        check_tool_name(tool.get("name"), f"{path}.name", seen)
        for name, kind, said in (
            ("description", str, "a string"),
            ("parameters", dict, "a JSON Schema"),
            ("strict", bool, "true or false"),
        ):
            if tool.get(name) is not None and type(tool[name]) is not kind:
                refuse("invalid_tools", f"{name} of a function must be {said}.", f"{path}.{name}")


def check_tool_choice(value: object, param: str) -> None:
    """Refuse a choice of tools that is none."""
    if type(value) is str:
        if value not in _CHOICES:
            refuse("invalid_value", f"{param} must be one of {', '.join(_CHOICES)}, or an object.", param)
        return
    check_object(value, param)
    assert isinstance(value, dict)
    kind = value.get("type")
    check_text(kind, f"{param}.type")
    if kind == "function":
        check_text(value.get("name"), f"{param}.name")
    if kind == "allowed_tools":
        _check_allowed(value, param)


def _check_allowed(value: dict[str, object], param: str) -> None:
    mode = value.get("mode")
    if type(mode) is not str or mode not in _MODES:
        refuse("invalid_value", f"{param}.mode must be one of {', '.join(_MODES)}.", f"{param}.mode")
    tools = value.get("tools")
    if type(tools) is not list or not all(type(tool) is dict for tool in tools):
        refuse("invalid_type", f"{param}.tools must be a list of objects.", f"{param}.tools")
    for place, tool in enumerate(tools):
        if tool.get("type") == "function":
            check_text(tool.get("name"), f"{param}.tools[{place}].name")


def check_format(value: object, param: str) -> None:
    """Refuse a form of the answer that is none."""
    check_object(value, param)
    assert isinstance(value, dict)
    kind = value.get("type")
    if type(kind) is not str or kind not in _FORMATS:
        refuse("invalid_value", f"{param}.type must be one of {', '.join(_FORMATS)}.", f"{param}.type")
    if kind != "json_schema":
        return
    check_object(value.get("schema"), f"{param}.schema")
    check_text(value.get("name"), f"{param}.name")
    if value.get("description") is not None:
        check_text(value["description"], f"{param}.description")
    if value.get("strict") is not None and type(value["strict"]) is not bool:
        refuse("invalid_type", f"{param}.strict must be true or false.", f"{param}.strict")


def check_include(value: object, param: str) -> None:
    """Refuse what is no list of names."""
    if type(value) is not list or not all(type(name) is str for name in value):
        refuse("invalid_type", f"{param} must be a list of strings.", param)
