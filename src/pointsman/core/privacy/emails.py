"""Email addresses: something before an `@`, and after it a name that may be a host's; plain form, any alphabet."""

import re
from collections.abc import Iterator

from pointsman.core.privacy.entities import Find
from pointsman.core.privacy.reading import Reading

MOST_LOCAL = 64
"""Characters before the `@`, as RFC 5321 limits them."""

_AT = re.compile("@|%40")
_DOMAIN = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_ASCII_LETTERS = re.compile("[A-Za-z]+")
_IN_LOCAL = frozenset("._%+-'&")
_AROUND_LOCAL = "._%-'&"

_NO_TOP_LEVEL = frozenset(
    # Files, whose names hold an @ at times (`icon@2x.png`), and attributes in arithmetic (`w@x.grad`).
    [
        "png",
        "jpg",
        "jpeg",
        "gif",
        "svg",
        "webp",
        "css",
        "scss",
        "js",
        "mjs",
        "ts",
        "tsx",
        "jsx",
        "json",
        "yaml",
        "yml",
        "toml",
        "html",
        "xml",
        "txt",
        "log",
        "csv",
        "md",
        "lock",
        "tgz",
        "gz",
        "whl",
        "jar",
        "exe",
        "dll",
        "tmp",
        "grad",
        "shape",
        "data",
        "weight",
        "bias",
        "sum",
        "mean",
        "dot",
        "flatten",
        "transpose",
        "values",
    ]
)


def find_emails(reading: Reading) -> Iterator[Find]:
    """Email addresses in the order of the text."""
    text = reading.text
    if "@" not in text and "%40" not in text:
        return
    for at in _AT.finditer(text):
        start = _find_start(text, at.start())
        end = _find_end(text, at.end()) if start < at.start() else None
        if end is not None and not _is_other(text, start, at.start(), end):
            yield Find("email", start, end)


def _find_start(text: str, at: int) -> int:
    start, lowest = at, max(0, at - MOST_LOCAL)
    while start > lowest and (text[start - 1].isalnum() or text[start - 1] in _IN_LOCAL):
        start -= 1
    local = text[start:at]
    return start + len(local) - len(local.lstrip(_AROUND_LOCAL))


def _find_end(text: str, begin: int) -> int | None:
    """Where the domain ends; none where there is no top-level domain."""
    found = _DOMAIN.match(text, begin)
    if found is None:
        return None
    end = found.end()
    while end > begin:
        label = text[text.rindex(".", begin, end) + 1 : end] if "." in text[begin:end] else ""
        letters = _ASCII_LETTERS.match(label)
        # After ASCII letters another alphabet may go on without a blank: that is the sentence, not the domain.
        name = letters[0] if letters and not label.lower().startswith("xn--") else label.rstrip("-_")
        rest = label[len(name) :]
        if len(name) >= 2 and not name[0].isdigit() and name.lower() not in _NO_TOP_LEVEL and not rest[:1].isdigit():
            return end - len(rest)
        end -= len(label) + 1
    return None


def _is_other(text: str, start: int, at: int, end: int) -> bool:
    """Whether this is a repository over SSH, a call on a product of matrices, or the password of a URL."""
    if text[start:at] == "git" or (text[end : end + 1] == "(" and at - start == 1):
        return True
    return text[start - 1 : start] == ":" and "://" in text[max(0, start - MOST_LOCAL) : start].rpartition(" ")[2]
