"""The one table of what clients may post, and which wire format reads it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from urllib.parse import unquote

from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.anthropic_messages.decode_request import read_count_tokens_request
from pointsman.core.dialects.anthropic_messages.dialect import ANTHROPIC_MESSAGES
from pointsman.core.dialects.cohere.dialect import COHERE
from pointsman.core.dialects.cohere.embeddings import decode_embed
from pointsman.core.dialects.cohere.rerank import decode_rerank as decode_cohere_rerank
from pointsman.core.dialects.dialect import ClientSide, Dialect
from pointsman.core.dialects.gemini.count_tokens import decode_count as decode_gemini_count
from pointsman.core.dialects.gemini.decode_request import decode_generate
from pointsman.core.dialects.gemini.dialect import GEMINI
from pointsman.core.dialects.gemini.embeddings import decode_embed as decode_gemini_embed
from pointsman.core.dialects.openai_chat.dialect import OPENAI_CHAT
from pointsman.core.dialects.openai_chat.embeddings import decode_embeddings
from pointsman.core.dialects.openai_chat.moderations import decode_moderations
from pointsman.core.dialects.openai_chat.rerank import decode_rerank
from pointsman.core.dialects.openai_responses.count_tokens import decode_count as decode_responses_count
from pointsman.core.dialects.openai_responses.dialect import OPENAI_RESPONSES


@dataclass(frozen=True, slots=True)
class Route:
    """How one path is read and answered.

    Attributes:
        client: the format of answers and errors.
        decode: reads a body.
    """

    client: ClientSide
    decode: Callable[[bytes], ChatRequest]


def _chat_of(dialect: Dialect) -> Route:
    assert dialect.client is not None, "only formats with clients have a path"
    return Route(dialect.client, dialect.client.decode_request)


OPENAI = _chat_of(OPENAI_CHAT)
RESPONSES = _chat_of(OPENAI_RESPONSES)
ANTHROPIC = _chat_of(ANTHROPIC_MESSAGES)
GOOGLE = _chat_of(GEMINI)
COMMAND = _chat_of(COHERE)

ROUTES: dict[bytes, Route] = {
    b"/v1/chat/completions": OPENAI,
    b"/v1/responses": RESPONSES,
    b"/v1/responses/input_tokens": Route(RESPONSES.client, decode_responses_count),
    b"/v1/embeddings": Route(OPENAI.client, decode_embeddings),
    b"/v1/moderations": Route(OPENAI.client, decode_moderations),
    b"/v1/rerank": Route(OPENAI.client, decode_rerank),
    b"/v1/messages": ANTHROPIC,
    b"/v1/messages/count_tokens": Route(ANTHROPIC.client, read_count_tokens_request),
    b"/v2/chat": COMMAND,
    b"/v2/embed": Route(COMMAND.client, decode_embed),
    b"/v2/rerank": Route(COMMAND.client, decode_cohere_rerank),
}
"""Paths of which the body says everything."""

_GEMINI = re.compile(rb"/v1(?:beta)?/models/([^/?]{1,1024}):([A-Za-z]{1,64})")
_STREAM = b"streamGenerateContent"

VERBS: dict[bytes, Callable[..., ChatRequest]] = {
    b"generateContent": partial(decode_generate, stream=False),
    _STREAM: partial(decode_generate, stream=True),
    b"countTokens": decode_gemini_count,
    b"embedContent": partial(decode_gemini_embed, is_batch=False),
    b"batchEmbedContents": partial(decode_gemini_embed, is_batch=True),
}
"""What may be asked of a model that the path names; each takes the body, and `model` by name."""


def find_route(path: bytes, query: bytes) -> Route | None:
    """The route of a path that names a model, or `None` when there is none.

    Args:
        path: as it came, percent-encoded.
        query: what follows the question mark.
    """
    named = _GEMINI.fullmatch(path)
    decode = VERBS.get(named[2]) if named is not None else None
    if named is None or decode is None:
        return None
    if named[2] == _STREAM and b"alt=sse" not in query.split(b"&"):
        return Route(GOOGLE.client, _refuse_json_stream)
    return Route(GOOGLE.client, partial(decode, model=unquote(named[1].decode("latin-1"))))


def _refuse_json_stream(body: bytes) -> ChatRequest:
    message = "streamGenerateContent is answered as server-sent events; ask for them with ?alt=sse."
    raise ClientError(400, "unsupported_stream", message, "alt")


def find_client(path: bytes) -> ClientSide:
    """The format in which a path is told that it is wrong."""
    if path.startswith(b"/v1beta/"):
        return GOOGLE.client
    if path.startswith(b"/v2/"):
        return COMMAND.client
    route = ROUTES.get(path)
    return route.client if route is not None else OPENAI.client
