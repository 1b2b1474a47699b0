"""Counting as OpenAI's Responses API has it, for clients; we estimate it for models that do not count themselves."""

import msgspec

from pointsman.core.chat.conversation import Conversation
from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.token_count import TokenCount
from pointsman.core.dialects.dialect import Asking
from pointsman.core.dialects.openai_responses.decode_request import decode_request
from pointsman.core.dialects.openai_responses.read_request import read_request
from pointsman.core.dialects.openai_responses.state import refuse_state
from pointsman.core.dialects.operation import OperationClient, OperationFormat

_encode = msgspec.json.Encoder().encode


def decode_count(body: bytes) -> ChatRequest:
    """Read the body of `POST /v1/responses/input_tokens`.

    Raises:
        ClientError: with the code and the path of the first thing that is wrong.
    """
    request = decode_request(body)
    refuse_state(request)
    return msgspec.structs.replace(request, operation="count_tokens", stream=False)


def _write_answer(answer: TokenCount, asking: Asking) -> bytes:
    return _encode({"object": "response.input_tokens", "input_tokens": answer.tokens})


RESPONSES_COUNT_TOKENS: OperationFormat[Conversation, TokenCount] = OperationFormat(
    client=OperationClient(read_request, _write_answer)
)
