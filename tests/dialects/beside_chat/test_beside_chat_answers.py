"""Answers beside chat: vectors without a rounding, ranks, counts; what is no answer is a failure of its provider."""

import base64
import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialects.beside_chat.crossings import DECODERS, GOOD, PROVIDERS, decode, open_way
from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.chat.usage import FurtherCounts, Usage
from pointsman.core.dialects.vectors import pack_vector, unpack_vector

FLOATS = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=20)

ANSWERS: dict[tuple[str, str], dict[str, Any]] = {
    ("embeddings", "openai_chat"): {
        "object": "list",
        "data": [{"index": 1, "embedding": [0.5, -2]}, {"index": 0, "embedding": [0.25, 1]}],
        "usage": {"prompt_tokens": 7, "total_tokens": 7},
    },
    ("embeddings", "gemini"): {
        "embeddings": [{"values": [0.25, 1]}, {"values": [0.5, -2]}],
        "usageMetadata": {"promptTokenCount": 7},
    },
    ("embeddings", "cohere"): {
        "id": "e1",
        "embeddings": {"float": [[0.25, 1], [0.5, -2]]},
        "meta": {"billed_units": {"input_tokens": 7.0}},
    },
    ("rerank", "openai_chat"): {
        "results": [{"index": 1, "relevance_score": 0.9}, {"index": 0, "score": 0.1}],
        "usage": {"total_tokens": 7},
    },
    ("rerank", "cohere"): {
        "id": "r1",
        "results": [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}],
        "meta": {"billed_units": {"search_units": 1}},
    },
    ("moderations", "openai_chat"): {"id": "m1", "model": "x", "results": [{"flagged": False}]},
    ("count_tokens", "anthropic_messages"): {"input_tokens": 12},
    ("count_tokens", "gemini"): {"totalTokens": 12, "promptTokensDetails": []},
}


def find_answer(operation: str, dialect: str) -> dict[str, Any]:
    return ANSWERS[operation, dialect.replace("responses", "chat")]


def receive(kind: str, fields: dict[str, Any], dialect: str, answer: Any) -> tuple[Any, Usage | None]:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    written, usage = open_way(kind, fields, dialect).read_plain(body)
    return json.loads(written), usage


@given(FLOATS)
def test_base64_holds_the_very_same_numbers(vector: list[float]) -> None:
    assert unpack_vector(pack_vector(vector)) == vector
    assert base64.b64decode(pack_vector(vector)) == struct.pack(f"<{len(vector)}f", *vector)


@pytest.mark.parametrize("text", ["", "AAA", "AAAA", "AAAA=", "é", "AAAAAA==\n"])
def test_what_is_no_vector_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        unpack_vector(text)
    assert "Traceback" not in str(refused.value)


@pytest.mark.parametrize("dialect", ["gemini", "cohere"])
def test_openai_gets_vectors_in_order_and_in_its_encoding(dialect: str) -> None:
    answer = find_answer("embeddings", dialect)
    packed, usage = receive("openai embeddings", GOOD["openai embeddings"], dialect, answer)
    assert usage == Usage(7, 0) and packed["usage"] == {"prompt_tokens": 7, "total_tokens": 7}
    assert [unpack_vector(item["embedding"]) for item in packed["data"]] == [[0.25, 1], [0.5, -2]]
    plain = GOOD["openai embeddings"] | {"encoding_format": "float"}
    written, _ = receive("openai embeddings", plain, dialect, answer)
    assert [item["embedding"] for item in written["data"]] == [[0.25, 1], [0.5, -2]]
    assert (written["object"], written["model"]) == ("list", "ours")


