"""What a virtual key may do; keys made before have no policy, so nothing changes for them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the policy of keys."""
    op.add_column("virtual_keys", sa.Column("policy", sa.Text))
