"""The way of one request beside chat to a provider, and of its answer back; where both speak alike, bytes stay."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.request import ChatRequest, Encoded
from pointsman.core.chat.signatures import holds_foreign
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.dialect import Asking, Target
from pointsman.core.dialects.operation import (
    Answer,
    Asked,
    OperationFormat,
    OperationVerbatim,
)
from pointsman.core.dialects.operations import COUNT_TOKENS, EMBEDDINGS, MODERATIONS, RERANK
from pointsman.core.dialects.quirks import apply_edits, tell_edits
from pointsman.core.dialects.rewrite_operation import plan_imposed

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Crossing:
    """One request on its way.

    Attributes:
        encoded: what is sent.
        path: what follows the provider's base URL.
        keeps_bytes: whether the provider's bytes go to the client as they came.
        read: the provider's answer -> the body for the client and the usage that the provider reports; raises
            `UpstreamFailure` when it is none.
    """

    encoded: Encoded
    path: str
    keeps_bytes: bool
    read: Callable[[bytes], tuple[bytes, Usage | None]]


def plan_crossing(request: ChatRequest, dialect: str, target: Target, asking: Asking) -> Crossing:
    """Encode a request beside chat for a provider.

    Raises:
        ClientError: for what the provider's format cannot be told.
    """
    match request.operation:
        case "embeddings":
            return _plan(EMBEDDINGS, request, dialect, target, asking)
        case "rerank":
            return _plan(RERANK, request, dialect, target, asking)
        case "moderations":
            return _plan(MODERATIONS, request, dialect, target, asking)
        case "count_tokens":
            return _plan(COUNT_TOKENS, request, dialect, target, asking)
        case "chat":
            raise AssertionError("chats go another way")


def _plan(
    formats: Mapping[str, OperationFormat[Asked, Answer]],
    request: ChatRequest,
    dialect: str,
    target: Target,
    asking: Asking,
) -> Crossing:
    here, there = formats[request.dialect], formats.get(dialect)
    if there is here and here.verbatim is not None and not _holds_foreign(request):
        return _keep_bytes(here.verbatim, request, target)
    if there is None or there.provider is None or here.client is None:
        message = f'The provider of the model "{request.model}" has no {request.operation}; ask for another model.'
        raise ClientError(400, "unsupported_by_model", message, "model")
    client, provider = here.client, there.provider
    asked = client.read_request(request)
    draft, changes = provider.encode_request(asked, target)
    edits = plan_imposed(target, draft.fields)
    told, imposed = tell_edits(edits, draft.fields, minds_names=False)
    apply_edits(edits, draft.fields)

    def read(body: bytes) -> tuple[bytes, Usage | None]:
        answer = provider.read_answer(body, asked)
        return client.write_answer(answer, asking), answer.usage

    encoded = Encoded(_encode(draft.fields), (*changes, *told), tuple(draft.losses), imposed)
    return Crossing(encoded, provider.find_path(target.model, asked), False, read)


def _keep_bytes(verbatim: OperationVerbatim, request: ChatRequest, target: Target) -> Crossing:
    def read(body: bytes) -> tuple[bytes, Usage | None]:
        return body, verbatim.read_usage(body)

    path = verbatim.find_path(target.model, request)
    return Crossing(verbatim.rewrite_request(request, target), path, True, read)


def _holds_foreign(request: ChatRequest) -> bool:
    return request.operation == "count_tokens" and holds_foreign(request.body)
