"""What this installation can show for a body of rules, and what it cannot; never that it complies with them."""

from collections.abc import Iterator, Mapping

from pointsman.core.config.sections.operations import Compliance
from pointsman.diagnosis import controls
from pointsman.diagnosis.controls import Control
from pointsman.diagnosis.finding import Finding, skip
from pointsman.diagnosis.installation import Installation

BODIES: dict[Compliance, tuple[str, Mapping[str, Control]]] = {
    "GDPR_data_protection": (
        "gdpr",
        {
            "logs": controls.judge_logs,
            "retention": controls.judge_retention,
            "locality": controls.judge_locality,
            "encryption": controls.judge_encryption,
            "state": controls.judge_privacy_of_state,
            "contracts": controls.judge_contracts,
        },
    ),
    "SOC2_security_controls": (
        "soc2",
        {
            "audit": controls.judge_audit,
            "roles": controls.judge_roles,
            "references": controls.judge_references,
            "rotation": controls.judge_rotation,
            "state": controls.judge_privacy_of_state,
        },
    ),
    "HIPAA_privacy_safeguards": (
        "hipaa",
        {
            "locality": controls.judge_locality,
            "logs": controls.judge_logs,
            "encryption": controls.judge_encryption,
            "callers": controls.judge_callers,
            "audit": controls.judge_audit,
            "disk": controls.judge_disk,
            "contracts": controls.judge_contracts,
        },
    ),
    "PCI_DSS_payment_security": (
        "pci",
        {
            "references": controls.judge_references,
            "rotation": controls.judge_rotation,
            "encryption": controls.judge_encryption,
            "callers": controls.judge_callers,
            "roles": controls.judge_roles,
            "audit": controls.judge_audit,
            "state": controls.judge_privacy_of_state,
        },
    ),
}
"""What `security.compliance` may name: the short name of its lines, and what each line looks at."""


def check_compliance(installation: Installation) -> Iterator[Finding]:
    """The lines of every body of rules that the document names, if they are asked for."""
    if not installation.question.compliance:
        return
    document = installation.document
    named = document.security.value.compliance if document else []
    if not named:
        reason = "security.compliance names no body of rules" if document else "the configuration cannot be read"
        yield skip("compliance", reason, f"name some under security.compliance: {', '.join(BODIES)}")
        return
    yield skip("compliance", "what follows is what can be seen here; it is no statement that any rules are met")
    for body in dict.fromkeys(named):
        short, judged = BODIES[body]
        for name, judge in judged.items():
            found = judge(installation)
            yield Finding(f"{short}.{name}", found.status, found.message, found.next)
