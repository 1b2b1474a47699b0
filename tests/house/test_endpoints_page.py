"""docs/endpoints.md lists every path that clients may post to, what each asks for, and which dialects serve it."""

import pytest
from markdown_pages import read_page, spans_of

from pointsman.core.chat.client_json import ClientError
from pointsman.core.dialects.served import SERVED
from pointsman.server.routes import ROUTES, VERBS, find_route

PAGE = read_page("docs/endpoints.md")
POSTS = {
    spans_of(endpoint)[0].removeprefix("POST "): spans_of(operation)[0]
    for endpoint, _, operation in PAGE.list_rows("endpoint", "API", "asks for")
    if spans_of(endpoint)[0].startswith("POST ")
}
BODIES = {
    "/v1/chat/completions": b'{"model": "m", "messages": [{"role": "user", "content": "x"}]}',
    "/v1/messages": b'{"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}',
    "/v1/messages/count_tokens": b'{"model": "m", "messages": [{"role": "user", "content": "x"}]}',
    "/v2/chat": b'{"model": "m", "messages": [{"role": "user", "content": "x"}]}',
    "/v1/rerank": b'{"model": "m", "query": "x", "documents": ["x"]}',
    "/v2/rerank": b'{"model": "m", "query": "x", "documents": ["x"]}',
    "/v2/embed": b'{"model": "m", "texts": ["x"], "input_type": "image"}',
    "embedContent": b'{"content": {"parts": [{"text": "x"}]}}',
    "batchEmbedContents": b'{"requests": [{"content": {"parts": [{"text": "x"}]}}]}',
}
CONTENTS = b'{"contents": [{"parts": [{"text": "x"}]}]}'
INPUT = b'{"model": "m", "input": "x"}'


def test_the_page_lists_every_path_and_no_other() -> None:
    paths = {path.decode() for path in ROUTES} | {f"/v1beta/models/MODEL:{verb.decode()}" for verb in VERBS}
    assert POSTS.keys() == paths


@pytest.mark.parametrize("path", POSTS)
def test_each_path_asks_for_what_the_page_says(path: str) -> None:
    _, colon, verb = path.partition(":")
    body = BODIES.get(verb if colon else path, CONTENTS if colon else INPUT)
    route = ROUTES.get(path.encode()) or find_route(path.encode(), b"alt=sse")
    assert route is not None
    assert route.decode(body).operation == POSTS[path]
    with pytest.raises(ClientError):
        route.decode(b"{}")


def test_the_page_says_what_each_dialect_can_be_asked_for() -> None:
    stated = {
        spans_of(dialect)[0]: set(spans_of(served))
        for dialect, served in PAGE.list_rows("dialect of the provider", "can be asked for")
    }
    assert stated == SERVED
