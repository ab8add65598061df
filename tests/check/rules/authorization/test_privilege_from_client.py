import pytest

SLUG = "privilege-from-client"
HEAD = """from flask import request, session
from flask_login import current_user
from app.models import Account
def handler():
    {}
"""


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("ok = request.args.get('role') == 'admin'", "ok = current_user.role == 'admin'"),
        ("ok = request.json['isAdmin'] is True", "ok = session['role'] == 'admin'"),
        ("ok = request.headers['X-Role'] in {'staff', 'admin'}", "ok = request.user.role in {'staff', 'admin'}"),
        ("role = request.cookies['role']; ok = role == 'admin'", "ok = request.args['sort'] == 'name'"),
        ("Account.statement_for(request.cookies['user_id'])", "Account.statement_for(current_user.id)"),
    ],
)
def test_decisions(lines, bad, good):
    assert lines(SLUG, HEAD.format(bad))[0] == [5]
    assert lines(SLUG, HEAD.format(good))[0] == []


def test_headers_of_fastapi(lines):
    text = """
        from fastapi import Depends, Header

        def staff(x_role: str = Header("customer")):
            return x_role == "staff"

        def known(role: str = Depends(stored_role)):
            return role == "staff"
    """
    assert lines(SLUG, text)[0] == [4]


def test_without_decisions_it_does_not_apply(judge):
    assert judge(SLUG, "x = 1\n").silences
