"""The one table of routes: inference by hand for speed, everything else through FastAPI behind the admin key."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from pointsman.core.config.inline_secrets import holds_secret
from pointsman.core.config.problems import MOST_ECHOED
from pointsman.core.dialects.dialect import ClientSide
from pointsman.core.dialects.openai_chat.errors import encode_error
from pointsman.core.ports import StorageUnavailable
from pointsman.server.access import AdminAccess
from pointsman.server.admin_door import pass_door
from pointsman.server.asgi import Receive, Scope, Send
from pointsman.server.connection import CYCLE
from pointsman.server.errors import OperatorError, encode_problem
from pointsman.server.inference import Inference
from pointsman.server.request_ids import new_request_id
from pointsman.server.routes import ROUTES, find_client, find_route

_INFERENCE = (b"/v1/", b"/v1beta/", b"/v2/")
PROBLEM = "application/problem+json"
Endpoint = Callable[[Scope, Receive, Send], Awaitable[None]]


class Application:
    """The ASGI application; a request's path is matched as it came, and rights hang on the matched route."""

    def __init__(self, inference: Inference, rest: FastAPI, access: AdminAccess) -> None:
        self._rest = rest
        self._access = access
        self._snapshot = inference.snapshot
        self._inference: dict[tuple[str, bytes], Endpoint] = {
            ("GET", b"/v1/models"): inference.get_models,
            ("GET", b"/v1beta/models"): inference.get_models,
            **{("POST", path): partial(inference.post, route) for path, route in ROUTES.items()},
        }
        self._post = inference.post
        self._get_model = inference.get_models

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        endpoint = self._inference.get((scope["method"], scope["raw_path"]))
        if endpoint is None and scope["raw_path"].startswith(_INFERENCE):
            endpoint = self._find_unusual(scope)
        try:
            if endpoint is not None:
                await endpoint(scope, receive, send)
            else:
                await pass_door(scope, receive, send, self._access, self._rest, self._snapshot().revision)
        finally:
            # The scope and its cycle hold one another: a ring for the garbage collector with every request.
            del scope[CYCLE]

    def _find_unusual(self, scope: Scope) -> Endpoint | None:
        """What answers beside the common calls: models by their names, and the wrong method."""
        path = scope["raw_path"]
        route = find_route(path, scope["query_string"])
        if scope["method"] == "POST" and route is not None:
            return partial(self._post, route)
        if scope["method"] == "GET" and route is None and path.startswith((b"/v1/models/", b"/v1beta/models/")):
            return self._get_model
        allowed = [method for method, known in self._inference if known == path]
        if route is not None:
            allowed = ["POST"]
        if allowed or not path.startswith(b"/v1/"):
            return _refuse_path(find_client(path), allowed)
        return None


def _refuse_path(client: ClientSide, allowed: list[str]) -> Endpoint:
    """What is wrong with a method, or where no method is right with a path, in the shape of whoever asks."""
    request_id, headers = new_request_id(), {"allow": ", ".join(allowed)} if allowed else {}
    if allowed:
        status, code, message = 405, "method_not_allowed", f"Only {' and '.join(allowed)} may be sent here."
    else:
        status, code, message = 404, "not_found", "Nothing is at this path; see docs/endpoints.md for what there is."
    body = client.encode_error(status, code, message, None, request_id)
    return Response(body, status, headers | {"x-request-id": request_id}, media_type="application/json")


def build_rest(operations: APIRouter, admin: Sequence[APIRouter], access: AdminAccess) -> FastAPI:
    """Everything that is not inference. `admin` routers need the admin key, and so does the OpenAPI document."""
    rest = FastAPI(title="Pointsman", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    guarded = [Depends(access.require)]
    rest.include_router(operations)
    for router in admin:
        rest.include_router(router, dependencies=guarded)

    @rest.get("/openapi.json", dependencies=guarded, include_in_schema=False)
    async def describe_api() -> dict[str, object]:
        return rest.openapi()

    rest.add_exception_handler(OperatorError, _answer_operator_error)
    rest.add_exception_handler(StorageUnavailable, _answer_unavailable)
    rest.add_exception_handler(RequestValidationError, _answer_invalid)
    rest.add_exception_handler(HTTPException, _answer_unmatched)
    rest.add_exception_handler(Exception, _answer_fault)
    return rest


async def _answer_operator_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, OperatorError)
    headers = {"www-authenticate": "Bearer"} if error.status == 401 else {}
    body = encode_problem(error.status, error.code, error.detail, error.errors)
    return Response(body, error.status, headers, media_type=PROBLEM)


async def _answer_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors: list[dict[str, object]] = [
        {"path": _write_path(found["loc"][1:]), "code": _code_of(found["type"]), "message": found["msg"]}
        for found in error.errors()[:50]
    ]
    body = encode_problem(422, "invalid_request", "The request is not valid; see errors.", errors)
    return Response(body, 422, media_type=PROBLEM)


async def _answer_unavailable(request: Request, error: Exception) -> Response:
    """The keys that are known stay good, and requests for models go on; only what is stored has to wait."""
    detail = str(error)
    if request.method != "GET":
        detail += "; the change may have been made nevertheless: look before you send it again"
    return _problem(503, "database_unavailable", detail, {"retry-after": "2"})


async def _answer_fault(request: Request, error: Exception) -> Response:
    """What no one foresaw; the server logs it, and the answer says no more than that."""
    return _problem(500, "internal_error", "Pointsman itself failed; its log says more.", {})


def _write_path(steps: tuple[int | str, ...]) -> str:
    """Where a value stands in the body; a name that looks like a key is not repeated."""
    return "/" + "/".join("..." if holds_secret(str(step)) else str(step)[:MOST_ECHOED] for step in steps)


def _code_of(kind: str) -> str:
    return {
        "extra_forbidden": "unknown_field",
        "missing": "missing_field",
        "invalid_money": "invalid_money",
    }.get(kind, "invalid_value")


async def _answer_unmatched(request: Request, error: Exception) -> Response:
    """Unknown paths and methods: in OpenAI's shape where OpenAI's clients look, else problem details."""
    assert isinstance(error, HTTPException)
    known = {404: ("not_found", "There is nothing at this path."), 405: ("method_not_allowed", "Not by this method.")}
    code, message = known.get(error.status_code, ("bad_request", "The request cannot be served."))
    headers = dict(error.headers or {})
    if not request.url.path.startswith("/v1/"):
        return _problem(error.status_code, code, message, headers)
    return _openai_error(error.status_code, code, message, headers)


def _openai_error(status: int, code: str, message: str, headers: dict[str, str]) -> Response:
    request_id = new_request_id()
    body = encode_error(status, code, message, None, request_id)
    return Response(body, status, headers | {"x-request-id": request_id}, media_type="application/json")


def _problem(status: int, code: str, detail: str, headers: dict[str, str]) -> Response:
    return Response(encode_problem(status, code, detail), status, headers, media_type=PROBLEM)
