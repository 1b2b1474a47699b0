"""What every adapter reads and writes to: the form's name, what is known of models, problems, and what got lost."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from pointsman.core.catalog.catalog import Catalog
from pointsman.core.config.assemble import ReadFile
from pointsman.core.config.nodes import Entry, ListNode, MappingNode, Node, ScalarNode
from pointsman.core.config.problems import Findings, Place, quote

NEUTRAL_KEYS = ("version", "include")
"""What a file of any form may say of itself."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that reads differently now, or could not be taken over; `place` is where it was written."""

    place: Place
    text: str

    def __str__(self) -> str:
        return f"{self.place.file}:{self.place.line}: {self.text}"


@dataclass(frozen=True, slots=True)
class Adapted:
    """The files of a configuration with every other written form turned into the document's.

    Attributes:
        files: as `assemble` takes them.
        form: the name of the form that was found, or `None` when all files are in our own.
        lenient_files: files of that form, in which an unknown model is a warning and left out.
        notes: what reads differently now, in the order of the files.
    """

    files: tuple[ReadFile, ...]
    form: str | None = None
    lenient_files: frozenset[str] = frozenset()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Marker:
    """A key that only one form has, and where it stands."""

    name: str
    place: Place


@dataclass(slots=True)
class Adaptation:
    """One configuration on its way from another form.

    Attributes:
        title: what the form is called in messages, such as "a LiteLLM configuration".
        marker: the key that the form was recognised by.
        findings: where problems go.
        catalog: the known providers and models.
        notes: what reads differently now.
    """

    title: str
    marker: Marker
    findings: Findings
    catalog: Catalog
    notes: list[Note] = field(default_factory=list)

    def note(self, place: Place, text: str) -> None:
        """Tell those who import."""
        self.notes.append(Note(place, text))

    def leave_out(self, place: Place, text: str) -> None:
        """Tell everybody of something that behaves differently without it."""
        self.findings.add(place, "not_carried", text, severity="warning")
        self.note(place, text)

    def read_mapping(self, node: Node) -> dict[str, Entry]:
        """The entries of a mapping; anything else is a problem and has none."""
        if isinstance(node, MappingNode):
            return node.entries
        self.findings.add(node.place, "invalid_type", "expected a mapping, such as {key: value}")
        return {}

    def read_list(self, node: Node) -> tuple[Node, ...]:
        """The items of a list; anything else is a problem and has none."""
        if isinstance(node, ListNode):
            return node.items
        self.findings.add(node.place, "invalid_type", "expected a list, such as [a, b]")
        return ()

    def read_text(self, node: Node) -> str | None:
        """A text; anything else is a problem."""
        if isinstance(node, ScalarNode) and isinstance(node.value, str) and node.value:
            return node.value
        self.findings.add(node.place, "invalid_type", "expected a text")
        return None

    def read_choice(self, node: Node, known: Mapping[str, str]) -> ScalarNode | None:
        """What one of the form's words is called in the document; any other word is a problem."""
        text = self.read_text(node)
        if text is None:
            return None
        if text in known:
            return ScalarNode(node.place, text, known[text])
        message = f"expected {', '.join(map(repr, known))}, not {quote(text)}"
        self.findings.add(node.place, "invalid_value", message, suggestion=self.findings.guess_name(text, known))
        return None

    def refuse_key(self, name: str, key: Place, known: Iterable[str], canonical: Iterable[str] = ()) -> None:
        """Note a key that the form does not have: it is the document's own, or nobody's.

        Args:
            name: the key.
            key: where it stands.
            known: the keys that the form has there.
            canonical: the keys that the document has there.
        """
        if name in canonical:
            message = (
                f"{quote(name)} is a key of pointsman.yaml, but {quote(self.marker.name)}"
                f" ({self.marker.place.file}:{self.marker.place.line}) makes this {self.title};"
                " keep one form, or turn it into ours with `pointsman import`"
            )
            self.findings.add(key, "mixed_forms", message)
            return
        message = f"{self.title} has no key {quote(name)} here"
        self.findings.add(key, "unknown_key", message, suggestion=self.findings.guess_name(name, known))


Carry = Callable[[Entry], None]
"""Takes one key of a form over into the draft."""


def carry_keys(
    entries: Mapping[str, Entry], keys: Mapping[str, Carry], adaptation: Adaptation, canonical: Iterable[str] = ()
) -> None:
    """Take over every key of a mapping; one that is not in the table is a problem.

    Args:
        entries: what is written.
        keys: each key of the form and what becomes of it.
        adaptation: where problems go.
        canonical: the keys that the document has there, which may not stand beside those of the form.
    """
    own = frozenset(canonical)
    for name, entry in entries.items():
        carry = keys.get(name)
        if carry is None:
            adaptation.refuse_key(name, entry.key, keys, own)
        else:
            carry(entry)
