"""docs/checks.md lists every code that the checks note, with its severity; each code has a sentence for scanners."""

import ast
from collections.abc import Iterator
from typing import get_args

from markdown_pages import read_page, spans_of
from source_tree import read_modules, text_of

from pointsman.cli.problem_meanings import MEANINGS
from pointsman.core.expressions.mistake import Code

PAGE = read_page("docs/checks.md")
SOFTENED = "soften"
"""What gives a warning in place of an error, in files of another written form."""


def test_the_page_lists_every_code_of_the_checks_and_no_other() -> None:
    stated = {(*spans_of(code), severity) for code, severity, *_ in PAGE.list_rows("code", "severity")}
    noted = {*list_codes(), *((code, "error") for code in get_args(Code)), ("suspicious_shrink", "warning")}
    assert len(noted) > 20
    assert stated == noted


def test_every_code_has_a_sentence() -> None:
    pages = (PAGE, read_page("docs/configuration.md"))
    codes = {code for page in pages for row in page.list_rows("code", "severity") for code in spans_of(row[0])}
    assert codes <= MEANINGS.keys()
    assert all(sentence.endswith(".") for sentence in MEANINGS.values())


def list_codes() -> Iterator[tuple[str, str]]:
    """Each code that a check notes, and how severely at worst."""
    for module in read_modules("core/config/checks"):
        for name, call in module.list_calls():
            if name.rpartition(".")[2] != "add" or len(call.args) < 2 or text_of(call.args[1]) is None:
                continue
            stated = next((keyword.value for keyword in call.keywords if keyword.arg == "severity"), None)
            assert stated is None or text_of(stated) or SOFTENED in ast.unparse(stated)
            yield text_of(call.args[1]) or "", text_of(stated) or "error"
