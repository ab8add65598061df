import pytest

from vallum.findings.finding import Silence

SLUG = "powerful-database-account"
HEAD = "import psycopg, pymysql\nfrom sqlalchemy import URL, create_engine\n"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("psycopg.connect(host='db', user='postgres')", "psycopg.connect(host='db', user='shop_app')"),
        ("psycopg.connect('host=db user=postgres')", "psycopg.connect('host=db user=shop_app')"),
        ("pymysql.connect(user='root')", "pymysql.connect(user='reports')"),
        ("URL.create('postgresql', username='admin')", "URL.create('postgresql', username='shop')"),
        ("create_engine('mysql://root@db.internal/shop')", "create_engine('mysql://shop@db.internal/shop')"),
    ],
)
def test_connections(lines, bad, good):
    assert lines(SLUG, f"{HEAD}x = {bad}\n") == [[3], []]
    assert lines(SLUG, f"{HEAD}x = {good}\n") == [[], [3]]
    assert lines(SLUG, {"migrations/env.py": f"{HEAD}x = {bad}\n"}) == [[], []]


def test_settings_of_django(lines):
    code = "DATABASES = {'default': {'ENGINE': 'django.db.backends.mysql', 'USER': 'USERNAME'}}\n"
    assert lines(SLUG, code.replace("USERNAME", "root")) == [[1], []]
    assert lines(SLUG, code.replace("USERNAME", "shop")) == [[], [1]]


def test_addresses(judge, lines):
    name = ".env.production"
    assert lines(SLUG, {name: "DATABASE_URL=postgres://postgres:Wq8-zz@db.internal/a\n"}) == [[f"{name}:1"], []]
    assert lines(SLUG, {name: "DATABASE_URL=postgres://shop@db.internal/a\n"}) == [[], [f"{name}:1"]]
    assert lines(SLUG, {name: "MIGRATION_URL=postgres://postgres@db.internal/a\n"}) == [[], []]
    assert lines(SLUG, {".env.development": "DATABASE_URL=postgres://postgres@db/a\n"}) == [[], []]
    shown = judge(SLUG, {name: "DATABASE_URL=postgres://postgres:Wq8-zz@db.internal/a\n"}).findings[0]
    assert "Wq8" not in shown.where.text


@pytest.mark.parametrize(
    ("grant", "found"),
    [
        ("GRANT ALL PRIVILEGES ON ALL TABLES IN SCHEMA public TO shop;", True),
        ("GRANT SELECT ON orders TO shop WITH GRANT OPTION;", True),
        ("GRANT DROP ON shop.* TO shop;", True),
        ("CREATE ROLE shop LOGIN SUPERUSER;", True),
        ("ALTER ROLE shop CREATEDB;", True),
        ("GRANT SELECT, INSERT, UPDATE ON orders TO shop;", False),
        ("GRANT USAGE ON SCHEMA public TO shop;", False),
        ("CREATE ROLE shop LOGIN NOSUPERUSER NOCREATEDB;", None),
        ("GRANT ALL ON SCHEMA public TO shop_migrate;", None),
        ("-- GRANT ALL ON a TO b;", None),
    ],
)
def test_grants(lines, grant, found):
    expected = [["g.sql:1"], []] if found else [[], ["g.sql:1"] if found is False else []]
    assert lines(SLUG, {"g.sql": f"{grant}\n"}) == expected


def test_projects_without_accounts(judge):
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
