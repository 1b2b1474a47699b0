"""Counting as Anthropic has it: a request like any other, without what only concerns the answer."""

import msgspec

from pointsman.core.chat.conversation import Conversation
from pointsman.core.chat.request import ChatRequest, Encoded
from pointsman.core.chat.token_count import TokenCount, keep_counted
from pointsman.core.chat.usage import read_count
from pointsman.core.dialects.anthropic_messages.encode_request import encode_request
from pointsman.core.dialects.anthropic_messages.mend_messages import may_need_mending, mend_messages
from pointsman.core.dialects.anthropic_messages.read_request import read_request
from pointsman.core.dialects.dialect import Asking, Draft, Target
from pointsman.core.dialects.operation import OperationClient, OperationFormat, OperationProvider, OperationVerbatim
from pointsman.core.dialects.operation_checks import bad_answer, decode_answer
from pointsman.core.dialects.rewrite_operation import splice_request

PATH = "/messages/count_tokens"
COUNTED = frozenset({"model", "messages", "system", "tools", "tool_choice", "thinking", "output_config"})
"""The members that a count takes; it refuses those about sampling."""


class _Answer(msgspec.Struct):
    input_tokens: object = None
    error: object = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Answer).decode


def _write_answer(answer: TokenCount, asking: Asking) -> bytes:
    return _encode({"input_tokens": answer.tokens})


def _encode_request(asked: Conversation, target: Target) -> tuple[Draft, tuple[str, ...]]:
    draft = encode_request(keep_counted(asked), False, target)
    return Draft({name: value for name, value in draft.fields.items() if name in COUNTED}, draft.losses), ()


def _rewrite_request(request: ChatRequest, target: Target) -> Encoded:
    """Name the provider's model; what other formats' providers said before is made fit, as in a chat."""
    members: dict[str, object] = {"model": target.model}
    losses: tuple[str, ...] = ()
    if may_need_mending(request.body):
        mended, losses = mend_messages(request.fields["messages"], target.model)
        if mended is not None:
            members["messages"] = mended
    encoded = splice_request(request, target, members)
    return Encoded(encoded.body, encoded.changes, losses, encoded.imposed)


def _read_answer(body: bytes, asked: object) -> TokenCount:
    answer = decode_answer(body, _decode)
    tokens = read_count(answer.input_tokens)
    if tokens is None:
        raise bad_answer("the answer has status 200 and no count", answer.error)
    return TokenCount(tokens)


def _read_usage_of(body: bytes) -> None:
    _read_answer(body, None)


ANTHROPIC_COUNT_TOKENS = OperationFormat(
    client=OperationClient(read_request, _write_answer),
    provider=OperationProvider(lambda model, asked: PATH, _encode_request, _read_answer),
    verbatim=OperationVerbatim(lambda model, request: PATH, _rewrite_request, _read_usage_of),
)
