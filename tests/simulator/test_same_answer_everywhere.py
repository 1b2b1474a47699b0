"""One conversation, asked in several dialects, costs the same prompt and gets the same answer."""

import json
from typing import Any

import httpx
import pytest

from simulator.running_simulator import DEADLINE_S, Simulation

SYSTEM = "Be kind."
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}
NAME, ABOUT = "get_weather", "Weather of a city"


def ask(simulation: Simulation, path: str, body: Any) -> Any:
    answer = httpx.post(f"{simulation.url}{path}", json=body, timeout=DEADLINE_S)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ask_openai(simulation: Simulation, prompt: str) -> tuple[str, Any]:
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": prompt}]
    tools = [{"type": "function", "function": {"name": NAME, "description": ABOUT, "parameters": SCHEMA}}]
    body = {"model": simulation.model, "messages": messages, "tools": tools}
    message = ask(simulation, "/v1/chat/completions", body)["choices"][0]["message"]
    calls = message.get("tool_calls") or []
    return message["content"] or "", [json.loads(call["function"]["arguments"]) for call in calls]


def ask_gemini(simulation: Simulation, prompt: str) -> tuple[str, Any]:
    body = {
        "contents": [{"role": "user", "parts": [{"text": prompt}]}],
        "systemInstruction": {"parts": [{"text": SYSTEM}]},
        "tools": [{"functionDeclarations": [{"name": NAME, "description": ABOUT, "parametersJsonSchema": SCHEMA}]}],
    }
    answer = ask(simulation, f"/v1beta/models/{simulation.model}:generateContent", body)
    parts = answer["candidates"][0]["content"]["parts"]
    said = "".join(part.get("text", "") for part in parts)
    return said, [part["functionCall"]["args"] for part in parts if "functionCall" in part]


def ask_cohere(simulation: Simulation, prompt: str) -> tuple[str, Any]:
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": prompt}]
    tools = [{"type": "function", "function": {"name": NAME, "description": ABOUT, "parameters": SCHEMA}}]
    message = ask(simulation, "/v2/chat", {"model": simulation.model, "messages": messages, "tools": tools})["message"]
    calls = message.get("tool_calls", [])
    said = "".join(part["text"] for part in message.get("content", []))
    return said, [json.loads(call["function"]["arguments"]) for call in calls]


def ask_bedrock(simulation: Simulation, prompt: str) -> tuple[str, Any]:
    spec = {"name": NAME, "description": ABOUT, "inputSchema": {"json": SCHEMA}}
    body = {
        "messages": [{"role": "user", "content": [{"text": prompt}]}],
        "system": [{"text": SYSTEM}],
        "toolConfig": {"tools": [{"toolSpec": spec}]},
    }
    content = ask(simulation, f"/model/{simulation.model}/converse", body)["output"]["message"]["content"]
    said = "".join(block.get("text", "") for block in content)
    return said, [block["toolUse"]["input"] for block in content if "toolUse" in block]


@pytest.mark.parametrize("prompt", ["Plan a trip to Lyon", "What is the weather in Lyon?"])
def test_the_same_answer(simulation: Simulation, prompt: str) -> None:
    answers = [asking(simulation, prompt) for asking in (ask_openai, ask_gemini, ask_cohere, ask_bedrock)]
    assert answers == [answers[0]] * 4
    assert any(answers[0])
    assert len({call["prompt_tokens"] for call in simulation.list_calls()}) == 1
