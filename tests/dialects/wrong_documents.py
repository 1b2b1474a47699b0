"""Documents that are wrong in one place: every place of a good one, made into everything that it should not be."""

import copy
import json
from collections.abc import Iterator

DEEP: object = json.loads("[" * 40 + "]" * 40)
ODD: tuple[object, ...] = (
    None,
    True,
    -1,
    2**70,
    1e308,
    0.5,
    "",
    "odd \x00 text",
    [],
    [None],
    [{}],
    {},
    {"type": "odd"},
    {"type": ["list"], "role": {}, "": None},
    DEEP,
)
_GONE = object()
FEW_ODD: tuple[object, ...] = (None, 2**70, "odd", [], {}, DEEP, _GONE)


def list_paths(value: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    """Every place of a document but its top."""
    if isinstance(value, dict):
        inner: Iterator[tuple[object, object]] = iter(value.items())
    elif isinstance(value, list):
        inner = iter(enumerate(value))
    else:
        return
    for key, item in inner:
        yield (*path, key)
        yield from list_paths(item, (*path, key))


def mutate(document: object, *, is_short: bool = False) -> Iterator[object]:
    """The document with one place replaced, left out, told twice, or put inside another; or with few of these."""
    for path in list(list_paths(document)):
        known = _find(document, path)
        for odd in FEW_ODD if is_short else (*ODD, _GONE, [known], {"value": known}, [known, known]):
            changed = copy.deepcopy(document)
            holder = _find(changed, path[:-1])
            if odd is _GONE:
                del holder[path[-1]]  # type: ignore[attr-defined]
            else:
                holder[path[-1]] = odd  # type: ignore[index]
            yield changed


def _find(document: object, path: tuple[object, ...]) -> object:
    for key in path:
        document = document[key]  # type: ignore[index]
    return document
