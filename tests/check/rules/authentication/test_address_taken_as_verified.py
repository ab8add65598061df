import pytest

SLUG = "address-taken-as-verified"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            """from app.models import User
def register(form):
    return User(email=form.email, is_verified=True)
""",
            """from app.models import User
def register(form):
    return User(email=form.email, is_verified=False)
""",
        ),
        (
            """def take(user, data):
    user.email_verified = data['email_verified']
""",
            """def register(form):
    user = User()
    user.email_verified = False
""",
        ),
        (
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
@router.get('/verify/{token}')
def verify_email(token):
    consume(token)
""",
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
@router.post('/verify')
def verify_email(token):
    consume(token)
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
