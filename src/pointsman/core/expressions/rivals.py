"""The earlier rules that could take something from a later one, found without looking at each of thousands."""

from collections.abc import Mapping

from pointsman.core.expressions.boxes import Box
from pointsman.core.expressions.regions import Choices
from pointsman.core.expressions.tree import Scalar

MOST_RIVALS = 48
"""Earlier rules that one rule is compared with; of more, the first and the last ones."""

LAST_RIVALS = 8


class Rivals:
    """Rules by the one value that each demands of a fact: rules that demand two different ones never meet."""

    def __init__(self) -> None:
        self._all: list[int] = []
        self._demanding: dict[str, dict[Scalar, list[int]]] = {}
        self._others: dict[str, list[int]] = {}

    def add(self, place: int, boxes: tuple[Box, ...]) -> None:
        """Take a rule in, with the boxes in which it matches."""
        demands = _find_demands(boxes)
        for name in demands.keys() - self._demanding.keys():
            self._demanding[name], self._others[name] = {}, list(self._all)
        for name, by_value in self._demanding.items():
            if name in demands:
                by_value.setdefault(demands[name], []).append(place)
            else:
                self._others[name].append(place)
        self._all.append(place)

    def list_rivals(self, boxes: tuple[Box, ...]) -> tuple[list[int], bool]:
        """The rules that may match what these boxes hold, in order, and whether some were left out."""
        best: tuple[list[int], list[int]] = (self._all, [])
        for name, value in _find_demands(boxes).items():
            if name in self._demanding:
                found = (self._demanding[name].get(value, []), self._others[name])
                best = min(best, found, key=lambda pair: len(pair[0]) + len(pair[1]))
        rivals = sorted(best[0] + best[1]) if best[1] else best[0]
        if len(rivals) <= MOST_RIVALS:
            return list(rivals), False
        return rivals[: MOST_RIVALS - LAST_RIVALS] + rivals[-LAST_RIVALS:], True


def _find_demands(boxes: tuple[Box, ...]) -> Mapping[str, Scalar]:
    """The facts for which every box allows one and the same value only."""
    if not boxes:
        return {}
    first, *rest = boxes
    return {
        key: next(iter(region.values))
        for key, region in first.items()
        if isinstance(key, str)
        and isinstance(region, Choices)
        and not region.is_rest
        and len(region.values) == 1
        and all(box.get(key) == region for box in rest)
    }
