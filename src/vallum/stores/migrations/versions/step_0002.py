"""API keys."""

from typing import Final

from vallum.stores.migrations.steps import make_step

revision: Final = "0002"
down_revision: Final = "0001"


def upgrade() -> None:
    """Make the table."""
    make_step(revision)
