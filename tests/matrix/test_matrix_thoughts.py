"""Reasoning through every pair of formats: what is thought comes with its proof, and the proof finds its way back."""

from dataclasses import replace

import pytest

from matrix.asking import Said, User
from matrix.talks import LOSSES, REFUSAL, THINKING
from matrix.world import CELLS, World

SIGNING = frozenset({"openai_responses", "anthropic_messages", "gemini", "bedrock_converse"})
"""Providers that prove a thought, and refuse one that is not theirs."""

HIDES_FROM = {
    "openai_responses": {"openai_chat", "anthropic_messages", "cohere"},
    "gemini": {"openai_chat", "anthropic_messages", "cohere"},
}
"""Providers that show a thought only to those who ask for it to be shown, and clients whose question does not say."""


def find_model(provider: str) -> str:
    """Behind Bedrock, the maker of a model decides how thinking is asked for."""
    return "claude-at-bedrock" if provider == "bedrock_converse" else provider


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("client", "provider"), CELLS)
def test_a_thought_comes_and_goes_back(world: World, client: str, provider: str, stream: bool) -> None:
    speaker, model = world.speakers[client], find_model(provider)
    before = world.count_calls()
    said = speaker.ask(model, THINKING, stream=stream)
    assert speaker.seen.losses == LOSSES.get((client, provider, "thinking"), "")
    [call] = world.list_calls(before)
    assert call["reasoning_tokens"] > 0
    assert (said.input_tokens, said.output_tokens) == (call["prompt_tokens"], call["completion_tokens"])
    assert said.is_signed == (provider in SIGNING)
    is_hidden = provider == "openai_chat" or client in HIDES_FROM.get(provider, ())
    assert bool(said.thoughts) == (not is_hidden)
    again = replace(THINKING, turns=(*THINKING.turns, said, User("And back to Paris?")))
    answer = speaker.ask(model, again, stream=stream)
    assert answer.text and answer.text != said.text
    if provider in SIGNING:
        [_, second] = world.list_calls(before)
        assert holds_proof(second["body"]), "the provider checks it, and it is there"


def holds_proof(body: str) -> bool:
    """Whether a thought's proof is in a request, in whichever format."""
    return any(
        f'"{name}":"' in body.replace(" ", "") for name in ("signature", "thoughtSignature", "encrypted_content")
    )


SAYS_SO = {
    "openai_chat": {"openai_chat": "stop", "openai_responses": "stop"},
    "openai_responses": {"openai_chat": "completed", "openai_responses": "completed"},
}
"""Where a refusal is told as words of its own; elsewhere it is a reason to end."""

DECLINED = {
    "openai_chat": "content_filter",
    "openai_responses": "incomplete: content_filter",
    "anthropic_messages": "refusal",
    "gemini": "SAFETY",
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("client", "provider"), CELLS)
def test_a_refusal_stays_one(world: World, client: str, provider: str, stream: bool) -> None:
    speaker = world.speakers[client]
    said: Said = speaker.ask(provider, REFUSAL, stream=stream)
    assert said.text == ("" if provider == "gemini" else "I'm sorry, but I can't help with that.")
    if provider == "cohere":
        assert said.finish == speaker.module.FINISH["stop"], "Cohere declines in words like any other"
    elif client == "cohere":
        toxic = provider in ("gemini", "bedrock_converse")
        assert said.finish == ("ERROR_TOXIC" if toxic else "COMPLETE")
    else:
        assert said.finish == SAYS_SO.get(client, {}).get(provider, DECLINED[client])
