"""A stream that is cut is charged for all that came, though its provider had counted next to nothing by then."""

import json

import pytest

from core.config.compiling import compile_good
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.chat.usage import Usage
from pointsman.relay.charges import estimate_usage
from relay.reusing import House
from relay.scripted import Answer

HOUSE = compile_good("""\
providers:
  far: {base_url: "https://far.example/v1", location: cloud, api_key: {env: XAI_API_KEY}, dialect: anthropic_messages}
models:
  big: {provider: far, price_per_1m_tokens: {input: "3", output: "15"}}
""")
EVENTS = ((b"content-type", b"text/event-stream"),)
WORDS = "word " * 20_000
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "big",
    "content": [],
    "usage": {"input_tokens": 10, "cache_read_input_tokens": 30, "output_tokens": 1},
}
BODY = {"model": "big", "max_tokens": 90_000, "stream": True, "messages": [{"role": "user", "content": "hi"}]}
CUT = UpstreamFailure(FailureKind.INTERRUPTED, "as scripted", sent=True)
PATHS = ["/v1/messages", "/v1/chat/completions"]


def tell(*events: dict[str, object]) -> bytes:
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events).encode()


BEGUN = tell(
    {"type": "message_start", "message": MESSAGE},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": WORDS}},
)


def count(tokens: int) -> bytes:
    delta = {"stop_reason": "end_turn", "stop_sequence": None}
    return tell({"type": "message_delta", "delta": delta, "usage": {"output_tokens": tokens}})


@pytest.mark.parametrize("path", PATHS)
def test_what_came_before_the_cut_is_estimated(path: str) -> None:
    house = House(HOUSE)
    house.post(path, BODY, Answer([BEGUN], headers=EVENTS, failure=CUT))
    outcome = house.outcomes[-1]
    assert outcome.failure == "upstream_stream_interrupted"
    assert (outcome.usage, outcome.cost_status) == (Usage(40, 25_000, cached_input_tokens=30), "estimated")
    assert outcome.cost_nusd is not None and outcome.cost_nusd > 25_000 * 15_000


@pytest.mark.parametrize("path", PATHS)
def test_more_that_was_reported_than_came_is_believed(path: str) -> None:
    house = House(HOUSE)
    house.post(path, BODY, Answer([BEGUN + count(70_000)], headers=EVENTS, failure=CUT))
    outcome = house.outcomes[-1]
    assert outcome.usage is not None and outcome.usage.output_tokens == 70_000


@pytest.mark.parametrize("path", PATHS)
def test_a_whole_stream_is_charged_as_reported(path: str) -> None:
    house = House(HOUSE)
    house.post(path, BODY, Answer([BEGUN + count(20_001) + tell({"type": "message_stop"})], headers=EVENTS))
    outcome = house.outcomes[-1]
    assert (outcome.usage, outcome.cost_status) == (Usage(40, 20_001, cached_input_tokens=30), "actual")


def test_an_estimate_keeps_what_was_counted() -> None:
    assert estimate_usage(400, 400) == Usage(100, 100)
    assert estimate_usage(400, 400, Usage(7, 1, 3)) == Usage(7, 100, 3)
    assert estimate_usage(400, 400, Usage(7, 101)) == Usage(7, 101)
