"""Our rules as tests: how a module opens, how long it may get, what it may never do; and what stands in lock files."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from markdown_pages import list_pages
from source_tree import ROOT, Module, parse_module, read_modules

LONGEST_DOCSTRING = 5
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
NAMES_OF_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "handler", "base"}
PUBLIC_DOOR = "manager/"
"""`ModelManager` is a name that users expect; behind it are nouns."""

FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load"}
FORBIDDEN_IMPORTS = {"pickle", "marshal", "shelve", "subprocess"}
MAY_IMPORT = {("simulator/process.py", "subprocess"), ("linting/choose_files.py", "subprocess")}
MAY_CALL = {("core/expressions/compile.py", "compile")}
"""The one module that turns checked conditions into code."""

RUNS_SQL = {"exec_driver_sql", "text", "execute", "executemany", "executescript"}
MAY_COMPOSE_SQL = {("storage/connections.py", "f'PRAGMA {pragma}'")}
"""A pragma takes no parameters; its values are constants of ours."""

HEAVY = ("fastapi", "sqlalchemy", "pydantic", "uvicorn", "alembic", "watchfiles", "yaml")
REGISTRIES = re.compile(
    r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|yarnpkg\.com|crates\.io|anaconda\.org|index-url"
)
LOCKED = re.compile(r"[a-z0-9-]+(?:\[[a-z,]+\])?==[\w.]+(?: ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?")


def open_with_the_rule_it_keeps(module: Module) -> Iterator[str]:
    said = ast.get_docstring(module.tree)
    if not module.name.endswith("__init__.py") and not said:
        yield "has no docstring"
    if said and len(said.splitlines()) > LONGEST_DOCSTRING:
        yield "opens with more than its rule"


def stay_short(module: Module) -> Iterator[str]:
    lines = len(module.text.splitlines())
    if lines > LONGEST_FILE:
        yield f"has {lines} lines"
    for function in module.list_functions():
        lines = (function.end_lineno or 0) - function.lineno + 1
        if lines > LONGEST_FUNCTION:
            yield f"{function.name} has {lines} lines"


def be_called_after_a_thing(module: Module) -> Iterator[str]:
    yield from NAMES_OF_NOTHING.intersection(module.name.removeprefix(PUBLIC_DOOR).removesuffix(".py").split("/"))


def run_no_text_and_no_process(module: Module) -> Iterator[str]:
    for call in FORBIDDEN_CALLS.intersection(name for name, _ in module.list_calls()):
        if (module.name, call) not in MAY_CALL:
            yield call
    for package in FORBIDDEN_IMPORTS.intersection(list_imports(module)):
        if (module.name, package) not in MAY_IMPORT:
            yield f"imports {package}"


def swallow_no_error(module: Module) -> Iterator[str]:
    for handler in module.walk():
        if not isinstance(handler, ast.ExceptHandler):
            continue
        caught = ast.unparse(handler.type) if handler.type else "everything"
        if all(isinstance(step, ast.Pass) for step in handler.body):
            yield f"line {handler.lineno} passes over {caught}"
        if caught in ("everything", "Exception", "BaseException") and not gives_reason(module, handler):
            yield f"line {handler.lineno} catches {caught} and does not say why"


def leave_nothing_for_later(module: Module) -> Iterator[str]:
    yield from re.findall(r"\b(?:TODO|FIXME|XXX)\b", module.text)


def pass_values_to_sql_as_parameters(module: Module) -> Iterator[str]:
    for name, call in module.list_calls():
        if name.rpartition(".")[2] in RUNS_SQL and call.args and is_composed(call.args[0]):
            statement = ast.unparse(call.args[0])
            if (module.name, statement) not in MAY_COMPOSE_SQL:
                yield f"line {call.lineno} runs {statement}"


RULES = {
    open_with_the_rule_it_keeps: "import os",
    stay_short: "def f():\n" + "    g()\n" * 60,
    be_called_after_a_thing: "",
    run_no_text_and_no_process: "import subprocess",
    swallow_no_error: "try:\n    f()\nexcept Exception:\n    g()",
    leave_nothing_for_later: "f()  # TODO: later",
    pass_values_to_sql_as_parameters: "connection.execute(text(f'SELECT {name}'))",
}
"""What every module does, and a module, `core/helpers.py`, that does not."""


@pytest.mark.parametrize("rule", RULES)
def test_every_module_keeps(rule: Callable[[Module], Iterator[str]]) -> None:
    assert [f"{module.name}: {breach}" for module in read_modules() for breach in rule(module)] == []


@pytest.mark.parametrize(("rule", "bad"), RULES.items())
def test_a_breach_is_noticed_of(rule: Callable[[Module], Iterator[str]], bad: str) -> None:
    assert list(rule(parse_module("core/helpers.py", bad)))


def list_imports(module: Module) -> Iterator[str]:
    """The packages that a module imports, wherever in it."""
    for node in module.walk():
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def gives_reason(module: Module, handler: ast.ExceptHandler) -> bool:
    """Whether a handler passes the error on, or has a comment."""
    lines = module.text.splitlines()[handler.lineno - 1 : handler.end_lineno]
    return any(isinstance(step, ast.Raise) for step in handler.body) or any("# " in line for line in lines)


def is_composed(statement: ast.expr) -> bool:
    """Whether a statement is put together where it is run: by an f-string, `%`, `+` or `format`."""
    return any(
        isinstance(node, ast.JoinedStr)
        or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod))
        or (isinstance(node, ast.Attribute) and node.attr == "format")
        for node in ast.walk(statement)
    )


@pytest.mark.parametrize("name", ["run.txt", "dev.txt"])
def test_a_lock_file_holds_names_versions_and_hashes_and_nothing_else(name: str) -> None:
    lines = (ROOT / "requirements" / name).read_text().splitlines()
    assert [line for line in lines if not (LOCKED.fullmatch(line) or HASH.fullmatch(line))] == []
    bare = [line for line, below in pairwise([*lines, ""]) if LOCKED.fullmatch(line) and not HASH.fullmatch(below)]
    assert bare == []
    assert len(lines) > 50


def test_what_is_run_is_part_of_what_is_tested() -> None:
    run, dev = (set((ROOT / "requirements" / name).read_text().splitlines()) for name in ("run.txt", "dev.txt"))
    assert {line for line in run if "==" in line} <= dev


def test_no_page_names_a_package_registry() -> None:
    assert [page.path.name for page in list_pages() if REGISTRIES.search(page.text)] == []


def test_the_command_line_starts_light() -> None:
    program = f"import sys, pointsman.cli.main; print(*(set({HEAVY!r}) & sys.modules.keys()))"
    command = [sys.executable, "-c", program]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert answer.stdout.split() == []
