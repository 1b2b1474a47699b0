"""Every client's format against every provider's, by the official SDKs: the same question, the same answer."""

import json

import pytest

from matrix.asking import PIXEL, Said
from matrix.talks import (
    FINISHES,
    LOSSES,
    TALKS,
    TELLS_STOP_SEQUENCE,
    answer_calls,
    find_reference,
    strip_ids,
)
from matrix.world import CELLS, Speaker, World

STOPPING = [cell for cell in CELLS if cell[0] != "openai_responses"]
"""A client of Responses has no word for a stop sequence."""


def ask_twice(world: World, client: str, provider: str, name: str) -> Said:
    """The plain answer, once the streamed one has been found to say and to cost the same, as the provider counts it."""
    speaker, talk = world.speakers[client], TALKS[name]
    before = world.count_calls()
    told = []
    for stream in (False, True):
        told.append(speaker.ask(provider, talk, stream=stream))
        assert speaker.seen.losses == LOSSES.get((client, provider, name), "")
        assert "x-pointsman-changes" not in speaker.seen.headers
    plain, streamed = told
    assert (plain.text, strip_ids(plain.calls), plain.finish) == (
        streamed.text,
        strip_ids(streamed.calls),
        streamed.finish,
    )
    for said, call in zip(told, world.list_calls(before), strict=True):
        assert (said.input_tokens, said.output_tokens) == (call["prompt_tokens"], call["completion_tokens"])
    return plain


@pytest.mark.parametrize("name", [name for name in TALKS if name not in ("image", "stop sequence")])
@pytest.mark.parametrize(("client", "provider"), CELLS)
def test_the_same_answer(world: World, client: str, provider: str, name: str) -> None:
    said = ask_twice(world, client, provider, name)
    text, tools = find_reference(world, name)
    if name == "schema":
        assert [type(value) for value in json.loads(said.text).values()] == [str, int]
    else:
        assert said.text == text
    assert [call.name for call in said.calls] == tools
    assert said.finish == world.speakers[client].module.FINISH[FINISHES.get(name, "stop")]
    if tools:
        if (client, provider) != ("gemini", "gemini"):
            assert len({call.id for call in said.calls}) == len(tools)
        send_results_back(world, world.speakers[client], provider, name, said)


def send_results_back(world: World, speaker: Speaker, provider: str, name: str, said: Said) -> None:
    """Results find their calls: the provider is told both and answers with words."""
    before = world.count_calls()
    for stream in (False, True):
        answer = speaker.ask(provider, answer_calls(TALKS[name], said), stream=stream)
        assert answer.text and not answer.calls
        assert speaker.seen.losses == ""
    for call in world.list_calls(before):
        assert all(f"It is all well with {one.name}." in call["body"] for one in said.calls)


@pytest.mark.parametrize(("client", "provider"), CELLS)
def test_an_image_arrives_whole(world: World, client: str, provider: str) -> None:
    before = world.count_calls()
    said = ask_twice(world, client, provider, "image")
    text_only = world.speakers[client].ask(provider, TALKS["text"], stream=False)
    assert said.input_tokens > text_only.input_tokens, "the image is counted"
    bodies = [call["body"] for call in world.list_calls(before)[:2]]
    url_safe = PIXEL.replace("+", "-").replace("/", "_")
    assert all((url_safe if client == provider == "gemini" else PIXEL) in body for body in bodies)


@pytest.mark.parametrize(("client", "provider"), STOPPING)
def test_a_stop_sequence_ends_the_answer(world: World, client: str, provider: str) -> None:
    said = ask_twice(world, client, provider, "stop sequence")
    finish = world.speakers[client].module.FINISH
    if provider == "openai_responses":
        assert "Lyon" in said.text and said.finish == finish["stop"], "this format has no stop sequences"
    else:
        assert said.text == find_reference(world, "stop sequence")[0]
        assert said.finish == finish["stop_sequence" if (client, provider) in TELLS_STOP_SEQUENCE else "stop"]
