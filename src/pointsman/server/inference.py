"""The inference door: raw ASGI, because every microsecond here is paid by every call of every agent."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from pointsman.control.keys import KeyRing
from pointsman.core.chat.client_json import ClientError
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.dialects.dialect import ClientSide
from pointsman.core.ports import KeyRecord
from pointsman.core.routing.said import PREFIX as WORDS
from pointsman.relay.call import Call, Relay
from pointsman.relay.serve import serve
from pointsman.server.access import refuse_key
from pointsman.server.asgi import Receive, Scope, Send
from pointsman.server.connection import CYCLE, EXTENSION, ClientConnection
from pointsman.server.models import show_models
from pointsman.server.request_body import ClientDisconnectedError, check_content, read_body, read_off
from pointsman.server.request_ids import new_request_id, shown_id
from pointsman.server.routes import Route, find_client

_KEY_IN_QUERY = re.compile(rb"(?:^|&)(?:api[-_]?key|key|token|authorization)=|pm_", re.IGNORECASE)
_PASSABLE = re.compile(rb"[A-Za-z0-9._-]{1,64}(?:, ?[A-Za-z0-9._-]{1,64}){0,31}")
"""A list of names, such as of betas. Sentences could be private, and headers are not searched."""

_PREFIX = b"pm_"
_KEY_HEADERS = (b"x-api-key", b"x-goog-api-key", b"api-key")
"""Where Anthropic's, Google's and Azure's SDKs put a key."""


@dataclass(frozen=True, slots=True)
class Inference:
    """What the inference routes need.

    Attributes:
        relay: carries calls out.
        keys: who may call.
        snapshot: gives the configuration in force; asked once per request.
    """

    relay: Relay
    keys: KeyRing
    snapshot: Callable[[], Snapshot]

    async def post(self, route: Route, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is posted to a route."""
        arrived_s, own_id = time.monotonic(), new_request_id()
        headers = dict(scope["headers"])
        shown = shown_id(own_id, headers.get(b"x-request-id"))
        try:
            key = self._authenticate(scope, headers)
            check_content(headers)
            body = await read_body(receive, has_arrived=has_arrived(scope))
        except ClientError as error:
            await _send_refusal(route.client, error, shown, self.snapshot().revision, scope, receive, send)
            return
        except ClientDisconnectedError:
            return
        call = Call(
            own_id,
            route.client,
            route.decode,
            body,
            key.id,
            tuple([field for field in scope["headers"] if field[0].startswith(WORDS)]),
            time.time_ns() // 1_000_000,
            arrived_s,
            shown,
            key.policy,
            headers.get(b"cache-control", b""),
            pass_on_headers(headers, route.client.passed_headers) if route.client.passed_headers else (),
        )
        connection: ClientConnection = scope[EXTENSION]
        connection.start_work()
        try:
            await serve(self.relay, self.snapshot(), call, connection.open_exchange(scope[CYCLE]))
        finally:
            connection.end_work()

    async def get_models(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET /v1/models` and `GET /v1/models/{id}`, in the shape of whoever asks; Gemini's under `/v1beta`."""
        own_id = new_request_id()
        headers = dict(scope["headers"])
        shown = shown_id(own_id, headers.get(b"x-request-id"))
        snapshot = self.snapshot()
        try:
            key = self._authenticate(scope, headers)
            answer = show_models(snapshot, scope["path"], b"anthropic-version" in headers, key.policy)
        except ClientError as error:
            client = find_client(scope["raw_path"])
            await _send_refusal(client, error, shown, snapshot.revision, scope, receive, send)
            return
        extra = [(b"x-request-id", shown.encode()), (b"x-pointsman-revision", snapshot.revision.encode())]
        await _send_json(200, msgspec.json.encode(answer), extra, send)

    def _authenticate(self, scope: Scope, headers: dict[bytes, bytes]) -> KeyRecord:
        """What is known of the key that was presented. The answer to a wrong key never says what is wrong with it."""
        if scope["query_string"] and _KEY_IN_QUERY.search(scope["query_string"]):
            raise ClientError(400, "key_in_url", "A key must not stand in a URL; send it as Authorization: Bearer.")
        presented = headers.get(b"authorization", b"")
        key = presented[7:].strip() if presented[:7].lower() == b"bearer " else b""
        if not key.startswith(_PREFIX):
            key = _find_key(headers) or key
        if not key:
            message = "No API key was sent; send yours as Authorization: Bearer pm_..."
            raise ClientError(401, "missing_api_key", message)
        if len(headers) < len(scope["headers"]) and _has_several_keys(scope):
            raise ClientError(401, "missing_api_key", "More than one header with a key was sent; send one.")
        record = self.keys.authenticate(key.decode("latin-1"))
        if record is None:
            raise refuse_key(is_disabled=self.keys.is_disabled(key.decode("latin-1")))
        return record


def pass_on_headers(headers: dict[bytes, bytes], names: tuple[bytes, ...]) -> tuple[tuple[bytes, bytes], ...]:
    """Those headers of the client that its provider understands; whatever is no list of names stays here."""
    return tuple([(name, value) for name in names if (value := headers.get(name)) and _PASSABLE.fullmatch(value)])


def _find_key(headers: dict[bytes, bytes]) -> bytes:
    """The key in the header of another provider's SDK, one of ours before any other; or `b""`."""
    found = [headers[name].strip() for name in _KEY_HEADERS if headers.get(name)]
    return next((key for key in found if key.startswith(_PREFIX)), found[0] if found else b"")


def _has_several_keys(scope: Scope) -> bool:
    """Whether one header that holds a key was sent twice."""
    names = [name for name, _ in scope["headers"] if name == b"authorization" or name in _KEY_HEADERS]
    return len(names) > len(set(names))


def has_arrived(scope: Scope) -> bool:
    """Whether all of the request's body is here already."""
    cycle: RequestResponseCycle = scope[CYCLE]
    return not cycle.more_body


async def _send_refusal(
    client: ClientSide, error: ClientError, shown: str, revision: str, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer a request that never became a call. A body still on its way is read off, so that the answer arrives."""
    body = client.encode_error(error.status, error.code, error.message, error.param, shown)
    extra: list[tuple[bytes, bytes]] = [
        (b"x-request-id", shown.encode()),
        (b"x-pointsman-revision", revision.encode()),
    ]
    if error.status == 401:
        extra.append((b"www-authenticate", b"Bearer"))
    if not has_arrived(scope):
        extra.append((b"connection", b"close"))
        await _send_json(error.status, body, extra, send, last=False)
        await read_off(receive)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return
    await _send_json(error.status, body, extra, send)


async def _send_json(
    status: int, body: bytes, extra: list[tuple[bytes, bytes]], send: Send, *, last: bool = True
) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"private, no-store"),
        *extra,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": not last})
