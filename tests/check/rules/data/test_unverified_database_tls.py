import pytest

from vallum.findings.finding import Silence

SLUG = "unverified-database-tls"
HEAD = "import asyncpg, psycopg, pymysql, ssl\nfrom sqlalchemy import create_engine\n"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("psycopg.connect(host='db', sslmode='require')", "psycopg.connect(host='db', sslmode='verify-full')"),
        ("psycopg.connect(host='db', sslmode='verify-ca')", "psycopg.connect(host='db', sslrootcert=ca)"),
        ("asyncpg.connect(dsn, ssl='prefer')", "asyncpg.connect(dsn, ssl=ssl.create_default_context(cafile=ca))"),
        ("asyncpg.connect(dsn, ssl=True)", "asyncpg.create_pool(dsn, ssl=context)"),
        ("pymysql.connect(host='db', ssl={})", "pymysql.connect(host='db', ssl={'ca': '/etc/ca.pem'})"),
        ("asyncpg.connect(dsn, ssl=False)", "pymysql.connect(host='db', ssl_ca='/etc/ca.pem')"),
        (
            "create_engine('postgresql://a@db/shop?sslmode=prefer')",
            "create_engine('postgresql://a@db/shop?sslmode=verify-full')",
        ),
    ],
)
def test_connections(lines, bad, good):
    assert lines(SLUG, f"{HEAD}x = {bad}\n") == [[3], []]
    assert lines(SLUG, f"{HEAD}x = {good}\n") == [[], [3]]


@pytest.mark.parametrize(
    "line",
    [
        "psycopg.connect(host='localhost', sslmode='disable')",
        "psycopg.connect(host='/var/run/postgresql', sslmode='disable')",
        "psycopg.connect(dsn)",
        "psycopg.connect(**options)",
        "create_engine('postgresql://a@localhost/shop?sslmode=disable')",
    ],
)
def test_look_alikes(lines, line):
    assert lines(SLUG, f"{HEAD}x = {line}\n") == [[], []]


def test_options(lines):
    assert lines(SLUG, "OPTIONS = {'sslmode': 'disable'}\n") == [[1], []]
    assert lines(SLUG, "OPTIONS = {'sslmode': 'verify-full'}\n") == [[], [1]]
    assert lines(SLUG, {"settings/local.py": "OPTIONS = {'sslmode': 'disable'}\n"}) == [[], []]


def test_files(lines):
    name = ".env.production"
    assert lines(SLUG, {name: "DATABASE_URL=postgres://a:b@db/c?sslmode=allow\n"}) == [[f"{name}:1"], []]
    assert lines(SLUG, {name: "DATABASE_URL=postgres://a@db/c?sslmode=verify-full\n"}) == [[], [f"{name}:1"]]
    assert lines(SLUG, {name: "DATABASE_URL=postgres://a@localhost/c?sslmode=disable\n"}) == [[], []]


def test_projects_without_a_database(judge):
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
