"""Of a client's headers a provider gets lists of names and nothing else, for headers are not searched."""

import pytest

from pointsman.server.inference import pass_on_headers

NAME = b"anthropic-beta"


@pytest.mark.parametrize(
    "value",
    [
        b"files-api-2025-04-14",
        b"claude-code-20250219,context-management-2025-06-27, interleaved-thinking-2025-05-14",
        b",".join([b"a" * 64] * 32),
    ],
)
def test_names_of_betas_go_on(value: bytes) -> None:
    assert pass_on_headers({NAME: value, b"cookie": value}, (NAME,)) == ((NAME, value),)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"my password is Tr0ub4dor",
        b"call 555 0100",
        b"ada@example.org",
        b"a=b; c=d",
        b"a,,b",
        b"a,  b",
        b"a,b,",
        b"a\r\nx-api-key: b",
        b"a" * 65,
        b",".join([b"a"] * 33),
    ],
)
def test_whatever_else_there_is_stays_here(value: bytes) -> None:
    assert pass_on_headers({NAME: value}, (NAME,)) == ()
