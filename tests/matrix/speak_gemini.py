"""The official Google SDK, generate content."""

import base64
from typing import Any

from google import genai
from google.genai import errors, types

from matrix.asking import Assistant, Call, Results, Said, Seen, Talk, Turn, User

NAME = "gemini"
FINISH = {"stop": "STOP", "stop_sequence": "STOP", "length": "MAX_TOKENS", "tools": "STOP", "refusal": "STOP"}
STATUS_ERRORS: dict[int, type[Exception]] = {
    400: errors.ClientError,
    401: errors.ClientError,
    404: errors.ClientError,
    429: errors.ClientError,
    502: errors.ServerError,
}
BROKEN_STREAM: tuple[type[Exception], ...] = (errors.APIError,)


def open_client(url: str, key: str, seen: Seen) -> genai.Client:
    """The SDK at a gateway."""
    options = types.HttpOptions(base_url=url, timeout=20_000, client_args={"event_hooks": {"response": [seen.note]}})
    return genai.Client(api_key=key, http_options=options)


def ask(client: genai.Client, model: str, talk: Talk, *, stream: bool) -> Said:
    """What is answered, whole or collected from the stream."""
    contents = [_write_turn(turn) for turn in talk.turns]
    config = types.GenerateContentConfig(**_write(talk))
    if not stream:
        return _read([client.models.generate_content(model=model, contents=contents, config=config)])
    return _read(list(client.models.generate_content_stream(model=model, contents=contents, config=config)))


def _read(chunks: list[Any]) -> Said:
    finish, usage = "", None
    parts: list[Any] = []
    for chunk in chunks:
        usage = chunk.usage_metadata or usage
        for candidate in chunk.candidates or ():
            assert not finish, "nothing follows the last chunk"
            finish = candidate.finish_reason.value if candidate.finish_reason else ""
            parts += (candidate.content and candidate.content.parts) or []
    assert finish and usage is not None, "the stream ended without its last chunk"
    calls = [part.function_call for part in parts if part.function_call]
    return Said(
        text="".join(part.text or "" for part in parts if not part.thought),
        calls=tuple(Call(call.id or "", call.name or "", call.args) for call in calls),
        finish=finish,
        input_tokens=usage.prompt_token_count,
        output_tokens=(usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0),
        thoughts="".join(part.text or "" for part in parts if part.thought),
        native=types.Content(role="model", parts=_join(parts)),
        is_signed=any(part.thought_signature for part in parts),
    )


def _join(parts: list[Any]) -> list[Any]:
    """The parts as a chat keeps them: pieces of one text or thought together, a signature with the last of them."""
    joined: list[Any] = []
    for part in parts:
        last = joined[-1] if joined else None
        if last is not None and _is_words(last) and _is_words(part) and bool(last.thought) == bool(part.thought):
            last.text += part.text or ""
            last.thought_signature = part.thought_signature
        else:
            joined.append(part.model_copy())
    return joined


def _is_words(part: Any) -> bool:
    return part.text is not None and not part.function_call and not part.thought_signature


def _write(talk: Talk) -> dict[str, Any]:
    config: dict[str, Any] = {"automatic_function_calling": types.AutomaticFunctionCallingConfig(disable=True)}
    if talk.system:
        config["system_instruction"] = talk.system
    if talk.tools:
        declared = [
            types.FunctionDeclaration(name=tool.name, parameters_json_schema=tool.parameters) for tool in talk.tools
        ]
        config["tools"] = [types.Tool(function_declarations=declared)]
    if talk.must_call:
        names = None if talk.must_call == "any" else [talk.must_call]
        calling = types.FunctionCallingConfig(mode=types.FunctionCallingConfigMode.ANY, allowed_function_names=names)
        config["tool_config"] = types.ToolConfig(function_calling_config=calling)
    if talk.schema is not None:
        config |= {"response_mime_type": "application/json", "response_json_schema": talk.schema}
    if talk.stop:
        config["stop_sequences"] = [talk.stop]
    if talk.max_tokens is not None:
        config["max_output_tokens"] = talk.max_tokens
    if talk.thinks:
        config["thinking_config"] = types.ThinkingConfig(include_thoughts=True, thinking_budget=1024)
    return config


def _write_turn(turn: Turn) -> types.Content:
    match turn:
        case Said():
            content = turn.native
            assert isinstance(content, types.Content)
            return content
        case Assistant():
            return types.Content(role="model", parts=[types.Part(text=turn.text)])
        case Results():
            return types.Content(role="user", parts=[_write_result(call, result) for call, result in turn.results])
        case User():
            parts = [types.Part(text=turn.text)]
            if turn.image:
                parts.append(types.Part.from_bytes(data=base64.b64decode(turn.image), mime_type="image/png"))
            return types.Content(role="user", parts=parts)


def _write_result(call: Call, result: str) -> types.Part:
    answered = types.FunctionResponse(id=call.id or None, name=call.name, response={"result": result})
    return types.Part(function_response=answered)
