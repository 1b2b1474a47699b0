"""Tells everybody who follows the configuration what has come into force."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pointsman.assembly.books import Books
from pointsman.control.configuration import Loaded
from pointsman.control.keeper import LastGoodKeeper
from pointsman.control.replay import follow_configuration
from pointsman.control.spending_follower import SpendingFollower
from pointsman.core.config.problems import Problem
from pointsman.core.ports import RevisionRecord
from pointsman.recognition.on_demand import NamesOnDemand
from pointsman.telemetry.log_lines import Event


@dataclass(frozen=True, slots=True)
class Herald:
    """Tells metrics and log what comes into force, and keeps the files of it for the next start."""

    books: Books
    keeper: LastGoodKeeper
    look_again: Callable[[], None]
    names: NamesOnDemand
    budgets: SpendingFollower
    environ: Mapping[str, str]

    def apply(self, loaded: Loaded, record: RevisionRecord) -> None:
        """Another configuration is in force."""
        if loaded.snapshot is not None:
            self.books.metrics.follow(loaded.snapshot)
            self.books.live.follow(loaded.snapshot, loaded.snapshot.provider_limits)
            self.budgets.follow(loaded.snapshot)
            follow_configuration(self.books.decisions.follow, loaded, self.environ)
            settings = loaded.snapshot.settings
            self.names.follow(settings.detect_names, settings.detect_deadline_ms)
        message = f"revision {record.number} by {record.author} is in force"
        self.books.log.event(Event("configuration_applied", "info", message, revision=record.id))
        self.keeper.keep(loaded)
        if self.books.current.rejected:
            # Files that were refused may fit what has changed beside them: a stored value is unset, an override ended.
            self.look_again()

    def report(self, problems: Sequence[Problem]) -> None:
        """What is wrong with the files as they are now."""
        is_refused = any(problem.severity == "error" for problem in problems)
        for problem in problems:
            name = "configuration_rejected" if is_refused else "configuration_warning"
            self.books.log.event(_describe_problem(name, problem))


def _describe_problem(name: str, problem: Problem) -> Event:
    return Event(
        name,
        problem.severity,
        str(problem),
        code=problem.code,
        path=problem.path,
        line=problem.line,
        column=problem.column,
        suggestion=problem.suggestion,
    )
