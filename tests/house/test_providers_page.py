"""docs/providers.md is what its tool writes of the catalogue, and its other tables are those of the code."""

import importlib.util
from typing import get_args

from markdown_pages import read_page, spans_of
from source_tree import ROOT

from pointsman.control.configuration import build_surroundings
from pointsman.core.catalog.catalog import Auth
from pointsman.core.config.compile import compile_config
from pointsman.core.config.provider_facts import choose_auth
from pointsman.core.config.sections.providers import Dialect, Provider
from pointsman.core.config.source import Source

PAGE = read_page("docs/providers.md")


def test_the_page_is_fresh() -> None:
    specification = importlib.util.spec_from_file_location("write_providers", ROOT / "tools" / "write_providers.py")
    assert specification is not None and specification.loader is not None
    tool = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(tool)
    assert tool.write_providers() == PAGE.text, "run python tools/write_providers.py"


def test_each_dialect_is_listed_with_the_way_of_its_key() -> None:
    stated = {spans_of(name)[0]: spans_of(auth)[0] for name, _, auth, _ in PAGE.list_rows("`dialect`")}
    assert stated == {
        name: choose_auth(Provider.model_validate({"dialect": name}), None, name) for name in get_args(Dialect)
    }


def test_each_way_for_a_key_is_listed() -> None:
    assert [spans_of(name)[0] for name, _ in PAGE.list_rows("`auth`")] == list(get_args(Auth))


def test_each_example_compiles() -> None:
    documents = PAGE.list_blocks("yaml")
    assert documents
    for document in documents:
        source = Source("pointsman.yaml", document.encode())
        compiled = compile_config((source,), build_surroundings({"OPENAI_API_KEY": "set"}, "production"))
        assert compiled.snapshot is not None, "\n".join(map(str, compiled.problems))
