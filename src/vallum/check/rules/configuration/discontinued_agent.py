"""Protection at run time that is no longer made, or that is switched off."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.dependencies.manifests import read_manifest
from vallum.check.flow import nodes
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.read.source import Source
from vallum.check.readings.servers import find_directives
from vallum.check.responses.apps import find_guards
from vallum.check.rule import Rule
from vallum.findings.finding import Remark

_ATTACK: Final = "It is believed to watch, and knows nothing of what was found since it was given up."
_OFF: Final = "The firewall is there and lets everything through."
_FIX: Final = "Use a maintained agent or firewall, or the guard's own events with a list of blocked actors."
_ENDED: Final = {
    "sqreen": "Sqreen went into Datadog and is no longer sold by itself",
    "immunio": "Immunio was bought in 2017 and given up",
    "prevoty": "Prevoty went into Imperva and its agent was given up",
    "openrasp": "OpenRASP has had no release since 2022",
    "tcell-agent": "tCell went into Rapid7 and its agent was given up",
    "tcell_agent": "tCell went into Rapid7 and its agent was given up",
}
_MAINTAINED: Final = frozenset({"ddtrace", "contrast-agent", "contrast_agent", "aikido_zen", "aikido-zen", "crowdsec"})
_SWITCH: Final = re.compile(
    r"\bDD_APPSEC_ENABLED\s*[=:]\s*[\"']?(?P<value>\w+)|\bSecRuleEngine\s+(?P<engine>\w+)", re.IGNORECASE
)
_FIREWALL: Final = re.compile(
    r"aws_wafv2|AWS::WAFv2|coraza|modsecurity|waf_policy|WebApplicationFirewall", re.IGNORECASE
)


def examine(project: Project) -> Iterator[Remark]:
    """Look at dependencies and imports, at the switches of agents and firewalls, and at the guard."""
    for source in project.configs("requirements", "toml", "json"):
        if not is_test(source.path):
            yield from _judge_manifest(source, project)
    yield from _imports(project)
    for directive in find_directives(project, "modsecurity", "app_protect_enable", "naxsi_flag"):
        place, off = directive.place(project), directive.arguments[:1] == ("off",)
        yield (
            RULE.finding(place, _OFF, f"{directive.name} is off.", fix="on")
            if off
            else RULE.site(place, "a firewall in front")
        )
    for source in project.configs("dockerfile", "dotenv", "yaml", "apache", "nginx", "terraform"):
        if not is_test(source.path):
            yield from _judge_switches(source, project)
    for call in find_guards(project):
        yield RULE.site(call.place, "the guard reports what it refuses")


def _judge_manifest(source: Source, project: Project) -> Iterator[Remark]:
    if not any(name in source.text for name in (*_ENDED, *_MAINTAINED)):
        return
    manifest = read_manifest(source)
    for dependency in manifest.dependencies if manifest is not None else ():
        name = dependency.name.lower()
        if name in _ENDED:
            place = project.place_in(source, dependency.line)
            yield RULE.finding(place, _ATTACK, f"{_ENDED[name]}.", fix=_FIX)
        elif name in _MAINTAINED:
            yield RULE.site(project.place_in(source, dependency.line), f"{name} is maintained")


def _imports(project: Project) -> Iterator[Remark]:
    for module in project.modules:
        text = module.source.text
        if is_test(module.path) or not any(name in text for name in (*_ENDED, *_MAINTAINED)):
            continue
        for node in project.facts.iter_body(module, None):
            if isinstance(node, nodes.Import):
                names = (
                    {name.partition(".")[0] for name, _ in node.names}
                    if node.whole
                    else {node.module.partition(".")[0]}
                )
                for name in sorted(names & set(_ENDED)):
                    yield RULE.finding(module.place(node), _ATTACK, f"{_ENDED[name]}.", fix=_FIX)
                for name in sorted(names & _MAINTAINED):
                    yield RULE.site(module.place(node), f"{name} is maintained")


def _judge_switches(source: Source, project: Project) -> Iterator[Remark]:
    if not _SWITCH.search(source.text) and not _FIREWALL.search(source.text):
        return
    for number, line in enumerate(source.lines, 1):
        match = None if line.lstrip().startswith("#") else _SWITCH.search(line)
        place = project.place_in(source, number)
        if match is not None:
            value = (match["value"] or match["engine"]).lower()
            if value in {"off", "false", "0", "no", "detectiononly"}:
                yield RULE.finding(place, _OFF, f"It is {value}.", fix="Switch it on.")
            else:
                yield RULE.site(place, "switched on")
        elif source.kind in {"terraform", "yaml"} and _FIREWALL.search(line) and not line.lstrip().startswith("#"):
            yield RULE.site(place, "a firewall in front")


RULE = Rule(
    slug="discontinued-agent",
    control="runtime-protection",
    languages=("requirements", "python", "nginx", "dockerfile", "apache"),
    unit=("agent or firewall", "agents and firewalls"),
    sound="maintained and on",
    examine=examine,
)
