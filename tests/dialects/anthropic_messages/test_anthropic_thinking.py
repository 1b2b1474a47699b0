"""How each generation of models is told to think, and what may stand beside it."""

import pytest

from pointsman.core.chat.conversation import (
    Conversation,
    JsonObject,
    Message,
    Sampling,
    Text,
    Thinking,
    Tool,
    ToolChoice,
)
from pointsman.core.dialects.anthropic_messages.choose_thinking import read_generation, takes_system_turns
from pointsman.core.dialects.anthropic_messages.encode_request import encode_request
from pointsman.core.dialects.dialect import Draft, Target

HELLO = (Message("user", (Text("hi"),)),)
ADAPTIVE: JsonObject = {"type": "adaptive"}


def encode(thinking: Thinking, model: str, limit: int | None = 50_000, most: int | None = None) -> Draft:
    conversation = Conversation(HELLO, Sampling(max_output_tokens=limit), thinking=thinking)
    return encode_request(conversation, False, Target(model, most))


def enabled(budget: int) -> JsonObject:
    return {"type": "enabled", "budget_tokens": budget}


@pytest.mark.parametrize(
    ("model", "generation"),
    [
        ("claude-3-7-sonnet-20250219", (3, 7)),
        ("claude-3-haiku-20240307", (3, 0)),
        ("claude-sonnet-4-20250514", (4, 0)),
        ("claude-opus-4-1-20250805", (4, 1)),
        ("anthropic.claude-haiku-4-5-20251001-v1:0", (4, 5)),
        ("anthropic/claude-sonnet-4.6", (4, 6)),
        ("claude-opus-4-8", (4, 8)),
        ("claude-opus-5", (5, 0)),
        ("claude-haiku-5-5", (5, 5)),
        ("claude-mythos-preview", (99, 0)),
        ("kimi-k3", None),
        ("my-claude", None),
    ],
)
def test_generations(model: str, generation: tuple[int, int] | None) -> None:
    assert read_generation(model) == generation


def test_system_messages_between_turns() -> None:
    taken = [
        name
        for name in ("claude-opus-4-7", "claude-opus-4-8", "claude-sonnet-5", "kimi-k3")
        if takes_system_turns(name)
    ]
    assert taken == ["claude-opus-4-8", "claude-sonnet-5"]


@pytest.mark.parametrize(
    ("thinking", "model", "config", "effort", "losses"),
    [
        (Thinking("none"), "claude-opus-4-5", {"type": "disabled"}, None, []),
        (Thinking(budget_tokens=0), "claude-opus-5", {"type": "disabled"}, None, []),
        (Thinking("medium"), "claude-opus-4-5", enabled(8_192), None, []),
        (Thinking("minimal"), "claude-opus-4-5", enabled(1_024), None, []),
        (Thinking(budget_tokens=5_000), "claude-opus-4-5", enabled(5_000), None, []),
        (Thinking(budget_tokens=500), "claude-opus-4-5", enabled(1_024), None, ["thinking.budget_tokens"]),
        (Thinking(budget_tokens=-1), "claude-opus-4-5", enabled(8_192), None, ["thinking.budget_tokens"]),
        (Thinking("high"), "claude-sonnet-4-6", ADAPTIVE, "high", []),
        (Thinking("xhigh"), "claude-sonnet-4-6", ADAPTIVE, "high", ["thinking.effort"]),
        (Thinking(budget_tokens=5_000), "claude-sonnet-4-6", enabled(5_000), None, []),
        (Thinking("xhigh"), "claude-opus-4-7", ADAPTIVE, "xhigh", []),
        (Thinking("minimal"), "claude-opus-5", ADAPTIVE, "low", ["thinking.effort"]),
        (Thinking(budget_tokens=5_000), "claude-opus-5", ADAPTIVE, "medium", ["thinking.budget_tokens"]),
        (Thinking(budget_tokens=-1), "claude-opus-5", ADAPTIVE, None, []),
        (Thinking("low"), "kimi-k3", ADAPTIVE, "low", []),
        (Thinking(budget_tokens=5_000), "kimi-k3", enabled(5_000), None, []),
        (Thinking("low", shows=True), "claude-opus-5", {**ADAPTIVE, "display": "summarized"}, "low", []),
        (Thinking("low", shows=False), "claude-opus-5", {**ADAPTIVE, "display": "omitted"}, "low", []),
        (Thinking("low", summary="auto"), "claude-opus-5", {**ADAPTIVE, "display": "summarized"}, "low", []),
        (Thinking(shows=True), "claude-opus-5", None, None, ["thinking.shows"]),
        (Thinking(shows=False), "claude-opus-5", None, None, []),
    ],
)
def test_how_a_model_is_told(
    thinking: Thinking, model: str, config: JsonObject | None, effort: str | None, losses: list[str]
) -> None:
    draft = encode(thinking, model)
    assert draft.fields.get("thinking") == config
    assert draft.fields.get("output_config") == (None if effort is None else {"effort": effort})
    assert (draft.losses, draft.fields["max_tokens"]) == (losses, 50_000)


@pytest.mark.parametrize(
    ("limit", "most", "sent", "budget", "losses"),
    [
        (9_000, None, 9_000, 8_192, []),
        (8_192, None, 16_384, 8_192, ["max_tokens"]),
        (1_000, None, 9_192, 8_192, ["max_tokens"]),
        (None, None, 12_288, 8_192, []),
        (8_000, 8_192, 8_192, 4_096, ["max_tokens"]),
    ],
)
def test_a_budget_leaves_room_for_an_answer(
    limit: int | None, most: int | None, sent: int, budget: int, losses: list[str]
) -> None:
    draft = encode(Thinking("medium"), "claude-sonnet-4-5", limit, most)
    assert draft.fields["max_tokens"] == sent and draft.fields["thinking"] == enabled(budget)
    assert draft.losses == losses


def test_a_model_with_too_small_an_answer_does_not_think() -> None:
    draft = encode(Thinking("medium"), "claude-3-haiku-20240307", None, 2_000)
    assert "thinking" not in draft.fields and draft.losses == ["thinking"]


@pytest.mark.parametrize("model", ["claude-sonnet-4-5", "claude-opus-5"])
def test_what_may_not_stand_beside_thinking_is_left_out_and_told(model: str) -> None:
    conversation = Conversation(
        HELLO,
        Sampling(max_output_tokens=50_000, temperature=0.2, top_p=0.5, top_k=3),
        tools=(Tool("look"),),
        tool_choice=ToolChoice("required"),
        parallel_tool_calls=False,
        thinking=Thinking("low"),
    )
    draft = encode_request(conversation, False, Target(model))
    assert draft.losses == ["temperature", "top_p", "top_k", "tool_choice"]
    assert not {"temperature", "top_p", "top_k"} & draft.fields.keys()
    assert draft.fields["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}


def test_what_says_what_thinking_has_anyway_is_no_loss() -> None:
    conversation = Conversation(HELLO, Sampling(temperature=1, top_p=0.97), thinking=Thinking("low"))
    draft = encode_request(conversation, False, Target("claude-opus-5"))
    assert draft.losses == [] and draft.fields["top_p"] == 0.97
