"""A request that the gateway translated wrongly is refused by Gemini, Cohere and Bedrock, naming the place."""

from typing import Any

import httpx
import pytest

from simulator.running_simulator import DEADLINE_S, Simulation

Fields = dict[str, Any]

SIGNED = "AAAA"
USER = {"role": "user", "parts": [{"text": "Hello"}]}
CALL = {"functionCall": {"name": "look", "args": {}}}
RESULT = {"functionResponse": {"name": "look", "response": {"output": "x"}}}
SCHEMA = {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}}


def google(*contents: Fields, **fields: Any) -> Fields:
    return {"contents": list(contents) or [USER], **fields}


def declare(**fields: Any) -> list[Fields]:
    return [{"functionDeclarations": [{"name": "look", **fields}]}]


def configure(**fields: Any) -> Fields:
    return google(generationConfig=fields)


DECLARED = "tools[0].functionDeclarations[0]"
SIGNED_TURN = {"role": "model", "parts": [{"text": "x", "thoughtSignature": SIGNED}]}
BOTH_WAYS = {"system_instruction": {"parts": [{"text": "x"}]}, "systemInstruction": {"parts": []}}

GEMINI = [
    (google(temperature=1), "temperature"),
    (configure(maxTokens=5), "generationConfig.maxTokens"),
    (configure(temperature=3), "generationConfig.temperature"),
    (configure(topK="5"), "generationConfig.topK"),
    (configure(responseJsonSchema={"a": 1}), "generationConfig.responseMimeType"),
    (configure(logprobs=2), "generationConfig.logprobs"),
    (configure(thinkingConfig={"thinkingBudget": 1, "thinkingLevel": "LOW"}), "generationConfig.thinkingConfig"),
    (google({"role": "assistant", "parts": [{"text": "x"}]}), "contents[0].role"),
    (google({"role": "user", "content": "x"}), "contents[0].content"),
    (google({"role": "user", "parts": []}), "contents[0].parts"),
    (google({"role": "user", "parts": [{"text": "x", "type": "text"}]}), "contents[0].parts[0].type"),
    (google({"role": "user", "parts": [{}]}), "contents[0].parts[0]"),
    (google({"role": "user", "parts": [{"text": "x", **RESULT}]}), "contents[0].parts[0]"),
    (google({"role": "user", "parts": [CALL]}), "contents[0].parts[0]"),
    (google({"role": "user", "parts": [RESULT]}), "contents[0]"),
    (google(USER, {"role": "model", "parts": [CALL]}, USER), "contents[2]"),
    (google(USER, {"role": "model", "parts": [CALL, CALL]}, {"role": "user", "parts": [RESULT]}), "contents[2]"),
    (google(USER, {"role": "model", "parts": [CALL]}), "contents"),
    (google(USER, SIGNED_TURN, USER), "contents[1].parts[0].thoughtSignature"),
    (google(tools=declare(parameters={"title": 5})), f"{DECLARED}.parameters.title"),
    (google(tools=declare(parameters={"$schema": "x"})), f"{DECLARED}.parameters.$schema"),
    (google(tools=declare(parameters=SCHEMA, parametersJsonSchema={})), "tools"),
    (google(tools=declare(strict=True)), f"{DECLARED}.strict"),
    (google(toolConfig={"functionCallingConfig": {"mode": "required"}}), "toolConfig.functionCallingConfig.mode"),
    (google(toolConfig={"functionCallingConfig": {"mode": "ANY"}}), "toolConfig.functionCallingConfig"),
    (google(**BOTH_WAYS), "systemInstruction"),
]


@pytest.mark.parametrize(("body", "field"), GEMINI)
def test_gemini_names_the_field(simulation: Simulation, body: Fields, field: str) -> None:
    path = f"{simulation.url}/v1beta/models/{simulation.model}:generateContent"
    answer = httpx.post(path, json=body, timeout=DEADLINE_S)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["status"]) == (400, 400, "INVALID_ARGUMENT")
    assert error["details"][0]["fieldViolations"][0]["field"] == field


ASKED = {"role": "user", "content": "Hello"}
CALLED = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
CALLING = {"role": "assistant", "tool_calls": [CALLED]}
LOOK = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}

COHERE = [
    ({"top_p": 1}, "top_p"),
    ({"n": 2}, "n"),
    ({"messages": [{"role": "developer", "content": "x"}]}, "developer"),
    ({"messages": [{**ASKED, "name": "Ada"}]}, "messages[0].name"),
    ({"messages": [{"role": "user", "content": [{"type": "text", "text": "x", "cache": 1}]}]}, "cache"),
    ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "input_audio"),
    ({"messages": [ASKED, {"role": "assistant"}]}, "content or tool_calls"),
    ({"messages": [ASKED, CALLING, ASKED]}, "c1"),
    ({"messages": [ASKED, {"role": "tool", "tool_call_id": "c9", "content": "x"}]}, "c9"),
    ({"messages": [ASKED, {**CALLING, "tool_calls": [{**CALLED, "index": 0}]}]}, "index"),
    ({"tools": [{**LOOK, "strict": True}]}, "strict"),
    ({"tools": [{"type": "function", "function": {"name": "look"}}]}, "parameters"),
    ({"tool_choice": "REQUIRED"}, "needs tools"),
    ({"tool_choice": "auto", "tools": [LOOK]}, "tool_choice"),
    ({"response_format": {"type": "json_schema"}}, "json_schema"),
    ({"response_format": {"type": "json_object"}, "tools": [LOOK]}, "json_object"),
    ({"p": 1}, "'p'"),
    ({"frequency_penalty": -1}, "frequency_penalty"),
    ({"thinking": {"type": "enabled", "budget_tokens": 5}}, "budget_tokens"),
    ({"stop_sequences": ["a", "b", "c", "d", "e", "f"]}, "stop_sequences"),
]


