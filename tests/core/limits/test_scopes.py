"""A scope is read as the checks of documents read it."""

import pytest

from pointsman.core.limits.scopes import NARROWEST_FIRST, read_scope


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("total", ("total", "")),
        ("cloud", ("cloud", "")),
        ("agent:writer", ("agent", "writer")),
        ("model:gpt-4o:latest", ("model", "gpt-4o:latest")),
        ("tag: nightly", ("tag", " nightly")),
        ("session:x", ("session", "x")),
        ("user:*", ("user", "*")),
    ],
)
def test_scopes(text: str, scope: tuple[str, str]) -> None:
    assert read_scope(text) == scope


@pytest.mark.parametrize("text", ["", ":", "total:", "cloud:all", "agent", "agent:", "session:", "Total", ":x"])
def test_what_is_no_scope(text: str) -> None:
    assert read_scope(text) is None


def test_every_kind_has_one_place_in_the_order() -> None:
    assert len(set(NARROWEST_FIRST)) == len(NARROWEST_FIRST) == 11
