import pytest

from vallum.findings.finding import Confidence, Silence

SLUG = "csrf-unprotected"
FLASK = """from flask import Flask, request, session
app = Flask(__name__)
@app.post("/pay")
def pay():
    transfer(session["user"], request.form["to"])
"""
FASTAPI = """from fastapi import Cookie, Depends, FastAPI, Request
app = FastAPI()
def user(request: Request):
    return {0}
@app.post("/pay")
def pay(user=Depends(user)):
    transfer(user)
"""


def test_a_cookie_session_without_a_check(lines):
    assert lines(SLUG, FLASK) == [[4], []]
    assert lines(SLUG, FASTAPI.format('request.session["user"]')) == [[6], []]
    assert lines(SLUG, FASTAPI.format('request.cookies.get("sid")')) == [[6], []]
    assert lines(SLUG, FASTAPI.format('look_up(request.headers["authorization"])')) == [[], [6]]
    assert lines(SLUG, FASTAPI.format("None")) == [[], []]


@pytest.mark.parametrize(
    "rest",
    [
        "from flask_wtf import CSRFProtect\nCSRFProtect(app)\n",
        "from flask_wtf.csrf import CSRFProtect\ncsrf = CSRFProtect()\ncsrf.init_app(app)\n",
        "from flask_seasurf import SeaSurf\nSeaSurf(app)\n",
        "@app.before_request\ndef check():\n    if request.headers.get('Origin') != SITE:\n        abort(403)\n",
    ],
)
def test_what_protects_flask(lines, rest):
    assert lines(SLUG, FLASK + rest) == [[], [4]]


@pytest.mark.parametrize(
    "rest",
    [
        "from vallum.guard import Guard\nGuard(app)\n",
        "from starlette_csrf import CSRFMiddleware\napp.add_middleware(CSRFMiddleware, secret=key())\n",
        "@app.middleware('http')\nasync def check(request, call_next):\n    request.headers.get('sec-fetch-site')\n",
    ],
)
def test_what_protects_fastapi(lines, rest):
    assert lines(SLUG, FASTAPI.format('request.session["user"]') + rest) == [[], [6]]


def test_a_dependency_of_the_router_that_checks(lines):
    code = """
        from fastapi import APIRouter, Depends, FastAPI, Request
        def check_csrf(request: Request): ...
        def user(request: Request):
            return request.session["user"]
        app = FastAPI()
        router = APIRouter({})
        @router.delete("/keys/{{key}}")
        def drop(key: int, user=Depends(user)): ...
        app.include_router(router)
    """
    assert lines(SLUG, code.format("")) == [[8], []]
    assert lines(SLUG, code.format("dependencies=[Depends(check_csrf)]")) == [[], [8]]


def test_a_form_that_checks_its_token(lines):
    assert lines(SLUG, FLASK.replace("    transfer", "    form.validate_on_submit()\n    transfer")) == [[], [4]]


def test_a_user_whom_a_middleware_takes_from_a_cookie(lines):
    code = FASTAPI.format("request.state.user")
    assert lines(SLUG, code) == [[], []]
    rest = "@app.middleware('http')\nasync def visit(request, call):\n    request.state.user = who(request.cookies)\n"
    assert lines(SLUG, code + rest) == [[6], []]


def test_decorators_of_cookie_logins(lines):
    code = FLASK.replace("def pay", "@login_required\ndef pay").replace('session["user"]', "1")
    assert lines(SLUG, "from flask_login import login_required\n" + code) == [[6], []]
    assert lines(SLUG, "from shop.tokens import login_required\n" + code) == [[], []]


def test_a_login_that_sets_the_cookie(judge):
    code = """
        from fastapi import FastAPI
        app = FastAPI()
        def begin(response):
            response.set_cookie("sid", new())
        @app.post("/login")
        def log_in(response):
            begin(response)
    """
    judged = judge(SLUG, code)
    assert [(found.where.line, found.confidence) for found in judged.findings] == [(6, Confidence.MEDIUM)]


def test_database_sessions_and_users_of_bearer_tokens_are_no_cookies(lines):
    code = """
        from fastapi import Depends, FastAPI
        app = FastAPI()
        @app.post("/notes/{key}")
        async def save(key: int, session=Depends(database), current_user=Depends(bearer_user)):
            note = await session.get(Note, key)
            note.owner = current_user.id
    """
    assert lines(SLUG, code) == [[], [4]]


def test_a_blueprint_without_its_app_is_left_alone(lines):
    code = FLASK.replace("Flask, request", "Blueprint, request").replace("Flask(__name__)", "Blueprint('a', __name__)")
    assert lines(SLUG, code) == [[], []]


EXEMPT = """from django.views.decorators.csrf import csrf_exempt
@csrf_exempt
def hook(request):
    {}
    return HttpResponse()
"""


def test_exemptions(judge, lines):
    assert [found.confidence for found in judge(SLUG, EXEMPT.format("request.user.save()")).findings] == [
        Confidence.HIGH
    ]
    assert [found.confidence for found in judge(SLUG, EXEMPT.format("store(request.body)")).findings] == [
        Confidence.MEDIUM
    ]
    assert lines(SLUG, EXEMPT.format("stripe.Webhook.construct_event(request.body)")) == [[], [2]]
    assert lines(SLUG, EXEMPT.replace("@csrf_exempt", "@require_POST").format("store(request.body)")) == [[], []]


def test_exemptions_of_classes_calls_and_flask(lines):
    head = "from django.utils.decorators import method_decorator\n" + EXEMPT.splitlines()[0]
    code = "{}\n@method_decorator({}, name='dispatch')\nclass A(View):\n    def post(self, request): ...\n"
    assert lines(SLUG, code.format(head, "csrf_exempt")) == [[3], []]
    assert lines(SLUG, code.format(head, "[never_cache, csrf_exempt]")) == [[3], []]
    assert lines(SLUG, code.format(head, "never_cache")) == [[], []]
    assert lines(SLUG, EXEMPT.splitlines()[0] + "\nurlpatterns = [path('a', csrf_exempt(view))]\n") == [[2], []]
    flask = "from flask_wtf import CSRFProtect\ncsrf = CSRFProtect()\n@csrf.exempt\ndef hook(): ...\n"
    assert lines(SLUG, flask) == [[3], []]


def test_the_middleware_of_django(lines):
    code = 'MIDDLEWARE = [\n    "django.contrib.sessions.middleware.SessionMiddleware",\n{}]\n'
    assert lines(SLUG, code.format("")) == [[1], []]
    assert lines(SLUG, code.format('    "django.middleware.csrf.CsrfViewMiddleware",\n')) == [[], [1]]
    assert lines(SLUG, 'MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]\n') == [[], []]


def test_switches(lines):
    assert lines(SLUG, "WTF_CSRF_ENABLED = False\n") == [[1], []]
    assert lines(SLUG, 'app.config["WTF_CSRF_ENABLED"] = False\n') == [[1], []]
    assert lines(SLUG, "class TestingConfig:\n    WTF_CSRF_ENABLED = False\n") == [[], []]
    assert lines(SLUG, "WTF_CSRF_ENABLED = True\n") == [[], []]


def test_projects_that_change_nothing(judge):
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
