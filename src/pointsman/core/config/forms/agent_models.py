"""The models that agents of seed 000's form state, each named once: equal statements are one model."""

from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation

from pointsman.core.config.forms.adaptation import Adaptation
from pointsman.core.config.forms.draft import Draft, build_mapping, build_text
from pointsman.core.config.forms.providers import rename_provider
from pointsman.core.config.nodes import Entry, Node, ScalarNode
from pointsman.core.config.problems import quote

USUAL_PROVIDER = "gradient"
"""Who serves a model where the file does not say."""


@dataclass(frozen=True, slots=True)
class StatedModel:
    """What one agent says of its model; what it does not say is `None`."""

    model: ScalarNode | None
    provider: ScalarNode | None
    price: Node | None
    window: Node | None

    @property
    def provider_name(self) -> str:
        """Who serves it."""
        return str(self.provider.value) if self.provider is not None else USUAL_PROVIDER

    def laid_over(self, base: "StatedModel") -> "StatedModel":
        """An environment's words over the agent's own; another model brings none of the old one's facts along."""
        if self.model is not None:
            return replace(self, provider=self.provider or base.provider)
        return StatedModel(
            base.model, self.provider or base.provider, self.price or base.price, self.window or base.window
        )

    def agrees_with(self, other: "StatedModel") -> bool:
        """Whether both may be said of one model."""
        pairs = ((self.price, other.price), (self.window, other.window))
        return self.provider_name == other.provider_name and all(
            one is None or two is None or _amount_of(one) == _amount_of(two) for one, two in pairs
        )

    def completed(self, other: "StatedModel") -> "StatedModel":
        """With what only the other one says."""
        return replace(self, price=self.price or other.price, window=self.window or other.window)


def read_stated_model(
    written: dict[str, Entry], usual_provider: ScalarNode | None, adaptation: Adaptation
) -> StatedModel:
    """What an agent says of its model."""
    model = _read_text(written, "model", adaptation)
    provider = _read_text(written, "provider", adaptation) or usual_provider
    price, window = written.get("cost_per_1m_tokens"), written.get("context_window")
    return StatedModel(
        model=model,
        provider=None if provider is None else rename_provider(provider),
        price=None if price is None else price.value,
        window=None if window is None else window.value,
    )


@dataclass(slots=True)
class AgentModels:
    """Collects the models of all agents."""

    draft: Draft
    adaptation: Adaptation
    variants: dict[str, list[tuple[str, StatedModel]]] = field(default_factory=dict)

    def name_model(self, stated: StatedModel, who: str) -> ScalarNode:
        """The name of the model that an agent means.

        Args:
            stated: what it says of it; the model itself is among that.
            who: names the model where others state other facts of it.
        """
        assert stated.model is not None, "only a stated model has a name"
        upstream = str(stated.model.value)
        known = self.variants.setdefault(upstream, [])
        for at, (name, variant) in enumerate(known):
            if variant.agrees_with(stated):
                known[at] = (name, variant.completed(stated))
                self._write(name, upstream, known[at][1])
                return ScalarNode(stated.model.place, stated.model.text, name)
        name = f"{upstream}@{who}" if known else upstream
        if known:
            text = f"{quote(upstream)} stands here with another provider, price or window; it is {quote(name)} now"
            self.adaptation.note(stated.model.place, text)
        known.append((name, stated))
        self._write(name, upstream, stated)
        return ScalarNode(stated.model.place, stated.model.text, name)

    def _write(self, name: str, upstream: str, stated: StatedModel) -> None:
        assert stated.model is not None, "only a stated model is written"
        place = stated.model.place
        model = self.draft.at("models", place).at(name, place)
        model.parts.clear()
        model.put("provider", place, stated.provider or build_text(place, USUAL_PROVIDER))
        if name != upstream:
            model.put("model_id", place, build_text(place, upstream))
        if stated.price is not None:
            price = build_mapping(stated.price.place, input=stated.price, output=stated.price)
            model.put("price_per_1m_tokens", stated.price.place, price)
        if stated.window is not None:
            model.put("context_window", stated.window.place, stated.window)


def _read_text(written: dict[str, Entry], name: str, adaptation: Adaptation) -> ScalarNode | None:
    entry = written.get(name)
    if entry is None or adaptation.read_text(entry.value) is None or not isinstance(entry.value, ScalarNode):
        return None
    return entry.value


def _amount_of(node: Node) -> object:
    """What a price or a window comes to, so that 0.6 and 0.60 are the same."""
    if not isinstance(node, ScalarNode):
        return node
    try:
        return Decimal(node.text)
    except InvalidOperation:
        return node.text
