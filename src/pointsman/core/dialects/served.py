"""What providers of each wire format can be asked for, as far as the format goes; `operations.py` has the codecs."""

from collections.abc import Mapping

from pointsman.core.chat.request import Operation

SERVED: Mapping[str, frozenset[Operation]] = {
    "openai_chat": frozenset({"chat", "embeddings", "rerank", "moderations"}),
    "openai_responses": frozenset({"chat", "embeddings", "rerank", "moderations"}),
    "anthropic_messages": frozenset({"chat", "count_tokens"}),
    "gemini": frozenset({"chat", "embeddings", "count_tokens"}),
    "cohere": frozenset({"chat", "embeddings", "rerank"}),
    "bedrock_converse": frozenset({"chat"}),
}
