import pytest

SLUG = "logout-keeps-session"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
@router.post('/logout')
def logout(response):
    response.delete_cookie('sid')
""",
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
@router.post('/logout')
def logout(response, session):
    destroy_session(session)
    response.delete_cookie('sid')
""",
        ),
        (
            """from flask import Flask
app = Flask(__name__)
@app.route('/logout')
def logout():
    logout_user()
""",
            """from flask import Flask
app = Flask(__name__)
@app.post('/logout')
def logout():
    logout_user()
""",
        ),
    ],
)
def test_bad_is_found_and_its_sound_twin_is_not(judge, bad, good):
    assert judge(SLUG, bad).findings
    judged = judge(SLUG, good)
    assert not judged.findings
    assert judged.sites


def test_a_project_without_its_subject_is_silent(judge):
    judged = judge(SLUG, "def add(left, right):\n    return left + right\n")
    assert not judged.findings
    assert not judged.sites
    assert judged.silences
