"""Says which clients in a Python file surely lead to Pointsman, because only there an agent's name means something."""

import ast
import re
from collections import Counter

from pointsman.linting.python_clients import SPEAKS_TO_US, Imports, list_redirects

OWN_DOOR = "get_llm"

_OUR_ADDRESS = re.compile(r"pointsman|://(?:localhost|127\.0\.0\.1|\[::1\]):4100\b", re.IGNORECASE)
_CHAT = re.compile(
    r"\.(?:beta\.)?chat\.completions(?:\.with_raw_response|\.with_streaming_response)?\.(?:create|parse|stream)\Z"
)

NO_CHAT = "it is not a chat call of a client that Pointsman serves"
NOT_OURS = "nothing here says that this client leads to Pointsman; --assume-gateway does"


class Gateways:
    """The clients of a file whose base URL speaks of Pointsman, by the names that hold nothing else."""

    def __init__(self, tree: ast.Module, imports: Imports) -> None:
        self._imports = imports
        self._values = _list_assigned(tree)
        stored = _count_stores(tree)
        ours = Counter(name for name, value in self._values if self._is_ours(value))
        # What is imported by a star has any name.
        self._clients = {name for name, count in ours.items() if stored[name] == count and not stored["*"]}

    def refuse(self, call: ast.Call, assume_gateway: bool) -> str | None:
        """Why an agent's name may not stand in a call, or `None`."""
        origin = self._imports.origin_of(call.func)
        if origin.startswith("pointsman.") and origin.endswith(f".{OWN_DOOR}"):
            return None
        if origin in SPEAKS_TO_US:
            return None if assume_gateway or self._is_ours(call) else NOT_OURS
        called = ast.unparse(call.func)
        chat = _CHAT.search(called)
        if chat is None:
            return NO_CHAT
        is_ours = called[: chat.start()] in self._clients or self._is_constructed_there(call)
        return None if assume_gateway or is_ours else NOT_OURS

    def _is_constructed_there(self, call: ast.Call) -> bool:
        """Whether the call is chained to the construction: `OpenAI(base_url=...).chat.completions.create(...)`."""
        node = call.func
        while isinstance(node, ast.Attribute):
            node = node.value
        return self._is_ours(node)

    def _is_ours(self, value: ast.expr) -> bool:
        if not isinstance(value, ast.Call) or self._imports.origin_of(value.func) not in SPEAKS_TO_US:
            return False
        return any(self._speaks_of_us(redirect) for redirect in list_redirects(value))

    def _speaks_of_us(self, redirect: ast.expr) -> bool:
        if _OUR_ADDRESS.search(ast.unparse(redirect)):
            return True
        if not isinstance(redirect, ast.Name):
            return False
        written = [value for name, value in self._values if name == redirect.id]
        return len(written) == 1 and _OUR_ADDRESS.search(ast.unparse(written[0])) is not None


def _list_assigned(tree: ast.Module) -> list[tuple[str, ast.expr]]:
    """What plain assignments give to names and attributes, by how those are written: `self.client`."""
    found: list[tuple[str, ast.expr]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            found.append((ast.unparse(node.targets[0]), node.value))
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            found.append((ast.unparse(node.target), node.value))
    return found


def _count_stores(tree: ast.Module) -> Counter[str]:
    """How often each name gets a value, in whatever way: also as a parameter, in a loop, by an import."""
    stored: Counter[str] = Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and not isinstance(node.ctx, ast.Load):
            stored[ast.unparse(node)] += 1
        elif isinstance(node, ast.arg):
            stored[node.arg] += 1
        elif isinstance(node, ast.alias):
            stored[node.asname or node.name] += 1
        elif isinstance(node, ast.MatchAs | ast.MatchStar | ast.ExceptHandler) and node.name:
            stored[node.name] += 1
    return stored
