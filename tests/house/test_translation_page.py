"""docs/translation.md is what its tool writes of the code that translates."""

import importlib.util

from markdown_pages import read_page
from source_tree import ROOT

from pointsman.core.dialects.table import DIALECTS


def test_the_page_is_fresh_and_has_every_provider() -> None:
    path = ROOT / "tools" / "write_translation.py"
    specification = importlib.util.spec_from_file_location("write_translation", path)
    assert specification is not None and specification.loader is not None
    tool = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(tool)
    page = read_page("docs/translation.md")
    assert tool.write_translation() == page.text, "run python tools/write_translation.py"
    assert set(tool.MODELS) == {name for name, dialect in DIALECTS.items() if dialect.provider is not None}
