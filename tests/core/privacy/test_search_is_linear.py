"""No text makes a search slow: each pattern is of a form that looks at a character a bounded number of times."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from re import _constants, _parser  # type: ignore[attr-defined]

import pytest

import pointsman.core.privacy as package
from pointsman.core.privacy.key_shapes import KEY_SHAPES

MOST_REPEATS = 2_000
REPEATS = {_constants.MAX_REPEAT, _constants.MIN_REPEAT}


def list_patterns() -> dict[str, re.Pattern[str] | re.Pattern[bytes]]:
    """Every compiled pattern of the package, by module and name."""
    found: dict[str, re.Pattern[str] | re.Pattern[bytes]] = {}
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        for name, value in vars(module).items():
            members = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else (value,)
            for at, member in enumerate(members):
                parts = member if isinstance(member, tuple) else (member,)
                found |= {f"{info.name}.{name}.{at}": part for part in parts if isinstance(part, re.Pattern)}
    return found


PATTERNS = list_patterns()


def find_slowness(tree: _parser.SubPattern, within: int = 1) -> Iterator[str]:
    """What could make a match take more than a bounded number of steps for each place that it begins at."""
    for at, (kind, value) in enumerate(tree):
        is_last = at == len(tree) - 1
        if kind in REPEATS:
            _, most, body = value
            is_single = len(body) == 1 and body[0][0] in (_constants.IN, _constants.LITERAL, _constants.ANY)
            if most == _constants.MAXREPEAT:
                if within > 1 or not is_single:
                    yield "an endless repetition within or of something longer"
                elif not is_last and not ends_at_once(body, tree[at + 1]):
                    yield "an endless repetition that may give back"
            elif most * within > MOST_REPEATS:
                yield f"{most} x {within} repetitions"
            yield from find_slowness(body, within * (1 if most == _constants.MAXREPEAT else max(1, most)))
        elif kind is _constants.SUBPATTERN:
            yield from find_slowness(value[-1], within)
        elif kind is _constants.BRANCH:
            for branch in value[1]:
                yield from find_slowness(branch, within)
        elif kind in (_constants.ASSERT, _constants.ASSERT_NOT):
            yield from find_slowness(value[1], within)


def ends_at_once(body: _parser.SubPattern, after: tuple[object, object]) -> bool:
    """Whether the sign after a repetition is none that it takes: giving back would not help, and stops at once."""
    kind, value = after
    return kind is _constants.LITERAL and re.fullmatch(rebuild(body), chr(value)) is None  # type: ignore[arg-type]


def rebuild(body: _parser.SubPattern) -> str:
    """A single sign or class as it was written."""
    kind, value = body[0]
    if kind is not _constants.IN:
        return re.escape(chr(value)) if kind is _constants.LITERAL else "."
    spans = ((what, what) if part is _constants.LITERAL else what for part, what in value)
    return "[" + "".join(f"\\x{first:02x}-\\x{last:02x}" for first, last in spans) + "]"


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_has_no_slow_form(name: str) -> None:
    pattern = PATTERNS[name]
    text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    assert list(find_slowness(_parser.parse(text, pattern.flags & re.IGNORECASE))) == []


@pytest.mark.parametrize("slow", ["(a+)+", "(?:a*b)*c", "[ab]+b", "(?:x{1000}){1000}", ".*x"])
def test_a_slow_form_is_noticed(slow: str) -> None:
    assert list(find_slowness(_parser.parse(slow)))


def test_all_patterns_were_looked_at() -> None:
    assert len(PATTERNS) >= 25
    assert {name.partition(".")[0] for name in PATTERNS} >= {"emails", "phones", "keys", "secret_values", "reading"}


def test_a_token_that_may_fail_late_begins_only_where_a_word_does() -> None:
    """Otherwise each `-eyJ` of a long word would look at all of the rest of it."""
    late = [shape for shape in KEY_SHAPES if re.search(r"[,}]\}\\\.", shape.pattern)]
    assert {shape.owner for shape in late} <= {"JSON Web Token", "SendGrid", "Terraform Cloud"}
    assert all(shape.pattern.startswith(("(?<![_-])", r"SG\.", "[A-Za-z0-9]{14}")) for shape in late)
