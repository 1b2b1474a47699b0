"""A text with several files printed in it is split where a comment names one, and its lines keep their numbers."""

from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.config.forms.printed_files import split_printed_files
from pointsman.core.config.source import Source

TWO = b"""\
# config/environments/production.yaml
routing:
  a: 1

# config/environments/development.yaml
routing:
  b: 2
"""


def split(content: bytes) -> list[tuple[str | None, bytes]]:
    return [(part.environment, part.content) for part in split_printed_files(Source("printed.yaml", content))]


def test_each_file_is_the_overlay_of_its_environment_and_keeps_its_lines() -> None:
    (first, production), (second, development) = split(TWO)
    assert (first, second) == ("production", "development")
    assert production == b"".join(TWO.splitlines(keepends=True)[:4])
    assert development.splitlines()[5] == b"routing:"
    assert development.splitlines()[:4] == [b""] * 4


def test_what_stands_before_the_first_name_is_a_file_too() -> None:
    parts = split(b"routing: {}\n" + TWO)
    assert [environment for environment, _ in parts] == [None, "production", "development"]


def test_other_names_are_parts_of_the_document() -> None:
    parts = split(b"# config/models.yaml\nmodels: {}\n# config/more.yml\nmodels: {}\n")
    assert [environment for environment, _ in parts] == [None, None]


def test_a_text_that_can_be_read_as_it_stands_is_left_alone() -> None:
    for content in (
        b"",
        b"# a.yaml\nmodels: {}\nagents: {}\n",
        b"models: {}\nmodels: {}\n",
        b"# see a.yaml, please\na: 1\na: 2\n",
    ):
        assert split(content) == [(None, content)]


@given(st.binary(max_size=200) | st.text(alphabet="#a.yml: \n/'\"", max_size=200).map(str.encode))
def test_no_line_is_lost_or_moved(content: bytes) -> None:
    lines = content.splitlines(keepends=True)
    parts = split_printed_files(Source("any.yaml", content))
    assert sum(len(part.content.splitlines(keepends=True)) for part in parts[-1:]) == len(lines)
    for part in parts:
        kept = part.content.splitlines(keepends=True)
        assert all(kept[at] in (lines[at], b"\n") for at in range(len(kept)))
