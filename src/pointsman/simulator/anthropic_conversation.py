"""Anthropic's conversation as an `Asked`: tool results are turns of their own, thoughts are checked and left out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import msgspec

from pointsman.simulator.anthropic_blocks import (
    AssistantBlock,
    RedactedThinking,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
    UserBlock,
    show_server_block,
)
from pointsman.simulator.anthropic_order import refuse_bad_order
from pointsman.simulator.anthropic_request import AssistantMessage, Message, MessagesRequest, Prompt, UserMessage
from pointsman.simulator.anthropic_tools import (
    AutoChoice,
    NamedChoice,
    NoChoice,
    ServerTool,
    Tool,
    may_call_in_parallel,
    read_tools,
    show_choice,
)
from pointsman.simulator.asked import Asked, Block, MadeCall, Turn
from pointsman.simulator.refusal import Refusal
from pointsman.simulator.strict_schema import refuse_loose_schema

MOST_MARKS = 4

CheckThought = Callable[[Thinking | RedactedThinking, str], None]
"""Refuses a thought that was altered, naming the path."""


def show_prompt(request: Prompt, check_thought: CheckThought) -> Asked:
    """The request without its dialect.

    Raises:
        Refusal: 400 for a conversation that Anthropic would not take.
    """
    tools = read_tools(request.tools or [])
    _refuse_missing_tool(request, {tool.name for tool in tools})
    _refuse_loose_schemas(request, tools)
    refuse_bad_order(request)
    turns = [*_show_system(request.system), *_show_messages(request.messages, check_thought)]
    if request.cache_control is not None:
        turns[-1] = replace(turns[-1], blocks=(*turns[-1].blocks, Block(cache=request.cache_control.ttl)))
    functions = tuple(tool.show() for tool in tools if isinstance(tool, Tool))
    _refuse_bad_marks([*_list_lives(tools, turns)])
    asked = Asked(
        model=request.model,
        turns=tuple(turns),
        functions=functions,
        choice=show_choice(request.tool_choice),
        parallel=may_call_in_parallel(request.tool_choice),
        schema=request.schema,
        thinking_tokens=request.thinking_tokens,
    )
    if not isinstance(request, MessagesRequest):
        return asked
    return replace(
        asked,
        most_tokens=request.max_tokens,
        stop_sequences=tuple(request.stop_sequences or ()),
        stream=bool(request.stream),
    )


def _show_system(system: str | list[Text] | None) -> list[Turn]:
    if not system:
        return []
    blocks = [Block(system)] if isinstance(system, str) else [block.show("system") for block in system]
    return [Turn("system", tuple(blocks))]


def _show_messages(messages: list[Message], check_thought: CheckThought) -> Iterator[Turn]:
    for place, message in enumerate(messages):
        path, role = f"messages[{place}]", str(message.__struct_config__.tag)
        if isinstance(message.content, str):
            yield Turn(role, (Block(message.content),))
        elif isinstance(message, UserMessage):
            yield from _show_user(message.content, path)
        elif isinstance(message, AssistantMessage):
            yield _show_assistant(message.content, path, check_thought)
        else:
            yield Turn(role, tuple(block.show(path) for block in message.content))


def _show_user(content: list[UserBlock], path: str) -> Iterator[Turn]:
    said: list[Block] = []
    for place, block in enumerate(content):
        if isinstance(block, ToolResult):
            yield Turn("tool", block.show_all(f"{path}.content[{place}]"))
        else:
            said.append(block.show(f"{path}.content[{place}]"))
    if said:
        yield Turn("user", tuple(said))


def _show_assistant(content: list[AssistantBlock], path: str, check_thought: CheckThought) -> Turn:
    blocks: list[Block] = []
    calls: list[MadeCall] = []
    for place, block in enumerate(content):
        if isinstance(block, Thinking | RedactedThinking):
            check_thought(block, f"{path}.content[{place}]")
        elif isinstance(block, ToolUse):
            calls.append(MadeCall(block.name, msgspec.json.encode(block.input).decode(), block.cache))
        elif isinstance(block, Text):
            blocks.append(block.show(path))
        else:
            blocks.append(show_server_block(block))
    return Turn("assistant", tuple(blocks), tuple(calls))


def _refuse_loose_schemas(request: Prompt, tools: Sequence[Tool | ServerTool]) -> None:
    for place, tool in enumerate(tools):
        if isinstance(tool, Tool) and tool.strict:
            refuse_loose_schema(tool.input_schema, f"tools[{place}].input_schema", all_required=False)
    if request.schema is not None:
        refuse_loose_schema(request.schema, "output_config.format.schema", all_required=False)


def _refuse_missing_tool(request: Prompt, names: set[str]) -> None:
    choice = request.tool_choice
    if not names and choice is not None and not isinstance(choice, AutoChoice | NoChoice):
        raise Refusal(400, "tool_choice may only be specified while providing tools.", param="tool_choice")
    if isinstance(choice, NamedChoice) and choice.name not in names:
        raise Refusal(400, f"Tool '{choice.name}' not found in provided tools", param="tool_choice.name")


def _list_lives(tools: Sequence[Tool | ServerTool], turns: Sequence[Turn]) -> Iterator[str]:
    """How long each mark asks to live, in the order of the prompt."""
    for tool in tools:
        if tool.cache_control is not None:
            yield tool.cache_control.ttl
    for turn in turns:
        yield from (block.cache for block in turn.blocks if block.cache)
        yield from (call.cache for call in turn.calls if call.cache)


def _refuse_bad_marks(lives: list[str]) -> None:
    """At most four marks, and those of an hour before those of five minutes."""
    if len(lives) > MOST_MARKS:
        message = f"A maximum of {MOST_MARKS} blocks with cache_control may be provided. Found {len(lives)}."
        raise Refusal(400, message, code="invalid_value", param="cache_control")
    if lives != sorted(lives):
        message = "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block."
        raise Refusal(400, message, code="invalid_value", param="cache_control.ttl")
