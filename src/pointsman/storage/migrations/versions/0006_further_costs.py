"""What of a request's cost other calls caused than the one that answered; no row of before has any."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column, NULL in nearly all rows, and an index of those where it is not."""
    op.add_column("usage", sa.Column("further_costs", sa.Text))
    has_any = sa.text("further_costs IS NOT NULL")
    op.create_index("usage_further_costs", "usage", ["at_ms"], sqlite_where=has_any, postgresql_where=has_any)
