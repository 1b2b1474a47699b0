"""A change by API holds what a document could hold, and nothing that only files can say."""

import json

import pytest

from pointsman.core.config.edit_values import InvalidEdit, read_values


def nest(depth: int) -> dict[str, object]:
    values: dict[str, object] = {}
    for _ in range(depth):
        values = {"a": values}
    return values


@pytest.mark.parametrize(
    "values",
    [
        {"version": 1},
        {"include": []},
        {"source": "file"},
        {"source": None},
        {"environments": {"production": {}}},
        {"storage": {"redis": {"env": "POINTSMAN_REDIS"}}},
        {"server": {"listen": "0.0.0.0:80"}},
        {"server": {"admin_listen": None}},
        {"security": {"environment_variables": ["AWS_SECRET_ACCESS_KEY"]}},
    ],
)
def test_what_files_alone_can_say_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(InvalidEdit, match="for the files to say"):
        read_values(values)


@pytest.mark.parametrize(
    "text",
    [
        '{"agents": {"a": {"parameters": {"temperature": NaN}}}}',
        '{"agents": {"a": {"parameters": {"temperature": -Infinity}}}}',
        '{"agents": {"a": {"parameters": {"seed": 9223372036854775808}}}}',
        '{"agents": {"a": {"description": "\\ud800"}}}',
        '{"agents": {"\\udfff": {}}}',
        '{"agents": {"a": {"tags": ["\\u0000"]}}}',
        '{"agents": {"a\\u202eb": {}}}',
    ],
)
def test_what_no_document_can_hold_is_refused(text: str) -> None:
    with pytest.raises(InvalidEdit):
        read_values(json.loads(text))


def test_nesting_is_bounded_long_before_python_is() -> None:
    assert read_values(nest(32)) == nest(32)
    for depth in (34, 900):
        with pytest.raises(InvalidEdit, match="nested"):
            read_values(nest(depth))


def test_everything_else_comes_back_as_it_was() -> None:
    values = {"agents": {"a": {"model": None, "tags": ["é", "line\nbreak"], "parameters": {"seed": 2**63 - 1}}}}
    assert read_values(values | {"server": {"local_resources": {}}, "routing": {"attempts": 2.5, "on": True}}) == {
        **values,
        "server": {"local_resources": {}},
        "routing": {"attempts": 2.5, "on": True},
    }
