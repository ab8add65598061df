"""`vallum db`: the tables of the identity stores, and the roles of an application in PostgreSQL."""

import os

import click

from vallum.base.errors import UsageError
from vallum.probe.collect.loader import load_app
from vallum.stores.migrations import print_upgrade, upgrade_database


@click.group(name="db")
def command() -> None:
    """Look after the database."""


@command.command(name="upgrade")
@click.option("--url", default="", help="postgresql://... or sqlite:///PATH; else VALLUM_DATABASE.")
@click.option("--sql", is_flag=True, help="Only print the SQL that makes the tables in an empty database.")
def upgrade(url: str, sql: bool) -> None:
    """Make the tables or bring them up to date, and stamp their version."""
    place = url or os.environ.get("VALLUM_DATABASE", "")
    if not place:
        raise UsageError("No database was named.", hint="Give --url postgresql://host/name, or set VALLUM_DATABASE.")
    if sql:
        click.echo(print_upgrade(place), nl=False)
    else:
        click.echo(f"The tables are at step {upgrade_database(place)}.")


@command.command(name="roles")
@click.argument("target", metavar="MODULE:NAME")
@click.option("--check", "is_check", is_flag=True, help="Ask the database what its account may do, and change nothing.")
@click.option("--url", default="", help="postgresql://... of the runtime role, for --check; else VALLUM_DATABASE.")
def roles(target: str, *, is_check: bool, url: str) -> int:
    """Print the SQL of the roles that MODULE:NAME, a `RolePlan`, describes; exit status 1 when --check finds more."""
    from vallum.guard.configuration.database_grants import ask_postgres  # noqa: PLC0415 - only where it is used
    from vallum.guard.configuration.database_roles import RolePlan  # noqa: PLC0415 - SQLAlchemy, as above

    plan = load_app(target) if ":" in target else None
    if not isinstance(plan, RolePlan):
        raise UsageError(f'"{target}" names no RolePlan.', hint="Try: vallum db roles shop.database:PLAN")
    if not is_check:
        click.echo(plan.render(), nl=False)
        return 0
    place = url or os.environ.get("VALLUM_DATABASE", "")
    if not place.startswith(("postgresql://", "postgresql+psycopg://")):
        raise UsageError("No PostgreSQL was named.", hint="Give --url postgresql://role@host/name of the runtime role.")
    problems = plan.check(ask_postgres(place))
    for problem in problems:
        click.echo(f"X {problem}")
    click.echo(f"{len(problems)} to mend." if problems else "The account may do what it needs, and nothing else.")
    return 1 if problems else 0
