"""The one table of operations beside chat: which wire formats have them, and by what; nothing registers itself.

`openai_responses` shares OpenAI's other endpoints with `openai_chat`, and what is shared is the same format.
`served.py` says the same without a codec, for those who only ask what there is.
"""

from collections.abc import Mapping
from typing import Never

from pointsman.core.chat.conversation import Conversation
from pointsman.core.chat.embeddings import EmbeddingAnswer, EmbeddingRequest
from pointsman.core.chat.reranking import RerankAnswer, RerankRequest
from pointsman.core.chat.token_count import TokenCount
from pointsman.core.dialects.anthropic_messages.count_tokens import ANTHROPIC_COUNT_TOKENS
from pointsman.core.dialects.cohere.embeddings import COHERE_EMBEDDINGS
from pointsman.core.dialects.cohere.rerank import COHERE_RERANK
from pointsman.core.dialects.dialect import Asking
from pointsman.core.dialects.gemini.count_tokens import GEMINI_COUNT_TOKENS
from pointsman.core.dialects.gemini.embeddings import GEMINI_EMBEDDINGS
from pointsman.core.dialects.openai_chat.embeddings import OPENAI_EMBEDDINGS
from pointsman.core.dialects.openai_chat.moderations import OPENAI_MODERATIONS
from pointsman.core.dialects.openai_chat.rerank import OPENAI_RERANK
from pointsman.core.dialects.openai_responses.count_tokens import RESPONSES_COUNT_TOKENS
from pointsman.core.dialects.operation import OperationFormat

EMBEDDINGS: Mapping[str, OperationFormat[EmbeddingRequest, EmbeddingAnswer]] = {
    "openai_chat": OPENAI_EMBEDDINGS,
    "openai_responses": OPENAI_EMBEDDINGS,
    "gemini": GEMINI_EMBEDDINGS,
    "cohere": COHERE_EMBEDDINGS,
}
RERANK: Mapping[str, OperationFormat[RerankRequest, RerankAnswer]] = {
    "openai_chat": OPENAI_RERANK,
    "openai_responses": OPENAI_RERANK,
    "cohere": COHERE_RERANK,
}
MODERATIONS: Mapping[str, OperationFormat[Never, Never]] = {
    "openai_chat": OPENAI_MODERATIONS,
    "openai_responses": OPENAI_MODERATIONS,
}
COUNT_TOKENS: Mapping[str, OperationFormat[Conversation, TokenCount]] = {
    "anthropic_messages": ANTHROPIC_COUNT_TOKENS,
    "gemini": GEMINI_COUNT_TOKENS,
    "openai_responses": RESPONSES_COUNT_TOKENS,
}


def write_token_count(tokens: int, asking: Asking) -> bytes:
    """A count of our own, in the format of the client that asks for it."""
    client = COUNT_TOKENS[asking.request.dialect].client
    assert client is not None, "whoever decodes the request writes its answer"
    return client.write_answer(TokenCount(tokens), asking)
