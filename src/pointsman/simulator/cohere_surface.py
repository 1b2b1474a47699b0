"""Cohere's surfaces (v2): chat, embed and rerank, with a bearer key and errors of one sentence."""

import re
from collections.abc import Callable
from uuid import uuid4

import msgspec

from pointsman.simulator.answer import Answer
from pointsman.simulator.behaviour import Pace
from pointsman.simulator.calls import Call
from pointsman.simulator.cohere_answer import make_reply, write_reply, write_stream
from pointsman.simulator.cohere_reading import read_asked
from pointsman.simulator.cohere_request import ChatRequest, check_request
from pointsman.simulator.cohere_retrieval import answer_embed, answer_rerank
from pointsman.simulator.connection import Request
from pointsman.simulator.openai_surface import show_bearer
from pointsman.simulator.refusal import Refusal
from pointsman.simulator.steps import HeaderFields, Script, write_event
from pointsman.simulator.strict_json import decode_strictly, require_json
from pointsman.simulator.surface import Surface, Workshop

_CHAT = msgspec.json.Decoder(ChatRequest)


def write_error(refusal: Refusal) -> bytes:
    """The error document: an id and a sentence."""
    return msgspec.json.encode({"id": str(uuid4()), "message": _word(refusal)})


def _word(refusal: Refusal) -> str:
    """Cohere's sentence where it is known for it, else ours."""
    if refusal.code == "context_length_exceeded":
        window, used = (int(number) for number in re.findall(r"\d+", refusal.message))
        return f"too many tokens: total number of tokens in the prompt cannot exceed {window} - received {used}."
    if refusal.code == "unknown_parameter":
        return f"invalid request: unknown field: {refusal.param}"
    return "invalid api token" if refusal.code == "invalid_api_key" else refusal.message


def break_stream(refusal: Refusal) -> bytes:
    """A stream that fails ends with a reason of its own."""
    ended = {"type": "message-end", "delta": {"finish_reason": "ERROR", "error": refusal.message}}
    return write_event(msgspec.json.encode(ended), "message-end")


def stamp_cohere(request_id: str, processing_ms: int) -> HeaderFields:
    """The headers that Cohere puts on every answer; the id is ours, to find the call again."""
    stamps = (("x-debug-trace-id", request_id), ("x-request-id", request_id))
    return (*stamps, ("x-envoy-upstream-service-time", str(processing_ms)))


def _answer_chat(request: Request, call: Call, workshop: Workshop) -> tuple[Script, Pace]:
    require_json(request)
    chat = decode_strictly(request.body, _CHAT)
    check_request(chat)

    def write(answer: Answer, pace: Pace) -> Script:
        reply = make_reply(str(uuid4()), chat, answer)
        return write_stream(reply, pace.tokens_per_second) if chat.stream else write_reply(reply)

    return workshop.serve(read_asked(chat), call, write)


def _make_surface(name: str, answer: Callable[[Request, Call, Workshop], tuple[Script, Pace]]) -> Surface:
    return Surface(
        name=f"cohere_{name}",
        method="POST",
        path=re.compile(f"/v2/{name}"),
        answer=answer,
        refuse=write_error,
        check_key=show_bearer,
        break_stream=break_stream,
        family="cohere",
        stamp=stamp_cohere,
    )


COHERE_SURFACES: tuple[Surface, ...] = (
    _make_surface("chat", _answer_chat),
    _make_surface("embed", answer_embed),
    _make_surface("rerank", answer_rerank),
)
