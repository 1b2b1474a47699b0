"""A site for each test."""

from pathlib import Path

import pytest
from examining import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """An empty folder, and an environment that says nothing."""
    return Site(tmp_path)
