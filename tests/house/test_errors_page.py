"""docs/errors.md lists every status and code that a client can get, and nothing that it cannot."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise

from markdown_pages import read_page, spans_of
from source_tree import Module, read_modules, text_of

from pointsman.core.chat.failures import POLICIES
from pointsman.core.routing.decision import REFUSAL_STATUS

PAGE = read_page("docs/errors.md")
SPEAKS_TO_CLIENTS = ("core/chat", "core/dialects", "core/routing", "relay", "server")

Answer = tuple[int, str]


def test_the_page_lists_every_error_and_no_other() -> None:
    stated = {(int(status), *spans_of(code)) for status, code, *_ in PAGE.list_rows("status", "code")}
    answers = {answer for module in read_modules(*SPEAKS_TO_CLIENTS) for answer in list_answers(module)}
    assert len(answers) > 40
    assert stated == answers


def test_the_page_says_after_which_failures_the_next_model_is_tried() -> None:
    stated = {
        (status, *spans_of(code), tried) for status, code, tried, *_ in PAGE.list_rows("status", "code", "next model")
    }
    policies = {(str(policy.status), policy.code, "yes" if policy.try_next else "no") for policy in POLICIES.values()}
    assert stated == policies


def test_the_first_failures_listed_are_those_whose_message_is_passed_on() -> None:
    shown = {policy.code for policy in POLICIES.values() if policy.show_upstream}
    first = [code for _, code, *_ in PAGE.list_rows("status", "code", "next model")[: len(shown)]]
    assert {span for code in first for span in spans_of(code)} == shown


def test_the_page_names_the_codes_within_a_list_of_errors() -> None:
    (application,) = (module for module in read_modules("server") if module.name == "server/application.py")
    (translation,) = (found for found in application.list_functions() if found.name == "_code_of")
    (table,) = (node for node in ast.walk(translation) if isinstance(node, ast.Call))
    assert isinstance(table.func, ast.Attribute) and isinstance(table.func.value, ast.Dict)
    codes = {text_of(node) for node in (*table.func.value.values, *table.args[1:])}
    assert codes <= set(PAGE.list_code())


def list_answers(module: Module) -> Iterator[Answer]:
    """Each constant status with a constant code beside it: in a call, or as the key of a code and a sentence."""
    for node in module.walk():
        if isinstance(node, ast.Call):
            yield from _list_pairs(node.args)
            yield from _read_refusal(node)
            yield from _read_word(node, module)
            yield from _read_check(node, module)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if key is not None and isinstance(value, ast.Tuple):
                    yield from _list_pairs([key, value.elts[0]])


def _list_pairs(nodes: list[ast.expr]) -> Iterator[Answer]:
    for first, second in pairwise(nodes):
        status, code = getattr(first, "value", None), text_of(second)
        if isinstance(status, int) and 400 <= status < 600 and code and re.fullmatch(r"[a-z0-9_]+", code):
            yield status, code


def _read_word(call: ast.Call, module: Module) -> Iterator[Answer]:
    """What a caller says beside its request is refused with a status that stands in one place for all words."""
    is_of_words = module.name == "core/routing/said.py" and ast.unparse(call.func) in ("_refuse", "_build_error")
    code = text_of(call.args[0]) if is_of_words else None
    if code:
        yield 400, code


def _read_check(call: ast.Call, module: Module) -> Iterator[Answer]:
    """What a format refuses in a client's request is refused with a status that stands in one place for all codes."""
    code = text_of(call.args[0]) if call.args and ast.unparse(call.func) in ("refuse", "_refuse") else None
    if code and module.name.startswith(("core/dialects/", "relay/order")) and re.fullmatch(r"[a-z]+_[a-z_]+", code):
        yield 400, code


def _read_refusal(call: ast.Call) -> Iterator[Answer]:
    """A refusal of routing becomes an answer with its code."""
    code = text_of(call.args[0]) if ast.unparse(call.func) == "Refusal" and call.args else None
    if code:
        yield REFUSAL_STATUS[code], code
