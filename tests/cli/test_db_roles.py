"""`vallum db roles`: the SQL of a plan, what a live database grants besides, and one line for what is no plan."""

import pytest

PLAN = """
from sqlalchemy import Column, Integer, MetaData, Table

from vallum.guard.configuration.database_roles import RolePlan

METADATA = MetaData()
Table("orders", METADATA, Column("id", Integer, primary_key=True))
PLAN = RolePlan(METADATA, runtime="shop_app", migration="shop_migrate")
"""


@pytest.fixture
def plan(project):
    project("brooklet.py", PLAN)


def test_the_sql_is_printed(plan, vallum):
    status, out, err = vallum("db", "roles", "brooklet:PLAN")
    assert (status, err) == (0, "")
    assert 'GRANT INSERT, SELECT, UPDATE ON TABLE "public"."orders" TO "shop_app";' in out


def test_an_account_with_all_rights_is_told(plan, vallum, postgres):
    status, out, _ = vallum("db", "roles", "brooklet:PLAN", "--check", "--url", postgres.create())
    assert status == 1
    assert "[database-superuser]" in out


@pytest.mark.parametrize(
    "arguments", [("brooklet",), ("brooklet:METADATA",), ("brooklet:PLAN", "--check", "--url", "mysql://x")]
)
def test_what_is_no_plan_or_no_database_is_one_line(plan, vallum, arguments):
    status, out, err = vallum("db", "roles", *arguments)
    assert (status, out) == (2, "")
    assert "Traceback" not in err
