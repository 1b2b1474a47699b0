"""What all checks look at: found once, as values; whatever cannot be had is `None` and says why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pointsman.control.configuration import Loaded, find_config, load_configuration
from pointsman.control.credentials import LOCAL_FILE, read_local_file
from pointsman.control.found_file import is_file, read_stamp
from pointsman.core.config.read_document import Document
from pointsman.core.config.snapshot import Snapshot
from pointsman.diagnosis.question import Question


@dataclass(frozen=True, slots=True)
class Installation:
    """What there is.

    Attributes:
        question: what was asked.
        config: the file or folder of the configuration, whether it is there or not.
        found_by: which of the places that is, as a sentence goes on after the path.
        home: where state lives, absolute.
        local: the variables of the local credentials file; empty when there is none.
        loaded: what the configuration came to, or `None` when it could not be read in time.
    """

    question: Question
    config: Path
    found_by: str
    home: Path
    local: Mapping[str, str] = field(repr=False)
    loaded: Loaded | None = None

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment variables."""
        return self.question.environ

    @property
    def snapshot(self) -> Snapshot | None:
        """The compiled configuration, unless it cannot be used."""
        return self.loaded.snapshot if self.loaded else None

    @property
    def document(self) -> Document | None:
        """The document as it is written, as far as it could be read."""
        return self.loaded.compiled.document if self.loaded and self.loaded.compiled else None


def survey(question: Question) -> Installation:
    """Find everything but what the configuration comes to; looks at names, and reads one small file."""
    environ, cwd = question.environ, question.cwd
    config = find_config(question.config, environ, cwd)
    home = cwd / environ.get("POINTSMAN_HOME", ".pointsman")
    return Installation(question, cwd / config, _name_place(question, config), home, _read_local(home))


def load(question: Question, config: Path) -> Loaded:
    """Read and compile the configuration; takes as long as the disk does."""
    return load_configuration(config, question.environ, question.environment)


def _name_place(question: Question, config: Path) -> str:
    if question.config is not None:
        return "named by --config"
    if question.environ.get("POINTSMAN_CONFIG"):
        return "named by POINTSMAN_CONFIG"
    if config.is_relative_to(question.cwd / "config"):
        return "found in the folder config"
    if config.is_relative_to(question.cwd):
        return "found in the working directory"
    return "found in the user's configuration folder"


def _read_local(home: Path) -> dict[str, str]:
    """The local credentials; what cannot be read of them is a finding of its own."""
    if not is_file(read_stamp(home / LOCAL_FILE)):
        return {}
    try:
        return read_local_file(home)
    except (OSError, ValueError):
        return {}
