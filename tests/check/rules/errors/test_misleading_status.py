import pytest

SLUG = "misleading-status"
LOGIN = """
    from flask import Flask, jsonify, render_template

    app = Flask(__name__)

    @app.post("/login")
    def login():
        user = find()
        if user is None:
            return {unknown}
        if not user.fits():
            return {wrong}
        return start(user)
"""


@pytest.mark.parametrize(
    ("unknown", "wrong", "found"),
    [
        ('jsonify(error="Unknown"), 404', 'jsonify(error="Invalid credentials"), 401', [9]),
        ('jsonify(error="No such user"), 401', 'jsonify(error="Wrong password"), 401', [9, 11]),
        ('jsonify(error="Invalid credentials"), 401', 'jsonify(error="Invalid credentials"), 401', []),
        ("abort(404)", "abort(401)", [9]),
        ("refused()", "refused()", []),
    ],
)
def test_logins(lines, unknown, wrong, found):
    assert lines(SLUG, LOGIN.format(unknown=unknown, wrong=wrong))[0] == found


def test_a_login_that_tells_nothing_is_a_site(lines):
    same = 'jsonify(error="Invalid credentials"), 401'
    assert 6 in lines(SLUG, LOGIN.format(unknown=same, wrong=same))[1]


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ('{"error": "Declined."}', True),
        ('{"success": False, "reason": reason}', True),
        ('{"status": "error"}', True),
        ('JSONResponse({"error": "Declined."})', True),
        ('JSONResponse({"error": "Declined."}, status_code=200)', True),
        ('JSONResponse({"error": "Declined."}, status_code=402)', False),
        ('{"error": None, "items": []}', False),
        ('{"errors": problems, "items": []}', False),
        ('{"ok": True}', False),
        ('{"data": rows, "error": "partly"}', False),
    ],
)
def test_errors_with_success(lines, answer, found):
    text = f"""
        from fastapi import FastAPI
        from fastapi.responses import JSONResponse

        app = FastAPI()

        @app.post("/pay")
        async def pay():
            return {answer}
    """
    assert lines(SLUG, text)[0] == ([8] if found else [])


def test_a_status_that_is_set_elsewhere(lines):
    text = """
        from fastapi import FastAPI, Response

        app = FastAPI()

        @app.post("/pay")
        async def pay(response: Response):
            response.status_code = 402
            return {"error": "Declined."}
    """
    assert lines(SLUG, text)[0] == []


def test_statuses_by_name(lines):
    text = """
        from rest_framework import status
        from rest_framework.decorators import api_view
        from rest_framework.response import Response
        from django.urls import path

        @api_view(["POST"])
        def pay(request):
            return Response({"error": "Declined."}, status=status.HTTP_402_PAYMENT_REQUIRED)

        urlpatterns = [path("pay", pay)]
    """
    assert lines(SLUG, text) == [[], [8]]


def test_without_handlers_it_does_not_apply(judge):
    assert judge(SLUG, "x = 1\n").silences
