"""`tools` and `toolConfig` -> hub: functions are everyone's, all other tools are Gemini's own."""

import re
from typing import Literal

from pointsman.core.chat.conversation import JsonObject, Native, Tool, ToolChoice
from pointsman.core.dialects.client_checks import MOST_TOOLS, check_object, refuse
from pointsman.core.dialects.gemini.decode_request import list_items
from pointsman.core.dialects.gemini.names import GEMINI, spell_members
from pointsman.core.dialects.gemini.schemas import read_schema

MODE_PATH = "toolConfig.functionCallingConfig.mode"
_MODES: dict[str, Literal["auto", "none", "required"]] = {
    "AUTO": "auto",
    "VALIDATED": "auto",
    "NONE": "none",
    "ANY": "required",
}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}\Z", re.ASCII)
_DECLARATION = frozenset({"name", "description", "parameters", "parametersJsonSchema"})
_CALLING = frozenset({"mode", "allowedFunctionNames"})


def read_tools(tools: object, extra: JsonObject) -> tuple[Tool | Native, ...]:
    """All tools in order; what a declaration has beyond them goes into `extra` under its path.

    Raises:
        ClientError: for the first that is wrong.
    """
    read: list[Tool | Native] = []
    seen: set[str] = set()
    for place, item in enumerate(list_items(tools)):
        path = f"tools[{place}]"
        if type(item) is not dict:
            refuse("invalid_tools", f"a tool must be an object ({path}).", path)
        for kind, value in spell_members(item, path).items():
            if kind != "functionDeclarations":
                read.append(Native(GEMINI, kind, {kind: value}))
                continue
            for number, declared in enumerate(list_items(value)):
                read.append(_read_function(declared, f"{path}.functionDeclarations[{number}]", seen, extra))
    if len(read) > MOST_TOOLS:
        refuse("invalid_tools", f"tools holds more than {MOST_TOOLS} tools.", "tools")
    return tuple(read)


def read_choice(config: object, extra: JsonObject) -> ToolChoice | None:
    """Whether tools must be called, out of `toolConfig`; the rest of it goes into `extra`.

    Raises:
        ClientError: for what is wrong in it.
    """
    members = _read_object(config, "toolConfig")
    extra.update({f"toolConfig.{name}": value for name, value in members.items() if name != "functionCallingConfig"})
    path = "toolConfig.functionCallingConfig"
    calling = _read_object(members.get("functionCallingConfig"), path)
    extra.update({f"{path}.{name}": value for name, value in calling.items() if name not in _CALLING})
    allowed = list_items(calling.get("allowedFunctionNames"))
    names = tuple([name for name in allowed if type(name) is str])
    if len(names) < len(allowed):
        message = "allowedFunctionNames must be a list of names."
        refuse("invalid_type", message, f"{path}.allowedFunctionNames")
    mode = calling.get("mode")
    if mode is None or mode == "MODE_UNSPECIFIED":
        return ToolChoice("auto", names) if names else None
    said = mode.upper() if type(mode) is str else ""
    if said not in _MODES:
        refuse("invalid_type", "mode must be AUTO, ANY, NONE or VALIDATED.", f"{path}.mode")
    if said == "VALIDATED":
        extra[MODE_PATH] = said
    if said == "ANY" and len(names) == 1:
        return ToolChoice("named", names)
    return ToolChoice(_MODES[said], () if said == "NONE" else names)


def _read_object(value: object, path: str) -> JsonObject:
    if type(value) is dict:
        return spell_members(value, path)
    if value is not None:
        check_object(value, path)
    return {}


def _read_function(declared: object, path: str, seen: set[str], extra: JsonObject) -> Tool:
    if type(declared) is not dict:
        refuse("invalid_tools", f"a function must be an object ({path}).", path)
    declared = spell_members(declared, path)
    name, description = declared.get("name"), declared.get("description")
    if type(name) is not str or not _NAME.match(name):
        message = "A function's name must begin with a letter or _ and have at most 128 letters, digits, _ . : or -."
        refuse("invalid_tools", message, f"{path}.name")
    if name in seen:
        refuse("invalid_tools", f"Two functions are called {name[:64]}; give each its own name.", f"{path}.name")
    seen.add(name)
    if description is not None and type(description) is not str:
        refuse("invalid_tools", f"description must be a string ({path}.description).", f"{path}.description")
    extra.update({f"{path}.{member}": value for member, value in declared.items() if member not in _DECLARATION})
    return Tool(name, description or "", _read_parameters(declared, path))


def _read_parameters(declared: JsonObject, path: str) -> JsonObject | None:
    own, full = declared.get("parameters"), declared.get("parametersJsonSchema")
    if own is not None and full is not None:
        message = "parameters and parametersJsonSchema say the same; send one of them."
        refuse("conflicting_parameters", message, f"{path}.parameters")
    for name, schema in (("parameters", own), ("parametersJsonSchema", full)):
        if schema is not None and type(schema) is not dict:
            refuse("invalid_tools", f"{name} must be an object ({path}.{name}).", f"{path}.{name}")
    if type(own) is dict:
        return read_schema(own)
    return full if type(full) is dict else None
