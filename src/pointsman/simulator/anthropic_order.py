"""The order of an Anthropic conversation: a user begins, every tool use is answered at once, thoughts come first."""

from pointsman.simulator.anthropic_blocks import RedactedThinking, Text, Thinking, ToolResult, ToolUse
from pointsman.simulator.anthropic_request import (
    AssistantMessage,
    EnabledThinking,
    Message,
    MessagesRequest,
    Prompt,
    SystemMessage,
    UserMessage,
)
from pointsman.simulator.refusal import Refusal


def refuse_bad_order(request: Prompt) -> None:
    """Refuse a conversation that Anthropic would not take.

    Raises:
        Refusal: 400 that names the message.
    """
    messages = request.messages
    if not isinstance(messages[0], UserMessage):
        raise _refuse("messages[0].role", 'first message must use the "user" role')
    for place, message in enumerate(messages):
        is_last = place == len(messages) - 1
        if not message.content and not (is_last and isinstance(message, AssistantMessage)):
            raise _refuse(f"messages[{place}].content", "messages must have non-empty content")
    _refuse_unanswered_uses(messages)
    _refuse_bad_ending(messages[-1])
    if isinstance(request, MessagesRequest) and isinstance(request.thinking, EnabledThinking):
        _refuse_missing_thought(messages)


def _refuse(param: str, message: str) -> Refusal:
    return Refusal(400, message, code="invalid_value", param=param)


def _refuse_unanswered_uses(messages: list[Message]) -> None:
    """Each tool use is answered in the next user turn, once; neighbouring messages of one role are one turn."""
    open_ids: set[str] = set()
    seen_ids: set[str] = set()
    for place, message in enumerate(messages):
        path = f"messages[{place}]"
        if isinstance(message, AssistantMessage):
            if open_ids and not isinstance(messages[place - 1], AssistantMessage):
                raise _miss_results(path, open_ids)
            for use in message.content:
                if isinstance(use, ToolUse):
                    if use.id in seen_ids:
                        raise _refuse(f"{path}.content", "`tool_use` ids must be unique")
                    seen_ids.add(use.id)
                    open_ids.add(use.id)
        elif isinstance(message, UserMessage):
            open_ids -= _take_results(message, path, open_ids)
    if open_ids:
        raise _miss_results(f"messages[{len(messages) - 1}]", open_ids)


def _take_results(message: UserMessage, path: str, open_ids: set[str]) -> set[str]:
    """The ids of the tool uses that a user message answers; results come before anything else while uses are open."""
    taken: set[str] = set()
    for place, block in enumerate(message.content):
        if not isinstance(block, ToolResult):
            if open_ids - taken:
                raise _miss_results(path, open_ids - taken)
            continue
        if block.tool_use_id not in open_ids or block.tool_use_id in taken:
            raise _refuse(
                f"{path}.content[{place}]",
                f"unexpected `tool_use_id` found in `tool_result` blocks: {block.tool_use_id}. Each `tool_result` "
                "block must have a corresponding `tool_use` block in the previous message.",
            )
        taken.add(block.tool_use_id)
    return taken


def _miss_results(path: str, ids: set[str]) -> Refusal:
    listed = ", ".join(sorted(ids))
    return _refuse(path, f"`tool_use` ids were found without `tool_result` blocks immediately after: {listed}.")


def _refuse_bad_ending(last: Message) -> None:
    """The beginning of an answer must not end in white space."""
    if isinstance(last, SystemMessage):
        raise _refuse("messages", "the last message must be of the user or the assistant")
    if not isinstance(last, AssistantMessage) or not last.content:
        return
    end = last.content if isinstance(last.content, str) else last.content[-1]
    text = end.text if isinstance(end, Text) else end
    if isinstance(text, str) and text != text.rstrip():
        raise _refuse("messages", "final assistant content cannot end with trailing whitespace")


def _refuse_missing_thought(messages: list[Message]) -> None:
    """With a thinking budget, the assistant's turn that called tools and waits for more begins with its thought."""
    for place in range(len(messages) - 1, -1, -1):
        message = messages[place]
        if isinstance(message, AssistantMessage):
            first = message.content[:1]
            waits = any(isinstance(block, ToolUse) for block in message.content) or place == len(messages) - 1
            if waits and first and not isinstance(first[0], Thinking | RedactedThinking):
                raise _refuse(
                    f"messages[{place}].content[0].type",
                    "Expected `thinking` or `redacted_thinking`, but found another type. When `thinking` is enabled, "
                    "a final `assistant` message must start with a thinking block.",
                )
            return
        if not isinstance(message, UserMessage) or not any(isinstance(block, ToolResult) for block in message.content):
            return
