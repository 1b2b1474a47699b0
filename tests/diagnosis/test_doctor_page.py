"""docs/doctor.md lists every check and every line of a body of rules, and no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from pointsman.diagnosis.compliance import BODIES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
CHECK_OF_ONE = re.compile(r"check = f'([^']+) \{name\}'")
MAKES_A_FINDING = {"good", "warn", "wrong", "skip"}


def list_checks() -> Iterator[str]:
    """The names of the checks as the code has them; those of providers with NAME in place of the provider's."""
    for path in (ROOT / "src" / "pointsman" / "diagnosis").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_finding = isinstance(node, ast.Call) and ast.unparse(node.func) in MAKES_A_FINDING
            if is_finding and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)
            elif isinstance(node, ast.Assign) and (named := CHECK_OF_ONE.fullmatch(ast.unparse(node))):
                yield f"{named[1]} NAME"


def list_first_cells(head: str) -> list[str]:
    table = PAGE.partition(f"| {head} |")[2].partition("\n\n")[0]
    return [cell for line in table.splitlines()[2:] for cell in re.findall(r"`([^`]+)`", line.split("|")[1])]


def test_every_check_is_on_the_page() -> None:
    assert set(list_first_cells("check")) == set(list_checks())


def test_every_body_and_every_line_is_on_the_page() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (`\w+\..*`) \|$", PAGE, re.MULTILINE)
    stated = {body: re.findall(r"`([^`]+)`", lines) for body, lines in rows}
    assert stated == {body: [f"{short}.{name}" for name in judged] for body, (short, judged) in BODIES.items()}
    assert set(list_first_cells("line")) == {name for _, judged in BODIES.values() for name in judged}
