"""What providers get of requests beside chat: translated where formats differ, else the client's own bytes."""

import json
from typing import Any, get_args

import pytest

from dialects.beside_chat.crossings import DECODERS, GOOD, PROVIDERS, TARGET, decode, send
from pointsman.core.catalog.quirk import Quirk
from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.request import Operation
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.dialect import Asking, Target
from pointsman.core.dialects.operations import COUNT_TOKENS, EMBEDDINGS, MODERATIONS, RERANK
from pointsman.core.dialects.passage import open_passage
from pointsman.core.dialects.served import SERVED
from pointsman.core.dialects.table import DIALECTS

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def test_what_is_served_is_what_there_are_codecs_for() -> None:
    tables = {"embeddings": EMBEDDINGS, "rerank": RERANK, "moderations": MODERATIONS, "count_tokens": COUNT_TOKENS}
    assert set(get_args(Operation)) == {"chat", *tables}
    assert SERVED.keys() == {name for name, dialect in DIALECTS.items() if dialect.provider is not None}
    for dialect, served in SERVED.items():
        forms = {name: formats.get(dialect) for name, formats in tables.items()}
        has = {name for name, form in forms.items() if form and (form.provider or form.verbatim)}
        assert served == {"chat", *has}


@pytest.mark.parametrize("name", ["query", 'texts that spell "model"', "\\u006d"])
@pytest.mark.parametrize("dialect", ["openai_chat", "openai_responses"])
def test_bytes_stay_but_for_the_model(name: str, dialect: str) -> None:
    body = '{ "input" : [' + json.dumps(name) + '],\n "odd": 1e2, "model":"ours" }'
    request = DECODERS["openai embeddings"](body.encode())
    way = open_passage(request, dialect, TARGET, Asking(request, "req_1", 0))
    assert way.is_verbatim and way.path == "/embeddings"
    assert way.encoded.body.decode() == body.replace('"ours"', '"upstream-1"')
    answer = b'{ "data" : [], "usage": {"total_tokens": 3} }'
    assert way.read_plain(answer) == (answer, Usage(3, 0))


@pytest.mark.parametrize("kind", DECODERS)
def test_a_provider_of_the_same_format_is_told_its_own_model(kind: str) -> None:
    fields = GOOD[kind]
    request = decode(kind, fields)
    if request.dialect not in PROVIDERS[request.operation]:
        return
    body, encoded, path = send(kind, fields, request.dialect)
    assert not encoded.changes and not encoded.losses
    assert '"ours"' not in encoded.body.decode() and "models/ours" not in encoded.body.decode()
    if request.dialect == "gemini":
        assert path.startswith("/models/upstream-1:")
    else:
        assert body == fields | {"model": "upstream-1"}


def test_words_that_are_ours_stay_here() -> None:
    fields = GOOD["openai embeddings"] | {"metadata": {"agent": "writer", "kept": "yes"}}
    body, encoded, _ = send("openai embeddings", fields, "openai_chat")
    assert body["metadata"] == {"kept": "yes"} and encoded.changes == ("-metadata.agent",)
    body, encoded, _ = send("openai embeddings", fields | {"metadata": {"agent": "writer"}}, "cohere")
    assert "metadata" not in body and encoded.losses == ()


@pytest.mark.parametrize("dialect", ["openai_chat", "cohere"])
def test_quirks_take_away_and_add_nothing(dialect: str) -> None:
    quirk = Quirk("odd", drop=("dimensions", "output_dimension"), add={"max_tokens": 256})
    body, encoded, _ = send("openai embeddings", GOOD["openai embeddings"], dialect, Target("m", quirks=(quirk,)))
    assert not {"dimensions", "output_dimension", "max_tokens"} & body.keys()
    assert encoded.imposed == (("-dimensions",) if dialect == "openai_chat" else ("-output_dimension",))


def test_openai_to_gemini() -> None:
    fields = GOOD["openai embeddings"] | {"user": "ada", "input_type": "query", "odd": 1}
    body, encoded, path = send("openai embeddings", fields, "gemini")
    item = {"model": "models/upstream-1", "taskType": "RETRIEVAL_QUERY", "outputDimensionality": 2}
    assert body == {"requests": [item | {"content": {"parts": [{"text": text}]}} for text in ("one", "two")]}
    assert path == "/models/upstream-1:batchEmbedContents" and set(encoded.losses) == {"odd", "user"}
    body, _, path = send("openai embeddings", {"model": "ours", "input": "one"}, "gemini")
    assert body == {"model": "models/upstream-1", "content": {"parts": [{"text": "one"}]}}
    assert path == "/models/upstream-1:embedContent"


