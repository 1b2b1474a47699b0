"""Our own source as trees: what is called, with which arguments, and which texts stand in it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "pointsman"


@dataclass(frozen=True)
class Module:
    """One file of the package; `name` is its path below it, such as `core/chat/money.py`."""

    name: str
    text: str
    tree: ast.Module

    def walk(self) -> Iterator[ast.AST]:
        return ast.walk(self.tree)

    def list_calls(self) -> Iterator[tuple[str, ast.Call]]:
        """Each call and what is called, as it is written: `yaml.parse`."""
        return ((ast.unparse(node.func), node) for node in self.walk() if isinstance(node, ast.Call))

    def list_texts(self) -> Iterator[str]:
        """Each constant text, whether of characters or of bytes."""
        for node in self.walk():
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
            elif isinstance(node, ast.Constant) and isinstance(node.value, bytes):
                yield node.value.decode("latin-1")

    def list_functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        return (node for node in self.walk() if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@cache
def read_modules(*folders: str) -> tuple[Module, ...]:
    """Every module of the package, or of some of its folders, in the order of their names."""
    paths = sorted(path for folder in folders or (".",) for path in (PACKAGE / folder).rglob("*.py"))
    return tuple(_read_module(path) for path in paths)


@cache
def _read_module(path: Path) -> Module:
    return parse_module(path.relative_to(PACKAGE).as_posix(), path.read_text(encoding="utf-8"))


def parse_module(name: str, text: str) -> Module:
    """A module of this name and text."""
    return Module(name, text, ast.parse(text))


def text_of(node: ast.AST | None) -> str | None:
    """The value of a constant text, `None` for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
