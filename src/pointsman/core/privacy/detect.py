"""Private data in texts, found by form and checksum alone; what was found is counted and never kept."""

from collections.abc import Callable, Iterable, Iterator

from pointsman.core.privacy.emails import find_emails
from pointsman.core.privacy.entities import ALL, ENTITIES, MOST_COUNTED, Entity, Find, Findings
from pointsman.core.privacy.ibans import find_ibans
from pointsman.core.privacy.ip_addresses import find_ip_addresses
from pointsman.core.privacy.numbers import find_numbers
from pointsman.core.privacy.pieces import read_pieces
from pointsman.core.privacy.reading import Reading, read_text, restore_places
from pointsman.core.privacy.secret_values import find_secrets

MOST_LOCATED = 10_000
"""Places of one text that are told at a time."""

_DETECTORS: tuple[tuple[frozenset[Entity], Callable[[Reading, frozenset[Entity]], Iterator[Find]]], ...] = (
    (frozenset({"email"}), lambda reading, _: find_emails(reading)),
    (frozenset({"card", "us_ssn", "phone"}), find_numbers),
    (frozenset({"iban"}), lambda reading, _: find_ibans(reading)),
    (frozenset({"ip_address"}), lambda reading, _: find_ip_addresses(reading)),
    (frozenset({"secret"}), lambda reading, _: find_secrets(reading)),
)
"""What finds what; the quickest to say no come first."""

_RANKS = {entity: rank for rank, entity in enumerate(ENTITIES)}


def detect(texts: Iterable[str], entities: frozenset[Entity] = ALL) -> Findings:
    """Count the private data of a request, kind by kind.

    Args:
        texts: each is read by itself: nothing is found across two of them.
        entities: the kinds to look for.
    """
    counts = dict.fromkeys(ENTITIES, 0)
    for found in detect_by_pieces(texts, entities):
        for entity in found:
            counts[entity] += 1
    return Findings(tuple((entity, min(count, MOST_COUNTED)) for entity, count in counts.items() if count))


def detect_by_pieces(texts: Iterable[str], entities: frozenset[Entity] = ALL) -> Iterator[list[Entity]]:
    """The kind of each find, piece by piece of the texts, so that whoever asks may stop between two of them.

    Args:
        texts: as for `detect`; each is only asked for once the one before it has been searched.
        entities: the kinds to look for.
    """
    for text in texts:
        for reading, begin, end in read_pieces(text):
            found = _find_all(reading, entities, MOST_COUNTED)
            yield [find.entity for find in found if begin <= find.start < end]


def locate(text: str, entities: frozenset[Entity] = ALL) -> list[Find]:
    """The places of private data in a text, in order, none over another.

    At most `MOST_LOCATED` of each kind: with that many, there may be more after the last one.
    """
    return list(restore_places(text, _find_all(read_text(text), entities, MOST_LOCATED)))


def _find_all(reading: Reading, entities: frozenset[Entity], most: int) -> list[Find]:
    found: list[Find] = []
    for kinds, find in _DETECTORS:
        wanted = kinds & entities
        if wanted:
            found.extend(_take_some(find(reading, wanted), wanted, most))
    return _keep_surest(found) if len(found) > 1 else found


def _take_some(finds: Iterator[Find], wanted: frozenset[Entity], most: int) -> Iterator[Find]:
    """At most so many of each kind, and no further than where all of them are that many."""
    missing = dict.fromkeys(wanted, most)
    for find in finds:
        if missing.get(find.entity):
            missing[find.entity] -= 1
            yield find
            if not any(missing.values()):
                return


def _keep_surest(found: list[Find]) -> list[Find]:
    """Of finds that overlap, the one of the surest kind, and of these the longest."""
    kept: list[Find] = []
    for find in sorted(found, key=lambda one: (one.start, one.end)):
        while kept and find.start < kept[-1].end and _is_surer(find, kept[-1]):
            kept.pop()
        if not kept or find.start >= kept[-1].end:
            kept.append(find)
    return kept


def _is_surer(find: Find, other: Find) -> bool:
    return (_RANKS[find.entity], other.end - other.start) < (_RANKS[other.entity], find.end - find.start)
