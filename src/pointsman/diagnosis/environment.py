"""What the environment's variables do: which overlay they choose, which of them the file overrides, which we ignore."""

from collections.abc import Iterator, Sequence

from pointsman.control.configuration import DEFAULT_ENVIRONMENT, choose_environment, load_catalog
from pointsman.core.config.base_url import complete_base_url
from pointsman.core.config.find_path import write_path
from pointsman.core.config.layers import Layer
from pointsman.core.config.nodes import MappingNode
from pointsman.core.config.origins import list_leaves
from pointsman.core.config.problems import Problem, quote
from pointsman.core.config.provenance import list_drift
from pointsman.core.config.snapshot import Snapshot
from pointsman.diagnosis.finding import Finding, good, warn, wrong
from pointsman.diagnosis.installation import Installation
from pointsman.diagnosis.secrecy import name_url

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def check_environment(installation: Installation) -> Iterator[Finding]:
    """Overlay, older variables, proxies."""
    yield _check_choice(installation)
    yield from _check_old_variables(installation)
    yield _check_proxies(installation)


def _check_choice(installation: Installation) -> Finding:
    given = installation.question.environment
    chosen = given or choose_environment(installation.config, installation.environ)
    if isinstance(chosen, Problem):
        return wrong("environment", chosen.message, "unset one of the two")
    if given:
        source = "--env"
    else:
        source = next((name for name in ("POINTSMAN_ENV", "DEPLOYMENT_ENV") if installation.environ.get(name)), "")
    said = f"{quote(chosen)}, chosen by {source}" if source else f"{quote(chosen)}, because no variable says otherwise"
    written = _list_overlays(installation)
    if chosen in written:
        return good("environment", f"{said}; the configuration has an overlay for it")
    if written and chosen != DEFAULT_ENVIRONMENT:
        message = f"{said}; the configuration has overlays only for {', '.join(map(quote, written))}, so none applies"
        return warn("environment", message, f"correct {source}, or write environments.{chosen}")
    return good("environment", f"{said}; the configuration has no overlay for it")


def _list_overlays(installation: Installation) -> list[str]:
    compiled = installation.loaded.compiled if installation.loaded else None
    root = compiled.effective if compiled else None
    entry = root.entries.get("environments") if root else None
    return list(entry.value.entries) if entry and isinstance(entry.value, MappingNode) else []


def _check_old_variables(installation: Installation) -> Iterator[Finding]:
    """Variables that rank below the file: where the two disagree, the file counts, and somebody should know."""
    compiled = installation.loaded.compiled if installation.loaded else None
    if installation.snapshot is None or compiled is None:
        return
    named = _name_variables(compiled.layers)
    drift = [
        (named[each.path], quote(str(each.layer_value)), f"says {quote(str(each.file_value))} for {each.path}")
        for each in list_drift(compiled.layers)
        if each.layer == "variables" and not each.path.endswith(".base_url")
    ]
    moved = list(_compare_places(installation, installation.snapshot))
    for variable, said, held in [*drift, *moved]:
        message = f"{variable} says {said}, but the configuration counts before it and {held}"
        yield warn("drift", message, f"unset {variable}, or change the configuration")
    if drift or moved:
        return
    if named:
        variables = " and ".join(sorted(set(named.values())))
        counting = f"{variables} of an older set-up counts where the configuration says nothing"
        yield good("drift", counting, "to have all in one place, write it into the configuration")
    else:
        yield good("drift", "no variable says anything else than the configuration")


def _name_variables(layers: Sequence[Layer]) -> dict[str, str]:
    """Which variable says each value of the layer that older set-ups make, by the value's path."""
    return {
        write_path(steps): leaf.place.path
        for layer in layers
        if layer.name == "variables"
        for steps, leaf in list_leaves(layer.root)
    }


def _compare_places(installation: Installation, snapshot: Snapshot) -> Iterator[tuple[str, str, str]]:
    """Each variable that would move a provider which is elsewhere."""
    placed = {model.deployment.provider: model.deployment.base_url for model in snapshot.models.values()}
    for name, known in load_catalog().providers.items():
        for variable in known.base_url_variables:
            value = installation.environ.get(variable, "")
            if not value or name not in placed:
                continue
            moved = complete_base_url(value, known.usual_base_url).rstrip("/")
            if moved != placed[name].rstrip("/"):
                yield variable, name_url(moved), f"has {name} at {name_url(placed[name])}"


def _check_proxies(installation: Installation) -> Finding:
    present = [name for name in PROXIES if installation.environ.get(name) or installation.environ.get(name.lower())]
    if not present:
        return good("proxies", "no variable names one")
    ignored = f"{' and '.join(present)} {'is' if len(present) == 1 else 'are'} set; Pointsman calls providers directly"
    models = installation.snapshot.models.values() if installation.snapshot else ()
    if not any(model.deployment.location == "cloud" for model in models):
        return good("proxies", f"{ignored}, and all of them are local")
    advice = "let this machine reach the providers without a proxy; pointsman doctor --online tries it"
    return warn("proxies", ignored, advice)
