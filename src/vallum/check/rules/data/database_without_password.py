"""Accounts of databases whose password is empty."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test, names_development
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence
from vallum.findings.place import Place

_CONNECTS: Final = (
    "psycopg.connect", "psycopg2.connect", "asyncpg.connect", "pymysql.connect", "MySQLdb.connect",
    "mysql.connector.connect", "aiomysql.connect", "pymssql.connect", "oracledb.connect", "pymongo.MongoClient",
)  # fmt: skip
_EMPTY: Final = re.compile(
    r"^(?:postgres(?:ql)?|mysql|mariadb|mssql|oracle|mongodb)(?:\+\w+)?://[\w.-]+:@[^/\s]", re.IGNORECASE
)
_BACKENDS: Final = "django.db.backends."
_ATTACK: Final = "Whoever reaches the port of the database is logged in with the name alone."
_FIX: Final = "Give the account a long random password from the environment, or let certificates log it in."


def examine(project: Project) -> Iterator[Remark]:
    """Look at the passwords of connections, of Django's databases, and in addresses."""
    remarks: list[Remark] = []
    for call in project.calls(*_CONNECTS):
        password = call.argument(None, "password", "passwd")
        if password is not None and not _is_apart(call.place):
            remarks += _judge(password.place, empty=password.constant == "")
    networked = any(_BACKENDS in module.source.text for module in project.modules)
    for setting in project.settings:
        keyed = setting.key == "PASSWORD" and setting.form == "key" and networked and setting.constant == ""
        written = isinstance(setting.constant, str) and _EMPTY.match(setting.constant) is not None
        if (keyed or written) and not _is_apart(setting.place):
            remarks += _judge(setting.place, empty=True)
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no password of a database is given in the code")


def _is_apart(place: Place) -> bool:
    return is_test(place.path) or is_document(place.path) or names_development(place.path)


def _judge(place: Place, *, empty: bool) -> Iterator[Remark]:
    if empty:
        yield RULE.finding(place, _ATTACK, "The password is empty.", fix=_FIX, confidence=Confidence.MEDIUM)
    else:
        yield RULE.site(place, "the account has a password")


RULE = Rule(
    slug="database-without-password",
    control="db-least-privilege",
    languages=("python",),
    unit=("account of a database", "accounts of databases"),
    sound="with a password",
    examine=examine,
    cwe=(521, 258),
)
