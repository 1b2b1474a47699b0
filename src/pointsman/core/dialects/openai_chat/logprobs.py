"""How likely each token of an answer was, both ways."""

from collections.abc import Iterable

from pointsman.core.chat.answer import TokenLogprob
from pointsman.core.chat.conversation import JsonObject
from pointsman.core.dialects.openai_chat.wire import Logprobs, Token


def read_logprobs(reported: Logprobs | None) -> tuple[TokenLogprob, ...] | None:
    """The tokens that a choice tells of, or `None` when it tells of none."""
    if reported is None or reported.content is None:
        return None
    return tuple([_read_token(token) for token in reported.content])


def write_logprobs(tokens: Iterable[TokenLogprob] | None) -> JsonObject | None:
    """The `logprobs` of a choice."""
    if tokens is None:
        return None
    written = [_write_token(token) | {"top_logprobs": [_write_token(top) for top in token.top]} for token in tokens]
    return {"content": written, "refusal": None}


def _read_token(token: Token) -> TokenLogprob:
    top = tuple([_read_token(other) for other in token.top_logprobs or ()])
    return TokenLogprob(token.token, token.logprob, None if token.bytes is None else tuple(token.bytes), top)


def _write_token(token: TokenLogprob) -> JsonObject:
    return {"token": token.token, "logprob": token.logprob, "bytes": token.bytes}
