"""Keeps to the marks of the prompt's cache that Anthropic takes: four at the most, those of an hour first."""

from pointsman.core.chat.conversation import JsonObject
from pointsman.core.dialects.anthropic_messages.terms import write_cache_mark

MOST_MARKS = 4
_MARK = "cache_control"
_SHORT = write_cache_mark("")


def limit_marks(fields: JsonObject, losses: list[str]) -> None:
    """Take away the first of too many marks, for the last ones remember most, and an hour where it comes too late."""
    marked = _list_marked(fields)
    is_late = changed = False
    for number, (blocks, place) in enumerate(marked, MOST_MARKS - len(marked)):
        is_short = blocks[place][_MARK] == _SHORT
        if number >= 0 and not (is_late and not is_short):
            is_late = is_late or is_short
            continue
        # A block may be the caller's own, of which other attempts are still to be made.
        kept = {name: value for name, value in blocks[place].items() if name != _MARK}
        blocks[place] = kept if number < 0 else {**kept, _MARK: _SHORT}
        changed = True
    if changed:
        losses.append(_MARK)


def _list_marked(fields: JsonObject) -> list[tuple[list[JsonObject], int]]:
    """All that has a mark, in the order of the prompt: the list that it stands in, and where."""
    marked: list[tuple[list[JsonObject], int]] = []
    _find_marked(fields.get("tools"), marked)
    _find_marked(fields.get("system"), marked)
    messages: list[JsonObject] = fields["messages"]  # type: ignore[assignment]
    for message in messages:
        _find_marked(message["content"], marked)
    return marked


def _find_marked(holder: object, marked: list[tuple[list[JsonObject], int]]) -> None:
    if type(holder) is not list:
        return
    for place, block in enumerate(holder):
        if block.get("type") == "tool_result" and type(block.get("content")) is list:
            _find_marked(block["content"], marked)
        if _MARK in block:
            marked.append((holder, place))
