"""`vallum doctor`: what production would refuse, and what a proxy in front seems to do."""

import sys
from pathlib import Path

import click

from vallum.audit.doctor.deployment import examine_app, judge_file
from vallum.audit.doctor.diagnosis import Diagnosis, render_json, render_terminal
from vallum.audit.doctor.dotenv import read_dotenv
from vallum.audit.doctor.front import ask_front
from vallum.audit.doctor.front_judging import judge_front
from vallum.audit.settings import Settings, find_settings
from vallum.base.errors import UsageError
from vallum.cli.output import color_option
from vallum.findings.options import Color, detect_options
from vallum.probe.policy import ProbePolicy


@click.command(name="doctor")
@click.argument("target", required=False, default="")
@click.option("--url", default="", help="The address of a running app, on a host that was allowed by name.")
@click.option("--env-file", type=click.Path(path_type=Path, dir_okay=False), help="Variables of the deployment.")
@click.option("--format", "format_name", type=click.Choice(["terminal", "json"]), default="terminal")
@color_option
def command(target: str, url: str, env_file: Path | None, format_name: str, color: Color) -> int:
    """Tell what production would refuse of the app TARGET (module:app), or what stands in front of --url."""
    if url and (target or env_file):
        raise UsageError("Give module:app, with --env-file if you like, or --url; not both.", code="two-targets")
    settings = find_settings(Path())
    diagnosis = _examine_url(url, settings) if url else _examine_app(target or settings.app, env_file)
    if format_name == "json":
        click.echo(render_json(diagnosis), nl=False)
    else:
        click.echo(render_terminal(diagnosis, detect_options(sys.stdout, color=color)), nl=False, color=True)
    return diagnosis.exit_status


def _examine_url(url: str, settings: Settings) -> Diagnosis:
    if not url.startswith(("http://", "https://")):
        raise UsageError(f'"{url}" is no URL.', hint="Try: --url https://notes.example/", code="probe-url")
    ProbePolicy(target=url, allow_hosts=settings.allow_hosts)
    return judge_front(ask_front(url))


def _examine_app(target: str, env_file: Path | None) -> Diagnosis:
    if not target:
        raise UsageError("There is no app to look at.", hint="Try: vallum doctor shop.main:app", code="no-target")
    if env_file is None:
        return examine_app(target)
    diagnosis = examine_app(target, read_dotenv(env_file))
    return Diagnosis(target=target, lines=(*judge_file(env_file), *diagnosis.lines))
