"""Bedrock's Converse on the simulator: plain answers and frames, and everything they carry."""

import base64
import json
from typing import Any

import httpx
import pytest

from pointsman.simulator.bedrock_frames import write_frame
from pointsman.simulator.tokens import count_tokens
from simulator.event_stream import read_frames
from simulator.running_simulator import DEADLINE_S, Simulation

PROMPT = "How do I plan a trip from Paris to Lyon?"
THINKING = {"thinking": {"type": "enabled", "budget_tokens": 1024}}


def tool(name: str, **properties: object) -> Any:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"toolSpec": {"name": name, "description": name, "inputSchema": {"json": schema}}}


TOOLS = [tool("get_weather", city={"type": "string"}), tool("get_stock_price", ticker={"type": "string"})]


def say(*blocks: Any, role: str = "user") -> dict[str, Any]:
    return {"role": role, "content": [{"text": block} if isinstance(block, str) else block for block in blocks]}


def send(simulation: Simulation, verb: str, *messages: Any, **fields: Any) -> httpx.Response:
    body = {"messages": messages or [say(PROMPT)], **fields}
    return httpx.post(f"{simulation.url}/model/{simulation.model}/{verb}", json=body, timeout=DEADLINE_S)


def ask(simulation: Simulation, *messages: Any, **fields: Any) -> Any:
    """The plain answer, once the streamed one has been found to say the same."""
    plain = send(simulation, "converse", *messages, **fields)
    assert plain.status_code == 200, plain.text
    streamed = send(simulation, "converse-stream", *messages, **fields)
    assert streamed.headers["content-type"] == "application/vnd.amazon.eventstream"
    document = plain.json()
    content, stop, metadata = read_stream(streamed.content)
    assert content == document["output"]["message"]["content"]
    assert stop == {
        name: document[name] for name in ("stopReason", "additionalModelResponseFields") if name in document
    }
    assert metadata["usage"]["outputTokens"] == document["usage"]["outputTokens"]
    return document


def read_stream(data: bytes) -> tuple[list[Any], Any, Any]:
    blocks: dict[int, Any] = {}
    events = [(headers[":event-type"], payload) for headers, payload in read_frames(data)]
    assert all(payload.pop("p") for _, payload in events)
    names = [name for name, _ in events]
    assert (names[0], names[-2:]) == ("messageStart", ["messageStop", "metadata"])
    for name, payload in events:
        place = payload.get("contentBlockIndex")
        if name == "contentBlockStart":
            blocks[place] = {"toolUse": {**payload["start"]["toolUse"], "input": ""}}
        elif name == "contentBlockDelta":
            add(blocks, place, payload["delta"])
    for block in blocks.values():
        if "toolUse" in block:
            block["toolUse"]["input"] = json.loads(block["toolUse"]["input"])
    return list(blocks.values()), events[-2][1], events[-1][1]


def add(blocks: dict[int, Any], place: int, delta: Any) -> None:
    if "text" in delta:
        blocks.setdefault(place, {"text": ""})["text"] += delta["text"]
    elif "toolUse" in delta:
        blocks[place]["toolUse"]["input"] += delta["toolUse"]["input"]
    elif "redactedContent" in delta["reasoningContent"]:
        blocks[place] = delta
    else:
        block = blocks.setdefault(place, {"reasoningContent": {"reasoningText": {"text": ""}}})
        thought = block["reasoningContent"]["reasoningText"]
        for name, piece in delta["reasoningContent"].items():
            thought[name] = thought.get(name, "") + piece


def test_frames_are_those_of_amazons_own_examples() -> None:
    assert write_frame((), b"").hex() == "000000100000000005c248eb7d98c8ff"
    assert write_frame((), b"{'foo':'bar'}").hex() == "0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936"


def test_an_answer(simulation: Simulation) -> None:
    config = {"maxTokens": 900, "temperature": 0.2, "topP": 0.5}
    answer = ask(simulation, system=[{"text": "Be kind."}], inferenceConfig=config)
    text = answer["output"]["message"]["content"][0]["text"]
    assert "Lyon" in text
    assert answer["stopReason"] == "end_turn"
    usage = answer["usage"]
    assert usage["outputTokens"] == count_tokens(text)
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"]
    call = simulation.await_call(lambda call: call["ended"])
    assert (call["stream"], call["prompt_tokens"]) == (True, usage["inputTokens"])
    assert call["completion_tokens"] == usage["outputTokens"]


def test_parallel_calls_thoughts_and_results(simulation: Simulation) -> None:
    asked = say("Weather in Lyon and the stock price, please")
    config = {"tools": TOOLS, "toolChoice": {"auto": {}}}
    answer = ask(simulation, asked, toolConfig=config, additionalModelRequestFields=THINKING)
    said = answer["output"]["message"]
    assert answer["stopReason"] == "tool_use"
    assert [next(iter(block)) for block in said["content"]] == ["reasoningContent", "toolUse", "toolUse"]
    results = say(
        *(
            {"toolResult": {"toolUseId": block["toolUse"]["toolUseId"], "content": [{"json": {"sky": "blue"}}]}}
            for block in said["content"][1:]
        )
    )
    told = ask(simulation, asked, said, results, toolConfig=config, additionalModelRequestFields=THINKING)
    assert "blue" in told["output"]["message"]["content"][-1]["text"]
    said["content"][0]["reasoningContent"]["reasoningText"]["text"] += "!"
    assert send(simulation, "converse", asked, said, results, toolConfig=config).status_code == 400


