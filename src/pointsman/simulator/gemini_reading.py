"""What a Gemini request asks for, without its dialect; signatures of thoughts that come back are checked on the way."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator

import msgspec

from pointsman.simulator.asked import (
    ANY_OBJECT,
    ATTACHMENT_TOKENS,
    IMAGE_TOKENS,
    REASONING_TOKENS,
    Asked,
    Block,
    Function,
    MadeCall,
    ToolChoice,
    Turn,
    think_within,
)
from pointsman.simulator.gemini_contents import Content, FunctionCall, FunctionResponse, JsonObject, Part
from pointsman.simulator.gemini_request import GenerateRequest, GenerationConfig, ThinkingConfig
from pointsman.simulator.gemini_tools import FunctionDeclaration, list_functions
from pointsman.simulator.refusal import Refusal

SKIPPED_SIGNATURES = frozenset({"skip_thought_signature_validator", "context_engineering_is_the_way_to_go"})
"""What Google documents for calls that another model made: they stand where a signature would and are not checked."""

CheckSignature = Callable[[str, str, str], None]
"""Takes a signature, the text it must be of, and the place it stands at."""


def read_asked(request: GenerateRequest, model: str, *, stream: bool) -> Asked:
    """The neutral request."""
    config = request.config
    return Asked(
        model=model,
        turns=tuple(_read_turns(request)),
        functions=tuple(_read_function(function) for function in list_functions(request.tools)),
        choice=_read_choice(request),
        schema=(config.json_schema or ANY_OBJECT) if _wants_json(config) else None,
        most_tokens=config.max_output_tokens,
        choices=config.candidate_count or 1,
        seed=config.seed,
        stop_sequences=tuple(sequence for sequence in config.stop_sequences or [] if sequence),
        thinking_tokens=read_thinking(config.thinking_config),
        stream=stream,
    )


def read_thinking(thinking: ThinkingConfig | None) -> int:
    """About how long to think; -1 lets the model choose, which is like a medium effort."""
    if thinking is None:
        return 0
    if thinking.thinking_budget is not None:
        budget = thinking.thinking_budget
        return REASONING_TOKENS["medium"] if budget < 0 else think_within(budget) if budget else 0
    level = (thinking.thinking_level or "").lower()
    if level in REASONING_TOKENS:
        return REASONING_TOKENS[level]
    return REASONING_TOKENS["medium"] if thinking.include_thoughts or level else 0


def check_signatures(contents: list[Content], check: CheckSignature) -> None:
    """Refuse a signature that is not of the call it stands on, or not of what the model said in that turn.

    Raises:
        Refusal: 400, naming the part.
    """
    for turn, content in enumerate(contents):
        for place, part in enumerate(content.parts):
            if part.thought_signature is None or is_skipped(part.thought_signature):
                continue
            param = f"contents[{turn}].parts[{place}].thoughtSignature"
            said = sign_text(content) if part.function_call is None else sign_call(part.function_call)
            check(part.thought_signature.replace("-", "+").replace("_", "/"), said, param)


def is_skipped(signature: str) -> bool:
    """Whether this is one of the documented stand-ins, as it is or in base64 as SDKs write bytes."""
    return signature in SKIPPED_SIGNATURES or signature in _ENCODED_SKIPS


_ENCODED_SKIPS = frozenset(b64encode(skip.encode()).decode() for skip in SKIPPED_SIGNATURES)


def sign_call(call: FunctionCall) -> str:
    """What the signature of a call is made over; the order of its arguments does not count."""
    return msgspec.json.encode([call.name, call.args or {}], order="sorted").decode()


def sign_text(content: Content) -> str:
    """What the signature of a turn without calls is made over: all it said, in however many parts."""
    return "".join(part.said for part in content.parts)


def _wants_json(config: GenerationConfig) -> bool:
    return config.response_mime_type not in (None, "text/plain")


def _read_turns(request: GenerateRequest) -> Iterator[Turn]:
    if request.system_instruction is not None:
        yield Turn("system", tuple(_read_block(part) for part in request.system_instruction.parts))
    for content in request.contents:
        yield from _read_content(content)


def _read_content(content: Content) -> Iterator[Turn]:
    """Each function's response is a turn of its own, before what else the user says."""
    for part in content.parts:
        if part.function_response is not None:
            yield Turn("tool", tuple(_read_response(part.function_response)))
    parts = [part for part in content.parts if part.function_response is None and not part.thought]
    blocks = tuple(_read_block(part) for part in parts if part.function_call is None)
    calls = tuple(_read_call(part.function_call) for part in parts if part.function_call is not None)
    if blocks or calls:
        yield Turn("assistant" if content.role == "model" else "user", blocks, calls)


def _read_block(part: Part) -> Block:
    if part.inline_data is not None:
        return _attach(part.inline_data.mime_type, part.inline_data.data)
    if part.file_data is not None:
        return _attach(part.file_data.mime_type or "", part.file_data.file_uri)
    return Block(part.said)


def _attach(mime_type: str, content: str) -> Block:
    return Block("", content, IMAGE_TOKENS if mime_type.startswith("image/") else ATTACHMENT_TOKENS)


def _read_call(call: FunctionCall) -> MadeCall:
    return MadeCall(call.name, msgspec.json.encode(call.args or {}).decode())


def _read_response(response: FunctionResponse) -> Iterator[Block]:
    yield Block(_show_result(response.response))
    for part in response.parts or []:
        if part.inline_data is not None:
            yield _attach(part.inline_data.mime_type, part.inline_data.data)
        elif part.file_data is not None:
            yield _attach(part.file_data.mime_type or "", part.file_data.file_uri)


def _show_result(response: JsonObject) -> str:
    """A lone text under one of Google's two usual names is the result itself."""
    only = next(iter(response.values())) if len(response) == 1 and response.keys() & {"output", "result"} else None
    return only if isinstance(only, str) else msgspec.json.encode(response).decode()


def _read_function(function: FunctionDeclaration) -> Function:
    return Function(function.name, function.description or "", function.json_schema)


def _read_choice(request: GenerateRequest) -> ToolChoice:
    calling = request.tool_config.function_calling_config if request.tool_config is not None else None
    if calling is None:
        return ToolChoice()
    if calling.mode == "NONE":
        return ToolChoice(names=())
    names = tuple(calling.allowed_function_names) if calling.allowed_function_names else None
    return ToolChoice(names, must_call=calling.mode == "ANY")


def check_attachments(contents: list[Content]) -> None:
    """Refuse bytes that are not base64, in the usual alphabet or the one for URLs.

    Raises:
        Refusal: 400, naming the part.
    """
    for turn, content in enumerate(contents):
        for place, part in enumerate(content.parts):
            blob = part.inline_data
            if blob is not None and not _is_base64(blob.data):
                param = f"contents[{turn}].parts[{place}].inlineData.data"
                raise Refusal(400, f"Invalid value at '{param}': Base64 decoding failed.", param=param)


def _is_base64(data: str) -> bool:
    try:
        b64decode(data.replace("-", "+").replace("_", "/"), validate=True)
    except ValueError:
        return False
    return bool(data)
