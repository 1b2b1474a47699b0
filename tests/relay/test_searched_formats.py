"""In bodies of other formats than OpenAI's chat, too, nothing that is no text passes for one, and signatures do."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.gemini.thought_signatures import pack_signature
from pointsman.core.dialects.openai_chat.embeddings import MOST_VALUES
from pointsman.core.dialects.outline import outline_request
from pointsman.core.dialects.searchable import MOST_SEARCHED_BASE64, holds_unsearchable, list_request_texts
from pointsman.server.routes import ROUTES, find_route

LONG = base64.b64encode(bytes(range(256)) * 6).decode()
LINK = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
INLINE = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}
GEMINI = "/v1beta/models/own:"


def decode(path: str, body: dict[str, Any]) -> ChatRequest:
    route = ROUTES.get(path.encode()) or find_route(path.encode(), b"")
    assert route is not None, path
    read: Callable[[bytes], ChatRequest] = route.decode
    return read(json.dumps(body).encode())


def ask_claude(*turns: dict[str, Any], **more: Any) -> ChatRequest:
    return decode("/v1/messages", {"model": "own", "max_tokens": 9, "messages": [*turns], **more})


HELLO = {"role": "user", "content": "Hello"}
BESIDE_TEXTS: dict[str, tuple[str, dict[str, Any]]] = {
    "picture beside a judged text": ("/v1/moderations", {"input": [{**LINK, "text": "x"}]}),
    "picture beside a text": (GEMINI + "embedContent", {"content": {"parts": [{"text": "x", **INLINE}]}}),
    "picture in one part of a batch": (
        GEMINI + "batchEmbedContents",
        {"requests": [{"content": {"parts": {"text": "x", **INLINE}}}]},
    ),
    "picture with a text": (
        "/v2/embed",
        {"model": "own", "input_type": "image", "inputs": [{"content": [{**LINK, "text": "x"}]}]},
    ),
    "text with a picture": (
        "/v2/embed",
        {"model": "own", "input_type": "image", "inputs": [{"content": [{**LINK, "type": "text", "text": "x"}]}]},
    ),
    "picture to rank": (
        "/v1/rerank",
        {"model": "own", "query": "q", "documents": [{"image": "https://example.com/a.png"}, {"text": "a"}]},
    ),
    "picture in a title": (
        "/v1/rerank",
        {"model": "own", "query": "q", "documents": [{"text": "a", "title": {"url": "https://example.com/a.png"}}]},
    ),
    "picture in a message": (
        "/v1/embeddings",
        {"model": "own", "input": "x", "messages": [{"role": "user", "content": [LINK]}]},
    ),
    "picture beside all": ("/v1/embeddings", {"model": "own", "input": "x", "image": "https://example.com/a.png"}),
    "ids of tokens elsewhere": ("/v1/embeddings", {"model": "own", "input": "x", "prompt_token_ids": [5, 6]}),
}


@pytest.mark.parametrize(("path", "body"), BESIDE_TEXTS.values(), ids=BESIDE_TEXTS)
def test_what_stands_beside_a_text_need_not_be_one(path: str, body: dict[str, Any]) -> None:
    assert holds_unsearchable(decode(path, body))


def test_documents_and_contents_of_texts_are_texts() -> None:
    documents = ["a", {"text": "b"}, {"type": "text", "text": "c", "title": "d"}]
    ranked = {"model": "own", "query": "q", "documents": documents, "metadata": {"note": {"deep": 1}}}
    assert not holds_unsearchable(decode("/v1/rerank", ranked))
    item = {"model": "models/own", "content": {"role": "user", "parts": [{"text": "x"}]}, "task_type": "CLUSTERING"}
    assert not holds_unsearchable(decode(GEMINI + "batchEmbedContents", {"requests": [item]}))


def test_ids_of_tokens_are_bounded_and_counted() -> None:
    def embed(*lists: list[Any]) -> ChatRequest:
        return decode("/v1/embeddings", {"model": "own", "input": [*lists]})

    request = embed([7] * 100_000, [8] * 100_000, [9] * 100_000)
    assert outline_request(request)["token_ids"] == 300_000 and holds_unsearchable(request)
    for wrong in (True, 1.0, -1, 2**31, "1"):
        with pytest.raises(ClientError, match="ids of tokens"):
            embed([7] * 100, [7] * 100 + [wrong])
    with pytest.raises(ClientError, match="310,000 values"):
        embed([7] * MOST_VALUES)


def test_a_long_key_is_not_overlooked() -> None:
    def offer(key: str) -> ChatRequest:
        schema = {"type": "object", "properties": {key: {"type": "string"}}}
        return ask_claude(HELLO, tools=[{"name": "f", "input_schema": schema}])

    private = "4111111111111111_" + "a" * MOST_SEARCHED_BASE64
    assert holds_unsearchable(offer(private))
    assert private[:80] in list_request_texts(offer(private[:80])) and not holds_unsearchable(offer(private[:80]))


@pytest.mark.parametrize("inner", ['"x": "\\u0034%s"', '"\\u0034%s": 1'])
def test_long_base64_behind_escapes_is_not_overlooked(inner: str) -> None:
    called = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{" + inner % LONG + "}"}
    result = {"type": "function_call_output", "call_id": "c", "output": "done"}
    assert holds_unsearchable(decode("/v1/responses", {"model": "own", "input": [called, result]}))


def test_numbers_with_a_point_are_listed() -> None:
    request = ask_claude(HELLO, temperature=0.5, account=4111111111111111.0, other=4.111111111111112e15)
    listed = list(list_request_texts(request))
    assert "4111111111111111" in listed and "4111111111111112" in listed and "0" not in listed
    chat = {"model": "own", "messages": [HELLO], "account": 4111111111111111.0}
    assert "4111111111111111" in list_request_texts(decode("/v1/chat/completions", chat))


SIGNED: dict[str, tuple[str, dict[str, Any]]] = {
    "thinking": (
        "/v1/messages",
        {
            "model": "own",
            "max_tokens": 9,
            "messages": [
                HELLO,
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "Hm.", "signature": LONG},
                        {"type": "redacted_thinking", "data": LONG[4:]},
                        {"type": "text", "text": "Yes?"},
                    ],
                },
                HELLO,
            ],
        },
    ),
    "encrypted content": (
        "/v1/responses",
        {
            "model": "own",
            "input": [HELLO, {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": LONG}, HELLO],
        },
    ),
    "Gemini's own": (
        GEMINI + "generateContent",
        {"contents": [{"role": "model", "parts": [{"text": "Hm.", "thought": True, "thoughtSignature": LONG}]}]},
    ),
    "of a call": (
        GEMINI + "generateContent",
        {
            "contents": [
                {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}, "thought_signature": LONG}]}
            ]
        },
    ),
    "another's in Gemini's form": (
        GEMINI + "generateContent",
        {
            "contents": [
                {"role": "model", "parts": [{"text": "Hm.", "thoughtSignature": pack_signature(LONG, "cohere")}]}
            ]
        },
    ),
}


@pytest.mark.parametrize(("path", "body"), SIGNED.values(), ids=SIGNED)
def test_signatures_do_not_keep_a_request_at_home(path: str, body: dict[str, Any]) -> None:
    assert len(LONG) > MOST_SEARCHED_BASE64 and not holds_unsearchable(decode(path, body))


@pytest.mark.parametrize(("path", "body"), SIGNED.values(), ids=SIGNED)
def test_beside_signatures_other_bytes_count(path: str, body: dict[str, Any]) -> None:
    assert holds_unsearchable(decode(path, body | {"note": LONG[8:]}))


def test_bytes_under_the_name_of_a_signature_elsewhere_count() -> None:
    assert holds_unsearchable(ask_claude(HELLO, signature=LONG))
