"""Puts the values of allowed variables in place of `${NAME}`: after parsing, so a value is never more than a text.

`$${` stands for a plain `${`. No secret gets in this way: keys are referred to as `{env: NAME}`.
"""

import re
from collections.abc import Iterator, Mapping

from pointsman.core.config.inline_secrets import holds_secret
from pointsman.core.config.nodes import Entry, ListNode, MappingNode, Node, ScalarNode
from pointsman.core.config.problems import Findings, quote

LONGEST_VALUE = 4_096
"""Characters of one variable's value."""

MOST_SUBSTITUTED = 1024 * 1024
"""Characters that all values together may put into one document."""

_REFERENCE = re.compile(r"\$\$\{|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]{0,127})\}|\$\{")
_OWN = re.compile(r"POINTSMAN_[A-Z0-9_]{1,100}")
_HOLDS_KEY = re.compile(r"(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIALS?)(?:_|$)", re.IGNORECASE)


def substitute_variables(root: MappingNode, variables: Mapping[str, str], findings: Findings) -> MappingNode:
    """The document with values in place of the variables it names; what may not be put in is noted and left as it is.

    Args:
        root: of the document; `ScalarNode.text` stays as it is written, so messages repeat no value.
        variables: values by name; those that a document may not take over may be among them.
        findings: where problems go.
    """
    if not any("${" in text for text in _list_texts(root)):
        return root
    replaced = _Substitution(root, variables, findings).replace_in(root)
    assert isinstance(replaced, MappingNode), "a mapping stays a mapping"
    return replaced


class _Refused(Exception):
    """A reference that nothing may be put in place of."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class _Substitution:
    """One walk over a document."""

    def __init__(self, root: MappingNode, variables: Mapping[str, str], findings: Findings) -> None:
        self._variables = variables
        self._findings = findings
        self._listed = frozenset(_list_below(root, "environment_variables"))
        self._secret = frozenset(self._expand_silently(text) for text in _list_below(root, "env"))
        self._left = MOST_SUBSTITUTED

    def replace_in(self, node: Node) -> Node:
        if isinstance(node, ScalarNode):
            return self._replace_in_text(node)
        if isinstance(node, ListNode):
            return ListNode(node.place, tuple(self.replace_in(item) for item in node.items))
        entries: dict[str, Entry] = {}
        for name, entry in node.entries.items():
            if "${" in name:
                self._findings.spoil(entry.key, "unset_variable", "a variable may stand in a value, but not in a key")
            entries[name] = Entry(entry.key, self.replace_in(entry.value))
        return MappingNode(node.place, entries)

    def _replace_in_text(self, node: ScalarNode) -> ScalarNode:
        if not isinstance(node.value, str) or "${" not in node.value or self._findings.is_spoiled(node.place):
            return node
        try:
            value = _REFERENCE.sub(self._find_value, node.value)
            if holds_secret(value):
                raise _Refused(
                    "inline_secret", "with its variables this looks like a secret; refer to it as {env: NAME}"
                )
        except _Refused as refused:
            self._findings.spoil(node.place, refused.code, refused.message)
            return node
        return ScalarNode(node.place, node.text, value)

    def _find_value(self, reference: re.Match[str]) -> str:
        name = reference["name"]
        if name is None:
            return _read_without_name(reference[0])
        self._refuse_forbidden(name)
        value = self._variables.get(name, "")
        if not value:
            raise _Refused("unset_variable", f"the variable {name} is not set, or empty; set it, or write the value")
        if len(value) > LONGEST_VALUE or not value.isprintable():
            message = f"the value of {name} is not one line of at most {LONGEST_VALUE:,} visible characters"
            raise _Refused("invalid_encoding", message)
        self._left -= len(value)
        if self._left < 0:
            message = f"variables put more than {MOST_SUBSTITUTED:,} characters into the document"
            raise _Refused("too_large", message)
        return value

    def _refuse_forbidden(self, name: str) -> None:
        if name in self._secret or _HOLDS_KEY.search(name):
            message = f"{quote(name)} holds a secret, by its name or its use; refer to it as {{env: {name}}}"
        elif not _OWN.fullmatch(name) and name not in self._listed:
            message = (
                f"the variable {quote(name)} may not be read; name it POINTSMAN_...,"
                " or list it under security.environment_variables"
            )
        else:
            return
        raise _Refused("variable_not_allowed", message)

    def _expand_silently(self, text: str) -> str:
        return _REFERENCE.sub(lambda found: self._variables.get(found["name"] or "", ""), text)


def _read_without_name(text: str) -> str:
    if text == "$${":
        return "${"
    raise _Refused("unset_variable", "write ${NAME} with one plain name, or $${ where no variable is meant")


def _list_texts(node: Node) -> Iterator[str]:
    """Every text of a document, of its keys too."""
    if isinstance(node, ScalarNode):
        yield node.text
    elif isinstance(node, ListNode):
        for item in node.items:
            yield from _list_texts(item)
    else:
        for name, entry in node.entries.items():
            yield name
            yield from _list_texts(entry.value)


def _list_below(node: Node, key: str) -> Iterator[str]:
    """The texts that stand at a key, singly or in a list, wherever in the document."""
    if isinstance(node, ListNode):
        for item in node.items:
            yield from _list_below(item, key)
    elif isinstance(node, MappingNode):
        for name, entry in node.entries.items():
            if name == key:
                yield from _list_scalars(entry.value)
            yield from _list_below(entry.value, key)


def _list_scalars(node: Node) -> Iterator[str]:
    for found in node.items if isinstance(node, ListNode) else (node,):
        if isinstance(found, ScalarNode) and isinstance(found.value, str):
            yield found.value
