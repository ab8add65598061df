"""One Alembic script for each step of `vallum.stores.sql.schema`."""
