"""The texts of a request: nothing that a provider could read is left out, and what is no text is reported."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.core.chat.request_texts import MOST_JOINED_CHARACTERS, has_unsearchable, list_joints, list_texts

_NEEDLE = "ada@example.org"


def _list(**fields: object) -> list[str]:
    return list(list_texts({"model": "agent:writer", "messages": [{"role": "user", "content": "Hello"}], **fields}))


@pytest.mark.parametrize(
    "fields",
    [
        {"messages": [{"role": "system", "content": _NEEDLE}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": _NEEDLE}]}]},
        {"messages": [{"role": "user", "content": "Hello", "name": _NEEDLE}]},
        {"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": _NEEDLE}}]}]},
        {
            "messages": [
                {"role": "assistant", "function_call": {"name": "f", "arguments": '{"a":"ada\\u0040example.org"}'}}
            ]
        },
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": _NEEDLE}}]}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": _NEEDLE}]}]},
        {"messages": [{"role": "user", "content": [{"type": "file", "file": {"filename": _NEEDLE}}]}]},
        {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "1", _NEEDLE: 1}}]}]},
        {"tools": [{"function": {"name": "f", "description": _NEEDLE}}]},
        {"tools": [{"function": {"parameters": {"properties": {_NEEDLE: {"type": "string"}}}}}]},
        {"tools": [{"type": "file", "file": {"file_data": _NEEDLE, "data": _NEEDLE}}]},
        {"response_format": {"json_schema": {"schema": {"enum": [_NEEDLE]}}}},
        {"prediction": {"type": "content", "content": [{"type": "text", "text": _NEEDLE}]}},
        {"metadata": {_NEEDLE: "1"}},
        {"user": _NEEDLE},
        {"unknown": [[{"deep": _NEEDLE}]]},
        {_NEEDLE: True},
    ],
    ids=repr,
)
def test_a_text_is_found_wherever_it_stands(fields: dict[str, object]) -> None:
    assert _NEEDLE in _list(**fields)


def test_texts_come_in_the_order_of_the_body() -> None:
    fields: dict[str, object] = {
        "model": "agent:writer",
        "messages": [
            {"role": "system", "content": "one"},
            {"role": "user", "content": [{"type": "text", "text": "two"}, {"type": "text", "text": "three"}]},
        ],
        "tools": [{"type": "function", "function": {"name": "four", "description": "five"}}],
        "metadata": {"six": "seven"},
    }
    assert list(list_texts(fields)) == ["one", "two", "three", "four", "five", "six", "seven"]


def _join(*texts: str) -> list[str]:
    parts = [{"type": "text", "text": text} for text in texts]
    return list(list_joints({"messages": [{"role": "user", "content": parts}]}))


@pytest.mark.parametrize(
    ("texts", "joined"),
    [
        ((), []),
        (("one",), []),
        (("4111 1111", " 1111 1111"), ["4111 1111 1111 1111"]),
        (("4111", "1111", "1111", "1111"), ["4111111111111111"]),
        (("a line\nthe card 4111 1111", " 1111 1111.\nand more"), ["the card 4111 1111 1111 1111."]),
        (("one", "two\nthree", "four"), ["onetwo", "threefour"]),
        (("one\n", "two", "three"), ["twothree"]),
        (("one", "\ntwo", "three"), ["twothree"]),
        (("one\n", "\ntwo"), []),
        (("one", "", "two"), ["onetwo"]),
        (("x" * 5_000, "y" * 5_000), ["x" * MOST_JOINED_CHARACTERS + "y" * MOST_JOINED_CHARACTERS]),
    ],
)
def test_the_ends_of_parts_that_a_model_reads_on_are_joined(texts: tuple[str, ...], joined: list[str]) -> None:
    assert _join(*texts) == joined


@given(st.text("0123456789 \n", min_size=2, max_size=40), st.data())
def test_each_line_of_the_whole_stands_in_one_piece_however_it_is_cut(whole: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(whole) - 1), max_size=6)))
    texts = [whole[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    pieces = [*texts, *_join(*texts)]
    assert all(any(line in piece for piece in pieces) for line in whole.split("\n"))


def test_a_prediction_is_joined_too_and_what_is_no_text_is_passed_over() -> None:
    parts = [{"type": "text", "text": "ada@"}, {"type": "text", "text": "example.org"}, {"type": "text", "text": 1}, 7]
    assert list(list_joints({"messages": "none", "prediction": {"content": parts}})) == [_NEEDLE]
    assert list(list_joints({"messages": ["none", {"content": "one"}, {"content": [{}, {}]}]})) == []


def test_numbers_as_long_as_an_account_are_listed_and_a_seed_is_not() -> None:
    arguments = json.dumps({"card": 4111111111111111, "note": "\u00e9"})
    tool_call = {"function": {"name": "pay", "arguments": arguments}}
    assert "4111111111111111" in _list(messages=[{"role": "assistant", "tool_calls": [tool_call]}])
    assert _list(seed=123456789, metadata={"phone": 491701234567, "age": 41}) == [
        "Hello",
        "phone",
        "491701234567",
        "age",
    ]


def test_the_bytes_of_images_sounds_and_files_are_not_listed() -> None:
    parts = [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
        {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0="}},
    ]
    assert _list(messages=[{"role": "user", "content": parts}]) == ["wav"]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"role": "user", "content": "Hello"}, False),
        ({"role": "user", "content": [{"type": "text", "text": "Hello"}]}, False),
        ({"role": "assistant", "content": [{"type": "refusal", "refusal": "No"}], "tool_calls": []}, False),
        ({"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": "u"}]}, True),
        ({"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]}, True),
        ({"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": ""}}]}, True),
        ({"role": "user", "content": [{"type": "something_new"}]}, True),
        ({"role": "assistant", "content": None, "audio": {"id": "audio-1"}}, True),
        ({"role": "user", "content": "Hello", "images": ["iVBORw0KGgo="]}, True),
    ],
)
def test_what_cannot_be_searched_is_reported(message: dict[str, object], expected: bool) -> None:
    assert has_unsearchable({"messages": [{"role": "user", "content": "Hello"}, message]}) is expected


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 999) | st.just(_NEEDLE),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "content", "data", "url", "file", "arguments", "x"]), inner, max_size=4
        )
    ),
    max_leaves=10,
)


@given(_VALUES, st.sampled_from(["messages", "tools", "metadata", "x"]))
@settings(max_examples=300)
def test_every_occurrence_is_listed_or_something_unsearchable_is_reported(value: object, name: str) -> None:
    fields = {name: [value]} if name == "messages" else {name: value}
    listed = list(list_texts(fields)).count(_NEEDLE)
    assert listed >= json.dumps(fields).count(_NEEDLE) or has_unsearchable(fields)
