"""Limits that replicas share: tables, and for PostgreSQL the functions that take parts of them in one statement."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

WideInteger = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables everywhere, and the functions where there can be replicas."""
    _create_windows()
    _create_others()
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_ACQUIRE)
        op.execute(_TAKE_RATES)


def _create_windows() -> None:
    op.create_table(
        "allowance_accounts",
        sa.Column("id", WideInteger, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("scope", "name", "window_kind", "time_zone")),
        sa.UniqueConstraint("scope", "name", "window_kind", "time_zone", name="allowance_account_once"),
    )
    op.create_table(
        "allowance_windows",
        sa.Column("id", WideInteger, primary_key=True),
        sa.Column("account_id", WideInteger, sa.ForeignKey("allowance_accounts.id"), nullable=False),
        *(sa.Column(name, WideInteger, nullable=False) for name in ("start_ms", "end_ms", "spent", "version")),
        sa.UniqueConstraint("account_id", "start_ms", name="allowance_window_once"),
    )
    op.create_index("allowance_windows_end_ms", "allowance_windows", ["end_ms"])
    op.create_table(
        "replicas",
        sa.Column("node", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("name", "revision")),
        *(
            sa.Column(name, WideInteger, nullable=False)
            for name in ("lease_ms", "lease_until_ms", "seen_at_ms", "turn")
        ),
    )
    op.create_table(
        "allowance_slices",
        sa.Column("window_id", WideInteger, sa.ForeignKey("allowance_windows.id"), primary_key=True),
        sa.Column("node", sa.Text, sa.ForeignKey("replicas.node", ondelete="CASCADE"), primary_key=True),
        sa.Column("amount", WideInteger, nullable=False),
    )
    op.create_index("allowance_slices_node", "allowance_slices", ["node"])


def _create_others() -> None:
    op.create_table(
        "open_calls",
        sa.Column("request_id", sa.Text, primary_key=True),
        sa.Column("attempt", sa.Integer, primary_key=True),
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("admitted", sa.LargeBinary, nullable=False),
        sa.Column("sent", sa.Integer, nullable=False),
        *(sa.Column(name, WideInteger, nullable=False) for name in ("content_bytes", "at_ms", "taken_until_ms")),
    )
    op.create_index("open_calls_node", "open_calls", ["node"])
    op.create_table(
        "shared_rates",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("unit", sa.Text, primary_key=True),
        *(sa.Column(name, WideInteger, nullable=False) for name in ("arrival_us", "returned_us")),
    )
    op.create_table(
        "shared_places",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("node", sa.Text, sa.ForeignKey("replicas.node", ondelete="CASCADE"), primary_key=True),
        sa.Column("held", WideInteger, nullable=False),
    )


_ACQUIRE = """
CREATE FUNCTION acquire_allowances(
    of_node text, of_turn bigint, scopes text[], names text[], kinds text[], zones text[],
    starts bigint[], ends bigint[], sinces bigint[], limits bigint[], leasts bigint[], wishes bigint[]
) RETURNS TABLE (place bigint, granted bigint, spent_sum bigint, shared_sum bigint)
LANGUAGE plpgsql AS $$
DECLARE
    wish record;
    steps bigint;
BEGIN
    PERFORM 1 FROM replicas r WHERE r.node = of_node AND r.turn = of_turn FOR SHARE;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING MESSAGE = 'this replica was forgotten, or has given this statement up';
    END IF;
    PERFORM 1 FROM allowance_accounts a WHERE a.id IN (
        SELECT b.id FROM allowance_accounts b
        JOIN unnest(scopes, names, kinds, zones) AS asked (scope, name, kind, zone)
        ON b.scope = asked.scope AND b.name = asked.name AND b.window_kind = asked.kind AND b.time_zone = asked.zone
    ) ORDER BY a.id FOR NO KEY UPDATE;
    -- Each statement from here on sees what former holders of these locks have committed.
    FOR wish IN
        SELECT asked.*, a.id AS account_id, w.id AS window_id
        FROM unnest(scopes, names, kinds, zones, starts, ends, sinces, limits, leasts, wishes) WITH ORDINALITY
            AS asked (scope, name, kind, zone, start_ms, end_ms, since_ms, most, least, welcome, number)
        JOIN allowance_accounts a
        ON a.scope = asked.scope AND a.name = asked.name AND a.window_kind = asked.kind AND a.time_zone = asked.zone
        JOIN allowance_windows w ON w.account_id = a.id AND w.start_ms = asked.start_ms
        ORDER BY w.id, asked.number
    LOOP
        SELECT coalesce(sum(w.spent), 0), coalesce(sum(held.amount), 0),
            count(*) FILTER (WHERE w.start_ms <= wish.start_ms)
        INTO spent_sum, shared_sum, steps
        FROM allowance_windows w
        LEFT JOIN LATERAL (SELECT sum(s.amount) AS amount FROM allowance_slices s WHERE s.window_id = w.id) held ON true
        WHERE w.account_id = wish.account_id AND w.start_ms >= wish.since_ms
            AND (wish.since_ms < wish.start_ms OR w.start_ms = wish.start_ms);
        CONTINUE WHEN steps < 1 + (wish.start_ms - wish.since_ms) / (wish.end_ms - wish.start_ms);
        granted := wish.most - spent_sum - shared_sum;
        granted := CASE WHEN wish.welcome <= 0 OR granted < wish.least OR granted <= 0 THEN 0
            ELSE least(wish.welcome, granted) END;
        IF granted > 0 THEN
            INSERT INTO allowance_slices AS s (window_id, node, amount) VALUES (wish.window_id, of_node, granted)
            ON CONFLICT (window_id, node) DO UPDATE SET amount = s.amount + excluded.amount;
            shared_sum := shared_sum + granted;
        END IF;
        place := wish.number;
        RETURN NEXT;
    END LOOP;
END $$
"""
"""A wish whose windows are not all there is left out of the answer. Of rolling limits later steps count, too: replicas
do not change steps at the same moment."""

