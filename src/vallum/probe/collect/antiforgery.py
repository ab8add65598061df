"""CSRF tokens as pages hand them out: a hidden field, a meta tag, or a cookie that is sent back as a header."""

from dataclasses import dataclass, field, replace
from typing import Final

from vallum.base.secret import Secret
from vallum.probe.collect.jar import Jar
from vallum.probe.exchange import Answer, Body, FormBody, MultipartBody
from vallum.probe.read.html import Form

_COOKIES: Final = (
    "csrftoken",
    "xsrf-token",
    "csrf_token",
    "csrf-token",
    "_csrf",
    "csrf",
    "__host-csrf",
    "fastapi-csrf-token",
)
_METAS: Final = ("csrf-token", "csrf_token", "csrf", "xsrf-token", "_csrf")
_HEADERS: Final = ("X-CSRF-Token", "X-CSRFToken", "X-XSRF-TOKEN")
_WORDS: Final = ("csrf", "xsrf", "authenticity_token", "requestverificationtoken", "form_token", "anti_forgery")


def names_token(name: str) -> bool:
    """Tell whether a field of this name carries a CSRF token."""
    lowered = name.lower()
    return any(word in lowered for word in _WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What an unsafe request of one session carries to prove that it comes from the app's own page."""

    name: str = ""
    """The form field that holds it; empty when it travels in a header alone."""
    value: Secret[str] = field(default_factory=lambda: Secret(""))
    in_header: bool = False

    def __bool__(self) -> bool:
        """Whether a token was found."""
        return bool(self.value)

    def put_in(self, body: Body) -> Body:
        """The body with the token in its field, in place of any other."""
        if self.name and isinstance(body, FormBody | MultipartBody):
            others = tuple(pair for pair in body.fields if not names_token(pair[0]))
            return replace(body, fields=(*others, (self.name, self.value)))
        return body

    def headers(self) -> tuple[tuple[str, str], ...]:
        """The token as headers, under the three names in use; none when it belongs in a field alone."""
        return tuple((name, self.value.reveal()) for name in _HEADERS) if self.in_header else ()


def strip_token(body: Body) -> Body:
    """The body without any CSRF token."""
    if isinstance(body, FormBody | MultipartBody):
        return replace(body, fields=tuple(pair for pair in body.fields if not names_token(pair[0])))
    return body


def find_pass(answer: Answer, jar: Jar) -> Pass:
    """The token that a page or its cookies hand out; false when there is none."""
    for form in answer.page.forms:
        for control in form.fields:
            if names_token(control.name) and control.value:
                return Pass(name=control.name, value=Secret(control.value), in_header=True)
    told = answer.page.meta(*_METAS) or answer.header("x-csrf-token") or jar.get(*_COOKIES)
    return Pass(value=Secret(told), in_header=True) if told else Pass()


def find_form(answer: Answer, *words: str) -> Form | None:
    """The first form with a field whose name or type holds one of the words."""
    for form in answer.page.forms:
        if any(word in f"{known.name} {known.kind}".lower() for known in form.fields for word in words):
            return form
    return None
