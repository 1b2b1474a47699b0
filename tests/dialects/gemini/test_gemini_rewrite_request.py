"""The short way: no byte changes but those that must, whichever spelling the client uses."""

import json
from typing import Any

import pytest

from pointsman.core.dialects.dialect import Parameters, Target
from pointsman.core.dialects.gemini.decode_request import decode_generate
from pointsman.core.dialects.gemini.rewrite_request import rewrite_request
from pointsman.core.dialects.quirks import Quirk

CONTENTS = '"contents": [ {"parts":[{"text":"h\\u00e9"}]} ]'
PARAMETERS: Parameters = (
    ("temperature", 0.3),
    ("max_tokens", 2000),
    ("stop", ("a", "b")),
    ("reasoning_effort", "low"),
    ("verbosity", "low"),
    ("service_tier", "flex"),
)


def write(rest: str) -> str:
    return "{ " + CONTENTS + rest + "} "


def rewrite(body: str, *quirks: Quirk, parameters: Parameters = ()) -> tuple[bytes, tuple[str, ...], tuple[str, ...]]:
    target = Target("gemini-2.5-flash", quirks=quirks, parameters=parameters)
    encoded = rewrite_request(decode_generate(body.encode(), "agent:a", False), target)
    return encoded.body, encoded.changes, encoded.imposed


def decoded(body: bytes) -> dict[str, Any]:
    value = json.loads(body)
    assert isinstance(value, dict)
    return value


def test_all_bytes_stay() -> None:
    body = write(', "x" :1e2, "generation_config":{ "top_k":1 }')
    assert rewrite(body) == (body.encode(), (), ())


def test_what_the_caller_left_unsaid_is_added() -> None:
    body, changes, _ = rewrite(write(""), parameters=PARAMETERS)
    assert body.endswith(CONTENTS.encode() + b"} ")
    assert decoded(body)["generationConfig"] == {
        "temperature": 0.3,
        "maxOutputTokens": 2000,
        "stopSequences": ["a", "b"],
        "thinkingConfig": {"thinkingBudget": 2048},
    }
    assert decoded(body)["serviceTier"] == "flex"
    assert changes == (
        "generationConfig.temperature=0.3",
        "generationConfig.maxOutputTokens=2000",
        'generationConfig.stopSequences=["a","b"]',
        'generationConfig.thinkingConfig={"thinkingBudget":2048}',
        'serviceTier="flex"',
    )


def test_what_the_caller_said_stays() -> None:
    config = '{"temperature":1,"max_output_tokens":5,"stop_sequences":["x"]}'
    said = write(f',"generation_config":{config},"service_tier":"standard"')
    body, changes, _ = rewrite(said, parameters=PARAMETERS)
    assert "generation_config" not in decoded(body) and "serviceTier" not in decoded(body)
    found = decoded(body)["generationConfig"]
    assert (found["temperature"], found["maxOutputTokens"], found["stopSequences"]) == (1, 5, ["x"])
    assert changes == ('generationConfig.thinkingConfig={"thinkingBudget":2048}',)


def test_own_words_and_a_model_in_the_body_stay_here() -> None:
    body, changes, _ = rewrite(write(',"model":"models/agent:a","metadata":{"task":"x","team":"y"}'))
    assert "model" not in decoded(body) and decoded(body)["metadata"] == {"team": "y"}
    assert changes == ("-metadata.task",)
    body, changes, _ = rewrite(write(',"metadata":{"task":"x","user":"u"}'))
    assert "metadata" not in decoded(body) and changes == ("-metadata.task", "-metadata.user")


def test_quirks_reach_either_spelling() -> None:
    quirk = Quirk("no-seed", drop=("generationConfig.seed",), most={"generationConfig.maxOutputTokens": 100})
    for name, limit in (("generationConfig", "maxOutputTokens"), ("generation_config", "max_output_tokens")):
        body, changes, imposed = rewrite(write(f',"{name}":{{"seed":1,"{limit}":500}}'), quirk)
        assert decoded(body)["generationConfig"] == {"maxOutputTokens": 100}
        assert changes == imposed == ("-generationConfig.seed", "generationConfig.maxOutputTokens=100")


@pytest.mark.parametrize("name", ["generationConfig", "generation_config"])
def test_an_agents_parameter_is_not_the_callers_in_either_spelling(name: str) -> None:
    quirk = Quirk("cool", most={"generationConfig.temperature": 0.5, "generationConfig.topP": 0.5})
    _, changes, imposed = rewrite(write(f',"{name}":{{"temperature":0.9}}'), quirk, parameters=(("top_p", 0.9),))
    assert changes[-2:] == ("generationConfig.temperature=0.5", "generationConfig.topP=0.5")
    assert imposed == ("generationConfig.temperature=0.5",)