_TAKE_RATES = """
CREATE FUNCTION take_shared_rates(
    of_node text, of_turn bigint, names text[], units text[],
    limits bigint[], bursts bigint[], lates bigint[], leasts bigint[], wishes bigint[]
) RETURNS TABLE (place bigint, permits bigint, retry_us bigint, stamp bigint)
LANGUAGE plpgsql AS $$
DECLARE
    wish record;
    row_of_rate shared_rates;
    now_us bigint;
    early bigint;
    full_again bigint;
    from_us bigint;
BEGIN
    PERFORM 1 FROM replicas r WHERE r.node = of_node AND r.turn = of_turn FOR SHARE;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING MESSAGE = 'this replica was forgotten, or has given this statement up';
    END IF;
    FOR wish IN
        SELECT * FROM unnest(names, units, limits, bursts, lates, leasts, wishes) WITH ORDINALITY
            AS asked (name, unit, most, burst, late, least, welcome, number)
        ORDER BY asked.name, asked.unit, asked.number
    LOOP
        INSERT INTO shared_rates VALUES (wish.name, wish.unit, 0, 0) ON CONFLICT DO NOTHING;
        SELECT * INTO row_of_rate FROM shared_rates r WHERE r.name = wish.name AND r.unit = wish.unit FOR UPDATE;
        now_us := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
        place := wish.number;
        retry_us := 0;
        stamp := 0;
        IF wish.unit = 'calls' THEN
            SELECT wish.most - coalesce(sum(p.held), 0) INTO permits
            FROM shared_places p JOIN replicas r ON r.node = p.node
            WHERE p.name = wish.name AND (r.lease_until_ms > now_us / 1000 OR r.node = of_node);
            permits := CASE WHEN permits < greatest(wish.least, 1) THEN 0 ELSE least(permits, wish.welcome) END;
            IF permits > 0 THEN
                INSERT INTO shared_places AS p VALUES (wish.name, of_node, permits)
                ON CONFLICT (name, node) DO UPDATE SET held = p.held + excluded.held;
            END IF;
        ELSE
            full_again := wish.burst * 60000000 / wish.most;
            from_us := greatest(row_of_rate.arrival_us, now_us);
            permits := (full_again - wish.late - (from_us - now_us)) * wish.most / 60000000;
            IF permits < wish.least THEN
                from_us := greatest(row_of_rate.arrival_us + wish.late, now_us);
                permits := (full_again - (from_us - now_us)) * wish.most / 60000000;
            END IF;
            IF permits < greatest(wish.least, 1) THEN
                permits := 0;
                early := row_of_rate.arrival_us + wish.late - now_us;
                retry_us := greatest(1, early + (wish.least * 60000000 + wish.most - 1) / wish.most - full_again);
            ELSE
                permits := least(permits, wish.welcome);
                from_us := from_us + (permits * 60000000 + wish.most - 1) / wish.most;
                UPDATE shared_rates r SET arrival_us = from_us WHERE r.name = wish.name AND r.unit = wish.unit;
                stamp := from_us + row_of_rate.returned_us;
            END IF;
        END IF;
        RETURN NEXT;
    END LOOP;
END $$
"""
"""Permits may be used `late` microseconds after they were taken, so the burst is smaller by what comes back meanwhile.
What needs more of the burst than that gets it once nothing has been missing for so long. (Two takes that are used in a
time T are `T + late` apart at most; in both cases what they took fits into `burst + rate x T`.)"""
