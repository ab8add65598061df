"""Grants of other providers."""

from typing import Final

from vallum.stores.migrations.steps import make_step

revision: Final = "0004"
down_revision: Final = "0003"


def upgrade() -> None:
    """Make the table."""
    make_step(revision)
