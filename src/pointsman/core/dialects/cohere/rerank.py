"""Rerank as Cohere's API v2 has it: documents are texts, and what is billed are searches."""

import msgspec

from pointsman.core.chat.conversation import JsonObject
from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.reranking import Rank, RerankAnswer, RerankRequest
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.client_checks import check_whole
from pointsman.core.dialects.cohere.embeddings import read_usage
from pointsman.core.dialects.cohere.words import NAME
from pointsman.core.dialects.dialect import Asking, Draft, Target
from pointsman.core.dialects.operation import OperationClient, OperationFormat, OperationProvider, OperationVerbatim
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
)
from pointsman.core.dialects.rewrite_operation import rewrite_operation

PATH = "/rerank"
_KNOWN = ("model", "query", "documents", "top_n", "max_tokens_per_doc")
_MOST_TOKENS = 10_000_000


class _Result(msgspec.Struct):
    index: int
    relevance_score: float


class _Answer(msgspec.Struct):
    results: list[_Result]
    id: object = None
    meta: object = None


class _Glance(msgspec.Struct):
    results: msgspec.Raw = msgspec.Raw()
    meta: object = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Answer).decode
_glance = msgspec.json.Decoder(_Glance).decode


def decode_rerank(body: bytes) -> ChatRequest:
    """Read the body of `POST /v2/rerank`.

    Raises:
        ClientError: with the code and the path of the first thing that is wrong.
    """
    body, fields, model = read_body(body)
    check_said(fields.get("query"), "query")
    for place, document in enumerate(check_list(fields.get("documents"), "documents", MOST_DOCUMENTS)):
        check_said(document, f"documents[{place}]")
    for name, most in (("top_n", MOST_TOP_N), ("max_tokens_per_doc", _MOST_TOKENS)):
        if fields.get(name) is not None:
            check_whole(fields[name], name, 1, most)
    return ChatRequest(model, False, False, body, fields, NAME, operation="rerank")


def _read_request(request: ChatRequest) -> RerankRequest:
    fields = request.fields
    query, documents = fields["query"], fields["documents"]
    assert type(query) is str and type(documents) is list, "decode_rerank has checked it"
    top_n, most = fields.get("top_n"), fields.get("max_tokens_per_doc")
    return RerankRequest(
        query,
        tuple(documents),
        top_n if type(top_n) is int else None,
        most if type(most) is int else None,
        list_unsaid(fields, _KNOWN),
    )


def _write_answer(answer: RerankAnswer, asking: Asking) -> bytes:
    meta: JsonObject = {"api_version": {"version": "2"}}
    if answer.search_units is not None:
        meta["billed_units"] = {"search_units": answer.search_units}
    elif answer.usage is not None:
        meta["billed_units"] = {"input_tokens": answer.usage.input_tokens}
    results = [{"index": rank.index, "relevance_score": rank.score} for rank in answer.ranks]
    return _encode({"id": answer.id or asking.request_id, "results": results, "meta": meta})


def _encode_request(asked: RerankRequest, target: Target) -> tuple[Draft, tuple[str, ...]]:
    fields: JsonObject = {"model": target.model, "query": asked.query, "documents": list(asked.documents)}
    if asked.top_n is not None:
        fields["top_n"] = asked.top_n
    if asked.most_tokens_per_document is not None:
        fields["max_tokens_per_doc"] = asked.most_tokens_per_document
    return Draft(fields, list(asked.unsaid)), ()


def _read_answer(body: bytes, asked: RerankRequest) -> RerankAnswer:
    answer = decode_answer(body, _decode)
    ranks = tuple([Rank(result.index, result.relevance_score) for result in answer.results])
    if not all(0 <= rank.index < len(asked.documents) for rank in ranks):
        raise bad_answer("the answer ranks a document that was not sent")
    given_id = answer.id if type(answer.id) is str else ""
    return RerankAnswer(
        ranks, given_id, count_searches(read_usage(answer.meta), answer.meta), read_search_units(answer.meta)
    )


def _read_usage_of(body: bytes) -> Usage | None:
    answer = decode_answer(body, _glance)
    if not bytes(answer.results).startswith(b"["):
        raise bad_answer("the answer has status 200 and no results")
    return count_searches(read_usage(answer.meta), answer.meta)


COHERE_RERANK = OperationFormat(
    client=OperationClient(_read_request, _write_answer),
    provider=OperationProvider(lambda model, asked: PATH, _encode_request, _read_answer),
    verbatim=OperationVerbatim(lambda model, request: PATH, rewrite_operation, _read_usage_of),
)
