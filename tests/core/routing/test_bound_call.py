"""The bound of a call: never below what it comes to, whatever it holds and whichever format says so."""

import json
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from bounded_requests import DECODERS, DOLLAR, PIXELS, PRICES, WINDOW, ask, decode, model_of
from hypothesis import given
from hypothesis import strategies as st
from requests_of_any_kind import REQUESTS

from pointsman.core.catalog.further_rates import FurtherRates
from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.usage import Usage
from pointsman.core.config.snapshot import Agent
from pointsman.core.dialects.gemini.decode_request import decode_generate as decode_gemini
from pointsman.core.dialects.openai_chat.decode_request import decode_request
from pointsman.core.pricing.prices import PriceTable, PriceTier, cost_nusd
from pointsman.core.routing.bound_call import CallBound, bound_call, fit_output, most_output_bytes, tokens_until
from pointsman.core.routing.estimate_cost import MOST_OUTPUT_TOKENS

GOLDEN = Path(__file__).parents[2] / "dialects" / "golden"
ABRIDGED = frozenset({"prompt-caching", "cached_prompt"})
"""Their prompts stand there for far longer ones, of which the figures are."""
CASES = sorted(
    case
    for case in GOLDEN.glob("*/*")
    if (case / "request.json").exists() and (case / "response.json").exists() and case.name not in ABRIDGED
)
MODEL = model_of()
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=300)


def bound(request: ChatRequest, **more: object) -> CallBound:
    return bound_call(request, len(request.body), model_of(**more) if more else MODEL)  # type: ignore[arg-type]


@given(st.lists(TEXTS, min_size=1, max_size=6), st.booleans())
def test_words_never_have_more_tokens_than_bytes_however_they_are_escaped(texts: list[str], escapes: bool) -> None:
    """The worst tokenizer there can be makes a token of each byte, and a template adds some to each message."""
    messages = [{"role": "user", "content": text} for text in texts]
    request = decode_request(json.dumps({"model": "m", "messages": messages}, ensure_ascii=escapes).encode())
    assert bound(request).input_tokens >= sum(len(text.encode()) + 16 for text in texts)


@given(REQUESTS, st.sampled_from(["chat", "embeddings", "rerank", "moderations", "count_tokens"]))
def test_a_bound_is_found_for_whatever_is_let_through(fields: dict[str, object], operation: str) -> None:
    body = json.dumps(fields).encode()
    try:
        request = decode_request(body)
    except ClientError:
        return
    found = bound(msgspec.structs.replace(request, operation=operation))
    assert found.input_tokens > 0
    assert found.output_tokens >= 0
    assert found.most_nusd is None or found.most_nusd >= 0


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 100), st.integers(1, 3))
def test_what_it_comes_to_is_never_more(cached: int, written: int, generated: int, tier: int) -> None:
    tiers = tuple(PriceTier(100 * at, at * DOLLAR, 3 * at * DOLLAR, DOLLAR, 5 * at * DOLLAR) for at in range(1, tier))
    prices = PriceTable(DOLLAR, 2 * DOLLAR, DOLLAR // 2, "test", DOLLAR * 5 // 4, tiers)
    found = bound(ask("How are you?", max_tokens=100), prices=prices)
    used = found.input_tokens * cached // 100
    written = (found.input_tokens - used) * written // 100
    usage = Usage(found.input_tokens, generated, used, 0, written)
    cost = cost_nusd(usage, prices)
    assert cost is not None
    assert found.most_nusd is not None
    assert found.most_nusd >= cost


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_providers_report_less_than_the_bound_of_what_they_were_sent(case: Path) -> None:
    read = {**DECODERS, "gemini": lambda body: decode_gemini(body, "m", False)}.get(case.parent.name)
    answer = case / "response.json"
    assert read is not None
    fields = json.loads((case / "request.json").read_bytes())
    if case.parent.name != "gemini":
        fields.setdefault("model", "m")
    request = read(json.dumps(fields).encode())
    told = json.loads(answer.read_bytes())
    usage = told.get("usage") or told.get("usageMetadata") or {}
    tokens = usage.get("tokens", usage)
    prompt = max(tokens.get(name) or 0 for name in ("prompt_tokens", "input_tokens", "promptTokenCount"))
    prompt += (tokens.get("cache_read_input_tokens") or 0) + (tokens.get("cache_creation_input_tokens") or 0)
    assert bound(request, dialect=case.parent.name).input_tokens >= prompt


IMAGE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXELS}"}}
LINK = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
SOURCE = {"type": "base64", "media_type": "image/png", "data": PIXELS}
BLOCK = {"type": "image", "source": SOURCE}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [BLOCK]}
USE = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
INPUT = {"type": "input_image", "image_url": f"data:image/png;base64,{PIXELS}"}


