"""What the doors open to: inference for callers, everything else for operators."""

from collections.abc import Mapping
from dataclasses import dataclass

from pointsman.assembly.books import Books, now_ms
from pointsman.assembly.control import Control
from pointsman.assembly.desk import Desk
from pointsman.assembly.discovery import open_discovery
from pointsman.assembly.keep_in_step import ListedNodes
from pointsman.assembly.outside import Outside, build_relay
from pointsman.control.configuration import find_catalog
from pointsman.control.effective import Effective
from pointsman.control.keys import KeyRing
from pointsman.control.replay import PastDecisions
from pointsman.control.rerating import Rerating
from pointsman.core.catalog.catalog import Catalog
from pointsman.server.access import AdminAccess
from pointsman.server.admin.alerts import build_alerts
from pointsman.server.admin.audit import build_audit
from pointsman.server.admin.budgets import build_budgets
from pointsman.server.admin.configuration import build_configuration
from pointsman.server.admin.decisions import build_decisions
from pointsman.server.admin.keys import build_keys
from pointsman.server.admin.nodes import build_nodes
from pointsman.server.admin.overrides import build_overrides
from pointsman.server.admin.past_decisions import build_past_decisions
from pointsman.server.admin.providers import build_providers
from pointsman.server.admin.rerating import build_rerating
from pointsman.server.admin.teams import build_teams
from pointsman.server.admin.usage import build_usage
from pointsman.server.admin.users import build_users
from pointsman.server.application import Application, build_rest
from pointsman.server.inference import Inference
from pointsman.server.operations import build_operations
from pointsman.storage.database import Database
from pointsman.storage.rerating import ChargeReader
from pointsman.storage.usage_reader import UsageReader
from pointsman.storage.virtual_keys import VirtualKeys
from pointsman.telemetry.exposition import Exposition
from pointsman.telemetry.stored_tokens import StoredTokens


@dataclass(frozen=True, slots=True)
class House:
    """Everything else that the doors open to."""

    database: Database
    books: Books
    keys: KeyRing
    outside: Outside
    nodes: ListedNodes
    desk: Desk
    environ: Mapping[str, str]
    on_loopback: bool


def open_doors(house: House, control: Control, access: AdminAccess) -> Application:
    """Inference for callers, everything else for operators."""
    metrics, current = house.books.metrics, control.current

    def opens_metrics() -> bool:
        access_rule = current.snapshot.settings.metrics_access
        return access_rule == "open" or (access_rule == "loopback" and house.on_loopback)

    exposition = Exposition(metrics, now_ms, house.desk.read_money)
    report_all = None
    if house.database.dialect == "postgresql":
        # Other replicas have calls of their own.
        report_all = StoredTokens(UsageReader(house.database).agent_totals, now_ms).report
    operations = build_operations(metrics, exposition, access, opens_metrics, report_all)

    def look_up() -> Catalog:
        return find_catalog(house.environ)

    effective = Effective(current, control.store, house.environ)
    books = house.books
    rerating = Rerating(
        ChargeReader(house.database), books.writer, books.count_entries, lambda: current.snapshot.models
    )
    admin = (
        build_rerating(rerating),
        build_usage(UsageReader(house.database)),
        build_keys(house.keys, VirtualKeys(house.database), current.pin),
        build_teams(house.keys.tenants, current.pin),
        build_users(house.keys.tenants, current.pin),
        build_configuration(
            current, control.changes, control.store, effective, control.follower, house.nodes.list_nodes
        ),
        build_nodes(house.nodes.list_nodes),
        build_overrides(control.overrides),
        build_audit(control.store),
        build_budgets(house.books.spending, current.pin, now_ms),
        build_alerts(house.desk.alerts),
        build_decisions(current.pin, house.books.look_around, house.books.spending),
        build_past_decisions(PastDecisions(house.books.decisions, control.find_kept_decisions_s, now_ms, look_up)),
        build_providers(open_discovery(control, house.environ)),
    )
    relay = build_relay(house.outside, house.books, control.overrides.find_forced)
    inference = Inference(relay, house.keys, current.pin)
    return Application(inference, build_rest(operations, admin, access), access)
