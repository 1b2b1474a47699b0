"""The written forms beside our own: one list; each is recognised by its own keys and has its own adapter."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pointsman.core.catalog.catalog import Catalog
from pointsman.core.config.assemble import ReadFile
from pointsman.core.config.forms import agents_models, litellm, registry, sections
from pointsman.core.config.forms.adaptation import Adaptation, Adapted, Marker
from pointsman.core.config.forms.completion import complete_files
from pointsman.core.config.forms.draft import Draft
from pointsman.core.config.forms.environment_budgets import keep_budgets_of_all
from pointsman.core.config.nodes import MappingNode
from pointsman.core.config.problems import Findings, quote

AUTO = "auto"
ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Form:
    """One written form.

    Attributes:
        name: as `pointsman import` takes it.
        title: what messages call a file in it.
        find_marker: the first key of a file that only this form has, or `None`.
        adapt: turns all files in the form into one draft of the document.
    """

    name: str
    title: str
    find_marker: Callable[[MappingNode], Marker | None]
    adapt: Callable[[Sequence[ReadFile], Draft, Adaptation], None]


FORMS: tuple[Form, ...] = (
    Form(
        "agents-models",
        "a file of agents with their models",
        agents_models.find_marker,
        agents_models.adapt_agents_models,
    ),
    Form("registry", "a model registry with its agents", registry.find_marker, registry.adapt_registry),
    Form("sections", "a configuration by sections", sections.find_marker, sections.adapt_sections),
    Form("litellm", "a LiteLLM configuration", litellm.find_marker, litellm.adapt_litellm),
)

FORM_NAMES = (*(form.name for form in FORMS), ENVIRONMENT)
"""What can be imported; `environment` is a file of variables."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A file, the form it is in and the key that says so."""

    file: ReadFile
    form: Form
    marker: Marker


def detect_form(root: MappingNode) -> str | None:
    """The name of the form that a file is in, or `None` for our own."""
    return next((form.name for form in FORMS if form.find_marker(root) is not None), None)


def adapt_files(files: Sequence[ReadFile], findings: Findings, catalog: Catalog) -> Adapted:
    """Turn the files that are in another form into the document; those in our own stay as they are.

    Args:
        files: all files of a configuration, as they were read.
        findings: where problems go, at the places of the original text.
        catalog: the known providers and models.
    """
    found = [_Found(file, form, marker) for file in files for form, marker in _list_forms(file.root)]
    if not found:
        return Adapted(tuple(files))
    first = found[0]
    _refuse_others(found, findings)
    own = [one.file for one in found if one.form is first.form]
    adaptation = Adaptation(first.form.title, first.marker, findings, catalog)
    draft = Draft(own[0].root.place, findings)
    first.form.adapt(own, draft, adaptation)
    others = [file for file in files if file not in own]
    adapted = keep_budgets_of_all(ReadFile(own[0].file, draft.build()), others)
    adapted = complete_files([adapted, *others], adapted, adaptation)
    at = files.index(own[0])
    before = [file for file in files[:at] if file not in own]
    behind = [file for file in files[at:] if file not in own]
    return Adapted(
        files=(*before, adapted, *behind),
        form=first.form.name,
        lenient_files=frozenset(file.file for file in own),
        notes=tuple(sorted(adaptation.notes, key=lambda note: (note.place.file, note.place.line, note.place.column))),
    )


def _list_forms(root: MappingNode) -> list[tuple[Form, Marker]]:
    return [(form, marker) for form in FORMS if (marker := form.find_marker(root)) is not None]


def _refuse_others(found: Sequence[_Found], findings: Findings) -> None:
    """Two forms beside one another would be two readings of one thing."""
    first = found[0]
    for one in found[1:]:
        if one.form is not first.form:
            message = (
                f"{quote(one.marker.name)} makes this {one.form.title}, but {quote(first.marker.name)}"
                f" ({first.marker.place.file}:{first.marker.place.line}) makes it {first.form.title};"
                " keep one form, or turn it into ours with `pointsman import`"
            )
            findings.spoil(one.marker.place, "mixed_forms", message)
