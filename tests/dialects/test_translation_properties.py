"""Requests of every client's format, translated to every provider's: nothing gets lost or is invented unsaid.

Each of the examples goes to all providers; what these are sent is read back, and by the simulator's strict readers.
"""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dialects.answer_summaries import fill_in, summarise
from dialects.converse_reader import read_converse
from dialects.settings_said import check_settings, check_tools
from dialects.strict_reader import ask_simulator
from dialects.things_said import check_calls, check_marks, check_words, list_things
from dialects.wire_openai import CHAT_REQUESTS, RESPONSES_REQUESTS
from dialects.wire_others import ANTHROPIC_REQUESTS, COHERE_REQUESTS, GEMINI_REQUESTS
from dialects.wire_requests import WireRequest
from pointsman.core.chat.answer import ChatAnswer
from pointsman.core.chat.assemble import assemble_answer, break_up_answer
from pointsman.core.chat.conversation import Conversation, JsonObject, Reasoning
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.dialect import Asking, Draft, Target
from pointsman.core.dialects.gemini.decode_request import decode_generate
from pointsman.core.dialects.table import DIALECTS
from pointsman.simulator.refusal import Refusal

AT_S = 1_790_000_001
EXAMPLES = 170
"""Of each client's format; with six providers' formats these are 5,100 translations."""

CLIENTS: dict[str, st.SearchStrategy[WireRequest]] = {
    "openai_chat": CHAT_REQUESTS,
    "openai_responses": RESPONSES_REQUESTS,
    "anthropic_messages": ANTHROPIC_REQUESTS,
    "gemini": GEMINI_REQUESTS,
    "cohere": COHERE_REQUESTS,
}
MODELS = {
    "openai_chat": ("simulated-large", "simulated-gemini"),
    "openai_responses": ("simulated-large",),
    "anthropic_messages": ("simulated-large", "simulated-claude-sonnet-4-5", "simulated-claude-opus-4-8"),
    "gemini": ("simulated-large",),
    "cohere": ("simulated-large",),
    "bedrock_converse": ("simulated-large", "simulated-anthropic.claude-4", "simulated-amazon.nova-2-lite"),
}


def decode(client: str, fields: JsonObject, stream: bool) -> ChatRequest:
    """A body as the door decodes it; Gemini's has its model in the URL."""
    body = msgspec.json.encode(fields)
    if client == "gemini":
        return decode_generate(body, "agent:writer", stream)
    side = DIALECTS[client].client
    assert side is not None
    return side.decode_request(body)


def read(client: str, fields: JsonObject, stream: bool) -> Conversation:
    side = DIALECTS[client].client
    assert side is not None
    return side.read_request(decode(client, fields, stream))


def read_back(provider: str, draft: Draft, stream: bool) -> Conversation:
    """What a provider's format says of the conversation, by its own client's side."""
    fields = msgspec.json.decode(msgspec.json.encode(draft.fields))
    return read_converse(fields) if provider == "bedrock_converse" else read(provider, fields, stream)


def encode(conversation: Conversation, provider: str, model: str, stream: bool) -> Draft:
    side = DIALECTS[provider].provider
    assert side is not None
    return side.encode_request(conversation, stream, Target(model))


@pytest.mark.parametrize("client", CLIENTS)
def test_a_request_arrives_at_every_provider(client: str) -> None:
    run(client, check_arrival)


def run(client: str, check: Callable[[WireRequest, Conversation, str, str], None]) -> None:
    """Check examples of a client's format against each provider's."""

    @settings(max_examples=EXAMPLES, derandomize=True, database=None)
    @given(request=CLIENTS[client], data=st.data())
    def check_examples(request: WireRequest, data: st.DataObject) -> None:
        conversation = read(client, request.fields, request.stream)
        check_reading(request, conversation)
        for provider, models in MODELS.items():
            model = data.draw(st.sampled_from(models), label=provider)
            note(f"{client} to {provider}")
            check(request, conversation, provider, model)

    check_examples()


