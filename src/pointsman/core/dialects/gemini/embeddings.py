"""Embeddings as Gemini has them: one content by `embedContent`, several by `batchEmbedContents`."""

from collections.abc import Mapping

import msgspec

from pointsman.core.chat.client_json import read_json_object
from pointsman.core.chat.conversation import JsonObject
from pointsman.core.chat.embeddings import (
    EmbeddedImage,
    EmbeddingAnswer,
    EmbeddingInput,
    EmbeddingRequest,
    Purpose,
)
from pointsman.core.chat.request import ChatRequest, Encoded
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.client_checks import (
    check_object,
    check_text,
    check_whole,
    read_model,
    refuse,
    refuse_forbidden,
)
from pointsman.core.dialects.dialect import Asking, Draft, Target
from pointsman.core.dialects.gemini.decode_request import list_items
from pointsman.core.dialects.gemini.names import GEMINI, spell_members
from pointsman.core.dialects.gemini.usage import read_usage
from pointsman.core.dialects.gemini.verbs import name_model, name_verb
from pointsman.core.dialects.operation import OperationClient, OperationFormat, OperationProvider, OperationVerbatim
from pointsman.core.dialects.operation_checks import (
    MOST_ASKED_DIMENSIONS,
    MOST_INPUTS,
    bad_answer,
    check_list,
    decode_answer,
    find_at_end,
    refuse_untold,
)
from pointsman.core.dialects.rewrite_operation import splice_request

ONE = "embedContent"
SEVERAL = "batchEmbedContents"
_KNOWN = frozenset({"model", "content", "taskType", "title", "outputDimensionality"})
_PURPOSES: Mapping[str, Purpose | None] = {
    "TASK_TYPE_UNSPECIFIED": None,
    "RETRIEVAL_QUERY": "query",
    "RETRIEVAL_DOCUMENT": "document",
    "SEMANTIC_SIMILARITY": "similarity",
    "CLASSIFICATION": "classification",
    "CLUSTERING": "clustering",
    "QUESTION_ANSWERING": "question_answering",
    "FACT_VERIFICATION": "fact_verification",
    "CODE_RETRIEVAL_QUERY": "code_query",
}
_WORDS = {purpose: word for word, purpose in _PURPOSES.items() if purpose is not None}


class _Vector(msgspec.Struct):
    values: list[float]


class _Answer(msgspec.Struct):
    embedding: _Vector | None = None
    embeddings: list[_Vector] = []
    usageMetadata: object = None


class _Glance(msgspec.Struct):
    embedding: msgspec.Raw = msgspec.Raw()
    embeddings: msgspec.Raw = msgspec.Raw()
    usageMetadata: object = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Answer).decode
_glance = msgspec.json.Decoder(_Glance).decode


def decode_embed(body: bytes, model: str, is_batch: bool) -> ChatRequest:
    """Read the body of `POST /v1beta/models/{model}:embedContent` or `:batchEmbedContents`.

    Args:
        body: as received.
        model: out of the URL, without `models/`.
        is_batch: whether the URL says that there are several contents.

    Raises:
        ClientError: with the code and the path of the first thing that is wrong.
    """
    body, fields = read_json_object(body)
    refuse_forbidden(fields)
    asked = read_model(model)
    if is_batch:
        for place, item in enumerate(check_list(fields.get("requests"), "requests", MOST_INPUTS)):
            path = f"requests[{place}]"
            check_object(item, path)
            _check_item(item, f"{path}.")  # type: ignore[arg-type]
    else:
        _check_item(fields, "")
    return ChatRequest(asked, False, False, body, fields, GEMINI, operation="embeddings")


def _check_item(item: JsonObject, path: str) -> None:
    members = spell_members(item, path.rstrip("."))
    check_object(members.get("content"), f"{path}content")
    content = members["content"]
    parts = list_items(content.get("parts")) if type(content) is dict else []
    for place, part in enumerate(check_list(parts, f"{path}content.parts", MOST_INPUTS)):
        check_object(part, f"{path}content.parts[{place}]")
    task = members.get("taskType")
    if task is not None and (type(task) is not str or task not in _PURPOSES):
        refuse("invalid_input", f"{path}taskType must be one of {', '.join(_PURPOSES)}.", f"{path}taskType")
    if members.get("title") is not None:
        check_text(members["title"], f"{path}title")
    if members.get("outputDimensionality") is not None:
        check_whole(members["outputDimensionality"], f"{path}outputDimensionality", 1, MOST_ASKED_DIMENSIONS)


def _list_items_of(request: ChatRequest) -> tuple[list[JsonObject], str]:
    """What is to be embedded, each on its own, in camelCase, and the path of them."""
    several = request.fields.get("requests")
    if type(several) is list:
        return [spell_members(item) for item in several], "requests[{}]."
    return [spell_members(request.fields)], ""


