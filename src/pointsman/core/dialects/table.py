"""The one list of wire formats; nothing registers itself."""

from pointsman.core.chat.conversation import Conversation
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.anthropic_messages.dialect import ANTHROPIC_MESSAGES
from pointsman.core.dialects.bedrock_converse.dialect import BEDROCK_CONVERSE
from pointsman.core.dialects.cohere.dialect import COHERE
from pointsman.core.dialects.dialect import Dialect
from pointsman.core.dialects.gemini.dialect import GEMINI
from pointsman.core.dialects.openai_chat.dialect import OPENAI_CHAT
from pointsman.core.dialects.openai_responses.dialect import OPENAI_RESPONSES

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (OPENAI_CHAT, OPENAI_RESPONSES, ANTHROPIC_MESSAGES, BEDROCK_CONVERSE, COHERE, GEMINI)
}


def read_conversation(request: ChatRequest) -> Conversation:
    """A chat request in the hub; worked out once.

    Raises:
        ClientError: for what cannot be read.
    """
    known = request.memo.get("conversation")
    if isinstance(known, Conversation):
        return known
    client = DIALECTS[request.dialect].client
    assert client is not None, "only what has clients decodes their requests"
    conversation = request.memo["conversation"] = client.read_request(request)
    return conversation
