"""Each suite runs for each store."""

from pathlib import Path

import pytest

from conformance.backends import BACKENDS, Backend


@pytest.fixture(params=BACKENDS.values(), ids=list(BACKENDS))
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    return Backend(request.param, tmp_path)
