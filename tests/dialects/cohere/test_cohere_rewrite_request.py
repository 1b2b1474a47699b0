"""The short way changes what it must, in the bytes, and tells of it."""

import json

from pointsman.core.catalog.quirk import Quirk
from pointsman.core.dialects.cohere.decode_request import decode_request
from pointsman.core.dialects.cohere.rewrite_request import rewrite_request
from pointsman.core.dialects.dialect import Target

BODY = b'{ "model" : "agent:a", "messages":[{"role":"user","content":"hi"}], "p":0.50, "stop_sequences": null%b}'


def test_only_the_model_changes() -> None:
    request = decode_request(BODY % b"")
    encoded = rewrite_request(request, Target("command-a"))
    assert encoded.body == request.body.replace(b"agent:a", b"command-a")
    assert encoded.changes == ()


def test_parameters_of_an_agent_are_written_under_coheres_names() -> None:
    parameters = (
        ("temperature", 0.3),
        ("top_p", 0.9),
        ("max_completion_tokens", 9),
        ("stop", ("x", "y")),
        ("verbosity", "low"),
        ("reasoning_effort", "low"),
    )
    encoded = rewrite_request(decode_request(BODY % b""), Target("command-a", parameters=parameters))
    fields = json.loads(encoded.body)
    assert fields["p"] == 0.5
    assert {name: fields[name] for name in ("temperature", "max_tokens", "stop_sequences", "thinking")} == {
        "temperature": 0.3,
        "max_tokens": 9,
        "stop_sequences": ["x", "y"],
        "thinking": {"type": "enabled", "token_budget": 2048},
    }
    assert encoded.changes == (
        "temperature=0.3",
        "max_tokens=9",
        'stop_sequences=["x","y"]',
        'thinking={"type":"enabled","token_budget":2048}',
    )


def test_own_words_and_quirks() -> None:
    body = BODY % b', "metadata": {"agent": "a"}, "seed": 4'
    quirk = Quirk("small-p", most={"p": 0.4}, drop=("seed",))
    encoded = rewrite_request(decode_request(body), Target("command-a", quirks=(quirk,)))
    fields = json.loads(encoded.body)
    assert "metadata" not in fields and "seed" not in fields and fields["p"] == 0.4
    assert encoded.changes == ("-metadata.agent", "-seed", "p=0.4")
    assert encoded.imposed == ("-seed", "p=0.4")


def test_words_of_the_caller_stay_in_the_metadata() -> None:
    encoded = rewrite_request(decode_request(BODY % b', "metadata": {"task": "a", "x": 1}'), Target("command-a"))
    assert json.loads(encoded.body)["metadata"] == {"x": 1}
