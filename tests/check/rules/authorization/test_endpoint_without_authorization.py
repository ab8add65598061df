import pytest

from vallum.findings.finding import Confidence, Silence

SLUG = "endpoint-without-authorization"
FLASK = """from flask import Flask, abort, g, request, session
from flask_login import current_user, login_required
from shop.store import load
app = Flask(__name__)
{}@app.get("/orders/<int:key>")
def show(key):
    {}
    return load(key)
"""
FASTAPI = """from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.security import HTTPBearer, OAuth2PasswordBearer
from shop.access import current_user, get_session, limit_calls, require_permission
from shop.store import load
bearer = HTTPBearer()
lenient = HTTPBearer(auto_error=False)
def caller(request: Request):
    if not request.headers.get("x-key"):
        raise HTTPException(401)
router = APIRouter({})
@router.get("/orders/{{key}}")
async def show(key: int{}):
    {}
    return await load(key)
"""
DJANGO = """from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from shop.models import Order
"""


@pytest.mark.parametrize(
    ("decorator", "body", "found"),
    [
        ("", "pass", True),
        ("@login_required\n", "pass", False),
        ("@app.cache\n", "pass", True),
        ("@limiter.limit('5/minute')\n", "pass", True),
        ("@roles_required('admin')\n", "pass", False),
        ("@jwt_required()\n", "pass", False),
        ("", "abort(403)", False),
        ("", "if not current_user.is_authenticated: abort(401)", False),
        ("", "require_user(request)", False),
        ("", "verify_signature(request)", False),
    ],
)
def test_flask(lines, decorator, body, found):
    row = 6 + bool(decorator)
    assert lines(SLUG, FLASK.format(decorator, body)) == ([[row], []] if found else [[], [row]])


def test_decorators_of_the_project_are_read(lines):
    code = "def wrapped(view):\n    def inner(*args):\n        {}\n        return view(*args)\n    return inner\n"
    for body, expected in (("abort(401)", [[], [12]]), ("print(1)", [[12], []])):
        assert lines(SLUG, code.format(body) + FLASK.format("@wrapped\n", "pass")) == expected


def test_hooks_and_middleware(lines):
    hook = "@app.before_request\ndef check():\n    {}\n"
    assert lines(SLUG, FLASK.format("", "pass") + hook.format("if 'user' not in session: abort(401)")) == [[], [6]]
    assert lines(SLUG, FLASK.format("", "pass") + hook.format("g.start = now()")) == [[6], []]
    assert lines(SLUG, FLASK.format("", "pass") + hook.format("check_csrf_token(); abort(403)")) == [[6], []]


@pytest.mark.parametrize(
    ("router", "parameter", "found"),
    [
        ("", "", True),
        ("", ", user=Depends(current_user)", False),
        ("", ", session=Depends(get_session)", True),
        ("", ", _=Depends(limit_calls)", True),
        ("", ", _=Depends(caller)", False),
        ("", ", token=Depends(bearer)", False),
        ("", ", token=Depends(lenient)", True),
        ("", ", token=Depends(OAuth2PasswordBearer(tokenUrl='token'))", False),
        ('dependencies=[Depends(require_permission("orders:read"))]', "", False),
        ("dependencies=[Depends(limit_calls)]", "", True),
    ],
)
def test_fastapi(lines, router, parameter, found):
    assert lines(SLUG, FASTAPI.format(router, parameter, "pass")) == ([[12], []] if found else [[], [12]])


def test_fastapi_in_the_body(lines):
    assert lines(SLUG, FASTAPI.format("", "", "raise HTTPException(status_code=403)")) == [[], [12]]


def test_the_guard(judge, lines):
    code = """
        from fastapi import FastAPI
        from vallum.guard import Guard, public, requires
        from shop.store import load
        app = FastAPI()
        {0}
        @app.get("/orders")
        {1}
        def show():
            return load()
    """
    notes = {
        (True, "@public"): "@public",
        (True, '@requires("orders:read")'): "@requires",
        (True, "@other"): "the guard closes what declares nothing",
    }
    for (_, mark), note in notes.items():
        assert [site.note for site in judge(SLUG, code.format("Guard(app)", mark)).sites] == [note]
    assert lines(SLUG, code.format("", "@other")) == [[8], []]


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("@login_required\ndef show(request):", "@never_cache\ndef show(request):"),
        ("@permission_required('a')\ndef show(request):", "@require_GET\ndef show(request):"),
    ],
)
def test_django_functions(lines, good, bad):
    rest = "\n    return JsonResponse({'a': Order.objects.count()})\n"
    assert lines(SLUG, f"{DJANGO}{good}{rest}") == [[], [8]]
    assert lines(SLUG, f"{DJANGO}{bad}{rest}") == [[8], []]


