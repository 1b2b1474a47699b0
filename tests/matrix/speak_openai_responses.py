"""The official OpenAI SDK, responses."""

import json
from typing import Any

import openai

from matrix.asking import Assistant, BrokenStreamError, Call, Results, Said, Talk, Turn, User
from matrix.speak_openai_chat import STATUS_ERRORS, open_client

__all__ = ["BROKEN_STREAM", "FINISH", "NAME", "STATUS_ERRORS", "ask", "open_client"]

NAME = "openai_responses"
BROKEN_STREAM: tuple[type[Exception], ...] = (BrokenStreamError,)
"""The SDK hands the failure on as an event like any other."""
FINISH = {
    "stop": "completed",
    "stop_sequence": "completed",
    "length": "incomplete: max_output_tokens",
    "tools": "completed",
    "refusal": "completed",
}


def ask(client: openai.OpenAI, model: str, talk: Talk, *, stream: bool) -> Said:
    """What is answered, whole or collected from the stream."""
    asked = _write(model, talk)
    if not stream:
        return _read(client.responses.create(**asked))
    told: list[str] = []
    response = None
    for event in client.responses.create(**asked, stream=True):
        assert response is None, "nothing follows the last event"
        if event.type in ("response.output_text.delta", "response.refusal.delta"):
            told.append(event.delta)
        if event.type in ("error", "response.failed"):
            raise BrokenStreamError(event.to_json())
        if event.type in ("response.completed", "response.incomplete"):
            response = event.response
    assert response is not None, "the stream ended without its last event"
    said = _read(response)
    assert "".join(told) == said.text
    return said


def _read(response: Any) -> Said:
    text, calls, thoughts, refused, signed = "", [], "", False, False
    for item in response.output:
        if item.type == "function_call":
            calls.append(Call(item.call_id, item.name, json.loads(item.arguments)))
        elif item.type == "reasoning":
            thoughts += "".join(part.text for part in [*item.summary, *(item.content or [])])
            signed = signed or bool(item.encrypted_content)
        elif item.type == "message":
            for part in item.content:
                text += part.refusal if part.type == "refusal" else part.text
                refused = refused or part.type == "refusal"
    why = f": {response.incomplete_details.reason}" if response.incomplete_details else ""
    return Said(
        text=text,
        calls=tuple(calls),
        finish=response.status + why,
        input_tokens=response.usage.input_tokens,
        output_tokens=response.usage.output_tokens,
        thoughts=thoughts,
        native=[item.to_dict() for item in response.output],
        is_signed=signed,
        is_refused=refused,
    )


def _write(model: str, talk: Talk) -> dict[str, Any]:
    asked: dict[str, Any] = {"model": model, "store": False}
    asked["input"] = [item for turn in talk.turns for item in _write_turn(turn)]
    if talk.system:
        asked["instructions"] = talk.system
    if talk.tools:
        asked["tools"] = [
            {"type": "function", "name": tool.name, "parameters": tool.parameters, "strict": False}
            for tool in talk.tools
        ]
    if talk.must_call:
        named = {"type": "function", "name": talk.must_call}
        asked["tool_choice"] = "required" if talk.must_call == "any" else named
    if talk.schema is not None:
        asked["text"] = {"format": {"type": "json_schema", "name": "trip", "schema": talk.schema, "strict": True}}
    if talk.max_tokens is not None:
        asked["max_output_tokens"] = talk.max_tokens
    if talk.thinks:
        asked |= {"reasoning": {"effort": "low", "summary": "auto"}, "include": ["reasoning.encrypted_content"]}
    return asked


def _write_turn(turn: Turn) -> list[Any]:
    match turn:
        case Said():
            return list(turn.native)
        case Assistant():
            return [{"role": "assistant", "content": turn.text}]
        case Results():
            return [
                {"type": "function_call_output", "call_id": call.id, "output": result} for call, result in turn.results
            ]
        case User(text, ""):
            return [{"role": "user", "content": text}]
        case User(text, image):
            picture = {"type": "input_image", "image_url": f"data:image/png;base64,{image}", "detail": "auto"}
            return [{"role": "user", "content": [{"type": "input_text", "text": text}, picture]}]
