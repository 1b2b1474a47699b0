"""What every step of a compilation reads and writes to: the document, its surroundings, and the problems found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pointsman.core.catalog.catalog import Catalog
from pointsman.core.config.problems import Findings
from pointsman.core.config.read_document import Document


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a document means depends on these; they are values, so that compiling stays pure.

    Attributes:
        environment: the name of the environment whose overlay applies.
        catalog: the known providers and models.
        today: ISO date that prices must be valid on.
        base_urls: values of the environment variables that move a provider.
        set_variables: names of the environment variables that have a value.
        variables: all environment variables; `substitute.py` says which a document may take over.
        has_litellm: whether the library for providers called `litellm/NAME` is installed.
        list_time_zones: gives the names of all time zones, asked only where a document names one; none: not judged.
    """

    environment: str
    catalog: Catalog
    today: str
    base_urls: Mapping[str, str]
    set_variables: frozenset[str]
    variables: Mapping[str, str] = field(default_factory=dict)
    has_litellm: bool = True
    list_time_zones: Callable[[], frozenset[str]] = frozenset


@dataclass(frozen=True, slots=True)
class Compilation:
    """One document on its way to a snapshot.

    Attributes:
        document: what was read.
        surroundings: what its meaning depends on.
        findings: where problems go.
        lenient_files: files in another written form, in which an unknown model is a warning and left out.
    """

    document: Document
    surroundings: Surroundings
    findings: Findings
    lenient_files: frozenset[str] = frozenset()
