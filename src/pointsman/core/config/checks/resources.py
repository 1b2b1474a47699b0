"""A local model must fit into the machine that `server.local_resources` describes, taken by itself."""

from pointsman.core.config.checks.subject import Subject
from pointsman.core.config.problems import quote

_NEEDS = {"gpu_memory_gb": "GB of GPU memory", "cpu_cores": "cores", "memory_gb": "GB of memory"}


def check_resources(subject: Subject) -> None:
    """Note local models that need more than there is."""
    had = subject.document.server.value.local_resources
    for name, written in subject.document.models.items():
        model = subject.snapshot.models.get(name)
        if model is None or not model.enabled or model.deployment.location != "local":
            continue
        for field, noun in _NEEDS.items():
            needs: float | None = getattr(written.value.resources, field)
            limit: float | None = getattr(had, field)
            if needs is not None and limit is not None and needs > limit:
                message = (
                    f"{quote(name)} needs {needs:g} {noun}, and server.local_resources has {limit:g}; take a smaller"
                    " model, or correct one of the two"
                )
                place = written.place_of("resources", field)
                subject.findings.add(place, "resources_exceeded", message, severity="warning")
