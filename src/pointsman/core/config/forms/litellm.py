"""LiteLLM's proxy configuration: callers go on asking for each `model_name`, with the fallbacks it had there."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from pointsman.core.config.assemble import ReadFile
from pointsman.core.config.document import TOP_KEYS
from pointsman.core.config.forms.adaptation import NEUTRAL_KEYS, Adaptation, Carry, Marker, carry_keys
from pointsman.core.config.forms.draft import Draft, build_text, put_entry
from pointsman.core.config.forms.litellm_budgets import warn_of_narrow_budgets
from pointsman.core.config.forms.litellm_keys import LOST_TOP, NOTED_TOP
from pointsman.core.config.forms.litellm_losses import build_losses
from pointsman.core.config.forms.litellm_models import Group, Models
from pointsman.core.config.forms.litellm_providers import Providers
from pointsman.core.config.forms.litellm_settings import Settings, carry_general, carry_settings
from pointsman.core.config.forms.markers import find_marked
from pointsman.core.config.nodes import Entry, ListNode, MappingNode, Node, ScalarNode, to_plain
from pointsman.core.config.problems import Place, quote

MARKERS = ("model_list", "litellm_settings", "router_settings", "general_settings")
EVERY_GROUP = "*"
MOST_ATTEMPTS = 5
"""Upstream calls that a document may ask for per request."""

_NOT_IN_SLUGS = re.compile(r"[^a-z0-9._-]+")


def find_marker(root: MappingNode) -> Marker | None:
    """One of LiteLLM's sections."""
    return find_marked(root, (), MARKERS)


def adapt_litellm(files: Sequence[ReadFile], draft: Draft, adaptation: Adaptation) -> None:
    """Turn the form into the document."""
    written = _Written()
    for file in files:
        if file.environment is not None:
            message = "LiteLLM has no environments; move this file out of environments/, or import it by itself"
            adaptation.findings.add(file.root.place, "mixed_forms", message)
            continue
        _collect(file, written, draft, adaptation)
    settings = carry_settings(draft, adaptation, written.module, written.router)
    providers = Providers(draft, adaptation)
    models = Models(draft, adaptation, providers, written.credentials, settings.timeouts)
    for entry in written.lists:
        models.carry_list(entry)
    providers.write_variables()
    warn_of_narrow_budgets(draft, adaptation, providers.families)
    callers = _Callers(draft, adaptation, settings, models.groups)
    callers.write()


@dataclass(slots=True)
class _Written:
    """What the files hold, by section."""

    lists: list[Entry] = field(default_factory=list)
    module: dict[str, Entry] = field(default_factory=dict)
    router: dict[str, Entry] = field(default_factory=dict)
    credentials: dict[str, dict[str, Entry]] = field(default_factory=dict)


def _collect(file: ReadFile, written: _Written, draft: Draft, adaptation: Adaptation) -> None:
    keys: dict[str, Carry] = {
        **build_losses(adaptation, NOTED_TOP, LOST_TOP, file.root.entries),
        **{name: partial(put_entry, draft, name) for name in NEUTRAL_KEYS},
        "model_list": written.lists.append,
        "litellm_settings": lambda entry: written.module.update(adaptation.read_mapping(entry.value)),
        "router_settings": lambda entry: written.router.update(adaptation.read_mapping(entry.value)),
        "general_settings": partial(carry_general, adaptation),
        "environment_variables": partial(_lose_variables, adaptation),
        "credential_list": partial(_read_credentials, written, adaptation),
    }
    carry_keys(file.root.entries, keys, adaptation, TOP_KEYS)


def _lose_variables(adaptation: Adaptation, entry: Entry) -> None:
    for name, variable in adaptation.read_mapping(entry.value).items():
        message = f"{quote(name)} is left out: set it where Pointsman is started"
        adaptation.leave_out(variable.key, message)


def _read_credentials(written: _Written, adaptation: Adaptation, entry: Entry) -> None:
    for item in adaptation.read_list(entry.value):
        credential = adaptation.read_mapping(item)
        keys: dict[str, Carry] = dict.fromkeys(("credential_name", "credential_values", "credential_info"), _read_next)
        carry_keys(credential, keys, adaptation)
        name = credential.get("credential_name")
        if name is not None and (text := adaptation.read_text(name.value)) and "credential_values" in credential:
            written.credentials[text] = adaptation.read_mapping(credential["credential_values"].value)


