"""What the application's account may do in PostgreSQL, read from the database itself at the start (ASVS 13.2.2).

    DatabaseCheck(ask_postgres(SETTINGS.database), tables={"orders": {"SELECT", "INSERT"}, "products": {"SELECT"}})

refuses a superuser, rights to make or change tables, and every privilege on a table that is not listed. Put it into
`GuardPolicy.startup_checks`. Sources: PostgreSQL 16 documentation, 5.7 Privileges and 9.26 access privilege functions.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.configuration.problem import Problem

KEEPS: Final = ("db-least-privilege",)

Query = Callable[[str], Sequence[Sequence[Any]]]
"""Runs one reading statement as the application's account and returns the rows."""

_ORDINARY: Final = frozenset({"SELECT", "INSERT", "UPDATE"})
_STRONG_ROLES: Final = """
SELECT r.rolname, r.rolsuper, r.rolcreatedb, r.rolcreaterole, r.rolreplication, r.rolbypassrls FROM pg_roles r
WHERE pg_has_role(current_user, r.oid, 'MEMBER') AND (r.rolsuper OR r.rolcreatedb OR r.rolcreaterole
  OR r.rolreplication OR r.rolbypassrls OR r.rolname IN ('pg_read_all_data', 'pg_write_all_data',
  'pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program', 'pg_maintain',
  'pg_database_owner')) ORDER BY r.rolname
"""
_MAKES: Final = """
SELECT 'the database ' || current_database() WHERE has_database_privilege(current_database(), 'CREATE')
UNION ALL SELECT 'the schema ' || n.nspname FROM pg_namespace n
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND has_schema_privilege(n.oid, 'CREATE') ORDER BY 1
"""
_OWNS: Final = """
SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND pg_has_role(current_user, c.relowner, 'USAGE') ORDER BY 1
"""
_HOLDS: Final = """
SELECT n.nspname, c.relname, p.name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE'), ('REFERENCES'), ('TRIGGER')) p (name)
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND CASE WHEN p.name IN ('DELETE', 'TRUNCATE', 'TRIGGER') THEN has_table_privilege(c.oid, p.name)
      ELSE has_any_column_privilege(c.oid, p.name) END ORDER BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rights:
    roles: tuple[str, ...]
    makes: tuple[str, ...]
    owns: tuple[str, ...]
    holds: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DatabaseCheck:
    """Call it to list what the account may do without needing to.

    `tables`: name, of the schema public or as "schema.table", to the privileges among SELECT, INSERT and UPDATE that
    the application needs. `deletes`: tables on which DELETE is granted too, each with the reason. Raises `ConfigError`
    for other privileges and for a delete without a reason.
    """

    query: Query
    tables: Mapping[str, Collection[str]] = field(default_factory=lambda: MappingProxyType({}))
    deletes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        """Refuse a list that says too much."""
        for table, privileges in self.tables.items():
            if isinstance(privileges, str) or not set(privileges) <= _ORDINARY:
                raise ConfigError(
                    f"{table}: a table is listed with other privileges than SELECT, INSERT and UPDATE.",
                    hint="DELETE needs a reason: deletes={...}. Migrations run under an account of their own.",
                    code="grants-unclear",
                )
        for table, reason in self.deletes.items():
            if not reason.strip():
                raise ConfigError(f"{table}: DELETE is listed without a reason.", code="grants-unclear")

    def __call__(self) -> list[Problem]:
        """The problems, none when all is well. Raises what `query` raises."""
        rights = _read_rights(self.query)
        return [*_judge_account(rights), *self._judge_tables(rights)]

    def _judge_tables(self, rights: _Rights) -> Iterator[Problem]:
        if rights.owns or rights.roles:
            return  # an owner and a superuser hold everything: one line says so
        listed = {(_qualify(table), name) for table, names in self.tables.items() for name in names}
        listed |= {(_qualify(table), "DELETE") for table in self.deletes}
        for table, privilege in rights.holds:
            if (table, privilege) not in listed:
                yield Problem(
                    code="database-privilege-unlisted",
                    what=f"the database account holds {privilege} on {table}, which is not listed.",
                    fix=f"REVOKE {privilege} ON {table}, or list it.",
                )


def ask_postgres(url: str | Secret[str]) -> Query:
    """A `Query` over a connection of its own for each statement, by the package psycopg (`vallum[postgres]`)."""

    def query(statement: str) -> Sequence[Sequence[Any]]:
        import psycopg  # noqa: PLC0415 - an extra, loaded only where it is used

        text = url.reveal() if isinstance(url, Secret) else url
        plain = "postgresql://" + text.partition("://")[2]
        with psycopg.connect(plain) as connection:
            return connection.execute(statement.encode()).fetchall()

    return query


def _read_rights(query: Query) -> _Rights:
    return _Rights(
        roles=tuple(str(row[0]) for row in query(_STRONG_ROLES)),
        makes=tuple(str(row[0]) for row in query(_MAKES)),
        owns=tuple(str(row[0]) for row in query(_OWNS)),
        holds=tuple((f"{row[0]}.{row[1]}", str(row[2])) for row in query(_HOLDS)),
    )


def _judge_account(rights: _Rights) -> Iterator[Problem]:
    if rights.roles:
        yield Problem(
            code="database-superuser",
            what=f"the database account is or may become {', '.join(rights.roles)}, with rights over the whole server.",
            fix="Connect with a role of its own: NOSUPERUSER NOCREATEDB NOCREATEROLE, member of no other.",
        )
        return
    if rights.makes:
        yield Problem(
            code="database-ddl",
            what=f"the database account may make objects in {', '.join(rights.makes)}.",
            fix="REVOKE CREATE; migrations run under an account of their own.",
        )
    if rights.owns:
        yield Problem(
            code="database-owner",
            what=f"the database account owns {', '.join(rights.owns)}, and may change and drop them.",
            fix="ALTER ... OWNER TO the account of the migrations.",
        )


def _qualify(table: str) -> str:
    return table if "." in table else f"public.{table}"
