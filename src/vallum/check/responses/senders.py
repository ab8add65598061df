"""Who sends a header on every response: a hook, a middleware, a library, the guard, or a server in front."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.responses.apps import find_apps, find_guards, talisman_calls
from vallum.check.responses.headers import select_headers
from vallum.findings.place import Place

_SERVERS: Final = ("nginx", "apache", "caddy", "yaml", "toml", "ini", "terraform", "json")
_PROXY_WORDS: Final = {
    "strict-transport-security": ("stsseconds",),
    "x-content-type-options": ("contenttypenosniff",),
    "x-frame-options": ("framedeny", "customframeoptionsvalue"),
    "content-security-policy": ("contentsecuritypolicy",),
}
_FOREIGN: Final = re.compile(r"secur|header|csp|helmet|hsts|harden|protect", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Who sends a header."""

    note: str
    place: Place | None = None
    """Where that can be seen; None when all that is known is that something may send it."""


def find_sender(project: Project, header: str) -> Sender | None:
    """Who sends this header, given in lower case, on every response; None when nothing in the project does."""
    return next(_senders(project, header), None)


def _senders(project: Project, header: str) -> Iterator[Sender]:
    for call in find_guards(project):
        yield Sender(note="the guard sends it", place=call.place)
    for setting in select_headers(project, header):
        if setting.everywhere:
            yield Sender(note="a header is set")
    for _ in talisman_calls(project):
        yield Sender(note="Talisman is in use")
    for _ in project.calls("secure.Secure", "secure.Secure.*"):
        yield Sender(note="the library secure is in use")
    words = (header, *_PROXY_WORDS.get(header, ()))
    for source in project.configs(*_SERVERS):
        text = source.text.lower()
        if any(word in text for word in words):
            yield Sender(note=f"{source.path} speaks of it")
    for call in project.calls("*.add_middleware", "*.middleware.Middleware"):
        first = call.argument(0, "middleware_class", "cls")
        if first is not None and _is_foreign(first.name, first.words, project):
            yield Sender(note=f"{first.words} may send it")


def _is_foreign(name: str, word: str, project: Project) -> bool:
    """A middleware from elsewhere whose name says that it is about security."""
    known = name in project.facts.index.by_name
    return not known and _FOREIGN.search(word) is not None and "HTTPSRedirect" not in word and "TrustedHost" not in word


def serves_pages(project: Project) -> bool:
    """Whether the project answers with HTML: templates, or calls that render them."""
    if any(not is_test(source.path) for source in project.configs("html", "jinja", "mako")):
        return True
    rendering = project.calls(
        "*.render_template", "*.render_template_string", "render_template", "*.TemplateResponse", "*.HTMLResponse",
        "django.shortcuts.render", "*.Jinja2Templates",
    )  # fmt: skip
    return any(not is_test(call.place.path) for call in rendering)


def serves_anything(project: Project) -> bool:
    """Whether there is an application, a route, or a web server's configuration at all."""
    return bool(find_apps(project) or project.routes or project.configs("nginx", "apache", "caddy"))
