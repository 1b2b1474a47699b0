"""Cohere chat request -> hub; documents beside the messages are read as parts of the last user's message."""

from pointsman.core.chat.conversation import (
    AnswerFormat,
    Conversation,
    JsonObject,
    Media,
    Message,
    Native,
    Part,
    Reasoning,
    Sampling,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from pointsman.core.chat.own_words import OWN_WORDS
from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.signatures import unwrap_signature
from pointsman.core.dialects.cohere.documents import read_document
from pointsman.core.dialects.cohere.words import NAME
from pointsman.core.dialects.data_urls import split_data_url

_SAMPLING = {
    "max_tokens": "max_output_tokens",
    "temperature": "temperature",
    "p": "top_p",
    "k": "top_k",
    "seed": "seed",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "logprobs": "logprobs",
}
_READ = frozenset(
    {
        *_SAMPLING,
        "model",
        "stream",
        "messages",
        "stop_sequences",
        "tools",
        "strict_tools",
        "tool_choice",
        "response_format",
        "thinking",
        "documents",
        "metadata",
    }
)
_CHOICES = {"REQUIRED": ToolChoice("required"), "NONE": ToolChoice("none")}


def read_request(request: ChatRequest) -> Conversation:
    """The request in the hub; its form has been checked."""
    fields = request.fields
    messages = [_read_message(message) for message in _list_of(fields, "messages")]
    _add_documents(messages, _list_of(fields, "documents"))
    extra = {name: value for name, value in fields.items() if name not in _READ}
    return Conversation(
        tuple(messages),
        _read_sampling(fields),
        tuple([_read_tool(tool, fields.get("strict_tools")) for tool in _list_of(fields, "tools")]),
        _CHOICES.get(str(fields.get("tool_choice"))),
        answer_format=_read_format(fields.get("response_format")),
        thinking=_read_thinking(fields.get("thinking")),
        metadata=_read_notes(fields.get("metadata")),
        extra=extra,
        extra_dialect=NAME if extra else "",
    )


def _read_message(message: JsonObject) -> Message:
    content = message.get("content")
    parts: list[Part]
    if type(content) is str:
        parts = [Text(content)]
    else:
        parts = [_read_part(part) for part in content] if type(content) is list else []
    role = message["role"]
    if role == "tool":
        return Message("tool", (ToolResult(str(message["tool_call_id"]), tuple(parts)),))
    if role == "assistant":
        if message.get("tool_plan"):
            parts.append(Reasoning(str(message["tool_plan"])))
        parts.extend([_read_call(call) for call in _list_of(message, "tool_calls")])
        if message.get("citations"):
            parts.append(Native(NAME, "citations", message["citations"]))
    return Message(role, tuple(parts))  # type: ignore[arg-type]


def _read_part(part: JsonObject) -> Part:
    kind = part["type"]
    if kind == "text":
        return Text(str(part["text"]))
    if kind == "thinking":
        return _read_thought(part)
    if kind == "image_url":
        return _read_image(part["image_url"])
    return read_document(part["document"]) or Native(NAME, str(kind), part)


def _read_thought(part: JsonObject) -> Reasoning:
    """A thought; the members beside `thinking` are those that we write for thoughts of other providers."""
    mark = part.get("signature")
    signature, origin = unwrap_signature(mark if type(mark) is str else "", NAME)
    known = part.get("id")
    return Reasoning(
        str(part["thinking"]),
        signature,
        origin,
        part.get("is_hidden") is True,
        known if type(known) is str else "",
    )


def _read_image(image: object) -> Media:
    address = image if type(image) is dict else {}
    url, detail = str(address.get("url", "")), address.get("detail")
    closeness = detail if type(detail) is str else ""
    if inline := split_data_url(url):
        return Media("image", inline[0], data=inline[1], detail=closeness)
    return Media("image", url=url, detail=closeness)


def _read_call(call: JsonObject) -> ToolCall:
    function = call["function"]
    described = function if type(function) is dict else {}
    mark = call.get("signature")
    signature, origin = unwrap_signature(mark if type(mark) is str else "", NAME)
    return ToolCall(str(call["id"]), str(described["name"]), str(described.get("arguments") or "{}"), signature, origin)


def _add_documents(messages: list[Message], documents: list[JsonObject]) -> None:
    """Put documents before what the user says last; where no user speaks they become a message of their own."""
    read = tuple([media for document in documents if (media := read_document(document)) is not None])
    if not read:
        return
    for place in range(len(messages) - 1, -1, -1):
        if messages[place].role == "user":
            messages[place] = Message("user", read + messages[place].parts)
            return
    messages.append(Message("user", read))


def _read_sampling(fields: JsonObject) -> Sampling:
    said = {ours: fields[theirs] for theirs, ours in _SAMPLING.items() if fields.get(theirs) is not None}
    stop = fields.get("stop_sequences")
    return Sampling(**said, stop=tuple(stop) if type(stop) is list else ())  # type: ignore[arg-type]


def _read_tool(tool: JsonObject, strict: object) -> Tool:
    function = tool["function"]
    described = function if type(function) is dict else {}
    parameters = described.get("parameters")
    return Tool(
        str(described["name"]),
        str(described.get("description") or ""),
        parameters if type(parameters) is dict else None,
        strict if type(strict) is bool else None,
    )


def _read_format(value: object) -> AnswerFormat | None:
    if type(value) is not dict or value.get("type") != "json_object":
        return None
    return AnswerFormat(value.get("json_schema") or value.get("schema") or None)


def _read_thinking(value: object) -> Thinking | None:
    if type(value) is not dict:
        return None
    if value.get("type") == "disabled":
        return Thinking(budget_tokens=0)
    return Thinking(budget_tokens=value.get("token_budget") or -1)


def _list_of(fields: JsonObject, name: str) -> list[JsonObject]:
    value = fields.get(name)
    return value if type(value) is list else []


def _read_notes(metadata: object) -> JsonObject:
    if type(metadata) is not dict:
        return {}
    return {name: value for name, value in metadata.items() if name not in OWN_WORDS}
