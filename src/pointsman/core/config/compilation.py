"""What every step of a compilation reads and writes to: the document, its surroundings, and the problems found."""

from collections.abc import Mapping
from dataclasses import dataclass

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
    """

    environment: str
    catalog: Catalog
    today: str
    base_urls: Mapping[str, str]
    set_variables: frozenset[str]


@dataclass(frozen=True, slots=True)
class Compilation:
    """One document on its way to a snapshot."""

    document: Document
    surroundings: Surroundings
    findings: Findings
