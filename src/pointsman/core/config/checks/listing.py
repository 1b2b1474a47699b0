"""An upstream id that the catalogue does not know is worth a word only where it looks like a known one misspelt.

The catalogue is never complete: a new model is not a mistake. Only letters out of place are, never digits.
"""

import re

from pointsman.core.config.checks.subject import Subject
from pointsman.core.config.problems import quote
from pointsman.core.config.suggest import suggest_name

SHORTEST = 8
"""Characters of an id below which one letter is a model of its own: `gpt-4o` is not `gpt-4`."""

MOST_LOOKED_UP = 50

_WORD = re.compile(r"[a-z]+")
_OTHER = re.compile(r"[^a-z]+")


def check_listing(subject: Subject) -> None:
    """Note upstream ids that differ from a listed one in the order or choice of a letter."""
    catalog = subject.compilation.surroundings.catalog
    looked_up = 0
    for name, written in subject.document.models.items():
        model = subject.snapshot.models.get(name)
        if model is None or model.prices is not None:
            continue  # What has a price is known, to the catalogue or to the author.
        provider, upstream = model.deployment.provider, model.deployment.upstream_model
        if len(upstream) < SHORTEST or catalog.find_model(provider, upstream) is not None:
            continue
        looked_up += 1
        if looked_up > MOST_LOOKED_UP:
            return
        meant = suggest_name(upstream, catalog.names_of(provider))
        if meant is not None and is_misspelt(upstream.lower(), meant.lower()):
            place = written.place_of("model_id") if written.value.model_id else written.key
            message = f"the catalogue lists no {quote(upstream)} of {provider}"
            subject.findings.add(place, "model_unlisted", message, suggestion=meant, severity="warning")


def is_misspelt(written: str, meant: str) -> bool:
    """Whether two names differ by one slip in one word: a letter left out, added, changed, or two swapped."""
    if _OTHER.findall(written) != _OTHER.findall(meant):
        return False
    pairs = list(zip(_WORD.findall(written), _WORD.findall(meant), strict=False))
    different = [(one, other) for one, other in pairs if one != other]
    return len(different) == 1 and len(different[0][1]) >= 4 and _is_one_slip(*different[0])


def _is_one_slip(written: str, meant: str) -> bool:
    start = next((at for at, (one, other) in enumerate(zip(written, meant, strict=False)) if one != other), None)
    if start is None:
        return abs(len(written) - len(meant)) == 1
    rest, other = written[start:], meant[start:]
    return (
        rest[1:] == other[1:]
        or rest == other[1:]
        or rest[1:] == other
        or (rest[:2] == other[1::-1] and rest[2:] == other[2:])
    )