@pytest.mark.parametrize(
    ("dialect", "fields", "images", "each"),
    [
        ("openai_chat", {"messages": [{"role": "user", "content": [IMAGE, LINK]}]}, 2, 48_169),
        ("openai_responses", {"input": [{"role": "user", "content": [INPUT]}]}, 1, 48_169),
        ("anthropic_messages", {"messages": [{"role": "user", "content": [BLOCK]}]}, 1, 4_784),
        ("cohere", {"messages": [{"role": "user", "content": [IMAGE]}]}, 1, 16_384),
        (
            "anthropic_messages",
            {"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": [USE]},
                          {"role": "user", "content": [RESULT]}]},
            1,
            4_784,
        ),
    ],
)  # fmt: skip
def test_images_count_by_what_is_documented_and_not_by_their_bytes(
    dialect: str, fields: dict[str, object], images: int, each: int
) -> None:
    found = bound(decode(dialect, **fields), dialect=dialect)
    assert images * each < found.input_tokens < images * each + 4_000


def test_images_of_gemini_count_likewise() -> None:
    parts = [{"text": "?"}, {"inlineData": {"mimeType": "image/png", "data": PIXELS}}]
    body = json.dumps({"contents": [{"role": "user", "parts": parts}]}).encode()
    found = bound(decode_gemini(body, "m", False), dialect="gemini")
    assert 16_384 < found.input_tokens < 18_000


PDF = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}}
WORDS = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "some words"}}
FILE = {"type": "file", "file": {"file_id": "file-1"}}
FILM = {"type": "video_url", "video_url": {"url": "https://example.com/a.mp4"}}


@pytest.mark.parametrize(
    ("dialect", "fields", "is_open"),
    [
        ("openai_chat", {"messages": [{"role": "user", "content": [FILE]}]}, True),
        ("openai_chat", {"messages": [{"role": "user", "content": [FILM]}]}, True),
        ("anthropic_messages", {"messages": [{"role": "user", "content": [PDF]}]}, True),
        ("anthropic_messages", {"messages": [{"role": "user", "content": [WORDS]}]}, False),
        ("openai_responses", {"input": "go on", "previous_response_id": "resp_1"}, True),
        ("openai_responses", {"input": "go on", "conversation": "conv_1"}, True),
        ("cohere", {"messages": [{"role": "user", "content": "?"}], "documents": ["some words"]}, False),
    ],
)
def test_what_has_no_known_length_fills_the_context(dialect: str, fields: dict[str, object], is_open: bool) -> None:
    found = bound(decode(dialect, **fields), dialect=dialect)
    assert found.input_tokens == WINDOW if is_open else found.input_tokens < 3_000


def test_nothing_in_the_arguments_of_a_tool_passes_for_an_image() -> None:
    """Else the bytes of an image that is none would be left out of the count."""
    use = {**USE, "input": BLOCK}
    fields = {"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": [use]}]}
    request = decode("anthropic_messages", **fields)
    assert bound(request, dialect="anthropic_messages").input_tokens > len(PIXELS)


SOUND = {"type": "input_audio", "input_audio": {"data": PIXELS, "format": "wav"}}


def test_sound_goes_by_its_length_and_needs_a_price_of_its_own() -> None:
    request = ask([SOUND], max_tokens=10)
    assert bound(request).most_nusd is None
    found = bound(request, prices=prices_with(further=FurtherRates(audio_input_nusd=40 * DOLLAR)))
    assert len(PIXELS) // 13 < found.input_tokens < len(PIXELS) // 12
    assert found.most_nusd == (found.input_tokens * 40 + 100) * 1_000


def test_a_spoken_answer_needs_a_price_of_its_own() -> None:
    request = ask("Sing.", modalities=["text", "audio"], audio={"voice": "alloy", "format": "wav"}, max_tokens=10)
    assert bound(request).most_nusd is None
    found = bound(request, prices=prices_with(further=FurtherRates(audio_output_nusd=80 * DOLLAR)))
    assert found.most_nusd == (found.input_tokens * 2 + 800) * 1_000


