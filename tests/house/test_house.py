"""Our rules as tests: how a module opens, how long it may get, and what it may never do."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from markdown_pages import list_pages
from source_tree import ROOT, Module, read_modules

MODULES = read_modules()
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
NAMES_OF_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "handler", "base"}

FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load"}
FORBIDDEN_IMPORTS = {"pickle", "marshal", "shelve", "subprocess"}
MAY_START_PROCESSES = {"simulator/process.py"}

RUNS_SQL = {"exec_driver_sql", "text", "execute", "executemany", "executescript"}
MAY_COMPOSE_SQL = {("storage/connections.py", "f'PRAGMA {pragma}'")}
"""A pragma takes no parameters; its values are constants of ours."""

HEAVY = ("fastapi", "sqlalchemy", "pydantic", "uvicorn", "alembic", "watchfiles", "yaml")
REGISTRIES = re.compile(
    r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|yarnpkg\.com|crates\.io|anaconda\.org|index-url"
)
LOCKED = re.compile(r"[a-z0-9-]+(?:\[[a-z,]+\])?==[\w.]+(?: ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?")


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
class TestEachModule:
    def test_opens_with_its_rule(self, module: Module) -> None:
        if not module.name.endswith("__init__.py"):
            said = ast.get_docstring(module.tree)
            assert said and len(said.splitlines()) <= 5

    def test_is_short(self, module: Module) -> None:
        assert len(module.text.splitlines()) <= LONGEST_FILE
        for function in module.list_functions():
            assert (function.end_lineno or 0) - function.lineno < LONGEST_FUNCTION, function.name

    def test_is_called_after_a_thing(self, module: Module) -> None:
        assert NAMES_OF_NOTHING.isdisjoint(module.name.removesuffix(".py").split("/"))

    def test_runs_no_text_and_no_process(self, module: Module) -> None:
        assert FORBIDDEN_CALLS.isdisjoint(name for name, _ in module.list_calls())
        if module.name not in MAY_START_PROCESSES:
            assert FORBIDDEN_IMPORTS.isdisjoint(list_imports(module))

    def test_swallows_no_error(self, module: Module) -> None:
        for handler in list_handlers(module):
            assert handler.type is not None, f"bare except in line {handler.lineno}"
            assert not all(isinstance(step, ast.Pass) for step in handler.body), f"line {handler.lineno}"
            if is_broad(handler):
                assert gives_reason(module, handler), f"line {handler.lineno} catches everything and does not say why"

    def test_leaves_nothing_for_later(self, module: Module) -> None:
        assert not re.search(r"\b(?:TODO|FIXME|XXX)\b", module.text)

    def test_passes_values_to_sql_as_parameters(self, module: Module) -> None:
        for name, call in module.list_calls():
            if name.rpartition(".")[2] in RUNS_SQL and call.args and is_composed(call.args[0]):
                assert (module.name, ast.unparse(call.args[0])) in MAY_COMPOSE_SQL, f"line {call.lineno}"


def list_imports(module: Module) -> Iterator[str]:
    """The packages that a module imports, wherever in it."""
    for node in module.walk():
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def list_handlers(module: Module) -> Iterator[ast.ExceptHandler]:
    return (node for node in module.walk() if isinstance(node, ast.ExceptHandler))


def is_broad(handler: ast.ExceptHandler) -> bool:
    return handler.type is not None and ast.unparse(handler.type) in ("Exception", "BaseException")


def gives_reason(module: Module, handler: ast.ExceptHandler) -> bool:
    """Whether a handler passes the error on, or has a comment."""
    lines = module.text.splitlines()[handler.lineno - 1 : handler.end_lineno]
    return any(isinstance(step, ast.Raise) for step in handler.body) or any("# " in line for line in lines)


def is_composed(statement: ast.expr) -> bool:
    """Whether a statement is put together where it is run: by an f-string, `%`, `+` or `format`."""
    return any(
        isinstance(node, ast.JoinedStr | ast.BinOp) or (isinstance(node, ast.Attribute) and node.attr == "format")
        for node in ast.walk(statement)
    )


@pytest.mark.parametrize("name", ["run.txt", "dev.txt"])
def test_a_lock_file_holds_names_versions_and_hashes_and_nothing_else(name: str) -> None:
    lines = (ROOT / "requirements" / name).read_text().splitlines()
    after_package = False
    for line in lines:
        if LOCKED.fullmatch(line):
            assert not after_package, f"no hash before {line}"
            after_package = True
        else:
            assert HASH.fullmatch(line), line
            after_package = False
    assert len(lines) > 50 and not after_package


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
