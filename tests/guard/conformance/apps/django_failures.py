"""Every failure in Django, under WSGI and ASGI, with the guard as the first middleware or around the handler."""

import json
from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation, ValidationError
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template import Context, Template
from django.template.response import SimpleTemplateResponse
from django.urls import path

from tests.guard.conformance import failures as bad
from tests.guard.conformance.apps import django_app
from vallum.guard import Guard, GuardPolicy, public, sign_in
from vallum.guard.frameworks.django_input import checked, read_form
from vallum.guard.input.checked_request import CheckedRequest


def raising(act: Any) -> Any:
    @public
    def view(_: HttpRequest) -> HttpResponse:
        return HttpResponse(str(act()), content_type="text/plain")

    return view


def refusing(error: type[Exception], text: str = bad.TEXT) -> Any:
    def act() -> None:
        raise error(text)

    return raising(act)


@public
async def fail_later(_: HttpRequest) -> HttpResponse:
    raise Http404(bad.TEXT)


@public
def enter_and_refuse(_: HttpRequest) -> HttpResponse:
    sign_in("ada")
    raise PermissionDenied(bad.TEXT)


@public
def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(bad.failing_first_later() if hasattr(request, "scope") else bad.failing_first())


@public
def trace(_: HttpRequest) -> HttpResponse:
    return HttpResponse(bad.PAGE, status=500)


@public
def template(_: HttpRequest) -> HttpResponse:
    return HttpResponse(Template("{% include name %}").render(Context({"name": bad.TEXT})))


@public
def template_response(_: HttpRequest) -> HttpResponse:
    return SimpleTemplateResponse("there-is-none.html")


@public
def malformed(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(json.loads(request.body)))


@public
@checked(bad.SHAPE)
def note(data: CheckedRequest) -> HttpResponse:
    return HttpResponse(data.body.title)


class NoteForm(forms.Form):
    title = forms.CharField(max_length=5)


@public
def form(request: HttpRequest) -> HttpResponse:
    return HttpResponse(read_form(NoteForm(request.POST))["title"])


def validate() -> None:
    raise ValidationError(
        {"title": ValidationError("%(value)s is wrong", code="invalid", params={"value": bad.QUOTED})}
    )


class Failing:
    """A middleware that fails on the way in or out, or raises what Django makes a page of."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/before":
            bad.boom()
        response: HttpResponse = self.get_response(request)
        if request.path == "/after":
            bad.boom()
        if request.path == "/after-bad":
            raise SuspiciousOperation(bad.TEXT)
        return response

    def process_template_response(self, _: HttpRequest, response: HttpResponse) -> HttpResponse:
        return response


URLS = {
    **{name: raising(act) for name, act in (bad.RAISERS | {"/schema": bad.schema}).items()},
    "/missing": refusing(Http404),
    "/foreign": refusing(Http404, "not hers"),
    "/missing-later": fail_later,
    "/forbidden": refusing(PermissionDenied),
    "/bad": refusing(BadRequest),
    "/suspicious": refusing(SuspiciousOperation),
    "/validation": raising(validate),
    "/template": template,
    "/template-response": template_response,
    "/stream": stream,
    "/trace": trace,
    "/malformed": malformed,
    "/note": note,
    "/form": form,
    "/enter": enter_and_refuse,
    **{name: raising(lambda: "open") for name in ("/before", "/after", "/after-bad", "/open")},
}


def build(policy: GuardPolicy, debug: bool, *, asgi: bool, wrapped: bool) -> Iterator[Any]:
    inner = [f"{__name__}.Failing"]
    with django_app.configured(policy, debug, *([] if wrapped else [django_app.MIDDLEWARE]), *inner) as urls:
        urls.urlpatterns = [path(name[1:], view) for name, view in URLS.items()]
        handler: Any = ASGIHandler() if asgi else WSGIHandler()
        if wrapped:
            guard = Guard(handler, policy=policy)
            handler = guard if asgi else guard.wsgi_app
        yield handler
