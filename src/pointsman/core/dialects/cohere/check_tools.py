"""What Cohere would refuse of a request's tools."""

from pointsman.core.dialects.client_checks import MOST_TOOLS, check_tool_name, refuse

_CHOICES = ("REQUIRED", "NONE")


def check_tools(value: object, name: str) -> None:
    """Refuse tools that are no functions, too many, or two of one name."""
    if type(value) is not list:
        refuse("invalid_tools", f"{name} must be a list.", name)
    if len(value) > MOST_TOOLS:
        refuse("invalid_tools", f"{name} holds more than {MOST_TOOLS} tools.", name)
    seen: set[str] = set()
    for place, tool in enumerate(value):
        _check_tool(tool, f"{name}[{place}]", seen)


def check_tool_choice(value: object, name: str) -> None:
    """Refuse any choice but Cohere's two."""
    if value not in _CHOICES:
        refuse("invalid_tools", f"{name} must be {' or '.join(_CHOICES)}, or be left out.", name)


def _check_tool(tool: object, path: str, seen: set[str]) -> None:
    function = tool.get("function") if type(tool) is dict else None
    if type(tool) is not dict or tool.get("type", "function") != "function" or type(function) is not dict:
        refuse("invalid_tools", f"{path} must be an object of type function with a function.", path)
    check_tool_name(function.get("name"), f"{path}.function.name", seen)
    if type(function.get("description", "")) not in (str, type(None)):
        refuse("invalid_tools", "A function's description must be a string.", f"{path}.function.description")
    if type(function.get("parameters", {})) not in (dict, type(None)):
        refuse("invalid_tools", "A function's parameters must be a JSON schema.", f"{path}.function.parameters")
