"""Anthropic answer -> what it says; read only for answers that are checked. How sure its tokens are nobody tells."""

from collections.abc import Iterator

import msgspec

from pointsman.core.chat.verification import AnswerText

_GOOD_ENDS = frozenset({"end_turn", "stop_sequence", "max_tokens", "tool_use", "model_context_window_exceeded"})
_encode = msgspec.json.Encoder().encode


def read_answer(body: bytes) -> AnswerText:
    """The text of a plain answer with its calls; what has another form than Anthropic's is left out."""
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return AnswerText("")
    if type(answer) is not dict:
        return AnswerText("")
    reason = answer.get("stop_reason")
    is_complete = type(reason) is str and reason in _GOOD_ENDS
    return AnswerText("\n\n".join(_read_blocks(answer.get("content"))), is_complete=is_complete)


def _read_blocks(content: object) -> Iterator[str]:
    for block in content if type(content) is list else ():
        if type(block) is not dict:
            continue
        text = block.get("text")
        if block.get("type") == "text" and type(text) is str:
            yield text
        elif block.get("type") == "tool_use":
            yield _encode({"name": block.get("name"), "input": block.get("input")}).decode()
