"""Every way in which a client's JSON can be wrong has its own code; what is right is read as it stands."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.chat.client_json import MOST_NODES, SLOW_READING_BYTES, ClientError, read_json_object

REFUSED = {
    "C01 empty": (b"", "invalid_json"),
    "C01 blank": (b"  \n", "invalid_json"),
    "C02 truncated": (b'{"a":', "invalid_json"),
    "C02 truncated string": (b'{"a":"x', "invalid_json"),
    "C02 trailing comma": (b'{"a":1,}', "invalid_json"),
    "C02 comment": (b'{"a":1 /* x */}', "invalid_json"),
    "C02 single quotes": (b"{'a':1}", "invalid_json"),
    "C02 control character": (b'{"a":"\x01"}', "invalid_json"),
    "C02 leading zero": (b'{"a":01}', "invalid_json"),
    "C03 two documents": (b"{}{}", "invalid_json"),
    "C03 garbage after the end": (b'{"a":1} x', "invalid_json"),
    "C04 list": (b"[]", "invalid_type"),
    "C04 string": (b'"x"', "invalid_type"),
    "C04 number": (b"1", "invalid_type"),
    "C04 null": (b"null", "invalid_type"),
    "C05 duplicate": (b'{"a":1,"a":2}', "duplicate_key"),
    "C05 duplicate, spaced": (b'{"a":1,"a" :2}', "duplicate_key"),
    "C05 duplicate, deep": (b'{"a":[{"b":{"c":1,"c":1}}]}', "duplicate_key"),
    "C05 duplicate, escaped": (b'{"a":1,"\\u0061":2}', "duplicate_key"),
    "C05 duplicate, hidden behind a quote": (b'{"a":1,"a":2,"b":"\\u0022:\\u0022"}', "duplicate_key"),
    "C05 duplicate, hidden behind backslashes": (b'{"a\\\\":"\\\\\\"","a\\\\":1}', "duplicate_key"),
    "C06 NaN": (b'{"a":NaN}', "invalid_number"),
    "C06 Infinity": (b'{"a":Infinity}', "invalid_number"),
    "C06 -Infinity": (b'{"a":-Infinity}', "invalid_number"),
    "C06 1e400": (b'{"a":1e400}', "invalid_number"),
    "C07 deep list": (b'{"a":' + b"[" * 64 + b"]" * 64 + b"}", "too_deep"),
    "C07 very deep": (b"[" * 100_000, "too_deep"),
    "C08 5,000 digits": (b'{"a":' + b"1" * 5_000 + b"}", "invalid_number"),
    "C08 2**63": (b'{"a":9223372036854775808}', "invalid_number"),
    "C08 -2**63 - 1": (b'{"a":-9223372036854775809}', "invalid_number"),
    "C10 nodes": (b'{"a":[' + b"1," * MOST_NODES + b"1]}", "too_many_items"),
    "C10 strings": (b'{"a":[' + b'"",' * MOST_NODES + b'""]}', "too_many_items"),
    "C10 nodes before quotes without an end": (b'{"a":[' + b"," * 100_002 + b'\\"' * 1_000_000, "too_many_items"),
    "C02 commas in a string without an end": (b'{"a":["' + b"," * 100_002 + b'\\"' * 1_000, "invalid_json"),
    "C08 among many": (b'{"a":[' + b"1," * 100 + b"9223372036854775808]}", "invalid_number"),
    "C11 in a value": (b'{"a":"\xff"}', "invalid_utf8"),
    "C11 in a key": (b'{"\xc3\x28":1}', "invalid_utf8"),
    "C11 overlong": (b'{"a":"\xc0\x80"}', "invalid_utf8"),
    "C12 UTF-16 with BOM": ('{"a":1}'.encode("utf-16"), "invalid_encoding"),
    "C12 UTF-16 without": ('{"a":1}'.encode("utf-16-le"), "invalid_encoding"),
    "C12 UTF-16 big endian": ('{"a":1}'.encode("utf-16-be"), "invalid_encoding"),
    "C12 UTF-32": ('{"a":1}'.encode("utf-32"), "invalid_encoding"),
    "C13 lone surrogate": (b'{"a":"\\ud800"}', "invalid_unicode"),
    "C13 lone low surrogate in a key": (b'{"\\udc00":1}', "invalid_unicode"),
    "large and wrong": (b'{"a":"' + b"x" * SLOW_READING_BYTES + b'",}', "invalid_json"),
}


@pytest.mark.parametrize(("body", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses_with_its_own_code(body: bytes, code: str) -> None:
    with pytest.raises(ClientError) as refusal:
        read_json_object(body)
    assert (refusal.value.status, refusal.value.code) == (400, code)
    assert len(refusal.value.message) < 300


def test_names_the_place() -> None:
    with pytest.raises(ClientError, match="byte 7"):
        read_json_object(b'{"a":1,}')
    with pytest.raises(ClientError, match="offset 6"):
        read_json_object(b'{"a":"\xff"}')
    with pytest.raises(ClientError) as duplicate:
        read_json_object(b'{"x":{"role":1,"role":2}}')
    assert duplicate.value.param == "x.role"


def test_drops_a_utf8_byte_order_mark() -> None:
    assert read_json_object(b'\xef\xbb\xbf{"a":1}') == (b'{"a":1}', {"a": 1})


def test_many_integers_are_counted_and_other_values_among_them_seen() -> None:
    ids = ",".join(map(str, range(MOST_NODES - 1)))
    assert len(read_json_object(f'{{"a":[{ids}]}}'.encode())[1]["a"]) == MOST_NODES - 1  # type: ignore[arg-type]
    for extra in ("1", '"x"'):
        with pytest.raises(ClientError, match="100,000 values"):
            read_json_object(f'{{"a":[{ids},{extra}]}}'.encode())
    mixed = b'{"a":[' + b"1," * 100 + b'"x",{"b":[9223372036854775807]},true,1.5]}'
    assert read_json_object(mixed)[0] == mixed


def test_accepts_the_deepest_allowed() -> None:
    body = b'{"a":' + b"[" * 63 + b"]" * 63 + b"}"
    assert read_json_object(body)[0] == body


_TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ['"', '\\"', "\\", '":', '{"a":1}', "\u2028"]
)
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(_TEXT, below, max_size=4),
    max_leaves=20,
)


@given(
    st.dictionaries(_TEXT, _VALUES, max_size=5),
    st.booleans(),
    st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")]),
)
def test_reads_every_proper_object(value: dict[str, object], ascii_only: bool, separators: tuple[str, str]) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only, separators=separators).encode()
    assert read_json_object(body) == (body, value)


@given(st.dictionaries(_TEXT, _VALUES, min_size=1, max_size=4), _VALUES, st.booleans())
def test_finds_every_duplicate(value: dict[str, object], again: object, ascii_only: bool) -> None:
    key = next(iter(value))
    text = json.dumps(value, ensure_ascii=ascii_only)
    more = f"{json.dumps(key)}:{json.dumps(again, ensure_ascii=ascii_only)}"
    with pytest.raises(ClientError) as refusal:
        read_json_object(f"{text[:-1]},{more}}}".encode())
    assert refusal.value.code == "duplicate_key"


@given(st.binary(max_size=80))
def test_never_raises_anything_else(body: bytes) -> None:
    try:
        _, value = read_json_object(body)
    except ClientError:
        return
    assert json.loads(body) == value
