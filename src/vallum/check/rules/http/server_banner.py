"""Headers, servers and redirects that tell what stands behind them."""

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.servers import Directive, find_directives
from vallum.check.responses.apps import find_guards
from vallum.check.responses.headers import read_headers
from vallum.check.responses.text import CONSTANT_PART, UNKNOWN_PART
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark

_ATTACK: Final = "On the day a hole is published, whoever has a list of versions knows where to try it first."
_FIX: Final = "Send no such header; the guard drops those of whatever runs inside."
_BANNERS: Final = frozenset({"x-powered-by", "x-aspnet-version", "x-runtime", "server"})
_VERSION: Final = re.compile(rf"\d|{UNKNOWN_PART}|{CONSTANT_PART}")
_REDIRECTS: Final = (
    "*.redirect", "redirect", "*.RedirectResponse", "*.HttpResponseRedirect", "*.HttpResponsePermanentRedirect",
    "*.Redirect",
)  # fmt: skip
_HOST: Final = re.compile(r"^[a-z]+://(?:[^@/]*@)?\[?(?P<host>[0-9a-fA-F:.]+?)\]?(?::\d+)?(?:[/?#]|$)")
_APACHE: Final = re.compile(r"^\s*(?P<name>ServerSignature|ServerTokens)\s+(?P<value>\w+)", re.IGNORECASE)
_PHP: Final = re.compile(r"^\s*expose_php\s*=\s*[\"']?(?P<value>\w+)", re.IGNORECASE)


def examine(project: Project) -> Iterator[Remark]:
    """Look at banner headers, redirects to private addresses, and the settings of web servers."""
    for setting in read_headers(project):
        told = setting.text.strip(UNKNOWN_PART + CONSTANT_PART)
        if setting.name not in _BANNERS or (setting.name == "server" and not told):
            continue
        if setting.text and (setting.name != "server" or _VERSION.search(setting.text)):
            yield RULE.finding(setting.place, _ATTACK, f"{setting.name} is sent.", fix=_FIX)
        else:
            yield RULE.site(setting.place, "names no version")
    yield from _redirects(project)
    for call in project.calls("uvicorn.run", "uvicorn.Config"):
        if call.constant_of(None, "server_header", default=True) is False:
            yield RULE.site(call.place, "uvicorn's header is off")
    for call in find_guards(project):
        yield RULE.site(call.place, "the guard drops banners")
    for directive in find_directives(project, "server_tokens"):
        yield from _judge_tokens(directive, project)
    yield from _defaults(project)
    yield from _lines(project)


def _redirects(project: Project) -> Iterator[Remark]:
    for call in project.calls(*_REDIRECTS):
        target = call.constant_of(0, "url", "location", "path", "redirect_to")
        match = _HOST.match(target) if isinstance(target, str) and not is_test(call.place.path) else None
        if match is None:
            continue
        try:
            private = ipaddress.ip_address(match["host"]).is_private
        except ValueError:
            continue
        if private:
            why = f"The redirect shows the private address {match['host']}."
            yield RULE.finding(call.place, "It draws the inside of the network.", why, fix="Redirect by path.")


def _judge_tokens(directive: Directive, project: Project) -> Iterator[Remark]:
    if directive.arguments[:1] in {("on",), ("build",)}:
        fix = "server_tokens off;"
        yield RULE.finding(directive.place(project), _ATTACK, "nginx sends its version.", fix=fix)
    else:
        yield RULE.site(directive.place(project), "nginx sends no version")


def _defaults(project: Project) -> Iterator[Remark]:
    """Nginx sends its version unless told: asked where the whole of a server's configuration is in sight."""
    if find_directives(project, "server_tokens"):
        return
    for directive in find_directives(project, "http"):
        if directive.find("include") is None:
            why = "server_tokens is not set, and its default is on."
            yield RULE.finding(
                directive.place(project), _ATTACK, why, fix="server_tokens off;", confidence=Confidence.MEDIUM
            )


def _lines(project: Project) -> Iterator[Remark]:
    for source in project.configs("apache", "ini"):
        if is_test(source.path):
            continue
        for number, line in enumerate(source.lines, 1):
            match = _APACHE.match(line) if source.kind == "apache" else _PHP.match(line)
            if match is None:
                continue
            place, value = project.place_in(source, number), match["value"].lower()
            if value in {"off", "0", "prod", "productonly", "no", "false"}:
                yield RULE.site(place, "off")
            else:
                yield RULE.finding(place, _ATTACK, f"{line.split('=')[0].split()[0]} is {value}.", fix="Switch it off.")


RULE = Rule(
    slug="server-banner",
    control="no-server-banner",
    languages=("python", "nginx", "apache", "ini"),
    unit=("banner setting", "banner settings"),
    sound="no banner",
    examine=examine,
)
