"""Refuses, before anything is parsed, every character and word that no condition needs, with its column."""

import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pointsman.core.expressions.facts import DECIMALS, GREATEST, MOST_CHARACTERS
from pointsman.core.expressions.mistake import MOST_MISTAKES, Mistake, in_order

MOST_BYTES = 4_096
"""Of a condition's text in UTF-8."""

MOST_TOKENS = 500
"""Words, numbers, texts and signs. With it, no text can make the parser recurse deeply."""

MOST_BRACKETS = 64
"""Brackets within brackets."""

_TOKEN = re.compile(
    r"""
      (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    | (?P<number>[0-9]+(?:\.[0-9]+)?)
    | (?P<text>'[^'\\]*'|"[^"\\]*")
    | (?P<bracket>[()\[\]{}])
    | (?P<sign>==(?!=)|!=(?!=)|<=|>=|<(?![<>])|>(?!>)|\*(?!\*)|/(?!/)|[-+,])
    """,
    re.VERBOSE,
)
_CLOSING = {"(": ")", "[": "]", "{": "}"}

_WORDS = frozenset(("and", "or", "not", "in", "True", "False", "None", "true", "false", "null"))
_OTHER_WORDS = {
    "is": "write `==` instead of `is`",
    "if": "a condition has no `if`; write it with `and` and `or`",
    "else": "a condition has no `else`; write it with `and` and `or`",
}
_OTHER_SIGNS = (
    ("**", "powers are not part of conditions; multiply instead"),
    ("//", "write `/`; division without a rest is not part of conditions"),
    (":=", "conditions cannot set names; compare with `==`"),
    ("<>", "write `!=`"),
    ("&&", "write `and`"),
    ("||", "write `or`"),
    ("<<", "bits cannot be shifted in conditions; remove `<<`"),
    (">>", "bits cannot be shifted in conditions; remove `>>`"),
    ("===", "write `==`"),
    ("!==", "write `!=`"),
    ("=", "write `==` to compare"),
    ("!", "write `not`"),
    ("&", "write `and`"),
    ("|", "write `or`"),
    ("%", "`%` is not part of conditions; write a share as a number, such as 0.8"),
    (".", "a point stands within a fact's name or a number such as 0.5 and nowhere else"),
    ("#", "comments are not part of conditions; put them in the YAML"),
    ("\\", "`\\` is not part of conditions"),
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word, number, text or sign, and where it begins (0-based)."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Where the next one may begin."""
        return self.start + len(self.text)


def scan(text: str) -> tuple[Mistake, ...]:
    """What keeps a text from being parsed at all; empty for one that may be."""
    complaint = _judge_whole(text)
    if complaint is not None:
        return (complaint,)
    tokens: list[Token] = []
    mistakes: list[Mistake] = []
    for found in _read_tokens(text):
        if isinstance(found, Token):
            mistakes += _judge_token(found, tokens[-1] if tokens else None)
            tokens.append(found)
        else:
            mistakes.append(found)
        if len(tokens) > MOST_TOKENS or len(mistakes) >= MOST_MISTAKES:
            break
    if len(tokens) > MOST_TOKENS:
        mistakes.append(Mistake(1, "invalid_rule", f"has more than {MOST_TOKENS} words and signs; split the rule"))
    elif not mistakes:
        mistakes += _judge_brackets(tokens)
    return in_order(mistakes)


def _judge_whole(text: str) -> Mistake | None:
    if len(text) > MOST_BYTES or len(text.encode("utf-8", "replace")) > MOST_BYTES:
        return Mistake(1, "invalid_rule", f"is longer than {MOST_BYTES} bytes; split the rule")
    if not text.strip(" "):
        return Mistake(1, "invalid_rule", "is empty; write a condition, such as task.complexity > 8")
    if text.isprintable():
        return None
    column = next(place for place, character in enumerate(text, 1) if not character.isprintable())
    if text[column - 1] in "\r\n":
        return Mistake(column, "invalid_rule", "goes over several lines; write it on one, or with `>-` in YAML")
    return Mistake(column, "invalid_rule", "holds an invisible character here; type the line again")


def _read_tokens(text: str) -> Iterator[Token | Mistake]:
    place = 0
    while place < len(text):
        if text[place] == " ":
            place += 1
            continue
        match = _TOKEN.match(text, place)
        if match is not None:
            yield Token(str(match.lastgroup), match[0], place)
            place = match.end()
            continue
        sign, message = _explain_sign(text, place)
        yield Mistake(place + 1, "invalid_rule", message)
        if text[place] in "'\"":
            return
        place += len(sign)


def _explain_sign(text: str, place: int) -> tuple[str, str]:
    """The sign at a place that is no token, and what to write instead."""
    if text[place] in "'\"":
        quoted_until = text.find(text[place], place + 1)
        if quoted_until == -1:
            return text[place], "this text does not end; close its quote"
        return text[place], "a text holds no `\\`; use the other kind of quote around it instead"
    for sign, message in sorted(_OTHER_SIGNS, key=lambda pair: -len(pair[0])):
        if text.startswith(sign, place):
            return sign, message
    if not text[place].isascii():
        return text[place], "only plain ASCII letters may stand outside of quotes; this one only looks familiar"
    return text[place], f"`{text[place]}` is not part of conditions"


def _judge_token(token: Token, before: Token | None) -> Iterator[Mistake]:
    touches = before is not None and before.end == token.start
    match token.kind:
        case "name":
            message = _judge_name(token.text)
            if touches and before is not None and before.kind in ("number", "text"):
                message = "put a space before this word; a number holds only digits and one point"
        case "number":
            message = judge_number(token.text)
        case "text":
            message = _judge_text(token.text)
            if before is not None and before.kind == "text":
                message = "two texts stand side by side; put a sign or word between them"
            elif touches and before is not None and before.kind == "name":
                message = "put a space before this text; texts have no prefix letters such as f"
        case _:
            message = None
    if message is not None:
        yield Mistake(token.start + 1, "invalid_rule", message)


def _judge_name(name: str) -> str | None:
    if any(part.startswith("_") for part in name.split(".")):
        return "names do not begin with `_`; write the name of a fact"
    if name in _WORDS:
        return None
    if name.lower() in _WORDS:
        return f"write `{name.lower()}` in small letters"
    if keyword.iskeyword(name):
        return _OTHER_WORDS.get(name, f"`{name}` is not part of conditions")
    return None


def judge_number(number: str) -> str | None:
    """What is wrong with a number as it is written, or `None`."""
    whole, _, decimals = number.partition(".")
    if len(whole) > 1 and whole.startswith("0"):
        return "write the number without leading zeros"
    if len(decimals) > DECIMALS:
        return f"write the number with {DECIMALS} decimals at most"
    if len(whole) > 16 or int(whole) > GREATEST or float(number) > GREATEST:
        return f"numbers go up to {GREATEST}; write a smaller one"
    return None


def _judge_text(quoted: str) -> str | None:
    return f"texts have at most {MOST_CHARACTERS} characters" if len(quoted) - 2 > MOST_CHARACTERS else None


def _judge_brackets(tokens: list[Token]) -> Iterator[Mistake]:
    """The first bracket that does not fit, if any."""
    opened: list[Token] = []
    for token in tokens:
        if token.kind != "bracket":
            continue
        if token.text in _CLOSING:
            opened.append(token)
            if len(opened) > MOST_BRACKETS:
                yield Mistake(token.start + 1, "invalid_rule", f"has more than {MOST_BRACKETS} brackets within another")
                return
        elif not opened or _CLOSING[opened.pop().text] != token.text:
            yield Mistake(token.start + 1, "invalid_rule", f"this `{token.text}` closes nothing; remove it")
            return
    if opened:
        yield Mistake(opened[-1].start + 1, "invalid_rule", f"this `{opened[-1].text}` is not closed")
