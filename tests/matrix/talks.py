"""What the matrix asks in every cell, and what no format but the client's can say of it."""

from dataclasses import replace
from functools import cache
from typing import Any

import httpx

from matrix.asking import PIXEL, Assistant, Call, Function, Results, Said, Talk, User
from matrix.world import World

PROMPT = "How do I get to Lyon?"


def _close(**properties: str) -> dict[str, Any]:
    members = {name: {"type": kind} for name, kind in properties.items()}
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}


WEATHER = Function("get_weather", _close(city="string"))
STOCKS = Function("get_stock_price", _close(ticker="string"))
TRIP = _close(city="string", days="integer")

TALKS = {
    "text": Talk(turns=(User(PROMPT),)),
    "system prompt": Talk(turns=(User(PROMPT),), system="Be kind."),
    "several turns": Talk(
        turns=(User(PROMPT), Assistant("Take the train."), User("And back to Paris?")), system="Be kind."
    ),
    "tool": Talk(turns=(User("What is the weather in Lyon?"),), tools=(WEATHER, STOCKS)),
    "parallel tools": Talk(turns=(User("What are the weather and the stock price in Lyon?"),), tools=(WEATHER, STOCKS)),
    "any tool": Talk(turns=(User(PROMPT),), tools=(WEATHER, STOCKS), must_call="any"),
    "named tool": Talk(turns=(User(PROMPT),), tools=(WEATHER, STOCKS), must_call="get_stock_price"),
    "schema": Talk(turns=(User(PROMPT),), schema=TRIP),
    "image": Talk(turns=(User(PROMPT, PIXEL),)),
    "stop sequence": Talk(turns=(User(PROMPT),), stop="Lyon"),
    "most tokens": Talk(turns=(User(PROMPT),), max_tokens=16),
}

THINKING = Talk(turns=(User(PROMPT),), thinks=True)
REFUSAL = Talk(turns=(User("Please refuse this trip."),))

FINISHES = {"tool": "tools", "parallel tools": "tools", "any tool": "tools", "named tool": "tools"} | {
    "most tokens": "length",
    "stop sequence": "stop_sequence",
}
"""How an answer ends, where that is not of its own."""

LOSSES: dict[tuple[str, str, str], str] = {
    **{(client, "openai_responses", "stop sequence"): "stop" for client in ("openai_chat", "gemini", "cohere")},
    ("anthropic_messages", "openai_responses", "stop sequence"): "stop",
    ("openai_responses", "openai_chat", "thinking"): "thinking.shows, thinking.summary",
    ("openai_responses", "cohere", "thinking"): "thinking.summary",
    ("openai_responses", "bedrock_converse", "thinking"): "thinking.summary",
    ("gemini", "openai_chat", "thinking"): "thinking.shows",
}
"""By client's format, provider's format and talk; of the others nothing is lost."""

TELLS_STOP_SEQUENCE = frozenset(
    {("anthropic_messages", "anthropic_messages"), ("cohere", "anthropic_messages"), ("cohere", "cohere")}
)
"""Client and provider between which it is told that a stop sequence ended the answer; else it looks like any end."""


def answer_calls(talk: Talk, said: Said) -> Talk:
    """The talk with the answer's calls and what came of them."""
    results = Results(tuple((call, f"It is all well with {call.name}.") for call in said.calls))
    return replace(talk, turns=(*talk.turns, said, results), must_call="")


def strip_ids(calls: tuple[Call, ...]) -> list[tuple[str, Any]]:
    """Calls without the ids, which formats and answers make up."""
    return [(call.name, call.arguments) for call in calls]


@cache
def _ask_simulator(url: str, name: str) -> tuple[str, str]:
    """What the simulated model itself says to a talk, asked in the plainest way; its calls as text."""
    talk = TALKS[name]
    messages: list[Any] = [{"role": "system", "content": talk.system}] if talk.system else []
    for turn in talk.turns:
        assert isinstance(turn, User | Assistant)
        role = "user" if isinstance(turn, User) else "assistant"
        messages.append({"role": role, "content": turn.text})
    body: dict[str, Any] = {"model": "simulated-large", "messages": messages}
    if talk.tools:
        body["tools"] = [
            {"type": "function", "function": {"name": tool.name, "parameters": tool.parameters}} for tool in talk.tools
        ]
    if talk.must_call == "any":
        body["tool_choice"] = "required"
    elif talk.must_call:
        body["tool_choice"] = {"type": "function", "function": {"name": talk.must_call}}
    if talk.schema is not None:
        shape = {"name": "trip", "schema": talk.schema, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": shape}
    body |= {"stop": talk.stop} if talk.stop else {}
    body |= {"max_tokens": talk.max_tokens} if talk.max_tokens else {}
    answer = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=10)
    assert answer.status_code == 200, answer.text
    message = answer.json()["choices"][0]["message"]
    names = [call["function"]["name"] for call in message.get("tool_calls") or ()]
    return message["content"] or "", " ".join(names)


def find_reference(world: World, name: str) -> tuple[str, list[str]]:
    """The words, and the names of the tools called, that every cell must bring back."""
    text, names = _ask_simulator(world.simulator, name)
    return text, names.split()
