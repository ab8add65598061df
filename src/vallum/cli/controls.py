"""`vallum controls`: the catalogue as a table or as JSON."""

import json
import sys
from typing import Final

import click

from vallum.audit.active import ask_active
from vallum.audit.keepers import Keepers, load_keepers
from vallum.catalogue.control import AREAS, WAYS, Control
from vallum.catalogue.registry import load_controls
from vallum.cli.output import color_option
from vallum.findings.formats.terminal.catalogue import WORDS, render_controls
from vallum.findings.options import Color, detect_options

_STANDARDS: Final = ("owasp", "asvs", "cwe")


@click.command(name="controls")
@click.option("--format", "format_name", type=click.Choice(["table", "json"]), default="table", help="How to print.")
@click.option("--area", type=click.Choice(AREAS), help="Only the controls of one area.")
@click.option("--standard", type=click.Choice(_STANDARDS), help="Group by what a standard calls it.")
@click.option("--app", "target", default="", help="Tell which guards are active in this app (module:app).")
@color_option
def command(format_name: str, area: str | None, standard: str | None, target: str, color: Color) -> None:
    """List every control, and what guards, checks and probes it."""
    controls = [control for control in load_controls() if area in (None, control.area)]
    keepers = load_keepers()
    active = ask_active(target) if target else {}
    if format_name == "json":
        entries = [_entry(control, keepers[control.id]) for control in controls]
        told = [{**entry, "active": active.get(str(entry["id"]), [])} for entry in entries] if target else entries
        click.echo(json.dumps(told, indent=2))
        return
    options = detect_options(sys.stdout, color=color)

    def tell(control: Control, way: str) -> str:
        if way == "guard" and control.id in active:
            return "active"
        return WORDS[keepers[control.id].status(way, control)]

    table = render_controls(_groups(controls, standard), tell, options)
    click.echo(table, nl=False, color=True)


def _entry(control: Control, keepers: Keepers) -> dict[str, object]:
    return {
        "id": control.id,
        "area": control.area,
        "title": control.title,
        "severity": control.severity.value,
        "cwe": list(control.cwe),
        "owasp": list(control.owasp),
        "asvs": list(control.asvs),
        **{way: list(keepers.names(way)) for way in WAYS},
    }


def _groups(controls: list[Control], standard: str | None) -> list[tuple[str, list[Control]]]:
    groups: dict[str, list[Control]] = {}
    for control in controls:
        for name in _headings(control, standard):
            groups.setdefault(name, []).append(control)
    return list(groups.items()) if standard is None else sorted(groups.items(), key=lambda group: _order(group[0]))


def _headings(control: Control, standard: str | None) -> list[str]:
    match standard:
        case "owasp":
            return [f"{name}:2025" for name in control.owasp]
        case "asvs":
            return list(control.asvs)
        case "cwe":
            return [f"CWE-{number}" for number in control.cwe]
    return [control.area.replace("_", " ")]


def _order(heading: str) -> tuple[str | int, ...]:
    parts = heading.replace("-", ".").replace("v", "").split(".")
    return (*(int(part) if part.isdigit() else -1 for part in parts), heading)