def test_openai_to_cohere_says_what_the_vectors_are_for_as_it_must() -> None:
    body, encoded, path = send("openai embeddings", GOOD["openai embeddings"], "cohere")
    said = {"texts": ["one", "two"], "input_type": "search_document", "embedding_types": ["float"]}
    assert body == said | {"model": "upstream-1", "output_dimension": 2} and path == "/embed"
    assert encoded.changes == ('input_type="search_document"',) and encoded.imposed == ()
    body, encoded, _ = send("openai embeddings", GOOD["openai embeddings"] | {"input_type": "query"}, "cohere")
    assert body["input_type"] == "search_query" and encoded.changes == ()


@pytest.mark.parametrize(
    ("purpose", "word", "losses"),
    [
        ("RETRIEVAL_DOCUMENT", "search_document", ()),
        ("CLUSTERING", "clustering", ()),
        ("CODE_RETRIEVAL_QUERY", "search_query", ("input_type",)),
        ("SEMANTIC_SIMILARITY", "search_document", ("input_type",)),
        ("TASK_TYPE_UNSPECIFIED", "search_document", ()),
    ],
)
def test_gemini_to_cohere(purpose: str, word: str, losses: tuple[str, ...]) -> None:
    fields = {"content": {"parts": [{"text": "one"}, {"text": "two"}]}, "task_type": purpose}
    body, encoded, _ = send("gemini embedding", fields, "cohere")
    assert (body["texts"], body["input_type"], encoded.losses) == (["one\ntwo"], word, losses)


def test_gemini_to_openai_loses_what_openai_cannot_say() -> None:
    fields = GOOD["gemini embedding"] | {"title": "T", "taskType": "RETRIEVAL_DOCUMENT", "outputDimensionality": 8}
    body, encoded, _ = send("gemini embedding", fields, "openai_chat")
    assert body == {"model": "upstream-1", "input": ["one"], "dimensions": 8}
    assert encoded.losses == ("input_type", "title")


def test_cohere_to_openai_loses_types_and_purposes() -> None:
    more = {"embedding_types": ["int8", "float"], "truncate": "END", "max_tokens": 5, "output_dimension": 256}
    body, encoded, _ = send("cohere embeddings", GOOD["cohere embeddings"] | more, "openai_chat")
    assert body == {"model": "upstream-1", "input": ["one", "two"], "dimensions": 256}
    assert set(encoded.losses) == {"max_tokens", "embedding_types", "input_type", "truncate"}


