"""Cohere's chat request (v2), read strictly: a field that Cohere does not document is refused wherever it stands."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from pointsman.simulator.refusal import Refusal

JsonObject = dict[str, Any]
"""A JSON object whose inside belongs to the caller: a schema, the data of a document."""

Penalty = Annotated[float, Meta(ge=0, le=1)]


class Strict(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """An object of the API: no unknown fields."""


class ImageUrl(Strict):
    """Where an image is, and how closely to look."""

    url: Annotated[str, Meta(min_length=1)]
    detail: Literal["auto", "low", "high"] = "auto"


class Document(Strict):
    """Something to answer from, and to cite."""

    data: JsonObject | str
    id: str | None = None


class TextPart(Strict, tag_field="type", tag="text"):
    """A text part of a message."""

    text: str


class ThinkingPart(Strict, tag_field="type", tag="thinking"):
    """An earlier thought of the assistant, given back."""

    thinking: str


class ImagePart(Strict, tag_field="type", tag="image_url"):
    """An image part of a message; it costs a flat number of tokens."""

    image_url: ImageUrl


class DocumentPart(Strict, tag_field="type", tag="document"):
    """A document in a tool's result."""

    document: Document


class CalledFunction(Strict):
    """The function of an earlier tool call."""

    name: Annotated[str, Meta(min_length=1)]
    arguments: str


class EarlierCall(Strict):
    """A tool call that the assistant made before, given back."""

    id: Annotated[str, Meta(min_length=1)]
    type: Literal["function"]
    function: CalledFunction


class CitedSource(Strict):
    """What an earlier citation points at."""

    type: Literal["document", "tool"]
    id: str | None = None
    document: JsonObject | None = None
    tool_output: JsonObject | None = None


class EarlierCitation(Strict):
    """A citation of an earlier answer, given back."""

    start: int | None = None
    end: int | None = None
    text: str | None = None
    sources: list[CitedSource] | None = None
    content_index: int | None = None
    type: Literal["TEXT_CONTENT", "THINKING_CONTENT", "PLAN"] | None = None


class SystemMessage(Strict, tag_field="role", tag="system"):
    """What the model is told beforehand."""

    content: str | list[TextPart]


class UserMessage(Strict, tag_field="role", tag="user"):
    """What the user says and shows."""

    content: str | list[TextPart | ImagePart]


class AssistantMessage(Strict, tag_field="role", tag="assistant"):
    """An earlier answer, given back."""

    content: str | list[TextPart | ThinkingPart] | None = None
    tool_calls: list[EarlierCall] | None = None
    tool_plan: str | None = None
    citations: list[EarlierCitation] | None = None


class ToolMessage(Strict, tag_field="role", tag="tool"):
    """What a tool returned."""

    tool_call_id: Annotated[str, Meta(min_length=1)]
    content: str | list[TextPart | DocumentPart]


Message = SystemMessage | UserMessage | AssistantMessage | ToolMessage


class Function(Strict):
    """What a tool is called and takes; `parameters` is a JSON Schema."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,127}$")]
    parameters: JsonObject
    description: str | None = None


class Tool(Strict):
    """A tool the model may call."""

    type: Literal["function"]
    function: Function


class CitationOptions(Strict):
    """How carefully to cite."""

    mode: Literal["ENABLED", "DISABLED", "FAST", "ACCURATE", "OFF"] | None = None


class TextFormat(Strict, tag_field="type", tag="text"):
    """`response_format` of plain text."""


class JsonObjectFormat(Strict, tag_field="type", tag="json_object"):
    """`response_format` of JSON; the schema goes by either name."""

    json_schema: JsonObject | None = None
    schema: JsonObject | None = None


class Thinking(Strict):
    """Whether and how long to think."""

    type: Literal["enabled", "disabled"]
    token_budget: Annotated[int, Meta(ge=1)] | None = None


class ChatRequest(Strict):
    """The body of `POST /v2/chat`."""

    model: Annotated[str, Meta(min_length=1)]
    messages: Annotated[list[Message], Meta(min_length=1)]
    stream: bool = False
    tools: Annotated[list[Tool], Meta(max_length=200)] | None = None
    strict_tools: bool | None = None
    documents: list[str | Document] | None = None
    citation_options: CitationOptions | None = None
    response_format: TextFormat | JsonObjectFormat | None = None
    safety_mode: Literal["CONTEXTUAL", "STRICT", "OFF"] | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    stop_sequences: Annotated[list[str], Meta(max_length=5)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    seed: Annotated[int, Meta(ge=0)] | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    k: Annotated[int, Meta(ge=0, le=500)] | None = None
    p: Annotated[float, Meta(ge=0.01, le=0.99)] | None = None
    logprobs: bool | None = None
    tool_choice: Literal["REQUIRED", "NONE"] | None = None
    thinking: Thinking | None = None
    priority: Annotated[int, Meta(ge=0, le=999)] | None = None
    raw_prompting: bool | None = None


def check_request(request: ChatRequest) -> None:
    """Refuse what Cohere refuses beyond fields and types.

    Raises:
        Refusal: 400, naming the field.
    """
    if request.tool_choice == "REQUIRED" and not request.tools:
        raise _refuse("tool_choice", "tool_choice 'REQUIRED' needs tools to be given")
    if request.strict_tools and not request.tools:
        raise _refuse("strict_tools", "strict_tools needs tools to be given")
    if request.safety_mode is not None and (request.tools or request.documents):
        raise _refuse("safety_mode", "safety_mode is not configurable together with tools or documents")
    form = request.response_format
    if isinstance(form, JsonObjectFormat):
        _check_format(request, form)
    _check_messages(request.messages)


def _check_format(request: ChatRequest, form: JsonObjectFormat) -> None:
    if form.json_schema is not None and form.schema is not None:
        raise _refuse("response_format", "only one of 'json_schema' and 'schema' may be given")
    if request.tools or request.documents:
        raise _refuse(
            "response_format", "response_format json_object is not supported together with tools or documents"
        )


def _check_messages(messages: list[Message]) -> None:
    """Each call is answered right behind the message that made it; an assistant says something or calls something."""
    waiting: set[str] = set()
    for place, message in enumerate(messages):
        path = f"messages[{place}]"
        if isinstance(message, ToolMessage):
            if message.tool_call_id not in waiting:
                raise _refuse(
                    f"{path}.tool_call_id", f"no call '{message.tool_call_id}' stands before this tool message"
                )
            waiting.remove(message.tool_call_id)
            continue
        if waiting:
            raise _refuse(path, f"missing tool messages for the calls {sorted(waiting)}")
        if isinstance(message, AssistantMessage):
            waiting = {call.id for call in message.tool_calls or []}
            if not (message.content or message.tool_calls):
                raise _refuse(path, "an assistant message must have content or tool_calls")
    if waiting:
        raise _refuse("messages", f"missing tool messages for the calls {sorted(waiting)}")
    if not isinstance(messages[-1], UserMessage | ToolMessage | AssistantMessage):
        raise _refuse("messages", "the last message must not be the system's")


def _refuse(path: str, message: str) -> Refusal:
    return Refusal(400, f"invalid request: {message}", code="invalid_value", param=path)