def test_tools_that_the_provider_runs_read_the_context_again_and_again() -> None:
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 2}
    request = decode("anthropic_messages", messages=[{"role": "user", "content": "?"}], tools=[search])
    assert bound(request, dialect="anthropic_messages").most_nusd is None
    prices = prices_with(further=FurtherRates(search_nusd=10_000_000))
    found = bound(request, dialect="anthropic_messages", prices=prices)
    assert found.input_tokens == 3 * WINDOW
    assert found.most_nusd == (found.input_tokens * 2 + 10_000) * 1_000 + 2 * 10_000_000


def test_what_is_kept_for_an_hour_costs_twice_the_prompt() -> None:
    mark = {"type": "ephemeral", "ttl": "1h"}
    for mark_said, times in ((mark, 4), ({"type": "ephemeral"}, 2)):
        content = [{"type": "text", "text": "?", "cache_control": mark_said}]
        request = decode("anthropic_messages", messages=[{"role": "user", "content": content}])
        found = bound(request, dialect="anthropic_messages")
        assert found.most_nusd == (found.input_tokens * times + 10_000) * 1_000


AGENT = Agent("writer", "m", parameters=(("max_tokens", 700),))


@pytest.mark.parametrize(
    ("fields", "caller", "most", "limit", "injects"),
    [
        ({"max_tokens": 500}, AGENT, 16_384, 500, False),
        ({}, AGENT, 16_384, 700, False),
        ({}, None, 16_384, 16_384, True),
        ({}, None, None, MOST_OUTPUT_TOKENS, True),
        ({"max_tokens": 10**15}, None, None, 100_000_000, False),
    ],
)
def test_an_answer_goes_by_the_first_limit_that_somebody_states(
    fields: dict[str, object], caller: Agent | None, most: int | None, limit: int, injects: bool
) -> None:
    request = ask("?", **fields)
    found = bound_call(request, len(request.body), model_of(max_output_tokens=most), caller)
    assert (found.output_limit, found.output_tokens, found.injects_output_limit) == (limit, limit, injects)


def test_each_choice_is_an_answer_of_its_own() -> None:
    assert bound(ask("?", n=3, max_tokens=100)).output_tokens == 300
    body = {"contents": [{"parts": [{"text": "?"}]}]}
    for spelled in ("candidateCount", "candidate_count"):
        body["generationConfig"] = {spelled: 2, "maxOutputTokens": 50}  # type: ignore[assignment]
        request = decode_gemini(json.dumps(body).encode(), "m", False)
        assert bound(request, dialect="gemini").output_tokens == 100


@pytest.mark.parametrize(
    ("fields", "most", "tokens"),
    [
        ({"max_tokens": 1_000, "reasoning_effort": "high"}, None, 25_576),
        ({"max_tokens": 1_000, "reasoning_effort": "high"}, 8_000, 8_000),
        ({"max_tokens": 30_000, "reasoning_effort": "high"}, None, 30_000),
        ({"max_tokens": 1_000, "reasoning": {"max_tokens": 5_000}}, None, 6_000),
        ({"max_tokens": 1_000, "reasoning_effort": "none"}, None, 1_000),
        ({"reasoning_effort": "medium"}, None, MOST_OUTPUT_TOKENS + 8_192),
    ],
)
def test_thoughts_count_where_the_limit_leaves_no_room_for_them(
    fields: dict[str, object], most: int | None, tokens: int
) -> None:
    assert bound(ask("?", **fields), max_output_tokens=most).output_tokens == tokens


def test_an_agents_effort_counts_where_the_caller_states_none() -> None:
    agent = Agent("thinker", "m", parameters=(("reasoning_effort", "low"),))
    request = ask("?", max_tokens=1_000)
    assert bound_call(request, 100, model_of(max_output_tokens=None), agent).output_tokens == 3_048


def test_what_is_beside_chat_has_no_answer_to_pay_for() -> None:
    request = ask("?")
    for operation in ("embeddings", "moderations"):
        found = bound(msgspec.structs.replace(request, operation=operation))
        assert (found.output_tokens, found.most_nusd) == (0, found.input_tokens * 2_000)
    counting = bound(msgspec.structs.replace(request, operation="count_tokens"))
    assert counting.most_nusd == 0


