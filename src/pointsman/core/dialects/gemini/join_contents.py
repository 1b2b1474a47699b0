"""Puts together what a model said in pieces: Google's SDK keeps every chunk of a stream as a content of its own."""

from collections.abc import Iterable, Sequence

import msgspec

from pointsman.core.chat.conversation import Part, Reasoning, Text


class _Pieces(msgspec.Struct, gc=False):
    """A text, or a thought whose signature has not come yet, as far as it goes."""

    is_thought: bool
    texts: list[str]

    def join(self) -> Part:
        text = "".join(self.texts)
        return Reasoning(text) if self.is_thought else Text(text)


def join_contents(contents: Iterable[Sequence[Part]]) -> tuple[Part, ...]:
    """The parts of contents of the model that follow one another.

    A text goes on where the next content is nothing but text; a thought does until its signature comes.
    """
    joined: list[Part | _Pieces] = []
    for parts in contents:
        is_text = len(parts) == 1 and type(parts[0]) is Text
        for part in parts:
            last = joined[-1] if joined else None
            if type(part) is Text and is_text and joined:
                _add_text(part.text, last, joined)
            elif type(part) is Text:
                joined.append(_Pieces(False, [part.text]))
            elif type(part) is Reasoning and not part.is_hidden:
                _add_thought(part, last, joined)
            else:
                joined.append(part)
    return tuple([item.join() if isinstance(item, _Pieces) else item for item in joined])


def _add_text(text: str, last: Part | _Pieces | None, joined: list[Part | _Pieces]) -> None:
    if isinstance(last, _Pieces) and not last.is_thought:
        last.texts.append(text)
    elif text:
        joined.append(_Pieces(False, [text]))


def _add_thought(thought: Reasoning, last: Part | _Pieces | None, joined: list[Part | _Pieces]) -> None:
    is_whole = bool(thought.signature or thought.id)
    if not isinstance(last, _Pieces) or not last.is_thought:
        joined.append(thought if is_whole else _Pieces(True, [thought.text]))
        return
    last.texts.append(thought.text)
    if is_whole:
        joined[-1] = Reasoning("".join(last.texts), thought.signature, thought.origin, False, thought.id)
