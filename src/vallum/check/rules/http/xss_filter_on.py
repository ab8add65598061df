"""X-XSS-Protection with a value that switches the withdrawn filter on."""

import json
import re
from collections.abc import Iterator
from typing import Final

from vallum.check.project import Project
from vallum.check.responses.apps import django_settings, talisman_calls
from vallum.check.responses.headers import select_headers
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark

_ATTACK: Final = "The old filter of browsers can be made to break or leak parts of a page."
_FIX: Final = 'Send "X-XSS-Protection: 0" or leave the header out; the Content-Security-Policy takes its place.'


def examine(project: Project) -> Iterator[Remark]:
    """Look at every place that sets the header, and at the version of helmet."""
    for setting in select_headers(project, "x-xss-protection"):
        if setting.text.strip().startswith("0"):
            yield RULE.site(setting.place)
        elif setting.text.strip()[:1].isdigit():
            yield RULE.finding(setting.place, _ATTACK, f'The header is set to "{setting.text}".', fix=_FIX)
    for found in django_settings(project).get("SECURE_BROWSER_XSS_FILTER", []):
        if found.constant is True:
            why = "SECURE_BROWSER_XSS_FILTER sends the value 1, or is a dead line since Django 4."
            yield RULE.finding(found.place, _ATTACK, why, fix="Delete the line.", confidence=Confidence.MEDIUM)
        elif found.constant is False:
            yield RULE.site(found.place)
    for call in talisman_calls(project):
        option = call.argument(None, "x_xss_protection")
        if option is not None and option.constant is True:
            yield RULE.finding(option.place, _ATTACK, "Talisman is told to send the value 1.", fix=_FIX)
    yield from _judge_helmet(project)


def _judge_helmet(project: Project) -> Iterator[Remark]:
    """Helmet before version 4 sends the value 1 by default."""
    for source in project.configs("json"):
        if not source.path.endswith("package.json") or '"helmet"' not in source.text:
            continue
        try:
            table = json.loads(source.text)
        except ValueError:
            continue
        version = table.get("dependencies", {}).get("helmet", "") if isinstance(table, dict) else ""
        major = re.match(r"[~^=v]*(\d+)", str(version))
        number = next(number for number, line in enumerate(source.lines, 1) if '"helmet"' in line)
        if major:
            place = project.place_in(source, number)
            if int(major[1]) < 4:
                yield RULE.finding(place, _ATTACK, "Helmet before version 4 sends the value 1.", fix="Take version 8.")
            else:
                yield RULE.site(place, "helmet sends 0")


RULE = Rule(
    slug="xss-filter-on",
    control="xss-filter-off",
    languages=("python", "nginx", "json"),
    unit=("place that sets the header", "places that set the header"),
    sound="0",
    examine=examine,
)
