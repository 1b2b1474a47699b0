"""An item of a Responses stream that has not ended, as the events told it."""

_PART_STARTS = frozenset({"response.content_part.added", "response.reasoning_summary_part.added"})
_PART_ENDS = frozenset({"response.content_part.done", "response.reasoning_summary_part.done"})
_TEXT_ENDS = frozenset(
    {
        "response.output_text.done",
        "response.refusal.done",
        "response.reasoning_text.done",
        "response.reasoning_summary_text.done",
        "response.function_call_arguments.done",
        "response.custom_tool_call_input.done",
        "response.mcp_call_arguments.done",
        "response.code_interpreter_call_code.done",
    }
)


class OpenItem:
    """One item.

    Attributes:
        added: data of the event that opened it.
        part: data of the event that opened the part under way, or `b""`.
        parts: data of the events that ended the parts before it.
        is_told: whether the text under way has been told to its end.
    """

    __slots__ = ("added", "is_told", "part", "parts")

    def __init__(self, added: bytes) -> None:
        self.added = added
        self.part = b""
        self.parts: list[bytes] = []
        self.is_told = False

    def follow(self, kind: str, data: bytes, text: bytearray) -> bool:
        """Learn from an event about it; whether the event is kept.

        Args:
            kind: of the event.
            data: of the event.
            text: what came of the part under way; emptied where another one begins.
        """
        if kind in _TEXT_ENDS:
            self.is_told = True
            return False
        if kind in _PART_STARTS:
            self.part = data
        elif kind in _PART_ENDS:
            self.part = b""
            self.parts.append(data)
        else:
            return False
        text.clear()
        self.is_told = False
        return True
