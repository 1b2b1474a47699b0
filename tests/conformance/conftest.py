"""Each suite runs for each database."""

import pytest

from conformance.backends import Backend


@pytest.fixture
def backend(database_url: str) -> Backend:
    return Backend(database_url)
