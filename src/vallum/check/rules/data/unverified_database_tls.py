"""Connections to databases in clear, or to whoever answers."""

import re
from collections.abc import Iterator
from typing import Any, Final

from vallum.check.flow.facts import Call, Setting
from vallum.check.flow.folding import UNKNOWN
from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test, names_development
from vallum.check.rule import Rule
from vallum.check.secrets.entries import place_hidden
from vallum.findings.finding import Confidence, Remark, Silence

_WEAK: Final = frozenset({"disable", "allow", "prefer", "require", "disabled", "preferred", "required", "false", "0"})
_HALF: Final = frozenset({"verify-ca", "verify_ca"})
_STRONG: Final = frozenset({"verify-full", "verify_identity"})
_MODE: Final = re.compile(r"(?<![\w-])(?P<key>sslmode|ssl_mode|ssl-mode|ssl)=(?P<mode>[\w-]+)", re.IGNORECASE)
_SCHEME: Final = re.compile(
    r"\b(?:postgres(?:ql)?|mysql|mariadb|cockroachdb)(?:\+\w+)?://[^\s\"']*|\b(?:host|dbname)=[^\s\"']+", re.IGNORECASE
)
_DRIVERS: Final = (
    "psycopg.connect", "psycopg2.connect", "psycopg.AsyncConnection.connect", "psycopg_pool.*", "asyncpg.connect",
    "asyncpg.create_pool", "pymysql.connect", "MySQLdb.connect", "mysql.connector.connect", "aiomysql.*",
    "psycopg2.pool.*", "peewee.PostgresqlDatabase", "peewee.MySQLDatabase",
)  # fmt: skip
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1", ""})
_ATTACK: Final = "Whoever holds the network poses as the database, gets the password, and reads and changes every row."
_FIX: Final = 'sslmode="verify-full" with sslrootcert (MySQL: ssl_mode=VERIFY_IDENTITY with a CA).'
_TEXTS: Final = ("dotenv", "yaml", "toml", "ini")


def examine(project: Project) -> Iterator[Remark]:
    """Look at every driver's call, option table and address of a database."""
    remarks = [*_judge_calls(project), *_judge_settings(project), *_judge_addresses(project), *_judge_texts(project)]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no connection to a database server is set up here")


def _judge_calls(project: Project) -> Iterator[Remark]:
    for call in project.calls(*_DRIVERS):
        if _is_apart(call.place.path) or call.expands:
            continue
        host = call.constant_of(None, "host", default="?")
        local = isinstance(host, str) and (host in _LOCAL or host.startswith("/"))
        why = "" if local else _call_weakness(call)
        if why:
            yield RULE.finding(call.place, _ATTACK, why, fix=_FIX)
        elif why is not None and not local:
            yield RULE.site(call.place, "verified")


def _is_apart(path: str) -> bool:
    return is_test(path) or is_document(path) or names_development(path)


def _call_weakness(call: Call) -> str | None:
    """Why a call is not verified; empty when it is, None when its address may say more."""
    mode = call.constant_of(None, "sslmode", "ssl_mode", default=None)
    if isinstance(mode, str):
        return _mode_weakness(mode)
    option = call.argument(None, "ssl")
    if option is not None:
        if isinstance(option.constant, str):
            return _mode_weakness(option.constant)
        if option.constant is True:
            return (
                "ssl is True, and no CA is named."
                if "asyncpg" not in call.name
                else "ssl is True: nothing is verified."
            )
        if option.constant in (False, None):
            return "ssl is off."
        return "" if option.constant is UNKNOWN or "ca" in _keys(option.constant) else "ssl names no CA."
    given = call.argument(None, "ssl_ca", "ssl_verify_cert", "sslrootcert", "ssl_context")
    return "" if given is not None else None


def _keys(value: Any) -> set[str]:
    return {str(key) for key in value} if isinstance(value, dict) else set()


def _mode_weakness(mode: str) -> str:
    word = mode.lower()
    if word in _STRONG:
        return ""
    if word in _HALF:
        return f"{mode} does not compare the host's name."
    return f"{mode} does not look at the certificate." if word in _WEAK else ""


def _judge_settings(project: Project) -> Iterator[Remark]:
    """`OPTIONS` of Django and `connect_args` of SQLAlchemy."""
    for setting in project.settings:
        if setting.key not in {"sslmode", "ssl_mode"} or setting.form != "key" or _is_apart(setting.place.path):
            continue
        if isinstance(setting.constant, str):
            why = _mode_weakness(setting.constant)
            if why:
                yield RULE.finding(setting.place, _ATTACK, why, fix=_FIX, confidence=_confidence(setting))
            elif setting.constant.lower() in _STRONG:
                yield RULE.site(setting.place, setting.constant)


def _confidence(setting: Setting) -> Confidence:
    return Confidence.MEDIUM if names_development(setting.place.scope) else Confidence.HIGH


def _judge_addresses(project: Project) -> Iterator[Remark]:
    for literal in project.literals:
        text = literal.constant if isinstance(literal.constant, str) else ""
        if "ssl" not in text or "\n" in text or _is_apart(literal.place.path):
            continue
        match = _MODE.search(text)
        if match is None or not (_SCHEME.search(text) or text.startswith(("?", "&"))):
            continue
        if re.search(r"@(?:localhost|127\.0\.0\.1)[:/]", text):
            continue
        why = _mode_weakness(match["mode"])
        if why:
            yield RULE.finding(literal.place, _ATTACK, why, fix=_FIX)
        elif match["mode"].lower() in _STRONG:
            yield RULE.site(literal.place, match["mode"])


def _judge_texts(project: Project) -> Iterator[Remark]:
    for source in project.configs(*_TEXTS):
        if "ssl" not in source.text or _is_apart(source.path):
            continue
        for number, line in enumerate(source.lines, 1):
            match = _MODE.search(line) if _SCHEME.search(line) and not line.lstrip().startswith(("#", ";")) else None
            if match is None or re.search(r"@(?:localhost|127\.0\.0\.1)[:/]", line):
                continue
            password = re.search(r"://[^:@/]+:(?P<value>[^@]+)@", line)
            place = place_hidden(source, number, password["value"] if password else "")
            why = _mode_weakness(match["mode"])
            if why:
                yield RULE.finding(place, _ATTACK, why, fix=_FIX)
            elif match["mode"].lower() in _STRONG:
                yield RULE.site(place, match["mode"])


RULE = Rule(
    slug="unverified-database-tls",
    control="db-tls",
    languages=("python", *_TEXTS),
    unit=("database connection", "database connections"),
    sound="verified",
    examine=examine,
)
