"""Applications that connect as the database's administrator, and grants of everything."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test, names_development
from vallum.check.rule import Rule
from vallum.check.secrets.entries import place_hidden
from vallum.findings.finding import Remark, Silence

_POWERFUL: Final = frozenset({
    "root", "postgres", "sa", "admin", "administrator", "sys", "system", "mysql", "superuser", "dba", "rdsadmin",
    "cloudsqlsuperuser", "doadmin", "azure_superuser",
})  # fmt: skip
_SCHEMES: Final = r"(?:postgres(?:ql)?|mysql|mariadb|mssql|oracle|cockroachdb|mongodb)(?:\+[\w]+)?"
_DSN: Final = re.compile(rf"\b{_SCHEMES}://(?P<user>[\w.-]+)(?::[^@\s/\"']*)?@(?P<host>[^\s/:\"'?]+)", re.IGNORECASE)
_WORDS: Final = re.compile(r"\b(?:user|uid|username)\s*=\s*(?P<user>[\w.-]+)", re.IGNORECASE)
_CONNECTS: Final = (
    "psycopg.connect", "psycopg2.connect", "psycopg.AsyncConnection.connect", "psycopg_pool.*", "asyncpg.connect",
    "asyncpg.create_pool", "pymysql.connect", "MySQLdb.connect", "mysql.connector.connect", "aiomysql.*",
    "pyodbc.connect", "sqlalchemy.URL.create", "sqlalchemy.engine.URL.create", "peewee.*Database", "pymssql.connect",
    "oracledb.connect", "sqlalchemy.create_engine", "sqlalchemy.ext.asyncio.create_async_engine",
)  # fmt: skip
_GRANT: Final = re.compile(
    r"\bGRANT\s+ALL\b|\bWITH\s+GRANT\s+OPTION\b|\bGRANT\b[^;]*\b(?:DROP|ALTER|CREATE|SUPER|FILE|TRUNCATE|DELETE\b[^;]*\bON\s+(?:ALL|\*)"
    r"|rds_superuser|pg_write_all_data|pg_execute_server_program)\b[^;]*\bTO\b"
    r"|\b(?:CREATE|ALTER)\s+(?:ROLE|USER)\b[^;]*(?<!NO)\b(?:SUPERUSER|BYPASSRLS|CREATEROLE|CREATEDB)\b",
    re.IGNORECASE,
)
_TABLE_GRANT: Final = re.compile(
    r"\bGRANT\s+(?:SELECT|INSERT|UPDATE|USAGE|CONNECT|EXECUTE)\b|\bREVOKE\b", re.IGNORECASE
)
_MIGRATES: Final = re.compile(r"migrat|alembic|bootstrap|init|setup|admin|provision", re.IGNORECASE)
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_ATTACK: Final = "One injection is enough to read every table, drop them, and start programs on the server."
_FIX: Final = "Connect as an account of the application with SELECT, INSERT and UPDATE on named tables."
_TEXTS: Final = ("dotenv", "yaml", "toml", "ini")


def examine(project: Project) -> Iterator[Remark]:
    """Look at the accounts of connections, at addresses of databases, and at the grants of SQL files."""
    remarks = [*_judge_calls(project), *_judge_settings(project), *_judge_texts(project), *_judge_grants(project)]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no account of a database is named here")


def _judge_calls(project: Project) -> Iterator[Remark]:
    for call in project.calls(*_CONNECTS):
        if _is_apart(call.place.path):
            continue
        user = call.constant_of(1 if call.method == "create" else None, "user", "username", "uid")
        first = call.constant_of(0, "dsn", "url", "conninfo")
        if not isinstance(user, str) and isinstance(first, str):
            match = _DSN.search(first) or _WORDS.search(first)
            user = match["user"] if match else ""
        if isinstance(user, str) and user.lower() in _POWERFUL:
            yield RULE.finding(call.place, _ATTACK, f"The application connects as {user}.", fix=_FIX)
        elif isinstance(user, str) and user:
            yield RULE.site(call.place, f"as {user}")


def _is_apart(path: str) -> bool:
    """Whether a file is no part of the running application: tests, documents, migrations."""
    return is_test(path) or is_document(path) or _MIGRATES.search(path) is not None


def _judge_settings(project: Project) -> Iterator[Remark]:
    """`DATABASES = {"default": {"USER": ...}}` of Django, and constants that hold an address."""
    databases = any("django.db.backends" in module.source.text for module in project.modules)
    for setting in project.settings:
        value = setting.constant
        if not isinstance(value, str) or _is_apart(setting.place.path):
            continue
        if setting.key == "USER" and setting.form == "key" and databases and value:
            if value.lower() in _POWERFUL:
                yield RULE.finding(setting.place, _ATTACK, f"The application connects as {value}.", fix=_FIX)
            else:
                yield RULE.site(setting.place, f"as {value}")
        elif setting.form in {"name", "attribute", "item"} and "://" in value and not _MIGRATES.search(setting.key):
            match = _DSN.search(value)
            if match and match["user"].lower() in _POWERFUL and match["host"] not in _LOCAL:
                yield RULE.finding(setting.place, _ATTACK, f"The application connects as {match['user']}.", fix=_FIX)


def _judge_texts(project: Project) -> Iterator[Remark]:
    for source in project.configs(*_TEXTS):
        if "://" not in source.text or _is_apart(source.path) or names_development(source.path):
            continue
        for number, line in enumerate(source.lines, 1):
            match = _DSN.search(line)
            if match is None or line.lstrip().startswith(("#", ";")) or _MIGRATES.search(line.partition("://")[0]):
                continue
            password = re.search(r"://[^:@/]+:(?P<value>[^@]+)@", line)
            place = place_hidden(source, number, password["value"] if password else "")
            if match["user"].lower() in _POWERFUL and match["host"] not in _LOCAL:
                yield RULE.finding(place, _ATTACK, f"The application connects as {match['user']}.", fix=_FIX)
            elif match["user"].lower() not in _POWERFUL:
                yield RULE.site(place, f"as {match['user']}")


def _judge_grants(project: Project) -> Iterator[Remark]:
    for source in project.configs("sql"):
        if is_test(source.path) or is_document(source.path):
            continue
        for number, line in enumerate(source.lines, 1):
            code = line.partition("--")[0]
            place = project.place_in(source, number)
            if _MIGRATES.search(code.rpartition(" TO ")[2] if " TO " in code else code):
                continue
            if _GRANT.search(code):
                why = f"{' '.join(code.split()[:4])} gives more than the application needs."
                yield RULE.finding(place, _ATTACK, why, fix="GRANT SELECT, INSERT, UPDATE ON one_table TO app;")
            elif _TABLE_GRANT.search(code):
                yield RULE.site(place, "named rights")


RULE = Rule(
    slug="powerful-database-account",
    control="db-least-privilege",
    languages=("python", "sql", *_TEXTS),
    unit=("account or grant", "accounts and grants"),
    sound="named rights",
    examine=examine,
)
