"""A change is imposed on a caller only where it touches what the caller said, whatever stands in the body beside it."""

from typing import Any

import msgspec
import pytest

from pointsman.core.catalog.quirk import Quirk
from pointsman.core.chat.request import Encoded
from pointsman.core.dialects.dialect import Asking, Parameters, Target
from pointsman.core.dialects.passage import open_passage
from pointsman.core.dialects.table import DIALECTS

MESSAGES: dict[str, object] = {"messages": [{"role": "user", "content": "hi"}]}
NO_STREAM_OPTIONS = Quirk("no-stream-options", drop=("stream_options",))
LIMIT_RENAMED = Quirk("limit-renamed", rename={"max_tokens": "max_completion_tokens"})


def encode(
    here: str, there: str, fields: dict[str, object], *quirks: Quirk, parameters: Parameters = ()
) -> tuple[Encoded, dict[str, Any]]:
    client = DIALECTS[here].client
    assert client is not None
    request = client.decode_request(msgspec.json.encode({"model": "m", **MESSAGES, **fields}))
    target = Target("up", 4_096, quirks, parameters)
    encoded = open_passage(request, there, target, Asking(request, "r", 1)).encoded
    return encoded, msgspec.json.decode(encoded.body)


@pytest.mark.parametrize("here", ["openai_chat", "cohere"])
def test_nobody_is_told_of_stream_options_that_nobody_asked_for(here: str) -> None:
    encoded, sent = encode(here, "openai_chat", {"stream": True}, NO_STREAM_OPTIONS)
    assert "stream_options" not in sent and (encoded.changes, encoded.imposed) == ((), ())


def test_stream_options_of_the_caller_count() -> None:
    fields: dict[str, object] = {"stream": True, "stream_options": {"include_obfuscation": False}}
    encoded, _ = encode("openai_chat", "openai_chat", fields, NO_STREAM_OPTIONS)
    assert encoded.changes == encoded.imposed == ("-stream_options",)


def test_a_mere_rename_is_imposed_only_where_the_caller_chose_the_name() -> None:
    changes = ("max_tokens=max_completion_tokens", "-max_tokens")
    encoded, sent = encode("openai_chat", "openai_chat", {"max_tokens": 9}, LIMIT_RENAMED)
    assert (sent["max_completion_tokens"], encoded.changes, encoded.imposed) == (9, changes, changes)
    encoded, sent = encode("anthropic_messages", "openai_chat", {"max_tokens": 9}, LIMIT_RENAMED)
    assert (sent["max_completion_tokens"], encoded.changes, encoded.imposed) == (9, changes, ())


@pytest.mark.parametrize("here", ["openai_chat", "anthropic_messages"])
def test_what_is_clamped_after_a_rename_is_still_what_the_caller_said(here: str) -> None:
    quirks = (LIMIT_RENAMED, Quirk("small", most={"max_completion_tokens": 5}))
    encoded, sent = encode(here, "openai_chat", {"max_tokens": 9}, *quirks)
    assert sent["max_completion_tokens"] == 5 and "max_completion_tokens=5" in encoded.imposed


@pytest.mark.parametrize(
    ("here", "there", "member", "fields"),
    [
        ("openai_chat", "openai_chat", "temperature", {}),
        ("cohere", "cohere", "temperature", {}),
        ("anthropic_messages", "anthropic_messages", "temperature", {"max_tokens": 9}),
        ("anthropic_messages", "openai_chat", "temperature", {"max_tokens": 9}),
        ("openai_chat", "gemini", "generationConfig.temperature", {}),
    ],
)
def test_an_agents_parameter_is_not_the_callers(here: str, there: str, member: str, fields: dict[str, object]) -> None:
    quirk = Quirk("cool", most={member: 0.5})
    encoded, _ = encode(here, there, fields, quirk, parameters=(("temperature", 0.9),))
    assert encoded.changes[-1] == f"{member}=0.5" and encoded.imposed == ()
    encoded, _ = encode(here, there, {**fields, "temperature": 0.9}, quirk, parameters=(("top_p", 0.5),))
    assert encoded.imposed == (f"{member}=0.5",)


def test_quirks_see_metadata_without_our_own_words() -> None:
    ours: dict[str, object] = {"metadata": {"agent": "a"}}
    encoded, sent = encode("openai_chat", "openai_chat", ours, Quirk("none", drop=("metadata",)))
    assert "metadata" not in sent and (encoded.changes, encoded.imposed) == (("-metadata.agent",), ())
    encoded, sent = encode("openai_chat", "openai_chat", ours, Quirk("tagged", add={"metadata.a": "b"}))
    assert sent["metadata"] == {"a": "b"} and encoded.imposed == ()


def test_an_agent_with_both_names_of_the_output_limit_sends_one() -> None:
    limits: Parameters = (("max_tokens", 9), ("max_completion_tokens", 7))
    encoded, sent = encode("openai_chat", "openai_chat", {}, parameters=limits)
    assert encoded.changes == ("max_tokens=9",) and "max_completion_tokens" not in sent
