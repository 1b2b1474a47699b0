"""Reads what a program posts as the server reads what a client does: the same paths, headers and limits."""

import time
from collections.abc import Iterable, Mapping

from pointsman.core.chat.client_json import ClientError
from pointsman.core.routing.said import PREFIX
from pointsman.relay.call import Call
from pointsman.server.inference import pass_on_headers
from pointsman.server.request_body import MOST_BODY_BYTES
from pointsman.server.request_ids import new_request_id, shown_id
from pointsman.server.routes import ROUTES, Route, find_route

KEY_ID = "library"
"""Stands in records and usage where a gateway has the id of a virtual key."""


def find_path(path: str) -> Route:
    """How a path is read, query included.

    Raises:
        ClientError: 404 when nothing is answered there.
    """
    own, _, query = path.partition("?")
    raw = own.encode()
    route = ROUTES.get(raw) or find_route(raw, query.encode())
    if route is None:
        raise ClientError(404, "not_found", "There is nothing at this path.")
    return route


def build_call(route: Route, body: bytes, headers: Mapping[str, str]) -> Call:
    """The call of a program.

    Raises:
        ClientError: 413 when the body is larger than any that is served.
    """
    if len(body) > MOST_BODY_BYTES:
        raise ClientError(413, "request_too_large", f"The body has more than {MOST_BODY_BYTES // 2**20} MiB.")
    own_id, fields = new_request_id(), dict(_encode(headers.items()))
    return Call(
        own_id,
        route.client,
        route.decode,
        body,
        KEY_ID,
        tuple([field for field in fields.items() if field[0].startswith(PREFIX)]),
        time.time_ns() // 1_000_000,
        time.monotonic(),
        shown_id(own_id, fields.get(b"x-request-id")),
        cache_control=fields.get(b"cache-control", b""),
        passed=pass_on_headers(fields, route.client.passed_headers),
    )


def _encode(headers: Iterable[tuple[str, str]]) -> Iterable[tuple[bytes, bytes]]:
    return ((name.lower().encode(), value.encode()) for name, value in headers)
