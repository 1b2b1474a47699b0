"""A body for everything that may be posted, and the document of a gateway that answers them all with priced models."""

from typing import Any

from pointsman.server.routes import ROUTES, VERBS

_DOCUMENT = """\
version: 1
providers:
  open: {{base_url: {url}/v1, dialect: openai_chat}}
  newer: {{base_url: {url}/v1, dialect: openai_responses}}
  claudes: {{base_url: {url}/v1, dialect: anthropic_messages}}
  googles: {{base_url: {url}/v1beta, dialect: gemini}}
  command: {{base_url: {url}/v2, dialect: cohere}}
models:
  open-chat: {{provider: open, model_id: simulated-large, price_per_1m_tokens: {price}}}
  newer-chat: {{provider: newer, model_id: simulated-large, price_per_1m_tokens: {price}}}
  claude-chat: {{provider: claudes, model_id: simulated-large, price_per_1m_tokens: {price}}}
  google-chat: {{provider: googles, model_id: simulated-large, price_per_1m_tokens: {price}}}
  command-chat: {{provider: command, model_id: simulated-large, price_per_1m_tokens: {price}}}
  open-embed: {{provider: open, model_id: simulated-embed, price_per_1m_tokens: {price}}}
  google-embed: {{provider: googles, model_id: simulated-embed, price_per_1m_tokens: {price}}}
  command-embed: {{provider: command, model_id: simulated-embed, price_per_1m_tokens: {price}}}
  open-rerank: {{provider: open, model_id: simulated-rerank, price_per_1m_tokens: {price}}}
  command-rerank: {{provider: command, model_id: simulated-rerank, price_per_1m_tokens: {price}}}
  open-moderation: {{provider: open, model_id: simulated-moderation, price_per_1m_tokens: {price}}}
"""


def write_document(simulator: str) -> str:
    """The document, in front of one simulator that plays every provider."""
    return _DOCUMENT.format(url=simulator, price='{input: "3", output: "15"}')


_SAID = [{"role": "user", "content": "Say a word."}]
_PARTS = {"parts": [{"text": "Say a word."}]}

BODIES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"model": "open-chat", "messages": _SAID, "max_tokens": 9},
    "/v1/responses": {"model": "newer-chat", "input": "Say a word.", "max_output_tokens": 19},
    "/v1/responses/input_tokens": {"model": "newer-chat", "input": "Say a word."},
    "/v1/embeddings": {"model": "open-embed", "input": "A word."},
    "/v1/moderations": {"model": "open-moderation", "input": "A word."},
    "/v1/rerank": {"model": "open-rerank", "query": "a", "documents": ["b", "c"]},
    "/v1/messages": {"model": "claude-chat", "messages": _SAID, "max_tokens": 9},
    "/v1/messages/count_tokens": {"model": "claude-chat", "messages": _SAID},
    "/v2/chat": {"model": "command-chat", "messages": _SAID, "max_tokens": 9},
    "/v2/embed": {"model": "command-embed", "texts": ["A word."], "input_type": "clustering"},
    "/v2/rerank": {"model": "command-rerank", "query": "a", "documents": ["b", "c"]},
    "/v1beta/models/google-chat:generateContent": {"contents": [{"role": "user", **_PARTS}]},
    "/v1beta/models/google-chat:streamGenerateContent?alt=sse": {"contents": [{"role": "user", **_PARTS}]},
    "/v1beta/models/google-chat:countTokens": {"contents": [{"role": "user", **_PARTS}]},
    "/v1beta/models/google-embed:embedContent": {"content": _PARTS},
    "/v1beta/models/google-embed:batchEmbedContents": {
        "requests": [{"model": "models/google-embed", "content": _PARTS}]
    },
}
"""One call of each."""

STREAMED = ("/v1/chat/completions", "/v1/responses", "/v1/messages", "/v2/chat")
"""Those that say in their body whether they want a stream."""


def list_unasked() -> set[str]:
    """What may be posted and has no body here."""
    verbs = {path.partition("?")[0].rpartition(":")[2] for path in BODIES if ":" in path}
    return ({path.decode() for path in ROUTES} - set(BODIES)) | ({verb.decode() for verb in VERBS} - verbs)
