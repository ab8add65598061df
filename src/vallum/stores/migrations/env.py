"""What Alembic runs around the steps: on the connection that it was handed, or printing SQL."""

from alembic import context

from vallum.stores.sql.schema import VERSION_TABLE

_given = context.config.attributes
if context.is_offline_mode():
    context.configure(dialect_name=_given["dialect"], version_table=VERSION_TABLE)
else:
    context.configure(connection=_given["connection"], version_table=VERSION_TABLE)
with context.begin_transaction():
    context.run_migrations()
