"""What is refused in requests beside chat, whatever their format, and in the answers to them."""

import re
from collections.abc import Callable, Iterable
from math import ceil
from typing import TypeVar

import msgspec

from pointsman.core.chat.client_json import MOST_NODES, ClientError, read_json_object
from pointsman.core.chat.conversation import JsonObject
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.chat.own_words import OWN_WORDS
from pointsman.core.chat.usage import FurtherCounts, Usage, read_count
from pointsman.core.dialects.client_checks import read_model, refuse, refuse_forbidden

MOST_INPUTS = 10_000
MOST_DOCUMENTS = 10_000
MOST_TOP_N = 1_000_000
MOST_SEARCH_UNITS = 1_000_000
MOST_ASKED_DIMENSIONS = 65_536

LARGE_BYTES = 64 * 1024
_END_BYTES = 4 * 1024
_OBJECT = re.compile(rb'\s*:\s*(\{(?:[^{}"]|"[^"\\]*"|\{[^{}]*\})*\})\s*[,}]')

Decoded = TypeVar("Decoded")


def read_body(body: bytes, most_nodes: int = MOST_NODES) -> tuple[bytes, JsonObject, str]:
    """The bytes, the members and the model of a request whose body names it.

    Raises:
        ClientError: with the code and the path of the first thing that is wrong.
    """
    body, fields = read_json_object(body, most_nodes)
    refuse_forbidden(fields)
    return body, fields, read_model(fields.get("model"))


def check_list(value: object, path: str, most: int) -> list[object]:
    """A list that holds something, and not too much."""
    if type(value) is not list or not value:
        refuse("invalid_input", f"{path} must be a list with at least one element.", path)
    if len(value) > most:
        refuse("too_many_items", f"{path} holds more than {most:,} elements.", path)
    return value


def check_said(value: object, path: str) -> str:
    """A text that is not empty."""
    if type(value) is not str or not value:
        refuse("invalid_input", f"{path} must be a text that is not empty.", path)
    return value


def refuse_untold(what: str, path: str) -> ClientError:
    """A content that another format has no way to say; to leave it out would change what is asked."""
    message = f"{what} can be sent to this provider ({path}); ask for another model, or send something else."
    return ClientError(400, "unsupported_by_model", message, path)


def list_unsaid(fields: JsonObject, known: Iterable[str]) -> tuple[str, ...]:
    """The members of a request that are not among those known, and that say something to a provider."""
    unsaid = [name for name, value in fields.items() if name not in known and value is not None]
    metadata = fields.get("metadata")
    if "metadata" in unsaid and type(metadata) is dict and all(name in OWN_WORDS for name in metadata):
        unsaid.remove("metadata")
    return tuple(unsaid)


def decode_answer(body: bytes, decode: Callable[[bytes], Decoded]) -> Decoded:
    """The body of an answer with status 200.

    Raises:
        UpstreamFailure: BAD_RESPONSE when it does not decode.
    """
    try:
        return decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise bad_answer("the answer does not have the form that was asked for") from None


def find_at_end(body: bytes, name: str) -> object:
    """The object that a member holds near the end of a large answer; `None` where there is none, or it is not large.

    To read millions of numbers only to pass them on as they are would keep every other call waiting.
    """
    if len(body) < LARGE_BYTES or not body.startswith(b"{"):
        return None
    end = body[-_END_BYTES:]
    at = end.rfind(b'"%b"' % name.encode())
    found = _OBJECT.match(end, at + len(name) + 2) if at > 0 and end[at - 1 : at] != b"\\" else None
    try:
        return msgspec.json.decode(found[1]) if found is not None else None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def bad_answer(detail: str, error: object = None) -> UpstreamFailure:
    """An answer that is none; with an `error` in it, it should have come with another status."""
    kind = FailureKind.BAD_RESPONSE if error is None else FailureKind.SERVER_ERROR
    return UpstreamFailure(kind, detail, sent=True)


def read_input_usage(count: object) -> Usage | None:
    """Usage of nothing but a prompt; numbers may be written `12.0`."""
    if type(count) is float and count.is_integer():
        count = int(count)
    tokens = read_count(count)
    return None if tokens is None else Usage(tokens, 0)


def count_searches(usage: Usage | None, meta: object) -> Usage | None:
    """What was used, with the searches that are billed; a part of one counts as one."""
    units = read_search_units(meta)
    if not units:
        return usage
    return Usage(0 if usage is None else usage.input_tokens, 0, further=FurtherCounts(searches=ceil(units)))


def read_search_units(meta: object) -> float | None:
    """How many searches are billed, as Cohere tells it beside or in place of tokens."""
    billed = meta.get("billed_units") if type(meta) is dict else None
    units = billed.get("search_units") if type(billed) is dict else None
    if type(units) is not int and type(units) is not float:
        return None
    return units if 0 <= units <= MOST_SEARCH_UNITS else None