def test_openai_vectors_come_in_the_order_of_their_indexes_however_they_are_encoded() -> None:
    answer = json.loads(json.dumps(find_answer("embeddings", "openai_chat")))
    answer["data"][0]["embedding"] = pack_vector([0.5, -2])
    written, _ = receive("gemini embeddings", GOOD["gemini embeddings"], "openai_chat", answer)
    assert written == {
        "embeddings": [{"values": [0.25, 1]}, {"values": [0.5, -2]}],
        "usageMetadata": {"promptTokenCount": 7},
    }
    fields = GOOD["cohere embeddings"] | {"embedding_types": ["base64", "int8"]}
    written, _ = receive("cohere embeddings", fields, "openai_responses", answer)
    assert written["embeddings"] == {"base64": [pack_vector([0.25, 1]), pack_vector([0.5, -2])]}
    assert written["meta"]["billed_units"] == {"input_tokens": 7}


def test_a_single_content_gets_a_single_embedding() -> None:
    answer = {"data": [{"embedding": [1.5]}]}
    written, usage = receive("gemini embedding", GOOD["gemini embedding"], "openai_chat", answer)
    assert written == {"embedding": {"values": [1.5]}} and usage is None


def test_ranks_are_told_with_what_was_ranked() -> None:
    fields = GOOD["openai rerank"] | {"documents": ["a", {"text": "b", "n": 1}]}
    written, usage = receive("openai rerank", fields, "cohere", find_answer("rerank", "cohere"))
    assert [result["document"] for result in written["results"]] == [{"text": "b", "n": 1}, {"text": "a"}]
    assert usage == Usage(0, 0, further=FurtherCounts(searches=1))
    assert written["meta"] == {"billed_units": {"search_units": 1}} and "usage" not in written
    written, usage = receive(
        "cohere rerank", GOOD["cohere rerank"], "openai_chat", find_answer("rerank", "openai_chat")
    )
    assert written["results"] == [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}]
    assert usage == Usage(7, 0) and written["id"] == "req_1"


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("anthropic count", {"input_tokens": 12}),
        ("gemini count", {"totalTokens": 12}),
        ("openai count", {"object": "response.input_tokens", "input_tokens": 12}),
    ],
)
@pytest.mark.parametrize("dialect", PROVIDERS["count_tokens"])
def test_counts_are_told_in_each_format(kind: str, shown: dict[str, Any], dialect: str) -> None:
    answer = find_answer("count_tokens", dialect)
    written, usage = receive(kind, GOOD[kind], dialect, answer)
    assert usage is None and written == (answer if decode(kind, GOOD[kind]).dialect == dialect else shown)


WAYS = [(kind, dialect) for kind in GOOD for dialect in PROVIDERS[decode(kind, GOOD[kind]).operation]]


@pytest.mark.parametrize(("kind", "dialect"), WAYS)
def test_what_is_no_answer_is_a_failure(kind: str, dialect: str) -> None:
    bodies = (
        b"",
        b"{",
        b"{}",
        b"null",
        b"[]",
        b'"x"',
        b"\xff",
        b'{"error":{"message":"x"}}',
        b'{"data":{},"results":{}}',
    )
    for body in bodies:
        with pytest.raises(UpstreamFailure) as failed:
            receive(kind, GOOD[kind], dialect, body)
        assert failed.value.kind in (FailureKind.BAD_RESPONSE, FailureKind.SERVER_ERROR)


