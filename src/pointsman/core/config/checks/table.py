"""The one list of checks that every document goes through, in their order; what only `check` proves is in `proofs`."""

from collections.abc import Callable

from pointsman.core.config.checks.budgets import check_budgets, check_limits
from pointsman.core.config.checks.conditions import check_conditions
from pointsman.core.config.checks.experiments import check_experiments
from pointsman.core.config.checks.fallbacks import check_fallbacks
from pointsman.core.config.checks.listing import check_listing
from pointsman.core.config.checks.prices import check_prices
from pointsman.core.config.checks.privacy import check_privacy
from pointsman.core.config.checks.resources import check_resources
from pointsman.core.config.checks.routes import check_routes
from pointsman.core.config.checks.skills import check_skills
from pointsman.core.config.checks.spending import check_spending
from pointsman.core.config.checks.strategies import check_strategies
from pointsman.core.config.checks.subject import Subject, build_subject
from pointsman.core.config.compilation import Compilation
from pointsman.core.config.snapshot import Snapshot

CHECKS: tuple[Callable[[Subject], None], ...] = (
    check_conditions,
    check_routes,
    check_privacy,
    check_skills,
    check_fallbacks,
    check_strategies,
    check_experiments,
    check_budgets,
    check_limits,
    check_spending,
    check_prices,
    check_resources,
    check_listing,
)


def run_checks(compilation: Compilation, snapshot: Snapshot) -> None:
    """Note what is wrong with the sense of a document whose form is right; cheap enough for every load."""
    subject = build_subject(compilation, snapshot)
    for check in CHECKS:
        check(subject)