def test_a_reranking_reads_its_query_beside_each_document_and_may_be_billed_by_the_search() -> None:
    fields: dict[str, object] = {"query": "q" * 100, "documents": ["d" * 1_000] * 150}
    body = json.dumps(fields).encode()
    request = ChatRequest("m", False, False, body, fields, "cohere", operation="rerank")
    prices = prices_with(further=FurtherRates(search_nusd=2_000_000))
    found = bound_call(request, len(body), model_of("cohere", prices))
    assert found.input_tokens > len(body) + 150 * 100
    assert found.most_nusd == found.input_tokens * 2_000 + 5 * 2_000_000
    assert bound_call(request, len(body), model_of("cohere")).most_nusd is None
    elsewhere = bound_call(request, len(body), model_of())
    assert elsewhere.most_nusd == elsewhere.input_tokens * 2_000


def test_the_short_way_for_plain_prices_comes_to_the_same_as_the_long_one() -> None:
    plain = PriceTable(DOLLAR, 3 * DOLLAR, 2 * DOLLAR, "test", DOLLAR * 7 // 4)
    long_way = replace(plain, further=FurtherRates())
    request = ask("How are you?", max_tokens=77)
    assert bound(request, prices=plain).most_nusd == bound(request, prices=long_way).most_nusd


def test_the_prices_are_those_of_the_day_of_the_request() -> None:
    dearer = PriceTable(3 * DOLLAR, 20 * DOLLAR, 0, "test")
    model = replace(MODEL, prices=dearer, dated_prices=((0, PRICES), (1_000, dearer)))
    request = ask("?", max_tokens=100)
    for at_ms, prices in ((None, dearer), (999, PRICES), (1_000, dearer)):
        found = bound_call(request, 100, model, None, at_ms)
        assert found.most_nusd == (found.input_tokens * prices.input_nusd + 100 * prices.output_nusd) // 1_000_000
        assert tokens_until(found, found.most_nusd, model) == 100


def test_a_price_that_nobody_knows_makes_the_bound_unknown_and_one_that_is_nothing_does_not() -> None:
    request = ask("?")
    assert bound(request, prices=None).most_nusd is None
    free = bound(ask([SOUND]), prices=PriceTable(0, 0, 0, "local"))
    assert free.most_nusd == 0
    assert tokens_until(free, 0, model_of(prices=PriceTable(0, 0, 0, "local"))) is None


@given(st.integers(0, 200_000_000), st.integers(1, 4), st.sampled_from([100, 300, 5_000, 16_384]))
def test_a_fitted_limit_is_the_largest_that_fits(left_nusd: int, choices: int, limit: int) -> None:
    whole = bound(ask("How are you?", n=choices, max_tokens=limit))
    fitted = fit_output(whole, left_nusd, MODEL)
    assert whole.most_nusd is not None
    if whole.most_nusd <= left_nusd:
        assert fitted == limit
    elif fitted is None:
        least = bound(ask("How are you?", n=choices, max_tokens=256)).most_nusd
        assert limit < 256 or (least or 0) + 10_000 > left_nusd
    else:
        assert 256 <= fitted < limit
        prompt_nusd = whole.input_tokens * 2_000
        assert prompt_nusd + fitted * choices * 10_000 <= left_nusd < prompt_nusd + (fitted + 1) * choices * 10_000


def test_no_limit_fits_that_leaves_no_room_to_think() -> None:
    whole = bound(ask("?", max_tokens=30_000, reasoning_effort="high"), max_output_tokens=None)
    for left_tokens, fitted in ((25_000, 25_000), (24_000, None)):
        left_nusd = whole.input_tokens * 2_000 + left_tokens * 10_000
        assert fit_output(whole, left_nusd, MODEL) == fitted


def test_a_stream_is_cut_after_what_its_hold_pays_for() -> None:
    found = bound(ask("?", max_tokens=500))
    assert found.most_nusd is not None
    assert tokens_until(found, found.most_nusd, MODEL) == 500
    assert tokens_until(found, 0, MODEL) == 0
    assert most_output_bytes(found, found.most_nusd, MODEL) == 4_000
    assert found.tokens == found.input_tokens + 500


def prices_with(further: FurtherRates) -> PriceTable:
    """The usual prices and further ones."""
    return PriceTable(
        PRICES.input_nusd, PRICES.output_nusd, PRICES.cached_input_nusd, PRICES.source, further=further
    )  # fmt: skip
