"""Finds model names in the code of languages other than Python, by the tokens around each string."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pointsman.linting.calls import LOOKING_UP, MATCHING, SAYING, is_shown_key
from pointsman.linting.code_clients import find_clients
from pointsman.linting.findings import HARDCODED_MODEL, Find
from pointsman.linting.languages import KOTLIN, PHP, RUBY, Language
from pointsman.linting.names import ModelNames, names_model
from pointsman.linting.positions import Positions
from pointsman.linting.tokens import Token, read_tokens

FEWEST_OF_A_LIST = 3
"""So many names side by side are a list of models, and one finding."""

MOST_OF_A_CASE = 100
"""Tokens before a string that are looked at for the `case` it belongs to."""

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_COMPARING = frozenset({"===", "!==", "==", "!=", "<", ">"})
_JOINING = frozenset({"+", "|", ".."})
_ASSIGNING = frozenset({":", "=", "=>", ":="})
_DEFAULTS = frozenset({"||", "??", "?"})
_TYPES_IN_FRONT = frozenset({"string", "str", "String", "const", "var", "let", "val"})
_NOTHING = Token("mark", "", -1)


def find_in_code(text: str, language: Language, names: ModelNames) -> list[Find]:
    """The names and the clients in a text."""
    tokens = list(read_tokens(text, language))
    positions = Positions(text)
    finds = _Scan(tokens, language, names, positions).run()
    for start, name in find_clients(tokens, text, language, names.hosts):
        finds.append(positions.find_at(start, "direct_provider_client", name))
    return finds


@dataclass(slots=True)
class _Frame:
    """What stands between two brackets.

    Attributes:
        opener: the bracket.
        callee: the word before it, such as the name of a function.
        tables: known names that are keys here.
        listed: known names that stand here as values without a key of their own.
        inner: what was found under keys and in brackets within.
        first: the first string here, which a look-up begins with.
    """

    opener: str
    callee: str
    tables: list[Token] = field(default_factory=list)
    listed: list[Token] = field(default_factory=list)
    inner: list[Find] = field(default_factory=list)
    first: str | None = None


class _Scan:
    """One pass over the tokens, with the open brackets at hand."""

    def __init__(self, tokens: Sequence[Token], language: Language, names: ModelNames, positions: Positions) -> None:
        self._tokens = tokens
        # Elsewhere `"gpt-4o" => ...` is one of several cases.
        self._marks_of_keys = ("=>", "to") if language in (RUBY, PHP, KOTLIN) else ()
        self._names = names
        self._positions = positions
        self._frames = [_Frame("", "")]

    def run(self) -> list[Find]:
        for place, token in enumerate(self._tokens):
            if token.kind == "string":
                self._look_at(place, token)
            elif token.text in _CLOSING and token.kind == "mark":
                self._frames.append(_Frame(token.text, self._word_before(place)))
            elif token.text in (")", "]", "}") and token.kind == "mark":
                self._close(token.text, self._at(place + 1).text == "." and self._at(place + 2).text in MATCHING)
        while len(self._frames) > 1:
            self._close(_CLOSING[self._frames[-1].opener])
        root = self._frames[0]
        return [*root.inner, *self._as_finds([*root.tables, *root.listed])]

    def _look_at(self, place: int, token: Token) -> None:
        frame = self._frames[-1]
        if frame.first is None:
            frame.first = token.text
        known = None if token.is_partial else self._names.read(token.text)
        if known is None or self._is_case(place):
            return
        before, after = self._at(place - 1), self._at(place + 1)
        if self._is_key(before, after):
            if known.is_distinctive:
                frame.tables.append(token)
            return
        key = self._key_of(place, frame)
        if self._chooses_nothing(place, frame, key) or not (known.is_distinctive or names_model(key)):
            return
        if before.text in ("[", ",", "(", "{") and frame.callee not in LOOKING_UP:
            frame.listed.append(token)
        else:
            frame.inner += self._as_finds([token])

    def _is_key(self, before: Token, after: Token) -> bool:
        """Whether a string is what something is stored under: `"gpt-4o": {...}`, `"gpt-4o" => 1`, `"gpt-4o" to 1`."""
        if after.text == ":" and before.text == "?":
            return False
        return (after.text == ":" and before.text in ("{", ",")) or after.text in self._marks_of_keys

    def _is_case(self, place: int) -> bool:
        """Whether a string is one of those in `case "gpt-4", "gpt-4o":`."""
        for back in range(place - 1, max(place - MOST_OF_A_CASE, 0) - 1, -1):
            token = self._tokens[back]
            if token.kind == "word":
                return token.text in ("case", "when")
            if token.kind == "mark" and token.text not in (",", "|"):
                return False
        return False

    def _chooses_nothing(self, place: int, frame: _Frame, key: str | None) -> bool:
        before, after = self._at(place - 1), self._at(place + 1)
        if before.text in _COMPARING and not self._is_markup(place):
            return True
        return (
            after.text in ("===", "!==", "==", "!=", "->", "=>", "|", "+")
            or before.text in _JOINING
            or before.text in ("case", "when", "from", "import", "require", "in", "typeof")
            or (after.text == "." and self._at(place + 2).text in MATCHING)
            or frame.callee in MATCHING
            or frame.callee in SAYING
            or frame.callee in ("in", "Literal", "raise", "throw")
            or (frame.opener == "[" and before.text == "[" and frame.callee != "" and after.text == "]")
            or (frame.callee in LOOKING_UP and before.text == "(")
            or is_shown_key(key)
        )

    def _is_markup(self, place: int) -> bool:
        """Whether `>` before a string closes a tag or a type, as in `Array<string>("x")`."""
        return self._at(place - 1).text in "<>" and self._at(place - 2).text == "="

    def _key_of(self, place: int, frame: _Frame) -> str | None:
        """The word or string that a value is given to: `model: "x"`, `env.MODEL || "x"`, `WithModel("x")`."""
        before = self._at(place - 1)
        if before.text in _ASSIGNING or before.text in _DEFAULTS:
            owner = self._at(place - 2)
            if owner.text in _TYPES_IN_FRONT:
                owner = self._at(place - 4) if self._at(place - 3).text == ":" else owner
            return owner.text if owner.kind in ("word", "string") else None
        if before.text == "(":
            return frame.callee
        return frame.first if frame.callee in LOOKING_UP else None

    def _close(self, bracket: str, is_matched: bool = False) -> None:
        """End the innermost frame; a bracket that does not fit was part of something else and is passed over."""
        if len(self._frames) == 1 or _CLOSING[self._frames[-1].opener] != bracket:
            return
        frame = self._frames.pop()
        outer = self._frames[-1]
        if is_matched and bracket == "]":
            # ["gpt-4o", ...].includes(model) asks, and chooses nothing.
            frame.listed = []
        if frame.tables:
            outer.inner += self._as_one(frame.tables)
        elif len(frame.listed) >= FEWEST_OF_A_LIST:
            outer.inner += [*frame.inner, *self._as_one(frame.listed)]
        else:
            outer.inner += [*frame.inner, *self._as_finds(frame.listed)]

    def _as_finds(self, tokens: Sequence[Token]) -> list[Find]:
        return [self._positions.find_at(token.start, HARDCODED_MODEL, token.text) for token in tokens]

    def _as_one(self, tokens: Sequence[Token]) -> Iterator[Find]:
        first = tokens[0]
        yield self._positions.find_at(first.start, HARDCODED_MODEL, first.text, len(tokens) - 1)

    def _word_before(self, place: int) -> str:
        """What is called or indexed by a bracket, `""` when it only groups."""
        before = self._at(place - 1)
        if before.text in ("!", "?") and before.kind == "mark":
            before = self._at(place - 2)
        return before.text if before.kind == "word" else ""

    def _at(self, place: int) -> Token:
        return self._tokens[place] if 0 <= place < len(self._tokens) else _NOTHING
