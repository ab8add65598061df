import pytest

SLUG = "registration-tells-account"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
@router.post('/register')
def register(form):
    if find(form.email):
        raise HTTPException(400, 'Email already registered')
    return {}
""",
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
@router.post('/register')
def register(form):
    queue(form.email)
    return {'message': 'If the address is new, we have written to it.'}
""",
        ),
        (
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
@router.post('/signup')
def sign_up(form):
    if find(form.email):
        raise HTTPException(status_code=409)
""",
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
import logging
log = logging.getLogger(__name__)
@router.post('/signup')
def sign_up(form):
    if find(form.email):
        log.info('address is already registered')
    return REPLY
""",
        ),
        (
            """from flask import Flask, flash, redirect
app = Flask(__name__)
@app.route('/forgot', methods=['POST'])
def forgot():
    if find() is None:
        flash('No account with this address')
    return redirect('/')
""",
            """from flask import Flask, flash, redirect
app = Flask(__name__)
@app.route('/forgot', methods=['POST'])
def forgot():
    flash('If there is an account, a mail is on its way')
    return redirect('/')
""",
        ),
        (
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
from sqlalchemy.exc import IntegrityError
@router.post('/register')
def register(form):
    try:
        insert(form)
    except IntegrityError:
        raise HTTPException(400, 'Please choose another')
""",
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
from sqlalchemy.exc import IntegrityError
@router.post('/register')
def register(form):
    try:
        insert(form)
    except IntegrityError:
        tell_known(form)
    return REPLY
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