def check_reading(request: WireRequest, conversation: Conversation) -> None:
    """Every word that the client writes is in the hub, and by whom it is."""
    written = [(thing.kind, thing.value) for thing in list_things(request.dialogue)]
    found = [(thing.kind, thing.value) for thing in list_things(conversation.messages)]
    joined = "\n".join([value for _, value in found])
    for kind, value in written:
        assert (kind, value) in found or value in joined, f"{kind} {value!r} was not read"


def check_arrival(request: WireRequest, conversation: Conversation, provider: str, model: str) -> None:
    draft = encode(conversation, provider, model, request.stream)
    told = read_back(provider, draft, request.stream)
    check_words(conversation, told, draft.losses)
    check_calls(conversation, told, draft.losses)
    check_marks(conversation, told, draft.losses)
    check_settings(conversation, told, draft.losses, provider)
    check_tools(conversation, told, draft.losses)
    check_rest(conversation, told, draft.losses, provider)
    if provider != "bedrock_converse":
        check_it_stays(told, provider, model, request.stream)
    if not (conversation.extra_dialect == provider or is_signed(conversation, provider)):
        body = ask_strictly(draft, provider, model, request.stream)
        check_way_back(request, provider, body)


def check_rest(conversation: Conversation, told: Conversation, losses: list[str], provider: str) -> None:
    """What only the client's format knows goes to providers of that format, and is named for all others."""
    for name in conversation.extra:
        is_kept = name in told.extra and conversation.extra_dialect == provider
        is_shared = name in told.extra and {conversation.extra_dialect, provider} == {"openai_chat", "openai_responses"}
        assert is_kept or is_shared or name in losses, f"{name} is lost without a word; told are {losses}"
    assert len(losses) == len(set(losses)), f"told twice: {losses}"


def check_it_stays(told: Conversation, provider: str, model: str, stream: bool) -> None:
    """What a format has said once it says again, to the letter."""
    again = encode(told, provider, model, stream)
    if (
        "thinking" not in again.losses
    ):  # results that had to move behind calls may end the turn that a thought is kept for
        assert read_back(provider, again, stream) == told
    assert not [loss for loss in again.losses if not loss.startswith("thinking") and not loss.endswith(".arguments")]


def is_signed(conversation: Conversation, provider: str) -> bool:
    """Whether it holds signatures, which the simulator checks and nobody can make up."""
    parts = [part for message in conversation.messages for part in message.parts]
    return any(isinstance(part, Reasoning) and part.origin == provider for part in parts)


def ask_strictly(draft: Draft, provider: str, model: str, stream: bool) -> bytes:
    try:
        return ask_simulator(provider, draft.fields, model, stream)
    except Refusal as refusal:
        body = msgspec.json.encode(draft.fields).decode()
        raise AssertionError(f"{provider} refuses {refusal.param}: {refusal.message}\n{body}") from None


def check_way_back(request: WireRequest, provider: str, body: bytes) -> None:
    """What the simulated provider answers is read, and the client is told all of it that its format can say."""
    answer = read_answer(provider, body, request.stream)
    assert answer.usage is not None and all(choice.finish is not None for choice in answer.choices)
    side = DIALECTS[request.client].client
    assert side is not None
    asked = replace(decode(request.client, request.fields, request.stream), wants_usage=True)
    asking = Asking(asked, "req-1", AT_S)
    if request.stream:
        written = side.write_stream(asking).write(break_up_answer(answer))
    else:
        written = side.write_response(answer, asking)
    told = summarise(read_answer(request.client, written, request.stream), request.client)
    meant = fill_in(answer, request.client, told)
    assert told == meant, f"\n{told}\nis not\n{meant}"


def read_answer(provider: str, body: bytes, stream: bool) -> ChatAnswer:
    side = DIALECTS[provider].provider
    assert side is not None
    if not stream:
        return side.read_response(body)
    reader = side.read_stream()
    answer = assemble_answer([*reader.feed(body), *reader.finish()])
    assert answer is not None, "the stream is not whole"
    return answer
