"""Cells for single use, locks and idempotency keys."""

from typing import Final

from vallum.stores.migrations.steps import make_step

revision: Final = "0003"
down_revision: Final = "0002"


def upgrade() -> None:
    """Make the table."""
    make_step(revision)
