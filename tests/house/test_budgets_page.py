"""docs/budgets.md lists actions, scopes, windows, fields, codes and headers as the code has them."""

from typing import get_args

import pytest
from markdown_pages import read_page, spans_of

from pointsman.control.budget_rows import list_budget_rows
from pointsman.control.limit_rules import LONGEST_RETRY_S
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.limits.claims import Shortage, ShortOf
from pointsman.core.limits.families import MOST_NAMES
from pointsman.core.limits.forecast import BudgetState
from pointsman.core.limits.in_use import WindowUse
from pointsman.core.limits.rate_view import RateLeft, RateView, write_rate_headers
from pointsman.core.limits.scopes import KINDS_FOR_EACH, NARROWEST_FIRST, OnExceed
from pointsman.core.limits.windows import WindowKind
from pointsman.relay.holding import LimitReached
from pointsman.server.admin.budgets import view_budget

PAGE = read_page("docs/budgets.md")
CODE = set(PAGE.list_code())


def test_the_page_lists_every_action() -> None:
    assert [spans_of(row[0])[0] for row in PAGE.list_rows("`on_exceed`", "what it does")] == list(get_args(OnExceed))


def test_the_page_names_every_scope_window_and_state() -> None:
    assert set(NARROWEST_FIRST) | set(get_args(WindowKind)) | set(get_args(BudgetState)) <= CODE
    sentence = next(line for line in PAGE.text.splitlines() if line.startswith("session or agent is a budget for each"))
    assert f"{MOST_NAMES:,}" in sentence
    before = PAGE.text.partition(sentence)[0].rpartition("`*`")[2] + sentence
    assert all(kind in before for kind in KINDS_FOR_EACH)


def test_the_page_lists_every_field_of_a_budget() -> None:
    use = WindowUse("b", ("total", ""), "day", "UTC", "deny", 0, 86_400_000, 10, 1, 0, 0)
    (row,) = list_budget_rows([use], Snapshot("", "", {}, {}), 0)
    listed = [name for names, _ in PAGE.list_rows("field", "what it is") for name in spans_of(names)]
    assert sorted(listed) == sorted(view_budget(row))


@pytest.mark.parametrize("of", get_args(ShortOf))
def test_the_page_lists_what_a_refused_request_sees(of: ShortOf) -> None:
    refused = LimitReached(Shortage(of, "b", "team:alpha", "month", 10, 0, 1.0))
    listed = {spans_of(code)[0]: int(status) for status, code, _ in PAGE.list_rows("status", "`code`", "when")}
    assert listed[refused.code] == refused.status


def test_the_page_names_the_headers_and_the_longest_wait() -> None:
    headers = write_rate_headers(RateView(requests=RateLeft(1, 1, 1)))
    assert {name.decode() for name, _ in headers} <= CODE
    assert LONGEST_RETRY_S == 86_400 and "more than a day off" in PAGE.text
