"""What Alembic runs around the steps."""

from vallum.stores.migrations.steps import run_steps

run_steps()
