"""The search of a task's text: what it finds is told by kind, and whatever stops it counts as a find."""

from typing import Any

import msgspec
import pytest

from pointsman.core.chat.request import ChatRequest
from pointsman.core.config.snapshot import Settings
from pointsman.core.dialects.openai_chat.decode_request import decode_request
from pointsman.core.privacy.entities import ENTITIES
from pointsman.relay import search
from pointsman.router.search import PrivateDataSearch

ALL = Settings(detect_entities=tuple(ENTITIES))
NO_TIME = Settings(detect_entities=tuple(ENTITIES), detect_deadline_ms=0)
NAMES = Settings(detect_entities=tuple(ENTITIES), detect_names=True)


def say(content: object) -> ChatRequest:
    return decode_request(msgspec.json.encode({"model": "auto", "messages": [{"role": "user", "content": content}]}))


def test_what_is_found_is_told_by_kind() -> None:
    looking = PrivateDataSearch()
    assert looking.search(say("Summarise the report of the last quarter."), ALL) == ""
    found = looking.search(say("ada@example.com from 10.20.30.40"), ALL)
    assert found.endswith(" found in it") and "email" in found and "ip_address" in found and "ada" not in found


def test_only_the_kinds_that_are_wanted_count() -> None:
    assert PrivateDataSearch().search(say("ada@example.com"), Settings(detect_entities=("iban",))) == ""


def test_what_cannot_be_searched_counts() -> None:
    image = [{"type": "image_url", "image_url": {"url": "https://far.example/a.png"}}]
    assert "cannot be searched" in PrivateDataSearch().search(say(image), ALL)


def test_what_is_too_long_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST_BYTES", 1_000)
    assert "too long" in PrivateDataSearch().search(say("word " * 200), ALL)


def test_what_takes_too_long_counts() -> None:
    assert PrivateDataSearch().search(say("word"), NO_TIME) == "the search for private data took too long"


def test_a_search_that_fails_counts_and_its_words_are_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    impossible: Any = ({"a kind": "that nothing can be compared with"},)
    found = PrivateDataSearch().search(say("a secret"), Settings(detect_entities=impossible))
    assert found == "the search for private data failed"
    assert "secret" not in caplog.text and "TypeError" in caplog.text


def test_names_are_looked_for_with_whatever_library_there_is(caplog: pytest.LogCaptureFixture) -> None:
    looking = PrivateDataSearch()
    nothing, again = (looking.search(say("Add two numbers."), NAMES) for _ in range(2))
    assert nothing == again
    if nothing:
        assert nothing == "names cannot be looked for on this machine"
        assert caplog.text.count("pip install") + caplog.text.count("spacy download") >= 1
        assert len(caplog.records) == 1
    else:
        assert "person" in looking.search(say("Please call Angela Merkel tomorrow."), NAMES)


def test_names_in_a_text_beyond_the_bound_count() -> None:
    assert PrivateDataSearch().search(say("word " * 20_000), NAMES) == "it is too long to be searched for names"
