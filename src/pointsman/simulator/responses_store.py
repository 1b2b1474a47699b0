"""Responses that were stored, at most a thousand: what `previous_response_id` and `item_reference` point at."""

from collections import OrderedDict
from dataclasses import dataclass, field

from pointsman.simulator.asked import JsonObject

MOST_RESPONSES = 1_000


@dataclass(slots=True)
class ResponseStore:
    """The items of each stored response: all that came before it, and its output."""

    _items: OrderedDict[str, list[JsonObject]] = field(default_factory=OrderedDict)

    def keep(self, response_id: str, items: list[JsonObject]) -> None:
        """Store a response; the oldest goes when there are too many."""
        self._items[response_id] = items
        if len(self._items) > MOST_RESPONSES:
            self._items.popitem(last=False)

    def find(self, response_id: str) -> list[JsonObject] | None:
        """The conversation up to and with a response, or `None`."""
        return self._items.get(response_id)

    def find_item(self, item_id: str) -> JsonObject | None:
        """An item of any stored response, or `None`; the latest response first."""
        for items in reversed(self._items.values()):
            for item in items:
                if item.get("id") == item_id:
                    return item
        return None
