import pytest

SLUG = "sensitive-without-step-up"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
@router.post('/me/password')
def change_password(form, user=Depends(current_user)):
    save(user, form)
""",
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
@router.post('/me/password')
def change_password(form, user=Depends(current_user)):
    check_password(user, form.current_password)
    save(user, form)
""",
        ),
        (
            """from flask import Flask
app = Flask(__name__)
@app.post('/mfa/off')
@login_required
def disable_mfa():
    off()
""",
            """from flask import Flask
app = Flask(__name__)
@app.post('/mfa/off')
@fresh_login_required
def disable_mfa():
    off()
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