@pytest.mark.parametrize(
    ("kind", "dialect", "answer"),
    [
        ("gemini embeddings", "openai_chat", {"data": [{"embedding": [1]}]}),
        ("gemini embeddings", "openai_chat", {"data": [{"embedding": [1], "index": 0}] * 2}),
        ("gemini embeddings", "openai_chat", {"data": [{"embedding": [1], "index": 7}, {"embedding": [1]}]}),
        ("gemini embeddings", "openai_chat", {"data": [{"embedding": "?"}, {"embedding": [1]}]}),
        ("gemini embeddings", "openai_chat", {"data": [{"embedding": []}, {"embedding": [1]}]}),
        ("openai embeddings", "gemini", {"embeddings": [{"values": [1]}]}),
        ("openai embeddings", "gemini", {"embeddings": [{"values": [1e300]}, {"values": [1]}]}),
        ("openai embeddings", "cohere", {"embeddings": {"float": [[1], []]}}),
        ("openai embeddings", "cohere", {"embeddings": {"int8": [[1], [1]]}}),
        ("openai rerank", "cohere", {"results": [{"index": 2, "relevance_score": 1}]}),
        ("openai rerank", "cohere", {"results": [{"index": -1, "relevance_score": 1}]}),
        ("cohere rerank", "openai_chat", {"results": [{"index": 0}]}),
        ("anthropic count", "gemini", {"totalTokens": -1}),
        ("gemini count", "anthropic_messages", {"input_tokens": "12"}),
    ],
)
def test_answers_that_do_not_fit_the_question_are_failures(kind: str, dialect: str, answer: Any) -> None:
    with pytest.raises(UpstreamFailure):
        receive(kind, GOOD[kind], dialect, answer)


LARGE: dict[str, tuple[str, dict[str, Any], str]] = {
    "openai_chat": ("openai embeddings", {"data": [{"embedding": [0.5] * 40_000, "index": 0}]}, "usage"),
    "gemini": ("gemini embeddings", {"embeddings": [{"values": [0.5] * 40_000}]}, "usageMetadata"),
    "cohere": ("cohere embeddings", {"embeddings": {"float": [[0.5] * 40_000]}}, "meta"),
}


@pytest.mark.parametrize("dialect", LARGE)
@pytest.mark.parametrize("beside", [{}, {"texts": ['"meta": {"usage": 1, "usageMetadata": 2}']}, {"note": "x" * 9_000}])
def test_usage_is_found_in_a_large_answer_without_reading_all_of_it(dialect: str, beside: dict[str, Any]) -> None:
    kind, vectors, name = LARGE[dialect]
    usage = find_answer("embeddings", dialect)[name]
    for members in ({**vectors, name: usage, **beside}, {**vectors, **beside, name: usage}, {name: usage, **vectors}):
        assert receive(kind, GOOD[kind], dialect, members)[1] == Usage(7, 0)
    assert receive(kind, GOOD[kind], dialect, {**vectors, **beside})[1] is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**19) | st.floats(allow_nan=False, width=16) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(WAYS), st.data())
def test_hostile_answers_are_failures_and_nothing_else(way: tuple[str, str], data: st.DataObject) -> None:
    kind, dialect = way
    answer = dict(find_answer(decode(kind, GOOD[kind]).operation, dialect))
    answer[data.draw(st.sampled_from(sorted(answer)))] = data.draw(JSON)
    try:
        receive(kind, GOOD[kind], dialect, answer)
    except UpstreamFailure as failure:
        assert failure.sent


@given(st.sampled_from(sorted(GOOD)), st.data())
def test_hostile_requests_are_refused_or_sent(kind: str, data: st.DataObject) -> None:
    """At any depth: one member is replaced, and whatever is not refused is encoded for every provider."""
    fields = json.loads(json.dumps(GOOD[kind]))
    holder: Any = fields
    while True:
        places = sorted(holder) if isinstance(holder, dict) else list(range(len(holder)))
        at = data.draw(st.sampled_from(places))
        if isinstance(holder[at], dict | list) and holder[at] and data.draw(st.booleans()):
            holder = holder[at]
            continue
        holder[at] = data.draw(JSON)
        break
    operation = decode(kind, GOOD[kind]).operation
    for dialect in PROVIDERS[operation]:
        try:
            json.loads(open_way(kind, fields, dialect).encoded.body)
        except ClientError as error:
            assert error.status in (400, 404) and error.message


@pytest.mark.parametrize("kind", DECODERS)
@given(body=st.binary(max_size=60))
def test_random_bytes_are_refused(kind: str, body: bytes) -> None:
    with pytest.raises(ClientError):
        DECODERS[kind](body)