@pytest.mark.parametrize(("fields", "said"), COHERE)
def test_cohere_says_what_is_wrong(simulation: Simulation, fields: Fields, said: str) -> None:
    body = {"model": simulation.model, "messages": [ASKED], **fields}
    answer = httpx.post(f"{simulation.url}/v2/chat", json=body, timeout=DEADLINE_S)
    assert (answer.status_code, set(answer.json())) == (400, {"id", "message"})
    assert said in answer.json()["message"]


def say(*blocks: Fields, role: str = "user") -> Fields:
    return {"role": role, "content": list(blocks)}


HELLO = say({"text": "Hello"})
USE = {"toolUse": {"toolUseId": "u1", "name": "look", "input": {}}}
USED = {"toolResult": {"toolUseId": "u1", "content": [{"text": "x"}]}}
SPEC = {"toolSpec": {"name": "look", "inputSchema": {"json": {"type": "object"}}}}
THINK = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
THOUGHT = {"reasoningContent": {"reasoningText": {"text": "Hm", "signature": SIGNED}}}

BEDROCK = [
    ({"model": "x"}, "model"),
    ({"inferenceConfig": {"max_tokens": 5}}, "inferenceConfig.max_tokens"),
    ({"inferenceConfig": {"topK": 5}}, "inferenceConfig.topK"),
    ({"inferenceConfig": {"temperature": 1.5}}, "inferenceConfig.temperature"),
    ({"messages": [say({"text": "x", "type": "text"})]}, "type"),
    ({"messages": [say({"text": " "})]}, "is blank"),
    ({"messages": [say({})]}, "exactly one member"),
    ({"messages": [say({"text": "x", **USED})]}, "exactly one member"),
    ({"messages": [say({"text": "x"}, role="assistant")]}, "start with a user message"),
    ({"messages": [HELLO, HELLO]}, "alternate"),
    ({"messages": [HELLO, say(USE, role="assistant"), HELLO], "toolConfig": {"tools": [SPEC]}}, "u1"),
    ({"messages": [say(USED)], "toolConfig": {"tools": [SPEC]}}, "exceeds the number"),
    ({"messages": [HELLO, say(USE, role="assistant"), say(USED)]}, "toolConfig"),
    ({"messages": [HELLO, say(THOUGHT, role="assistant"), HELLO]}, "signature"),
    ({"messages": [say(THOUGHT)]}, "assistant messages"),
    ({"messages": [say({"image": {"format": "png", "source": {"bytes": "%"}}})]}, "base64"),
    ({"messages": [say({"image": {"format": "png", "source": {"url": "x"}}})]}, "url"),
    ({"toolConfig": {"tools": [{"toolSpec": {"name": "a b", "inputSchema": {"json": {}}}}]}}, "toolSpec.name"),
    ({"toolConfig": {"tools": [SPEC], "toolChoice": {"tool": {"name": "none"}}}}, "not among the tools"),
    ({"toolConfig": {"tools": [SPEC], "toolChoice": {"none": {}}}}, "none"),
    ({"additionalModelRequestFields": {"n": 2}}, "n: Extra inputs"),
    ({"additionalModelRequestFields": {"thinking": {"type": "enabled"}}}, "budget_tokens"),
    ({"additionalModelRequestFields": {"thinking": {"type": "enabled", "budgetTokens": 2000}}}, "budgetTokens"),
    ({"additionalModelRequestFields": THINK, "inferenceConfig": {"temperature": 0.5}}, "temperature"),
    ({"additionalModelRequestFields": THINK, "inferenceConfig": {"maxTokens": 1024}}, "max_tokens"),
    ({"guardrailConfig": {"streamProcessingMode": "sync"}}, "streamProcessingMode"),
]


@pytest.mark.parametrize(("fields", "said"), BEDROCK)
def test_bedrock_says_what_is_wrong(simulation: Simulation, fields: Fields, said: str) -> None:
    path = f"{simulation.url}/model/{simulation.model}/converse"
    answer = httpx.post(path, json={"messages": [HELLO], **fields}, timeout=DEADLINE_S)
    assert (answer.status_code, set(answer.json())) == (400, {"message"})
    assert answer.headers["x-amzn-errortype"].startswith("ValidationException:")
    assert said in answer.json()["message"]
