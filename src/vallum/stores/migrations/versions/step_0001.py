"""Sessions, accounts, proofs, factors, refresh tokens, revocations, links."""

from typing import Final

from alembic import op

from vallum.stores.sql.schema import POSTGRES_TYPES, SQLITE_TYPES, render_step

revision: Final = "0001"
down_revision: Final = None


def upgrade() -> None:
    """Make the tables."""
    types = SQLITE_TYPES if op.get_context().dialect.name == "sqlite" else POSTGRES_TYPES
    for statement in render_step(revision, types):
        op.execute(statement)
