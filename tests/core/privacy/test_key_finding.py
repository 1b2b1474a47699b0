"""Keys are known by their shapes wherever they stand; the same table serves the configuration."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.config.inline_secrets import holds_secret
from pointsman.core.privacy.detect import detect
from pointsman.core.privacy.key_shapes import KEY_SHAPES, KeyShape
from pointsman.core.privacy.keys import find_keys, holds_key


@pytest.mark.parametrize("shape", KEY_SHAPES, ids=lambda shape: shape.owner)
@given(st.data())
def test_a_key_of_every_shape_is_found(shape: KeyShape, data: st.DataObject) -> None:
    pattern = shape.pattern.removeprefix("(?<![_-])")
    key = data.draw(st.from_regex(f"\\A(?:{pattern})\\Z"))
    for text in (key, f"see {key} there", f'{{"key": "{key}"}}', f"line\\n{key}\\n", f"a\n{key}", f"x={key}"):
        assert holds_key(text)
        assert holds_secret(text)
        assert next(find_keys(text.encode()), None) is not None
        if not shape.is_plain:
            assert "secret" in detect([text]).kinds


NO_KEYS = ("", "sk-short", "task-management-for-large-teams", "Bearer token", "a" * 200, "pm_", "é" * 50)


@pytest.mark.parametrize("text", NO_KEYS)
def test_what_has_no_shape_is_no_key(text: str) -> None:
    assert not holds_key(text)


def test_the_word_of_http_makes_a_key_of_any_shape() -> None:
    assert holds_key("Authorization: BEARER abcdefghijklmnop")
    assert detect(["authorization: bearer a1b2c3d4e5f6g7h8"]).kinds == {"secret"}
