"""`vallum db`: the tables of the identity stores."""

import os

import click

from vallum.base.errors import UsageError
from vallum.stores.migrations import print_upgrade, upgrade_database


@click.group(name="db")
def command() -> None:
    """Look after the database of the identity stores."""


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
