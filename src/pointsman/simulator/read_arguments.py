"""The arguments of a planned tool call as an object, for dialects that write them as one."""

from typing import Any

import msgspec

from pointsman.simulator.answer import ToolCall


def read_arguments(call: ToolCall) -> dict[str, Any] | None:
    """The arguments, or `None` when the token limit cut them off."""
    try:
        return msgspec.json.decode("".join(call.arguments), type=dict[str, Any])
    except msgspec.DecodeError:
        return None
