import pytest

SLUG = "unlimited-authentication"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
@router.post('/login')
def log_in(form):
    return check(form)
""",
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
@router.post('/login', dependencies=[Depends(limit_logins)])
def log_in(form):
    return check(form)
""",
        ),
        (
            """from flask import Flask
app = Flask(__name__)
@app.post('/login')
def login():
    return check()
""",
            """from flask import Flask
app = Flask(__name__)
@app.post('/login')
@limiter.limit('5/minute')
def login():
    return check()
""",
        ),
        (
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
@router.post('/mfa/verify')
def verify_code(form):
    return check(form)
""",
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
@router.post('/mfa/verify')
def verify_code(form):
    throttle.take(form.user)
    return check(form)
""",
        ),
        (
            """from flask_limiter import Limiter
limiter = Limiter(key, storage_uri='memory://')
""",
            """from flask_limiter import Limiter
limiter = Limiter(key, storage_uri='rediss://limits')
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