def _read_next(entry: Entry) -> None:
    """Read where name and values are put together."""


@dataclass(slots=True)
class _Callers:
    """Agents for the names that have fallbacks or parameters, and aliases by which callers go on asking for them."""

    draft: Draft
    adaptation: Adaptation
    settings: Settings
    groups: Mapping[str, Group]
    agents: dict[str, str] = field(default_factory=dict)
    longest: int = 1
    """Models behind one another."""

    def write(self) -> None:
        for name, group in self.groups.items():
            self._write_agent(name, group)
        for name, entry in self.settings.aliases.items():
            target = str(to_plain(entry.value))
            if target in self.groups:
                self._write_alias(name, entry.key, entry.value.place, target)
            else:
                self._leave_out(target, entry.value.place)
        self._write_attempts()

    def _write_agent(self, name: str, group: Group) -> None:
        candidates = self._list_candidates(name, group)
        if len(candidates) == 1 and not group.parameters:
            return
        slug = self._find_free_slug(name)
        self.agents[name] = slug
        agent = self.draft.at("agents", group.key).at(slug, group.key)
        agent.put("display_name", group.key, build_text(group.key, name))
        agent.put("model", group.key, candidates[0])
        if len(candidates) > 1:
            agent.put("fallback", candidates[1].place, ListNode(candidates[1].place, tuple(candidates[1:])))
        if group.parameters:
            key = next(iter(group.parameters.values())).key
            agent.put("parameters", key, MappingNode(key, dict(group.parameters)))
        self.longest = max(self.longest, len(candidates))
        self._write_alias(name, group.key, group.key, name)

    def _list_candidates(self, name: str, group: Group) -> list[ScalarNode]:
        """The group's models, then those of the groups that stand in for it; each once.

        A group that is not there is not looked up in the catalogue: it would be another provider's model of that name.
        """
        found = [build_text(group.key, model) for model in group.models]
        for node in self.settings.fallbacks.get(name, self.settings.fallbacks.get(EVERY_GROUP, [])):
            found += self._list_models(node)
        first: dict[str, ScalarNode] = {}
        for node in found:
            first.setdefault(str(node.value), node)
        return list(first.values())

    def _list_models(self, node: ScalarNode) -> list[ScalarNode]:
        target = str(node.value)
        alias = self.settings.aliases.get(target)
        if alias is not None:
            target = str(to_plain(alias.value))
        group = self.groups.get(target)
        if group is None:
            self._leave_out(target, node.place)
            return []
        return [ScalarNode(node.place, node.text, name) for name in group.models]

    def _leave_out(self, name: str, place: Place) -> None:
        message = f"{quote(name)} is left out: no entry of model_list that could be carried has this name"
        self.adaptation.leave_out(place, message)

    def _write_alias(self, name: str, key: Place, place: Place, target: str) -> None:
        meant = f"agent:{self.agents[target]}" if target in self.agents else target
        aliases = self.draft.at("routing", key).at("aliases", key)
        aliases.put(name, key, build_text(place, meant))

    def _write_attempts(self) -> None:
        """A repetition is an attempt, and so is each model behind the first."""
        retries = self.settings.retries
        if retries is None:
            return
        value: Node = retries.value
        if isinstance(value, ScalarNode) and type(value.value) is int and value.value >= 0:
            wanted = value.value + self.longest
            if wanted > MOST_ATTEMPTS:
                message = f"{wanted} attempts would be made; at most {MOST_ATTEMPTS} are, over all models"
                self.adaptation.leave_out(value.place, message)
            value = ScalarNode(value.place, value.text, min(wanted, MOST_ATTEMPTS))
        self.draft.at("routing", retries.key).put("attempts", retries.key, value)

    def _find_free_slug(self, name: str) -> str:
        stem = _NOT_IN_SLUGS.sub("-", name.lower()).strip("-._")[:56] or "model"
        taken = frozenset(self.agents.values())
        numbers = iter(range(2, len(taken) + 3))
        slug = stem
        while slug in taken:
            slug = f"{stem}-{next(numbers)}"
        return slug