def test_hidden_thoughts(simulation: Simulation) -> None:
    asked = say(f"Please redact. {PROMPT}")
    answer = ask(simulation, asked, additionalModelRequestFields=THINKING)
    said = answer["output"]["message"]
    sealed = base64.b64decode(said["content"][0]["reasoningContent"]["redactedContent"])
    assert ask(simulation, asked, said, say("And then?"))
    said["content"][0]["reasoningContent"]["redactedContent"] = base64.b64encode(sealed + b"!").decode()
    assert send(simulation, "converse", asked, said, say("And then?")).status_code == 400


@pytest.mark.parametrize(
    ("choice", "called"),
    [({"any": {}}, "get_weather"), ({"tool": {"name": "get_stock_price"}}, "get_stock_price"), ({"auto": {}}, None)],
)
def test_whether_tools_are_called(simulation: Simulation, choice: Any, called: str | None) -> None:
    answer = ask(simulation, say("Hello"), toolConfig={"tools": TOOLS, "toolChoice": choice})
    calls = [block["toolUse"]["name"] for block in answer["output"]["message"]["content"] if "toolUse" in block]
    assert calls == ([called] if called else [])


def test_marked_prompts_are_cached(simulation: Simulation) -> None:
    point = {"cachePoint": {"type": "default"}}
    hour = {"cachePoint": {"type": "default", "ttl": "1h"}}
    system = [{"text": f"Rules of {simulation.model}: be kind."}, hour]
    fields: Any = {"system": system, "toolConfig": {"tools": [*TOOLS, point]}}
    first = send(simulation, "converse", say(PROMPT, point), **fields).json()["usage"]
    again = send(simulation, "converse", say(PROMPT, point), **fields).json()["usage"]
    assert first["cacheReadInputTokens"] == 0 < first["cacheWriteInputTokens"]
    assert {detail["ttl"] for detail in first["cacheDetails"]} == {"5m", "1h"}
    assert sum(detail["inputTokens"] for detail in first["cacheDetails"]) == first["cacheWriteInputTokens"]
    assert (again["cacheReadInputTokens"], again["cacheWriteInputTokens"]) == (first["cacheWriteInputTokens"], 0)
    assert again["totalTokens"] == first["totalTokens"]
    call = simulation.await_call(lambda call: call["ended"])
    assert call["prompt_tokens"] == again["inputTokens"] + again["cacheReadInputTokens"]


def test_structured_answers(simulation: Simulation) -> None:
    schema = json.dumps({"type": "object", "properties": {"n": {"const": 7}}, "required": ["n"]})
    form = {"type": "json_schema", "structure": {"jsonSchema": {"schema": schema, "name": "number"}}}
    answer = ask(simulation, outputConfig={"textFormat": form})
    assert answer["output"]["message"]["content"] == [{"text": '{"n":7}'}]


def test_limits_stops_and_refusals(simulation: Simulation) -> None:
    answer = ask(simulation, inferenceConfig={"maxTokens": 4})
    assert (answer["stopReason"], answer["usage"]["outputTokens"]) == ("max_tokens", 4)
    fields: Any = {
        "inferenceConfig": {"stopSequences": ["two"]},
        "additionalModelResponseFieldPaths": ["/stop_sequence"],
    }
    answer = ask(simulation, say("Reply with exactly: one two three"), **fields)
    assert answer["stopReason"] == "stop_sequence"
    assert answer["additionalModelResponseFields"] == {"stop_sequence": "two"}
    answer = ask(simulation, say("Please refuse this"))
    assert answer["stopReason"] == "content_filtered"


def test_attachments_cost(simulation: Simulation) -> None:
    image = {"image": {"format": "png", "source": {"bytes": base64.b64encode(bytes(256)).decode()}}}
    bill = {"document": {"format": "pdf", "name": "bill", "source": {"s3Location": {"uri": "s3://bills/of-may.pdf"}}}}
    costs = [ask(simulation, say(*blocks))["usage"]["inputTokens"] for blocks in ([PROMPT], [image, bill, PROMPT])]
    assert costs[1] - costs[0] > 1_000


def test_a_model_that_does_not_exist(simulation: Simulation) -> None:
    body = {"messages": [say(PROMPT)]}
    answer = httpx.post(f"{simulation.url}/model/claude-none/converse", json=body, timeout=DEADLINE_S)
    assert answer.status_code == 404
    assert answer.headers["x-amzn-errortype"].startswith("ResourceNotFoundException:")
    assert set(answer.json()) == {"message"}
