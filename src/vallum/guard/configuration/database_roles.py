"""The roles of an application in PostgreSQL, written as SQL from its SQLAlchemy tables (ASVS 13.2.2; CWE-250).

    PLAN = RolePlan(Base.metadata, runtime="shop_app", migration="shop_migrate", deletes={"carts": "emptied by users"})
    print(PLAN.render())                     # or: vallum db roles shop.database:PLAN
    PLAN.check(ask_postgres(url))            # as the runtime role; or: vallum db roles shop.database:PLAN --check

The runtime role reads and writes rows and defines nothing; the migration role owns the tables. The SQL may be run again
after each migration. Where `row_security` names a column, a row is seen by its owner only, whom each transaction names
by `set_actor`. Sources: PostgreSQL 16 documentation, 5.7 Privileges and 5.8 Row Security Policies.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Identity, MetaData, Table, text

from vallum.base.errors import ConfigError
from vallum.guard.configuration.database_grants import DatabaseCheck, Query
from vallum.guard.configuration.problem import Problem

KEEPS: Final = ("db-least-privilege",)

SETTING: Final = "vallum.actor"
_ROLE: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_WRITES: Final = frozenset({"SELECT", "INSERT", "UPDATE"})
_OPEN_ROWS: Final = """
SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relrowsecurity
  AND n.nspname || '.' || c.relname IN ({names}) ORDER BY 1
"""
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RolePlan:
    """Who may do what with the tables of `metadata`.

    `runtime` and `migration` are names of roles. Every table gives SELECT, INSERT and UPDATE to the runtime role, or
    what `tables` says of it by its name; `deletes` names tables on which it may DELETE, each with the reason.
    `row_security` maps a table to the column with the owner of each row. Raises `ConfigError` for a table or column
    that the metadata lacks.
    """

    metadata: MetaData
    runtime: str
    migration: str
    tables: Mapping[str, Collection[str]] = field(default_factory=lambda: _NOTHING)
    deletes: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    row_security: Mapping[str, str] = field(default_factory=lambda: _NOTHING)

    def __post_init__(self) -> None:
        """Check the names, and the privileges by the check of the live database."""
        if not all(map(_ROLE.fullmatch, (self.runtime, self.migration))) or self.runtime == self.migration:
            raise ConfigError(
                "the two roles are different names in small letters.", hint="Write shop_app and shop_migrate.",
                code="role-names",
            )  # fmt: skip
        known = self.metadata.tables
        for name in (*self.tables, *self.deletes, *self.row_security):
            if name not in known:
                raise ConfigError(f"the metadata has no table {name}.", hint="Name it as there.", code="role-tables")
        for name, column in self.row_security.items():
            if column not in known[name].columns:
                raise ConfigError(f"the table {name} has no column {column}.", code="role-tables")
        self._build_check(lambda _: ())

    def render(self) -> str:
        """The SQL that makes both roles, and gives them what they need and nothing else."""
        return "\n".join((_HEAD.format(runtime=self.runtime, migration=self.migration), *self._render_tables(), ""))

    def check(self, query: Query) -> list[Problem]:
        """What the account behind `query` may do without needing to, and the tables without row security."""
        return [*self._build_check(query)(), *self._find_open_rows(query)]

    def _build_check(self, query: Query) -> DatabaseCheck:
        listed = {_full_name(table): self._privileges(table) for table in self.metadata.sorted_tables}
        deletes = {_full_name(self.metadata.tables[name]): reason for name, reason in self.deletes.items()}
        return DatabaseCheck(query, tables=listed, deletes=deletes)

    def _privileges(self, table: Table) -> Collection[str]:
        return self.tables.get(table.key, _WRITES)

    def _render_tables(self) -> Iterator[str]:
        for schema in sorted({table.schema or "public" for table in self.metadata.sorted_tables}):
            yield _SCHEMA.format(schema=_quote(schema), runtime=self.runtime, migration=self.migration)
        for table in self.metadata.sorted_tables:
            granted = sorted(self._privileges(table)) + ["DELETE"] * (table.key in self.deletes)
            name = _spell(table)
            yield f"\nALTER TABLE {name} OWNER TO {_quote(self.migration)};"
            yield f"REVOKE ALL ON TABLE {name} FROM PUBLIC, {_quote(self.runtime)};"
            if granted:
                yield f"GRANT {', '.join(granted)} ON TABLE {name} TO {_quote(self.runtime)};"
            if "INSERT" in granted:
                yield from self._render_sequences(table)
            if table.key in self.row_security:
                yield _ROWS.format(name=name, runtime=self.runtime, column=_quote(self.row_security[table.key]))

    def _render_sequences(self, table: Table) -> Iterator[str]:
        """Columns that count by a sequence need its use; identity columns need nothing."""
        column = table.autoincrement_column
        if column is not None and not isinstance(column.server_default, Identity):
            yield _SEQUENCE.format(table=_literal(_spell(table)), column=_literal(column.name), runtime=self.runtime)

    def _find_open_rows(self, query: Query) -> Iterator[Problem]:
        if not self.row_security:
            return
        names = [_full_name(self.metadata.tables[name]) for name in self.row_security]
        for row in query(_OPEN_ROWS.format(names=", ".join(map(_literal, names)))):
            yield Problem(
                code="row-security-off",
                what=f"the rows of {row[0]} are open to every user of the application.",
                fix="Run the SQL of `vallum db roles` again.",
            )


def set_actor(connection: Any, actor_id: str) -> None:
    """Say for whom the transaction of an SQLAlchemy connection or session works, until it ends."""
    connection.execute(text("SELECT set_config(:name, :actor, true)"), {"name": SETTING, "actor": actor_id})


def _full_name(table: Table) -> str:
    return f"{table.schema or 'public'}.{table.name}"


def _spell(table: Table) -> str:
    return f"{_quote(table.schema or 'public')}.{_quote(table.name)}"


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


_HEAD: Final = """-- Written by `vallum db roles`. Run it as an administrator in the application's database, after each
-- migration. Passwords are not here: \\password "{runtime}", \\password "{migration}", or certificates.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{runtime}') THEN CREATE ROLE "{runtime}"; END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{migration}') THEN CREATE ROLE "{migration}"; END IF;
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM {runtime}', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO "{runtime}", {migration}', current_database());
END $$;
ALTER ROLE "{runtime}" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE "{migration}" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;"""
_SCHEMA: Final = """
REVOKE ALL ON SCHEMA {schema} FROM PUBLIC, "{runtime}";
GRANT USAGE ON SCHEMA {schema} TO "{runtime}";
GRANT USAGE, CREATE ON SCHEMA {schema} TO "{migration}";"""
_SEQUENCE: Final = """DO $$ BEGIN
  IF pg_get_serial_sequence({table}, {column}) IS NOT NULL THEN
    EXECUTE format('GRANT USAGE ON SEQUENCE %s TO {runtime}', pg_get_serial_sequence({table}, {column}));
  END IF;
END $$;"""
_ROWS: Final = """ALTER TABLE {name} ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS vallum_owner ON {name};
CREATE POLICY vallum_owner ON {name} TO "{runtime}"
  USING ({column}::text = current_setting('vallum.actor', true))
  WITH CHECK ({column}::text = current_setting('vallum.actor', true));"""
