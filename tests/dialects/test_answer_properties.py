"""Answers of any provider, written for each format's clients, whole and as streams: what the format can say arrives."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialects.answer_summaries import fill_in, summarise
from dialects.strategies import answers
from pointsman.core.chat.answer import ChatAnswer, ChatEvent, TextDelta, ToolDelta
from pointsman.core.chat.assemble import assemble_answer, break_up_answer
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.dialect import Asking
from pointsman.core.dialects.table import DIALECTS

EXAMPLES = 100
CLIENTS = [name for name, dialect in DIALECTS.items() if dialect.client is not None]
AT_S = 1_790_000_001


def ask(client: str) -> Asking:
    return Asking(ChatRequest("agent:writer", True, True, b"{}", {}, client), "req-1", AT_S)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_plain_answer_arrives(client: str) -> None:
    dialect = DIALECTS[client]

    @settings(max_examples=EXAMPLES, derandomize=True, database=None)
    @given(answers())
    def check(answer: ChatAnswer) -> None:
        assert dialect.client is not None and dialect.provider is not None
        written = dialect.client.write_response(answer, ask(client))
        told = summarise(dialect.provider.read_response(written), client)
        assert told == fill_in(answer, client, told)

    check()


def read_stream(client: str, *pieces: bytes) -> list[ChatEvent]:
    provider = DIALECTS[client].provider
    assert provider is not None
    reader = provider.read_stream()
    return [*(event for piece in pieces for event in reader.feed(piece)), *reader.finish()]


def cut_up(events: list[ChatEvent], size: int) -> list[ChatEvent]:
    """The same stream with its texts and arguments in small pieces."""
    cut: list[ChatEvent] = []
    for event in events:
        match event:
            case TextDelta(text=text, logprobs=None):
                cut += [TextDelta(text[at : at + size], event.choice) for at in range(0, len(text), size)]
            case ToolDelta():
                said = event.arguments
                cut += [ToolDelta(event.call, said[at : at + size], event.choice) for at in range(0, len(said), size)]
            case _:
                cut.append(event)
    return cut


@pytest.mark.parametrize("client", CLIENTS)
def test_a_stream_tells_the_same_answer(client: str) -> None:
    dialect = DIALECTS[client]

    @settings(max_examples=EXAMPLES, derandomize=True, database=None)
    @given(answers(), st.integers(1, 7), st.integers(1, 400))
    def check(answer: ChatAnswer, size: int, at: int) -> None:
        assert dialect.client is not None
        writer = dialect.client.write_stream(ask(client))
        written = b"".join([writer.write([event]) for event in cut_up(break_up_answer(answer), size)])
        events = read_stream(client, written)
        assert read_stream(client, *[written[place : place + at] for place in range(0, len(written), at)]) == events
        told = assemble_answer(events)
        assert told is not None
        summary = summarise(told, client)
        assert summary == fill_in(answer, client, summary)

    check()
