"""Sessions, accounts, proofs, factors, refresh tokens, revocations, links."""

from typing import Final

from vallum.stores.migrations.steps import make_step

revision: Final = "0001"
down_revision: Final = None


def upgrade() -> None:
    """Make the tables."""
    make_step(revision)