def _read_request(request: ChatRequest) -> EmbeddingRequest:
    items, path = _list_items_of(request)
    first = items[0]
    for place, item in enumerate(items):
        for name in ("taskType", "title", "outputDimensionality"):
            if item.get(name) != first.get(name):
                raise refuse_untold("Nothing but contents that agree in this", f"{path.format(place)}{name}")
    inputs = [_read_content(item["content"], path.format(place)) for place, item in enumerate(items)]
    unsaid = {name: None for item in items for name in item if name not in _KNOWN and item[name] is not None}
    dimensions, title, task = (first.get(name) for name in ("outputDimensionality", "title", "taskType"))
    return EmbeddingRequest(
        tuple(inputs),
        dimensions if type(dimensions) is int else None,
        _PURPOSES.get(task) if type(task) is str else None,
        title if type(title) is str else "",
        unsaid=tuple(unsaid),
    )


def _read_content(content: object, path: str) -> EmbeddingInput:
    parts = list_items(content.get("parts")) if type(content) is dict else []
    read: list[str | EmbeddedImage] = []
    for place, part in enumerate(parts):
        where = f"{path}content.parts[{place}]"
        members = spell_members(part, where) if type(part) is dict else {}
        text, inline = members.get("text"), members.get("inlineData")
        if type(text) is str:
            read.append(text)
            continue
        about = spell_members(inline, where) if type(inline) is dict else {}
        media_type, data = about.get("mimeType"), about.get("data")
        if type(media_type) is not str or type(data) is not str or not media_type.startswith("image/"):
            raise refuse_untold("Nothing but texts and images", where)
        read.append(EmbeddedImage(media_type, data))
    return read[0] if len(read) == 1 and isinstance(read[0], str) else tuple(read)


def _write_answer(answer: EmbeddingAnswer, asking: Asking) -> bytes:
    vectors: list[JsonObject] = [{"values": vector} for vector in answer.vectors]
    is_batch = "requests" in asking.request.fields
    document: JsonObject = {"embeddings": vectors} if is_batch else {"embedding": vectors[0]}
    if answer.usage is not None:
        document["usageMetadata"] = {"promptTokenCount": answer.usage.input_tokens}
    return _encode(document)


def _find_path(model: str, asked: EmbeddingRequest) -> str:
    return name_verb(model, ONE if len(asked.inputs) == 1 else SEVERAL)


def _encode_request(asked: EmbeddingRequest, target: Target) -> tuple[Draft, tuple[str, ...]]:
    losses = [*asked.unsaid, *(name for name in ("truncate", "user") if getattr(asked, name))]
    shared: JsonObject = {}
    if asked.purpose in _WORDS:
        shared["taskType"] = _WORDS[asked.purpose]
    elif asked.purpose is not None:
        losses.append("input_type")
    if asked.title:
        shared["title"] = asked.title
    if asked.dimensions is not None:
        shared["outputDimensionality"] = asked.dimensions
    model = name_model(target.model)
    items: list[JsonObject] = [
        {"model": model, "content": {"parts": _write_parts(given, f"input[{place}]")}, **shared}
        for place, given in enumerate(asked.inputs)
    ]
    return Draft(items[0] if len(items) == 1 else {"requests": items}, losses), ()


def _write_parts(given: EmbeddingInput, path: str) -> list[JsonObject]:
    parts: list[JsonObject] = []
    for part in (given,) if isinstance(given, str) else given:
        if isinstance(part, int):
            raise refuse_untold("Nothing but texts and images", path)
        if isinstance(part, str):
            parts.append({"text": part})
        else:
            parts.append({"inlineData": {"mimeType": part.media_type, "data": part.data}})
    return parts


def _read_answer(body: bytes, asked: EmbeddingRequest) -> EmbeddingAnswer:
    answer = decode_answer(body, _decode)
    found = answer.embeddings if answer.embedding is None else [answer.embedding]
    vectors = tuple([vector.values for vector in found if vector.values])
    if len(vectors) != len(asked.inputs):
        raise bad_answer("the answer has not got a vector for each input")
    return EmbeddingAnswer(vectors, read_usage(answer.usageMetadata))


def _find_own_path(model: str, request: ChatRequest) -> str:
    return name_verb(model, SEVERAL if "requests" in request.fields else ONE)


def _rewrite_request(request: ChatRequest, target: Target) -> Encoded:
    """Each content may name the model beside the path, and must name the same one."""
    name, several = name_model(target.model), request.fields.get("requests")
    members: JsonObject = {}
    if type(several) is list:
        members["requests"] = [{**item, "model": name} for item in several]
    elif "model" in request.fields:
        members["model"] = name
    return splice_request(request, target, members)


def _read_usage_of(body: bytes) -> Usage | None:
    reported = find_at_end(body, "usageMetadata")
    if reported is not None:
        return read_usage(reported)
    answer = decode_answer(body, _glance)
    if not (bytes(answer.embedding) or bytes(answer.embeddings)).startswith((b"{", b"[")):
        raise bad_answer("the answer has status 200 and no vectors")
    return read_usage(answer.usageMetadata)


GEMINI_EMBEDDINGS = OperationFormat(
    client=OperationClient(_read_request, _write_answer),
    provider=OperationProvider(_find_path, _encode_request, _read_answer),
    verbatim=OperationVerbatim(_find_own_path, _rewrite_request, _read_usage_of),
)
