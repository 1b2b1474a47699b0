"""What a Bedrock Converse request asks for, without its dialect; thoughts that come back are checked on the way."""

from collections.abc import Iterator
from dataclasses import replace

import msgspec

from pointsman.simulator.asked import (
    ANY_OBJECT,
    ATTACHMENT_TOKENS,
    IMAGE_TOKENS,
    Asked,
    Block,
    Function,
    MadeCall,
    ToolChoice,
    Turn,
)
from pointsman.simulator.bedrock_blocks import Block as SentBlock
from pointsman.simulator.bedrock_blocks import (
    CachePoint,
    JsonObject,
    MediaSource,
    Message,
    ResultBlock,
    refuse,
)
from pointsman.simulator.bedrock_request import ConverseRequest
from pointsman.simulator.bedrock_thinking import read_thinking

_Item = Block | MadeCall | Turn
"""One piece of a message that a mark can stand on."""

MINUTES = "5m"
"""How long a prompt is kept where its mark does not say."""


def read_asked(request: ConverseRequest, model: str, *, stream: bool) -> Asked:
    """The neutral request."""
    inference = request.inference
    fields = request.additional_model_request_fields or {}
    chosen = fields.get("tool_choice")
    return Asked(
        model=model,
        turns=tuple(_read_turns(request)),
        functions=tuple(_read_functions(request)),
        choice=_read_choice(request),
        parallel=not (isinstance(chosen, dict) and chosen.get("disable_parallel_tool_use") is True),
        schema=read_schema(request),
        most_tokens=inference.max_tokens,
        stop_sequences=tuple(inference.stop_sequences or ()),
        thinking_tokens=read_thinking(request),
        stream=stream,
    )


def read_schema(request: ConverseRequest) -> JsonObject | None:
    """The schema of the answer, which comes as text.

    Raises:
        Refusal: 400 when that text is not a JSON object.
    """
    form = request.output_config.text_format if request.output_config is not None else None
    if form is None:
        return None
    try:
        return msgspec.json.decode(form.structure.json_schema.schema, type=JsonObject) or ANY_OBJECT
    except msgspec.DecodeError:
        path = "outputConfig.textFormat.structure.jsonSchema.schema"
        raise refuse(path, f"The schema at {path} must be a JSON object written as text.") from None


def _read_turns(request: ConverseRequest) -> Iterator[Turn]:
    system: list[_Item] = []
    for block in request.system or []:
        if block.cache_point is not None:
            _mark_last(system, block.cache_point)
        else:
            system.append(Block(block.text or _show(block.guard_content)))
    if system:
        yield Turn("system", tuple(item for item in system if isinstance(item, Block)))
    for message in request.messages:
        yield from _read_message(message)


def _read_message(message: Message) -> Iterator[Turn]:
    """Each result of a tool is a turn of its own, before what else the user says; a mark stays with what it follows."""
    items: list[_Item] = []
    for block in message.content:
        if block.cache_point is not None:
            _mark_last(items, block.cache_point)
        elif block.tool_result is not None:
            items.append(Turn("tool", tuple(_read_result(part) for part in block.tool_result.content)))
        elif block.tool_use is not None:
            items.append(MadeCall(block.tool_use.name, _show(block.tool_use.input)))
        elif block.reasoning_content is None:
            items.append(_read_block(block))
    yield from (item for item in items if isinstance(item, Turn))
    said = tuple(item for item in items if isinstance(item, Block))
    calls = tuple(item for item in items if isinstance(item, MadeCall))
    if said or calls:
        yield Turn(message.role, said, calls)


def _mark_last(items: list[_Item], point: CachePoint) -> None:
    """The mark stands on what comes before it; before anything it marks nothing."""
    if not items:
        return
    life, last = point.ttl or MINUTES, items[-1]
    if not isinstance(last, Turn):
        items[-1] = replace(last, cache=life)
    elif last.blocks:
        items[-1] = replace(last, blocks=(*last.blocks[:-1], replace(last.blocks[-1], cache=life)))


def _read_block(block: SentBlock) -> Block:
    if block.text is not None:
        return Block(block.text)
    if block.image is not None:
        return _attach(block.image.source, IMAGE_TOKENS)
    media = block.document or block.video or block.audio
    if media is not None:
        return _attach(media.source, ATTACHMENT_TOKENS)
    if block.search_result is not None:
        return Block("\n".join(part.text for part in block.search_result.content))
    if block.citations_content is not None:
        return Block("".join(part.text for part in block.citations_content.content or []))
    return Block(_show(block.guard_content))


def _read_result(block: ResultBlock) -> Block:
    if block.text is not None:
        return Block(block.text)
    if block.json is not None:
        return Block(_show(block.json))
    if block.image is not None:
        return _attach(block.image.source, IMAGE_TOKENS)
    media = block.document or block.video
    if media is not None:
        return _attach(media.source, ATTACHMENT_TOKENS)
    return Block("\n".join(part.text for part in block.search_result.content) if block.search_result else "")


def _attach(source: MediaSource, tokens: int) -> Block:
    return Block("", msgspec.json.encode(source).decode(), tokens)


def _show(document: JsonObject | None) -> str:
    return msgspec.json.encode(document or {}).decode()


def _read_functions(request: ConverseRequest) -> list[Function]:
    functions: list[Function] = []
    for tool in request.tool_config.tools if request.tool_config is not None else []:
        if tool.tool_spec is not None:
            spec = tool.tool_spec
            functions.append(Function(spec.name, spec.description or "", spec.input_schema.json, spec.strict))
        elif tool.cache_point is not None and functions:
            functions[-1] = replace(functions[-1], cache=tool.cache_point.ttl or MINUTES)
    return functions


def _read_choice(request: ConverseRequest) -> ToolChoice:
    choice = request.tool_config.tool_choice if request.tool_config is not None else None
    if choice is None or choice.auto is not None:
        return ToolChoice()
    if choice.tool is not None:
        return ToolChoice((choice.tool.name,), must_call=True)
    return ToolChoice(must_call=True)
