"""Log lines are whole, hold allowed fields only, and never slow or stop the product."""

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pointsman.telemetry.event_log import EventLog, route_library_logs
from pointsman.telemetry.log_lines import Event, request_line, to_json, to_readable
from storage.usage_examples import EXAMPLE


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


def _write(*items: Event, readable: bool = False) -> str:
    stream = io.StringIO()
    log = EventLog(stream, readable=readable)
    for item in items:
        log.event(item)
    log.close()
    return stream.getvalue()


def test_a_request_is_one_json_line() -> None:
    stream = io.StringIO()
    log = EventLog(stream)
    log.request(replace(EXAMPLE, failure="upstream_error", status=502, first_content_ms=12.3456))
    log.close()
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line) == {
        "at": "2025-11-13T02:13:20.000Z",
        "event": "request",
        "level": "info",
        "request_id": "req_0",
        "agent": "orchestrator",
        "model": "gpt-4o",
        "provider": "openai",
        "upstream_model": "gpt-4o-2024-11-20",
        "key_id": "key_1",
        "revision": "0123456789ab",
        "status": 502,
        "failure": "upstream_error",
        "stream": False,
        "attempts": 1,
        "input_tokens": 100,
        "output_tokens": 20,
        "cost_usd": "0.000123456",
        "cost_status": "actual",
        "latency_ms": 250.0,
        "first_content_ms": 12.346,
    }


def test_unknown_numbers_are_null_not_zero() -> None:
    line = json.loads(to_json(request_line(replace(EXAMPLE, usage=None, cost_nusd=None, cost_status="unknown")), 0))
    assert (line["input_tokens"], line["output_tokens"], line["cost_usd"]) == (None, None, None)


def test_an_event_has_only_the_fields_that_are_set() -> None:
    line = json.loads(_write(Event("config_refused", "error", "unknown key", path="pointsman.yaml", line=3, column=5)))
    assert line.pop("at").endswith("Z")
    assert line == {
        "event": "config_refused",
        "level": "error",
        "message": "unknown key",
        "path": "pointsman.yaml",
        "line": 3,
        "column": 5,
    }


any_text = st.text(st.characters(exclude_categories=()))


@given(any_text)
def test_no_text_ends_a_line_or_steers_a_terminal(text: str) -> None:
    event = Event("odd", "info", text, suggestion=text)
    for line in (to_json(event, 0), to_readable(event, 0)):
        assert line.isprintable()
    assert json.loads(to_json(event, 0))["message"] == text
    assert to_json(event, 0).isascii()


def test_a_terminal_gets_short_lines() -> None:
    assert to_readable(request_line(EXAMPLE), EXAMPLE.at_ms) == (
        "02:13:20 200 orchestrator -> gpt-4o 100+20 tokens $0.000123456 250 ms req_0"
    )
    unknown = replace(EXAMPLE, agent="", usage=None, cost_nusd=None, failure="upstream_error", status=502)
    assert to_readable(request_line(unknown), EXAMPLE.at_ms) == (
        "02:13:20 502 upstream_error gpt-4o ? tokens cost unknown 250 ms req_0"
    )
    problem = Event("config_refused", "error", "unknown key", path="a.yaml", line=3, column=5, suggestion="agents?")
    assert to_readable(problem, 0) == "00:00:00 ERROR a.yaml:3:5 unknown key agents?"


def test_a_narrow_terminal_gets_what_it_can_show() -> None:
    raw = io.BytesIO()
    log = EventLog(io.TextIOWrapper(raw, "ascii"), readable=True)
    log.event(Event("started", "info", "grüezi"))
    log.close()
    assert raw.getvalue().endswith(b" gr\\xfcezi\n")


def test_requests_give_way_to_events_and_both_are_counted() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        log = EventLog(stream)
        # The pipe's buffer fills, then the writing thread waits for a reader and the lines gather.
        while not log.dropped_lines:
            log.request(EXAMPLE)
        log.event(Event("config_refused", "error", "still here"))
        with os.fdopen(reading) as reader:
            for line in reader:
                if "still here" in line:
                    break
            for line in reader:
                if "log_lines_dropped" in line:
                    break
        log.close()
    assert json.loads(line)["count"] >= 1


def test_events_are_bounded_too() -> None:
    reading, writing = os.pipe()
    stream = os.fdopen(writing, "w")
    log = EventLog(stream)
    while not log.dropped_lines:
        log.event(Event("config_refused", "error", "x" * 100))
    os.close(reading)
    log.close()
    with suppress(BrokenPipeError):
        stream.close()


def test_a_closed_stream_stops_nothing() -> None:
    stream = io.StringIO()
    log = EventLog(stream)
    stream.close()
    log.request(EXAMPLE)
    log.close()
    log.request(EXAMPLE)
    assert log.dropped_lines == 2


def test_what_waits_at_exit_is_written() -> None:
    program = (
        "import sys\n"
        "from pointsman.telemetry.event_log import EventLog\n"
        "from pointsman.telemetry.log_lines import Event\n"
        "EventLog(sys.stdout).event(Event('stopped', 'info', 'bye'))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(answer.stdout)["message"] == "bye"


def test_libraries_log_through_it_from_warning_up(root_logger: logging.Logger) -> None:
    stream = io.StringIO()
    log = EventLog(stream)
    route_library_logs(log)
    library = logging.getLogger("some.library")
    library.info("chatter")
    library.warning("disk %d%% full", 91)
    try:
        raise LookupError("a secret")
    except LookupError:
        library.exception("failed")
    library.error("%s and %s", "one")
    log.close()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["level"], line["message"], line.get("error")) for line in lines] == [
        ("warning", "disk 91% full", None),
        ("error", "failed", "LookupError"),
        ("error", "%s and %s", None),
    ]
    assert {line["logger"] for line in lines} == {"some.library"}
    assert "a secret" not in stream.getvalue()
