"""What stands before the admin API: the key is asked for first, and a body is taken in only within bounds."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from pointsman.core.chat.client_json import ClientError
from pointsman.server.access import AdminAccess
from pointsman.server.asgi import Receive, Scope, Send
from pointsman.server.connection import CYCLE
from pointsman.server.errors import OperatorError, encode_problem
from pointsman.server.request_body import ClientDisconnectedError, read_body, read_off
from pointsman.server.request_ids import new_request_id, shown_id

MOST_BODY_BYTES = 2**20
GUARDED = (b"/api/", b"/openapi.json")

Application = Callable[[Scope, Receive, Send], Awaitable[None]]


async def pass_door(
    scope: Scope, receive: Receive, send: Send, access: AdminAccess, inside: Application, revision: str
) -> None:
    """Let a request in to everything that is not inference; every answer carries its request id and the revision."""
    headers = dict(scope["headers"])
    request_id = shown_id(new_request_id(), headers.get(b"x-request-id")).encode()

    async def send_named(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            named = any(name == b"x-request-id" for name, _ in message["headers"])
            added = [(b"x-pointsman-revision", revision.encode())]
            message["headers"] = [*message["headers"], *added, *([] if named else [(b"x-request-id", request_id)])]
        await send(message)

    has_arrived = not scope[CYCLE].more_body
    try:
        if scope["raw_path"].startswith(GUARDED):
            access.require(headers.get(b"authorization", b"").decode("latin-1"))
        body = await read_body(receive, has_arrived=has_arrived, most_bytes=MOST_BODY_BYTES)
    except ClientDisconnectedError:
        return
    except (OperatorError, ClientError) as error:
        await _refuse(error, has_arrived, receive, send_named)
        return
    await inside(scope, _replay(body, receive), send_named)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body that was read, and then what else happens."""
    messages: list[MutableMapping[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> MutableMapping[str, Any]:
        return messages.pop() if messages else await receive()

    return receive_again


async def _refuse(error: OperatorError | ClientError, has_arrived: bool, receive: Receive, send: Send) -> None:
    detail = error.detail if isinstance(error, OperatorError) else error.message
    body = encode_problem(error.status, error.code, detail)
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", b"%d" % len(body))]
    if error.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if not has_arrived:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": not has_arrived})
    if not has_arrived:
        await read_off(receive)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
