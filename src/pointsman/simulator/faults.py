"""What can go wrong with an answer: each fault is a function from the script of a proper answer to a broken one.

`FAULTS` at the end is the one list. A new fault is one line there, and one function over steps where no refusal does.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from pointsman.simulator.refusal import Refusal
from pointsman.simulator.steps import Head, HeaderFields, Interruption, Piece, Raw, Script, Step, write_document
from pointsman.simulator.withheld_usage import withhold_usage


@dataclass(frozen=True, slots=True)
class ErrorWriter:
    """How a dialect says that something went wrong: as a document, inside a stream, and in headers."""

    write_document: Callable[[Refusal], bytes]
    write_event: Callable[[Refusal], bytes]
    write_headers: Callable[[Refusal], HeaderFields]

    def refuse(self, refusal: Refusal, *headers: tuple[str, str]) -> Script:
        """The script of an error."""
        return write_document(refusal.status, self.write_document(refusal), *headers, *self.write_headers(refusal))


Fault = Callable[[Script, int, ErrorWriter], Script]
"""Takes the proper script, the number of content tokens after which a stream is struck, and the dialect's errors."""

CUT, HANG = Interruption.CUT, Interruption.HANG

HUGE_HEADER_BYTES = 128 * 1024

_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"
_BROKEN = Refusal(500, "The server had an error while processing your request.", kind="server_error")


def _refuse_always(status: int, kind: str, code: str | None, message: str, *headers: tuple[str, str]) -> Fault:
    refusal = Refusal(status, message, kind=kind, code=code)
    return lambda script, after_tokens, errors: errors.refuse(refusal, *headers)


def _answer_html(script: Script, after_tokens: int, errors: ErrorWriter) -> Script:
    return write_document(502, _HTML, ("content-type", "text/html"))


def _redirect(script: Script, after_tokens: int, errors: ErrorWriter) -> Script:
    return write_document(307, b"", ("location", "/v1/moved/chat/completions"))


def _send_garbage(script: Script, after_tokens: int, errors: ErrorWriter) -> Script:
    return (Raw(bytes(range(256)) + b"\r\n\r\n"), CUT)


def _refuse_before_headers(script: Script, after_tokens: int, errors: ErrorWriter) -> Script:
    return (CUT,)


def _never_answer(script: Script, after_tokens: int, errors: ErrorWriter) -> Script:
    return (HANG,)


def _close_after_headers(script: Script, after_tokens: int, errors: ErrorWriter) -> Script:
    head = next(iter(script))
    return (head, CUT)


def _swell_header(script: Script, after_tokens: int, errors: ErrorWriter) -> Script:
    for step in script:
        if isinstance(step, Head):
            step = replace(step, headers=(*step.headers, ("x-filler", "x" * HUGE_HEADER_BYTES)))
        yield step


def _cut_after_tokens(script: Script, after_tokens: int, errors: ErrorWriter) -> Script:
    before, struck, _ = _split_at(script, after_tokens)
    return [*before, *_begin(struck), CUT]


def _stall_after_tokens(script: Script, after_tokens: int, errors: ErrorWriter) -> Script:
    before, struck, _ = _split_at(script, after_tokens)
    return [*before, *_begin(struck), HANG]


def _cut_inside_event(script: Script, after_tokens: int, errors: ErrorWriter) -> Script:
    """The chunk announces all bytes of the event and carries half of them."""
    before, struck, _ = _split_at(script, after_tokens)
    announced = b"" if struck.kind == "document" else b"%x\r\n" % len(struck.data)
    return [*before, Raw(announced + _halve(struck.data)), CUT]


def _send_error_before_content(script: Script, after_tokens: int, errors: ErrorWriter) -> Script:
    return _send_error_after_content(script, 0, errors)


def _send_error_after_content(script: Script, after_tokens: int, errors: ErrorWriter) -> Script:
    """The status stays 200; a plain answer is the error's document."""
    before, struck, _ = _split_at(script, after_tokens)
    if struck.kind == "document":
        return write_document(200, errors.write_document(_BROKEN))
    return [*before, Piece("finish", errors.write_event(_BROKEN))]


def _send_malformed_chunk(script: Script, after_tokens: int, errors: ErrorWriter) -> Script:
    """A stream goes on behind the bad event; a plain answer is half a document, properly framed."""
    before, struck, rest = _split_at(script, after_tokens)
    if struck.kind == "document":
        return write_document(200, _halve(struck.data))
    return [*before, Piece("content", _halve(struck.data) + b"\n\n"), struck, *rest]


def _drop_usage(script: Script, after_tokens: int, errors: ErrorWriter) -> Script:
    """Pieces that are usage alone go; where usage stands among other things, it is cut out."""
    for step in script:
        if isinstance(step, Piece) and step.kind == "document":
            yield from write_document(200, withhold_usage(step.data), tokens=step.tokens)
        elif isinstance(step, Piece) and step.kind != "usage":
            yield replace(step, data=withhold_usage(step.data))
        elif not isinstance(step, Piece):
            yield step


def _drop_done(script: Script, after_tokens: int, errors: ErrorWriter) -> Script:
    return (step for step in script if not (isinstance(step, Piece) and step.kind == "done"))


def _split_at(script: Script, after_tokens: int) -> tuple[list[Step], Piece, Iterator[Step]]:
    """The steps before the fault strikes, the piece that it strikes, and the rest.

    A stream is struck once `after_tokens` content tokens have gone, at its finish at the latest; a plain answer at
    its document.
    """
    before: list[Step] = []
    sent_tokens = 0
    rest = iter(script)
    for step in rest:
        if isinstance(step, Piece) and step.kind != "role":
            if step.kind != "content" or sent_tokens >= after_tokens:
                return before, step, rest
            sent_tokens += step.tokens
        before.append(step)
    raise ValueError("a proper answer has a document or a finish")


def _begin(struck: Piece) -> list[Step]:
    """A plain answer breaks in the middle, a stream between two events."""
    return [Raw(_halve(struck.data))] if struck.kind == "document" else []


def _halve(data: bytes) -> bytes:
    return data[: len(data) // 2]


FAULTS: dict[str, Fault] = {
    "status_400": _refuse_always(400, "invalid_request_error", "invalid_value", "Invalid value for 'messages'."),
    "status_401": _refuse_always(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    "status_403": _refuse_always(403, "invalid_request_error", "unsupported_country_region", "Region not supported."),
    "status_404": _refuse_always(404, "invalid_request_error", "model_not_found", "The model does not exist."),
    "status_429": _refuse_always(429, "requests", "rate_limit_exceeded", "Rate limit reached.", ("retry-after", "7")),
    "status_500": _refuse_always(500, "server_error", None, "The server had an error."),
    "status_502_html": _answer_html,
    "status_503": _refuse_always(503, "server_error", "server_is_overloaded", "The engine is overloaded."),
    "status_529": _refuse_always(529, "overloaded_error", None, "Overloaded."),
    "redirect_307": _redirect,
    "refuse_before_headers": _refuse_before_headers,
    "garbage_bytes": _send_garbage,
    "never_answer": _never_answer,
    "headers_then_close": _close_after_headers,
    "huge_header": _swell_header,
    "cut_after_tokens": _cut_after_tokens,
    "cut_inside_event": _cut_inside_event,
    "stall_after_tokens": _stall_after_tokens,
    "error_event_before_content": _send_error_before_content,
    "error_event_after_content": _send_error_after_content,
    "malformed_chunk": _send_malformed_chunk,
    "no_usage": _drop_usage,
    "no_done": _drop_done,
}
