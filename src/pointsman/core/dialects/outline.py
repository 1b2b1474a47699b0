"""A request in the members that estimates and needs go by, whatever its format: roughly those of OpenAI's chat.

Nothing that is sent anywhere is made from an outline.
"""

from collections.abc import Iterable

from pointsman.core.chat.conversation import (
    Conversation,
    JsonObject,
    Media,
    Message,
    Part,
    Reasoning,
    Refusal,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.table import read_conversation

_HOW = """
model dimensions encoding_format user input_type truncate embedding_types output_dimension priority top_n
return_documents max_tokens_per_doc max_tokens taskType task_type outputDimensionality output_dimensionality metadata
"""
_NOT_SAID = frozenset(_HOW.split())
"""Members of requests beside chat that say how, not what."""

_IMAGES = frozenset(("image_url", "images", "inlineData", "inline_data", "fileData", "file_data"))
_NO_TEXTS = _IMAGES | {"model", "type"}
_IMAGE: JsonObject = {"type": "image_url", "image_url": {}}

_MEDIA_TYPES = {"image": "image_url", "audio": "input_audio", "video": "video_url", "document": "file"}


def outline_request(request: ChatRequest) -> JsonObject:
    """The outline of a request; of one in OpenAI's chat format the body itself. Worked out once.

    Raises:
        ClientError: for a body that cannot be read.
    """
    if request.dialect == "openai_chat" and request.operation == "chat":
        return request.fields
    known = request.memo.get("outline")
    if known is None:
        is_said = request.operation in ("chat", "count_tokens")
        outline = _outline(read_conversation(request)) if is_said else _outline_other(request)
        known = request.memo["outline"] = outline
    return known  # type: ignore[return-value]


def _outline(conversation: Conversation) -> JsonObject:
    outline: JsonObject = {"messages": [_outline_message(message) for message in conversation.messages]}
    if conversation.tools:
        outline["tools"] = [_outline_tool(tool) for tool in conversation.tools if isinstance(tool, Tool)]
    if conversation.answer_format is not None:
        outline["response_format"] = {
            "type": "json_schema",
            "json_schema": {"schema": conversation.answer_format.schema},
        }
    if conversation.thinking is not None and conversation.thinking.effort is not None:
        outline["reasoning_effort"] = conversation.thinking.effort
    return outline


def _outline_tool(tool: Tool) -> JsonObject:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


def _outline_message(message: Message) -> JsonObject:
    outline: JsonObject = {"role": message.role}
    parts = message.parts
    if len(parts) == 1 and isinstance(parts[0], Text):
        outline["content"] = parts[0].text
        return outline
    outline["content"] = list(_outline_parts(parts))
    calls = [part for part in parts if isinstance(part, ToolCall)]
    if calls:
        outline["tool_calls"] = [{"function": {"name": call.name, "arguments": call.arguments}} for call in calls]
    thoughts = [part.text for part in parts if isinstance(part, Reasoning) and part.text]
    if thoughts:
        outline["reasoning"] = "\n".join(thoughts)
    return outline


def _outline_parts(parts: Iterable[Part]) -> Iterable[JsonObject]:
    for part in parts:
        match part:
            case Text():
                yield {"type": "text", "text": part.text}
            case Refusal():
                yield {"type": "refusal", "refusal": part.text}
            case Media() if part.text:
                yield {"type": "text", "text": part.text}
            case Media():
                yield _outline_media(part)
            case ToolResult():
                yield from _outline_parts(part.parts)


def _outline_media(media: Media) -> JsonObject:
    kind = _MEDIA_TYPES[media.kind]
    about: JsonObject = {"detail": media.detail, "data": media.data, "file_data": media.data}
    about["format"] = media.media_type.rpartition("/")[2]
    return {"type": kind, kind: about}


def _outline_other(request: ChatRequest) -> JsonObject:
    """What is embedded, ranked or judged, as if a user said it; texts that come as ids of tokens are counted."""
    content: list[JsonObject] = []
    token_ids = 0
    waiting: list[object] = [{name: value for name, value in request.fields.items() if name not in _NOT_SAID}]
    while waiting:
        item = waiting.pop()
        if type(item) is str:
            content.append({"type": "text", "text": item})
        elif type(item) is int:
            token_ids += 1
        elif type(item) is dict:
            content += [_IMAGE for name in item if name in _IMAGES]
            waiting.extend(reversed([inner for name, inner in item.items() if name not in _NO_TEXTS]))
        elif type(item) is list and set(map(type, item)) == {int}:
            token_ids += len(item)
        elif type(item) is list:
            waiting.extend(reversed(item))
    return {"messages": [{"role": "user", "content": content}], "token_ids": token_ids}
