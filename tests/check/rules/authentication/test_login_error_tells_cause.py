import pytest

from vallum.findings.finding import Silence

SLUG = "login-error-tells-cause"
FASTAPI = """from fastapi import APIRouter, HTTPException
from fastapi.responses import JSONResponse
router = APIRouter()
@router.post("/login")
def log_in(form):
    {}
    return begin(form)
"""
FLASK = """from flask import Blueprint, abort, flash, jsonify, render_template
bp = Blueprint("a", __name__)
@bp.route("/login", methods=["GET", "POST"])
def enter():
    {}
    return render_template("login.html")
"""


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("raise HTTPException(404)", "raise HTTPException(401)"),
        ("raise HTTPException(401, 'User not found')", "raise HTTPException(401, 'Invalid credentials')"),
        ("raise HTTPException(401, 'No such account')", "raise HTTPException(401, 'Invalid email or password')"),
        (
            "raise HTTPException(401, 'Incorrect password')",
            "raise HTTPException(401, 'Incorrect username or password')",
        ),
        ("raise HTTPException(423, 'x')", "raise HTTPException(429, 'Too many attempts')"),
        ("return JSONResponse({'error': 'This account is locked'}, 401)", "return JSONResponse(FAILED, 401)"),
        ("return {'error': 'Unknown user'}", "return {'token': issue(form)}"),
        ("return {'error': 'Password does not match'}, 401", "log.info('user not found')"),
        ("raise HTTPException(403, 'Please verify your email')", "record_failure(cause='account locked')"),
        ("raise HTTPException(401, f'The user {form.name} does not exist.')", "raise UnknownUser('user not found')"),
        ("raise HTTPException(400, 'Inactive user')", "raise HTTPException(400, 'Wrong username/password')"),
        ("raise HTTPException(401, 'E-mail is not registered')", "raise HTTPException(503, 'Try again')"),
    ],
)
def test_answers(lines, bad, good):
    assert lines(SLUG, FASTAPI.format(bad)) == [[6], []]
    assert lines(SLUG, FASTAPI.format(good)) == [[], [5]]


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("flash('Wrong password')", "flash('Invalid credentials')"),
        ("error = 'Incorrect username.'", "error = 'Invalid credentials'"),
        ("return jsonify(error='User not found'), 404", "return jsonify(error='Invalid credentials'), 401"),
        ("abort(404)", "abort(401)"),
        ("user = User.query.filter_by(name=n).first_or_404()", "user = User.query.filter_by(name=n).first()"),
        ("form.add_error('password', 'The password is wrong.')", "form.add_error(None, 'Invalid credentials')"),
    ],
)
def test_answers_of_flask(lines, bad, good):
    assert lines(SLUG, FLASK.format(bad)) == [[5], []]
    assert lines(SLUG, FLASK.format(good)) == [[], [4]]


def test_a_text_in_a_constant(lines):
    code = "FAILED = {'error': '%s'}\n" + FASTAPI.format("return JSONResponse(FAILED, 401)")
    assert lines(SLUG, code % "User not found") == [[7], []]
    assert lines(SLUG, code % "Invalid credentials") == [[], [6]]


def test_an_exception_of_the_project_that_is_an_answer(lines):
    code = "from fastapi import HTTPException\nclass Refused({}): ...\ndef authenticate(n):\n    raise Refused('{}')\n"
    assert lines(SLUG, code.format("HTTPException", "User not found")) == [[4], []]
    assert lines(SLUG, code.format("HTTPException", "Invalid credentials")) == [[], [3]]
    assert lines(SLUG, code.format("Exception", "User not found")) == [[], []]


def test_other_handlers_are_not_asked(lines):
    code = FASTAPI.format("raise HTTPException(404, 'User not found')")
    assert lines(SLUG, code.replace("/login", "/users/{name}").replace("log_in", "show_user")) == [[], []]
    assert lines(SLUG, code.replace("/login", "/token/refresh").replace("log_in", "refresh")) == [[], []]
    assert lines(SLUG, code.replace("/login", "/token").replace("log_in", "access")) == [[6], []]


def test_the_guard_and_django_are_sound(judge):
    code = "from vallum.guard.authentication.login_failure import LoginFailedError, LoginFailure\n" + FASTAPI.format(
        "raise LoginFailedError(LoginFailure.LOCKED)"
    )
    assert [site.note for site in judge(SLUG, code).sites] == ["the guard's one answer"]
    view = "from django.contrib.auth.views import LoginView\nclass SignIn(LoginView): ...\n"
    assert [site.note for site in judge(SLUG, view).sites] == ["Django's login view"]


def test_tests_and_projects_without_logins(judge, lines):
    assert lines(SLUG, {"tests/test_a.py": FASTAPI.format("raise HTTPException(404)")}) == [[], []]
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
