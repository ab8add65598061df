"""`vallum trail verify`: read an audit trail and name the first row that was changed, removed or exchanged."""

import json
import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from vallum.base.errors import UsageError
from vallum.base.secret import Secret
from vallum.stores.trail import Ed25519Verifier, HmacSigner, TrailReport, Verifier, verify_trail


@click.group(name="trail")
def command() -> None:
    """Prove that an audit trail is whole."""


@command.command(name="verify")
@click.argument("database", metavar="DB", type=click.Path(path_type=Path))
@click.option("--public-key", type=click.Path(path_type=Path), help="PEM file of the Ed25519 key that sealed it.")
@click.option("--secret-variable", default="", help="Environment variable with the HMAC secret that sealed it.")
@click.option(
    "--checkpoint", type=click.Path(path_type=Path), help="JSON file of a checkpoint that was kept elsewhere."
)
def verify(database: Path, public_key: Path | None, secret_variable: str, checkpoint: Path | None) -> int:
    """Verify the trail in the SQLite file DB; exit status 0 intact, 1 broken."""
    verifier = _find_verifier(public_key, secret_variable)
    report = _read_trail(database, verifier, _read_checkpoint(checkpoint))
    click.echo(_describe(report, signed=verifier is not None))
    return 0 if report.intact else 1


def _find_verifier(public_key: Path | None, variable: str) -> Verifier | None:
    if public_key and variable:
        raise UsageError("--public-key and --secret-variable were given.", hint="Give the one that sealed the trail.")
    if public_key:
        return Ed25519Verifier(_read_text(public_key))
    if not variable:
        return None
    if not os.environ.get(variable):
        raise UsageError(f"The environment variable {variable} is not set.", hint="It holds the trail's secret.")
    return HmacSigner(Secret(os.environ[variable]))


def _read_checkpoint(path: Path | None) -> list[Mapping[str, Any]]:
    if path is None:
        return []
    try:
        checkpoint = json.loads(_read_text(path))
    except ValueError:
        checkpoint = None
    if not isinstance(checkpoint, dict) or not {"seq", "hash", "at", "algorithm", "signature"} <= checkpoint.keys():
        raise UsageError(f"{path} is not a checkpoint.", hint="Keep what Trail.seal returns, as JSON.")
    return [checkpoint]


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read.", hint="Give the file of the key or checkpoint.") from error


def _read_trail(database: Path, verifier: Verifier | None, known: list[Mapping[str, Any]]) -> TrailReport:
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return verify_trail(connection, verifier, known=known)
    except sqlite3.Error as error:
        hint = "Give the SQLite file that the app's Trail writes."
        raise UsageError(f"{database} holds no audit trail that can be read ({error}).", hint=hint) from error


def _describe(report: TrailReport, *, signed: bool) -> str:
    if report.fault is not None:
        return f"broken: entry {report.fault.seq} {report.fault.reason}."
    if not signed:
        return f"intact: {report.rows} entries, chained. No key was given, so no checkpoint was checked."
    return f"intact: {report.rows} entries, chained; sealed up to {report.sealed}."
