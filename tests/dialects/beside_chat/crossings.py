"""Sends one client's request to a provider of some dialect, as the relay would, and looks at both bodies."""

import json
from collections.abc import Callable
from typing import Any

from pointsman.core.chat.request import ChatRequest, Encoded
from pointsman.core.dialects.anthropic_messages.decode_request import read_count_tokens_request
from pointsman.core.dialects.cohere.embeddings import decode_embed as decode_cohere_embed
from pointsman.core.dialects.cohere.rerank import decode_rerank as decode_cohere_rerank
from pointsman.core.dialects.dialect import Asking, Target
from pointsman.core.dialects.gemini.count_tokens import decode_count
from pointsman.core.dialects.gemini.embeddings import decode_embed as decode_gemini_embed
from pointsman.core.dialects.openai_chat.embeddings import decode_embeddings
from pointsman.core.dialects.openai_chat.moderations import decode_moderations
from pointsman.core.dialects.openai_chat.rerank import decode_rerank
from pointsman.core.dialects.openai_responses.count_tokens import decode_count as decode_responses_count
from pointsman.core.dialects.passage import Passage, open_passage

TARGET = Target("upstream-1")

DECODERS: dict[str, Callable[[bytes], ChatRequest]] = {
    "openai embeddings": decode_embeddings,
    "openai moderations": decode_moderations,
    "openai rerank": decode_rerank,
    "openai count": decode_responses_count,
    "cohere embeddings": decode_cohere_embed,
    "cohere rerank": decode_cohere_rerank,
    "gemini embedding": lambda body: decode_gemini_embed(body, "ours", is_batch=False),
    "gemini embeddings": lambda body: decode_gemini_embed(body, "ours", is_batch=True),
    "gemini count": lambda body: decode_count(body, "ours"),
    "anthropic count": read_count_tokens_request,
}

PROVIDERS: dict[str, tuple[str, ...]] = {
    "embeddings": ("openai_chat", "openai_responses", "gemini", "cohere"),
    "rerank": ("openai_chat", "openai_responses", "cohere"),
    "moderations": ("openai_chat", "openai_responses"),
    "count_tokens": ("anthropic_messages", "gemini"),
}

GOOD: dict[str, dict[str, Any]] = {
    "openai embeddings": {"model": "ours", "input": ["one", "two"], "dimensions": 2, "encoding_format": "base64"},
    "openai moderations": {"model": "ours", "input": ["one", {"type": "text", "text": "two"}]},
    "openai rerank": {"model": "ours", "query": "q", "documents": ["a", {"text": "b"}], "return_documents": True},
    "openai count": {"model": "ours", "input": "Hello"},
    "cohere embeddings": {"model": "ours", "texts": ["one", "two"], "input_type": "search_query"},
    "cohere rerank": {"model": "ours", "query": "q", "documents": ["a", "b"], "top_n": 1},
    "gemini embedding": {"content": {"parts": [{"text": "one"}]}, "taskType": "RETRIEVAL_QUERY"},
    "gemini embeddings": {
        "requests": [
            {"model": "models/ours", "content": {"parts": [{"text": "one"}]}, "outputDimensionality": 2},
            {"model": "models/ours", "content": {"parts": [{"text": "two"}]}, "outputDimensionality": 2},
        ]
    },
    "gemini count": {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]},
    "anthropic count": {"model": "ours", "messages": [{"role": "user", "content": "Hello"}], "system": "Be brief."},
}
"""One request of each kind that is in order."""


def decode(kind: str, fields: dict[str, Any]) -> ChatRequest:
    """A request as the door would decode it."""
    return DECODERS[kind](json.dumps(fields).encode())


def open_way(kind: str, fields: dict[str, Any], dialect: str, target: Target = TARGET) -> Passage:
    """The way of a request to a provider."""
    request = decode(kind, fields)
    return open_passage(request, dialect, target, Asking(request, "req_1", 1_700_000_000))


def send(kind: str, fields: dict[str, Any], dialect: str, target: Target = TARGET) -> tuple[Any, Encoded, str]:
    """What a provider gets: its body decoded, all about it, and the path."""
    way = open_way(kind, fields, dialect, target)
    return json.loads(way.encoded.body), way.encoded, way.path
