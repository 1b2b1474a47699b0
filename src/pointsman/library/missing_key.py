"""Which key a model's provider lacks, said to whoever can set it."""

from collections.abc import Callable

from pointsman.core.config.snapshot import Snapshot
from pointsman.library.errors import MissingKey
from pointsman.secrets.environment import ENVIRONMENT_PREFIX, FILE_PREFIX
from pointsman.secrets.variables import list_alternatives


def find_missing_key(snapshot: Snapshot, model: str, reveal: Callable[[str], str | None]) -> MissingKey | None:
    """What is to be set for a model, by our name of it; `None` when there is no such model, or nothing lacks.

    Args:
        snapshot: the configuration.
        model: our name of the model.
        reveal: gives the value behind a reference, or `None`; it is asked whether there is one and nothing else.
    """
    found = snapshot.models.get(model)
    reference = found.deployment.credential if found is not None else None
    if found is None or reference is None or reveal(reference):
        return None
    provider = found.deployment.provider
    if reference.startswith(FILE_PREFIX):
        return MissingKey(provider, file=reference.removeprefix(FILE_PREFIX))
    alternatives = list_alternatives(reference.removeprefix(ENVIRONMENT_PREFIX))
    return MissingKey(provider, tuple(alternative.label for alternative in alternatives))
