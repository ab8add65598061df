"""What Alembic's scripts do: run the steps on the connection that they were handed, or print them."""

from alembic import context, op

from vallum.stores.sql.schema import POSTGRES_TYPES, SQLITE_TYPES, VERSION_TABLE, render_step


def run_steps() -> None:
    """Run what is missing, for `env.py`."""
    given = context.config.attributes
    if context.is_offline_mode():
        context.configure(dialect_name=given["dialect"], version_table=VERSION_TABLE)
    else:
        context.configure(connection=given["connection"], version_table=VERSION_TABLE)
    with context.begin_transaction():
        context.run_migrations()


def make_step(number: str) -> None:
    """Run one step of the schema in the words of the database."""
    is_sqlite = op.get_context().dialect.name == "sqlite"
    for statement in render_step(number, SQLITE_TYPES if is_sqlite else POSTGRES_TYPES):
        op.execute(statement)
