"""Errors over HTTP outside a call: the client dialect's shape on `/v1`, problem details (RFC 9457) elsewhere."""

from http import HTTPStatus

import msgspec

from pointsman.core.dialects.openai_chat.errors import encode_error
from pointsman.server.request_ids import new_request_id

_encode = msgspec.json.Encoder().encode


def write_error_response(status: int, code: str, message: str) -> bytes:
    """A whole HTTP/1.1 response for a connection that is closed after it."""
    request_id = new_request_id()
    body = encode_error(status, code, message, None, request_id)
    return (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
        f"x-request-id: {request_id}\r\nconnection: close\r\n\r\n"
    ).encode() + body


def encode_problem(status: int, code: str, detail: str, errors: list[dict[str, object]] | None = None) -> bytes:
    """Problem details, with the list of all problems where there are several."""
    problem: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if errors:
        problem["errors"] = errors
    return _encode(problem)


class OperatorError(Exception):
    """What an operator's request got wrong; answered as problem details."""

    def __init__(self, status: int, code: str, detail: str, errors: list[dict[str, object]] | None = None) -> None:
        super().__init__(detail)
        self.errors = errors
        self.status = status
        self.code = code
        self.detail = detail
