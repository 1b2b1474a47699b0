"""Takes source code apart into words, marks and strings, without its comments; in linear time whatever the text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pointsman.linting.languages import Language, StringForm
from pointsman.linting.words import list_words

MOST_SHIFTS = 20
"""After so many `<<WORD` without an end the text is taken to have none; each one costs a search to its end."""

_PLAIN = re.compile(
    r"[^\S\n]+|\n|(?P<word>[A-Za-z_$][\w$]*+)|\d[\w.]*+|(?P<mark>===|!==|==|!=|=>|:=|::|->|\?\?|\|\||&&|[^\s\w])"
)
_HEREDOC = re.compile(r"""<<[<~-]?(["']?)([A-Z_a-z]\w*)\1""")
_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n])*+\])++/[a-z]*+")
_CHARACTER = re.compile(r"'(?:\\[^\n]{1,10}?|[^\\'\n])'")
_TEMPLATE = re.compile(r"\\[\s\S]|`|\$\{|[{}]")
_BEFORE_REGEX = frozenset(list_words("( , = : [ ! & | ? { } ; + - * % ^ < > ~ && || == != === !== => ??"))
_WORDS_BEFORE_REGEX = frozenset(
    list_words("return typeof case in of delete void throw new do else if unless when and or not")
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of code.

    Attributes:
        kind: a word, a mark such as `(` or `===`, or a string.
        text: as written; of a string what is between its quotes.
        start: where it begins in the text, in characters.
        is_partial: whether values are put into the string.
    """

    kind: Literal["word", "mark", "string"]
    text: str
    start: int
    is_partial: bool = False


def read_tokens(text: str, language: Language) -> Iterator[Token]:
    """The pieces of a text, in order; what cannot be understood is passed over up to the end of its line."""
    return _Tokenizer(text, language).read()


class _Tokenizer:
    """One pass over a text. Whatever is not closed ends the line or the text, so nothing is looked at twice."""

    def __init__(self, text: str, language: Language) -> None:
        self._text = text
        self._language = language
        self._last: Token | None = None
        self._shifts = 0

    def read(self) -> Iterator[Token]:
        language, text = self._language, self._text
        position = 0
        if language.opens_with:
            position = _after(text, language.opens_with, 0)
        opening = _compile_openings(language)
        while position < len(text):
            opened = opening.match(text, position)
            passed = self._pass_special(opened[0] if opened else text[position], position)
            if passed is not None:
                position = passed
                continue
            if opened is not None:
                position, token = self._read_string(_forms(language)[opened[0]], position)
            else:
                position, token = self._read_plain(position)
            if token is not None:
                self._last = token
                yield token

    def _pass_special(self, start: str, position: int) -> int | None:
        """Where a comment, regular expression, text of many lines or lifetime ends, or `None` when none begins here."""
        language, text = self._language, self._text
        if start in language.line_comments:
            return _line_end(text, position)
        closing = dict(language.block_comments).get(start)
        if closing is not None:
            return self._pass_comment(start, closing, position)
        if start == "/" and language.has_regexes and self._may_be_regex():
            regex = _REGEX.match(text, position)
            return regex.end() if regex else None
        if start == "<" and language.has_heredocs:
            return self._pass_heredoc(position)
        if start == "'" and language.has_lifetimes:
            character = _CHARACTER.match(text, position)
            return character.end() if character else position + 1
        return None

    def _pass_comment(self, opening: str, closing: str, position: int) -> int:
        if not self._language.nests_comments:
            return _after(self._text, closing, position + len(opening))
        marks = re.compile(f"{re.escape(opening)}|{re.escape(closing)}")
        depth = 0
        for mark in marks.finditer(self._text, position):
            depth += 1 if mark[0] == opening else -1
            if depth == 0:
                return mark.end()
        return len(self._text)

    def _pass_heredoc(self, position: int) -> int | None:
        opened = _HEREDOC.match(self._text, position)
        if opened is None or self._shifts >= MOST_SHIFTS:
            return None
        closing = re.compile(rf"^[ \t]*{opened[2]}\b", re.MULTILINE)
        closed = closing.search(self._text, _line_end(self._text, position))
        if closed is None:
            # It is a shift to the left, as in `bits << WIDTH`.
            self._shifts += 1
            return opened.end()
        return closed.end()

    def _may_be_regex(self) -> bool:
        last = self._last
        if last is None:
            return True
        if last.kind == "word":
            return last.text in _WORDS_BEFORE_REGEX
        return last.kind == "mark" and last.text in _BEFORE_REGEX

    def _read_string(self, form: StringForm, position: int) -> tuple[int, Token | None]:
        begin = position + len(form.opens)
        if form.opens == "`" and form.inserts:
            end = _find_template_end(self._text, begin)
        else:
            body = _compile_body(form).match(self._text, begin)
            end = body.end() if body else -1
        if not self._text.startswith(form.closes, end) or end < 0:
            # Not closed: an apostrophe in markup, mostly. The rest of the line would only mislead.
            return (len(self._text) if form.is_multiline else _line_end(self._text, position)), None
        inside = self._text[begin:end]
        is_partial = bool(form.inserts) and form.inserts in inside
        return end + len(form.closes), Token("string", inside, position, is_partial)

    def _read_plain(self, position: int) -> tuple[int, Token | None]:
        found = _PLAIN.match(self._text, position)
        if found is None:
            return position + 1, None
        if found["word"]:
            return found.end(), Token("word", found[0], position)
        return found.end(), Token("mark", found[0], position) if found["mark"] else None


@cache
def _forms(language: Language) -> dict[str, StringForm]:
    return {form.opens: form for form in language.strings}


@cache
def _compile_openings(language: Language) -> re.Pattern[str]:
    marks = [*language.line_comments, *(opening for opening, _ in language.block_comments), *_forms(language)]
    return re.compile("|".join(re.escape(mark) for mark in sorted(marks, key=len, reverse=True)))


@cache
def _compile_body(form: StringForm) -> re.Pattern[str]:
    """What may stand between the quotes; possessive, so that a text that is never closed is read once."""
    closing, escape = re.escape(form.closes), re.escape(form.escape)
    line_end = "" if form.is_multiline else r"\n"
    parts = [rf"[^{re.escape(form.closes[0])}{escape}{line_end}]++"]
    parts += [rf"{escape}[\s\S]"] if escape else []
    parts += [closing * 2] if form.is_doubled else []
    parts += [rf"(?!{closing}){re.escape(form.closes[0])}"] if len(form.closes) > 1 else []
    return re.compile(f"(?:{'|'.join(parts)})*+")


def _find_template_end(text: str, begin: int) -> int:
    """Where the closing backtick is; the values within may hold templates of their own."""
    inside = ["`"]
    for mark in _TEMPLATE.finditer(text, begin):
        found = mark[0]
        if found == "`" and inside[-1] == "`":
            inside.pop()
            if not inside:
                return mark.start()
        elif found == "`" or (found == "${" and inside[-1] == "`"):
            inside.append(found)
        elif found in ("{", "${") and inside[-1] != "`":
            inside.append("{")
        elif found == "}" and inside[-1] != "`":
            inside.pop()
    return -1


def _after(text: str, mark: str, position: int) -> int:
    found = text.find(mark, position)
    return len(text) if found < 0 else found + len(mark)


def _line_end(text: str, position: int) -> int:
    found = text.find("\n", position)
    return len(text) if found < 0 else found
