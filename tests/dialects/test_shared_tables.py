"""Efforts and budgets of thinking, and bytes within URLs: what several formats share."""

from typing import get_args

import pytest

from pointsman.core.chat.conversation import Effort
from pointsman.core.dialects.data_urls import split_data_url, write_data_url
from pointsman.core.dialects.thinking import budget_for, effort_for


@pytest.mark.parametrize("effort", get_args(Effort))
def test_an_effort_comes_back_from_its_budget(effort: Effort) -> None:
    assert effort_for(budget_for(effort)) == effort


@pytest.mark.parametrize(("budget", "effort"), [(-1, "medium"), (1, "minimal"), (8193, "high"), (10**9, "xhigh")])
def test_a_budget_fits_into_an_effort(budget: int, effort: str) -> None:
    assert effort_for(budget) == effort


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("data:image/png;base64,AA==", ("image/png", "AA==")),
        ("DATA:Image/PNG;name=a.png;BASE64,AA==", ("image/png", "AA==")),
        ("data:;base64,AA==", ("", "AA==")),
        ("data:text/plain,hello", None),
        ("data:image/png;base64", None),
        ("data:" + "x" * 300 + ";base64,AA==", None),
        ("https://example.com/a.png", None),
        ("", None),
    ],
)
def test_splits_data_urls(url: str, parts: tuple[str, str] | None) -> None:
    assert split_data_url(url) == parts


def test_writes_data_urls() -> None:
    assert write_data_url("image/png", "AA==") == "data:image/png;base64,AA=="
    assert split_data_url(write_data_url("", "AA==")) == ("application/octet-stream", "AA==")
