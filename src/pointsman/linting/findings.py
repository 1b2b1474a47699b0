"""What the search comes to: a finding has a place, a code and a name; files that were not read have a reason."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from pointsman.core.config.problems import quote

HARDCODED_MODEL = "hardcoded_model"
DIRECT_CLIENT = "direct_provider_client"
IN_ENVIRONMENT_FILE = "model_in_environment_file"
IN_MANIFEST = "model_in_manifest"

MOST_FINDINGS = 10_000
"""Kept at most; what is left off is counted."""

MOST_IN_A_FILE = 1_000
"""Kept of one file."""

ADVICE = {
    HARDCODED_MODEL: "is named here; name an agent instead (agent:NAME)",
    DIRECT_CLIENT: "is called without Pointsman; give the client Pointsman's base URL",
    IN_ENVIRONMENT_FILE: "is named in an environment file; give the agent that model in pointsman.yaml instead",
    IN_MANIFEST: "is named in this manifest; give the agent that model in pointsman.yaml instead",
}
"""The codes, and what is said behind the name."""


MEANINGS = {
    HARDCODED_MODEL: "A program names a model. Name an agent instead, as agent:NAME, and its model in pointsman.yaml.",
    DIRECT_CLIENT: "A provider's client is constructed that passes Pointsman by. Give it Pointsman's base URL.",
    IN_ENVIRONMENT_FILE: "An environment variable names a model. Give the agent that model in pointsman.yaml.",
    IN_MANIFEST: "A manifest or settings file names a model. Give the agent that model in pointsman.yaml.",
}
"""What each code is about, for code scanners."""


@dataclass(frozen=True, slots=True)
class Find:
    """Something found in one text.

    Attributes:
        line: 1-based.
        column: 1-based, in characters.
        code: a key of `ADVICE`.
        name: the model, or the client that is constructed.
        others: how many more names the same list or table holds.
    """

    line: int
    column: int
    code: str
    name: str
    others: int = 0

    @property
    def message(self) -> str:
        """What is wrong, and what to do."""
        if self.others:
            more = "another name" if self.others == 1 else f"{self.others} more names"
            return f"{quote(self.name)} and {more} stand here; pointsman.yaml is the place for what is known of models"
        return f"{quote(self.name)} {ADVICE[self.code]}"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something found, in its file.

    Attributes:
        file: as the user would name it, with `/` between folders.
        line: 1-based.
        column: 1-based, in characters.
        code: `hardcoded_model`, `direct_provider_client`, `model_in_environment_file` or `model_in_manifest`.
        name: the model, or the client that is constructed.
        message: what is wrong, and what to do.
        fingerprint: the same as long as the line's text is, wherever it moves in its file.
    """

    file: str
    line: int
    column: int
    code: str
    name: str
    message: str
    fingerprint: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column} {self.code}: {self.message}"


@dataclass(slots=True)
class Report:
    """What a search found.

    Attributes:
        findings: in the order of files and lines; without the ones that are allowed or in the baseline.
        read: how many files were looked into.
        left_out: how many files were not, by reason.
        allowed: how many findings a comment allows.
        in_baseline: how many findings the baseline holds.
        gone: how many entries of the baseline were not found any more.
        left_off: how many findings there are beyond those kept.
        notes: what else the user should know, a sentence each.
    """

    findings: list[Finding] = field(default_factory=list)
    read: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    allowed: int = 0
    in_baseline: int = 0
    gone: int = 0
    left_off: int = 0
    notes: list[str] = field(default_factory=list)


def in_order(finds: Iterable[Find]) -> list[Find]:
    """As the text is read, each only once."""
    return sorted(set(finds), key=lambda find: (find.line, find.column, find.code, find.name))
