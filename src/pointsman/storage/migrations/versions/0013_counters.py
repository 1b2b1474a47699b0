"""Changes of the configuration and of overrides are counted, so that replicas notice them."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Begin to count."""
    counters = sa.table("change_counters", sa.column("resource", sa.Text), sa.column("counter", sa.BigInteger))
    op.bulk_insert(counters, [{"resource": name, "counter": 0} for name in ("configuration", "overrides")])
