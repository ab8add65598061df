"""TLS to the database: whether a URL makes the driver verify the server, and a URL that does (CWE-295, ASVS 12.3).

Only what fails closed is accepted: with a driver that does not know the parameter, the connection fails.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret

KEEPS: Final = ("db-tls",)

_SYSTEM: Final = "system"
"""The CA file that means the system's own store to libpq 16 and later."""
_VERIFIED: Final = "verify-full"


def judge_database(url: str) -> str:
    """What keeps the connection from being verified, in words that do not show the URL; empty when nothing does.

    SQLite has no connection, and a Unix socket has no network. A kind of database that is not known here is refused.
    """
    try:
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        return "is not a URL that can be read"
    kind = parts.scheme.partition("+")[0]
    judge = _KINDS.get(kind)
    if judge is None:
        return f"begins with {kind!r}, whose TLS is not known here" if parts.netloc else "is not a URL"
    query = dict(pairs)
    if len(query) < len(pairs):
        return "gives a parameter twice"
    return "" if _is_socket(parts, query) else judge(query)


def find_password(url: str) -> str:
    """The password in a URL; empty when there is none."""
    try:
        return unquote(urlsplit(url).password or "")
    except ValueError:
        return ""


def build_database_url(
    *,
    host: str,
    database: str,
    user: str,
    password: Secret[str] | None = None,
    ca: Path | None = None,
    port: int = 5432,
) -> Secret[str]:
    """A PostgreSQL URL (libpq, psycopg, asyncpg) that verifies certificate and host name against `ca`.

    `ca` is a PEM file; without it the system's store counts (libpq 16). Raises `ConfigError` when the file is absent:
    a start fails before a connection does.
    """
    if ca is not None and not ca.is_file():
        raise ConfigError(f"the CA file {ca} does not exist.", hint="Mount the CA of the database.", code="database-ca")
    if not host or any(character in host for character in "/?#@,"):
        raise ConfigError("host must be one host name.", hint='Like "db.internal".', code="database-host")
    name = quote(user, safe="")
    if password is not None:
        name += f":{quote(password.reveal(), safe='')}"
    query = urlencode({"sslmode": _VERIFIED, "sslrootcert": str(ca) if ca is not None else _SYSTEM}, quote_via=quote)
    shown = f"[{host}]" if ":" in host else host
    return Secret(f"postgresql://{name}@{shown}:{port}/{quote(database, safe='')}?{query}")


def _judge_postgres(query: Mapping[str, str]) -> str:
    modes = [query[name] for name in ("sslmode", "ssl") if name in query]
    if modes == [_VERIFIED]:
        return ""
    return "does not say sslmode=verify-full, so that anybody may answer as the database"


def _judge_mysql(query: Mapping[str, str]) -> str:
    if query.get("ssl_mode", "").upper() == "VERIFY_IDENTITY" and query.get("ssl_ca"):
        return ""
    return "does not say ssl_mode=VERIFY_IDENTITY and ssl_ca=FILE, so that anybody may answer as the database"


def _judge_nothing(_query: Mapping[str, str]) -> str:
    return ""


def _is_socket(parts: SplitResult, query: Mapping[str, str]) -> bool:
    host = unquote(parts.netloc.rpartition("@")[2])
    if host:
        return host.startswith("/") and "host" not in query
    return query.get("host", "").startswith("/") or query.get("unix_socket", "").startswith("/")


_KINDS: Final[Mapping[str, Callable[[Mapping[str, str]], str]]] = {
    "postgresql": _judge_postgres,
    "postgres": _judge_postgres,
    "mysql": _judge_mysql,
    "mariadb": _judge_mysql,
    "sqlite": _judge_nothing,
}
