import pytest

SLUG = "check-fails-open"


@pytest.mark.parametrize(
    ("head", "answer"),
    [
        ("def is_allowed(user):", "return True"),
        ("def may_delete(user):", "return True"),
        ("def has_permission(self, request):", "return True"),
        ("def verify_signature(body):", "return True"),
        ("def check_token(token):", "return True"),
        ("def is_revoked(token):", "return False"),
        ("def is_blocked(address):", "return None"),
    ],
)
def test_consent_when_it_fails(lines, head, answer):
    text = f"{head}\n    try:\n        return ask()\n    except ConnectionError:\n        {answer}\n"
    assert lines(SLUG, text) == [[5], []]


@pytest.mark.parametrize(
    ("head", "answer"),
    [
        ("def is_allowed(user):", "return False"),
        ("def has_permission(self, request):", "raise PermissionDenied"),
        ("def verify_signature(body):", "return None"),
        ("def is_revoked(token):", "return True"),
    ],
)
def test_denial_when_it_fails(lines, head, answer):
    text = f"{head}\n    try:\n        return ask()\n    except ConnectionError:\n        {answer}\n"
    assert lines(SLUG, text) == [[], [4]]


@pytest.mark.parametrize("head", ["def load_user(id):", "def can_connect():", "def is_empty(x):", "def get_allowed():"])
def test_other_functions_are_no_checks(lines, head):
    text = f"{head}\n    try:\n        return ask()\n    except ConnectionError:\n        return True\n"
    assert lines(SLUG, text) == [[], []]


def test_middleware_that_goes_on(lines):
    text = """
        from fastapi import FastAPI

        app = FastAPI()

        @app.middleware("http")
        async def check_session(request, call_next):
            try:
                await verify(request)
            except Exception:
                return await call_next(request)
            return await call_next(request)
    """
    assert lines(SLUG, text) == [[10], []]


def test_hooks_refuse_or_let_go(lines):
    hook = """
        from flask import Flask, abort

        app = Flask(__name__)

        @app.before_request
        def scan_upload():
            try:
                scan(request.files)
            except ScannerDown:
                {answer}
    """
    assert lines(SLUG, hook.format(answer="return"))[0] == [10]
    assert lines(SLUG, hook.format(answer="pass"))[0] == [10]
    assert lines(SLUG, hook.format(answer="abort(503)")) == [[], [9]]


def test_an_invalid_token_may_be_an_anonymous_caller(lines):
    text = """
        from flask import Flask, g

        app = Flask(__name__)

        @app.before_request
        def load_caller():
            try:
                g.user = verify(request.cookies.get("t"))
            except InvalidToken:
                return
    """
    assert lines(SLUG, text)[0] == []


def test_defaults_of_an_answer(lines):
    text = """
        a = answer.get("allowed", True)
        b = answer.get("allowed", False)
        c = answer.get("allowed")
        d = getattr(user, "is_admin", True)
        e = answer.get("colour", True)
    """
    assert lines(SLUG, text) == [[1, 4], [2, 3]]
