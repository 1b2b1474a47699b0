"""What docs/privacy.md says of the detectors is what they do today, and it is good enough."""

import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[3] / "tools"
FLOORS = {"email": 0.98, "phone": 0.95, "card": 0.98, "iban": 0.98, "us_ssn": 0.98, "ip_address": 0.95, "secret": 0.95}


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.syspath_prepend(str(TOOLS))
    import measure_detectors

    yield measure_detectors
    for name in [name for name in sys.modules if name.startswith(("measure_detectors", "detector_"))]:
        del sys.modules[name]


def test_the_page_shows_what_is_measured(tool) -> None:  # type: ignore[no-untyped-def]
    page = tool.PAGE.read_text(encoding="utf-8")
    assert tool.replace_tables(page, tool.write_tables(tool.measure_all())) == page


def test_the_detectors_do_well_on_texts_that_the_page_does_not_show(tool) -> None:  # type: ignore[no-untyped-def]
    measures = tool.measure_all(seed="another one", per_kind=1_000)
    assert {one.kind for one in measures} == set(FLOORS)
    for one in measures:
        assert one.recall >= FLOORS[one.kind], one.kind
        assert one.precision >= 0.95, one.kind
