"""LiteLLM's `model_list`: each deployment becomes a model, and those of one `model_name` stand behind one another."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from pointsman.core.chat.money import format_usd
from pointsman.core.config.forms.adaptation import Adaptation, Carry, carry_keys
from pointsman.core.config.forms.amounts import read_seconds, scale_price
from pointsman.core.config.forms.completion import choose_provider
from pointsman.core.config.forms.draft import Draft, build_mapping, build_scalar, build_text, put_entry
from pointsman.core.config.forms.litellm_budgets import carry_model_budget
from pointsman.core.config.forms.litellm_keys import CAPABILITIES, FOREIGN_PARAMS, LOST_PARAMS, NOTED_PARAMS
from pointsman.core.config.forms.litellm_losses import build_losses, lose_foreign
from pointsman.core.config.forms.litellm_providers import COMPATIBLE, PREFIXES, Need, Providers
from pointsman.core.config.nodes import Entry, ListNode, MappingNode, Node, ScalarNode, to_plain
from pointsman.core.config.problems import Place, quote
from pointsman.core.config.sections.callers import Parameters

PER_TOKEN = 1_000_000
SERVED_MODES = ("chat", "embedding", "completion", "responses")
_PARAMETERS = tuple(Parameters.model_fields)
_COSTS = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cached_input",
    "cache_creation_input_token_cost": "cache_write",
}
_INFO_NOTED = "is LiteLLM's own fact about the model; nothing here reads it"


@dataclass(slots=True)
class Group:
    """The deployments of one `model_name`.

    Attributes:
        key: where the first one is named.
        models: our names for them, in order.
        parameters: what the first one sends where the caller states nothing.
    """

    key: Place
    models: list[str] = field(default_factory=list)
    parameters: dict[str, Entry] = field(default_factory=dict)


@dataclass(slots=True)
class Models:
    """Reads the list of deployments.

    Attributes:
        draft: the document.
        adaptation: where problems go.
        providers: who serves the deployments.
        credentials: values that deployments refer to by name.
        timeouts: limits of time for deployments that state none.
    """

    draft: Draft
    adaptation: Adaptation
    providers: Providers
    credentials: Mapping[str, dict[str, Entry]]
    timeouts: Mapping[str, Entry]
    groups: dict[str, Group] = field(default_factory=dict)

    def carry_list(self, entry: Entry) -> None:
        """Take over every deployment."""
        for item in self.adaptation.read_list(entry.value):
            written = self.adaptation.read_mapping(item)
            name = self._read_required(written, "model_name", item.place)
            if name is not None:
                self._carry_deployment(name, written["model_name"].value.place, written)

    def _carry_deployment(self, name: str, key: Place, written: dict[str, Entry]) -> None:
        keys: dict[str, Carry] = dict.fromkeys(("model_name", "litellm_params", "model_info"), _read_in_turn)
        carry_keys(written, keys, self.adaptation)
        params = self._read_params(written, key)
        upstream = self._read_required(params, "model", key)
        if upstream is None:
            return
        if "*" in name or "*" in upstream:
            message = f"{quote(name)} stands for many models; name each one that you use"
            self.adaptation.leave_out(key, message)
            return
        info = self.adaptation.read_mapping(written["model_info"].value) if "model_info" in written else {}
        model = Draft(key, self.adaptation.findings)
        provider = self._carry_provider(upstream, params, model) if self._is_served(info) else None
        if provider is None:
            return
        group = self.groups.setdefault(name, Group(key))
        own_name = f"{name}@{len(group.models) + 1}" if group.models else name
        self._carry_params(params, model, own_name, group)
        self._carry_info(info, params, model)
        self._keep_known_facts(provider, model)
        group.models.append(own_name)
        self.draft.at("models", key).put(own_name, key, model.build())

    def _read_params(self, written: dict[str, Entry], key: Place) -> dict[str, Entry]:
        """What is sent, with the values of the credential that it refers to."""
        if "litellm_params" not in written:
            place = key.renamed(f"{key.path.rpartition('.')[0]}.litellm_params")
            self.adaptation.findings.add(place, "missing_key", "`litellm_params` is missing")
            return {}
        params = dict(self.adaptation.read_mapping(written["litellm_params"].value))
        named = params.pop("litellm_credential_name", None)
        if named is None:
            return params
        name = self.adaptation.read_text(named.value)
        if name is not None and name not in self.credentials:
            message = f"there is no {quote(name)} in credential_list"
            suggestion = self.adaptation.findings.guess_name(name, self.credentials)
            self.adaptation.findings.add(named.value.place, "unknown_reference", message, suggestion=suggestion)
        return {**self.credentials.get(name or "", {}), **params}

    def _read_required(self, written: Mapping[str, Entry], name: str, place: Place) -> str | None:
        if name in written:
            return self.adaptation.read_text(written[name].value)
        if written:
            missing = place.renamed(f"{place.path}.{name}")
            self.adaptation.findings.add(missing, "missing_key", f"`{name}` is missing")
        return None

    def _carry_provider(self, upstream: str, params: dict[str, Entry], model: Draft) -> str | None:
        """Set who serves the model and what it is called there.

        Returns:
            The catalogue's name for the provider, `""` for a server that it does not know, or `None` where nobody can.
        """
        entry = params["model"]
        prefix, model_id = _split_model(upstream, self._read_custom_provider(params))
        provider = PREFIXES.get(prefix, "") if prefix else choose_provider(upstream, (), self.adaptation.catalog) or ""
        has_url = "api_base" in params
        if not (provider or (prefix in COMPATIBLE and has_url)):
            whose = (
                f"LiteLLM's provider {quote(prefix)} has no counterpart here" if prefix else "nobody knows its provider"
            )
            message = (
                f"{quote(upstream)} is left out: {whose}; if its server speaks OpenAI's API, write it as openai/NAME"
            )
            self.adaptation.leave_out(entry.value.place, f"{message} with its api_base")
            return None
        base_url = self.providers.read_base_url(params["api_base"], prefix, provider) if has_url else None
        usual = provider if base_url is None else ""
        api_key = self.providers.read_api_key(params["api_key"], usual) if "api_key" in params else None
        need = Need(
            provider, entry.value.place, base_url, api_key, self._read_headers(params), self._read_timeouts(params)
        )
        model.put("provider", entry.key, self.providers.name_provider(need))
        model.put("model_id", entry.key, ScalarNode(entry.value.place, upstream, model_id))
        return provider

    def _keep_known_facts(self, provider: str, model: Draft) -> None:
        """Under a provider's other name the catalogue is not asked, so what it says of the model is written out."""
        named, model_id = (model.parts[name] for name in ("provider", "model_id"))
        if not (isinstance(named, Entry) and isinstance(model_id, Entry)) or to_plain(named.value) == provider:
            return
        found = self.adaptation.catalog.find_model(provider, str(to_plain(model_id.value))) if provider else None
        if found is None:
            return
        place, facts = model_id.value.place, found.model
        if facts.prices and "price_per_1m_tokens" not in model.parts:
            listed = facts.prices[-1]
            price = build_mapping(
                place,
                input=build_text(place, format_usd(listed.input_nusd)),
                cached_input=build_text(place, format_usd(listed.cached_input_nusd)),
                output=build_text(place, format_usd(listed.output_nusd)),
            )
            if listed.cache_write_nusd is not None:
                written = build_text(place, format_usd(listed.cache_write_nusd))
                price.entries["cache_write"] = Entry(place, written)
            model.put("price_per_1m_tokens", place, price)
        for name in ("context_window", "max_output_tokens"):
            value = getattr(facts, name)
            if value is not None and name not in model.parts:
                model.put(name, place, build_scalar(place, value))

    def _read_custom_provider(self, params: dict[str, Entry]) -> str:
        entry = params.get("custom_llm_provider")
        return "" if entry is None else self.adaptation.read_text(entry.value) or ""

    def _read_headers(self, params: dict[str, Entry]) -> dict[str, Entry]:
        headers: dict[str, Entry] = {}
        for name in ("extra_headers", "headers"):
            if name in params:
                headers |= self.adaptation.read_mapping(params[name].value)
        organization = params.get("organization")
        if organization is not None and isinstance(organization.value, ListNode):
            message = "one deployment for each of several organisations; list them one by one"
            self.adaptation.leave_out(organization.key, message)
        elif organization is not None:
            headers["OpenAI-Organization"] = organization
        return {name: self.providers.read_reference(entry) for name, entry in headers.items()}

    def _read_timeouts(self, params: dict[str, Entry]) -> dict[str, Entry]:
        """LiteLLM's one limit is that of the whole call, streamed or not, unless streams have their own."""
        return build_timeouts({**self.timeouts, **{name: params[name] for name in TIMEOUTS if name in params}})

    def _is_served(self, info: dict[str, Entry]) -> bool:
        mode = info.get("mode")
        if mode is None or not isinstance(mode.value, ScalarNode) or mode.value.value in SERVED_MODES:
            return True
        self.adaptation.leave_out(mode.value.place, f"no endpoint here serves mode {quote(mode.value.text)}")
        return False

    def _carry_params(self, params: dict[str, Entry], model: Draft, name: str, group: Group) -> None:
        limits = Draft(group.key, self.adaptation.findings)
        parameters: dict[str, Entry] = {}
        together = (
            "model", "api_base", "base_url", "api_key", "organization", "extra_headers", "headers", "timeout",
            "stream_timeout", "custom_llm_provider", "budget_duration", "model_info", *_COSTS,
        )  # fmt: skip
        keys: dict[str, Carry] = {
            **build_losses(self.adaptation, NOTED_PARAMS, LOST_PARAMS, params),
            **dict.fromkeys(together, _read_in_turn),
            **{parameter: partial(parameters.__setitem__, parameter) for parameter in _PARAMETERS},
            "rpm": partial(put_entry, limits, "requests_per_minute"),
            "tpm": partial(put_entry, limits, "tokens_per_minute"),
            "max_budget": partial(carry_model_budget, self.draft, self.adaptation, name, params),
        }
        known = lose_foreign(self.adaptation, params, keys, FOREIGN_PARAMS)
        carry_keys(known, keys, self.adaptation)
        if limits.parts:
            model.put("rate_limits", next(iter(limits.build().entries.values())).key, limits.build())
        if not group.models:
            group.parameters = parameters
        elif parameters.keys() - group.parameters.keys():
            message = f"the parameters of {quote(name)} count only for the first of its name"
            self.adaptation.leave_out(next(iter(parameters.values())).key, message)

    def _carry_info(self, info: dict[str, Entry], params: dict[str, Entry], model: Draft) -> None:
        self._carry_price({**info, **params}, model)
        sizes = {"max_input_tokens": "context_window", "max_output_tokens": "max_output_tokens"}
        if "max_output_tokens" not in info:
            sizes["max_tokens"] = "max_output_tokens"
        for name, ours in sizes.items():
            if name in info:
                put_entry(model, ours, info[name])
        supported = [skill for name, skill in CAPABILITIES.items() if _is_true(info.get(name))]
        if _has_mode(info, "embedding"):
            supported.append("embeddings")
        place = next((info[name].key for name in (*CAPABILITIES, "mode") if name in info), model.place)
        if supported:
            items: list[Node] = [build_text(place, skill) for skill in supported]
            model.put("capabilities", place, ListNode(place, tuple(items)))
        read = {"mode", "max_tokens", *sizes, *_COSTS, *CAPABILITIES}
        for name, entry in info.items():
            if name not in read:
                self.adaptation.note(entry.key, f"{quote(name)} {_INFO_NOTED}")

    def _carry_price(self, written: dict[str, Entry], model: Draft) -> None:
        costs = {ours: written[name] for name, ours in _COSTS.items() if name in written}
        if not costs:
            return
        first = next(iter(costs.values())).key
        if not {"input", "output"} <= costs.keys():
            message = "a price needs both input_cost_per_token and output_cost_per_token; the catalogue's counts"
            self.adaptation.leave_out(first, message)
            return
        price = {
            ours: Entry(entry.key, scale_price(entry.value, PER_TOKEN, exponents=True)) for ours, entry in costs.items()
        }
        model.put("price_per_1m_tokens", first, MappingNode(first, price))


TIMEOUTS = ("timeout", "stream_timeout")


def build_timeouts(written: Mapping[str, Entry]) -> dict[str, Entry]:
    """LiteLLM's seconds as our limits of a whole call."""
    total, stream = written.get("timeout"), written.get("stream_timeout") or written.get("timeout")
    pairs = (("total", total), ("stream_total", stream))
    return {ours: Entry(entry.key, read_seconds(entry.value)) for ours, entry in pairs if entry is not None}


def _split_model(upstream: str, custom_provider: str) -> tuple[str, str]:
    """What stands before the first slash where that names a provider, and the provider's own id."""
    if custom_provider:
        return custom_provider, upstream.removeprefix(f"{custom_provider}/")
    prefix, slash, model_id = upstream.partition("/")
    return (prefix, model_id) if slash else ("", upstream)


def _is_true(entry: Entry | None) -> bool:
    return entry is not None and isinstance(entry.value, ScalarNode) and entry.value.value is True


def _has_mode(info: dict[str, Entry], mode: str) -> bool:
    entry = info.get("mode")
    return entry is not None and isinstance(entry.value, ScalarNode) and entry.value.value == mode


def _read_in_turn(entry: Entry) -> None:
    """Read where what it belongs to is put together."""