def test_images_go_where_they_are_understood() -> None:
    fields = {"model": "ours", "inputs": [{"content": [{"type": "text", "text": "A"}, IMAGE]}], "input_type": "image"}
    body, encoded, _ = send("cohere embeddings", fields, "gemini")
    assert body["content"]["parts"] == [{"text": "A"}, {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]
    assert encoded.losses == ("input_type",)
    parts = [{"text": "A"}, {"inline_data": {"mime_type": "image/png", "data": "AAAA"}}]
    body, _, _ = send("gemini embedding", {"content": {"parts": parts}}, "cohere")
    assert body["inputs"] == [{"content": [{"type": "text", "text": "A"}, IMAGE]}]
    assert body["input_type"] == "image"
    for kind, asked in (("cohere embeddings", fields), ("gemini embedding", {"content": {"parts": parts}})):
        with pytest.raises(ClientError) as refused:
            send(kind, asked, "openai_chat")
        assert (refused.value.code, refused.value.param) == ("unsupported_by_model", "input[0]")


@pytest.mark.parametrize("given", [[1, 2, 3], [[1, 2], [3]]])
@pytest.mark.parametrize("dialect", ["gemini", "cohere"])
def test_ids_of_tokens_mean_nothing_to_others(given: list[Any], dialect: str) -> None:
    assert send("openai embeddings", {"model": "ours", "input": given}, "openai_responses")[0]["input"] == given
    with pytest.raises(ClientError, match="texts and images"):
        send("openai embeddings", {"model": "ours", "input": given}, dialect)


def test_contents_that_differ_in_more_than_their_texts_cannot_be_sent_together() -> None:
    one, two = GOOD["gemini embeddings"]["requests"]
    with pytest.raises(ClientError) as refused:
        send("gemini embeddings", {"requests": [one, two | {"taskType": "CLUSTERING"}]}, "openai_chat")
    assert refused.value.param == "requests[1].taskType"


def test_rerank_between_formats() -> None:
    fields = GOOD["openai rerank"] | {"top_n": 1, "rank_fields": ["text"], "max_tokens_per_doc": 99}
    fields["documents"] = ["a", {"text": "b", "title": "B"}]
    body, encoded, path = send("openai rerank", fields, "cohere")
    said = {"query": "q", "documents": ["a", "b"], "top_n": 1, "max_tokens_per_doc": 99}
    assert body == said | {"model": "upstream-1"} and path == "/rerank"
    assert encoded.losses == ("rank_fields", "documents[1].title")
    body, encoded, _ = send("cohere rerank", GOOD["cohere rerank"] | {"max_tokens_per_doc": 9}, "openai_chat")
    assert body == {"model": "upstream-1", "query": "q", "documents": ["a", "b"], "top_n": 1}
    assert encoded.losses == ("max_tokens_per_doc",)
    with pytest.raises(ClientError, match="documents with a text"):
        send("openai rerank", fields | {"documents": [{"title": "B"}]}, "cohere")


def test_a_moderation_without_a_model_is_told_the_one_it_goes_to() -> None:
    body, _, path = send("openai moderations", {"input": "x"}, "openai_chat")
    assert body == {"input": "x", "model": "upstream-1"} and path == "/moderations"


COUNTED = {
    "model": "ours",
    "system": "Be brief.",
    "messages": [{"role": "user", "content": "Hello"}],
    "tools": [{"name": "add", "input_schema": {"type": "object", "properties": {}}}],
}


def test_counts_between_formats() -> None:
    body, encoded, path = send("anthropic count", COUNTED, "gemini")
    whole = body.pop("generateContentRequest")
    assert not body and whole["model"] == "models/upstream-1" and path == "/models/upstream-1:countTokens"
    assert whole["systemInstruction"] == {"parts": [{"text": "Be brief."}]} and whole["tools"]
    fields = {"generateContentRequest": {"contents": GOOD["gemini count"]["contents"], "generationConfig": {"seed": 1}}}
    body, encoded, path = send("gemini count", fields, "anthropic_messages")
    assert body.keys() == {"model", "messages"} and path == "/messages/count_tokens" and encoded.losses == ()
    body, _, _ = send("openai count", {"model": "ours", "input": "Hello", "instructions": "Be brief."}, "gemini")
    assert "systemInstruction" in body["generateContentRequest"]


def test_a_wrapped_count_stays_wrapped_with_its_bytes() -> None:
    inner = '{"contents":[{"parts":[{"text":"Hel\\u006co"}]}] , "model":"models/ours"}'
    request = DECODERS["gemini count"](b'{"generateContentRequest": %b}' % inner.encode())
    assert request.body.decode() == inner and request.operation == "count_tokens"
    verbatim = COUNT_TOKENS["gemini"].verbatim
    assert verbatim is not None
    sent = verbatim.rewrite_request(request, TARGET).body.decode()
    told = inner.replace("models/ours", "models/upstream-1")
    assert sent == '{"generateContentRequest":' + told + "}"


def test_what_is_said_to_us_beside_a_wrapped_count_is_heard() -> None:
    whole = {"contents": GOOD["gemini count"]["contents"]}
    request = decode("gemini count", {"metadata": {"privacy": "high"}, "generate_content_request": whole})
    assert request.fields == {"metadata": {"privacy": "high"}, **whole} == json.loads(request.body)
    said = {"metadata": {"privacy": "high"}, "generateContentRequest": whole}
    assert send("gemini count", said, "gemini")[0] == {
        "generateContentRequest": {"model": "models/upstream-1", **whole}
    }
    assert decode("gemini count", {"model": "models/ours", "generateContentRequest": whole}).fields == whole


@pytest.mark.parametrize(
    ("beside", "within"),
    [("contents", {}), ("tools", {}), ("systemInstruction", {}), ("metadata", {"metadata": {}})],
)
def test_what_is_said_beside_a_wrapped_count_is_not_left_out(beside: str, within: dict[str, Any]) -> None:
    whole = GOOD["gemini count"] | within
    with pytest.raises(ClientError) as refused:
        decode("gemini count", {beside: {"privacy": "high"}, "generateContentRequest": whole})
    assert (refused.value.code, refused.value.param) == ("conflicting_parameters", beside)


def test_a_count_that_builds_on_kept_state_is_refused() -> None:
    with pytest.raises(ClientError) as refused:
        decode("openai count", {"model": "ours", "input": "x", "previous_response_id": "resp_1"})
    assert refused.value.code == "state_not_portable"


@pytest.mark.parametrize("dialect", ["bedrock_converse", "anthropic_messages"])
def test_a_format_without_the_operation_is_not_asked(dialect: str) -> None:
    with pytest.raises(ClientError, match="has no embeddings"):
        send("openai embeddings", GOOD["openai embeddings"], dialect)
