"""A request is spliced, not rewritten: a parser sees the new model and parameters, and every other byte as it was."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.dialects.dialect import Target
from pointsman.core.dialects.openai_chat.decode_request import decode_request
from pointsman.core.dialects.openai_chat.rewrite_request import rewrite_request

MESSAGES = [{"role": "user", "content": "hi"}]
PARAMETERS = (("temperature", 0.3), ("max_tokens", 2000), ("stop", ("a", 'b"')))


def rewrite(body: bytes, **changes: Any) -> dict[str, Any]:
    encoded = rewrite_request(decode_request(body), Target("upstream-1", parameters=changes.get("parameters", ())))
    decoded = json.loads(encoded.body, object_pairs_hook=_refuse_duplicates)
    assert isinstance(decoded, dict)
    return decoded


def _refuse_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    assert len({key for key, _ in pairs}) == len(pairs), "a key was written twice"
    return dict(pairs)


def test_changes_nothing_but_the_model() -> None:
    body = b' {"x" :1e2,  "model"\t: "agent:a" ,"messages":[{"role":"user","content":"\\u00e9 \\"model\\""}] } '
    encoded = rewrite_request(decode_request(body), Target('new"name'))
    assert encoded.body == body.replace(b'"agent:a"', b'"new\\"name"')
    assert encoded.changes == ()


@pytest.mark.parametrize(
    "body",
    [
        b'{"user":"model","messages":[{"role":"user","content":"x","model":"inner"}],"model":"agent:a"}',
        b'{"m\\u006fdel":"agent:a","user":"model","messages":[{"role":"user","content":"x"}]}',
        b'{"toolbox":[{"model":[1,{"a":"]}\\\\"}]}],"model":"agent:a","messages":[{"role":"user","content":"x"}]}',
        b'{"a":-1.5e3,"b":true , "c":[] ,"model" : "agent:a", "messages":[{"role":"user","content":"x"}]}',
    ],
)
def test_finds_the_models_own_place(body: bytes) -> None:
    expected = json.loads(body) | {"model": "upstream-1"}
    assert rewrite(body) == expected


def test_adds_what_the_caller_left_unsaid() -> None:
    body = json.dumps({"model": "m", "messages": MESSAGES, "temperature": 1}).encode()
    encoded = rewrite_request(decode_request(body), Target("upstream-1", parameters=PARAMETERS))
    sent = json.loads(encoded.body)
    assert (sent["temperature"], sent["max_tokens"], sent["stop"]) == (1, 2000, ["a", 'b"'])
    assert encoded.changes == ("max_tokens=2000", 'stop=["a","b\\""]')


def test_either_spelling_of_the_token_limit_counts() -> None:
    body = json.dumps({"model": "m", "messages": MESSAGES, "max_completion_tokens": 9}).encode()
    assert "max_tokens" not in rewrite(body, parameters=PARAMETERS)


def test_an_explicit_null_is_unsaid() -> None:
    body = b'{"model":"m","temperature":null,"messages":[{"role":"user","content":"x"}],"max_tokens":null}'
    sent = rewrite(body, parameters=PARAMETERS)
    assert (sent["temperature"], sent["max_tokens"]) == (0.3, 2000)


@pytest.mark.parametrize(
    ("options", "sent_options"),
    [
        ({}, {"include_usage": True}),
        ({"stream_options": None}, {"include_usage": True}),
        ({"stream_options": {"include_usage": False, "x": [1]}}, {"include_usage": True, "x": [1]}),
        ({"stream_options": {"include_usage": True}}, {"include_usage": True}),
    ],
)
def test_asks_for_usage_in_streams(options: dict[str, object], sent_options: dict[str, object]) -> None:
    body = json.dumps({"model": "m", "stream": True, **options, "messages": MESSAGES}).encode()
    assert rewrite(body)["stream_options"] == sent_options


def test_asks_for_nothing_in_plain_calls() -> None:
    body = json.dumps({"model": "m", "stream": False, "messages": MESSAGES}).encode()
    assert rewrite(body) == json.loads(body) | {"model": "upstream-1"}


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ['"model"', "model", '\\"', "]}", "{["]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | _TEXT,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(_TEXT, below, max_size=3),
    max_leaves=12,
)
_NAMES = _TEXT | st.sampled_from(["stream_options_", "user", "store", "x"])
_FORBIDDEN = {"api_base", "base_url", "api_key", "extra_headers"}
_CHECKED = {"n", "seed", "stop", "tools", "top_p", "metadata", "logprobs"}
_RESERVED = {"model", "messages", "stream", "stream_options"} | _FORBIDDEN | _CHECKED
_SAID = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.none() | st.sampled_from([0, 0.5, 2]),
        "max_tokens": st.none() | st.integers(1, 100),
        "stop": st.none() | st.sampled_from(["x", ["]}", '\\"']]),
    },
)


@given(
    st.dictionaries(_NAMES.filter(lambda name: name not in _RESERVED), _VALUES, max_size=5),
    _SAID,
    st.booleans(),
    st.booleans(),
    st.sampled_from([(",", ":"), (" , ", " : "), (",\n", ":\t")]),
    st.randoms(use_true_random=False),
)
def test_a_parser_sees_only_the_intended_difference(
    extra: dict[str, object],
    said: dict[str, object],
    stream: bool,
    ascii_only: bool,
    separators: tuple[str, str],
    order: Any,
) -> None:
    members = list({"model": "agent:a", "messages": MESSAGES, "stream": stream, **extra, **said}.items())
    order.shuffle(members)
    body = json.dumps(dict(members), ensure_ascii=ascii_only, separators=separators).encode()
    sent = rewrite(body, parameters=PARAMETERS)
    expected: dict[str, object] = dict(members) | {"model": "upstream-1"}
    for name, value in PARAMETERS:
        if expected.get(name) is None:
            expected[name] = list(value) if isinstance(value, tuple) else value
    if stream:
        expected["stream_options"] = {"include_usage": True}
    assert sent == expected


def test_words_that_are_meant_for_us_are_not_passed_on() -> None:
    mixed = b'{"model":"m","metadata":{"user":"ada","mine":"x","task":{"type":"review"}},"messages":[%b]}'
    body, changes = encode_raw(mixed)
    assert json.loads(body)["metadata"] == {"mine": "x"}
    assert changes == ("-metadata.user", "-metadata.task")
    body, changes = encode_raw(b'{"model":"m","metadata":{"privacy":"low"},"messages":[%b]}')
    assert "metadata" not in json.loads(body) and changes == ("-metadata.privacy",)
    body, changes = encode_raw(b'{"model":"m","metadata":{"mine":"x"},"messages":[%b]}')
    assert json.loads(body)["metadata"] == {"mine": "x"} and changes == ()


def encode_raw(body: bytes) -> tuple[bytes, tuple[str, ...]]:
    encoded = rewrite_request(decode_request(body % b'{"role":"user","content":"hi"}'), Target("upstream"))
    return encoded.body, encoded.changes
