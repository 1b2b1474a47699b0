"""Rerank as most servers have it that are compatible with OpenAI: vLLM, Together, Jina, and Cohere's first version."""

import msgspec

from pointsman.core.chat.conversation import JsonObject
from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.reranking import Rank, RerankAnswer, RerankRequest
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.client_checks import check_flag, check_whole, refuse
from pointsman.core.dialects.dialect import Asking, Draft, Target
from pointsman.core.dialects.openai_chat.embeddings import read_usage
from pointsman.core.dialects.operation import (
    OperationClient,
    OperationFormat,
    OperationProvider,
    OperationVerbatim,
)
from pointsman.core.dialects.operation_checks import (
    MOST_DOCUMENTS,
    MOST_TOP_N,
    bad_answer,
    check_list,
    check_said,
    count_searches,
    decode_answer,
    list_unsaid,
    read_body,
    read_search_units,
    refuse_untold,
)
from pointsman.core.dialects.rewrite_operation import rewrite_operation

PATH = "/rerank"
_KNOWN = ("model", "query", "documents", "top_n", "return_documents", "max_tokens_per_doc")
_MOST_TOKENS = 10_000_000


class _Result(msgspec.Struct):
    index: int
    relevance_score: float | None = None
    score: float | None = None


class _Answer(msgspec.Struct):
    results: list[_Result]
    id: object = None
    model: object = None
    usage: object = None
    meta: object = None


class _Glance(msgspec.Struct):
    results: msgspec.Raw = msgspec.Raw()
    usage: object = None
    meta: object = None
    error: object = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Answer).decode
_glance = msgspec.json.Decoder(_Glance).decode


def decode_rerank(body: bytes) -> ChatRequest:
    """Read the body of `POST /v1/rerank`.

    Raises:
        ClientError: with the code and the path of the first thing that is wrong.
    """
    body, fields, model = read_body(body)
    check_said(fields.get("query"), "query")
    for place, document in enumerate(check_list(fields.get("documents"), "documents", MOST_DOCUMENTS)):
        if type(document) not in (str, dict):
            path = f"documents[{place}]"
            refuse("invalid_input", f"{path} must be a text, or an object that holds one.", path)
    for name, most in (("top_n", MOST_TOP_N), ("max_tokens_per_doc", _MOST_TOKENS)):
        if fields.get(name) is not None:
            check_whole(fields[name], name, 1, most)
    if fields.get("return_documents") is not None:
        check_flag(fields["return_documents"], "return_documents")
    return ChatRequest(model, False, False, body, fields, operation="rerank")


def _read_request(request: ChatRequest) -> RerankRequest:
    fields = request.fields
    query, documents, top_n = fields["query"], fields["documents"], fields.get("top_n")
    assert type(query) is str and type(documents) is list, "decode_rerank has checked it"
    unsaid = list(list_unsaid(fields, _KNOWN))
    texts: list[str] = []
    for place, document in enumerate(documents):
        if type(document) is str:
            texts.append(document)
            continue
        text = document.get("text")
        if type(text) is not str:
            raise refuse_untold("Nothing but documents with a text", f"documents[{place}].text")
        texts.append(text)
        unsaid += [f"documents[{place}].{name}" for name in document if name != "text"]
    most = fields.get("max_tokens_per_doc")
    return RerankRequest(
        query,
        tuple(texts),
        top_n if type(top_n) is int else None,
        most if type(most) is int else None,
        tuple(unsaid),
    )


def _write_answer(answer: RerankAnswer, asking: Asking) -> bytes:
    fields = asking.request.fields
    documents = fields["documents"] if fields.get("return_documents") is True else None
    assert documents is None or type(documents) is list, "decode_rerank has checked it"
    results: list[JsonObject] = []
    for rank in answer.ranks:
        result: JsonObject = {"index": rank.index, "relevance_score": rank.score}
        if documents is not None:
            document = documents[rank.index]
            result["document"] = {"text": document} if type(document) is str else document
        results.append(result)
    shown: JsonObject = {
        "id": answer.id or f"rerank-{asking.request_id}",
        "model": answer.model or asking.request.model,
        "results": results,
    }
    if answer.usage is not None and (answer.usage.input_tokens or answer.search_units is None):
        tokens = answer.usage.input_tokens
        shown["usage"] = {"prompt_tokens": tokens, "total_tokens": tokens}
    if answer.search_units is not None:
        shown["meta"] = {"billed_units": {"search_units": answer.search_units}}
    return _encode(shown)


def _encode_request(asked: RerankRequest, target: Target) -> tuple[Draft, tuple[str, ...]]:
    fields: JsonObject = {"model": target.model, "query": asked.query, "documents": list(asked.documents)}
    if asked.top_n is not None:
        fields["top_n"] = asked.top_n
    losses = list(asked.unsaid)
    if asked.most_tokens_per_document is not None:
        losses.append("max_tokens_per_doc")
    return Draft(fields, losses), ()


def _read_answer(body: bytes, asked: RerankRequest) -> RerankAnswer:
    answer = decode_answer(body, _decode)
    ranks: list[Rank] = []
    for result in answer.results:
        score = result.relevance_score if result.relevance_score is not None else result.score
        if score is None or not 0 <= result.index < len(asked.documents):
            raise bad_answer("the answer ranks a document that was not sent, or gives it no score")
        ranks.append(Rank(result.index, score))
    return RerankAnswer(
        tuple(ranks),
        answer.id if type(answer.id) is str else "",
        count_searches(read_usage(answer.usage), answer.meta),
        read_search_units(answer.meta),
        answer.model if type(answer.model) is str else "",
    )


def _read_usage_of(body: bytes) -> Usage | None:
    answer = decode_answer(body, _glance)
    if not bytes(answer.results).startswith(b"["):
        raise bad_answer("the answer has status 200 and no results", answer.error)
    return count_searches(read_usage(answer.usage), answer.meta)


OPENAI_RERANK = OperationFormat(
    client=OperationClient(_read_request, _write_answer),
    provider=OperationProvider(lambda model, asked: PATH, _encode_request, _read_answer),
    verbatim=OperationVerbatim(lambda model, request: PATH, rewrite_operation, _read_usage_of),
)
