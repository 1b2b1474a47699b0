"""Models that a program asks for by provider and id: those of the configuration, else added to it in memory.

What the configuration says of everything (locality, privacy, budgets) holds for what is added, too.
"""

from collections.abc import Callable
from threading import Lock

from pointsman.core.config.layers import Layer, build_mapping
from pointsman.core.config.nodes import Plain
from pointsman.core.config.snapshot import Snapshot

MOST_ADDED = 256
"""Models that are kept in memory; the one that was added first makes room."""

PLACE = "<asked for>"
"""How messages name where such a model comes from."""

LayOver = Callable[[Layer], None]


class AddedModels:
    """What was added to one configuration; any number of threads may ask."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._models: dict[str, tuple[str, str]] = {}

    def begin_anew(self) -> None:
        """Begin with a lock of its own, in the child after a fork."""
        self._lock = Lock()

    def find_or_add(self, provider: str, model_id: str, find: Callable[[], Snapshot], lay_over: LayOver) -> str:
        """Our name of a provider's model.

        Args:
            provider: its name in the configuration, or in the catalogue.
            model_id: as the provider, or the configuration, names it.
            find: gives the configuration in force.
            lay_over: puts a layer over its files, in place of the one before.

        Raises:
            ConfigurationError: nobody knows the provider, or it needs more than its name, such as a base URL.
        """
        known = find_name(find(), provider, model_id)
        if known is not None:
            return known
        with self._lock:
            snapshot = find()
            known = find_name(snapshot, provider, model_id)
            if known is not None:
                return known
            name = f"{provider}/{model_id}"
            if name in snapshot.models:
                name = f"{name}@{provider}"
            models = dict(list(self._models.items())[-(MOST_ADDED - 1) :]) | {name: (provider, model_id)}
            lay_over(_build_layer(models))
            self._models = models
            return name


def find_name(snapshot: Snapshot, provider: str, model_id: str) -> str | None:
    """Our name of a provider's model: of one that we call so, else of one that its provider calls so."""
    own = snapshot.models.get(model_id)
    if own is not None and own.deployment.provider == provider:
        return own.name
    for model in snapshot.models.values():
        if model.deployment.provider == provider and model.deployment.upstream_model == model_id:
            return model.name
    return None


def _build_layer(models: dict[str, tuple[str, str]]) -> Layer:
    providers: dict[str, Plain] = {provider: {} for provider, _ in models.values()}
    entries: dict[str, Plain] = {
        name: {"provider": provider, "model_id": model_id} for name, (provider, model_id) in models.items()
    }
    return Layer("stored", build_mapping({"providers": providers, "models": entries}, PLACE))
