"""How a handler learns who is calling: by cookie or by header; and what proves that a page of the site asked for it."""

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Final

from vallum.check.flow.facts import Route
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.origins import origins_of
from vallum.check.responses.apps import find_guards

_COOKIE: Final = re.compile(
    r"(?<![\w.])session(?:\[|\.(?:get|pop)\([\"'])|request\.session\b|\.cookies\b|\.COOKIES\b|\bCookie\(|\bAPIKeyCookie\b"
)
_STATE: Final = re.compile(r"\brequest\.state\.\w*(?:user|session|account|actor)\w*|(?<!\w)g\.(?:user|account)\b")
_SETS: Final = re.compile(
    r"\.set_cookie\(|(?<![\w.])session\[[^\]]+\]\s*=(?!=)|request\.session\[[^\]]+\]\s*=(?!=)|\blogin_user\("
)
_HEADER: Final = re.compile(r"authorization|bearer|x[-_]api[-_]key|apikeyheader|oauth2", re.IGNORECASE)
_PROOF: Final = re.compile(r"csrf|xsrf|sec-fetch-site|same_origin|[\"']origin[\"']|validate_on_submit", re.IGNORECASE)
_PROOF_CALLS: Final = (
    "flask_wtf.CSRFProtect", "flask_wtf.csrf.CSRFProtect", "flask_wtf.CsrfProtect",
    "flask_wtf.CSRFProtect().init_app", "flask_wtf.csrf.CSRFProtect().init_app", "flask_seasurf.SeaSurf",
    "*CSRFProtect().init_app",
)  # fmt: skip
_COOKIE_DECORATORS: Final = (
    "flask_login.", "django.contrib.auth.decorators.", "flask_security.", "vallum.guard.signed_in",
    "vallum.guard.requires", "vallum.guard.authorization.access.signed_in",
    "vallum.guard.authorization.access.requires",
)  # fmt: skip


class Identity:
    """What is known of the callers of one project's routes."""

    def __init__(self, project: Project) -> None:
        """Look when first asked."""
        self._project = project
        self._origins = origins_of(project)

    @cached_property
    def _keeps_state(self) -> bool:
        """Whether something in the project reads a cookie, so that `request.state.user` comes from one."""
        return any(
            re.search(r"\.cookies\b|SessionMiddleware", module.source.text) and not is_test(module.path)
            for module in self._project.modules
        )

    @cached_property
    def proof(self) -> str:
        """What checks requests of the whole project against forgery; empty when nothing does."""
        if find_guards(self._project):
            return "the guard asks for the token and the origin"
        if any(True for _ in self._project.calls(*_PROOF_CALLS)):
            return "CSRFProtect"
        for call in self._project.calls("*.add_middleware", "*.Middleware"):
            if call.arguments and re.search(
                r"c[sx]rf|xsrf", call.arguments[0].name + call.arguments[0].text, re.IGNORECASE
            ):
                return call.arguments[0].words
        return ""

    def by_cookie(self, route: Route) -> bool:
        """Whether the handler, its decorators or its dependencies take the caller's identity from a cookie."""
        if any(self._by_cookie(text) for text in self._texts(route)):
            return True
        names = [dependency.name for dependency in route.dependencies if dependency.level != "app"]
        if any("APIKeyCookie" in name for name in names):
            return True
        handler = route.handler
        if "flask_login" in handler.module.source.text and "current_user" in handler.text:
            return True
        return any(decorator.name.startswith(_COOKIE_DECORATORS) for decorator in handler.decorators)

    def starts_session(self, route: Route) -> bool:
        """Whether the handler, or a function that it calls, sets a cookie or fills the session."""
        called = (self._origins.function_named(call.name) for call in route.handler.calls)
        return any(_SETS.search(function.text) for function in (route.handler, *called) if function is not None)

    def by_header(self, route: Route) -> bool:
        """Whether the caller proves himself by a header that browsers do not send by themselves."""
        names = " ".join(dependency.name for dependency in route.dependencies)
        return any(_HEADER.search(text) for text in (*self._texts(route), names))

    def proof_of(self, route: Route) -> str:
        """What checks this route against forgery; empty when nothing does."""
        if self.proof:
            return self.proof
        for dependency in route.dependencies:
            if _PROOF.search(dependency.name) or _PROOF.search(self._text_of(dependency.name)):
                return dependency.name.rpartition(".")[2]
        return "the handler asks for it" if any(map(_PROOF.search, self._texts(route))) else ""

    def _by_cookie(self, text: str) -> bool:
        return _COOKIE.search(text) is not None or (self._keeps_state and _STATE.search(text) is not None)

    def _texts(self, route: Route) -> Iterator[str]:
        yield route.handler.text
        for dependency in route.dependencies:
            if dependency.level != "app":
                yield self._text_of(dependency.name)
        for decorator in route.handler.decorators:
            yield f"{decorator.name} {self._text_of(decorator.name)}"

    def _text_of(self, name: str) -> str:
        """The source of a function or class of the project, and of the functions that it calls."""
        function = self._origins.function_named(name)
        if function is None:
            definition = self._project.facts.index.by_name.get(name)
            return definition.module.text_of(definition.node) if definition else ""
        called = (self._origins.function_named(call.name) for call in function.calls)
        return "\n".join([function.text, *(inner.text for inner in called if inner is not None)])


@lru_cache(maxsize=2)
def identity_of(project: Project) -> Identity:
    """The identities of a project, worked out once."""
    return Identity(project)
