"""What a Cohere chat request asks for, without its dialect."""

from collections.abc import Iterator

import msgspec

from pointsman.simulator.asked import (
    ANY_OBJECT,
    IMAGE_TOKENS,
    LOW_DETAIL_IMAGE_TOKENS,
    REASONING_TOKENS,
    Asked,
    Block,
    Function,
    MadeCall,
    ToolChoice,
    Turn,
    think_within,
)
from pointsman.simulator.cohere_request import (
    AssistantMessage,
    ChatRequest,
    Document,
    DocumentPart,
    ImagePart,
    JsonObject,
    JsonObjectFormat,
    Message,
    SystemMessage,
    TextPart,
    ThinkingPart,
    ToolMessage,
)

_CHOICES = {None: ToolChoice(), "NONE": ToolChoice(names=()), "REQUIRED": ToolChoice(must_call=True)}

Part = TextPart | ImagePart | DocumentPart | ThinkingPart


def read_asked(request: ChatRequest) -> Asked:
    """The neutral request."""
    return Asked(
        model=request.model,
        turns=tuple(_read_turns(request)),
        functions=tuple(
            Function(
                tool.function.name, tool.function.description or "", tool.function.parameters, request.strict_tools
            )
            for tool in request.tools or []
        ),
        choice=_CHOICES[request.tool_choice],
        schema=_read_schema(request),
        most_tokens=request.max_tokens,
        seed=request.seed,
        stop_sequences=tuple(sequence for sequence in request.stop_sequences or [] if sequence),
        thinking_tokens=_read_thinking(request),
        stream=request.stream,
    )


def show_document(document: str | Document) -> str:
    """What a document says."""
    if isinstance(document, str):
        return document
    return document.data if isinstance(document.data, str) else msgspec.json.encode(document.data).decode()


def _read_schema(request: ChatRequest) -> JsonObject | None:
    form = request.response_format
    if not isinstance(form, JsonObjectFormat):
        return None
    return form.json_schema or form.schema or ANY_OBJECT


def _read_thinking(request: ChatRequest) -> int:
    thinking = request.thinking
    if thinking is None or thinking.type == "disabled":
        return 0
    return think_within(thinking.token_budget) if thinking.token_budget else REASONING_TOKENS["medium"]


def _read_turns(request: ChatRequest) -> Iterator[Turn]:
    """The documents stand before the conversation, as if the system had said them."""
    if request.documents:
        yield Turn("system", tuple(Block(show_document(document)) for document in request.documents))
    for message in request.messages:
        yield _read_message(message)


def _read_message(message: Message) -> Turn:
    blocks = tuple(_read_blocks(message.content))
    if isinstance(message, AssistantMessage):
        calls = (MadeCall(call.function.name, call.function.arguments) for call in message.tool_calls or [])
        return Turn("assistant", blocks, tuple(calls))
    role = "system" if isinstance(message, SystemMessage) else "tool" if isinstance(message, ToolMessage) else "user"
    return Turn(role, blocks)


def _read_blocks(
    content: str
    | list[TextPart]
    | list[TextPart | ImagePart]
    | list[TextPart | ThinkingPart]
    | list[TextPart | DocumentPart]
    | None,
) -> Iterator[Block]:
    """Thoughts that are given back are not read again."""
    if isinstance(content, str):
        yield Block(content)
        return
    for part in content or []:
        if isinstance(part, TextPart):
            yield Block(part.text)
        elif isinstance(part, DocumentPart):
            yield Block(show_document(part.document))
        elif isinstance(part, ImagePart):
            tokens = LOW_DETAIL_IMAGE_TOKENS if part.image_url.detail == "low" else IMAGE_TOKENS
            yield Block("", part.image_url.url, tokens)
