"""An answer as the output items and the response object of OpenAI's Responses API."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from pointsman.simulator.answer import Answer, Choice, ToolCall
from pointsman.simulator.asked import JsonObject
from pointsman.simulator.likelihood import rate_token
from pointsman.simulator.responses_request import ResponsesRequest
from pointsman.simulator.steps import Script, write_document


@dataclass(frozen=True, slots=True)
class Frame:
    """What one response carries beside what it says.

    Attributes:
        request: what was asked; a response repeats most of it.
        token: what the ids of the response and its items are made of.
        created_epoch_s: when it was made.
        seal: hides a thought.
    """

    request: ResponsesRequest
    token: str
    created_epoch_s: int
    seal: Callable[[str], str]

    @property
    def id(self) -> str:
        """The id of the response."""
        return f"resp_{self.token}"


def write_response(answer: Answer, frame: Frame) -> Script:
    """The script of a plain reply."""
    document = show_response(answer, frame, list_output(answer.choices[0], frame))
    return write_document(200, msgspec.json.encode(document), tokens=answer.completion_tokens)


def list_output(choice: Choice, frame: Frame) -> list[JsonObject]:
    """The output items: a thought, then words, then calls."""
    items: list[JsonObject] = []
    if choice.thoughts:
        items.append(show_reasoning(choice, frame))
    if choice.content or not (choice.calls or choice.finish_reason == "length"):
        status = "incomplete" if choice.finish_reason == "length" else "completed"
        items.append(show_message(choice, frame, status))
    last = len(choice.calls) - 1
    for place, call in enumerate(choice.calls):
        is_cut = choice.finish_reason == "length" and place == last
        items.append(show_call(call, frame, place, "incomplete" if is_cut else "completed"))
    return items


def show_reasoning(choice: Choice, frame: Frame) -> JsonObject:
    """A thought, with a summary or its hidden form when they were asked for."""
    shown = frame.request.shows_summary and not choice.is_redacted
    item: JsonObject = {
        "id": f"rs_{frame.token}",
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": choice.thought}] if shown else [],
    }
    if "reasoning.encrypted_content" in (frame.request.include or []):
        item["encrypted_content"] = frame.seal(choice.thought)
    return item


def show_message(choice: Choice, frame: Frame, status: str) -> JsonObject:
    """What the answer says, as a message."""
    return {
        "id": f"msg_{frame.token}",
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": [show_part(choice, frame)],
    }


def show_part(choice: Choice, frame: Frame) -> JsonObject:
    """The one part of the message."""
    if choice.is_refused:
        return {"type": "refusal", "refusal": choice.text}
    logprobs = rate_tokens(choice.content, frame.request)
    return {"type": "output_text", "text": choice.text, "annotations": [], "logprobs": logprobs}


def rate_tokens(tokens: tuple[str, ...], request: ResponsesRequest) -> list[JsonObject]:
    """The log probabilities of tokens, when they were asked for."""
    if "message.output_text.logprobs" not in (request.include or []):
        return []
    return [rate_token(token, request.top_logprobs or 0) for token in tokens]


def show_call(call: ToolCall, frame: Frame, place: int, status: str) -> JsonObject:
    """A function call."""
    return {
        "id": f"fc_{place}{frame.token}",
        "type": "function_call",
        "status": status,
        "call_id": call.id,
        "name": call.name,
        "arguments": "".join(call.arguments),
    }


def show_response(answer: Answer, frame: Frame, output: list[JsonObject]) -> JsonObject:
    """The whole response as it is at its end."""
    is_cut = answer.choices[0].finish_reason == "length"
    return show_frame(frame) | {
        "status": "incomplete" if is_cut else "completed",
        "completed_at": None if is_cut else frame.created_epoch_s,
        "incomplete_details": {"reason": "max_output_tokens"} if is_cut else None,
        "output": output,
        "usage": show_usage(answer),
    }


def show_frame(frame: Frame) -> JsonObject:
    """The response as it is at its beginning: what was asked, and nothing said yet."""
    request = frame.request
    return {
        "id": frame.id,
        "object": "response",
        "created_at": frame.created_epoch_s,
        "status": "in_progress",
        "background": False,
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "output": [],
        "usage": None,
        **dict(_repeat(request)),
    }


def _repeat(request: ResponsesRequest) -> Iterator[tuple[str, Any]]:
    """The fields of the request that a response repeats, with the values that stand for nothing said."""
    asked: JsonObject = msgspec.to_builtins(request)
    usual: JsonObject = {
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "metadata": {},
        "model": request.model,
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "safety_identifier": None,
        "store": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "user": None,
    }
    for name, value in usual.items():
        yield name, value if asked[name] is None else asked[name]
    effort, summary = (request.reasoning.effort, request.reasoning.summary) if request.reasoning else (None, None)
    yield "reasoning", {"effort": effort, "summary": summary}
    text = request.text
    form = msgspec.to_builtins(text.format) if text and text.format else {"type": "text"}
    yield "text", {"format": form, "verbosity": (text.verbosity if text else None) or "medium"}
    yield "service_tier", "default"


def show_usage(answer: Answer) -> JsonObject:
    """The usage object."""
    return {
        "input_tokens": answer.prompt_tokens,
        "input_tokens_details": {
            "cached_tokens": answer.cache.read_tokens,
            "cache_write_tokens": answer.cache.written_tokens,
        },
        "output_tokens": answer.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": answer.reasoning_tokens},
        "total_tokens": answer.prompt_tokens + answer.completion_tokens,
    }
