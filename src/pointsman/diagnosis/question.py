"""What the operator asks; imports nothing that may be missing from a broken installation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Question:
    """What the operator asks.

    Attributes:
        environ: environment variables.
        cwd: the working directory.
        config: as given by `--config`.
        environment: as given by `--env`.
        online: whether providers beyond this machine and its networks may be called.
        compliance: whether the checks of `security.compliance` are asked for.
    """

    environ: Mapping[str, str] = field(repr=False)
    cwd: Path
    config: Path | None = None
    environment: str | None = None
    online: bool = False
    compliance: bool = False
