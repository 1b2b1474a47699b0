"""Compares what local models need with what `server.local_resources` grants, and that with what this machine has."""

import os
from collections.abc import Iterator

from pointsman.core.config.sections.providers import Resources
from pointsman.diagnosis.finding import Finding, good, list_names, skip, warn
from pointsman.diagnosis.installation import Installation

NEEDS = {"gpu_memory_gb": "GB of GPU memory", "cpu_cores": "cores", "memory_gb": "GB of memory"}
BYTES_PER_GB = 10**9


def check_resources(installation: Installation) -> Iterator[Finding]:
    """Models against the document, the document against the machine."""
    document, snapshot = installation.document, installation.snapshot
    if document is None or snapshot is None:
        yield skip("resources", "what models need is not known without a usable configuration")
        return
    enabled = {
        name: written.value.resources
        for name, written in document.models.items()
        if (model := snapshot.models.get(name)) and model.enabled and model.deployment.location == "local"
    }
    needing = {name: needs for name, needs in enabled.items() if any(getattr(needs, field) for field in NEEDS)}
    granted = document.server.value.local_resources
    yield from _compare_models(needing, granted)
    yield from _compare_machine(granted)


def _compare_models(needing: dict[str, Resources], granted: Resources) -> Iterator[Finding]:
    if not needing:
        yield good("resources", "no local model says what it needs")
        return
    if all(getattr(granted, field) is None for field in NEEDS):
        message = f"what {list_names(list(needing))} needs is written, and nothing says what there is"
        yield warn("resources", message, "write server.local_resources")
        return
    too_large = [text for name, needs in needing.items() for text in _list_excess(name, needs, granted)]
    for text in too_large:
        yield warn("resources", text, "take a smaller model, or correct server.local_resources")
    if not too_large:
        yield good("resources", f"each of {len(needing)} local models fits into server.local_resources by itself")


def _list_excess(name: str, needs: Resources, granted: Resources) -> list[str]:
    found: list[str] = []
    for field, noun in NEEDS.items():
        needed: float | None = getattr(needs, field)
        limit: float | None = getattr(granted, field)
        if needed is not None and limit is not None and needed > limit:
            found.append(f"{name} needs {needed:g} {noun}, and server.local_resources has {limit:g}")
    return found


def _compare_machine(granted: Resources) -> Iterator[Finding]:
    """The memory of GPUs cannot be told from here."""
    cores, memory_gb = os.cpu_count() or 0, _measure_memory_gb()
    for field, noun, limit, has in (
        ("cpu_cores", "cores", granted.cpu_cores, float(cores)),
        # A machine sold as 16 GB shows its programs a little less.
        ("memory_gb", "GB of memory", granted.memory_gb, memory_gb * 1.1),
    ):
        if limit is not None and has and limit > has:
            shown = has if field == "cpu_cores" else memory_gb
            message = (
                f"server.local_resources.{field} says {limit:g} {noun}; the machine that this runs on has {shown:.3g}"
            )
            yield warn("resources", message, "correct it, unless the local models run on another machine")


def _measure_memory_gb() -> float:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / BYTES_PER_GB
    except (ValueError, OSError):
        return 0.0
