"""Reads a client's JSON in the one way that every parser downstream would also read it, or says why not.

The fast path is one msgspec decode, one walk over the result and a count of quotes; only a refused body is read
again, slowly, to name what is wrong and where.
"""

import json
import math
import re
from collections.abc import Iterable
from typing import Annotated, NoReturn

import msgspec

MOST_DEPTH = 64
MOST_NODES = 100_000
MOST_PATH_CHARACTERS = 200
SLOW_READING_BYTES = 4 * 1024 * 1024
_INT64 = 2**63
_SmallIntegers = list[Annotated[int, msgspec.Meta(ge=-_INT64, le=_INT64 - 1)]]
_BOM = b"\xef\xbb\xbf"
_OTHER_ENCODINGS = (b"\xff\xfe", b"\xfe\xff", b"\x00")
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+\\?(?:"|\Z)', re.DOTALL)
"""Also one without an end, up to the end: else each quote in it would be tried as the beginning of another."""

_LONG_LIST = 64

_decode = msgspec.json.Decoder().decode


class ClientError(Exception):
    """A mistake of the client's, told apart by `code`.

    Attributes:
        status: the HTTP status of the answer.
        code: stable, such as `duplicate_key`.
        message: what is wrong and what to do; holds at most 64 characters of the input.
        param: the path of the offending value, such as `messages[0].role`, or `None`.
        retry_after_s: when it makes sense to ask again, or `None` when nobody knows.
    """

    retry_after_s: float | None = None

    def __init__(self, status: int, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param


def read_json_object(body: bytes, most_nodes: int = MOST_NODES) -> tuple[bytes, dict[str, object]]:
    """Decode a request body that must be one JSON object in UTF-8.

    Args:
        body: as received.
        most_nodes: how many values it may hold.

    Returns:
        The body without a leading byte order mark, and the object.

    Raises:
        ClientError: status 400, with a code for each way in which a body can be wrong.
    """
    if body.startswith(_BOM):
        body = body[len(_BOM) :]
    if body.startswith(_OTHER_ENCODINGS) or body[1:2] == b"\x00":
        raise ClientError(400, "invalid_encoding", "The body must be JSON in UTF-8; it looks like another encoding.")
    if len(body) > most_nodes and _has_too_many_commas(body, most_nodes):
        raise _too_many_nodes(most_nodes)
    try:
        value = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        _explain_refusal(body, error)
    if type(value) is not dict:
        raise ClientError(400, "invalid_type", "The body must be a JSON object.")
    if _count_quotes_of(value, most_nodes) != _count_quotes_in(body):
        raise ClientError(400, "duplicate_key", "A key stands twice in the same object.", _find_duplicate(body))
    return body, value


def _has_too_many_commas(body: bytes, most_nodes: int) -> bool:
    """Whether so many commas or strings stand in a body that it need not be decoded to be refused."""
    if body.count(b",") <= most_nodes:
        return False
    # A member takes two strings, and so four quotes, at most.
    return _count_quotes_in(body) > 4 * most_nodes or _STRINGS.sub(b"", body).count(b",") > most_nodes


def _count_quotes_of(value: dict[str, object], most_nodes: int) -> int:
    """Count the quotes that the decoded value needs, and refuse what is too deep, too many or too large.

    A key that stood twice was dropped while decoding, so its quotes are missing here.
    """
    quoted = 0
    nodes = 0
    level: list[dict[str, object] | list[object]] = [value]
    depth = 0
    while level:
        depth += 1
        if depth > MOST_DEPTH:
            raise _too_deep()
        below: list[dict[str, object] | list[object]] = []
        for container in level:
            nodes += len(container)
            if len(container) > _LONG_LIST and _is_of_small_integers(container):
                continue
            items: Iterable[object] = container
            if type(container) is dict:
                quoted += len(container)
                items = container.values()
            for item in items:
                kind = type(item)
                if kind is str:
                    quoted += 1
                elif kind is dict or kind is list:
                    below.append(item)  # type: ignore[arg-type]
                elif kind is int and not -_INT64 <= item < _INT64:  # type: ignore[operator]
                    raise _number_out_of_range()
        if nodes > most_nodes:
            raise _too_many_nodes(most_nodes)
        level = below
    return 2 * quoted


def _is_of_small_integers(container: dict[str, object] | list[object]) -> bool:
    """Whether a list holds nothing but integers in range, such as ids of tokens: seen at once, without a walk."""
    if type(container) is not list or type(container[0]) is not int:
        return False
    try:
        msgspec.convert(container, _SmallIntegers)
    except msgspec.ValidationError:
        return False
    return True


def _count_quotes_in(body: bytes) -> int:
    """Count the quotes that open or close a string, leaving out escaped ones."""
    escaped = body.count(b'\\"')
    if escaped and b"\\\\" in body:
        escaped = body.replace(b"\\\\", b"").count(b'\\"')
    return body.count(b'"') - escaped


def _explain_refusal(body: bytes, error: Exception) -> NoReturn:
    """Find out why a body that does not decode was refused."""
    if isinstance(error, RecursionError):
        raise _too_deep() from None
    try:
        text = body.decode()
    except UnicodeDecodeError as problem:
        message = f"The body is not UTF-8: wrong byte at offset {problem.start}."
        raise ClientError(400, "invalid_utf8", message) from None
    if len(body) <= SLOW_READING_BYTES:
        _read_slowly(text)
    raise ClientError(400, "invalid_json", f"The body is not JSON: {error}.") from None


def _read_slowly(text: str) -> None:
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_read_float, parse_int=_read_int)
    except json.JSONDecodeError as problem:
        offset = len(text[: problem.pos].encode("utf-8", "surrogatepass"))
        reason = problem.msg[:1].lower() + problem.msg[1:].removesuffix(" at")
        raise ClientError(400, "invalid_json", f"The body is not JSON: {reason} at byte {offset}.") from None
    except RecursionError:
        raise _too_deep() from None
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        message = "A string holds half of a surrogate pair; escape characters beyond U+FFFF as two, or not at all."
        raise ClientError(400, "invalid_unicode", message) from None


def _refuse_constant(name: str) -> NoReturn:
    raise ClientError(400, "invalid_number", f"{name} is not a JSON number.")


def _read_float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise _number_out_of_range()
    return number


def _read_int(text: str) -> int:
    if len(text) > 20:
        raise _number_out_of_range()
    return int(text)


def _find_duplicate(body: bytes) -> str | None:
    """The path of the first key that stands twice, looked for only in bodies small enough to read again."""
    doubled: dict[int, str] = {}

    def note_duplicate(pairs: list[tuple[str, object]]) -> dict[str, object]:
        value = dict(pairs)
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                doubled.setdefault(id(value), key)
            seen.add(key)
        return value

    if len(body) > SLOW_READING_BYTES:
        return None
    # What a duplicate hides is kept alive until its path is known, so that no id is given twice.
    places: list[tuple[str, object]] = [("", json.loads(body, object_pairs_hook=note_duplicate))]
    for path, value in places:
        if id(value) in doubled:
            return f"{path}.{doubled[id(value)]}".lstrip(".")[:MOST_PATH_CHARACTERS]
        if isinstance(value, dict):
            places += ((f"{path}.{key}", item) for key, item in value.items())
        elif isinstance(value, list):
            places += ((f"{path}[{place}]", item) for place, item in enumerate(value))
    return None


def _too_deep() -> ClientError:
    return ClientError(400, "too_deep", f"The body is nested deeper than {MOST_DEPTH} levels.")


def _too_many_nodes(most: int) -> ClientError:
    return ClientError(400, "too_many_items", f"The body holds more than {most:,} values.")


def _number_out_of_range() -> ClientError:
    return ClientError(400, "invalid_number", "A number is too large; integers must fit in 64 bits.")