@pytest.mark.parametrize(
    ("head", "found"),
    [
        ("class Show(View):", True),
        ("class Show(LoginRequiredMixin, View):", False),
        ("class Show(View):\n    decorators = [login_required]", False),
        ("@method_decorator(login_required, name='dispatch')\nclass Show(View):", False),
        ("@method_decorator(never_cache, name='dispatch')\nclass Show(View):", True),
    ],
)
def test_django_classes(lines, head, found):
    code = f"{DJANGO}{head}\n    def get(self, request):\n        return JsonResponse({{'a': Order.objects.count()}})\n"
    row = len(code.splitlines()) - 1
    assert lines(SLUG, code) == ([[row], []] if found else [[], [row]])


def test_django_url_patterns(lines):
    code = DJANGO + "def show(request):\n    return JsonResponse({'a': Order.objects.count()})\n"
    urls = "from django.urls import path\nurlpatterns = [path('orders', {})]\n"
    assert lines(SLUG, code + urls.format("login_required(show)")) == [[], [7]]
    assert lines(SLUG, code + urls.format("show")) == [[7], []]
    assert lines(SLUG, code + urls.format("other")) == [[7], []]
    helper = code.replace("show", "answer") + "def show(request):\n    return JsonResponse(answer(request))\n"
    assert lines(SLUG, helper + urls.format("login_required(show)")) == [[], [9]]


def test_django_rest_framework(lines):
    code = """
        from rest_framework.views import APIView
        from rest_framework.permissions import AllowAny, IsAuthenticated
        from shop.models import Order
        class Orders(APIView):
            {}
            def get(self, request):
                return Order.objects.count()
    """
    assert lines(SLUG, code.format("permission_classes = [IsAuthenticated]")) == [[], [6]]
    assert lines(SLUG, code.format("permission_classes = [AllowAny]")) == [[], [6]]
    assert lines(SLUG, code.format("pass")) == [[6], []]
    default = "REST_FRAMEWORK = {'DEFAULT_PERMISSION_CLASSES': ['rest_framework.permissions.%s']}\n"
    files = {"app.py": code.format("pass"), "settings.py": default % "IsAuthenticated"}
    assert lines(SLUG, files) == [[], [6]]
    assert lines(SLUG, files | {"settings.py": default % "AllowAny"}) == [[6], []]


def test_the_middleware_of_django(lines):
    code = DJANGO + "def show(request):\n    return JsonResponse({'a': Order.objects.count()})\n"
    name = "django.contrib.auth.middleware.{}Middleware"
    assert lines(SLUG, code + f"MIDDLEWARE = ['{name.format('LoginRequired')}']\n") == [[], [7]]
    assert lines(SLUG, code + f"MIDDLEWARE = ['{name.format('Authentication')}']\n") == [[7], []]


@pytest.mark.parametrize("path", ["/login", "/health", "/", "/auth/token", "/password-reset", "/static/<path:p>"])
def test_what_strangers_must_reach(lines, path):
    assert lines(SLUG, FLASK.format("", "pass").replace("/orders/<int:key>", path)) == [[], [6]]


def test_how_sure_it_is(judge):
    other = '@app.{}("{}")\n@login_required\ndef other():\n    return load()\n'

    def confidence(rest, path="/orders/<int:key>"):
        code = FLASK.format("", "pass").replace("/orders/<int:key>", path) + rest
        return [found.confidence for found in judge(SLUG, code).findings]

    assert confidence("") == [Confidence.LOW]
    assert confidence(other.format("get", "/orders")) == [Confidence.HIGH]
    assert confidence(other.format("get", "/bills")) == [Confidence.LOW]
    assert confidence("", "/api/admin/orders") == [Confidence.HIGH]


def test_handlers_that_touch_no_data_or_use_the_identity_are_left_alone(lines):
    code = FLASK.replace("return load(key)", "return 'hello'")
    assert lines(SLUG, code.format("", "pass")) == [[], []]
    assert lines(SLUG, FLASK.format("", "user = session['user']")) == [[], []]


def test_tests_and_projects_without_routes(judge, lines):
    assert lines(SLUG, {"tests/test_a.py": FLASK.format("", "pass")}) == [[], []]
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
