"""The tables of the SQL stores, as the steps that made them: a step that was published never changes again.

The version table remembers the newest step. SQLite files catch up when they are opened; for PostgreSQL the same steps
are Alembic scripts (`vallum.stores.migrations`), run by `vallum db upgrade`.
"""

from collections.abc import Mapping
from string import Template
from types import MappingProxyType
from typing import Final

VERSION_TABLE: Final = "vallum_schema"
"""A name of our own, so that an application's Alembic in the same database has its own history."""
SQLITE_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {"bytes": "BLOB", "text": "TEXT", "real": "REAL", "int": "INTEGER", "table": "STRICT, WITHOUT ROWID"}
)
POSTGRES_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {"bytes": "BYTEA", "text": "TEXT", "real": "DOUBLE PRECISION", "int": "BIGINT", "table": "WITH (fillfactor = 85)"}
)
"""Room is left in each page for the next version of a row, so that a touch updates no index."""

_IDENTITY: Final = """
CREATE TABLE IF NOT EXISTS vallum_session (
  digest $bytes PRIMARY KEY, actor_id $text NOT NULL, roles $text NOT NULL, created $real NOT NULL, seen $real NOT NULL,
  idle_seconds $real NOT NULL, deadline $real NOT NULL, address $text NOT NULL, agent $text NOT NULL,
  data $text NOT NULL
) $table;
CREATE INDEX IF NOT EXISTS vallum_session_actor ON vallum_session (actor_id);
CREATE INDEX IF NOT EXISTS vallum_session_deadline ON vallum_session (deadline);
CREATE TABLE vallum_account (
  id $text PRIMARY KEY, login $text NOT NULL, email $text NOT NULL, email_proved $real, password $text NOT NULL,
  roles $text NOT NULL, is_active $int NOT NULL, epoch $int NOT NULL, created $real NOT NULL, version $int NOT NULL
) $table;
CREATE UNIQUE INDEX vallum_account_login ON vallum_account (login);
CREATE UNIQUE INDEX vallum_account_email ON vallum_account (email) WHERE email <> '';
CREATE TABLE vallum_proof (
  digest $bytes PRIMARY KEY, purpose $text NOT NULL, account_id $text NOT NULL, value $text NOT NULL,
  data $text NOT NULL, created $real NOT NULL, deadline $real NOT NULL, attempts_left $int NOT NULL,
  browser $bytes NOT NULL
) $table;
CREATE INDEX vallum_proof_account ON vallum_proof (account_id);
CREATE INDEX vallum_proof_deadline ON vallum_proof (deadline);
CREATE TABLE vallum_factor (
  id $text PRIMARY KEY, account_id $text NOT NULL, kind $text NOT NULL, name $text NOT NULL, secret $bytes NOT NULL,
  state $text NOT NULL, counter $int NOT NULL, created $real NOT NULL, used $real, data $text NOT NULL
) $table;
CREATE INDEX vallum_factor_account ON vallum_factor (account_id);
CREATE TABLE vallum_refresh_family (
  family $text PRIMARY KEY, account_id $text NOT NULL, deadline $real NOT NULL
) $table;
CREATE INDEX vallum_refresh_family_account ON vallum_refresh_family (account_id);
CREATE INDEX vallum_refresh_family_deadline ON vallum_refresh_family (deadline);
CREATE TABLE vallum_refresh (
  digest $bytes PRIMARY KEY, family $text NOT NULL, account_id $text NOT NULL, client $text NOT NULL,
  scope $text NOT NULL, epoch $int NOT NULL, created $real NOT NULL, deadline $real NOT NULL,
  replaced_by $bytes NOT NULL, replaced_at $real, key_thumbprint $text NOT NULL
) $table;
CREATE INDEX vallum_refresh_family_of ON vallum_refresh (family);
CREATE INDEX vallum_refresh_deadline ON vallum_refresh (deadline);
CREATE TABLE vallum_revocation (jti $text PRIMARY KEY, ends $real NOT NULL) $table;
CREATE INDEX vallum_revocation_ends ON vallum_revocation (ends);
CREATE TABLE vallum_link (
  issuer $text NOT NULL, subject $text NOT NULL, account_id $text NOT NULL, email $text NOT NULL,
  created $real NOT NULL, PRIMARY KEY (issuer, subject)
) $table;
CREATE INDEX vallum_link_account ON vallum_link (account_id);
"""
_API_KEYS: Final = """
CREATE TABLE vallum_api_key (
  id $text PRIMARY KEY, digest $bytes NOT NULL, owner $text NOT NULL, name $text NOT NULL, scopes $text NOT NULL,
  networks $text NOT NULL, created $real NOT NULL, deadline $real NOT NULL, used $real
) $table;
CREATE UNIQUE INDEX vallum_api_key_digest ON vallum_api_key (digest);
CREATE INDEX vallum_api_key_owner ON vallum_api_key (owner);
"""
_CELLS: Final = """
CREATE TABLE vallum_cell (name $text PRIMARY KEY, value $text NOT NULL, deadline $real NOT NULL) $table;
CREATE INDEX vallum_cell_deadline ON vallum_cell (deadline);
"""
_GRANTS: Final = """
CREATE TABLE vallum_grant (
  account_id $text NOT NULL, issuer $text NOT NULL, sealed $text NOT NULL, version $int NOT NULL,
  busy_until $real NOT NULL, PRIMARY KEY (account_id, issuer)
) $table;
"""
STEPS: Final[Mapping[str, str]] = MappingProxyType(
    {"0001": _IDENTITY, "0002": _API_KEYS, "0003": _CELLS, "0004": _GRANTS}
)
"""Each step by its number, oldest first."""


def render_step(number: str, types: Mapping[str, str]) -> tuple[str, ...]:
    """The statements of a step in the words of one database."""
    text = Template(STEPS[number]).substitute(types)
    return tuple(statement.strip() for statement in text.split(";") if statement.strip())
